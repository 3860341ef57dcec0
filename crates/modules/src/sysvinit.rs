//! `sysvinit`: services that init scripts start.

use std::{path::Path, thread};

use serde_json::{Value, json};

use crate::{
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, clock, glob},
    service::init::{Init, NOT_RUNNING, Request, is_listed, line_of},
    systemd::State,
};

/// Starts, stops and enables services through their scripts in `/etc/init.d`.
///
/// ```yaml
/// - sysvinit:
///     name: apache2
///     state: started
///     enabled: true
/// - sysvinit:
///     name: apache2
///     state: restarted
///     sleep: 5
/// - sysvinit:
///     name: apache2
///     enabled: true
///     runlevels: [3, 5]
/// ```
#[derive(Args)]
#[args(one_of("state", "enabled"))]
pub struct Sysvinit {
    /// The service: the name of its script.
    #[arg(alias = "service")]
    name: String,
    /// What it should be doing now. `restarted` stops and starts it, whatever it does now; `reloaded` reloads it
    /// whether it runs or not.
    #[arg(choices("started", "stopped", "restarted", "reloaded"))]
    state: Option<State>,
    /// Whether it starts with the host.
    enabled: Option<bool>,
    /// Seconds between stop and start of a restart.
    #[arg(default = 1)]
    sleep: i64,
    /// Text in the output of `ps` that shows that the service runs, when its script cannot tell.
    pattern: Option<String>,
    /// The runlevels that it is enabled in or not, instead of those that its script names.
    runlevels: Option<Vec<String>>,
    /// What is added to the script's command line.
    #[arg(alias = "args")]
    arguments: Option<String>,
    /// Without effect: scripts never hold up a task here, whatever they leave running.
    #[arg(default = false)]
    #[expect(dead_code, reason = "scripts are detached in any case")]
    daemonize: bool,
}

/// What is done.
pub struct Plan {
    enables: Option<bool>,
    /// The script's verb; `None` when nothing changes.
    verb: Option<&'static str>,
    status: Value,
}

impl Module for Sysvinit {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let name = &self.name;
        if name.contains('/') || !host.exists(format!("/etc/init.d/{name}")) {
            return Err(Failure::new(format!("Could not find the requested service {name}: ")));
        }
        let levels = self.runlevels.as_ref().filter(|levels| !levels.is_empty());
        let enables = self.enabled.filter(|wanted| match levels {
            None => self.is_enabled(host, "?") != *wanted,
            Some(levels) => levels.iter().any(|level| self.is_enabled(host, level) != *wanted),
        });
        let verb = match self.state {
            None => None,
            Some(state) => {
                let runs = self.is_started(host)?;
                match state {
                    State::Started => (!runs).then_some("start"),
                    State::Stopped => runs.then_some("stop"),
                    State::Reloaded => Some("reload"),
                    State::Restarted => Some("restart"),
                }
            }
        };
        let entry = |changed: bool| json!({ "changed": changed, "rc": null, "stdout": null, "stderr": null });
        let key = self.state.map_or("null", State::as_str);
        let mut status = json!({ "enabled": entry(enables.is_some()), key: entry(verb.is_some()) });
        if let Some(levels) = levels {
            status["enabled"]["runlevels"] = json!(levels);
        }
        let plan = Plan { enables, verb, status: status.clone() };
        Ok(Changes::when(enables.is_some() || verb.is_some(), plan).with("name", name.clone()).with("status", status))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut status = plan.status;
        if let Some(enables) = plan.enables {
            let finished = self.set_enabled(host, enables)?;
            record(&mut status["enabled"], &finished);
        }
        if let Some(verb) = plan.verb {
            let finished = self.act(host, verb)?;
            record(&mut status[self.state.map_or("null", State::as_str)], &finished);
        }
        Ok(Fields::from_iter([("status".into(), status)]))
    }
}

