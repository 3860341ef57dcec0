//! The lines that people know from `ansible-playbook`.

use std::{collections::HashMap, path::Path};

use super::{
    CustomStats, Event, Layout, Lines, Options, Outcome, Recap, Shown, Status, Stream, TaskStart,
    colour::Ink,
    diff,
    dump::{dump, dump_message},
    json,
    messages::{Kind, Messages},
};
use crate::{playbook::TaskId, source::Diagnostic};

/// Turns events into text.
pub struct Plain {
    options: Options,
    messages: Messages,
    tasks: HashMap<TaskId, TaskStart>,
    /// Whose banner was printed last.
    shown_task: Option<TaskId>,
    /// Whether a banner waits for a result of its task.
    banners_wait: bool,
}

impl Plain {
    /// A printer with these options.
    pub fn new(options: Options) -> Self {
        let messages = Messages::new(&options);
        Self { options, messages, tasks: HashMap::new(), shown_task: None, banners_wait: false }
    }

    /// What is printed for an event; whole lines, possibly none.
    pub fn lines(&mut self, event: &Event) -> Lines {
        let mut lines = Lines::default();
        match event {
            Event::Playbook { path, plays } => lines.out(&self.playbook(path, *plays)),
            Event::Play { name, is_check, is_free, .. } => {
                let settings = &self.options.settings;
                self.banners_wait = *is_free || !settings.display_skipped_hosts || !settings.display_ok_hosts;
                self.tasks.clear();
                lines.out(&self.banner(&format!("PLAY [{name}]{}", self.marker(*is_check))));
            }
            Event::NoHostsMatched => lines.out(&self.paint(Ink::Skipped, "skipping: no hosts matched\n")),
            Event::Task(start) => {
                self.tasks.insert(start.id, start.clone());
                self.shown_task = None;
                if !self.banners_wait {
                    lines.out(&self.task_banner(start.id));
                }
            }
            Event::Started { host, task } if self.options.settings.show_per_host_start => {
                lines.out(&self.start_of(host, *task));
            }
            Event::Included { task, file, hosts, item } => {
                lines.out(&self.task_banner(*task));
                let item = item.as_ref().map(|item| format!(" => (item={item})")).unwrap_or_default();
                let line = format!("included: {} for {}{item}\n", file.display(), hosts.join(", "));
                lines.out(&self.paint(Ink::Skipped, &line));
            }
            Event::Item(outcome) | Event::Done(outcome) => self.outcome(outcome, &mut lines),
            Event::NoHostsLeft => lines.out(&self.banner("NO MORE HOSTS LEFT")),
            Event::Recap(recap) => lines.out(&self.end(recap)),
            Event::Stats(stats) => lines.out(&self.stats(stats)),
            Event::Started { .. } => {}
            _ => self.remark(event, &mut lines),
        }
        lines
    }

    /// What is said beside the results, the same for playbooks and single tasks.
    pub fn remark(&mut self, event: &Event, lines: &mut Lines) {
        match event {
            Event::Retry { host, delegated_to, task, left, result, .. } => {
                let host = label(host, delegated_to.as_deref(), None);
                let mut line = format!("FAILED - RETRYING: [{host}]: {task} ({left} retries left).");
                if self.options.verbosity > 2 {
                    line.push_str(&format!("Result was: {}", dump(result, Shown::Nothing, &self.options)));
                }
                lines.out(&self.paint(Ink::Debug, &(line + "\n")));
            }
            Event::AsyncPoll { host, job, is_started, is_finished } => {
                let truth = |flag: bool| if flag { "True" } else { "False" };
                let (started, finished) = (truth(*is_started), truth(*is_finished));
                let line = format!("ASYNC POLL on {host}: jid={job} started={started} finished={finished}\n");
                lines.out(&self.paint(Ink::Debug, &line));
            }
            Event::AsyncOk { host, job } => {
                lines.out(&self.paint(Ink::Debug, &format!("ASYNC OK on {host}: jid={job}\n")));
            }
            Event::AsyncFailed { host, job } => {
                lines.out(&self.paint(Ink::Debug, &format!("ASYNC FAILED on {host}: jid={job}\n")));
            }
            Event::Notified { host, handler } if self.options.verbosity > 1 => {
                lines.out(&self.paint(Ink::Detail, &format!("NOTIFIED HANDLER {handler} for {host}\n")));
            }
            Event::Detail { verbosity, text } if *verbosity <= self.options.verbosity => {
                lines.out(&self.paint(Ink::Detail, &format!("{text}\n")));
            }
            Event::Warning(warning) => self.messages.tell(warning, Kind::of(warning), Stream::Err, lines),
            Event::HandlerNotFound(error) if self.options.layout == Layout::Ansible => {
                let without_place = Diagnostic::error(error.message.clone());
                self.messages.tell(&without_place, Kind::Error, Stream::Err, lines);
            }
            Event::Error(error) | Event::HandlerNotFound(error) => {
                self.messages.tell(error, Kind::Error, Stream::Err, lines);
            }
            Event::Note(text) => lines.out(&format!("{text}\n")),
            _ => {}
        }
    }

