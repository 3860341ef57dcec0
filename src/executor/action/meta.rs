//! `meta`: what a task does to the play instead of to a host.

use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError};
use crate::{
    playbook::Task,
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
