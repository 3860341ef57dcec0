//! One play: its hosts, batch by batch, through its program.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    Run,
    action::{self, Effect},
    facts, handlers,
    host::{Ended, HostState},
    settings::{Settings, evaluate, to_flag},
    task::{self, TaskContext, TaskEnd},
};
use crate::{
    inventory::Pattern,
    output::{Event, Status, TaskStart},
    plan::{Program, Step, batches},
    playbook::{Play, Playbook, Task},
    source::Diagnostic,
    template::TemplateError,
    value::{Dict, Value},
    vars::{HostVars, PlayVars, Scope, load_file, text_list},
};

/// Runs a play; `false` when the run must not go on with the next one.
pub async fn run(run: &Arc<Run>, playbook: &Playbook, play: &Arc<Play>) -> bool {
    let folder = playbook.path.parent().map_or_else(|| Path::new(".").to_owned(), Path::to_owned);
    let play_run = match PlayRun::new(run, play, folder) {
        Ok(play_run) => play_run,
        Err(error) => {
            run.events.emit(Event::Error(error));
            run.report.break_off();
            return false;
        }
    };
    let is_check = run.options.check;
    run.events.emit(Event::Play { name: play_run.name.clone(), is_check, is_free: false });
    if play_run.hosts.is_empty() {
        run.events.emit(Event::NoHostsMatched);
        return true;
    }
    play_run.all_batches().await
}

/// A play with what the command line and the inventory make of it.
pub struct PlayRun {
    pub(super) context: TaskContext,
    pub(super) play: Arc<Play>,
    name: String,
    hosts: Vec<Arc<HostVars>>,
    serial: Vec<String>,
    any_errors_fatal: bool,
    max_fail_percentage: Option<f64>,
    forces_handlers: bool,
    program: Program,
    permits: Arc<Semaphore>,
}

/// How the batch goes on after a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    EndBatch,
    EndPlay,
}

impl PlayRun {
    fn new(run: &Arc<Run>, play: &Arc<Play>, folder: std::path::PathBuf) -> Result<Self, Diagnostic> {
        let vars = Arc::new(play_vars(run, play, &folder)?);
        // A play's own keywords see what does not depend on a host.
        let nobody = Arc::new(HostVars::new("", Dict::new()));
        let scope = Scope::of_host(&run.vars, &nobody).in_play(&vars);
        let name = match &play.name {
            Some(name) => evaluate(name, &scope)?.to_str(),
            None => text_items(&evaluate(&play.hosts, &scope)?)?.join(","),
        };
        let hosts = select(run, play, &scope)?;
        let serial = play.serial.as_ref().map(|serial| evaluate(serial, &scope)).transpose()?;
        let serial = serial.map(|serial| text_items(&serial)).transpose()?.unwrap_or_default();
        let flag = |setting: Option<&crate::source::Spanned<Value>>| -> Result<bool, TemplateError> {
            Ok(setting.map(|setting| evaluate(setting, &scope)).transpose()?.is_some_and(|value| to_flag(&value)))
        };
        let percentage = play
            .max_fail_percentage
            .as_ref()
            .map(|limit| evaluate(limit, &scope).map(|limit| limit.to_str()))
            .transpose()?;
        let mut program = Program::new(play, facts::gathering(run, play, &scope)?, &run.options.tags);
        if let Some(start) = &run.options.start_at {
            program.start_at(start);
        }
        let play_run = Self {
            context: TaskContext { run: Arc::clone(run), play: vars, folder },
            name,
            hosts,
            serial,
            any_errors_fatal: flag(play.keywords.setting("any_errors_fatal"))?,
            max_fail_percentage: percentage.and_then(|limit| limit.trim().parse().ok()),
            forces_handlers: run.options.force_handlers || flag(play.force_handlers.as_ref())?,
            program,
            permits: Arc::new(Semaphore::new(run.options.forks)),
            play: Arc::clone(play),
        };
        play_run.publish_hosts(&play_run.hosts);
        Ok(play_run)
    }

    /// Sets the names that follow from the play.
    fn publish_hosts(&self, batch: &[Arc<HostVars>]) {
        let all = text_list(self.hosts.iter().map(|host| &host.name));
        let alive: Vec<&str> = self
            .hosts
            .iter()
            .map(|host| host.name.as_str())
            .filter(|host| !self.context.run.report.is_out(host))
            .collect();
        let mut constants = self.context.play.constants.write();
        constants.insert("ansible_play_hosts_all", all);
        constants.insert("ansible_play_hosts", text_list(&alive));
        constants.insert("play_hosts", text_list(&alive));
        constants.insert("ansible_play_batch", text_list(batch.iter().map(|host| &host.name)));
        constants.insert("ansible_play_name", Value::from(self.name.as_str()));
        constants.insert(
            "playbook_dir",
            crate::vars::path_value(std::path::absolute(&self.context.folder).unwrap_or_default()),
        );
    }

