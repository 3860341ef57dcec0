//! One task on one host: loop, condition, arguments, the module, and what becomes of the result.

mod failed_task;
mod finish;
mod foresee;
mod item;
mod repeat;
mod verdict;

pub use failed_task::failed_task;
pub use foresee::{Foreseen, ends_on_host, foresee};
pub use verdict::{CAUSE, HIDDEN, is_true};

use std::sync::{Arc, OnceLock, atomic::AtomicU64};

use serde_json::{Map, Value as Json};

use parking_lot::Mutex;

use super::{
    Run,
    action::{Effect, Sent},
    debugger,
    host::Included,
    include::{IncludedFile, Includes},
    play_vars::HostFiles,
};
use crate::{
    library::{Meaning, Refusal},
    output::{Shown, Status},
    playbook::{self, Module, Task, keywords::Vars},
    source::{Diagnostic, Spanned},
    template::{Syntax, Template},
    value::Value,
    vars::{HostVars, Layer, PlayVars, Scope},
};

/// A result as modules return it.
pub type Fields = Map<String, Json>;

/// What a task needs to know of the play it runs in.
#[derive(Clone)]
pub struct TaskContext {
    /// The run.
    pub run: Arc<Run>,
    /// What the play says to all hosts.
    pub play: Arc<PlayVars>,
    /// `vars_files` whose names depend on the host.
    pub files: Arc<HostFiles>,
    /// What the play includes.
    pub includes: Arc<Includes>,
    /// Whether tasks that fail open the debugger, if they do not say otherwise.
    pub debugs: bool,
}

/// How a task ended on a host.
pub struct TaskEnd {
    /// The host.
    pub host: String,
    /// How it counts.
    pub status: Status,
    /// Whether a failure does not count.
    pub is_ignored: bool,
    /// The result as it is registered.
    pub result: Fields,
    /// The names of handlers and topics to notify.
    pub notified: Vec<Spanned<String>>,
    /// What it does to the play.
    pub effect: Option<Effect>,
    /// What it includes, in order.
    pub includes: Vec<IncludeRequest>,
    /// Whether it failed because nothing could be included: that is neither ignored nor rescued.
    pub is_hard: bool,
    /// Whether the host is lost with it, whatever the blocks around say.
    pub is_lost: bool,
    /// The task's name, evaluated.
    pub title: Option<String>,
    /// The variable that the result goes to.
    register: Option<String>,
    /// Variables that it set.
    facts: Vec<(String, Value)>,
    layer: Layer,
}

/// What a task includes for one item.
pub struct IncludeRequest {
    /// The file or role.
    pub file: Arc<IncludedFile>,
    /// What is shown of the item.
    pub item: Option<String>,
    /// What its tasks see as parameters.
    pub vars: Vec<Arc<Vars>>,
    key: String,
}

impl TaskEnd {
    /// Whether it says that it changed something.
    pub fn is_changed(&self) -> bool {
        self.result.get("changed").is_some_and(is_true)
    }

    /// Stores what a task that runs once stored, on another host.
    pub fn store_on(&self, host: &HostVars) {
        for (name, value) in &self.facts {
            host.set(self.layer, name, value.deep_copy());
        }
        if let Some(name) = &self.register {
            host.stored.insert(name.as_str(), Value::from_json(Json::Object(self.result.clone())));
        }
    }
}

impl IncludeRequest {
    /// Whether two hosts include the same with the same item.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.key == other.key
    }

    /// The program for a host.
    pub fn included(&self, order: u64) -> Included {
        Included { program: Arc::clone(&self.file.program), vars: self.vars.clone(), order, is_handlers: false }
    }
}

/// The end of one item, or of a task without a loop.
struct ItemEnd {
    status: Status,
    result: Fields,
    error: Option<Diagnostic>,
    facts: Vec<(String, Value)>,
    layer: Layer,
    effect: Option<Effect>,
    include: Option<Arc<IncludedFile>>,
    is_hard: bool,
    is_lost: bool,
    /// The handlers and topics that it notifies.
    notified: Vec<Spanned<String>>,
    shown: Shown,
    /// Whether its result asks to be hidden.
    is_hidden: bool,
    /// What the controller warned of while it did its part.
    warned: Vec<String>,
    /// Whether a result came back: the task was begun, wherever it failed then.
    is_returned: bool,
}

/// One item on its way.
struct ItemRun {
    scope: Scope,
    item: Option<Value>,
    /// What is shown of the item; known when it is done.
    label: OnceLock<String>,
    /// What the loop sets for the item.
    bound: Vec<(String, Value)>,
}

