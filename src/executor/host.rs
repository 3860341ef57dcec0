//! Where one host is in a play.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use crate::{
    plan::{BlockRange, Program, Step},
    playbook::{Role, Task, TaskId, keywords::Vars},
    vars::HostVars,
};

/// One host's way through a play.
#[derive(Clone)]
pub struct HostState {
    /// Its variables.
    pub vars: Arc<HostVars>,
    /// The handlers that were notified and did not run yet.
    pub notified: BTreeSet<TaskId>,
    /// Why it does no more steps.
    pub ended: Option<Ended>,
    /// The program of the play, and above it what it includes; never empty.
    calls: Vec<Call>,
    /// The same before it walked over what is no task, as long as its turn to do the next one has not come.
    before: Option<Vec<Call>>,
    /// The uses of roles that it has done.
    done_roles: HashSet<String>,
    /// What handlers of roles that it included see as parameters.
    of_handlers: HashMap<TaskId, Vec<Arc<Vars>>>,
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

/// A program that a host does at some step of another one.
#[derive(Clone)]
pub struct Included {
    /// What is done.
    pub program: Arc<Program>,
    /// What its tasks see as parameters, beside those of the programs around it.
    pub vars: Vec<Arc<Vars>>,
    /// Among programs that hosts include at the same step, those with lower numbers are done first.
    pub order: u64,
    /// Whether only what was notified is done of it.
    pub is_handlers: bool,
}

/// A program that is being done.
#[derive(Clone)]
struct Call {
    what: Included,
    place: usize,
    frames: Vec<Frame>,
    /// What the step includes as well, afterwards.
    waiting: VecDeque<Included>,
}

#[derive(Clone)]
enum Frame {
    Block {
        range: BlockRange,
        section: Section,
        has_failed: bool,
    },
    /// `has_run` says whether a task of it was more than skipped.
    Role {
        role: Arc<Role>,
        end: usize,
        has_run: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Tasks,
    Rescue,
    Always,
}

/// A place in a play; lower ones are done first by `linear`.
pub type Place = Vec<(u64, usize)>;

impl Call {
    fn new(mut includes: VecDeque<Included>) -> Option<Self> {
        let what = includes.pop_front()?;
        Some(Self { what, place: 0, frames: Vec::new(), waiting: includes })
    }
}

impl HostState {
    /// A host at the beginning of a play.
    pub fn new(vars: Arc<HostVars>, program: &Arc<Program>) -> Self {
        let play = Included { program: Arc::clone(program), vars: Vec::new(), order: 0, is_handlers: false };
        let calls = Call::new(VecDeque::from([play])).into_iter().collect();
        Self {
            vars,
            notified: BTreeSet::new(),
            ended: None,
            calls,
            before: None,
            done_roles: HashSet::new(),
            of_handlers: HashMap::new(),
        }
    }

    /// Whether it still does steps.
    pub fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it failed or cannot be reached.
    pub fn is_lost(&self) -> bool {
        matches!(self.ended, Some(Ended::Failed | Ended::Unreachable))
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        self.calls.iter().map(|call| (call.what.order, call.place)).collect()
    }

    /// How many uses of roles it has done.
    pub fn roles_done(&self) -> usize {
        self.done_roles.len()
    }

    /// How deep it is in includes.
    pub fn depth(&self) -> usize {
        self.calls.len()
    }

    /// What its next task sees as parameters of the includes around it, the outermost first.
    pub fn parameters(&self) -> Vec<Arc<Vars>> {
        // A handler sees nothing of the place where it was notified.
        let first = self.calls.iter().rposition(|call| call.what.is_handlers).unwrap_or(0);
        let handler = |call: &Call| match call.what.program.steps.get(call.place) {
            Some(Step::Task(task)) if call.what.is_handlers => self.of_handlers.get(&task.id),
            _ => None,
        };
        let visible = |call| handler(call).unwrap_or(&call.what.vars);
        self.calls[first..].iter().flat_map(visible).cloned().collect()
    }

