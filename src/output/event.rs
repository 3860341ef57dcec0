//! What happens in a run, as it happens.

use std::{
    path::PathBuf,
    sync::mpsc::{Sender, SyncSender, sync_channel},
};

use serde_json::{Map, Value, json};

use super::{Recap, Secrets};
use crate::{
    playbook::TaskId,
    source::{Diagnostic, Span},
};

/// What is shown of an item that nobody may see.
pub const CENSORED: &str = "(censored due to no_log)";
/// What Ansible says where it keeps no traceback of Python.
pub const NO_TRACEBACK: &str = "(traceback unavailable)";

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A playbook begins.
    Playbook {
        /// Its file.
        path: PathBuf,
        /// How many plays it has.
        plays: usize,
    },
    /// A play begins.
    Play {
        /// Its name, or its hosts.
        name: String,
        /// Where it is written.
        span: Span,
        /// Whether it only predicts.
        is_check: bool,
        /// Whether its hosts do not wait for each other (`free`, `host_pinned`): a task's banner then
        /// waits for a result.
        is_free: bool,
    },
    /// The play has no hosts.
    NoHostsMatched,
    /// A task begins; under a free strategy once for each host.
    Task(TaskStart),
    /// A host starts with the task.
    Started {
        /// The host.
        host: String,
        /// The task.
        task: TaskId,
    },
    /// Hosts include a file of tasks.
    Included {
        /// The task that includes it.
        task: TaskId,
        /// The file.
        file: PathBuf,
        /// The hosts.
        hosts: Vec<String>,
        /// What is shown of the loop's item.
        item: Option<String>,
    },
    /// One item of a loop is done on a host.
    Item(Outcome),
    /// The task is done on a host.
    Done(Outcome),
    /// A task with `until` is tried again.
    Retry {
        /// The host.
        host: String,
        /// The host it is done on instead.
        delegated_to: Option<String>,
        /// The task's name.
        task: String,
        /// How many tries are left.
        left: u64,
        /// Whether what it returned is hidden.
        is_hidden: bool,
        /// What the try returned.
        result: Map<String, Value>,
    },
    /// A task in the background was asked whether it has ended.
    AsyncPoll {
        /// The host.
        host: String,
        /// The job's id.
        job: String,
        /// Whether it was started.
        is_started: bool,
        /// Whether it has ended.
        is_finished: bool,
    },
    /// A task in the background ended well.
    AsyncOk {
        /// The host.
        host: String,
        /// The job's id.
        job: String,
    },
    /// A task in the background failed.
    AsyncFailed {
        /// The host.
        host: String,
        /// The job's id.
        job: String,
    },
    /// A changed task notified a handler on a host.
    Notified {
        /// The host.
        host: String,
        /// The handler.
        handler: String,
    },
    /// A task notified a handler that does not exist; with the place of the `notify`.
    HandlerNotFound(Diagnostic),
    /// The batch ends because of failures.
    NoHostsLeft,
    /// Something its author should know.
    Warning(Diagnostic),
    /// The run, or a play of it, ends because of this.
    Error(Diagnostic),
    /// A few words on how the run goes on.
    Note(String),
    /// A person is going to be asked: the live line goes, and whoever waits for that is told.
    Asking(SyncSender<()>),
    /// The person has answered.
    Answered,
    /// A detail that is shown from this many `-v` on.
    Detail {
        /// How many.
        verbosity: u8,
        /// One line or more.
        text: String,
    },
    /// The end.
    Recap(Recap),
    /// What `set_stats` collected; after the recap.
    Stats(CustomStats),
}

/// The begin of a task.
#[derive(Clone, Debug)]
pub struct TaskStart {
    /// Which task.
    pub id: TaskId,
    /// Its name, or its module's.
    pub name: String,
    /// Its module, as it is written.
    pub module: String,
    /// Its arguments as they are written, `name=value`; `None` with `no_log`.
    pub arguments: Option<String>,
    /// Whether it is a handler.
    pub is_handler: bool,
    /// Whether it only predicts.
    pub is_check: bool,
    /// How many hosts run it.
    pub hosts: usize,
    /// Where it is written.
    pub span: Option<Span>,
}

impl TaskStart {
    /// Whether it only shows a message.
    pub fn is_debug(&self) -> bool {
        self.module.rsplit('.').next() == Some("debug")
    }

    /// Whether it gathers facts.
    pub fn is_facts(&self) -> bool {
        matches!(self.module.rsplit('.').next(), Some("setup" | "gather_facts"))
    }
}

