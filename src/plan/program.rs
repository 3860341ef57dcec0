//! Tasks as a flat list of steps, which each host walks at its own pace.
//!
//! Blocks become ranges: where a host goes on when a task fails is known from its place. `linear`
//! lets all hosts do the lowest step that any of them has before it.

use std::sync::Arc;

use super::TagFilter;
use crate::playbook::{Block, Item, Play, Role, Task};

/// One step of a program.
#[derive(Clone, Debug)]
pub enum Step {
    /// A task.
    Task(Arc<Task>),
    /// A block begins.
    Enter(BlockRange),
    /// The tasks of the innermost block, or of its rescue, are done: its `always` is next.
    ToAlways,
    /// The innermost block is done.
    Leave,
    /// A role begins.
    EnterRole {
        /// The role.
        role: Arc<Role>,
        /// The place of its [`Step::LeaveRole`].
        end: usize,
    },
    /// The innermost role is done.
    LeaveRole,
    /// Handlers that were notified run.
    FlushHandlers,
    /// Left out; the place stays, since blocks refer to places.
    Nothing,
}

/// Where the parts of a block begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRange {
    /// The first step of `rescue`; `None` without one.
    pub rescue: Option<usize>,
    /// The first step of `always`; [`Step::Leave`] if it is empty.
    pub always: usize,
    /// Whether it is no block of the playbook, but what makes handlers run after failures.
    pub is_implicit: bool,
}

/// The steps of a play, or of what it includes.
#[derive(Debug, Default)]
pub struct Program {
    /// In order.
    pub steps: Vec<Step>,
    /// How many blocks are open, while it is made, that catch failures.
    catching: usize,
}

impl Program {
    /// The steps of a play that the tags select. With `forces_handlers` they run after each section
    /// however it ended.
    pub fn of_play(play: &Play, gather: Option<Arc<Task>>, tags: &TagFilter, forces_handlers: bool) -> Self {
        let mut program = Self::default();
        program.steps.extend(gather.filter(|task| tags.selects(&task.keywords.tags)).map(Step::Task));
        for section in &play.sections {
            if forces_handlers {
                program.add_parts(
                    true,
                    |program| program.add_items(&section.tasks, tags),
                    None::<fn(&mut Self)>,
                    |program| program.steps.push(Step::FlushHandlers),
                );
            } else {
                program.add_items(&section.tasks, tags);
                program.steps.push(Step::FlushHandlers);
            }
        }
        program
    }

    /// The steps of tasks that a play includes.
    pub fn of_items(items: &[Item], tags: &TagFilter) -> Self {
        let mut program = Self::default();
        program.add_items(items, tags);
        program
    }

    /// The steps of handlers, which no tags select.
    pub fn of_handlers(handlers: &[Arc<Task>]) -> Self {
        let steps = handlers.iter().map(|handler| Step::Task(Arc::clone(handler))).collect();
        Self { steps, ..Self::default() }
    }

    fn add_items(&mut self, items: &[Item], tags: &TagFilter) {
        for item in items {
            match item {
                Item::Task(task) if tags.selects(&task.keywords.tags) => {
                    self.steps.push(Step::Task(Arc::clone(task)));
                }
                Item::Task(_) => {}
                Item::Block(block) => self.add_block(block, tags),
            }
        }
    }

    fn add_block(&mut self, block: &Block, tags: &TagFilter) {
        let tasks = |program: &mut Self| program.add_items(&block.tasks, tags);
        if let Some(role) = &block.role {
            self.add_role(role, tasks);
        } else if block.catches() {
            let rescue =
                (!block.rescue.is_empty()).then_some(|program: &mut Self| program.add_items(&block.rescue, tags));
            self.catching += 1;
            self.add_parts(false, tasks, rescue, |program| program.add_items(&block.always, tags));
            self.catching -= 1;
        } else if self.catching > 0 {
            // A failure ends this block before the one that catches it.
            self.add_parts(false, tasks, None::<fn(&mut Self)>, |_| {});
        } else {
            tasks(self);
        }
    }

    fn add_role(&mut self, role: &Arc<Role>, tasks: impl FnOnce(&mut Self)) {
        let enter = self.steps.len();
        // Replaced below, when the place of the end is known.
        self.steps.push(Step::Nothing);
        tasks(self);
        let end = self.steps.len();
        self.steps.push(Step::LeaveRole);
        self.steps[enter] = Step::EnterRole { role: Arc::clone(role), end };
    }

    fn add_parts(
        &mut self,
        is_implicit: bool,
        tasks: impl FnOnce(&mut Self),
        rescue: Option<impl FnOnce(&mut Self)>,
        always: impl FnOnce(&mut Self),
    ) {
        let enter = self.steps.len();
        // Replaced below, when the places are known.
        self.steps.push(Step::Nothing);
        tasks(self);
        self.steps.push(Step::ToAlways);
        let rescue_at = rescue.map(|rescue| {
            let place = self.steps.len();
            rescue(self);
            self.steps.push(Step::ToAlways);
            place
        });
        let always_at = self.steps.len();
        always(self);
        self.steps.push(Step::Leave);
        self.steps[enter] = Step::Enter(BlockRange { rescue: rescue_at, always: always_at, is_implicit });
    }

    /// Leaves out the tasks before the first one of that name (a glob), but for gathering facts;
    /// `false` if there is none.
    pub fn start_at(&mut self, name: &str) -> bool {
        let matches =
            |title: &str| title == name || glob::Pattern::new(name).is_ok_and(|pattern| pattern.matches(title));
        let is_it = |task: &Task| {
            // With and without the name of its role.
            let own = task.name.as_ref().map(|name| crate::playbook::written(&name.value));
            matches(&task.title()) || own.is_some_and(|own| matches(&own))
        };
        let found = self.steps.iter().position(|step| matches!(step, Step::Task(task) if is_it(task)));
        let Some(start) = found else { return false };
        for step in &mut self.steps[..start] {
            let gathers = |task: &Task| matches!(task.action.module.0.short_name(), "gather_facts" | "setup");
            if matches!(step, Step::Task(task) if !gathers(task)) {
                *step = Step::Nothing;
            }
        }
        true
    }
}
