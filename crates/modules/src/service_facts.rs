//! `service_facts`: the services of a host and what they do, as the fact `services`.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer};

/// Reads which services there are, whether they run, and whether they start with the host, as the fact `services`.
///
/// systemd, `OpenRC` and init scripts are asked, each in one go.
///
/// ```yaml
/// - service_facts:
/// - debug:
///     msg: "{{ ansible_facts.services['cron.service'].state }}"
/// ```
#[derive(Args)]
pub struct ServiceFacts {}

impl Module for ServiceFacts {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let mut services = Fields::new();
        let mut warnings = Vec::new();
        let states = if host.exists("/run/systemd/system") { systemd(host, &mut services)? } else { Vec::new() };
        init_scripts(host, &states, &mut services)?;
        openrc(host, &mut services, &mut warnings)?;
        let mut changes = Changes::none();
        changes.warn(warnings);
        if services.is_empty() {
            let msg = "Failed to find any services. This can be due to privileges or some other configuration issue.";
            return Ok(changes.with("skipped", true).with("msg", msg));
        }
        Ok(changes.with("ansible_facts", json!({ "services": services })))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}

/// The output of a program that only reports; empty when it is not there.
fn ask(host: &Reader, program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let Some(path) = host.which(program) else { return Ok(String::new()) };
    Ok(host.query(&Program::new(path).args(arguments).plain_locale())?.out())
}

/// Adds systemd's units; returns the states of the units that stand for init scripts.
fn systemd(host: &Reader, services: &mut Fields) -> Result<Vec<(String, String)>, Failure> {
    let common = ["--no-pager", "--no-legend", "--type", "service", "--all"];
    for line in ask(host, "systemctl", &[&["list-units", "--plain"], &common[..]].concat())?.lines() {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let bad = ["not-found", "masked", "failed"].into_iter().find(|bad| words.contains(bad));
        // `●` before a unit marks it; a word of the unit's own state is where no state is missing.
        words.retain(|word| *word != "●");
        let [name, _, active, sub, ..] = words[..] else { continue };
        let state = if sub == "running" { "running" } else { "stopped" };
        add(services, name, "systemd", state, Some(bad.unwrap_or(active)));
    }
    let files = ask(host, "systemctl", &[&["list-unit-files"], &common[..]].concat())?;
    let files: Vec<(&str, &str)> = files
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    let scripts = script_names(host)?.into_iter().map(|name| unit_of(&name));
    let unknown = files.iter().map(|(name, _)| (*name).to_owned()).filter(|name| !services.contains_key(name));
    let asked: Vec<String> = unknown.filter(|name| !name.contains("@.")).chain(scripts).collect();
    let states = active_states(host, &asked)?;
    for (name, status) in files {
        let known = services.get_mut(name);
        match known.and_then(|service| service.get_mut("status")) {
            Some(Value::String(old)) if matches!(old.as_str(), "not-found" | "masked" | "failed") => {}
            Some(old) => *old = json!(status),
            None => {
                let state = states.iter().find(|(asked, _)| asked == name).map_or("unknown", |(_, state)| state);
                add(services, name, "systemd", state, Some(status));
            }
        }
    }
    Ok(states)
}

fn add(services: &mut Fields, name: &str, source: &str, state: &str, status: Option<&str>) {
    let mut service = json!({ "name": name, "state": state, "source": source });
    if let Some(status) = status {
        service["status"] = json!(status);
    }
    services.insert(name.to_owned(), service);
}

/// `ActiveState` of units, all asked at once. Units that systemd does not know are left out.
fn active_states(host: &Reader, units: &[String]) -> Result<Vec<(String, String)>, Failure> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let program = Program::new(host.required("systemctl")?).args(["show", "--property=LoadState,ActiveState", "--"]);
    let shown = host.query(&program.args(units).plain_locale())?.out();
    let value = |block: &str, key: &str| {
        block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default().to_owned()
    };
    // One block a unit, in the order asked for.
    let blocks = units.iter().zip(shown.split("\n\n"));
    let known = blocks.filter(|(_, block)| value(block, "LoadState") != "not-found");
    Ok(known.map(|(unit, block)| (unit.clone(), value(block, "ActiveState"))).collect())
}

fn unit_of(script: &str) -> String {
    format!("{}.service", script.strip_suffix(".sh").unwrap_or(script))
}

