//! A play as a flat list of steps, which each host walks at its own pace.
//!
//! Blocks become ranges: where a host goes on when a task fails is known from its place. `linear`
//! lets all hosts do the lowest step that any of them has before it.

use std::sync::Arc;

use super::TagFilter;
use crate::playbook::{Block, Item, Play, Task};

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
}

/// The steps of a play.
#[derive(Debug, Default)]
pub struct Program {
    /// In order.
    pub steps: Vec<Step>,
}

impl Program {
    /// The steps of a play that the tags select, beginning at a task of that name if one is given.
    pub fn new(play: &Play, gather: Option<Arc<Task>>, tags: &TagFilter) -> Self {
        let mut program = Self::default();
        program.steps.extend(gather.filter(|task| tags.selects(&task.keywords.tags)).map(Step::Task));
        for section in &play.sections {
            program.add_items(&section.tasks, tags);
            program.steps.push(Step::FlushHandlers);
        }
        program
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
        let enter = self.steps.len();
        // Replaced below, when the places are known.
        self.steps.push(Step::Nothing);
        self.add_items(&block.tasks, tags);
        self.steps.push(Step::ToAlways);
        let rescue = (!block.rescue.is_empty()).then_some(self.steps.len());
        if rescue.is_some() {
            self.add_items(&block.rescue, tags);
            self.steps.push(Step::ToAlways);
        }
        let always = self.steps.len();
        self.add_items(&block.always, tags);
        self.steps.push(Step::Leave);
        self.steps[enter] = Step::Enter(BlockRange { rescue, always });
    }

    /// Leaves out the tasks before the first one of that name (a glob), but for gathering facts;
    /// `false` if there is none.
    pub fn start_at(&mut self, name: &str) -> bool {
        let matches =
            |title: &str| title == name || glob::Pattern::new(name).is_ok_and(|pattern| pattern.matches(title));
        let found = self.steps.iter().position(|step| matches!(step, Step::Task(task) if matches(&task.title())));
        let Some(start) = found else { return false };
        for step in &mut self.steps[..start] {
            if matches!(step, Step::Task(task) if task.action.module.0.short_name() != "setup") {
                *step = Step::Nothing;
            }
        }
        true
    }
}
