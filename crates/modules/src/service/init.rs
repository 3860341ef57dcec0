//! Services without systemd: `OpenRC`, and scripts in `/etc/init.d`.

use std::{path::Path, thread, time::Duration};

use serde_json::json;

use crate::{
    kit::{Failure, Fields, Finished, Program, Reader, Writer, glob, shlex},
    systemd::State,
};

/// What runs the scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// `rc-service` and `rc-update`.
    OpenRc,
    /// `/etc/init.d/NAME`, with `update-rc.d` or `chkconfig` for the links.
    SysV,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Let it start with the host.
    Enable,
    /// Let it not start with the host.
    Disable,
    /// `start`.
    Start,
    /// `stop`.
    Stop,
    /// `restart`, or `stop`, a while, `start`.
    Restart,
    /// `reload`.
    Reload,
}

/// How `status` ends for what does not run (LSB), and for what is not there.
pub const NOT_RUNNING: [i32; 5] = [1, 2, 3, 4, 69];

/// Whether a process has this in its command line.
pub fn is_listed(host: &Reader, pattern: &str) -> Result<bool, Failure> {
    let listed = host.query(&Program::new("ps").args(["-ww", "-eo", "args"]))?;
    Ok(listed.out().lines().any(|line| line.contains(pattern)))
}

/// The one line that `status` said, in small letters and without the service's name.
pub fn line_of(status: &Finished, name: &str) -> Option<String> {
    let said = status.out();
    (said.matches('\n').count() <= 1).then(|| said.to_lowercase().replace(&name.to_lowercase(), ""))
}

/// What a task wants of a service.
pub struct Request<'a> {
    pub name: &'a str,
    pub arguments: &'a str,
    pub pattern: Option<&'a str>,
    pub runlevel: &'a str,
    pub sleep: Duration,
    pub state: Option<State>,
    pub enabled: Option<bool>,
}

impl Request<'_> {
    /// What has to be done, and the return values.
    pub fn examine(&self, host: &Reader, init: Init) -> Result<(Vec<Step>, Fields), Failure> {
        if self.state.is_none() && self.enabled.is_none() {
            return Err(Failure::new("one of the following is required: state, enabled"));
        }
        let mut fields = Fields::new();
        fields.insert("name".into(), json!(self.name));
        let is_there = !self.name.contains('/') && host.exists(self.script());
        if !is_there && !host.may_come() {
            return Err(Failure::new(format!("Could not find the requested service {}: host", self.name)));
        }
        let mut steps = Vec::new();
        if let Some(enabled) = self.enabled {
            fields.insert("enabled".into(), json!(enabled));
            let is_enabled = is_there && self.is_enabled(host, init)?;
            steps.extend((enabled != is_enabled).then_some(if enabled { Step::Enable } else { Step::Disable }));
        }
        if let Some(state) = self.state {
            let word = if state == State::Stopped { "stopped" } else { "started" };
            fields.insert("state".into(), json!(word));
            let runs = is_there && self.is_running(host, init)?;
            steps.extend(match (state, runs) {
                (State::Started, true) | (State::Stopped, false) => None,
                (State::Stopped, true) => Some(Step::Stop),
                (_, false) => Some(Step::Start),
                (State::Restarted, true) => Some(Step::Restart),
                (State::Reloaded, true) => Some(Step::Reload),
            });
        }
        Ok((steps, fields))
    }

    /// Does it.
    pub fn apply(&self, host: &mut Writer, init: Init, steps: &[Step]) -> Result<Fields, Failure> {
        for step in steps {
            match step {
                Step::Enable | Step::Disable => self.set_enabled(host, init, *step == Step::Enable)?,
                Step::Start => self.act(host, init, "start")?,
                Step::Stop => self.act(host, init, "stop")?,
                Step::Reload => self.act(host, init, "reload")?,
                Step::Restart if self.sleep.is_zero() => self.act(host, init, "restart")?,
                Step::Restart => {
                    self.act(host, init, "stop")?;
                    thread::sleep(self.sleep);
                    self.act(host, init, "start")?;
                }
            }
        }
        Ok(Fields::new())
    }

    fn script(&self) -> String {
        format!("/etc/init.d/{}", self.name)
    }

    pub fn program(&self, init: Init, verb: &str) -> Result<Program, Failure> {
        let program = match init {
            Init::OpenRc => Program::new("rc-service").arg(self.name).arg(verb),
            Init::SysV => Program::new(self.script()).arg(verb),
        };
        let arguments = shlex::split(self.arguments).map_err(Failure::new)?;
        Ok(program.args(arguments).plain_locale())
    }

    /// Whether it runs: how `status` ends (LSB, init script actions), or what it says in one line.
    fn is_running(&self, host: &Reader, init: Init) -> Result<bool, Failure> {
        if let Some(pattern) = self.pattern {
            return is_listed(host, pattern);
        }
        let status = host.query(&self.program(init, "status")?)?;
        if NOT_RUNNING.contains(&status.rc) {
            return Ok(false);
        }
        let said = line_of(&status, self.name).unwrap_or_default();
        let says = |words: &str| said.contains(words);
        Ok(match says("not ") {
            _ if says("stop") => false,
            denies if says("run") => !denies,
            false if says("start") => true,
            _ if says("could not access pid file") || says("is dead and ") || says("dead but ") => false,
            _ => status.success(),
        })
    }

    fn is_enabled(&self, host: &Reader, init: Init) -> Result<bool, Failure> {
        let pattern = match init {
            Init::OpenRc => format!("/etc/runlevels/{}/{}", self.runlevel, self.name),
            Init::SysV => format!("/etc/rc[2345].d/S??{}", self.name),
        };
        Ok(glob::any(host, Path::new(""), Path::new(&pattern)))
    }

    fn set_enabled(&self, host: &mut Writer, init: Init, enabled: bool) -> Result<(), Failure> {
        let name = self.name;
        let programs = if init == Init::OpenRc {
            vec![Program::new("rc-update").arg(if enabled { "add" } else { "delete" }).arg(name).arg(self.runlevel)]
        } else if host.which("update-rc.d").is_some() {
            let tool = host.required("update-rc.d")?;
            let call = |verb: &str| Program::new(&tool).arg(name).arg(verb);
            if enabled { vec![call("defaults"), call("enable")] } else { vec![call("disable")] }
        } else {
            let tool = host.required("chkconfig")?;
            let call = |arguments: [&str; 2]| Program::new(&tool).args(arguments);
            if enabled { vec![call(["--add", name]), call([name, "on"])] } else { vec![call([name, "off"])] }
        };
        programs.into_iter().try_for_each(|program| host.run(&program.plain_locale())?.or_what_it_said().map(drop))
    }

    fn act(&self, host: &mut Writer, init: Init, verb: &str) -> Result<(), Failure> {
        host.run(&self.program(init, verb)?)?.or_what_it_said().map(drop)
    }
}
