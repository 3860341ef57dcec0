//! A task before its turn: what it will ask of its host, as far as that is known already.

use std::sync::{Arc, atomic::AtomicU64};

use parking_lot::Mutex;

use super::{Runner, TaskContext, repeat::REQUEST, scope, verdict::is_true};
use crate::{
    executor::action::{Job, Prepared},
    output::Status,
    playbook::{Condition, Task, keywords::Vars},
    vars::{Foresight, HostVars, Layer},
};

/// Keywords that need the turn of their task.
const NEED_TURN: [&str; 6] = ["async", "debugger", "delegate_to", "run_once", "throttle", "timeout"];
/// Actions of the controller that do nothing but to evaluate.
const EVALUATE: [&str; 3] = ["assert", "debug", "set_fact"];

/// What a task will do.
pub enum Foreseen {
    /// Nothing on its host, but it sets these variables.
    Nothing(Vec<String>),
    /// One request, with as many items at once.
    Request(Vec<Job>, usize),
}

/// Whether the end of a task is what the helper says: nothing that the controller evaluates can fail it.
pub fn ends_on_host(task: &Task) -> bool {
    let is_constant = |conditions: &Option<Vec<Condition>>| {
        let mut conditions = conditions.iter().flatten();
        conditions.all(|condition| matches!(condition, Condition::Constant(_)))
    };
    is_constant(&task.changed_when) && is_constant(&task.failed_when) && !task.action.module.0.gives_facts()
}

/// What `task` will do on `host`, unless only its turn can tell; `foresight` watches what it reads.
pub fn foresee(
    context: &TaskContext,
    task: &Arc<Task>,
    host: &Arc<HostVars>,
    parameters: Arc<[Arc<Vars>]>,
    foresight: &Arc<Foresight>,
) -> Option<Foreseen> {
    if needs_turn(task) {
        return None;
    }
    let (scope, error) = scope(context, task, host, parameters);
    if error.is_some() {
        return None;
    }
    let runner = Runner {
        context,
        task,
        host,
        scope: scope.watched_by(foresight),
        sent: Mutex::default(),
        attempt: AtomicU64::default(),
    };
    let foreseen = if task.action.module.0.is_action { runner.foresee_action() } else { runner.foresee_request() };
    foreseen.filter(|_| foresight.hindrance().is_none())
}

fn needs_turn(task: &Task) -> bool {
    let module = &task.action.module.0;
    let pauses = task
        .repeat
        .as_ref()
        .is_some_and(|repeat| repeat.control.pause.is_some() || !repeat.control.break_when.is_empty());
    (module.is_action && !EVALUATE.contains(&module.short_name()))
        || module.name == sutler_modules::LATE.name
        || task.action.foreign.is_some()
        || !task.until.is_empty()
        || task.retries.is_some()
        || pauses
        || NEED_TURN.iter().any(|setting| task.keywords.setting(setting).is_some())
}

impl Runner<'_> {
    /// An action that evaluates and does not fail.
    fn foresee_action(&self) -> Option<Foreseen> {
        let mut names = Vec::new();
        for item in self.items().ok()? {
            match self.prepare(&item) {
                Err(end) if end.status == Status::Skipped => {}
                Ok(Prepared::Done(done)) if !done.result.get("failed").is_some_and(is_true) => {
                    if done.layer == Layer::StoredAndFact {
                        return None;
                    }
                    names.extend(done.facts.into_iter().map(|(name, _)| name));
                }
                _ => return None,
            }
        }
        Some(Foreseen::Nothing(names))
    }

    /// A module whose items travel together, or are all skipped.
    fn foresee_request(&self) -> Option<Foreseen> {
        let mut jobs: Vec<Job> = Vec::new();
        let mut skipped = false;
        for item in self.items().ok()? {
            match self.prepare(&item) {
                Err(end) if end.status == Status::Skipped => skipped = true,
                Ok(Prepared::Job(job)) if jobs.first().is_none_or(|first| job.joins(first)) => jobs.push(*job),
                _ => return None,
            }
        }
        if jobs.is_empty() {
            return Some(Foreseen::Nothing(Vec::new()));
        }
        if skipped || jobs.len() > REQUEST {
            return None;
        }
        let parallel = self.task.repeat.as_ref().map_or(Ok(1), |repeat| self.parallel(repeat));
        Some(Foreseen::Request(jobs, parallel.ok()?))
    }
}
