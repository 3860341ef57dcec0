//! What happens in a run, as it happens.

use std::sync::mpsc::Sender;

use serde_json::{Map, Value, json};

use super::{Recap, Secrets};
use crate::source::{Diagnostic, Span};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A play begins.
    Play {
        /// Its name, or its hosts.
        name: String,
    },
    /// The play has no hosts.
    NoHosts,
    /// A task begins.
    Task {
        /// Its name, or its module's.
        name: String,
        /// Whether it is a handler.
        is_handler: bool,
        /// How many hosts run it.
        hosts: usize,
        /// Where it is written.
        span: Option<Span>,
    },
    /// A host starts with the task.
    Started {
        /// The host.
        host: String,
    },
    /// One item of a loop is done on a host.
    Item(Outcome),
    /// The task is done on a host.
    Done(Outcome),
    /// A task with `until` is tried again.
    Retry {
        /// The host.
        host: String,
        /// The task.
        task: String,
        /// How many tries are left.
        left: u64,
    },
    /// The batch ends because of failures.
    NoHostsLeft,
    /// Something its author should know.
    Warning(Diagnostic),
    /// A few words on how the run goes on.
    Note(String),
    /// The end.
    Recap(Recap),
}

/// How a task, or an item of it, ended on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The host was as wanted.
    Ok,
    /// The host was changed.
    Changed,
    /// Its condition did not hold.
    Skipped,
    /// It failed.
    Failed,
    /// The host could not be reached.
    Unreachable,
}

/// How much of a result is shown without `-v`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Nothing, unless it failed.
    #[default]
    Nothing,
    /// Everything, over several lines.
    Everything,
    /// What it says, without how it counts: `debug`.
    Message,
}

/// The end of a task, or of an item, on a host.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The host.
    pub host: String,
    /// The host it was done on instead.
    pub delegated_to: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The return values.
    pub result: Map<String, Value>,
    /// What is shown of the item, for an item.
    pub item: Option<String>,
    /// Whether it is the end of a loop, whose items were shown.
    pub is_loop: bool,
    /// Whether its failure does not count.
    pub is_ignored: bool,
    /// Whether its values are hidden.
    pub is_hidden: bool,
    /// How much of the values is shown without `-v`.
    pub shown: Shown,
    /// What is wrong, with the place of it, for a failure that has one.
    pub error: Option<Diagnostic>,
}

impl Outcome {
    /// Replaces the values of an outcome that must not be seen.
    fn hide(&mut self) {
        let note = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";
        let mut kept = Map::new();
        kept.insert("censored".into(), json!(note));
        for name in ["changed", "failed", "unreachable", "skipped", "attempts", "retries"] {
            if let Some(value) = self.result.get(name) {
                kept.insert(name.into(), value.clone());
            }
        }
        self.result = kept;
        self.item = self.item.as_ref().map(|_| "(censored due to no_log)".into());
        if let Some(error) = self.error.take() {
            let hidden = Diagnostic::error("task failed; its output is hidden by `no_log`");
            self.error = Some(error.span.as_ref().map_or_else(|| hidden.clone(), |span| hidden.clone().at(span)));
        }
    }
}

/// Where events are made. The one place where secrets are masked: no listener sees them.
#[derive(Clone)]
pub struct Emitter {
    sender: Sender<Event>,
    secrets: Secrets,
}

impl Emitter {
    pub(super) fn new(sender: Sender<Event>, secrets: Secrets) -> Self {
        Self { sender, secrets }
    }

    /// Tells the listeners.
    pub fn emit(&self, mut event: Event) {
        match &mut event {
            Event::Item(outcome) | Event::Done(outcome) => {
                if outcome.is_hidden {
                    outcome.hide();
                }
                self.secrets.mask_map(&mut outcome.result);
                if let Some(item) = &mut outcome.item {
                    self.secrets.mask(item);
                }
                if let Some(error) = &mut outcome.error {
                    self.secrets.mask_diagnostic(error);
                }
            }
            Event::Task { name, .. } | Event::Play { name } | Event::Retry { task: name, .. } => {
                self.secrets.mask(name)
            }
            Event::Note(text) => self.secrets.mask(text),
            Event::Warning(warning) => self.secrets.mask_diagnostic(warning),
            _ => {}
        }
        // Nobody listens any more: the output is gone, the run is not.
        let _ = self.sender.send(event);
    }

    /// The secrets that are masked.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}
