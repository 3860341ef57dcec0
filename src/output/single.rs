//! The result of a single task on each host, as the command `ansible` prints it.

use std::{fs, path::PathBuf};

use serde_json::{Map, Value};

use super::{
    Event, Form, Lines, Options, Outcome, Shown, Status, Stream,
    colour::Ink,
    diff,
    dump::{dump, dump_message, visible},
    json,
    messages::{Kind, Messages},
    plain::Plain,
    python_json,
};

/// The modules whose output is shown as it is.
const COMMANDS: &[&str] = &["command", "shell", "raw", "script", "win_command", "win_shell"];

/// Turns events into text.
pub struct Single {
    options: Options,
    messages: Messages,
    remarks: Plain,
    module: String,
}

impl Single {
    /// A printer with these options.
    pub fn new(options: Options) -> Self {
        let (messages, remarks) = (Messages::new(&options), Plain::new(options.clone()));
        Self { options, messages, remarks, module: String::new() }
    }

    /// What is printed for an event; whole lines, possibly none.
    pub fn lines(&mut self, event: &Event) -> Lines {
        let mut lines = Lines::default();
        match event {
            Event::Task(start) => self.module = start.module.rsplit('.').next().unwrap_or_default().to_owned(),
            Event::Done(outcome) => self.outcome(outcome, &mut lines),
            Event::AsyncPoll { .. } | Event::AsyncOk { .. } | Event::AsyncFailed { .. } | Event::Retry { .. } => {}
            _ => self.remarks.remark(event, &mut lines),
        }
        lines
    }

    fn outcome(&mut self, outcome: &Outcome, lines: &mut Lines) {
        self.messages.of_result(outcome, lines);
        if self.options.form == Form::Single {
            if let Some(error) = &outcome.error {
                self.messages.tell(error, Kind::Error, Stream::Out, lines);
            }
            if !outcome.is_hidden
                && outcome.result.get("changed").is_some_and(|changed| changed == true)
                && let Some(found) = outcome.result.get("diff")
            {
                lines.out(&diff::render(found, &self.options));
            }
        }
        if let Some(folder) = &self.options.tree {
            self.save(&folder.join(&outcome.host), outcome, lines);
        }
        let (ink, word) = match outcome.status {
            Status::Ok => (Ink::Ok, "SUCCESS"),
            Status::Changed => (Ink::Changed, "CHANGED"),
            Status::Skipped => (Ink::Skipped, "SKIPPED"),
            Status::Failed => (Ink::Failed, "FAILED"),
            Status::Unreachable => (Ink::Unreachable, "UNREACHABLE!"),
        };
        let text = match self.options.form {
            Form::OneLine => self.one_line(outcome, word),
            _ => self.several_lines(outcome, word),
        };
        lines.out(&ink.paint(&(text + "\n"), self.options.colour));
    }

    fn several_lines(&self, outcome: &Outcome, word: &str) -> String {
        let host = &outcome.host;
        let result = &outcome.result;
        match outcome.status {
            Status::Skipped => format!("{host} | {word}"),
            Status::Unreachable => format!("{host} | {word} => {}", self.values(outcome)),
            _ if self.is_command() && !result.contains_key("ansible_job_id") && result.contains_key("rc") => {
                let text = |name: &str| result.get(name).map(plain).unwrap_or_default();
                let (out, err, msg) = (text("stdout"), text("stderr"), text("msg"));
                format!("{host} | {word} | rc={} >>\n{out}{err}{msg}", text("rc"))
            }
            Status::Failed => format!("{host} | FAILED! => {}", self.values(outcome)),
            _ => format!("{host} | {word} => {}", self.values(outcome)),
        }
    }

    fn values(&self, outcome: &Outcome) -> String {
        let dump = if self.module == "debug" && outcome.status != Status::Failed { dump_message } else { dump };
        dump(&outcome.result, Shown::Everything, &self.options)
    }

    fn one_line(&self, outcome: &Outcome, word: &str) -> String {
        let host = &outcome.host;
        let text = |name: &str| outcome.result.get(name).map(plain).unwrap_or_default();
        let values = json::joined(&visible(&outcome.result, self.options.verbosity));
        match outcome.status {
            Status::Skipped => format!("{host} | {word}"),
            Status::Unreachable => format!("{host} | {word}: {}", text("msg")),
            Status::Failed if self.is_command() && outcome.result.contains_key("rc") => {
                format!("{}\n{host} | FAILED! => {values}", self.command_line(outcome, word))
            }
            Status::Failed => format!("{host} | FAILED! => {values}"),
            _ if self.is_command() && outcome.result.contains_key("rc") => self.command_line(outcome, word),
            _ => format!("{host} | {word} => {values}"),
        }
    }

    fn command_line(&self, outcome: &Outcome, word: &str) -> String {
        let text = |name: &str| outcome.result.get(name).map(plain).unwrap_or_default().replace('\n', "\\n");
        let mut line = format!("{} | {word} | rc={} | (stdout) {}", outcome.host, text("rc"), text("stdout"));
        let stderr = text("stderr");
        if !stderr.is_empty() {
            line.push_str(&format!(" (stderr) {stderr}"));
        }
        line
    }

    fn is_command(&self) -> bool {
        COMMANDS.contains(&self.module.as_str())
    }

    /// Writes the result of a host to its file; what goes wrong is a warning.
    fn save(&mut self, path: &PathBuf, outcome: &Outcome, lines: &mut Lines) {
        let values: Map<String, Value> = visible(&outcome.result, self.options.verbosity);
        let text = python_json(&Value::Object(values), false);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
        if let Err(error) = written {
            let text = format!("cannot write the result to `{}`: {error}", path.display());
            self.messages.tell(&crate::source::Diagnostic::warning(text), Kind::Warning, Stream::Err, lines);
        }
    }
}

/// A value as `print` shows it.
fn plain(value: &Value) -> String {
    crate::value::Value::from_json(value.clone()).to_str()
}
