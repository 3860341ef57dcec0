//! What people see. The executor emits [`Event`]s; everything here only listens.

mod colour;
mod diff;
mod event;
mod json;
mod plain;
mod progress;
mod recap;
mod secrets;

use std::{sync::mpsc, thread};

pub use event::{CustomStats, Emitter, Event, Outcome, Shown, Status, TaskStart};
pub use json::python_json;
pub use plain::Options;
pub use recap::{Counts, Recap};
pub use secrets::Secrets;

/// Prints the run's events on a thread of its own, so that a slow terminal never slows a host.
pub struct Output {
    printer: thread::JoinHandle<()>,
}

impl Output {
    /// Starts printing; ends when the last [`Emitter`] is gone.
    pub fn start(options: Options, secrets: Secrets) -> (Emitter, Self) {
        let (sender, events) = mpsc::channel::<Event>();
        let printer = thread::spawn(move || {
            let mut screen = progress::Screen::new(&options);
            let mut plain = plain::Plain::new(options);
            loop {
                // While nothing happens the live line still shows how long the slow hosts take.
                match events.recv_timeout(progress::TICK) {
                    Ok(event) => {
                        let text = plain.text(&event);
                        screen.show(&event, &text);
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => screen.tick(),
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
            }
            screen.finish();
        });
        (Emitter::new(sender, secrets), Self { printer })
    }

    /// Waits until everything is printed.
    pub fn finish(self) {
        // A printer that panicked has nothing more to print.
        let _ = self.printer.join();
    }
}