/// The init scripts that `service --status-all` asks.
fn script_names(host: &Reader) -> Result<Vec<String>, Failure> {
    if !host.exists("/etc/init.d") || host.which("service").is_none() || host.which("chkconfig").is_some() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for path in host.list("/etc/init.d")? {
        let is_program =
            host.stat(&path)?.is_some_and(|meta| meta.is_file() && meta.raw().permissions().mode() & 0o111 != 0);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_program && !matches!(name.as_str(), "functions" | "halt" | "killall" | "single" | "linuxconf" | "kudzu") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Adds init scripts. `states` is what systemd knows of the units that stand for them: scripts that hand over to
/// systemd would only tell the same, a second later.
fn init_scripts(host: &Reader, states: &[(String, String)], services: &mut Fields) -> Result<(), Failure> {
    if host.which("chkconfig").is_some() {
        return chkconfig(host, services);
    }
    if host.which("service").is_none() || host.which("rc-status").is_some() {
        return Ok(());
    }
    let names = script_names(host)?;
    let redirects = host.exists("/lib/lsb/init-functions.d/40-systemd");
    let states: Option<Vec<(&String, &str)>> = names
        .iter()
        .map(|name| {
            let unit = unit_of(name);
            let (_, state) = states.iter().find(|(known, _)| *known == unit)?;
            let text = host.read_text(format!("/etc/init.d/{name}")).ok().flatten()?;
            let hands_over = text.contains("/lib/lsb/init-functions") || text.contains("/lib/init/init-d-script");
            (redirects && hands_over).then_some((name, state.as_str()))
        })
        .collect();
    if let Some(states) = states {
        for (name, state) in states {
            let runs = matches!(state, "active" | "reloading" | "refreshing");
            add(services, name, "sysv", if runs { "running" } else { "stopped" }, None);
        }
        return Ok(());
    }
    for line in ask(host, "service", &["--status-all"])?.lines() {
        let Some((sign, name)) = line.trim_start().strip_prefix("[ ").and_then(|rest| rest.split_once(" ]")) else {
            continue;
        };
        add(services, name.trim(), "sysv", if sign == "+" { "running" } else { "stopped" }, None);
    }
    Ok(())
}

/// Adds what `chkconfig` lists, on Red Hat's kin, and on SUSE's, where it tells the runlevels only when asked for them.
fn chkconfig(host: &Reader, services: &mut Fields) -> Result<(), Failure> {
    let mut listed = ask(host, "chkconfig", &[])?;
    if !listed.lines().any(|line| levels(line).is_some()) {
        let is_short = listed.lines().any(|line| line.ends_with(" on") || line.ends_with(" off"));
        listed = ask(host, "chkconfig", if is_short { &["-l", "--allservices"] } else { &["--list"] })?;
    }
    for (name, levels) in listed.lines().filter_map(levels) {
        let status = if levels[3].ends_with(":on") { "enabled" } else { "disabled" };
        let program = host.which("service").map(|path| Program::new(path).args([name, "status"]).plain_locale());
        let runs = program.map(|program| host.query(&program)).transpose()?.is_some_and(|finished| finished.success());
        add(services, name, "sysv", if runs { "running" } else { "stopped" }, Some(status));
    }
    Ok(())
}

/// A service and its seven runlevels, as `3:on`.
fn levels(line: &str) -> Option<(&str, Vec<&str>)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let levels: Vec<&str> = words.collect();
    let is_level = |word: &&str| word.as_bytes().get(1) == Some(&b':');
    (levels.len() == 7 && levels.iter().all(is_level)).then_some((name, levels))
}

/// Adds `OpenRC`'s services: what `rc-status` shows, with the runlevels of `rc-update`.
fn openrc(host: &Reader, services: &mut Fields, warnings: &mut Vec<String>) -> Result<(), Failure> {
    if host.which("rc-update").is_none() || host.which("chkconfig").is_some() {
        return Ok(());
    }
    let shown = ask(host, "rc-status", &["-a", "-s", "-m"])?;
    let listed = ask(host, "rc-update", &["show", "-v"])?;
    let levels: Vec<(&str, Vec<&str>)> = listed
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(name, levels)| (name.trim(), levels.split_whitespace().collect()))
        .collect();
    for line in shown.lines() {
        let Some((name, rest)) = line.split_once('[') else { continue };
        let (name, state) = (name.trim(), rest.split_whitespace().next().unwrap_or_default());
        match levels.iter().find(|(known, _)| *known == name) {
            None => warnings.push(format!("Service {name} not found in the service list")),
            Some((_, levels)) => {
                let levels = Some(levels).filter(|levels| !levels.is_empty());
                let service = json!({ "name": name, "runlevels": levels, "state": state, "source": "openrc" });
                services.insert(name.to_owned(), service);
            }
        }
    }
    Ok(())
}
