//! One play: its hosts, batch by batch, through its program.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use indexmap::IndexMap;
use parking_lot::{Mutex, RwLock};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    ExitCode, Run,
    action::Sent,
    debugger, facts,
    handlers::Handlers,
    host::{Ended, HostState},
    include::Includes,
    play_vars::{self, text_items},
    settings::{Settings, evaluate, keyword},
    strategy::{self, Strategy},
    task::{self, TaskContext, TaskEnd},
};
use crate::{
    config::settings::running,
    inventory::Pattern,
    output::{Event, TaskStart},
    plan::{Program, Step, batches},
    playbook::{Play, Task, TaskId, keywords::Vars},
    source::{Diagnostic, Spanned},
    template::Shown,
    value::{Dict, Value},
    vars::{HostVars, Scope, text_list},
    vault,
};

mod losses;
mod select;
mod throttle;

use losses::lose_dragged;
use select::{select, selected};

/// The hosts of a batch, in the order in which they are shown.
pub type Batch = IndexMap<String, HostState>;

/// Runs a play; `false` when the run must not go on with the next one.
pub async fn run(run: &Arc<Run>, play: &Arc<Play>) -> bool {
    lose_dragged(run, play);
    let play_run = match PlayRun::new(run, play) {
        Ok(play_run) => Arc::new(play_run),
        Err(Unplayable { error, code }) => {
            run.events.emit(Event::Error(error));
            run.report.break_off(code);
            return false;
        }
    };
    if play_run.hosts.is_empty() {
        play_run.announce_play();
        run.events.emit(Event::NoHostsMatched);
        return true;
    }
    play_run.all_batches().await
}

/// Why a play cannot begin, and how the run ends then.
struct Unplayable {
    error: Diagnostic,
    code: ExitCode,
}

impl<E: Into<Diagnostic>> From<E> for Unplayable {
    fn from(error: E) -> Self {
        Self { error: error.into(), code: ExitCode::Unreachable }
    }
}

/// A play with what the command line and the inventory make of it.
pub struct PlayRun {
    pub(super) context: TaskContext,
    pub(super) play: Arc<Play>,
    pub(super) handlers: RwLock<Handlers>,
    pub(super) max_fail_percentage: Option<f64>,
    name: String,
    pattern: Pattern,
    /// All that the pattern selected when the batch began, in the order of the inventory.
    selected: Mutex<Vec<String>>,
    hosts: Vec<Arc<HostVars>>,
    /// Hosts that do no more in this batch.
    removed: Mutex<BTreeSet<String>>,
    pub(super) batch: Mutex<Vec<String>>,
    serial: Vec<Value>,
    /// The task that gathers facts, where known facts are not gathered again.
    gathers_once: Option<TaskId>,
    is_check: bool,
    strategy: Strategy,
    program: Arc<Program>,
    permits: Arc<Semaphore>,
    throttles: Mutex<HashMap<TaskId, Arc<Semaphore>>>,
}

/// How the batch goes on after a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// With the next step.
    Next,
    /// The batch is over.
    EndBatch,
    /// The batch is over, and so is the run when all batches of its play are.
    Beyond,
    /// The play is over.
    EndPlay,
    /// The run is over.
    EndRun,
}

