//! `free` and `host_pinned`: no host waits for another one, and a host's tasks are sent to it ahead of their turn.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use super::{Strategy, ahead::Ahead};
use crate::{
    config::settings::running,
    executor::{
        action::Effect,
        host::HostState,
        play::{Batch, Flow, PlayRun, run_on_host},
        settings::Settings,
        task::TaskEnd,
    },
    output::{Event, Status},
    playbook::{Task, keywords::Vars},
    source::Diagnostic,
    vars::Scope,
};

/// What Ansible says of `run_once`.
const ONCE: &str = "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.";

/// What Ansible says of `any_errors_fatal`.
const FATAL: &str =
    "Using any_errors_fatal with the free strategy is not supported, as tasks are executed independently on each host";

/// How a host that ends the play or batch tells the others.
#[derive(Default)]
struct End(AtomicU8);

impl End {
    fn set(&self, effect: Option<Effect>) {
        match effect {
            Some(Effect::EndPlay) => drop(self.0.fetch_max(2, Ordering::SeqCst)),
            Some(Effect::EndBatch) => drop(self.0.fetch_max(1, Ordering::SeqCst)),
            _ => {}
        }
    }

    fn flow(&self) -> Flow {
        match self.0.load(Ordering::SeqCst) {
            0 => Flow::Next,
            1 => Flow::EndBatch,
            _ => Flow::EndPlay,
        }
    }
}

/// Runs a batch.
pub async fn run(play: &Arc<PlayRun>, strategy: Strategy, hosts: Batch) -> (Flow, Batch) {
    let end = Arc::new(End::default());
    let mut running = JoinSet::new();
    let pins = Arc::new(Semaphore::new(play.context.run.options.forks));
    for (place, (name, host)) in hosts.into_iter().enumerate() {
        let (play, end, pins) = (Arc::clone(play), Arc::clone(&end), Arc::clone(&pins));
        running.spawn(async move {
            let _pinned = match strategy {
                Strategy::HostPinned => pins.acquire_owned().await.ok(),
                _ => None,
            };
            (place, name, Walk::new(&play, host).to_its_end(&end).await)
        });
    }
    let mut done = Vec::new();
    while let Some(joined) = running.join_next().await {
        match joined {
            Ok(host) => done.push(host),
            Err(error) => play.broken(&error),
        }
    }
    done.sort_by_key(|(place, ..)| *place);
    let flow = if play.context.run.report.is_broken() { Flow::EndRun } else { end.flow() };
    (flow, done.into_iter().map(|(_, name, host)| (name, host)).collect())
}

/// A host on its way.
struct Walk<'a> {
    play: &'a Arc<PlayRun>,
    host: HostState,
    ahead: Ahead,
    /// It may work; kept as long as tasks are ahead.
    permit: Option<OwnedSemaphorePermit>,
}

impl<'a> Walk<'a> {
    fn new(play: &'a Arc<PlayRun>, host: HostState) -> Self {
        Self { play, host, ahead: Ahead::new(&play.context), permit: None }
    }

    /// Does what the host has to do, until it or the batch ends; what it has begun by then is still shown.
    async fn to_its_end(mut self, end: &End) -> HostState {
        let run = &self.play.context.run;
        let goes_on = || end.flow() == Flow::Next && !run.control.is_stopping();
        while goes_on() {
            if !self.step(end).await || run.report.is_broken() {
                return self.host;
            }
        }
        let is_killed = tokio::select! {
            () = self.ahead.keep_begun() => false,
            () = run.control.killed() => true,
        };
        if is_killed {
            return self.host;
        }
        while !self.ahead.is_empty() && self.step(end).await {}
        self.host
    }

    /// The host's next task; `false` when it has none.
    async fn step(&mut self, end: &End) -> bool {
        let play = self.play;
        let Some(task) = play.next_task(&mut self.host) else { return false };
        let is_handler = self.host.is_in_handlers();
        let parameters: Arc<[_]> = self.host.parameters().into();
        let scope = play.scope(&task, &self.host.vars, Arc::clone(&parameters));
        if task.is_for_all() && !task.is_meta() {
            play.refuse_in_free(&task);
            return false;
        }
        if !play.announce(&task, is_handler, 1, &scope) {
            self.host.notified.remove(&task.id);
            self.host.advance();
            return true;
        }
        let settings = Settings::new(&task, &scope);
        let warn = |message: &str, wording: &str| {
            let mut warning = Diagnostic::warning(message).at(&task.span).worded(wording);
            warning.ansible.is_placeless = true;
            play.context.run.events.emit(Event::Warning(warning));
        };
        if settings.flag("run_once").ok().flatten().unwrap_or(false) {
            let message =
                "`run_once` means nothing in the strategies `free` and `host_pinned`: every host does the task";
            warn(message, ONCE);
        }
        let default = play.context.run.options.config.get(&running::ANY_ERRORS_FATAL);
        if !task.is_meta() && settings.written_flag("any_errors_fatal").unwrap_or(default) {
            let message = "`any_errors_fatal` means nothing in the strategies `free` and `host_pinned`: no host waits for another";
            warn(message, FATAL);
        }
        let Some(task_end) = self.run(&task, &scope, parameters).await else { return false };
        let is_bad = matches!(task_end.status, Status::Failed | Status::Unreachable);
        if is_bad {
            self.ahead.clear();
        }
        end.set(task_end.effect);
        match task_end.effect {
            Some(Effect::RefreshInventory) => play.refresh_inventory(),
            // The others go their own ways.
            Some(Effect::ClearHostErrors) => play.clear_host_errors(std::iter::once(&mut self.host)),
            _ => {}
        }
        play.settle(&mut self.host, &task, &task_end, !task.is_meta() || is_bad);
        self.include(&task, &task_end);
        true
    }

    /// A task in its turn, while those behind it are sent ahead; `None` when it was stopped by force.
    async fn run(&mut self, task: &Arc<Task>, scope: &Scope, parameters: Arc<[Arc<Vars>]>) -> Option<TaskEnd> {
        let play = self.play;
        let _throttled = match play.throttle_limit(task, scope)? {
            0 => None,
            limit => play.throttle(task, limit).acquire_owned().await.ok(),
        };
        if self.permit.is_none() {
            self.permit = Arc::clone(play.permits()).acquire_owned().await.ok();
        }
        self.ahead.look(play, &self.host).await;
        self.host.notified.remove(&task.id);
        let sent = self.ahead.take(task.id, &self.host.place());
        let control = &play.context.run.control;
        let mut running = std::pin::pin!(run_on_host(&play.context, task, &self.host.vars, parameters, sent));
        let task_end = tokio::select! {
            task_end = &mut running => task_end,
            () = control.stopping() => {
                self.ahead.withdraw().await;
                running.await
            }
        };
        if self.ahead.is_empty() {
            self.permit = None;
        }
        task_end
    }

    /// What a task includes is done next.
    fn include(&mut self, task: &Task, end: &TaskEnd) {
        let (play, host) = (self.play, &mut self.host);
        let mut includes = VecDeque::new();
        for request in &end.includes {
            let handlers = play.adopt(&request.file);
            host.keep_parameters(&handlers, &request.vars);
            let (file, item) = (request.file.label.clone(), request.item.clone());
            play.context.run.events.emit(Event::Included {
                task: task.id,
                file,
                hosts: vec![host.vars.name.clone()],
                item,
            });
            includes.push_back(request.included(play.context.includes.next_order()));
        }
        if !includes.is_empty() {
            play.include(host, task, includes);
        }
    }
}