    /// Handlers of a role that its next task includes will see what is seen there, and these parameters.
    pub fn keep_parameters(&mut self, handlers: &[TaskId], vars: &[Arc<Vars>]) {
        for handler in handlers {
            let around = self.parameters().into_iter();
            self.of_handlers.insert(*handler, around.chain(vars.iter().cloned()).collect());
        }
    }

    /// A task before it was more than skipped: its role is done when it ends.
    pub fn has_run(&mut self, task: &Task) {
        let Some(of_task) = &task.origin.role else { return };
        let frames = self.calls.iter_mut().flat_map(|call| &mut call.frames);
        let mut of_roles = frames.filter_map(|frame| match frame {
            Frame::Role { role, has_run, .. } if role.key == of_task.key => Some(has_run),
            _ => None,
        });
        if let Some(has_run) = of_roles.next_back() {
            *has_run = true;
        }
    }

    /// Whether its next task is a handler, or included by one.
    pub fn is_in_handlers(&self) -> bool {
        self.calls.iter().any(|call| call.what.is_handlers)
    }

    /// Walks over what is no task, and says which task is next; `handlers` are those of the play.
    pub fn next_task(&mut self, handlers: impl Fn() -> Arc<Program>) -> Option<Arc<Task>> {
        while self.is_active() {
            let call = self.calls.last()?;
            let is_no_task = !matches!(call.what.program.steps.get(call.place), Some(Step::Task(_) | Step::Nothing));
            if is_no_task && self.before.is_none() {
                self.before = Some(self.calls.clone());
            }
            let call = self.calls.last_mut()?;
            let program = Arc::clone(&call.what.program);
            match program.steps.get(call.place) {
                None => self.return_from_call(),
                Some(Step::Task(task)) if !call.what.is_handlers || self.notified.contains(&task.id) => {
                    return Some(Arc::clone(task));
                }
                Some(Step::Task(_) | Step::Nothing) => call.place += 1,
                Some(Step::FlushHandlers) if self.notified.is_empty() => call.place += 1,
                Some(Step::FlushHandlers) => self.flush(&handlers()),
                Some(Step::EnterRole { role, end }) => {
                    if self.done_roles.contains(&role.key) && !role.allows_duplicates {
                        call.place = end + 1;
                    } else {
                        call.frames.push(Frame::Role { role: Arc::clone(role), end: *end, has_run: false });
                        call.place += 1;
                    }
                }
                Some(Step::LeaveRole) => {
                    if let Some(Frame::Role { role, has_run: true, .. }) = call.frames.pop() {
                        self.done_roles.insert(role.key.clone());
                    }
                    call.place += 1;
                }
                Some(Step::Enter(range)) => {
                    call.frames.push(Frame::Block { range: *range, section: Section::Tasks, has_failed: false });
                    call.place += 1;
                }
                Some(Step::ToAlways) => {
                    let Some(Frame::Block { section, range, .. }) = call.frames.last_mut() else { return None };
                    *section = Section::Always;
                    call.place = range.always;
                }
                Some(Step::Leave) => {
                    let has_failed = matches!(call.frames.pop(), Some(Frame::Block { has_failed: true, .. }));
                    call.place += 1;
                    if has_failed {
                        self.fail();
                    }
                }
            }
        }
        None
    }

    /// Its turn has come to do the next task.
    pub fn take_turn(&mut self) {
        self.before = None;
    }

    /// Others failed while it waits for its turn: it is where its last task was.
    pub fn go_back(&mut self) {
        if matches!(self.ended, None | Some(Ended::Done))
            && let Some(calls) = self.before.take()
        {
            self.calls = calls;
            self.ended = None;
        }
    }

    fn return_from_call(&mut self) {
        if self.calls.len() == 1 {
            self.ended = Some(Ended::Done);
            return;
        }
        let Some(call) = self.calls.pop() else { return };
        match Call::new(call.waiting) {
            Some(next) => self.calls.push(next),
            None => self.advance(),
        }
    }

    /// The step before it is done.
    pub fn advance(&mut self) {
        if let Some(call) = self.calls.last_mut() {
            call.place += 1;
        }
    }