    fn playbook(&self, path: &Path, plays: usize) -> String {
        let mut text = String::new();
        if self.options.verbosity > 1 {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            text = self.banner(&format!("PLAYBOOK: {name}"));
            text.push_str(&self.paint(Ink::Detail, &format!("{plays} plays in {}\n", path.display())));
        }
        text + &self.dry_run()
    }

    fn dry_run(&self) -> String {
        let is_marked = self.options.is_check && self.options.settings.check_mode_markers;
        if is_marked { self.banner("DRY RUN") } else { String::new() }
    }

    fn marker(&self, is_check: bool) -> &'static str {
        if is_check && self.options.settings.check_mode_markers { " [CHECK MODE]" } else { "" }
    }

    fn banner(&self, title: &str) -> String {
        let stars = self.options.width.saturating_sub(title.chars().count()).max(3);
        format!("\n{title} {}\n", "*".repeat(stars))
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        ink.paint(text, self.options.colour)
    }

    /// The banner of a task, unless it was printed last.
    fn task_banner(&mut self, id: TaskId) -> String {
        let Some(start) = self.tasks.get(&id).filter(|_| self.shown_task != Some(id)) else { return String::new() };
        let kind = if start.is_handler { "RUNNING HANDLER" } else { "TASK" };
        let arguments = start.arguments.as_ref().filter(|_| self.options.settings.display_args_to_stdout);
        let arguments = arguments.map(|arguments| format!(" {arguments}")).unwrap_or_default();
        let mut text = self.banner(&format!("{kind} [{}{arguments}]{}", start.name, self.marker(start.is_check)));
        if self.options.verbosity > 1 {
            text.push_str(&self.task_path(start, Ink::Detail));
        }
        self.shown_task = Some(id);
        text
    }

    fn task_path(&self, start: &TaskStart, ink: Ink) -> String {
        let Some(span) = &start.span else { return String::new() };
        let path = std::path::absolute(span.file.path()).unwrap_or_else(|_| span.file.path().to_owned());
        self.paint(ink, &format!("task path: {}:{}\n", path.display(), span.line))
    }

    fn start_of(&self, host: &str, task: TaskId) -> String {
        let Some(start) = self.tasks.get(&task) else { return String::new() };
        let kind = if start.is_handler { "HANDLER" } else { "TASK" };
        self.paint(Ink::Ok, &format!(" [started {kind}: {} on {host}]\n", start.name))
    }

    fn outcome(&mut self, outcome: &Outcome, lines: &mut Lines) {
        self.messages.of_result(outcome, lines);
        let settings = &self.options.settings;
        let is_shown = match outcome.status {
            Status::Ok => settings.display_ok_hosts,
            Status::Skipped => settings.display_skipped_hosts,
            Status::Changed | Status::Failed | Status::Unreachable => true,
        };
        if !is_shown {
            return;
        }
        lines.out(&self.task_banner(outcome.task));
        let fails = matches!(outcome.status, Status::Failed | Status::Unreachable);
        let stream = if fails && self.options.settings.display_failed_stderr { Stream::Err } else { Stream::Out };
        if let Some(error) = &outcome.error {
            let is_apart = self.options.layout == Layout::Ansible && outcome.is_of_missing_include();
            self.messages.tell(error, Kind::Error, if is_apart { Stream::Err } else { stream }, lines);
        }
        // Modules return differences only where they are asked for them. What `changed_when` takes for no
        // change has none.
        let is_changed = outcome.result.get("changed").and_then(serde_json::Value::as_bool).unwrap_or(false);
        if !outcome.is_loop
            && !outcome.is_hidden
            && is_changed
            && let Some(found) = outcome.result.get("diff")
        {
            lines.out(&diff::render(found, &self.options));
        }
        if self.has_line(outcome) {
            if fails && outcome.item.is_none() {
                lines.push(stream, &self.path_of_failure(outcome));
            }
            lines.push(stream, &self.line(outcome));
        }
        if outcome.is_ignored && outcome.item.is_none() {
            lines.out(&self.paint(Ink::Skipped, "...ignoring\n"));
        }
    }

    /// The end of a loop has a line when its items do not say it all.
    fn has_line(&self, outcome: &Outcome) -> bool {
        !outcome.is_loop
            || matches!(outcome.status, Status::Skipped | Status::Unreachable)
            || (outcome.status == Status::Failed && self.is_debug(outcome))
    }

    /// Facts are too many to be shown.
    fn is_facts(&self, outcome: &Outcome) -> bool {
        self.tasks.get(&outcome.task).is_some_and(TaskStart::is_facts)
    }

    fn is_debug(&self, outcome: &Outcome) -> bool {
        outcome.shown == Shown::Message || self.tasks.get(&outcome.task).is_some_and(TaskStart::is_debug)
    }

    fn path_of_failure(&self, outcome: &Outcome) -> String {
        let settings = &self.options.settings;
        match self.tasks.get(&outcome.task) {
            Some(start) if settings.show_task_path_on_failure && self.options.verbosity < 2 => {
                self.task_path(start, Ink::Failed)
            }
            _ => String::new(),
        }
    }

    fn line(&self, outcome: &Outcome) -> String {
        let delegated_to = outcome.delegated_to.as_deref().filter(|_| outcome.status != Status::Skipped);
        let host = label(&outcome.host, delegated_to, outcome.delegated_address.as_deref());
        let item = outcome.item.as_ref();
        let (ink, mut line, shows_values) = match outcome.status {
            Status::Ok => (Ink::Ok, format!("ok: [{host}]"), false),
            Status::Changed => (Ink::Changed, format!("changed: [{host}]"), false),
            Status::Skipped => (Ink::Skipped, format!("skipping: [{host}]"), false),
            Status::Failed | Status::Unreachable if item.is_some() => (Ink::Failed, format!("failed: [{host}]"), true),
            Status::Failed => (Ink::Failed, format!("fatal: [{host}]: FAILED!"), true),
            Status::Unreachable => (Ink::Unreachable, format!("fatal: [{host}]: UNREACHABLE!"), true),
        };
        if let Some(item) = item {
            let arrow = if shows_values { "" } else { " =>" };
            line.push_str(&format!("{arrow} (item={item})"));
            if outcome.status == Status::Skipped {
                line.push(' ');
            }
        }
        if shows_values || self.shows_values(outcome) {
            let dump = if self.is_debug(outcome) { dump_message } else { dump };
            let mut result = outcome.result.clone();
            if outcome.is_loop && outcome.status == Status::Skipped {
                result.shift_remove("results");
            }
            line.push_str(&format!(" => {}", dump(&result, outcome.shown, &self.options)));
        }
        self.paint(ink, &(line + "\n"))
    }

    fn shows_values(&self, outcome: &Outcome) -> bool {
        match outcome.shown {
            Shown::Everything | Shown::Message => true,
            Shown::Nothing if self.is_facts(outcome) && outcome.status != Status::Skipped => self.options.verbosity > 2,
            Shown::Nothing => self.options.verbosity > 0,
        }
    }

    fn end(&self, recap: &Recap) -> String {
        self.banner("PLAY RECAP") + &recap.render(self.options.colour) + "\n" + &self.dry_run()
    }

    fn stats(&self, stats: &CustomStats) -> String {
        if !self.options.settings.show_custom_stats || (stats.run.is_empty() && stats.hosts.is_empty()) {
            return String::new();
        }
        let mut text = self.banner("CUSTOM STATS:");
        for (host, values) in &stats.hosts {
            text.push_str(&format!("\t{host}: {}\n", json::squeezed(values)));
        }
        if !stats.run.is_empty() {
            text.push_str(&format!("\n\tRUN: {}\n", json::squeezed(&stats.run)));
        }
        text + "\n"
    }
}

/// A host, and the one that does its task instead, with the address of that one where it is another than its name.
fn label(host: &str, delegated_to: Option<&str>, address: Option<&str>) -> String {
    match (delegated_to.filter(|other| *other != host), address) {
        (None, _) => host.to_owned(),
        (Some(other), None) => format!("{host} -> {other}"),
        (Some(other), Some(address)) => format!("{host} -> {other}({address})"),
    }
}
