//! `expect`: a command with a terminal, whose questions are answered.

mod answers;
mod terminal;

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use sutler_protocol::Arguments;

use crate::kit::{
    ArgError, Args, Changes, Failure, Fields, FromArg, InCheck, Module, Reader, Writer,
    args::{Conversion, plain_text},
    clock,
    failure::errno_text,
};

use answers::Answers;
use terminal::Terminal;

/// Runs a command at a terminal, and answers what it asks.
///
/// The command is not run through a shell. In check mode it is skipped.
///
/// ```yaml
/// - expect:
///     command: passwd james
///     responses:
///       (?i)password: "{{ password }}"
///   no_log: true
/// ```
#[derive(Args)]
pub struct Expect {
    /// What to run.
    command: String,
    /// Regular expressions of questions, as Python writes them, and the answers: one text for each time, or a list
    /// of one answer after the other.
    responses: Arguments,
    /// The directory to run it in.
    chdir: Option<PathBuf>,
    /// A path: when it is there, the command is not run.
    creates: Option<PathBuf>,
    /// A path: when it is not there, the command is not run.
    removes: Option<PathBuf>,
    /// Whether answers are seen in the output.
    #[arg(default = false)]
    echo: bool,
    /// Seconds to wait for each question; `null` waits for ever.
    #[arg(default = 30)]
    timeout: Value,
}

/// The words of the command.
pub type Plan = Vec<String>;

impl Module for Expect {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if host.mode().check {
            let msg = "remote module (ansible.builtin.expect) does not support check mode";
            return Ok(Changes::of(Vec::new()).in_check(InCheck::Skip(msg.into())));
        }
        if self.command.trim().is_empty() {
            return Err(Failure::new("no command given").with("rc", 256));
        }
        if let Some(folder) = &self.chdir {
            let failed = |e| Failure::new(errno_text(&e, &folder.to_string_lossy())).uncaught();
            std::fs::metadata(folder.join(".")).map_err(failed)?;
        }
        let done =
            |text: String| Ok(Changes::none().with("cmd", self.command.clone()).with("stdout", text).with("rc", 0));
        if let Some(path) = self.creates.as_ref().filter(|path| host.exists(self.place(path))) {
            return done(format!("skipped, since {} exists", path.display()));
        }
        if let Some(path) = self.removes.as_ref().filter(|path| !host.exists(self.place(path))) {
            return done(format!("skipped, since {} does not exist", path.display()));
        }
        self.limit()?;
        Answers::new(&self.responses).map_err(Failure::uncaught)?;
        Ok(Changes::of(words(&self.command)))
    }

    fn apply(&self, words: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let started = SystemTime::now();
        let mut answers = Answers::new(&self.responses)?;
        let mut terminal = Terminal::start(&words, self.chdir.as_deref(), self.echo, host)?;
        let status = terminal.converse(&mut answers, self.limit()?, host)?;
        let ended = SystemTime::now();
        let mut fields = Fields::new();
        fields.insert("cmd".into(), json!(self.command));
        fields.insert("stdout".into(), json!(terminal.output().trim_end_matches(['\r', '\n'])));
        fields.insert("rc".into(), json!(status));
        fields.insert("start".into(), json!(clock::local_time(host, started)));
        fields.insert("end".into(), json!(clock::local_time(host, ended)));
        fields.insert("delta".into(), json!(clock::span(ended.duration_since(started).unwrap_or_default())));
        fields.insert("changed".into(), json!(true));
        let msg = match status {
            Some(0) => return Ok(fields),
            Some(_) => "non-zero return code",
            None => "command exceeded timeout",
        };
        Err(Failure { msg: msg.into(), fields })
    }
}

impl Expect {
    fn limit(&self) -> Result<Option<Duration>, Failure> {
        if self.timeout.is_null() || plain_text(&self.timeout) == "None" {
            return Ok(None);
        }
        let conversion = Conversion { name: "timeout", environment: &[] };
        let seconds = i64::from_arg(self.timeout.clone(), &conversion).map_err(|error| {
            let msg = ArgError::into_failure(error).msg;
            Failure::new(msg.replacen("is of type str", "is of type <class 'str'>", 1))
        })?;
        Ok(Some(clock::seconds(seconds)))
    }

    fn place(&self, path: &Path) -> PathBuf {
        self.chdir.as_ref().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// The words of a command as pexpect splits it: a backslash counts outside of quotes alone, and the blanks before the
/// first word end an empty one.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_between) = (Vec::new(), String::new(), None, false);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        let is_blank = quote.is_none() && letter.is_whitespace();
        match (letter, quote) {
            (letter, Some(end)) if letter == end => quote = None,
            (letter, Some(_)) => word.push(letter),
            ('\\', None) => word.extend(letters.next()),
            ('\'' | '"', None) => quote = Some(letter),
            _ if is_blank && is_between => {}
            _ if is_blank => words.push(std::mem::take(&mut word)),
            (letter, None) => word.push(letter),
        }
        is_between = is_blank;
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}
