//! `systemd`: units, through the documented interface of `systemctl`.

mod change;
mod unit;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer},
};

pub(crate) use change::{Plan, Wanted};

choice! {
    /// What a unit should be doing.
    pub enum State {
        /// Reloads it; starts it when it does not run.
        Reloaded = "reloaded",
        /// Stops and starts it, whatever it does now.
        Restarted = "restarted",
        /// Starts it when it does not run.
        Started = "started",
        /// Stops it when it runs.
        Stopped = "stopped",
    }
}

choice! {
    /// Which manager is spoken to.
    pub enum Scope {
        /// The host's.
        System = "system",
        /// That of the user who runs the task.
        User = "user",
        /// The files of all users' managers; none of them is spoken to.
        Global = "global",
    }
}

/// Starts, stops, enables and masks systemd units.
///
/// The order is: reload the manager, unmask, enable or disable, mask, then the state. `status` in
/// the result is what `systemctl show` said before. A unit that is not there is a failure; in check
/// mode it is a warning, since a task before this one may bring it.
///
/// ```yaml
/// - systemd:
///     name: app
///     state: started
///     enabled: true
///     daemon_reload: true
/// - systemd:
///     name: backup.timer
///     masked: true
/// - systemd:
///     daemon_reload: true
/// ```
#[derive(Args)]
#[args(required_by("state", "name"), required_by("enabled", "name"), required_by("masked", "name"))]
pub struct SystemdService {
    /// The unit; without an extension it is a `.service`. No patterns.
    #[arg(alias = "service", alias = "unit")]
    name: Option<String>,
    /// What it should be doing now. `restarted` always restarts it; `reloaded` always reloads it,
    /// and starts it when it does not run.
    state: Option<State>,
    /// Whether it starts with the host.
    enabled: Option<bool>,
    /// Whether links of other units that are in the way are replaced.
    #[arg(default = false)]
    force: bool,
    /// Whether it cannot be started at all.
    masked: Option<bool>,
    /// Reads all unit files again, first of all; this alone never counts as a change.
    #[arg(default = false, alias = "daemon-reload")]
    daemon_reload: bool,
    /// Starts the manager itself again, first of all; this alone never counts as a change.
    #[arg(default = false, alias = "daemon-reexec")]
    daemon_reexec: bool,
    /// Whose units: the host's, those of the user who runs the task (who needs a session, see
    /// `loginctl enable-linger`), or the files for all users.
    #[arg(default = "system")]
    scope: Scope,
    /// Whether it is only asked for, not waited for.
    #[arg(default = false)]
    no_block: bool,
}

impl SystemdService {
    fn wanted(&self) -> Wanted {
        Wanted {
            unit: self.name.clone(),
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
}

impl Module for SystemdService {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        self.wanted().inspect(host)
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        self.wanted().apply(plan, host)
    }
}
