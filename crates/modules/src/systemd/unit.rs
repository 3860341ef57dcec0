//! What systemd knows of a unit: one `systemctl show`, or the unit files where no manager answers.

use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};

use crate::kit::{Failure, Fields, Program, Reader, glob, lines};

/// The state of a unit.
pub struct Unit {
    /// The properties that are not empty, as `systemctl show` prints them.
    pub properties: Fields,
    /// No manager answers here: a chroot, or `SYSTEMD_OFFLINE=1`.
    pub is_offline: bool,
    /// What `systemctl is-enabled` said, asked only where there are no properties.
    file_state: Option<String>,
    has_init_script: bool,
    init_script_enabled: bool,
}

impl Unit {
    /// Asks `systemctl` with its flags for a unit.
    pub fn look_up(host: &Reader, systemctl: &Program, name: &str) -> Result<Self, Failure> {
        let short = name.strip_suffix(".service").unwrap_or(name);
        let has_init_script = !short.contains('/') && host.exists(format!("/etc/init.d/{short}"));
        let enabled_links = format!("/etc/rc?.d/S??{short}");
        let mut unit = Self {
            properties: Fields::new(),
            is_offline: is_offline(host),
            file_state: None,
            has_init_script,
            init_script_enabled: has_init_script && glob::any(host, "".as_ref(), enabled_links.as_ref()),
        };
        let is_global = systemctl.line().contains("--global");
        let file_state = || {
            let asked = host.query(&systemctl.clone().arg("is-enabled").arg("-l").arg("--").arg(name))?.out();
            let mut lines = asked.trim().lines();
            let state = lines.next().unwrap_or_default();
            // What is enabled by others is told with the links that do it.
            let is_linked = is_halfway(state) && lines.next().is_some();
            Ok::<_, Failure>(Some(if is_linked { "enabled" } else { state }.to_owned()))
        };
        if !unit.is_offline && !is_global {
            let shown = host.query(&systemctl.clone().arg("show").arg("--").arg(name))?;
            if !shown.success() {
                unit.file_state = file_state()?;
            }
            // Without a manager, as in a container, the files tell.
            if !shown.success() && !is_template(name) && !unit.is_known() {
                return Err(Failure::new(shown.err().trim())
                    .with("cmd", systemctl.line())
                    .with("rc", shown.rc)
                    .with("stdout", shown.out())
                    .with("stdout_lines", json!(lines::split(&shown.out())))
                    .with("stderr", shown.err())
                    .with("stderr_lines", json!(lines::split(&shown.err()))));
            }
            unit.properties = parse(&shown.out());
            if is_halfway(unit.property("UnitFileState")) {
                unit.file_state = file_state()?;
            }
        } else {
            unit.is_offline = true;
            unit.file_state = file_state()?;
        }
        Ok(unit)
    }

    /// A unit as `systemctl show` once printed it.
    #[cfg(test)]
    pub fn recorded(shown: &str) -> Self {
        Self {
            properties: parse(shown),
            is_offline: false,
            file_state: None,
            has_init_script: false,
            init_script_enabled: false,
        }
    }