    async fn all_batches(&self) -> bool {
        let batches = match batches(&self.hosts, &self.serial) {
            Ok(batches) => batches,
            Err(error) => {
                let error = Diagnostic::error(error.to_string());
                let at = self.play.serial.as_ref().map_or(&self.play.span, |serial| &serial.span);
                self.context.run.events.emit(Event::Error(error.at(at)));
                self.context.run.report.break_off();
                return false;
            }
        };
        for batch in batches {
            self.publish_hosts(&batch);
            let (flow, hosts) = self.batch(&batch).await;
            let lost =
                hosts.values().filter(|host| matches!(host.ended, Some(Ended::Failed | Ended::Unreachable))).count();
            if self.context.run.control.is_stopping() {
                return false;
            }
            if lost == hosts.len() || self.is_beyond_limit(lost, hosts.len()) {
                if hosts.values().any(|host| self.program.has_tasks_after(host.place)) {
                    self.context.run.events.emit(Event::NoHostsLeft);
                }
                return false;
            }
            if flow == Flow::EndPlay {
                break;
            }
        }
        true
    }

    /// Whether so many hosts are lost that the others stop too.
    fn is_beyond_limit(&self, lost: usize, all: usize) -> bool {
        let percentage = self.max_fail_percentage.is_some_and(|limit| lost as f64 * 100.0 / all as f64 > limit);
        lost > 0 && (self.any_errors_fatal || percentage)
    }

    /// All steps on some hosts.
    async fn batch(&self, batch: &[Arc<HostVars>]) -> (Flow, BTreeMap<String, HostState>) {
        let order: Vec<String> = batch.iter().map(|host| host.name.clone()).collect();
        let mut hosts: BTreeMap<String, HostState> =
            batch.iter().map(|host| (host.name.clone(), HostState::new(Arc::clone(host)))).collect();
        while !self.context.run.control.is_stopping() {
            let mut lowest = None;
            for host in hosts.values_mut() {
                host.next_task(&self.program);
                if host.is_active() {
                    lowest = Some(lowest.map_or(host.place, |place: usize| place.min(host.place)));
                }
            }
            let Some(place) = lowest else { break };
            let here: Vec<String> =
                order.iter().filter(|name| hosts[*name].is_active() && hosts[*name].place == place).cloned().collect();
            let flow = match &self.program.steps[place] {
                Step::Task(task) => {
                    let task = Arc::clone(task);
                    self.task(&task, &here, &mut hosts).await
                }
                _ => {
                    for name in &here {
                        hosts.get_mut(name).expect("hosts keep their names").place += 1;
                    }
                    self.flush(&mut hosts).await;
                    Flow::Next
                }
            };
            let lost =
                hosts.values().filter(|host| matches!(host.ended, Some(Ended::Failed | Ended::Unreachable))).count();
            if flow != Flow::Next || self.is_beyond_limit(lost, hosts.len()) {
                return (flow, hosts);
            }
        }
        (Flow::Next, hosts)
    }

    /// One task on the hosts that are at it.
    async fn task(&self, task: &Arc<Task>, here: &[String], hosts: &mut BTreeMap<String, HostState>) -> Flow {
        let first = Scope::of_host(&self.context.run.vars, &hosts[&here[0]].vars).in_play(&self.context.play);
        let first = first.in_task(&task.keywords.vars);
        let once =
            action::runs_once(task) || Settings::new(task, &first).flag("run_once").ok().flatten().unwrap_or(false);
        let runs: Vec<Arc<HostVars>> =
            here.iter().take(if once { 1 } else { here.len() }).map(|name| Arc::clone(&hosts[name].vars)).collect();
        if !self.announce(task, false, runs.len(), &first) {
            for name in here {
                hosts.get_mut(name).expect("hosts keep their names").place += 1;
            }
            return Flow::Next;
        }
        let ends = self.on_hosts(task, &runs).await;
        let mut flow = Flow::Next;
        let (mut flushes, mut refreshes) = (false, false);
        for (name, end) in ends {
            let counts = !task.is_meta() || end.status == Status::Failed;
            match end.effect {
                Some(Effect::EndPlay) => flow = Flow::EndPlay,
                Some(Effect::EndBatch) if flow == Flow::Next => flow = Flow::EndBatch,
                Some(Effect::FlushHandlers) => flushes = true,
                Some(Effect::RefreshInventory) => refreshes = true,
                _ => {}
            }
            if once {
                if !action::runs_once(task) {
                    share(task, &end, &name, here, hosts);
                }
                for other in here {
                    self.settle(other, &end, hosts, counts && other == &name);
                }
            } else {
                self.settle(&name, &end, hosts, counts);
            }
        }
        if refreshes && let Err(error) = self.context.run.vars.refresh_inventory() {
            self.context.run.events.emit(Event::Warning(error));
        }
        if flushes {
            self.flush(hosts).await;
        }
        flow
    }

