//! `timezone`: the time zone of the host, and what its hardware clock shows.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Diff, Failure, Fields, Meta, Module, Program, Reader, Writer, file_args::Attributes},
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
const KEPT: &str = "/etc/timezone";
const LOCALTIME: &str = "/etc/localtime";

impl Module for Timezone {
    type Plan = Plan;

    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let (mut before, mut after) = (Fields::new(), Fields::new());
        let mut plan = Plan { name: None, hwclock: None };
        if let Some(name) = &self.name {
            let file = zone_file(name);
            let is_below = !name.split('/').any(|part| part == "..");
            // RFC 9636 §3.1.
            if !is_below || !file.is_file() || !host.read(&file)?.starts_with(b"TZif") {
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
                let removed = names(&host.read_text(KEPT)?.unwrap_or_default()).count();
                host.write(Path::new(KEPT), format!("{name}\n").as_str().into(), &Attributes::default())?;
                host.symlink(&zone_file(&name), Path::new(LOCALTIME))?;
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
    let unknown = || "n/a".to_owned();
    let localtime = host.lstat(LOCALTIME)?;
    let is_link = localtime.as_ref().is_some_and(Meta::is_link);
    let link = if is_link { host.link(LOCALTIME)? } else { PathBuf::new() };
    let linked = link.to_string_lossy().split_once("zoneinfo/").map(|(_, name)| name.to_owned());
    if runs_systemd(host) {
        return Ok(linked.unwrap_or_else(|| if localtime.is_some() { unknown() } else { "UTC".into() }));
    }
    let text = host.read_text(KEPT)?.unwrap_or_default();
    let kept = names(&text).next();
    if kept != Some(wanted) {
        return Ok(kept.map_or_else(unknown, str::to_owned));
    }
    // The file and what the C library reads have to agree.
    let is_copy =
        localtime.is_some_and(|meta| meta.is_file()) && host.read(LOCALTIME)? == host.read(zone_file(wanted))?;
    Ok(match linked {
        Some(linked) if host.exists(LOCALTIME) => linked,
        None if is_copy => wanted.to_owned(),
        _ => unknown(),
    })
}

/// The names that stand at the start of lines.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.split(char::is_whitespace).next()).filter(|name| !name.is_empty())
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
