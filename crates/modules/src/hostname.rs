//! `hostname`: the name of the host, now and after a restart.

use std::time::Duration;

use rustix::io::Errno;
use serde_json::json;

use crate::{
    choice,
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Program, Reader, Writer, failure::errno_text,
        file_args::Attributes,
    },
    setup,
};

choice! {
    /// Where a host keeps its name.
    pub enum Use {
        /// `/etc/hostname`, and the running kernel.
        Alpine = "alpine",
        /// As `systemd`.
        Debian = "debian",
        /// Another system.
        Freebsd = "freebsd",
        /// Nothing that could be changed.
        Generic = "generic",
        /// Another system.
        Macos = "macos",
        /// Another system.
        Macosx = "macosx",
        /// Another system.
        Darwin = "darwin",
        /// `/etc/myname`, and the running kernel.
        Openbsd = "openbsd",
        /// `/etc/conf.d/hostname`.
        Openrc = "openrc",
        /// `/etc/sysconfig/network`.
        Redhat = "redhat",
        /// `/etc/HOSTNAME`.
        Sles = "sles",
        /// Another system.
        Solaris = "solaris",
        /// `hostnamectl`: the static, the transient and the pretty name.
        Systemd = "systemd",
    }
}

/// Sets the name of the host. `/etc/hosts` stays as it is.
///
/// With systemd all three of its names are set; otherwise the file that the distribution keeps the name in is written.
/// The result has the facts that change with the name.
///
/// ```yaml
/// - hostname:
///     name: web01
/// - hostname:
///     name: web01.example.com
///     use: systemd
/// ```
#[derive(Args)]
pub struct Hostname {
    /// The name.
    name: String,
    /// Where the host keeps it; found out where it is missing: systemd when that runs, else what the distribution uses.
    r#use: Option<Use>,
}

/// A way to keep the name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// `hostnamectl`.
    Systemd,
    /// A file that has nothing but the name.
    File {
        /// Its path.
        path: &'static str,
        /// Whether the running kernel gets the name too.
        is_live: bool,
    },
    /// A line of a file.
    Line {
        /// Its path.
        path: &'static str,
        /// What stands before the equals sign and the name.
        key: &'static str,
        /// Whether the name stands in quotes.
        is_quoted: bool,
    },
}

/// What is set.
pub struct Plan {
    strategy: Strategy,
    /// The file's new text.
    text: String,
    sets_file: bool,
    sets_kernel: bool,
}

impl Module for Hostname {
    type Plan = Plan;
    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let strategy = self.strategy(host)?;
        let running = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let (kept, text) = self.look_up(host, strategy, &running)?;
        let is_live = matches!(strategy, Strategy::Systemd | Strategy::File { is_live: true, .. });
        let sets_kernel = is_live && running != self.name;
        let sets_file = kept != self.name;
        let changed = sets_kernel || sets_file;
        let mut changes = Changes::when(changed, Plan { strategy, text, sets_file, sets_kernel });
        if changed {
            let before = if sets_kernel { &running } else { &kept };
            let line = |name: &str| format!("hostname = {name}\n");
            changes = changes.with_diff(Diff::new(line(before), line(&self.name)));
        }
        Ok(changes.with("name", self.name.clone()).with("ansible_facts", self.facts(host, &running)))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        match plan.strategy {
            Strategy::Systemd => {
                let mut kinds = Vec::new();
                if plan.sets_kernel {
                    kinds.push("--transient");
                }
                if plan.sets_file {
                    kinds.extend(["--pretty", "--static"]);
                }
                for kind in kinds {
                    let program = Program::new(host.required("hostnamectl")?).args([kind, "set-hostname", &self.name]);
                    check(&host.run(&program.plain_locale())?)?;
                }
            }
            Strategy::File { path, .. } | Strategy::Line { path, .. } => {
                if plan.sets_file {
                    host.write(&host.resolve(path), plan.text.as_str().into(), &Attributes::default())?;
                }
                if plan.sets_kernel {
                    let program = Program::new(host.required("hostname")?).arg(&self.name);
                    check(&host.run(&program.plain_locale())?)?;
                }
            }
        }
        let running = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Fields::from_iter([("ansible_facts".into(), self.facts(host, &running))]))
    }
}

fn check(finished: &crate::kit::Finished) -> Result<(), Failure> {
    if finished.success() {
        return Ok(());
    }
    let (rc, out, err) = (finished.rc, finished.out(), finished.err());
    Err(Failure::new(format!("Command failed rc={rc}, out={out}, err={err}")))
}