impl PlayRun {
    fn new(run: &Arc<Run>, play: &Arc<Play>) -> Result<Self, Unplayable> {
        let (vars, files) = play_vars::read(run, play).map_err(|error| {
            let code = if vault::is_refusal(&error) { ExitCode::Error } else { ExitCode::Unreachable };
            Unplayable { error, code }
        })?;
        let vars = Arc::new(vars);
        let directory = play.project.environment.playbook_dir.clone();
        vars.constants.write().insert("playbook_dir", crate::vars::path_value(directory));
        // A play's own keywords see what does not depend on a host.
        let nobody = Arc::new(HostVars::new("", Dict::new()));
        let scope = Scope::of_host(&run.vars, &nobody).in_play(&vars);
        let name = match &play.name {
            Some(name) => keyword("name", name, &scope)?.to_str(),
            None => text_items(&keyword("name", &play.hosts, &scope)?).join(","),
        };
        let (pattern, hosts) = select(run, play, &scope)?;
        let value = |name: &str, setting: &Option<Spanned<Value>>| -> Result<Option<Value>, Diagnostic> {
            let value = setting.as_ref().map(|setting| keyword(name, setting, &scope)).transpose()?;
            Ok(value.filter(|value| !value.is_omit()))
        };
        let serial = match value("serial", &play.serial)? {
            Some(Value::List(sizes)) => sizes.to_vec(),
            size => size.into_iter().collect(),
        };
        let max_fail_percentage =
            value("max_fail_percentage", &play.max_fail_percentage)?.as_ref().map_or(Ok(None), percentage);
        let max_fail_percentage = max_fail_percentage.map_err(|error| match &play.max_fail_percentage {
            Some(setting) => error.at(&setting.span),
            None => error,
        })?;
        let strategy = match value("strategy", &play.strategy)?.map(|strategy| strategy.to_str()) {
            Some(name) => Strategy::parse(&name).map_err(|error| error.at(&play.span))?,
            None => Strategy::parse(&run.options.config.get(&running::DEFAULT_STRATEGY))?,
        };
        // Where it cannot be evaluated, each task fails.
        let is_check = play.keywords.setting("check_mode").and_then(|setting| evaluate(setting, &scope).ok());
        let is_check = is_check.filter(|value| !value.is_omit()).map_or(run.options.check, |value| value.to_flag());
        let forces = value("force_handlers", &play.force_handlers)?.map(|forces| forces.to_flag());
        let forces = forces.unwrap_or(run.options.force_handlers);
        let gathering = facts::gathering(run, play, &scope)?;
        let gathers_once = facts::gathers_once(run).then(|| gathering.as_ref().map(|task| task.id)).flatten();
        let mut program = Program::of_play(play, gathering, &run.options.tags, forces);
        if let Some(start) = run.options.start_at.as_ref().filter(|_| !run.control.has_begun()) {
            if program.start_at(start) {
                run.control.begin();
            } else {
                program = Program::default();
            }
        }
        let includes = Arc::new(Includes::new(&play.project, &run.options.tags, &run.events));
        let debugs = strategy == Strategy::Debug || run.options.config.get(&running::ENABLE_TASK_DEBUGGER);
        let context = TaskContext { run: Arc::clone(run), play: vars, files: Arc::new(files), includes, debugs };
        let play_run = Self {
            context,
            name,
            removed: Mutex::default(),
            pattern,
            selected: Mutex::default(),
            hosts,
            batch: Mutex::default(),
            serial,
            is_check,
            strategy,
            gathers_once,
            max_fail_percentage,
            program: Arc::new(program),
            handlers: RwLock::new(Handlers::new(play.handlers.clone())),
            permits: Arc::new(Semaphore::new(run.options.forks)),
            throttles: Mutex::default(),
            play: Arc::clone(play),
        };
        play_run.publish();
        play_run.begin_batch();
        play_run.batch.lock().clone_from(&play_run.selected.lock());
        play_run.publish_hosts();
        Ok(play_run)
    }

    /// Sets the names that follow from the play.
    fn publish(&self) {
        let roles = text_list(&self.play.role_names);
        let mut dependencies: Vec<&String> = Vec::new();
        for name in self.play.roles.iter().flat_map(|role| &role.dependencies) {
            if !dependencies.contains(&name) {
                dependencies.push(name);
            }
        }
        let of_play = self.play.role_names.iter();
        let all_roles = dependencies.iter().copied().filter(|name| !self.play.role_names.contains(name)).chain(of_play);
        let mut constants = self.context.play.constants.write();
        constants.insert("ansible_play_name", Value::from(self.name.as_str()));
        constants.insert("ansible_play_role_names", roles.clone());
        constants.insert("ansible_role_names", text_list(all_roles));
        constants.insert("ansible_dependent_role_names", text_list(&dependencies));
        constants.insert("role_names", roles);
    }

    /// Sets the names of hosts that are still there.
    fn publish_hosts(&self) {
        let removed = self.removed.lock();
        let batch = self.batch.lock();
        let there = |host: &&String| !removed.contains(*host);
        let added = self.context.play.added.read();
        let hosts = text_list(self.selected.lock().iter().chain(added.iter()).filter(there));
        let batch = text_list(batch.iter().filter(there));
        let mut constants = self.context.play.constants.write();
        constants.insert("ansible_play_hosts", hosts);
        constants.insert("ansible_play_batch", batch.clone());
        constants.insert("play_hosts", batch);
    }

    /// A batch begins with the hosts of the play that are not lost: those that only ended are back, those that were
    /// added are gone.
    fn begin_batch(&self) {
        let selected = selected(&self.context.run, &self.pattern);
        let out = selected.iter().filter(|host| self.context.run.report.is_out(host));
        *self.removed.lock() = out.cloned().collect();
        self.context.play.begin_batch(text_list(&selected));
        *self.selected.lock() = selected;
        self.publish_hosts();
    }

    /// A host does no more in this batch.
    pub fn remove(&self, host: &str) {
        self.removed.lock().insert(host.to_owned());
        self.publish_hosts();
    }

    /// A host is back.
    pub fn restore(&self, host: &str) {
        self.removed.lock().remove(host);
        self.publish_hosts();
    }

