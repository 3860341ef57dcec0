//! `service`: services, whatever starts them: systemd, `OpenRC`, or init scripts.

pub(crate) mod init;

use crate::{
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, clock},
    systemd::{self, Scope, State, Wanted},
};

use init::Init;

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
    /// What starts services on the host: `systemd`, `openrc` or `sysvinit`; found out for `auto` and other words.
    #[arg(default = "auto", name = "use")]
    r#use: String,
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
        let word = self.r#use.to_lowercase();
        match word.rsplit('.').next().unwrap_or_default() {
            "systemd" | "systemd_service" => None,
            "openrc" => Some(Init::OpenRc),
            "sysvinit" => Some(Init::SysV),
            _ if is_systemd() => None,
            _ if has_openrc() => Some(Init::OpenRc),
            _ => Some(Init::SysV),
        }
    }

    /// The arguments that systemd has no use for.
    fn unused(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("pattern", self.pattern.is_some()),
            ("runlevel", self.runlevel != "default"),
            ("sleep", self.sleep.is_some()),
            ("arguments", !self.arguments.is_empty()),
        ];
        given.into_iter().filter_map(|(name, is_given)| is_given.then_some(name))
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
            let unused: Vec<String> =
                self.unused().map(|name| format!("Ignoring \"{name}\" as it is not used in \"systemd\"")).collect();
            return match self.wanted().inspect(host) {
                Ok(changes) => {
                    let mut changes = changes.map(Plan::Systemd);
                    changes.warn(unused);
                    Ok(changes)
                }
                Err(failure) if unused.is_empty() => Err(failure),
                Err(failure) => Err(failure.with("warnings", unused)),
            };
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