impl Hostname {
    fn strategy(&self, host: &Reader) -> Result<Strategy, Failure> {
        let runs_systemd = host.exists("/run/systemd/system");
        let sysconfig = Strategy::Line { path: "/etc/sysconfig/network", key: "HOSTNAME", is_quoted: false };
        let conf = Strategy::Line { path: "/etc/conf.d/hostname", key: "hostname", is_quoted: true };
        Ok(match self.r#use {
            None if runs_systemd => Strategy::Systemd,
            None => {
                let release = host.read_text("/etc/os-release")?.unwrap_or_default();
                let is = |names: &[&str]| {
                    let ids = release.lines().filter_map(|line| {
                        line.strip_prefix("ID=")
                            .or_else(|| line.strip_prefix("ID_LIKE="))
                            .map(|ids| ids.trim_matches('"'))
                    });
                    ids.flat_map(str::split_whitespace).any(|id| names.contains(&id))
                };
                match () {
                    () if is(&["alpine"]) => Strategy::File { path: "/etc/hostname", is_live: true },
                    () if is(&["gentoo"]) => conf,
                    () if is(&["sles", "suse"]) => Strategy::File { path: "/etc/HOSTNAME", is_live: false },
                    () if is(&["rhel", "centos", "ol", "amzn"]) => sysconfig,
                    () => Strategy::File { path: "/etc/hostname", is_live: false },
                }
            }
            Some(Use::Systemd | Use::Debian) => Strategy::Systemd,
            Some(Use::Alpine) => Strategy::File { path: "/etc/hostname", is_live: true },
            Some(Use::Openbsd) => Strategy::File { path: "/etc/myname", is_live: true },
            Some(Use::Sles) => Strategy::File { path: "/etc/HOSTNAME", is_live: false },
            Some(Use::Openrc) => conf,
            Some(Use::Redhat) => sysconfig,
            Some(other @ (Use::Freebsd | Use::Generic | Use::Macos | Use::Macosx | Use::Darwin | Use::Solaris)) => {
                let other = other.as_str();
                return Err(Failure::new(format!("hostname cannot be set with `use: {other}` on Linux")));
            }
        })
    }

    /// The name that the host has after a restart, and the text that keeps the wanted one.
    fn look_up(&self, host: &Reader, strategy: Strategy, running: &str) -> Result<(String, String), Failure> {
        match strategy {
            Strategy::Systemd => {
                // Without systemd there is no name to be had; it says so itself.
                if !host.exists("/run/systemd/system") {
                    let program = Program::new(host.required("hostnamectl")?).args(["--transient", "status"]);
                    check(&host.query(&program.plain_locale())?)?;
                }
                if self.name.len() > 64 {
                    let msg = "name cannot be longer than 64 characters on systemd servers, try a shorter name";
                    return Err(Failure::new(msg));
                }
                let text = host.read_text("/etc/hostname")?.unwrap_or_default();
                let name = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
                Ok((name.unwrap_or_default().to_owned(), String::new()))
            }
            Strategy::File { path, is_live } => {
                let text = host.read_utf8(path)?;
                let missing = if is_live { running } else { "" };
                let name = text.map_or_else(|| missing.to_owned(), |text| text.trim().to_owned());
                Ok((name, format!("{}\n", self.name)))
            }
            Strategy::Line { path, key, is_quoted } => {
                let text = host.read_utf8(path)?;
                if is_quoted && text.is_none() {
                    // What writing it would say; check mode does not write.
                    let failed = |why| Failure::new(format!("failed to update hostname: {why}"));
                    let missing = failed(errno_text(&Errno::NOENT.into(), path));
                    return if host.mode().check { Ok((String::new(), String::new())) } else { Err(missing) };
                }
                let value = |line: &str| {
                    let rest = line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?;
                    Some(rest.trim().to_owned())
                };
                let found = text.as_deref().and_then(|text| text.lines().find_map(value));
                let Some(found) = found else {
                    let what = if is_quoted { "failed to update hostname: no" } else { "Unable to locate HOSTNAME" };
                    return Err(Failure::new(format!("{what} entry in {path}")));
                };
                let name = if is_quoted { found.trim_matches('"').to_owned() } else { found };
                let wanted = if is_quoted { format!("\"{}\"", self.name) } else { self.name.clone() };
                let lines = text.as_deref().unwrap_or_default().split_inclusive('\n').map(|line| match line {
                    line if value(line).is_some() => format!("{key}={wanted}\n"),
                    line if is_quoted => format!("{}\n", line.trim_end()),
                    line => line.to_owned(),
                });
                Ok((name, lines.collect()))
            }
        }
    }

    /// The facts that change with the name; the domain is that of the kernel's name.
    fn facts(&self, host: &Reader, running: &str) -> serde_json::Value {
        let qualified = setup::qualified_name(host, running, Duration::from_secs(5));
        let domain = qualified.split_once('.').map_or("", |(_, domain)| domain);
        json!({
            "ansible_hostname": self.name.split('.').next().unwrap_or_default(),
            "ansible_nodename": self.name,
            "ansible_fqdn": qualified,
            "ansible_domain": domain,
        })
    }
}
