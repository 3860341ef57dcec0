//! In which order the hosts of a batch do the steps of a play.

mod ahead;
mod free;
mod linear;

use std::sync::Arc;

use super::play::{Batch, Flow, PlayRun};
use crate::source::Diagnostic;

/// The strategies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All hosts do a task before any does the next one.
    Linear,
    /// As `Linear`, and a task that fails opens the debugger.
    Debug,
    /// Each host goes on as fast as it can.
    Free,
    /// As `Free`, but a host that began is done before others begin, when there are more than `forks`.
    HostPinned,
}

impl Strategy {
    /// By its name.
    pub fn parse(name: &str) -> Result<Self, Diagnostic> {
        let short = name.strip_prefix("ansible.builtin.").or(name.strip_prefix("ansible.legacy.")).unwrap_or(name);
        match short {
            "linear" => Ok(Self::Linear),
            "debug" => Ok(Self::Debug),
            "free" => Ok(Self::Free),
            "host_pinned" => Ok(Self::HostPinned),
            _ => Err(Diagnostic::error(format!("there is no strategy `{name}`"))),
        }
    }
}

/// Runs a batch to its end.
pub async fn run(play: &Arc<PlayRun>, strategy: Strategy, mut hosts: Batch) -> (Flow, Batch) {
    match strategy {
        Strategy::Linear | Strategy::Debug => {
            let flow = linear::run(play, &mut hosts).await;
            (flow, hosts)
        }
        Strategy::Free | Strategy::HostPinned => free::run(play, strategy, hosts).await,
    }
}