impl ItemEnd {
    fn new(status: Status, result: Fields) -> Self {
        Self {
            status,
            result,
            error: None,
            facts: Vec::new(),
            layer: Layer::default(),
            effect: None,
            include: None,
            is_hard: false,
            is_lost: false,
            notified: Vec::new(),
            shown: Shown::Nothing,
            is_hidden: false,
            warned: Vec::new(),
            is_returned: false,
        }
    }
}

/// What `task` sees on `host`, and why variables of files are missing where they cannot be read.
pub fn scope(
    context: &TaskContext,
    task: &Arc<Task>,
    host: &Arc<HostVars>,
    parameters: Arc<[Arc<Vars>]>,
) -> (Scope, Option<Diagnostic>) {
    let scope = Scope::of_host(&context.run.vars, host).in_play(&context.play);
    let (files, error) = match context.files.of_host(&scope, &context.run) {
        Ok(files) => (files, None),
        Err(error) => (None, Some(error)),
    };
    (scope.with_files(files).in_task(task, parameters), error)
}

/// Runs `task` on `host` and emits what happens; `parameters` come from the includes around it. What was `sent` ahead
/// of it is its work on the host.
pub async fn run(
    context: &TaskContext,
    task: &Arc<Task>,
    host: &Arc<HostVars>,
    parameters: Arc<[Arc<Vars>]>,
    sent: Option<Sent>,
) -> TaskEnd {
    let (scope, error) = scope(context, task, host, Arc::clone(&parameters));
    let runner = Runner { context, task, host, scope, sent: Mutex::new(sent), attempt: AtomicU64::new(0) };
    if task.action.module.0.name == sutler_modules::LATE.name {
        return Box::pin(runner.with_module(parameters)).await;
    }
    let error = error.or_else(|| debugger::check(task, &runner.scope).err());
    if let Some(error) = error {
        return runner.finish(runner.failure(error));
    }
    let items = match runner.items() {
        Ok(items) => items,
        Err(end) => return runner.finish(*end),
    };
    if let Some(repeat) = &task.repeat {
        runner.warn_of_loop_var(repeat, &items);
        return runner.repeat(items).await;
    }
    let Some(item) = items.into_iter().next() else { unreachable!("a task without a loop has one item") };
    let mut end = runner.one(&item).await;
    runner.store(&item, &end);
    runner.notify(&item, &mut end);
    let includes = runner.requests(&item, &mut end).into_iter().collect();
    runner.finish_including(end, includes)
}

/// Runs one task on one host.
struct Runner<'a> {
    context: &'a TaskContext,
    task: &'a Arc<Task>,
    host: &'a Arc<HostVars>,
    scope: Scope,
    /// The request that went ahead, until the work is begun.
    sent: Mutex<Option<Sent>>,
    /// Which try it is, of a task that is tried several times; else 0.
    attempt: AtomicU64,
}

impl Runner<'_> {
    fn take_sent(&self) -> Option<Sent> {
        self.sent.lock().take()
    }

    /// The same task with the module that its name means on this host.
    async fn with_module(&self, parameters: Arc<[Arc<Vars>]>) -> TaskEnd {
        let name = &self.task.action.name;
        let compiled = Template::compile(&name.value, &name.span, &Syntax::default());
        let (meant, place) = match compiled.and_then(|template| self.scope.context().render(&template)) {
            Ok(meant) => (meant.to_str(), meant.place()),
            Err(error) => return self.finish(self.template_failure(error, Some(&name.span))),
        };
        let project = self.context.includes.project();
        let collections = &self.task.keywords.collections;
        let mut task = Task::clone(self.task);
        let failed = match playbook::late_meaning(meant.trim(), collections, &self.task.origin, project) {
            Meaning::Native(module) | Meaning::Kept(module, _) => {
                task.action.module = Module(module);
                None
            }
            Meaning::Foreign(foreign) => {
                task.action.module = Module(&sutler_modules::FOREIGN);
                task.action.foreign = Some(foreign);
                None
            }
            Meaning::Refused(Refusal { message, help }) => Some(Diagnostic::error(message).help(help)),
            Meaning::Unknown => {
                let error = Diagnostic::error(format!("there is no module `{meant}`"));
                let error = error.worded(format!("Cannot resolve '{meant}' to an action or module."));
                Some(error.origin(place.as_ref().unwrap_or(&name.span)))
            }
        };
        if let Some(error) = failed {
            return self.finish(self.failed_to_evaluate(error.at(&name.span)));
        }
        run(self.context, &Arc::new(task), self.host, parameters, None).await
    }
}
