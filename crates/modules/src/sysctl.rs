//! `sysctl`: kernel parameters, now and after a restart.

use std::path::PathBuf;

use crate::kit::{
    Args, Changes, Diff, Failure, Fields, Module, Program, Reader, Source, Writer, file_args::Attributes,
    state::PresentAbsent as State,
};

/// Sets kernel parameters in a file that is read at boot, and reads that file again.
///
/// ```yaml
/// - sysctl:
///     name: vm.max_map_count
///     value: 262144
///     sysctl_file: /etc/sysctl.d/90-elasticsearch.conf
/// - sysctl:
///     name: net.ipv4.ip_forward
///     value: "1"
///     sysctl_set: true
/// ```
#[derive(Args)]
#[args(required_if("state", "present", "value"))]
pub struct Sysctl {
    /// The parameter, as `vm.swappiness`.
    #[arg(alias = "key")]
    name: String,
    /// Its value; needed for `state: present`.
    #[arg(alias = "val")]
    value: Option<String>,
    /// Whether it is in the file.
    #[arg(default = "present")]
    state: State,
    /// Does not fail for parameters that this kernel does not know.
    #[arg(default = false)]
    ignoreerrors: bool,
    /// Reads the file again (`sysctl -p`) when it was changed.
    #[arg(default = true)]
    reload: bool,
    /// The file.
    #[arg(default = "/etc/sysctl.conf")]
    sysctl_file: PathBuf,
    /// Sets the value in the running kernel too, when it has another one.
    #[arg(default = false)]
    sysctl_set: bool,
}

/// What has to be done.
pub struct Plan {
    /// The file's new text.
    text: Option<String>,
    /// The value the running kernel gets.
    set: Option<String>,
}

impl Module for Sysctl {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let value = self.value()?;
        let found = host.read_utf8(&self.sysctl_file)?;
        let old = found.clone().unwrap_or_default();
        let new = edited(&old, self.name(), value.as_deref());
        let is_present = entries(&old).filter(|(name, _)| *name == self.name()).last();
        let differs = match (&value, is_present) {
            (Some(wanted), Some((_, present))) => !same_value(wanted, present),
            (Some(_), None) => true,
            (None, present) => present.is_some(),
        };
        let minds = self.sysctl_set || self.reload;
        let stale = value.filter(|wanted| minds && !same_value(wanted, &self.running(host)));
        if !differs && stale.is_none() {
            return Ok(Changes::none());
        }
        let set = stale.filter(|_| self.sysctl_set);
        let text = differs.then_some(new);
        let path = self.sysctl_file.to_string_lossy().into_owned();
        let after = text.clone().unwrap_or_else(|| old.clone());
        Ok(Changes::of(Plan { text, set }).with_diff(Diff::new(old, after).headed(path.clone(), path)))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        if let Some(value) = plan.set {
            let assignment = format!("{}={value}", self.name());
            self.sysctl(host, Program::new("sysctl").arg("-w").arg(assignment), false)?;
        }
        if let Some(text) = plan.text {
            host.write(&host.resolve(&self.sysctl_file), Source::from(text.as_str()), &Attributes::default())?;
        }
        if self.reload {
            self.sysctl(host, Program::new("sysctl").arg("-p").arg(&self.sysctl_file), true)?;
        }
        Ok(Fields::new())
    }
}

impl Sysctl {
    fn name(&self) -> &str {
        self.name.trim()
    }

    /// The wanted value; `None` for `state: absent`.
    fn value(&self) -> Result<Option<String>, Failure> {
        if self.name().is_empty() {
            return Err(Failure::new("name cannot be blank"));
        }
        match (self.state, self.value.as_deref().map(normal)) {
            (State::Absent, _) => Ok(None),
            (State::Present, None) => Err(Failure::new("value cannot be None")),
            (State::Present, Some(value)) if value.is_empty() => Err(Failure::new("value cannot be blank")),
            (State::Present, value) => Ok(value),
        }
    }

    /// What the running kernel has; empty when it does not know the parameter.
    fn running(&self, host: &Reader) -> String {
        let path = self.name();
        let swapped = |letter| match letter {
            '.' => '/',
            '/' => '.',
            other => other,
        };
        // What comes first separates; the other one is a letter of a part of the path (`man 8 sysctl`).
        let is_path = path.find(['.', '/']).is_some_and(|at| path[at..].starts_with('/'));
        let path = if is_path { path.to_owned() } else { path.chars().map(swapped).collect() };
        host.read_text(format!("/proc/sys/{path}")).ok().flatten().unwrap_or_default()
    }

    fn sysctl(&self, host: &mut Writer, program: Program, is_reload: bool) -> Result<(), Failure> {
        let program = if self.ignoreerrors { program.arg("-e") } else { program };
        let finished = host.run(&program.plain_locale())?;
        // Old versions of sysctl end with 0 although they could not set a value.
        let refused = finished.err().contains("Invalid argument") || finished.err().contains("Read-only file system");
        if finished.success() && !refused {
            return Ok(());
        }
        let said = finished.out() + &finished.err();
        let msg = if is_reload {
            format!("Failed to reload sysctl: {said}")
        } else {
            format!("setting {} failed: {said}", self.name())
        };
        Err(Failure::new(msg).with("rc", finished.rc).with("stdout", finished.out()).with("stderr", finished.err()))
    }
}

/// The assignments of a file, in order.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(assignment)
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    line.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
}

/// The text with one assignment of `name`, where its first one stood; with none for `None`. Lines lose blanks around
/// them and around their `=`.
fn edited(text: &str, name: &str, value: Option<&str>) -> String {
    let mut wanted = value.map(|value| format!("{name}={value}\n"));
    let mut new = String::new();
    for line in text.lines() {
        match assignment(line) {
            Some((found, _)) if found == name => new.push_str(&wanted.take().unwrap_or_default()),
            Some((found, value)) => new.push_str(&format!("{found}={value}\n")),
            None => new.push_str(&format!("{}\n", line.trim())),
        }
    }
    new + &wanted.unwrap_or_default()
}

/// Booleans are numbers to the kernel.
fn normal(value: &str) -> String {
    match value.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" => "1".into(),
        "false" | "no" | "off" | "n" | "f" => "0".into(),
        _ => value.trim().to_owned(),
    }
}

/// Blanks between numbers may be of any kind and number.
fn same_value(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_assignment_stays_and_comments_are_kept() {
        let text = "# swap\nvm.swappiness = 60\n;vm.swappiness=1\nvm.swappiness=10\nkernel.panic=3";
        assert_eq!(
            edited(text, "vm.swappiness", Some("5")),
            "# swap\nvm.swappiness=5\n;vm.swappiness=1\nkernel.panic=3\n"
        );
        assert_eq!(edited(text, "vm.swappiness", None), "# swap\n;vm.swappiness=1\nkernel.panic=3\n");
        assert_eq!(edited("", "a.b", Some("1")), "a.b=1\n");
    }
}
