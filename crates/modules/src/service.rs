//! `service`: services, whatever starts them: systemd, `OpenRC`, or init scripts.

pub(crate) mod init;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, clock},
    systemd::{self, Scope, State, Wanted},
};

use init::Init;

choice! {
    /// What starts the host's services.
    enum Use {
        /// What is found on the host.
        Auto = "auto",
        /// systemd.
        Systemd = "systemd",
        /// `OpenRC`.
        OpenRc = "openrc",
        /// Scripts in `/etc/init.d`.
        SysVInit = "sysvinit",
        /// Scripts in `/etc/init.d` as well.
        Service = "service",
    }
}

/// Starts, stops and enables services.
///
/// With systemd it does what `systemd` does, returns what it returns and takes its arguments too.
///
/// ```yaml
/// - service:
///     name: cron
///     state: restarted
///     enabled: true
/// ```
#[derive(Args)]
pub struct Service {
    /// The service.
    name: String,
    /// What it should be doing now. `restarted` always restarts it; `reloaded` always reloads it,
    /// and starts it when it does not run.
    #[arg(choices("started", "stopped", "reloaded", "restarted"))]
    state: Option<State>,
    /// Whether it starts with the host.
    enabled: Option<bool>,
    /// What starts services on the host; found out when it is `auto`.
    #[arg(default = "auto", name = "use")]
    r#use: Use,
    /// What is added to the init script's command line. Not with systemd.
    #[arg(default = "", alias = "args")]
    arguments: String,
    /// Text in the output of `ps` that shows that the service runs, when its init script cannot tell.
    /// Not with systemd.
    pattern: Option<String>,
    /// `OpenRC`'s runlevel that it is enabled in.
    #[arg(default = "default")]
    runlevel: String,
    /// Seconds between stop and start of a restart. Not with systemd.
    sleep: Option<i64>,
    /// With systemd: see there.
    #[arg(default = false, alias = "daemon-reload")]
    daemon_reload: bool,
    /// With systemd: see there.
    #[arg(default = false, alias = "daemon-reexec")]
    daemon_reexec: bool,
    /// With systemd: see there.
    masked: Option<bool>,
    /// With systemd: see there.
    #[arg(default = false)]
    force: bool,
    /// With systemd: see there.
    #[arg(default = "system")]
    scope: Scope,
    /// With systemd: see there.
    #[arg(default = false)]
    no_block: bool,
}

/// What is done, by whom.
pub enum Plan {
    /// By systemd.
    Systemd(systemd::Plan),
    /// By an init script.
    Init(Init, Vec<init::Step>),
}

impl Service {
    fn wanted(&self) -> Wanted {
        Wanted {
            unit: Some(self.name.clone()),
            state: self.state,
            enabled: self.enabled,
            force: self.force,
            masked: self.masked,
            daemon_reload: self.daemon_reload,
            daemon_reexec: self.daemon_reexec,
            scope: self.scope,
            no_block: self.no_block,
        }
    }

    /// `None` is systemd.
    fn init(&self, host: &Reader) -> Option<Init> {
        let is_systemd = || host.exists("/run/systemd/system") || host.env("SYSTEMD_OFFLINE").is_some();
        let has_openrc = || host.which("rc-service").is_some();
        match self.r#use {
            Use::Systemd => None,
            Use::Auto if is_systemd() => None,
            Use::OpenRc => Some(Init::OpenRc),
            Use::Auto if has_openrc() => Some(Init::OpenRc),
            _ => Some(Init::SysV),
        }
    }

    fn request(&self) -> init::Request<'_> {
        init::Request {
            name: &self.name,
            arguments: &self.arguments,
            pattern: self.pattern.as_deref(),
            runlevel: &self.runlevel,
            sleep: clock::seconds(self.sleep.unwrap_or(0)),
            state: self.state,
            enabled: self.enabled,
        }
    }
}

impl Module for Service {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let Some(init) = self.init(host) else {
            let changes = self.wanted().inspect(host)?;
            return Ok(Changes {
                plan: changes.plan.map(Plan::Systemd),
                fields: changes.fields,
                diff: changes.diff,
                in_check: changes.in_check,
            });
        };
        let (steps, fields) = self.request().examine(host, init)?;
        Ok(Changes::when(!steps.is_empty(), Plan::Init(init, steps)).with_all(fields))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        match plan {
            Plan::Systemd(plan) => self.wanted().apply(plan, host),
            Plan::Init(init, steps) => self.request().apply(host, init, &steps),
        }
    }
}
