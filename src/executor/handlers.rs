//! The handlers of a play, and which of them a task notifies.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    plan::Program,
    playbook::{Task, TaskId, written},
    source::Spanned,
};

/// The handlers of a play, in the order in which they run; roles that are included bring more.
pub struct Handlers {
    tasks: Vec<Arc<Task>>,
    program: Arc<Program>,
}

impl Handlers {
    /// These handlers.
    pub fn new(tasks: Vec<Arc<Task>>) -> Self {
        let mut handlers = Self { tasks: Vec::new(), program: Arc::default() };
        handlers.add(&tasks);
        handlers
    }

    /// Adds handlers, unless they are there already: equal uses of a role share theirs. Says which
    /// ones they are.
    pub fn add(&mut self, more: &[Arc<Task>]) -> Vec<TaskId> {
        let before = self.tasks.len();
        let mut ids = Vec::with_capacity(more.len());
        for task in more {
            let known = self.tasks.iter().find(|known| is_same(known, task)).map(|known| known.id);
            if known.is_none() {
                self.tasks.push(Arc::clone(task));
            }
            ids.push(known.unwrap_or(task.id));
        }
        if self.tasks.len() > before {
            self.program = Arc::new(Program::of_handlers(&self.tasks));
        }
        ids
    }

    /// The names of some, in the order in which they run.
    pub fn titles(&self, ids: &BTreeSet<TaskId>) -> Vec<String> {
        self.tasks.iter().filter(|handler| ids.contains(&handler.id)).map(|handler| handler.title()).collect()
    }

    /// What a host does of them.
    pub fn program(&self) -> Arc<Program> {
        Arc::clone(&self.program)
    }

    /// Marks the handlers that `names` mean: the one of that name that was read last, and all that
    /// listen to it. `evaluate` gives the names of handlers that are templates. Returns the names
    /// that mean none.
    pub fn notify(
        &self,
        names: &[Spanned<String>],
        notified: &mut BTreeSet<TaskId>,
        evaluate: impl Fn(&Task) -> Option<String>,
    ) -> Vec<Spanned<String>> {
        let mut unknown = Vec::new();
        for name in names {
            let by_name = self.by_name(|handler| is_called(handler, &name.value, &evaluate));
            let listening = self.listening(&name.value);
            let found: Vec<TaskId> = by_name.into_iter().chain(listening).map(|handler| handler.id).collect();
            if found.is_empty() {
                unknown.push(name.clone());
            }
            notified.extend(found);
        }
        unknown
    }

    /// The first of the list that was read last: lists count from the last to the first, their members in order.
    fn by_name(&self, is_it: impl Fn(&Task) -> bool) -> Option<&Arc<Task>> {
        let lists = self.tasks.chunk_by(|one, other| list_of(one) == list_of(other)).collect::<Vec<_>>();
        lists.iter().rev().find_map(|list| list.iter().find(|handler| is_it(handler)))
    }

    /// The handlers that listen to a topic; of several with one name, the one that was read last.
    fn listening(&self, topic: &str) -> Vec<&Arc<Task>> {
        let mut names = BTreeSet::new();
        let listens = |handler: &&Arc<Task>| handler.listen.iter().any(|own| means(handler, own, topic));
        let is_first =
            |handler: &&Arc<Task>| handler.name.as_ref().is_none_or(|name| names.insert(written(&name.value)));
        self.tasks.iter().rev().filter(listens).filter(is_first).collect()
    }
}

/// The list that a handler is written in.
fn list_of(handler: &Task) -> (Option<&str>, &std::path::Path) {
    (handler.origin.role.as_ref().map(|role| role.key.as_str()), handler.span.file.path())
}

/// Whether two handlers are one: the same task, read for equal uses of a role.
fn is_same(one: &Task, other: &Task) -> bool {
    let same_role = match (&one.origin.role, &other.origin.role) {
        (Some(role), Some(other)) => role.path == other.path,
        _ => false,
    };
    let place = |task: &Task| (task.span.line, task.span.column, task.span.file.path().to_owned());
    one.id == other.id || (same_role && place(one) == place(other))
}

/// Whether a handler is called by that name, alone or after the name of its role.
fn is_called(handler: &Task, wanted: &str, evaluate: &impl Fn(&Task) -> Option<String>) -> bool {
    evaluate(handler).is_some_and(|name| means(handler, &name, wanted))
}

/// Whether a name or a topic of a handler is wanted, alone or after the name of the handler's role.
fn means(handler: &Task, own: &str, wanted: &str) -> bool {
    if own == wanted {
        return true;
    }
    let Some(role) = &handler.origin.role else { return false };
    wanted
        .strip_suffix(own)
        .and_then(|rest| rest.strip_suffix(" : "))
        .is_some_and(|prefix| prefix == role.name || prefix == role.full_name)
}
