//! `timezone`: the time zone of the host, and what its hardware clock shows.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Diff, Failure, Fields, Module, Program, Reader, Writer, file_args::Attributes},
};

choice! {
    /// What the hardware clock shows.
    pub enum Hwclock {
        /// Local time.
        Local = "local",
        /// UTC.
        Utc = "UTC",
    }
}

/// Sets the time zone, through `timedatectl` where systemd runs and by its files elsewhere. Daemons take a new one
/// when they are restarted.
///
/// ```yaml
/// - timezone:
///     name: Asia/Tokyo
/// ```
#[derive(Args)]
#[args(one_of("hwclock", "name"))]
pub struct Timezone {
    /// The zone, as a path below `/usr/share/zoneinfo`.
    name: Option<String>,
    /// Whether the hardware clock shows UTC or local time.
    #[arg(alias = "rtc")]
    hwclock: Option<Hwclock>,
}

/// What is set.
pub struct Plan {
    name: Option<String>,
    hwclock: Option<Hwclock>,
}

const ZONES: &str = "/usr/share/zoneinfo";

impl Module for Timezone {
    type Plan = Plan;

    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let (mut before, mut after) = (Fields::new(), Fields::new());
        let mut plan = Plan { name: None, hwclock: None };
        if let Some(name) = &self.name {
            if name.split('/').any(|part| part == "..")
                || !host.stat(zone_file(name))?.is_some_and(|meta| meta.is_file())
            {
                return Err(Failure::new(format!("Error message:\ngiven timezone \"{name}\" is not available")));
            }
            let found = zone(host, name)?;
            plan.name = (found != *name).then(|| name.clone());
            before.insert("name".into(), json!(found));
            after.insert("name".into(), json!(name));
        }
        if let Some(wanted) = self.hwclock {
            let found = clock(host)?;
            plan.hwclock = (found != wanted).then_some(wanted);
            before.insert("hwclock".into(), json!(found.as_str()));
            after.insert("hwclock".into(), json!(wanted.as_str()));
        }
        let changed = plan.name.is_some() || plan.hwclock.is_some();
        Ok(Changes::when(changed, plan).with_diff(Diff::new(before, after)))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut said = Vec::new();
        if let Some(clock) = plan.hwclock {
            let is_local = clock == Hwclock::Local;
            let program = if runs_systemd(host) {
                let wanted = if is_local { "yes" } else { "no" };
                Program::new(host.required("timedatectl")?).args(["set-local-rtc", wanted])
            } else {
                let wanted = if is_local { "--localtime" } else { "--utc" };
                Program::new(host.required("hwclock")?).args(["--systohc", wanted])
            };
            host.run(&program.clone().plain_locale())?.or_what_it_said()?;
            said.push(format!("executed `{}`", program.line()));
        }
        if let Some(name) = plan.name {
            if runs_systemd(host) {
                let program = Program::new(host.required("timedatectl")?).arg("set-timezone").arg(&name);
                host.run(&program.clone().plain_locale())?.or_what_it_said()?;
                said.push(format!("executed `{}`", program.line()));
            } else {
                let removed = host.read_text("/etc/timezone")?.map_or(0, |text| text.lines().count());
                host.write(Path::new("/etc/timezone"), format!("{name}\n").as_str().into(), &Attributes::default())?;
                host.symlink(&zone_file(&name), Path::new("/etc/localtime"))?;
                said.push(format!("Added 1 line and deleted {removed} line(s) on /etc/timezone"));
            }
        }
        Ok(Fields::from_iter([("msg".into(), json!(said.join("\n")))]))
    }
}

fn runs_systemd(host: &Reader) -> bool {
    host.exists("/run/systemd/system") && host.which("timedatectl").is_some()
}

fn zone_file(name: &str) -> PathBuf {
    Path::new(ZONES).join(name.trim_start_matches('/'))
}

/// The zone that is set; `n/a` where nothing says so.
fn zone(host: &Reader, wanted: &str) -> Result<String, Failure> {
    let link = match host.lstat("/etc/localtime")? {
        Some(meta) if meta.is_link() => Some(host.link("/etc/localtime")?),
        found => found.map(|_| PathBuf::new()),
    };
    let linked = link.as_ref().and_then(|link| {
        let link = link.to_string_lossy().into_owned();
        link.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
    });
    if runs_systemd(host) {
        return Ok(linked.unwrap_or_else(|| if link.is_some() { "n/a".into() } else { "UTC".into() }));
    }
    let kept = host.read_text("/etc/timezone")?.map(|text| text.trim().to_owned()).filter(|name| !name.is_empty());
    // The file and the link have to agree: of two that do not, the one that is wrong is told.
    let (kept, linked) = (kept.unwrap_or_else(|| "n/a".into()), linked);
    let linked = linked.unwrap_or_else(|| if link.is_some() { kept.clone() } else { "n/a".into() });
    Ok(if kept == wanted { linked } else { kept })
}

/// What the hardware clock shows: the third line of `/etc/adjtime` (`man 5 adjtime_config`).
fn clock(host: &Reader) -> Result<Hwclock, Failure> {
    if !runs_systemd(host) {
        // Without a clock there is nothing to be set.
        let program = Program::new(host.required("hwclock")?).arg("--show");
        host.query(&program.plain_locale())?.or_what_it_said()?;
    }
    let text = host.read_text("/etc/adjtime")?.unwrap_or_default();
    Ok(if text.lines().nth(2).is_some_and(|line| line.trim() == "LOCAL") { Hwclock::Local } else { Hwclock::Utc })
}
