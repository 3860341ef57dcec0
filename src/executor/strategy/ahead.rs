//! Tasks that are sent to a host before their turn, where it waits for no other host.
//!
//! A task goes ahead if all that it needs is known before the tasks in front of it are done, and if the host itself
//! can tell whether they failed: then it does one after the other without a word from the controller, and stops at
//! the first that fails. Results are taken, shown and counted when the turn of their task comes, as if it had been
//! sent then.

use std::{
    cell::Cell,
    collections::{BTreeSet, HashSet, VecDeque},
    sync::Arc,
};

use crate::{
    config::settings::running,
    executor::{
        action::Sent,
        host::{HostState, Place},
        play::PlayRun,
        task::{self, Foreseen, TaskContext},
    },
    playbook::{Task, TaskId},
    source::Spanned,
    value::Value,
    vars::{Foresight, Hindrance},
};

/// How many tasks may be ahead of the one whose turn it is.
const FURTHEST: usize = 32;

/// The tasks of a host that were looked at before their turn, in order.
pub struct Ahead {
    is_wanted: bool,
    tasks: VecDeque<Foretold>,
    /// Where the host will be behind them.
    there: Option<HostState>,
    /// What the next one waits for.
    hindrance: Option<Hindrance>,
}

/// A task that was looked at.
struct Foretold {
    id: TaskId,
    place: Place,
    /// Variables that it sets.
    sets: Vec<String>,
    notifies: bool,
    /// Its request, if it needs one.
    sent: Option<Sent>,
}

impl Ahead {
    /// Nothing is ahead yet.
    pub fn new(context: &TaskContext) -> Self {
        let options = &context.run.options;
        let is_wanted = options.config.get(&running::SUTLER_SEND_AHEAD)
            && options.config.get(&running::TASK_TIMEOUT) == 0
            && !options.step
            && !context.debugs;
        Self { is_wanted, tasks: VecDeque::new(), there: None, hindrance: None }
    }

    /// Whether no task is ahead.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Looks at the tasks from the one whose turn it is, and sends what is known.
    pub async fn look(&mut self, play: &PlayRun, host: &HostState) {
        if !self.is_wanted || self.is_hindered() {
            return;
        }
        self.hindrance = None;
        let mut there = self.there.take().unwrap_or_else(|| host.clone());
        // Tasks that are done by now may have notified some.
        there.notified.clone_from(&host.notified);
        let roles_done = host.roles_done();
        while self.tasks.len() < FURTHEST {
            let unsettled = self.tasks.iter().any(|task| task.notifies);
            let Some(task) = next(play, &mut there, unsettled).filter(|_| there.roles_done() == roles_done) else {
                self.hindrance = Some(Hindrance::Turn);
                return;
            };
            match self.foretell(play, &there, &task).await {
                Ok(foretold) => {
                    let goes_to_host = foretold.sent.is_some();
                    self.tasks.push_back(foretold);
                    if !goes_to_host || is_followed(play, &task) {
                        there.notified.remove(&task.id);
                        if goes_to_host {
                            there.has_run(&task);
                        }
                        there.advance();
                        continue;
                    }
                    self.hindrance = Some(Hindrance::Turn);
                }
                Err(hindrance) => self.hindrance = Some(hindrance),
            }
            // It is looked at again from here.
            self.there = Some(there).filter(|_| !self.tasks.is_empty());
            return;
        }
        self.there = Some(there);
    }

    /// Whether the next task still waits for what hindered it.
    fn is_hindered(&self) -> bool {
        match &self.hindrance {
            None => self.tasks.len() >= FURTHEST,
            Some(Hindrance::Turn) => !self.tasks.is_empty(),
            Some(Hindrance::Name(name)) => self.tasks.iter().any(|task| task.sets.contains(name)),
        }
    }

    async fn foretell(&self, play: &PlayRun, there: &HostState, task: &Arc<Task>) -> Result<Foretold, Hindrance> {
        let open: HashSet<String> = self.tasks.iter().flat_map(|task| task.sets.iter().cloned()).collect();
        let foresight = Arc::new(Foresight::before(open));
        let hindered = || foresight.hindrance().unwrap_or(Hindrance::Turn);
        let foreseen = task::foresee(&play.context, task, &there.vars, there.parameters().into(), &foresight);
        let (sent, mut sets) = match foreseen.ok_or_else(hindered)? {
            Foreseen::Nothing(sets) => (None, sets),
            Foreseen::Request(jobs, parallel) => {
                let before = self.tasks.iter().rev().find_map(|task| task.sent.as_ref());
                let sent = Sent::send(&play.context, jobs, parallel, before).await;
                (Some(sent.and_then(Result::ok).ok_or(Hindrance::Turn)?), Vec::new())
            }
        };
        sets.extend(task.register.clone());
        Ok(Foretold { id: task.id, place: there.place(), sets, notifies: !task.keywords.notify.is_empty(), sent })
    }

    /// The turn of a task has come: what was sent of it. If another one was expected, nothing is ahead any more.
    pub fn take(&mut self, task: TaskId, place: &Place) -> Option<Sent> {
        let foretold = self.tasks.pop_front()?;
        if foretold.id != task || foretold.place != *place {
            self.clear();
            return None;
        }
        if self.tasks.is_empty() {
            self.there = None;
        }
        foretold.sent
    }

    /// What is ahead is given up, and stopped if it has begun.
    pub fn clear(&mut self) {
        self.tasks.clear();
        self.there = None;
        self.hindrance = None;
    }

    /// No new task may start: the host is told not to begin those that wait.
    pub async fn withdraw(&self) {
        for sent in self.tasks.iter().rev().filter_map(|task| task.sent.as_ref()) {
            sent.withdraw().await;
        }
    }

    /// Leaves the tasks that the host has begun, which are ended and shown.
    pub async fn keep_begun(&mut self) {
        self.withdraw().await;
        self.is_wanted = false;
        while let Some(last) = self.tasks.back_mut() {
            if let Some(sent) = &mut last.sent
                && !sent.is_dropped().await
            {
                return;
            }
            self.tasks.pop_back();
        }
    }
}

/// The next task of a host, which must not come to its handlers: whether it does them is only known then if tasks in
/// front of it notify some, which `unsettled` says.
fn next(play: &PlayRun, there: &mut HostState, unsettled: bool) -> Option<Arc<Task>> {
    if unsettled && there.is_in_handlers() {
        return None;
    }
    let flushes = Cell::new(false);
    let nobody = TaskId::next();
    if unsettled {
        there.notified.insert(nobody);
    }
    let task = there.next_task(|| {
        flushes.set(true);
        play.handlers()
    });
    there.notified.remove(&nobody);
    task.filter(|_| !flushes.get())
}

/// Whether the host can tell on its own that it goes on behind a task.
fn is_followed(play: &PlayRun, task: &Task) -> bool {
    let names: Option<Vec<Spanned<String>>> = task.keywords.notify.iter().map(plain).collect();
    let Some(names) = names.filter(|_| task::ends_on_host(task)) else { return false };
    // A handler that does not exist fails the task that notifies it.
    let handlers = play.handlers.read();
    handlers
        .notify(&names, &mut BTreeSet::new(), |handler| plain(handler.name.as_ref()?).map(|name| name.value))
        .is_empty()
}

/// A text that is no template.
fn plain(value: &Spanned<Value>) -> Option<Spanned<String>> {
    match &value.value {
        Value::Str(text) => Some(Spanned::new(text.to_string(), value.span.clone())),
        _ => None,
    }
}