/// What `set_stats` collected.
#[derive(Clone, Debug, Default)]
pub struct CustomStats {
    /// For the whole run.
    pub run: Map<String, Value>,
    /// For single hosts.
    pub hosts: Vec<(String, Map<String, Value>)>,
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
    /// The task.
    pub task: TaskId,
    /// The host it was done on instead.
    pub delegated_to: Option<String>,
    /// Where that host is, if it was reached there and not by its name.
    pub delegated_address: Option<String>,
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

/// The return value of an include that says why there is nothing to include.
pub const REASON: &str = "reason";

impl Outcome {
    /// Whether it failed because there is nothing to include.
    pub fn is_of_missing_include(&self) -> bool {
        self.result.contains_key(REASON) && !self.result.contains_key("msg")
    }

    /// Replaces the values of an outcome that must not be seen.
    fn hide(&mut self) {
        self.result = hidden(&self.result, self.is_loop);
        self.shown = Shown::Nothing;
        self.item = self.item.as_ref().map(|_| CENSORED.into());
        if let Some(error) = &mut self.error {
            error.message = "its output is hidden by `no_log`".into();
            error.label = None;
            error.help = None;
            error.notes.clear();
            error.ansible.message = None;
            error.ansible.help = None;
            error.ansible.cause = None;
            // What was made for the message stands in no file.
            let made_up = error.ansible.contexts.iter_mut().filter(|context| context.span.is_outside());
            made_up.for_each(|context| context.span = Span::nowhere());
        }
    }
}

/// What is left of a result that `no_log` hides; that of a loop has items.
fn hidden(result: &Map<String, Value>, is_loop: bool) -> Map<String, Value> {
    let mut left = kept(result, &["changed", "failed", "unreachable", "skipped", "attempts", "retries"]);
    let items = result.get("results").and_then(Value::as_array).filter(|items| is_loop && !items.is_empty());
    if let Some(items) = items {
        let of_item = |item: &Map<String, Value>| {
            let mut left = kept(item, &["changed", "attempts", "retries"]);
            if item.contains_key("exception") {
                left.insert("exception".into(), NO_TRACEBACK.into());
            }
            Value::Object(left)
        };
        left.insert("results".into(), items.iter().filter_map(Value::as_object).map(of_item).collect());
    }
    left
}

fn kept(result: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let note = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";
    let mut kept = Map::new();
    kept.insert("censored".into(), json!(note));
    kept.extend(names.iter().filter_map(|name| Some(((*name).to_owned(), result.get(*name)?.clone()))));
    kept
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
            Event::Task(TaskStart { name, arguments, .. }) => {
                self.secrets.mask(name);
                arguments.iter_mut().for_each(|arguments| self.secrets.mask(arguments));
            }
            Event::Retry { task, result, is_hidden, .. } => {
                if *is_hidden {
                    *result = hidden(result, false);
                }
                self.secrets.mask(task);
                self.secrets.mask_map(result);
            }
            Event::Stats(CustomStats { run, hosts }) => {
                self.secrets.mask_map(run);
                hosts.iter_mut().for_each(|(_, stats)| self.secrets.mask_map(stats));
            }
            Event::Play { name: text, .. }
            | Event::Note(text)
            | Event::Detail { text, .. }
            | Event::Notified { handler: text, .. }
            | Event::Included { item: Some(text), .. } => self.secrets.mask(text),
            Event::Warning(diagnostic) | Event::Error(diagnostic) | Event::HandlerNotFound(diagnostic) => {
                self.secrets.mask_diagnostic(diagnostic);
            }
            Event::Playbook { .. }
            | Event::NoHostsMatched
            | Event::Started { .. }
            | Event::Included { item: None, .. }
            | Event::AsyncPoll { .. }
            | Event::AsyncOk { .. }
            | Event::AsyncFailed { .. }
            | Event::NoHostsLeft
            | Event::Asking(_)
            | Event::Answered
            | Event::Recap(_) => {}
        }
        // Nobody listens any more: the output is gone, the run is not.
        let _ = self.sender.send(event);
    }

    /// Asks a person, when all that was told is printed and the live line is out of the way.
    pub fn ask<T>(&self, question: impl FnOnce() -> T) -> T {
        let (printed, wait) = sync_channel(1);
        self.emit(Event::Asking(printed));
        // An error says that nobody prints any more.
        let _ = wait.recv();
        let answer = question();
        self.emit(Event::Answered);
        answer
    }

    /// The secrets that are masked.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}
