//! What people see. The executor emits [`Event`]s; everything here only listens.

mod colour;
mod diff;
mod document;
mod dump;
mod event;
mod json;
mod lines;
mod log;
mod message;
mod messages;
mod options;
mod plain;
mod progress;
mod recap;
mod secrets;
mod single;
mod yaml;

use std::{sync::mpsc, thread};

pub use colour::choose as choose_colours;
pub use event::{CENSORED, CustomStats, Emitter, Event, NO_TRACEBACK, Outcome, REASON, Shown, Status, TaskStart};
pub use json::{python_json, python_json_in_order};
pub use lines::{Lines, Stream};
pub use message::{Kind, render as render_message};
pub use options::{Form, Layout, Options, ResultFormat, Settings};
pub use recap::{Counts, Recap};
pub use secrets::Secrets;

/// What turns events into lines.
enum Printer {
    Playbook(plain::Plain),
    Single(single::Single),
    Document(document::Document),
}

impl Printer {
    fn new(options: Options) -> Self {
        match options.form {
            Form::Playbook => Self::Playbook(plain::Plain::new(options)),
            Form::Single | Form::OneLine => Self::Single(single::Single::new(options)),
            Form::Document => Self::Document(document::Document::new(&options)),
        }
    }

    fn lines(&mut self, event: &Event) -> Lines {
        match self {
            Self::Playbook(plain) => plain.lines(event),
            Self::Single(single) => single.lines(event),
            Self::Document(document) => document.lines(event),
        }
    }
}

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
            let log = options.settings.log_path.as_deref().map(log::Log::open).transpose();
            let mut printer = Printer::new(options);
            let mut log = log.unwrap_or_else(|why| {
                let event = Event::Warning(why);
                screen.show(&event, &printer.lines(&event));
                None
            });
            loop {
                // While nothing happens the live line still shows how long the slow hosts take.
                match events.recv_timeout(progress::TICK) {
                    Ok(event) => {
                        let lines = printer.lines(&event);
                        screen.show(&event, &lines);
                        if let Some(log) = &mut log {
                            log.write(&lines);
                        }
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
