//! Where one host is in a play.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    plan::{BlockRange, Program, Step},
    playbook::{Task, TaskId},
    vars::HostVars,
};

/// One host's way through a play.
pub struct HostState {
    /// Its variables.
    pub vars: Arc<HostVars>,
    /// The step before it.
    pub place: usize,
    /// The handlers that were notified.
    pub notified: BTreeSet<TaskId>,
    /// Why it does no more steps.
    pub ended: Option<Ended>,
    blocks: Vec<Frame>,
}

/// Why a host does no more steps of a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It did them all, or `meta: end_host` and the like.
    Done,
    /// A task failed.
    Failed,
    /// It could not be reached.
    Unreachable,
}

struct Frame {
    range: BlockRange,
    section: Section,
    has_failed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Tasks,
    Rescue,
    Always,
}

impl HostState {
    /// A host at the beginning of a play.
    pub fn new(vars: Arc<HostVars>) -> Self {
        Self { vars, place: 0, notified: BTreeSet::new(), ended: None, blocks: Vec::new() }
    }

    /// Whether it still does steps.
    pub fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// Walks over what is no task, and says which task is next.
    pub fn next_task(&mut self, program: &Program) -> Option<Arc<Task>> {
        while self.is_active() {
            match program.steps.get(self.place) {
                None => self.ended = Some(Ended::Done),
                Some(Step::Task(task)) => return Some(Arc::clone(task)),
                Some(Step::FlushHandlers) => return None,
                Some(Step::Nothing) => self.place += 1,
                Some(Step::Enter(range)) => {
                    self.blocks.push(Frame { range: *range, section: Section::Tasks, has_failed: false });
                    self.place += 1;
                }
                Some(Step::ToAlways) => {
                    let frame = self.blocks.last_mut().expect("a block was entered");
                    frame.section = Section::Always;
                    self.place = frame.range.always;
                }
                Some(Step::Leave) => {
                    let frame = self.blocks.pop().expect("a block was entered");
                    self.place += 1;
                    if frame.has_failed {
                        self.fail();
                    }
                }
            }
        }
        None
    }

    /// The task before it failed: it goes on where the blocks around say, or not at all. Returns
    /// whether a `rescue` took the failure.
    pub fn fail(&mut self) -> bool {
        while let Some(frame) = self.blocks.last_mut() {
            match (frame.section, frame.range.rescue) {
                (Section::Tasks, Some(rescue)) => {
                    frame.section = Section::Rescue;
                    self.place = rescue;
                    return true;
                }
                (Section::Tasks | Section::Rescue, _) => {
                    frame.section = Section::Always;
                    frame.has_failed = true;
                    self.place = frame.range.always;
                    return false;
                }
                (Section::Always, _) => drop(self.blocks.pop()),
            }
        }
        self.ended = Some(Ended::Failed);
        false
    }
}