    /// One property; empty when it is not set.
    pub fn property(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether there is such a unit, or an init script that stands for one.
    pub fn is_there(&self) -> bool {
        self.is_known() || self.has_init_script
    }

    fn is_known(&self) -> bool {
        let state = self.file_state.as_deref().unwrap_or_else(|| self.property("LoadState"));
        !matches!(state, "" | "not-found")
    }

    /// Whether it is masked for good.
    pub fn is_masked(&self) -> bool {
        self.unit_file_state() == "masked"
    }

    /// Whether it starts with the host. A static unit does as far as anybody can tell.
    pub fn is_enabled(&self) -> bool {
        match self.unit_file_state() {
            // The generated unit of an init script says nothing about its links in /etc/rc?.d.
            "generated" | "" if self.has_init_script => self.init_script_enabled,
            "enabled" | "static" | "generated" | "transient" => true,
            _ => false,
        }
    }

    /// Whether `systemctl disable` could do nothing for it: it has no `[Install]` section.
    pub fn cannot_be_disabled(&self) -> bool {
        match self.unit_file_state() {
            "static" | "transient" => true,
            "generated" => !self.has_init_script,
            _ => false,
        }
    }

    /// Whether it runs, or is about to.
    pub fn is_running(&self) -> bool {
        matches!(self.property("ActiveState"), "active" | "activating" | "reloading" | "refreshing")
    }

    /// Whether it is on its way down.
    pub fn is_stopping(&self) -> bool {
        self.property("ActiveState") == "deactivating"
    }

    fn unit_file_state(&self) -> &str {
        self.file_state.as_deref().unwrap_or_else(|| self.property("UnitFileState"))
    }
}

/// Whether a unit of this state may have to be enabled all the same.
fn is_halfway(state: &str) -> bool {
    matches!(state, "alias" | "enabled-runtime" | "indirect")
}

/// Whether it is no unit but what units are made of, which has no properties.
fn is_template(name: &str) -> bool {
    name.ends_with('@') || name.contains("@.")
}

/// Reads `KEY=VALUE` lines; the value of an `Exec…` key in braces may go over several lines.
pub fn parse(text: &str) -> Fields {
    let mut properties = Fields::new();
    let mut rest = text.lines();
    while let Some(line) = rest.next() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let mut value = value.to_owned();
        if name.starts_with("Exec") && value.trim_start().starts_with('{') {
            while !value.trim_end().ends_with('}') {
                let Some(more) = rest.next() else { break };
                value.push('\n');
                value.push_str(more);
            }
        }
        properties.insert(name.to_owned(), json!(value.trim()));
    }
    properties
}

/// Whether the helper runs in a chroot, or was told that no manager answers.
fn is_offline(host: &Reader) -> bool {
    if host.env("SYSTEMD_OFFLINE").as_deref() == Some("1") || host.env("debian_chroot").is_some() {
        return true;
    }
    // Only root may look; for others the manager's answer decides.
    match (host.stat("/"), host.stat("/proc/1/root/.")) {
        (Ok(Some(here)), Ok(Some(first))) => {
            (here.raw().dev(), here.raw().ino()) != (first.raw().dev(), first.raw().ino())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemctl_shows_is_read() {
        let shown = "Type=simple\nExecStart={ path=/bin/sh ; argv[]=/bin/sh -c a\nb=c ; status=0/0 }\nDescription=A = b\nLoadState=loaded\nEnvironment=A=1 B=2\n";
        let properties = parse(shown);
        assert_eq!(properties["Type"], "simple");
        assert_eq!(properties["ExecStart"], "{ path=/bin/sh ; argv[]=/bin/sh -c a\nb=c ; status=0/0 }");
        assert_eq!(properties["Description"], "A = b");
        assert_eq!(properties["Environment"], "A=1 B=2");
        assert_eq!(properties.len(), 5);
    }

    #[test]
    fn the_file_state_says_whether_it_is_enabled() {
        let unit = |state: &str, has_init_script, init_script_enabled| Unit {
            has_init_script,
            init_script_enabled,
            ..Unit::recorded(&format!("LoadState=loaded\nUnitFileState={state}\n"))
        };
        let cases = [
            (unit("enabled", false, false), true),
            (unit("disabled", false, false), false),
            (unit("static", false, false), true),
            (unit("indirect", false, false), false),
            (unit("alias", false, false), false),
            (unit("masked", false, false), false),
            (unit("generated", false, false), true),
            (unit("generated", true, false), false),
            (unit("generated", true, true), true),
        ];
        for (unit, enabled) in cases {
            assert_eq!(unit.is_enabled(), enabled, "{}", unit.property("UnitFileState"));
        }
    }
}
