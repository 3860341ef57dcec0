//! `command` and `shell`: run a program, by itself or through a shell.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};

use crate::kit::{
    Args, Changes, Failure, Fields, Finished, InCheck, Module, Program, Reader, Writer, clock, failure::errno, glob,
    lines, shlex, users,
};

const IN_CHECK: &str = "Command would have run if not in check mode";

/// Runs a program with its arguments, without a shell: `*`, `<`, `|`, `;` and `&` are plain letters.
///
/// `$VARIABLES` and a leading `~` are expanded (see `expand_argument_vars`); for everything else that
/// a shell does there is `shell`. In check mode it is skipped, unless `creates` or `removes` say
/// whether it would run.
///
/// ```yaml
/// - command: uname -r
/// - command: /opt/app/bin/setup --data /var/lib/app
///   args:
///     creates: /var/lib/app/version
/// - command:
///     argv: [useradd, --comment, A B, ab]
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params")]
pub struct Command {
    /// What to run.
    #[arg(flatten)]
    execution: Execution,
}

/// Runs a command line through `/bin/sh`, or another shell.
///
/// Otherwise as `command`: the same arguments and return values.
///
/// ```yaml
/// - shell: getent passwd | wc -l
/// - shell: |
///     set -o pipefail
///     journalctl -u app | tail -n 20
///   args:
///     executable: /bin/bash
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params")]
pub struct Shell {
    /// What to run.
    #[arg(flatten)]
    execution: Execution,
}

/// The arguments that both have.
#[derive(Args)]
#[args(exclusive("_raw_params", "cmd", "argv"), one_of("_raw_params", "cmd", "argv"))]
struct Execution {
    /// The command line, as text without a name.
    #[arg(internal, name = "_raw_params")]
    raw_params: Option<String>,
    /// The command line, as an argument with a name.
    cmd: Option<String>,
    /// The program and its arguments as a list: nothing needs quotes.
    argv: Option<Vec<String>>,
    /// The directory to run it in.
    chdir: Option<PathBuf>,
    /// The shell, by its absolute path; `command` ignores it.
    executable: Option<PathBuf>,
    /// Whether `command` expands `$VARIABLE` and `~` in arguments; an unknown variable stays as it is.
    #[arg(default = true)]
    expand_argument_vars: bool,
    /// A path or a pattern: when something matches, the command is not run. Looked at before `removes`.
    creates: Option<PathBuf>,
    /// A path or a pattern: when nothing matches, the command is not run.
    removes: Option<PathBuf>,
    /// What the program reads on its standard input.
    stdin: Option<String>,
    /// Whether `stdin` ends with a newline that it does not have.
    #[arg(default = true)]
    stdin_add_newline: bool,
    /// Whether `stdout` and `stderr` lose their last, empty lines.
    #[arg(default = true)]
    strip_empty_ends: bool,
}

/// What is run: a shell's line, or words.
enum Line {
    Shell(String),
    Words(Vec<String>),
    /// Nothing was left of the command line.
    Empty,
}

impl Line {
    fn to_json(&self) -> Value {
        match self {
            Self::Shell(line) => json!(line),
            Self::Words(words) => json!(words),
            Self::Empty => Value::Null,
        }
    }
}

/// The program, and how results and messages write it.
pub struct Run {
    program: Program,
    cmd: Value,
    spelt: String,
    first: String,
}

impl Module for Command {
    type Plan = Run;

    fn inspect(&self, host: &Reader) -> Result<Changes<Run>, Failure> {
        let mut changes = self.execution.inspect(host, false)?;
        changes.warn(self.execution.doubts());
        Ok(changes)
    }

    fn apply(&self, plan: Run, host: &mut Writer) -> Result<Fields, Failure> {
        self.execution.apply(&plan, host)
    }
}

impl Module for Shell {
    type Plan = Run;

    fn inspect(&self, host: &Reader) -> Result<Changes<Run>, Failure> {
        self.execution.inspect(host, true)
    }

