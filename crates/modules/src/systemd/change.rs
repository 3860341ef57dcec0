//! From what a unit is to what it should be.

use serde_json::{Value, json};

use super::{Scope, State, unit::Unit};
use crate::kit::{Changes, Failure, Fields, Program, Reader, Writer, failure::to_come};

/// What a task wants of a unit, whichever module it used.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub unit: Option<String>,
    pub state: Option<State>,
    pub enabled: Option<bool>,
    pub force: bool,
    pub masked: Option<bool>,
    pub daemon_reload: bool,
    pub daemon_reexec: bool,
    pub scope: Scope,
    pub no_block: bool,
}

/// What is done, in this order; looked at afresh when the manager is reloaded before.
pub struct Plan(Vec<Step>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Unmask,
    Enable,
    Disable,
    Mask,
    Start,
    Stop,
    Restart,
    Reload,
}

impl Step {
    fn verb(self) -> &'static str {
        match self {
            Self::Unmask => "unmask",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Mask => "mask",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }
}

impl Wanted {
    pub fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let Some(name) = self.name() else {
            let fields = json!({ "name": self.unit, "status": {}, "changed": false });
            return Ok(Changes::when(self.reloads(), Plan(Vec::new())).with_all(object(fields)));
        };
        if let Some(letter) = name.chars().find(|letter| "*?[".contains(*letter)) {
            return Err(Failure::new(format!(
                "This module does not currently support using glob patterns, found '{letter}' in service name: {name}"
            )));
        }
        let (steps, fields) = match self.examine(host, name) {
            // Units may appear when the manager is reloaded: `apply` looks again.
            Err(_) if self.reloads() && !host.mode().check => (Vec::new(), Fields::new()),
            found => found?,
        };
        let changed = !steps.is_empty();
        Ok(Changes::when(changed || self.reloads(), Plan(steps)).with_all(fields).with("changed", changed))
    }

    pub fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        self.reload(host)?;
        let Some(name) = self.name() else { return Ok(Fields::new()) };
        let (steps, mut fields) = if self.reloads() { self.examine(host, name)? } else { (plan.0, Fields::new()) };
        for step in &steps {
            self.run(host, name, *step)?;
        }
        fields.insert("changed".into(), json!(!steps.is_empty()));
        Ok(fields)
    }

    fn name(&self) -> Option<&str> {
        self.unit.as_deref().filter(|name| !name.is_empty())
    }

    fn reloads(&self) -> bool {
        self.daemon_reload || self.daemon_reexec
    }

    /// What has to be done, and the return values.
    fn examine(&self, host: &Reader, name: &str) -> Result<(Vec<Step>, Fields), Failure> {
        let unit = Unit::look_up(host, &self.systemctl(host)?, name)?;
        let mut fields = object(json!({ "name": name, "status": unit.properties }));
        if let Some(enabled) = self.enabled {
            fields.insert("enabled".into(), json!(enabled));
        }
        if let Some(state) = self.state {
            let is_done = state == State::Stopped || unit.property("ActiveState").is_empty();
            fields.insert("state".into(), json!(if is_done { state.as_str() } else { "started" }));
        }
        let needs_unit = self.state.is_some() || self.enabled.is_some();
        if needs_unit && !unit.is_there() {
            let msg = format!("Could not find the requested service {name}: host");
            // Nothing that comes with earlier tasks is there to be stopped.
            let ends = self.state == Some(State::Stopped) || self.enabled == Some(false);
            if !host.may_come() || ends {
                return Err(Failure::new(msg));
            }
            fields.insert("warnings".into(), json!([to_come(&msg)]));
            return Ok((self.steps_of_missing(), fields));
        }
        let error = unit.property("LoadError");
        if !error.is_empty() && unit.is_there() && unit.property("LoadState") != "masked" {
            return Err(Failure::new(format!("Error loading unit file '{name}': {error}")));
        }
        Ok((self.steps(&unit, &mut fields)?, fields))
    }

    /// What check mode predicts for a unit that is not there yet.
    fn steps_of_missing(&self) -> Vec<Step> {
        let starts = self.state.is_some_and(|state| state != State::Stopped);
        let enables = self.enabled == Some(true);
        let masks = self.masked == Some(true);
        let steps = [(enables, Step::Enable), (masks, Step::Mask), (starts, Step::Start)];
        steps.into_iter().filter(|(needed, _)| *needed).map(|(_, step)| step).collect()
    }

    fn steps(&self, unit: &Unit, fields: &mut Fields) -> Result<Vec<Step>, Failure> {
        let mut steps = Vec::new();
        let unmasks = self.masked == Some(false) && unit.is_masked();
        if unmasks {
            steps.push(Step::Unmask);
        }
        match self.enabled {
            // Whether a masked unit is enabled is not known before it is unmasked.
            Some(true) if unmasks || !unit.is_enabled() => steps.push(Step::Enable),
            Some(false) if unmasks || unit.is_enabled() && !unit.cannot_be_disabled() => steps.push(Step::Disable),
            _ => {}
        }
        if self.masked == Some(true) && !unit.is_masked() {
            steps.push(Step::Mask);
        }
        let Some(state) = self.state else { return Ok(steps) };
        if unit.is_offline {
            let warning = "Target is a chroot or systemd is offline. \
                           This can lead to false positives or prevent the init system tools from working.";
            fields.insert("warnings".into(), json!([warning]));
            return Ok(steps);
        }
        if unit.property("ActiveState").is_empty() {
            return Err(Failure::new("Service is in unknown state").with("status", unit.properties.clone()));
        }
        steps.extend(match state {
            State::Started => (!unit.is_running()).then_some(Step::Start),
            State::Stopped => (unit.is_running() || unit.is_stopping()).then_some(Step::Stop),
            _ if !unit.is_running() => Some(Step::Start),
            State::Restarted => Some(Step::Restart),
            State::Reloaded => Some(Step::Reload),
        });
        Ok(steps)
    }

    fn reload(&self, host: &mut Writer) -> Result<(), Failure> {
        for (verb, wanted) in [("daemon-reload", self.daemon_reload), ("daemon-reexec", self.daemon_reexec)] {
            if !wanted {
                continue;
            }
            let finished = host.run(&self.systemctl(host)?.arg(verb))?;
            // In a chroot there is no manager to reload, and nothing is lost.
            if !finished.success() && !finished.err().contains("chroot") {
                let why = finished.err();
                return Err(Failure::new(format!("failure {} during {verb}: {why}", finished.rc)));
            }
        }
        Ok(())
    }

    fn run(&self, host: &mut Writer, name: &str, step: Step) -> Result<(), Failure> {
        let finished = host.run(&self.systemctl(host)?.arg(step.verb()).arg("--").arg(name))?;
        if finished.success() {
            return Ok(());
        }
        let verb = step.verb();
        let (out, err) = (finished.out(), finished.err());
        let msg = match step {
            Step::Mask | Step::Unmask => format!("Failed to {verb} the service ({name}): {}", err.trim()),
            Step::Enable | Step::Disable => format!("Unable to {verb} service {name}: {out}{err}"),
            _ => format!("Unable to {verb} service {name}: {err}"),
        };
        Err(Failure::new(msg))
    }

    /// `systemctl` with the flags that every call has.
    fn systemctl(&self, host: &Reader) -> Result<Program, Failure> {
        let mut program = Program::new(host.required("systemctl")?).plain_locale();
        match self.scope {
            Scope::System => {}
            Scope::User => {
                program = program.arg("--user");
                if host.env("XDG_RUNTIME_DIR").is_none() {
                    let uid = rustix::process::geteuid().as_raw();
                    program = program.env("XDG_RUNTIME_DIR", &format!("/run/user/{uid}"));
                }
            }
            Scope::Global => program = program.arg("--global"),
        }
        if self.no_block {
            program = program.arg("--no-block");
        }
        if self.force {
            program = program.arg("--force");
        }
        Ok(program)
    }
}

