//! `selinux`: the mode and policy of SELinux, in its file and in the running kernel.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    choice,
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Program, Reader, Source, Writer, file_args::Attributes, selinux,
    },
};

choice! {
    /// A mode of SELinux.
    pub enum State {
        /// The policy is enforced.
        Enforcing = "enforcing",
        /// The policy's violations are only logged.
        Permissive = "permissive",
        /// Not loaded.
        Disabled = "disabled",
    }
}

/// Sets the mode and the policy of SELinux. Some changes need a restart, which the result says and this does not do.
///
/// ```yaml
/// - selinux:
///     policy: targeted
///     state: enforcing
/// ```
#[derive(Args)]
pub struct Selinux {
    /// The mode.
    state: State,
    /// The policy, as `targeted`. Needed unless the state is `disabled`.
    policy: Option<String>,
    /// The file.
    #[arg(alias = "conf", alias = "file", default = "/etc/selinux/config")]
    configfile: PathBuf,
    /// Disables or enables SELinux on the kernel's command line as well, through `grubby`.
    #[arg(default = false)]
    update_kernel_param: bool,
}

/// What is changed.
pub struct Plan {
    /// The file's new text.
    text: Option<String>,
    /// Whether the running kernel is to enforce.
    enforce: Option<bool>,
    /// What `grubby` is told.
    kernel: Option<Program>,
}

/// Where the running kernel says whether it enforces.
const ENFORCE: &str = "/sys/fs/selinux/enforce";

impl Module for Selinux {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let Some(text) = host.read_utf8(&self.configfile)? else {
            let details = "Please install SELinux-policy package, if this package is not installed previously.";
            let msg = format!("Unable to find file {}", self.configfile.display());
            return Err(Failure::new(msg).with("details", details));
        };
        let (old_state, old_policy) = (setting(&text, "SELINUX"), setting(&text, "SELINUXTYPE"));
        let state = self.state.as_str();
        let policy = match (&self.policy, self.state) {
            (Some(policy), _) => policy.as_str(),
            (None, State::Disabled) => old_policy,
            (None, _) => return Err(Failure::new("Policy is required if state is not 'disabled'")),
        };
        let mut said = Vec::new();
        let mut new = text.clone();
        if policy != old_policy {
            if !host.exists(Path::new("/etc/selinux").join(policy).join("policy")) {
                return Err(Failure::new(format!("Policy {policy} does not exist in /etc/selinux/")));
            }
            let place = self.configfile.display();
            said.push(format!("SELinux policy configuration in '{place}' changed from '{old_policy}' to '{policy}'"));
            new = with_setting(&new, "SELINUXTYPE", policy);
        }
        let (enforce, needs_reboot) = self.runtime(host, &mut said)?;
        if state != old_state {
            said.push(format!("Config SELinux state changed from '{old_state}' to '{state}'"));
            new = with_setting(&new, "SELINUX", state);
        }
        let kernel = self.kernel(host, &mut said)?;
        let needs_reboot = needs_reboot || kernel.is_some();
        let differs = new != text || enforce.is_some() || kernel.is_some();
        let place = self.configfile.to_string_lossy().into_owned();
        let plan = Plan { text: (new != text).then(|| new.clone()), enforce, kernel };
        let changes = Changes::when(differs, plan).with("msg", said.join(", ")).with("policy", policy);
        let changes = changes.with("state", state).with("configfile", place.clone());
        let changes = changes.with("reboot_required", needs_reboot);
        Ok(if new == text { changes } else { changes.with_diff(Diff::new(text, new).headed(place.clone(), place)) })
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        if let Some(text) = plan.text {
            host.write(&self.configfile, Source::from(text.as_str()), &Attributes::default())?;
        }
        if let Some(enforce) = plan.enforce {
            let program = Program::new("setenforce").arg(if enforce { "1" } else { "0" }).plain_locale();
            host.run(&program)?.checked(&program)?;
        }
        if let Some(program) = plan.kernel {
            host.run(&program)?.checked(&program)?;
        }
        Ok(Fields::from_iter([("changed".to_owned(), json!(true))]))
    }
}

impl Selinux {
    /// What the running kernel has to be told, and whether only a restart does it.
    fn runtime(&self, host: &Reader, said: &mut Vec<String>) -> Result<(Option<bool>, bool), Failure> {
        if !selinux::is_enabled() {
            return Ok((None, self.state != State::Disabled));
        }
        let enforces = host.read_text(ENFORCE)?.is_some_and(|text| text.trim() == "1");
        let current = if enforces { "enforcing" } else { "permissive" };
        let wanted = self.state.as_str();
        if self.state == State::Disabled {
            said.push(if enforces {
                format!(
                    "SELinux state temporarily changed from '{current}' to 'permissive'. State change will take effect next reboot."
                )
            } else {
                "SELinux state change will take effect next reboot".to_owned()
            });
            return Ok((enforces.then_some(false), true));
        }
        if wanted == current {
            return Ok((None, false));
        }
        said.push(format!("SELinux state changed from '{current}' to '{wanted}'"));
        Ok((Some(!enforces), false))
    }

    /// What the kernel's command line has to be told.
    fn kernel(&self, host: &Reader, said: &mut Vec<String>) -> Result<Option<Program>, Failure> {
        if !self.update_kernel_param {
            return Ok(None);
        }
        let Some(grubby) = host.which("grubby") else {
            let details = "In order to update the kernel command lineenabled/disabled setting, \
                           the grubby packageneeds to be present on the system.";
            return Err(Failure::new("'grubby' command not found on host").with("details", details));
        };
        let list = Program::new(&grubby).arg("--info=ALL").plain_locale();
        let listed = host.query(&list)?.checked(&list)?.out();
        let is_off = |line: &str| line.split([' ', '"']).any(|word| word == "selinux=0");
        let kernels = listed.lines().filter(|line| line.starts_with("args="));
        let wants_off = self.state == State::Disabled;
        if kernels.map(is_off).all(|off| off == wants_off) {
            return Ok(None);
        }
        let word = |off: bool| if off { "disabled" } else { "enabled" };
        said.push(format!("Kernel SELinux state changed from '{}' to '{}'", word(!wants_off), word(wants_off)));
        let option = if wants_off { "--args=selinux=0" } else { "--remove-args=selinux" };
        Ok(Some(Program::new(grubby).args(["--update-kernel=ALL", option]).plain_locale()))
    }
}

/// A setting of the file; empty when it has none.
fn setting<'a>(text: &'a str, name: &str) -> &'a str {
    let mut values = text.lines().filter_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='));
    values.next_back().unwrap_or_default().trim()
}

fn with_setting(text: &str, name: &str, value: &str) -> String {
    let is_it = |line: &str| line.trim().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='));
    let line = |line: &str| if is_it(line) { format!("{name}={value}\n") } else { format!("{line}\n") };
    let mut new: String = text.lines().map(line).collect();
    if !text.lines().any(is_it) {
        new += &format!("{name}={value}\n");
    }
    new
}

#[cfg(test)]
mod tests {
    use super::{setting, with_setting};

    #[test]
    fn a_setting_is_not_taken_for_a_longer_one() {
        let text = "# SELINUX=no\nSELINUX=enforcing\nSELINUXTYPE=targeted\n";
        assert_eq!((setting(text, "SELINUX"), setting(text, "SELINUXTYPE")), ("enforcing", "targeted"));
        let new = with_setting(text, "SELINUX", "disabled");
        assert_eq!(new, "# SELINUX=no\nSELINUX=disabled\nSELINUXTYPE=targeted\n");
    }
}
