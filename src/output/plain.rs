//! The lines that people know from Ansible.

use serde_json::{Map, Value};

use super::{Event, Outcome, Shown, Status, colour::Ink, diff, python_json};

/// How to print.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often `-v` was given.
    pub verbosity: u8,
    /// Whether to colour.
    pub colour: bool,
    /// Whether there is a terminal for a live line.
    pub is_terminal: bool,
    /// Columns of a banner.
    pub width: usize,
    /// Whether the paths of tasks are shown (`-vv`).
    pub shows_diff: bool,
}

/// Turns events into text.
pub struct Plain {
    options: Options,
    /// A handler's or task's banner that is still to be printed: some tasks have nothing to say.
    shown_error: Option<String>,
}

impl Plain {
    /// A printer with these options.
    pub fn new(options: Options) -> Self {
        Self { options, shown_error: None }
    }

    /// What is printed for an event; whole lines, possibly none.
    pub fn text(&mut self, event: &Event) -> String {
        match event {
            Event::Playbook { .. } | Event::Started { .. } | Event::Notified { .. } => String::new(),
            Event::Play { name, .. } => self.banner(&format!("PLAY [{name}]")),
            Event::NoHostsMatched => self.paint(Ink::Skipped, "skipping: no hosts matched") + "\n",
            Event::Task(start) => {
                self.shown_error = None;
                let kind = if start.is_handler { "RUNNING HANDLER" } else { "TASK" };
                let mut text = self.banner(&format!("{kind} [{}]", start.name));
                if let Some(span) = start.span.as_ref().filter(|_| self.options.verbosity >= 2) {
                    text.push_str(&format!("task path: {}:{}\n", span.file.path().display(), span.line));
                }
                text
            }
            Event::Included { file, hosts, item } => {
                let item = item.as_ref().map(|item| format!(" => (item={item})")).unwrap_or_default();
                let line = format!("included: {} for {}{item}", file.display(), hosts.join(", "));
                self.paint(Ink::Skipped, &line) + "\n"
            }
            Event::AsyncPoll { host, job, is_started, is_finished } => {
                let (started, finished) = (u8::from(*is_started), u8::from(*is_finished));
                format!("ASYNC POLL on {host}: jid={job} started={started} finished={finished}\n")
            }
            Event::AsyncOk { host, job } => format!("ASYNC OK on {host}: jid={job}\n"),
            Event::AsyncFailed { host, job } => format!("ASYNC FAILED on {host}: jid={job}\n"),
            Event::Item(outcome) | Event::Done(outcome) => self.outcome(outcome),
            Event::Retry { host, task, left, .. } => {
                self.paint(Ink::Warning, &format!("FAILED - RETRYING: [{host}]: {task} ({left} retries left).")) + "\n"
            }
            Event::NoHostsLeft => self.banner("NO MORE HOSTS LEFT"),
            Event::Warning(warning)
            | Event::Deprecation(warning)
            | Event::Error(warning)
            | Event::HandlerNotFound(warning) => warning.render(self.options.colour) + "\n",
            Event::Detail { verbosity, text } if *verbosity <= self.options.verbosity => format!("{text}\n"),
            Event::Detail { .. } | Event::Stats(_) => String::new(),
            Event::Note(text) => format!("{text}\n"),
            Event::Recap(recap) => self.banner("PLAY RECAP") + &recap.render(self.options.colour) + "\n",
        }
    }

    fn banner(&self, title: &str) -> String {
        let stars = self.options.width.saturating_sub(title.chars().count() + 1).max(3);
        format!("\n{title} {}\n", "*".repeat(stars))
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        ink.paint(text, self.options.colour)
    }

    fn outcome(&mut self, outcome: &Outcome) -> String {
        let mut text = String::new();
        if let Some(error) = &outcome.error {
            text.push_str(&self.error(&error.render(self.options.colour)));
        }
        if self.options.shows_diff
            && !outcome.is_loop
            && !outcome.is_hidden
            && let Some(found) = outcome.result.get("diff")
        {
            text.push_str(&diff::render(found, self.options.colour));
        }
        if !(outcome.is_loop && matches!(outcome.status, Status::Ok | Status::Changed | Status::Failed)) {
            text.push_str(&self.line(outcome));
            text.push('\n');
        }
        if outcome.is_ignored && outcome.item.is_none() {
            text.push_str(&self.paint(Ink::Skipped, "...ignoring"));
            text.push('\n');
        }
        text
    }

    /// An error that several hosts share is shown once for a task.
    fn error(&mut self, rendered: &str) -> String {
        if self.shown_error.as_deref() == Some(rendered) {
            return String::new();
        }
        self.shown_error = Some(rendered.to_owned());
        format!("{rendered}\n")
    }

    fn line(&self, outcome: &Outcome) -> String {
        let host = match &outcome.delegated_to {
            Some(other) => format!("{} -> {other}", outcome.host),
            None => outcome.host.clone(),
        };
        let (ink, head, shows_values) = match (outcome.status, &outcome.item) {
            (Status::Ok, _) => (Ink::Ok, format!("ok: [{host}]"), false),
            (Status::Changed, _) => (Ink::Changed, format!("changed: [{host}]"), false),
            (Status::Skipped, _) => (Ink::Skipped, format!("skipping: [{host}]"), false),
            (Status::Failed, Some(item)) => (Ink::Failed, format!("failed: [{host}] (item={item})"), true),
            (Status::Failed, None) => (Ink::Failed, format!("fatal: [{host}]: FAILED!"), true),
            (Status::Unreachable, _) => (Ink::Unreachable, format!("fatal: [{host}]: UNREACHABLE!"), true),
        };
        let mut line = head;
        if let (Some(item), false) = (&outcome.item, outcome.status == Status::Failed) {
            line.push_str(&format!(" => (item={item})"));
            if outcome.status == Status::Skipped {
                line.push(' ');
            }
        }
        let indented = outcome.shown != Shown::Nothing;
        if shows_values || indented || self.options.verbosity > 0 {
            let mut values = self.visible(&outcome.result);
            if outcome.shown == Shown::Message && !shows_values {
                values.remove("changed");
            }
            line.push_str(&format!(" => {}", python_json(&Value::Object(values), indented)));
        }
        self.paint(ink, &line)
    }

    /// The values that this verbosity shows.
    fn visible(&self, result: &Map<String, Value>) -> Map<String, Value> {
        let hidden = |name: &str| {
            name.starts_with("_ansible_")
                || name == "failed"
                || (self.options.verbosity < 3 && matches!(name, "invocation" | "diff" | "exception"))
        };
        result.iter().filter(|(name, _)| !hidden(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