fn object(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(state: Option<State>, enabled: Option<bool>, masked: Option<bool>) -> Wanted {
        Wanted {
            unit: Some("x".into()),
            state,
            enabled,
            force: false,
            masked,
            daemon_reload: false,
            daemon_reexec: false,
            scope: Scope::System,
            no_block: false,
        }
    }

    #[test]
    fn steps_come_in_the_order_that_works() {
        let masked = Unit::recorded("LoadState=masked\nUnitFileState=masked\nActiveState=inactive\n");
        let stopped = Unit::recorded("LoadState=loaded\nUnitFileState=disabled\nActiveState=failed\n");
        let running = Unit::recorded("LoadState=loaded\nUnitFileState=enabled\nActiveState=active\n");
        let fixed = Unit::recorded("LoadState=loaded\nUnitFileState=static\nActiveState=active\n");
        let cases = [
            (
                &masked,
                wanted(Some(State::Started), Some(true), Some(false)),
                vec![Step::Unmask, Step::Enable, Step::Start],
            ),
            (
                &running,
                wanted(Some(State::Stopped), Some(false), Some(true)),
                vec![Step::Disable, Step::Mask, Step::Stop],
            ),
            (&running, wanted(Some(State::Started), Some(true), Some(false)), vec![]),
            (&running, wanted(Some(State::Restarted), None, None), vec![Step::Restart]),
            (&stopped, wanted(Some(State::Restarted), None, None), vec![Step::Start]),
            (&running, wanted(Some(State::Reloaded), None, None), vec![Step::Reload]),
            (&stopped, wanted(Some(State::Reloaded), None, None), vec![Step::Start]),
            (&stopped, wanted(Some(State::Stopped), Some(false), None), vec![]),
            (&fixed, wanted(None, Some(true), None), vec![]),
            (&fixed, wanted(None, Some(false), None), vec![]),
        ];
        for (unit, wanted, steps) in cases {
            assert_eq!(wanted.steps(unit, &mut Fields::new()).expect("its state is known"), steps, "{wanted:?}");
        }
    }
}