    fn apply(&self, plan: Run, host: &mut Writer) -> Result<Fields, Failure> {
        self.execution.apply(&plan, host)
    }
}

impl Execution {
    /// Nothing but a shell is started otherwise.
    fn doubts(&self) -> Vec<String> {
        let said = |shell: &PathBuf| {
            format!(
                "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. Not \
                 using '{}'.",
                shell.display()
            )
        };
        self.executable.iter().map(said).collect()
    }

    fn inspect(&self, host: &Reader, shell: bool) -> Result<Changes<Run>, Failure> {
        let line = self.line(shell)?;
        let folder = self.folder(host, &line)?;
        let mut fields = not_run(&line);
        if let Some((path, why)) = self.needless(host, folder) {
            let verb = if host.mode().check { "Would" } else { "Did" };
            set_output(&mut fields, "stdout", format!("skipped, since {path} {why}"));
            fields.insert("msg".into(), json!(format!("{verb} not run command since '{path}' {why}")));
            return Ok(Changes::none().with_all(fields));
        }
        fields.insert("msg".into(), json!(IN_CHECK));
        let is_predictable = self.creates.is_some() || self.removes.is_some();
        let in_check = if is_predictable { InCheck::Predict } else { InCheck::Skip(IN_CHECK.into()) };
        if host.mode().check {
            // What cannot be started is only found by starting it.
            let nothing =
                Run { program: Program::new(""), cmd: Value::Null, spelt: String::new(), first: String::new() };
            return Ok(Changes::of(nothing).with_all(fields).in_check(in_check));
        }
        Ok(Changes::of(self.run(host, &line, shell)?).with_all(fields).in_check(in_check))
    }

    fn line(&self, shell: bool) -> Result<Line, Failure> {
        match (self.raw_params.as_ref().or(self.cmd.as_ref()), &self.argv) {
            (Some(text), _) if text.is_empty() => Ok(Line::Empty),
            (Some(text), _) if shell => Ok(Line::Shell(text.clone())),
            (Some(text), _) => match shlex::split(text).map_err(unreadable)? {
                words if words.is_empty() => Ok(Line::Empty),
                words => Ok(Line::Words(words)),
            },
            (None, Some(words)) => Ok(Line::Words(words.clone())),
            (None, None) => Ok(Line::Empty),
        }
    }

    /// The directory that `creates` and `removes` start from.
    fn folder(&self, host: &Reader, line: &Line) -> Result<&Path, Failure> {
        let Some(folder) = is_given(self.chdir.as_ref()) else { return Ok(Path::new("")) };
        if host.stat(folder)?.is_some_and(|meta| meta.is_dir()) {
            return Ok(folder);
        }
        let mut failure = Failure::new("Unable to change directory before execution.");
        failure.fields = not_run(line);
        failure.fields.insert("rc".into(), Value::Null);
        Err(failure)
    }

    fn needless(&self, host: &Reader, folder: &Path) -> Option<(String, &'static str)> {
        let creates =
            is_given(self.creates.as_ref()).filter(|path| glob::any(host, folder, path)).map(|path| (path, "exists"));
        let removes = || {
            let removes = is_given(self.removes.as_ref()).filter(|path| !glob::any(host, folder, path));
            removes.map(|path| (path, "does not exist"))
        };
        creates.or_else(removes).map(|(path, why)| (path.display().to_string(), why))
    }

    fn run(&self, host: &Reader, line: &Line, shell: bool) -> Result<Run, Failure> {
        let cmd = line.to_json();
        let words = match line {
            Line::Empty => return Err(nothing_to_run(cmd, "Argument 'args' to run_command must be list or string")),
            Line::Words(words) if words.is_empty() && !shell => {
                return Err(with_output(nothing_to_run(json!(""), "Error executing command.")));
            }
            Line::Words(words) if shell => self.through_shell(&shlex::join(words)),
            Line::Shell(line) => self.through_shell(line),
            Line::Words(words) if self.expand_argument_vars => {
                words.iter().map(|word| users::expand_path(word, host.environment())).collect()
            }
            Line::Words(words) => words.clone(),
        };
        let spelt = if shell && self.executable.is_none() { words[2].clone() } else { shlex::join(&words) };
        let mut program = Program::new(&words[0]).args(&words[1..]);
        if let Some(folder) = is_given(self.chdir.as_ref()) {
            program = program.directory(folder);
        }
        if let Some(text) = self.stdin.as_ref().filter(|text| !text.is_empty()) {
            program = program.stdin(format!("{text}{}", if self.stdin_add_newline { "\n" } else { "" }));
        }
        Ok(Run { program, cmd, spelt, first: words[0].clone() })
    }

