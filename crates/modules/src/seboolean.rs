//! `seboolean`: switches of the SELinux policy.

use std::path::Path;

use crate::kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer, selinux};

/// Sets a boolean of the SELinux policy, now and with `persistent` after a restart as well.
///
/// ```yaml
/// - seboolean:
///     name: httpd_can_network_connect
///     state: true
///     persistent: true
/// ```
#[derive(Args)]
pub struct Seboolean {
    /// The boolean.
    name: String,
    /// Its value.
    state: bool,
    /// Whether the value stays after a restart.
    #[arg(default = false)]
    persistent: bool,
    /// Does not ask whether SELinux is enabled: for a host that is being made in a directory.
    #[arg(default = false)]
    ignore_selinux_state: bool,
}

/// Where the running kernel has booleans: two numbers each, the value now and the one to come.
const RUNNING: &str = "/sys/fs/selinux/booleans";

impl Module for Seboolean {
    type Plan = Program;

    fn inspect(&self, host: &Reader) -> Result<Changes<Program>, Failure> {
        let is_enabled = selinux::is_enabled();
        if !is_enabled && !self.ignore_selinux_state {
            return Err(Failure::new("SELinux is disabled on this host."));
        }
        let running = host.read_text(Path::new(RUNNING).join(&self.name))?;
        if is_enabled && running.is_none() {
            return Err(Failure::new(format!("SELinux boolean {} does not exist.", self.name)));
        }
        let stored = if self.persistent { self.stored(host)? } else { None };
        let differs = running.is_some_and(|text| text.split_whitespace().next() != Some(self.digit()))
            || stored.is_some_and(|stored| stored != self.state);
        let mut program = Program::new("setsebool").plain_locale();
        if self.persistent {
            program = program.arg("-P");
        }
        let program = program.arg(&self.name).arg(self.digit());
        let changes = Changes::when(differs, program).with("name", self.name.clone());
        Ok(changes.with("persistent", self.persistent).with("state", self.state))
    }

    fn apply(&self, program: Program, host: &mut Writer) -> Result<Fields, Failure> {
        host.run(&program)?.checked(&program)?;
        Ok(Fields::new())
    }
}

impl Seboolean {
    fn digit(&self) -> &'static str {
        if self.state { "1" } else { "0" }
    }

    /// The value in the policy's store, where it is not the policy's own.
    fn stored(&self, host: &Reader) -> Result<Option<bool>, Failure> {
        let config = host.read_text("/etc/selinux/config")?.unwrap_or_default();
        let policy = config.lines().find_map(|line| line.trim().strip_prefix("SELINUXTYPE="));
        let store = Path::new("/var/lib/selinux").join(policy.unwrap_or("targeted").trim()).join("active");
        if !host.exists(&store) {
            return Err(Failure::new("Cannot set persistent booleans without managed policy"));
        }
        let local = host.read_text(store.join("booleans.local"))?.unwrap_or_default();
        let mut values = local.lines().filter_map(|line| line.split_once('='));
        let found = values.rfind(|(name, _)| name.trim() == self.name);
        Ok(found.map(|(_, value)| value.trim() == "1"))
    }
}
