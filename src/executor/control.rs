//! Ctrl-C: the first stops new tasks, the second stops the running ones.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use tokio::sync::Notify;

use crate::output::{Emitter, Event};

/// Whether the run should go on; clones share it.
#[derive(Clone, Default)]
pub struct Control(Arc<State>);

#[derive(Default)]
struct State {
    interrupts: AtomicU8,
    asks_no_more: AtomicBool,
    has_begun: AtomicBool,
    stopping: Notify,
    killed: Notify,
}

impl Control {
    /// Whether no new task may start.
    pub fn is_stopping(&self) -> bool {
        self.0.interrupts.load(Ordering::SeqCst) > 0
    }

    /// Whether the task of `--start-at-task` was found.
    pub fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::Relaxed)
    }

    /// The task of `--start-at-task` was found.
    pub fn begin(&self) {
        self.0.has_begun.store(true, Ordering::Relaxed);
    }

    /// Ends when no new task may start.
    pub async fn stopping(&self) {
        let stopping = self.0.stopping.notified();
        if !self.is_stopping() {
            stopping.await;
        }
    }

    /// Ends when running tasks have to stop.
    pub async fn killed(&self) {
        let killed = self.0.killed.notified();
        if self.0.interrupts.load(Ordering::SeqCst) < 2 {
            killed.await;
        }
    }

    /// Ends the run after the task that runs now.
    pub fn stop(&self) {
        self.0.interrupts.fetch_max(1, Ordering::SeqCst);
        self.0.stopping.notify_waiters();
    }

    /// Listens for Ctrl-C as long as the runtime lives.
    pub fn listen(&self, events: Emitter) {
        let control = self.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                let before = control.0.interrupts.fetch_add(1, Ordering::SeqCst);
                let note = match before {
                    0 => "interrupted: running tasks may finish, no new ones start; press Ctrl-C again to stop them",
                    _ => "interrupted again: running tasks are stopped",
                };
                control.0.stopping.notify_waiters();
                events.emit(Event::Note(note.into()));
                if before > 0 {
                    control.0.killed.notify_waiters();
                }
            }
        });
    }
}

/// `--step`: asks whether to do a task. `c` stops asking, end of input stops the run.
pub fn confirm(task: &str, control: &Control, events: &Emitter) -> bool {
    if control.0.asks_no_more.load(Ordering::Relaxed) {
        return true;
    }
    let mut question = format!("Perform task: TASK: {task} (N)o/(y)es/(c)ontinue: ");
    events.secrets().mask(&mut question);
    match events.ask(|| crate::cli::ask(&question)).as_deref() {
        Some("y" | "yes") => true,
        Some("c" | "continue") => {
            control.0.asks_no_more.store(true, Ordering::Relaxed);
            true
        }
        Some(_) => false,
        None => {
            control.stop();
            false
        }
    }
}