    /// Says that a task begins; `false` when the person at the keyboard (`--step`) does not want it.
    pub(super) fn announce(&self, task: &Arc<Task>, is_handler: bool, hosts: usize, scope: &Scope) -> bool {
        let name = task.name.as_ref().and_then(|name| Some(evaluate(name, scope).ok()?.to_str()));
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| task.title());
        if self.context.run.options.step && !super::control::confirm(&name, &self.context.run.control) {
            return false;
        }
        let start = TaskStart {
            id: task.id,
            name,
            module: task.action.name.value.clone(),
            arguments: task.action.written_arguments(),
            is_handler,
            is_check: Settings::new(task, scope)
                .flag("check_mode")
                .ok()
                .flatten()
                .unwrap_or(self.context.run.options.check),
            hosts,
            span: Some(task.span.clone()),
        };
        self.context.run.events.emit(Event::Task(start));
        true
    }

    /// A task on some hosts at once, as many as `forks` allows.
    pub(super) async fn on_hosts(&self, task: &Arc<Task>, hosts: &[Arc<HostVars>]) -> Vec<(String, TaskEnd)> {
        let mut running = JoinSet::new();
        for (place, host) in hosts.iter().enumerate() {
            let (context, task, host) = (self.context.clone(), Arc::clone(task), Arc::clone(host));
            let permits = Arc::clone(&self.permits);
            running.spawn(async move {
                let _permit = permits.acquire_owned().await;
                context.run.events.emit(Event::Started { host: host.name.clone(), task: task.id });
                let end = tokio::select! {
                    end = task::run(&context, &task, &host) => Some(end),
                    () = context.run.control.killed() => None,
                };
                (place, host.name.clone(), end)
            });
        }
        let mut ends = Vec::with_capacity(hosts.len());
        while let Some(joined) = running.join_next().await {
            match joined {
                Ok((place, name, Some(end))) => ends.push((place, name, end)),
                Ok((_, _, None)) => {}
                // A panic is ours: it ends the run, and says so.
                Err(error) => {
                    let message = format!("a task ended unexpectedly: {error}");
                    self.context.run.events.emit(Event::Error(Diagnostic::error(message)));
                    self.context.run.report.unexpected();
                    self.context.run.control.stop();
                }
            }
        }
        ends.sort_by_key(|(place, ..)| *place);
        ends.into_iter().map(|(_, name, end)| (name, end)).collect()
    }

    /// Moves a host on, and counts.
    pub(super) fn settle(&self, name: &str, end: &TaskEnd, hosts: &mut BTreeMap<String, HostState>, counts: bool) {
        let report = &self.context.run.report;
        let Some(host) = hosts.get_mut(name) else { return };
        if counts {
            report.count_end(name, end.status, end.is_ignored);
        }
        match end.status {
            Status::Failed if !end.is_ignored => {
                if host.fail() {
                    report.count(name, |counts| {
                        counts.failed = counts.failed.saturating_sub(1);
                        counts.rescued += 1;
                    });
                }
                if host.ended == Some(Ended::Failed) {
                    report.lose(name);
                }
            }
            Status::Unreachable if !end.is_ignored => {
                host.ended = Some(Ended::Unreachable);
                report.lose(name);
            }
            _ => host.place += 1,
        }
        match end.effect {
            Some(Effect::EndHost) => host.ended = Some(Ended::Done),
            Some(Effect::ClearFacts) => host.vars.facts.with_mut(indexmap::IndexMap::clear),
            _ => {}
        }
        for unknown in handlers::notify(&self.play, &end.notified, &mut host.notified) {
            let message = format!(
                "The requested handler '{}' was not found in either the main handlers list nor in the listening handlers list",
                unknown.value
            );
            let error = Diagnostic::error(message).at(&unknown.span);
            self.context.run.events.emit(Event::HandlerNotFound(error));
            report.count(name, |counts| counts.failed += 1);
            host.ended = Some(Ended::Failed);
            report.lose(name);
        }
    }

    /// Runs the notified handlers, in the order they are written.
    async fn flush(&self, hosts: &mut BTreeMap<String, HostState>) {
        for handler in &self.play.handlers {
            let takes_part =
                |host: &HostState| host.is_active() || (self.forces_handlers && host.ended == Some(Ended::Failed));
            let mut here: Vec<String> = Vec::new();
            for (name, host) in hosts.iter_mut() {
                if takes_part(host) && host.notified.remove(&handler.id) {
                    here.push(name.clone());
                }
            }
            if here.is_empty() || self.context.run.control.is_stopping() {
                continue;
            }
            let runs: Vec<Arc<HostVars>> = here.iter().map(|name| Arc::clone(&hosts[name].vars)).collect();
            let scope = Scope::of_host(&self.context.run.vars, &runs[0]).in_play(&self.context.play);
            if !self.announce(handler, true, runs.len(), &scope.in_task(&handler.keywords.vars)) {
                continue;
            }
            for (name, end) in self.on_hosts(handler, &runs).await {
                let place = hosts[&name].place;
                self.settle(&name, &end, hosts, true);
                // A handler is no step of the program: a host that goes on does so where it was.
                if let Some(host) = hosts.get_mut(&name).filter(|host| host.is_active() && host.place == place + 1) {
                    host.place = place;
                }
            }
        }
    }
}