    /// Says that the play begins; again for each batch.
    fn announce_play(&self) {
        let is_check = self.is_check;
        let is_free = matches!(self.strategy, Strategy::Free | Strategy::HostPinned);
        let (name, span) = (self.name.clone(), self.play.span.clone());
        self.context.run.events.emit(Event::Play { name, span, is_check, is_free });
    }

    async fn all_batches(self: &Arc<Self>) -> bool {
        let batches = match batches(&self.hosts, &self.serial) {
            Ok(batches) => batches,
            Err(error) => {
                let error = Diagnostic::error(error.to_string());
                let at = self.play.serial.as_ref().map_or(&self.play.span, |serial| &serial.span);
                self.context.run.events.emit(Event::Error(error.at(at)));
                self.context.run.report.break_off(ExitCode::Error);
                return false;
            }
        };
        let mut is_over = false;
        for (place, batch) in batches.iter().enumerate() {
            lose_dragged(&self.context.run, &self.play);
            self.announce_play();
            *self.batch.lock() = batch.iter().map(|host| host.name.clone()).collect();
            self.begin_batch();
            let there = batch.iter().filter(|host| !self.context.run.report.is_out(&host.name));
            let hosts: Batch = there.map(|host| (host.name.clone(), self.begin(host))).collect();
            if hosts.is_empty() {
                continue;
            }
            if batches.len() > 1 {
                self.context.run.connections.make_room(hosts.len()).await;
            }
            let report = &self.context.run.report;
            let lost_before = report.losses();
            let (flow, mut hosts) = strategy::run(self, self.strategy, hosts).await;
            // Those that did an `always` or handlers after they failed are lost now, though others ended these.
            hosts.values_mut().filter(|host| host.is_active()).for_each(HostState::end);
            hosts.values_mut().filter(|host| host.ended == Some(Ended::Failed)).for_each(|host| self.lose(host));
            if self.context.run.control.is_stopping() || flow == Flow::EndRun {
                return false;
            }
            report.set_beyond_limit(flow == Flow::Beyond);
            is_over |= flow == Flow::Beyond;
            if flow == Flow::EndPlay {
                break;
            }
            if report.losses() == lost_before + batch.len() {
                is_over = true;
                break;
            }
            let is_nobody_left = hosts.keys().all(|host| report.is_out(host) || report.has_failed(host));
            if is_nobody_left && place + 1 < batches.len() {
                self.tell_of_losses(&hosts);
            }
        }
        !is_over
    }

    /// A host at the beginning of the play; one whose facts are known does not gather them (`gathering = smart`).
    fn begin(&self, host: &Arc<HostVars>) -> HostState {
        let mut state = HostState::new(Arc::clone(host), &self.program);
        let first = match self.program.steps.first() {
            Some(Step::Task(task)) => Some(task.id),
            _ => None,
        };
        if first.is_some() && first == self.gathers_once && host.has_gathered_facts() {
            state.advance();
        }
        state
    }

    /// What hosts do when they flush handlers.
    pub fn handlers(&self) -> Arc<Program> {
        self.handlers.read().program()
    }

    /// The scope of a task on a host.
    pub fn scope(&self, task: &Arc<Task>, host: &Arc<HostVars>, parameters: Arc<[Arc<Vars>]>) -> Scope {
        Scope::of_host(&self.context.run.vars, host).in_play(&self.context.play).in_task(task, parameters)
    }

    /// Says that a task begins; `false` when the person at the keyboard (`--step`) does not want it.
    pub fn announce(&self, task: &Arc<Task>, is_handler: bool, hosts: usize, scope: &Scope) -> bool {
        let name = task.name.as_ref().and_then(|name| self.shown_name(name, scope));
        let name = name.or_else(|| task.role_title(|value| Some(evaluate(value, scope).ok()?.to_str())));
        let name = task.title_of(name).trim().to_owned();
        let run = &self.context.run;
        if run.options.step && !super::control::confirm(&name, &run.control, &run.events) {
            return false;
        }
        let settings = Settings::new(task, scope);
        let is_hidden = settings.no_log(false).hides();
        let start = TaskStart {
            id: task.id,
            name,
            module: task.action.name.value.clone(),
            arguments: (!is_hidden).then(|| task.action.written_arguments()),
            is_handler,
            is_check: settings.flag("check_mode").ok().flatten().unwrap_or(self.context.run.options.check),
            hosts,
            span: Some(task.span.clone()),
        };
        self.context.run.events.emit(Event::Task(start));
        true
    }

    /// The name of a task as it is shown, with a text in place of what cannot be evaluated; `None` for no name.
    fn shown_name(&self, name: &Spanned<Value>, scope: &Scope) -> Option<String> {
        let errors = Shown::default();
        let shown = scope.context().resolve_shown(&name.value, &name.span, &errors);
        for warning in errors.warnings("the name of the task", &name.span) {
            self.context.run.events.emit(Event::Warning(warning));
        }
        (shown.is_truthy() && !shown.is_omit()).then(|| shown.to_str())
    }

