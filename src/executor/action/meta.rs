//! `meta`: what a task does to the play instead of to a host.

use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError};
use crate::{
    playbook::{Task, imports},
    source::{Diagnostic, nearest},
};

/// What a `meta` task does to the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Notified handlers run now.
    FlushHandlers,
    /// The play ends for all hosts, this batch and the next ones.
    EndPlay,
    /// The play ends for the hosts of this batch.
    EndBatch,
    /// The play ends for this host.
    EndHost,
    /// The host's facts are forgotten.
    ClearFacts,
    /// Hosts that failed take part again.
    ClearHostErrors,
    /// The host's connection is closed; the next task opens a new one.
    ResetConnection,
    /// The sources of the inventory are read again: once, for all hosts.
    RefreshInventory,
    /// The role that the task stands in ends for this host.
    EndRole,
    /// Nothing.
    Noop,
}

impl Effect {
    /// What `-vv` says of it; `host` is the one that it is done on.
    pub fn describe(self, host: &str, task: &Task) -> String {
        let role = || task.origin.role.as_ref().map(|role| role.full_name.as_str()).unwrap_or_default();
        let text = match self {
            Self::FlushHandlers => format!("triggered running handlers for {host}"),
            Self::EndPlay => "ending play".into(),
            Self::EndBatch => "ending batch".into(),
            Self::EndHost => format!("ending play for {host}"),
            Self::ClearFacts => "facts cleared".into(),
            Self::ClearHostErrors => "cleared host errors".into(),
            Self::ResetConnection => "reset connection".into(),
            Self::Noop => "noop".into(),
            Self::RefreshInventory => "inventory successfully refreshed".into(),
            Self::EndRole => format!("ending role {} for {host}", role()),
        };
        format!("META: {text}")
    }

    /// Whether its condition counts.
    pub fn is_conditional(self) -> bool {
        !matches!(self, Self::Noop | Self::RefreshInventory | Self::ResetConnection)
    }

    /// What is not done where its condition does not hold.
    fn instead(self, host: &str, task: &Task) -> String {
        let role = || task.origin.role.as_ref().map(|role| role.full_name.as_str()).unwrap_or_default();
        match self {
            Self::FlushHandlers => format!(", not running handlers for {host}"),
            Self::EndPlay => ", continuing play".into(),
            Self::EndBatch => ", continuing current batch".into(),
            Self::EndHost => format!(", continuing execution for {host}"),
            Self::ClearFacts => format!(", not clearing facts and fact cache for {host}"),
            Self::ClearHostErrors => format!(", not clearing host error state for {host}"),
            Self::EndRole => format!(", continuing role {} for {host}", role()),
            Self::RefreshInventory | Self::ResetConnection | Self::Noop => String::new(),
        }
    }
}

const EFFECTS: &[(&str, Effect)] = &[
    ("flush_handlers", Effect::FlushHandlers),
    ("end_play", Effect::EndPlay),
    ("end_batch", Effect::EndBatch),
    ("end_host", Effect::EndHost),
    ("clear_facts", Effect::ClearFacts),
    ("clear_host_errors", Effect::ClearHostErrors),
    ("end_role", Effect::EndRole),
    ("refresh_inventory", Effect::RefreshInventory),
    ("reset_connection", Effect::ResetConnection),
    ("noop", Effect::Noop),
];

/// What a task does, by what is written.
pub fn effect_of(task: &Task) -> Option<(&'static str, Effect)> {
    let written = imports::file_of(&task.action)?.value.to_str();
    EFFECTS.iter().find(|(name, _)| *name == written.trim()).copied()
}

/// The result of a task whose condition does not hold.
pub fn skipped(task: &Task, host: &str) -> Fields {
    let mut result = Fields::new();
    if let Some((name, effect)) = effect_of(task) {
        let reason = format!("{name} conditional evaluated to False{}", effect.instead(host, task));
        let msg = match effect {
            Effect::EndHost => reason.replacen("False", "false", 1),
            _ => name.to_owned(),
        };
        result.insert("msg".into(), json!(msg));
        result.insert("skip_reason".into(), json!(reason));
    }
    result.insert("skipped".into(), json!(true));
    result
}

/// Runs it.
pub fn run(arguments: &Evaluated, task: &Task) -> Result<Done, PrepareError> {
    let name = arguments.text("_raw_params")?.or(arguments.text("free_form")?).unwrap_or_default();
    let Some((_, effect)) = EFFECTS.iter().find(|(known, _)| *known == name.trim()) else {
        let error = Diagnostic::error(format!("invalid meta action requested: {name}")).at(&task.action.name.span);
        let meant = nearest(&name, EFFECTS.iter().map(|(known, _)| *known));
        return Err(meant
            .map_or_else(|| error.clone(), |meant| error.clone().help(format!("did you mean `{meant}`?")))
            .into());
    };
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    Ok(Done { result, effect: Some(*effect), ..Done::default() })
}
