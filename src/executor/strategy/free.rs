//! `free` and `host_pinned`: no host waits for another one.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::Strategy;
use crate::{
    executor::{
        action::Effect,
        host::HostState,
        play::{Batch, Flow, PlayRun, run_on_host},
        settings::Settings,
    },
    output::{Event, Status},
    source::Diagnostic,
};

/// What Ansible says of `run_once`.
const ONCE: &str = "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.";

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
    for (place, (name, mut host)) in hosts.into_iter().enumerate() {
        let (play, end, pins) = (Arc::clone(play), Arc::clone(&end), Arc::clone(&pins));
        running.spawn(async move {
            let _pinned = match strategy {
                Strategy::HostPinned => pins.acquire_owned().await.ok(),
                _ => None,
            };
            while end.flow() == Flow::Next && !play.context.run.control.is_stopping() {
                if !step(&play, &mut host, &end).await || play.context.run.report.is_broken() {
                    break;
                }
            }
            (place, name, host)
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

/// One host's next task; `false` when it has none.
async fn step(play: &Arc<PlayRun>, host: &mut HostState, end: &End) -> bool {
    let Some(task) = play.next_task(host) else { return false };
    let is_handler = host.is_in_handlers();
    let parameters: Arc<[_]> = host.parameters().into();
    host.notified.remove(&task.id);
    let scope = play.scope(&task, &host.vars, Arc::clone(&parameters));
    if task.is_for_all() && !task.is_meta() {
        play.refuse_in_free(&task);
        return false;
    }
    if !play.announce(&task, is_handler, 1, &scope) {
        host.advance();
        return true;
    }
    if Settings::new(&task, &scope).flag("run_once").ok().flatten().unwrap_or(false) {
        let message = "`run_once` means nothing in the strategies `free` and `host_pinned`: every host does the task";
        let error = Diagnostic::warning(message).at(&task.span).worded(ONCE);
        play.context.run.events.emit(Event::Warning(error));
    }
    let throttle = Settings::new(&task, &scope).text("throttle").ok().flatten();
    let throttle = throttle.and_then(|text| text.trim().parse::<usize>().ok()).filter(|limit| *limit > 0);
    let throttled = throttle.map(|limit| play.throttle(&task, limit));
    let task_end = {
        let _throttled = match throttled {
            Some(throttle) => throttle.acquire_owned().await.ok(),
            None => None,
        };
        let _permit = Arc::clone(play.permits()).acquire_owned().await;
        run_on_host(&play.context, &task, &host.vars, parameters).await
    };
    let Some(task_end) = task_end else { return false };
    let is_bad = matches!(task_end.status, Status::Failed | Status::Unreachable);
    end.set(task_end.effect);
    match task_end.effect {
        Some(Effect::RefreshInventory) => play.refresh_inventory(),
        // The others go their own ways.
        Some(Effect::ClearHostErrors) => play.clear_host_errors(std::iter::empty()),
        _ => {}
    }
    play.settle(host, &task, &task_end, !task.is_meta() || is_bad);
    let mut includes = VecDeque::new();
    for request in &task_end.includes {
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
        play.include(host, &task, includes);
    }
    true
}
