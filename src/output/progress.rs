//! The live line of a terminal: the running task, how many hosts are done, which are slow.

use std::{
    collections::BTreeMap,
    io::Write,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{Event, Lines, Options, Stream};

/// How often the live line is renewed while nothing happens.
pub const TICK: Duration = Duration::from_millis(250);

/// A host is named as slow after this long.
const SLOW: Duration = Duration::from_secs(2);

/// The terminal, or whatever standard output is.
pub struct Screen {
    live: Option<Live>,
}

struct Live {
    bars: MultiProgress,
    bar: ProgressBar,
    task: String,
    hosts: usize,
    done: usize,
    running: BTreeMap<String, Instant>,
}

impl Screen {
    /// A screen with a live line if there is a terminal.
    pub fn new(options: &Options) -> Self {
        let live = options.is_terminal.then(|| {
            let bars = MultiProgress::new();
            let bar = bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            Live { bars, bar, task: String::new(), hosts: 0, done: 0, running: BTreeMap::new() }
        });
        Self { live }
    }

    /// Prints an event's lines above the live line, and brings that up to date.
    pub fn show(&mut self, event: &Event, lines: &Lines) {
        match &mut self.live {
            Some(live) => {
                if !lines.parts().is_empty() {
                    live.bars.suspend(|| write(lines));
                }
                live.follow(event);
            }
            None => write(lines),
        }
    }

    /// Renews the live line.
    pub fn tick(&mut self) {
        if let Some(live) = &mut self.live {
            live.draw();
        }
    }

    /// Removes the live line.
    pub fn finish(self) {
        if let Some(live) = self.live {
            live.bar.finish_and_clear();
        }
    }
}

/// A stream that is closed (`| head`) ends the printing, not the run.
fn write(lines: &Lines) {
    for (stream, text) in lines.parts() {
        let write = |out: &mut dyn Write| out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let _ = match stream {
            Stream::Out => write(&mut std::io::stdout().lock()),
            Stream::Err => write(&mut std::io::stderr().lock()),
        };
    }
}

impl Live {
    fn follow(&mut self, event: &Event) {
        match event {
            Event::Task(start) => {
                self.task.clone_from(&start.name);
                (self.hosts, self.done) = (start.hosts, 0);
                self.running.clear();
            }
            Event::Started { host, .. } => {
                self.running.insert(host.clone(), Instant::now());
            }
            Event::Done(outcome) => {
                self.running.remove(&outcome.host);
                self.done += 1;
            }
            Event::Recap(_) | Event::Play { .. } => self.task.clear(),
            _ => {}
        }
        self.draw();
    }

    fn draw(&mut self) {
        if self.task.is_empty() || self.running.is_empty() {
            self.bar.set_message("");
            return;
        }
        let mut line = format!("{}  {}/{} hosts", self.task, self.done, self.hosts);
        let slow: Vec<String> = self
            .running
            .iter()
            .filter(|(_, since)| since.elapsed() > SLOW)
            .take(4)
            .map(|(host, since)| format!("{host} {}s", since.elapsed().as_secs()))
            .collect();
        if !slow.is_empty() {
            line.push_str(&format!("  waiting for {}", slow.join(", ")));
        }
        self.bar.set_message(line);
        self.bar.tick();
    }
}
