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

/// Columns of the spinner and the blank behind it.
const SPINNER: usize = 2;

/// Columns that a task's name gets in any case, if it needs them.
const NAME: usize = 8;

/// How many slow hosts are named at most.
const NAMED: usize = 4;

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
    /// Whether a person is being asked.
    is_hidden: bool,
}

impl Screen {
    /// A screen with a live line if there is a terminal.
    pub fn new(options: &Options) -> Self {
        let live = options.is_terminal.then(|| {
            let bars = MultiProgress::new();
            let bar = bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            Live { bars, bar, task: String::new(), hosts: 0, done: 0, running: BTreeMap::new(), is_hidden: false }
        });
        Self { live }
    }

    /// Prints an event's lines above the live line, and brings that up to date.
    pub fn show(&mut self, event: &Event, lines: &Lines) {
        match event {
            Event::Asking(printed) => {
                if let Some(live) = &mut self.live {
                    live.is_hidden = true;
                    let _ = live.bars.clear();
                }
                // Whoever asks may have gone.
                let _ = printed.try_send(());
            }
            Event::Answered => {
                if let Some(live) = &mut self.live {
                    live.is_hidden = false;
                }
            }
            _ => {}
        }
        match &mut self.live {
            Some(live) => {
                if live.is_hidden {
                    write(lines);
                } else if !lines.parts().is_empty() {
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
        if self.is_hidden {
            return;
        }
        if self.task.is_empty() || self.running.is_empty() {
            self.bar.set_message("");
            return;
        }
        let slow = self.running.iter().map(|(host, since)| (host.as_str(), since.elapsed()));
        let mut slow: Vec<(&str, Duration)> = slow.filter(|(_, time)| *time > SLOW).collect();
        slow.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        self.bar.set_message(line(columns().saturating_sub(SPINNER), &self.task, (self.done, self.hosts), &slow));
        self.bar.tick();
    }
}

/// Columns of the terminal that the live line is on.
fn columns() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => 80,
    }
}

/// The live line in at most `width` columns: what is done and which hosts are slow, the slowest
/// first, come before a long name of the task.
fn line(width: usize, task: &str, (done, hosts): (usize, usize), slow: &[(&str, Duration)]) -> String {
    let room = width.saturating_sub(task.chars().count().min(NAME));
    let mut state = format!("  {done}/{hosts} hosts");
    for (index, (host, time)) in slow.iter().enumerate() {
        let begin = if index == 0 { "  waiting for " } else { ", " };
        let next = format!("{begin}{host} {}s", time.as_secs());
        let rest = slow.len() - index;
        let reserve = if rest > 1 { format!(", {} more", rest - 1).len() } else { 0 };
        if index == NAMED || state.chars().count() + next.chars().count() + reserve > room {
            state.push_str(&format!("{begin}{rest} {}", if index == 0 { "slow ones" } else { "more" }));
            break;
        }
        state.push_str(&next);
    }
    let room = width.saturating_sub(state.chars().count());
    if task.chars().count() <= room {
        return format!("{task}{state}");
    }
    let start: String = task.chars().take(room.saturating_sub(1)).collect();
    format!("{start}…{state}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(hosts: &[(&'static str, u64)]) -> Vec<(&'static str, Duration)> {
        hosts.iter().map(|(host, seconds)| (*host, Duration::from_secs(*seconds))).collect()
    }

    #[test]
    fn it_says_how_many_are_done_and_who_is_slow_for_how_long() {
        assert_eq!(line(80, "Install", (1, 3), &[]), "Install  1/3 hosts");
        let shown = line(80, "Install", (1, 3), &slow(&[("web2", 12), ("web1", 3)]));
        assert_eq!(shown, "Install  1/3 hosts  waiting for web2 12s, web1 3s");
    }

    #[test]
    fn a_long_name_makes_room_for_what_changes() {
        let name = "A name as long as people write them when they say all that a task does";
        let hosts = slow(&[("web-with-a-long-name.example.com", 12), ("web1", 9), ("web2", 8), ("web3", 7)]);
        let shown = line(78, name, (2, 6), &hosts);
        assert_eq!(shown, "A name a…  2/6 hosts  waiting for web-with-a-long-name.example.com 12s, 3 more");
        assert_eq!(line(40, name, (2, 6), &hosts), "A n…  2/6 hosts  waiting for 4 slow ones");
        assert!((1..200).all(|width| line(width, name, (2, 6), &hosts).chars().count() <= width.max(40)));
    }
}