    /// The step before it consists of these programs, one after the other; without any it is done.
    pub fn include(&mut self, programs: VecDeque<Included>) {
        match Call::new(programs) {
            Some(call) => self.calls.push(call),
            None => self.advance(),
        }
    }

    /// Does the handlers that were notified before it goes on behind the step before it.
    pub fn flush(&mut self, handlers: &Arc<Program>) {
        let handlers = Included { program: Arc::clone(handlers), vars: Vec::new(), order: 0, is_handlers: true };
        self.include(VecDeque::from([handlers]));
    }

    /// Whether a failure of the task before it leads to a `rescue`, of this block or of one around it.
    pub fn is_rescuable(&self) -> bool {
        let rescues = |frame: &Frame| {
            matches!(frame, Frame::Block { range: BlockRange { rescue: Some(_), .. }, section: Section::Tasks, .. })
        };
        self.calls.iter().flat_map(|call| &call.frames).any(rescues)
    }

    /// Whether the block that the task before it itself stands in goes on when that fails; what a file or a role brings
    /// stands in one of its own.
    pub fn is_caught_at_once(&self) -> bool {
        let Some(call) = self.calls.last() else { return false };
        let Some(Frame::Block { range, section, .. }) = call.frames.last() else { return false };
        let has_always = !matches!(call.what.program.steps.get(range.always), Some(Step::Leave));
        !range.is_implicit
            && match section {
                Section::Tasks => range.rescue.is_some() || has_always,
                Section::Rescue => has_always,
                Section::Always => false,
            }
    }

    /// Whether it does the `rescue` of a block.
    pub fn is_rescued(&self) -> bool {
        let rescue = |frame: &Frame| matches!(frame, Frame::Block { section: Section::Rescue, .. });
        self.calls.iter().flat_map(|call| &call.frames).any(rescue)
    }

    /// The task before it failed: it goes on where the blocks around say, or not at all. Returns
    /// whether a `rescue` took the failure.
    pub fn fail(&mut self) -> bool {
        while let Some(call) = self.calls.last_mut() {
            while let Some(frame) = call.frames.last_mut() {
                let Frame::Block { range, section, has_failed } = frame else {
                    call.frames.pop();
                    continue;
                };
                match (*section, range.rescue) {
                    (Section::Tasks, Some(rescue)) => {
                        *section = Section::Rescue;
                        call.place = rescue;
                        return true;
                    }
                    (Section::Tasks | Section::Rescue, _) => {
                        *section = Section::Always;
                        *has_failed = true;
                        call.place = range.always;
                        return false;
                    }
                    (Section::Always, _) => drop(call.frames.pop()),
                }
            }
            if self.calls.len() == 1 {
                break;
            }
            self.calls.pop();
        }
        self.ended = Some(Ended::Failed);
        false
    }

    /// What failed in the blocks around its next task does not count any more: it goes on behind them.
    pub fn forget_failures(&mut self) {
        for frame in self.calls.iter_mut().flat_map(|call| &mut call.frames) {
            if let Frame::Block { has_failed, .. } = frame {
                *has_failed = false;
            }
        }
    }

    /// It does no more steps; a failure that an `always` still has to follow stays one.
    pub fn end(&mut self) {
        let failed = |frame: &Frame| matches!(frame, Frame::Block { has_failed: true, .. });
        let has_failed = self.calls.iter().flat_map(|call| &call.frames).any(failed);
        self.ended = Some(if has_failed { Ended::Failed } else { Ended::Done });
    }

    /// The role around the task before it ends here; `false` if there is none.
    pub fn end_role(&mut self) -> bool {
        let is_role = |frame: &Frame| matches!(frame, Frame::Role { .. });
        let Some(depth) = self.calls.iter().rposition(|call| call.frames.iter().any(is_role)) else { return false };
        self.calls.truncate(depth + 1);
        let Some(call) = self.calls.last_mut() else { return false };
        while let Some(frame) = call.frames.last() {
            if let Frame::Role { end, .. } = frame {
                call.place = *end;
                return true;
            }
            call.frames.pop();
        }
        false
    }
}