    fn through_shell(&self, line: &str) -> Vec<String> {
        let shell = self.executable.as_ref().map_or("/bin/sh".into(), |shell| shell.display().to_string());
        vec![shell, "-c".into(), line.to_owned()]
    }

    fn apply(&self, run: &Run, host: &mut Writer) -> Result<Fields, Failure> {
        let started = SystemTime::now();
        let finished = host.run(&run.program).map_err(|failure| not_started(failure, run))?;
        let ended = SystemTime::now();
        let mut fields = self.output(&finished);
        fields.insert("cmd".into(), run.cmd.clone());
        fields.insert("start".into(), json!(clock::local_time(host, started)));
        fields.insert("end".into(), json!(clock::local_time(host, ended)));
        fields.insert("delta".into(), json!(clock::span(ended.duration_since(started).unwrap_or_default())));
        if finished.success() {
            fields.insert("msg".into(), json!(""));
            return Ok(fields);
        }
        fields.insert("changed".into(), json!(true));
        Err(Failure { msg: "non-zero return code".into(), fields })
    }

    fn output(&self, finished: &Finished) -> Fields {
        let mut fields = Fields::new();
        for (name, text) in [("stdout", finished.out()), ("stderr", finished.err())] {
            let text = if self.strip_empty_ends { text.trim_end_matches(['\r', '\n']).to_owned() } else { text };
            set_output(&mut fields, name, text);
        }
        fields.insert("rc".into(), json!(finished.rc));
        fields
    }
}

/// A path that is more than empty text.
fn is_given(path: Option<&PathBuf>) -> Option<&PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

/// The return values of a command that was not run.
fn not_run(line: &Line) -> Fields {
    let mut fields = Fields::new();
    fields.insert("cmd".into(), line.to_json());
    fields.insert("rc".into(), json!(0));
    set_output(&mut fields, "stdout", String::new());
    set_output(&mut fields, "stderr", String::new());
    for name in ["start", "end", "delta"] {
        fields.insert(name.into(), Value::Null);
    }
    fields
}

/// Adds `stdout` and `stdout_lines`, or `stderr` and `stderr_lines`.
fn set_output(fields: &mut Fields, name: &str, text: String) {
    fields.insert(format!("{name}_lines"), json!(lines::split(&text)));
    fields.insert(name.to_owned(), json!(text));
}

fn nothing_to_run(cmd: Value, msg: &str) -> Failure {
    Failure::new(msg).with("cmd", cmd).with("rc", 257)
}

/// A program that cannot be started: the status is the system's error number.
fn not_started(failure: Failure, run: &Run) -> Failure {
    let Some(number) = failure.fields.get("rc").and_then(Value::as_i64) else {
        return failure.with("cmd", run.cmd.clone());
    };
    let why = std::io::Error::from_raw_os_error(number as i32);
    let failure = Failure::new("Error executing command.").because(errno(&why, &run.first));
    with_output(failure).with("cmd", run.spelt.clone()).with("rc", number)
}

fn with_output(mut failure: Failure) -> Failure {
    set_output(&mut failure.fields, "stdout", String::new());
    set_output(&mut failure.fields, "stderr", String::new());
    failure
}

/// What Ansible says where its module did not expect a failure.
fn unreadable(why: &str) -> Failure {
    Failure::new(format!("Task failed: Module failed: {why}"))
}
