//! A run of the real binary: started, ended, and what it printed.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// A run that has begun.
pub struct Running {
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Running {
    /// Starts sutler in `folder`, with nothing of the caller's SSH and Ansible settings.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_sutler")).args(arguments), folder, Stdio::null())
    }

    /// The same, with no terminal to ask on, and something to read on its standard input.
    pub fn start_without_terminal(folder: &Path, arguments: &[&str], stdin: Stdio) -> Self {
        let mut command = Command::new("setsid");
        Self::spawn(command.arg("--wait").arg(env!("CARGO_BIN_EXE_sutler")).args(arguments), folder, stdin)
    }

    fn spawn(command: &mut Command, folder: &Path, stdin: Stdio) -> Self {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANSIBLE_")) {
            command.env_remove(name);
        }
        command.env_remove("SSH_AUTH_SOCK").env("HOME", folder).env("NO_COLOR", "1");
        command.current_dir(folder).stdin(stdin);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sutler was built");
        let stdout = read_all(child.stdout.take().expect("it is piped"));
        let stderr = read_all(child.stderr.take().expect("it is piped"));
        Self { child, stdout, stderr }
    }

    /// Waits for the end; a run that is not over by then is killed, and the test fails.
    pub fn finish(mut self, limit: Duration) -> Finished {
        let (ended, end) = mpsc::channel::<()>();
        let id = rustix::process::Pid::from_child(&self.child);
        let watch = thread::spawn(move || {
            let late = end.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
            if late {
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
            late
        });
        let status = self.child.wait().expect("a child can be waited for");
        drop(ended);
        let late = watch.join().expect("the watch does not panic");
        let finished = Finished {
            code: status.code(),
            stdout: self.stdout.join().expect("the reader does not panic"),
            stderr: self.stderr.join().expect("the reader does not panic"),
        };
        assert!(!late, "the run did not end within {limit:?}\n{finished}");
        finished
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A run that has ended.
pub struct Finished {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// The test fails unless it ended with this code.
    #[track_caller]
    pub fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// The test fails unless it succeeded and changed nothing.
    #[track_caller]
    pub fn changed_nothing(&self) {
        assert_eq!(self.ends_with(0).changes(), [], "{self}");
    }

    /// The test fails unless all these texts were printed.
    #[track_caller]
    pub fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.stdout.contains(text) || self.stderr.contains(text), "it does not say `{text}`\n{self}");
        }
        self
    }

    /// The test fails if this text was printed.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "it says `{text}`\n{self}");
        self
    }

    /// The test fails unless the recap counts so for a host; a count that is not named is 0.
    #[track_caller]
    pub fn counts(&self, host: &str, expected: &str) -> &Self {
        assert_eq!(self.recap(host), expected, "the recap of {host}\n{self}");
        self
    }

    /// A host's counts in the recap which are not 0: `ok=2 changed=1`.
    #[track_caller]
    pub fn recap(&self, host: &str) -> String {
        let (_, recap) = self.stdout.split_once("\nPLAY RECAP ").unwrap_or_else(|| panic!("no recap\n{self}"));
        let line = recap.lines().find(|line| line.split_whitespace().next() == Some(host));
        let line = line.unwrap_or_else(|| panic!("the recap has no {host}\n{self}"));
        let (_, counts) = line.split_once(" : ").unwrap_or_else(|| panic!("not a recap: {line}"));
        let counts: Vec<&str> = counts.split_whitespace().filter(|count| !count.ends_with("=0")).collect();
        counts.join(" ")
    }

    /// Where a task changed something, in the order of the run.
    pub fn hosts_of(&self, task: &str) -> Vec<String> {
        self.changes().into_iter().filter(|(name, _)| name == task).flat_map(|(_, hosts)| hosts).collect()
    }

    /// Each task or handler that changed something, with its hosts in the order of their names.
    pub fn changes(&self) -> Vec<(String, Vec<String>)> {
        let mut changes: Vec<(String, Vec<String>)> = Vec::new();
        let mut task = String::new();
        for line in self.stdout.lines() {
            if let Some((_, rest)) =
                line.split_once(" [").filter(|(kind, _)| matches!(*kind, "TASK" | "RUNNING HANDLER"))
            {
                task = rest.rsplit_once("] *").map_or(rest, |(name, _)| name).to_owned();
            } else if let Some((host, _)) = line.strip_prefix("changed: [").and_then(|rest| rest.split_once(']')) {
                match changes.last_mut().filter(|(name, _)| *name == task) {
                    Some((_, hosts)) => hosts.push(host.to_owned()),
                    None => changes.push((task.clone(), vec![host.to_owned()])),
                }
            }
        }
        for (_, hosts) in &mut changes {
            hosts.sort();
            hosts.dedup();
        }
        changes
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}