    /// A task on some hosts at once, as many as `forks` and `throttle` allow.
    pub async fn on_hosts(
        &self,
        task: &Arc<Task>,
        hosts: Vec<(Arc<HostVars>, Arc<[Arc<Vars>]>)>,
        throttle: usize,
    ) -> Vec<(String, TaskEnd)> {
        let mut running = JoinSet::new();
        let throttle = (throttle > 0).then(|| Arc::new(Semaphore::new(throttle.min(Semaphore::MAX_PERMITS))));
        for (place, (host, parameters)) in hosts.into_iter().enumerate() {
            let (context, task) = (self.context.clone(), Arc::clone(task));
            // Hosts begin in their order.
            let throttled = match throttle.clone() {
                Some(throttle) => throttle.acquire_owned().await.ok(),
                None => None,
            };
            let permit = Arc::clone(&self.permits).acquire_owned().await;
            running.spawn(async move {
                let _held = (throttled, permit);
                let end = run_on_host(&context, &task, &host, parameters, None).await;
                (place, host.name.clone(), end)
            });
        }
        let mut ends = Vec::new();
        while let Some(joined) = running.join_next().await {
            match joined {
                Ok((place, name, Some(end))) => ends.push((place, name, end)),
                Ok((_, _, None)) => {}
                Err(error) => self.broken(&error),
            }
        }
        ends.sort_by_key(|(place, ..)| *place);
        ends.into_iter().map(|(_, name, end)| (name, end)).collect()
    }

    /// A panic is ours: it ends the run, and says so.
    pub fn broken(&self, error: &tokio::task::JoinError) {
        let message = format!("a task ended unexpectedly: {error}");
        self.context.run.events.emit(Event::Error(Diagnostic::error(message)));
        self.context.run.report.unexpected();
        self.context.run.control.stop();
    }

    /// A task that acts for all hosts at once has no place where each goes its own way: the run is given up.
    pub fn refuse_in_free(&self, task: &Task) {
        let name = &task.action.name;
        let message = format!(
            "The '{}' module bypasses the host loop, which is currently not supported in the free strategy and would instead execute for every host in the inventory list.",
            name.value
        );
        let help = "put it into a play with the strategy `linear`";
        self.context.run.events.emit(Event::Error(Diagnostic::error(message).at(&name.span).help(help)));
        self.context.run.report.break_off(ExitCode::Error);
    }

    /// The sources of the inventory are read again.
    pub fn refresh_inventory(&self) {
        if let Err(error) = self.context.run.vars.refresh_inventory() {
            self.context.run.events.emit(Event::Warning(error));
        }
    }

    /// Ends the play for hosts that the inventory does not have any more.
    pub fn end_gone<'a>(&self, hosts: impl Iterator<Item = &'a mut HostState>) {
        for host in hosts.filter(|host| self.context.run.vars.hosts.get(&host.vars.name).is_none()) {
            host.end();
            self.remove(&host.vars.name);
        }
    }

    /// The permits of hosts that work at once.
    pub fn permits(&self) -> &Arc<Semaphore> {
        &self.permits
    }
}

/// A task on one host, with what was `sent` ahead of it; `None` when it was stopped by force.
pub async fn run_on_host(
    context: &TaskContext,
    task: &Arc<Task>,
    host: &Arc<HostVars>,
    parameters: Arc<[Arc<Vars>]>,
    sent: Option<Sent>,
) -> Option<TaskEnd> {
    context.run.events.emit(Event::Started { host: host.name.clone(), task: task.id });
    tokio::select! {
        end = task_on_host(context, task, host, parameters, sent) => Some(end),
        () = context.run.control.killed() => None,
    }
}

async fn task_on_host(
    context: &TaskContext,
    task: &Arc<Task>,
    host: &Arc<HostVars>,
    parameters: Arc<[Arc<Vars>]>,
    sent: Option<Sent>,
) -> TaskEnd {
    let end = task::run(context, task, host, Arc::clone(&parameters), sent).await;
    debugger::attend(context, task, host, &parameters, end).await
}

/// A number, with or without a percent sign; nothing for none.
fn percentage(value: &Value) -> Result<Option<f64>, Diagnostic> {
    if value.is_none() {
        return Ok(None);
    }
    let text = value.to_str();
    text.trim().trim_end_matches('%').trim().parse().map(Some).map_err(|_| {
        let message = format!("The value {} could not be converted to 'percent'.", value.repr());
        Diagnostic::error(message).help("`max_fail_percentage` is a number of hundredths of the hosts, as 30 or 30%")
    })
}