/// A task with `run_once` counts for every host.
fn share(task: &Task, end: &TaskEnd, from: &str, here: &[String], hosts: &BTreeMap<String, HostState>) {
    let Some(register) = &task.register else { return };
    let result = Value::from_json(serde_json::Value::Object(end.result.clone()));
    for name in here.iter().filter(|name| *name != from) {
        hosts[name].vars.stored.insert(register.as_str(), result.deep_copy());
    }
}

fn select(run: &Run, play: &Play, scope: &Scope) -> Result<Vec<Arc<HostVars>>, Diagnostic> {
    let texts = text_items(&evaluate(&play.hosts, scope)?)?;
    let pattern = Pattern::parse_all(texts.iter().map(String::as_str)).map_err(|error| error.at(&play.hosts.span))?;
    let inventory = run.inventory.read();
    let selection = match &run.options.limit {
        Some(limit) => inventory.select_within(&pattern, &Pattern::parse_limit(limit)?),
        None => inventory.select(&pattern),
    };
    for warning in selection.warnings {
        run.events.emit(Event::Warning(warning));
    }
    let mut names: Vec<String> = selection.hosts.iter().map(|id| inventory[*id].name.clone()).collect();
    names.retain(|name| !run.report.is_out(name));
    let order = play.order.as_ref().map(|order| evaluate(order, scope).map(|order| order.to_str())).transpose()?;
    match order.as_deref() {
        Some("reverse_inventory") => names.reverse(),
        Some("sorted") => names.sort(),
        Some("reverse_sorted") => {
            names.sort();
            names.reverse();
        }
        Some("shuffle") => shuffle(&mut names),
        _ => {}
    }
    Ok(names.iter().filter_map(|name| run.vars.hosts.get(name)).collect())
}

/// By a hash with a random key: no generator is needed for an order that nobody relies on.
fn shuffle(names: &mut [String]) {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new();
    names.sort_by_key(|name| random.hash_one(name));
}

/// `vars`, and `vars_files` over them.
fn play_vars(run: &Arc<Run>, play: &Play, folder: &Path) -> Result<PlayVars, Diagnostic> {
    let vars: Dict = play.vars.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let play_vars = Arc::new(PlayVars { vars, ..PlayVars::default() });
    for file in &play.vars_files {
        let nobody = Arc::new(HostVars::new("", Dict::new()));
        let scope = Scope::of_host(&run.vars, &nobody).in_play(&play_vars);
        let names = text_items(&evaluate(file, &scope)?)?;
        let paths: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
        let Some(found) = paths.iter().find(|path| path.is_file()) else {
            let message = format!("could not find the vars file `{}`", names.join("` or `"));
            return Err(Diagnostic::error(message).at(&file.span));
        };
        let (more, warnings) = load_file(found)?;
        for warning in warnings {
            run.events.emit(Event::Warning(warning));
        }
        play_vars.vars.update(&more);
    }
    Ok(PlayVars { vars: play_vars.vars.clone(), ..PlayVars::default() })
}

/// Text, or a list of texts.
pub fn text_items(value: &Value) -> Result<Vec<String>, TemplateError> {
    match value {
        Value::List(list) => Ok(list.to_vec().iter().map(Value::to_str).collect()),
        other => Ok(vec![other.to_str()]),
    }
}