fn record(entry: &mut Value, finished: &Finished) {
    entry["rc"] = json!(finished.rc);
    entry["stdout"] = json!(finished.out());
    entry["stderr"] = json!(finished.err());
}

impl Sysvinit {
    fn request(&self) -> Request<'_> {
        Request {
            name: &self.name,
            arguments: self.arguments.as_deref().unwrap_or_default(),
            pattern: self.pattern.as_deref(),
            runlevel: "",
            sleep: clock::seconds(self.sleep),
            state: self.state,
            enabled: self.enabled,
        }
    }

    /// Whether it runs: what `status` says in one line counts before how it ends.
    fn is_started(&self, host: &Reader) -> Result<bool, Failure> {
        if let Some(pattern) = self.pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            return is_listed(host, pattern);
        }
        let program = match host.which("service") {
            Some(service) => Program::new(service).args([&self.name, "status"]).plain_locale(),
            None => Request { arguments: "", ..self.request() }.program(Init::SysV, "status")?,
        };
        let status = host.query(&program)?;
        if self.name == "iptables" && status.out().contains("ACCEPT") {
            return Ok(true);
        }
        let said = line_of(&status, &self.name).unwrap_or_default();
        let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
        if says(&["stop", "is dead ", "dead but ", "could not access pid file", "inactive"]) {
            return Ok(false);
        }
        if says(&["run", "start", "active"]) && !says(&["not "]) {
            return Ok(true);
        }
        Ok(status.success() || !NOT_RUNNING.contains(&status.rc) && is_listed(host, &self.name)?)
    }

    fn is_enabled(&self, host: &Reader, level: &str) -> bool {
        glob::any(host, Path::new(""), Path::new(&format!("/etc/rc{level}.d/S??{}", self.name)))
    }

    fn set_enabled(&self, host: &mut Writer, enables: bool) -> Result<Finished, Failure> {
        let levels: Vec<&str> = self.runlevels.iter().flatten().map(|level| level.trim()).collect();
        let programs = if let Some(tool) = host.which("update-rc.d") {
            let call = |verb: &str| Program::new(&tool).arg(&self.name).arg(verb);
            let set = call(if enables { "enable" } else { "disable" }).args(&levels);
            let links = call(if levels.is_empty() { "defaults" } else { "defaults-disabled" });
            if enables { vec![links, set] } else { vec![set] }
        } else {
            let tool = host.required("chkconfig")?;
            let verb = if enables { "on" } else { "off" };
            let call = Program::new(&tool).args(if levels.is_empty() {
                vec![]
            } else {
                vec!["--level".to_owned(), levels.concat()]
            });
            let add = Program::new(&tool).arg("--add").arg(&self.name);
            let set = call.arg(&self.name).arg(verb);
            if enables { vec![add, set] } else { vec![set] }
        };
        let mut all = Finished::default();
        for program in programs {
            let finished = host.run(&program.plain_locale())?;
            all.rc = finished.rc;
            all.stdout.extend(&finished.stdout);
            all.stderr.extend(&finished.stderr);
            if !finished.success() {
                let verb = if enables { "enable" } else { "disable" };
                return Err(self.failed(verb, &finished));
            }
        }
        Ok(all)
    }

    fn act(&self, host: &mut Writer, verb: &str) -> Result<Finished, Failure> {
        let request = self.request();
        let mut run = |verb: &str| host.run(&request.program(Init::SysV, verb)?);
        let finished = if verb == "restart" {
            run("stop")?;
            thread::sleep(request.sleep);
            run("start")?
        } else {
            run(verb)?
        };
        if finished.success() { Ok(finished) } else { Err(self.failed(verb, &finished)) }
    }

    fn failed(&self, verb: &str, finished: &Finished) -> Failure {
        Failure::new(format!("Failed to {verb} service: {}", self.name))
            .with("rc", finished.rc)
            .with("stdout", finished.out())
            .with("stderr", finished.err())
    }
}
