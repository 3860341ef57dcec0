//! Programs on the host: started in their own process group, never left behind by a cancelled task.

use std::{
    ffi::{OsStr, OsString},
    io::{Read, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Failure, engine::Context, failure::os_text, shlex};

/// How long output is still read after a program has ended while something it started (a daemon)
/// keeps its output open.
const LINGER: Duration = Duration::from_millis(100);

/// A program to run, and how.
#[derive(Clone, Debug)]
pub struct Program {
    argv: Vec<OsString>,
    directory: Option<PathBuf>,
    environment: Vec<(String, String)>,
    stdin: Option<Vec<u8>>,
    umask: Option<u32>,
    timeout: Option<Duration>,
}

/// What a program left.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// Exit status; `-N` when signal `N` ended it, as in Python.
    pub rc: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Exit status 0.
    pub fn success(&self) -> bool {
        self.rc == 0
    }

    /// What a program that had to succeed left; otherwise the failure that Ansible makes of it.
    pub fn checked(self, program: &Program) -> Result<Self, Failure> {
        if self.success() { Ok(self) } else { Err(self.failure(program, self.err().trim_end())) }
    }

    /// What a program that had to succeed left; otherwise a failure with what it said, on standard error if it did there.
    pub fn or_what_it_said(self) -> Result<Self, Failure> {
        if self.success() {
            return Ok(self);
        }
        let (out, err) = (self.out(), self.err());
        let said = if err.trim().is_empty() { out.trim() } else { err.trim() };
        Err(self.said(Failure::new(said)))
    }

    /// A failure with this message and everything about the program.
    pub fn failure(&self, program: &Program, msg: impl Into<String>) -> Failure {
        self.said(Failure::new(msg)).with("cmd", program.quoted_line())
    }

    /// Adds what the program said, and how it ended, to a failure.
    pub fn said(&self, failure: Failure) -> Failure {
        failure.with("rc", self.rc).with("stdout", self.out()).with("stderr", self.err())
    }

    /// Standard output as text; bytes that are not UTF-8 are replaced.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text; bytes that are not UTF-8 are replaced.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl Program {
    /// A program found in `PATH`, without arguments.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            argv: vec![program.as_ref().to_owned()],
            directory: None,
            environment: Vec::new(),
            stdin: None,
            umask: None,
            timeout: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.argv.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.argv.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Starts in this directory instead of the helper's.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets a variable, over those of the task.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Messages in English, whatever the host speaks: for output that is read by the module.
    #[must_use]
    pub fn plain_locale(self) -> Self {
        self.env("LC_ALL", "C.UTF-8").env("LANGUAGE", "C")
    }

    /// What it reads on standard input; nothing otherwise.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Its file creation mask.
    #[must_use]
    pub fn umask(mut self, umask: u32) -> Self {
        self.umask = Some(umask);
        self
    }

    /// Kills it, and fails, after this long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The program and its arguments.
    pub fn argv(&self) -> &[OsString] {
        &self.argv
    }

    /// The command line as messages show it.
    pub fn line(&self) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    /// The command line as a shell reads it.
    pub fn quoted_line(&self) -> String {
        shlex::join(&self.argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>())
    }

    /// Runs it to its end. Fails when it cannot be started, times out or the task is cancelled; an
    /// exit status other than 0 is not a failure here.
    pub(super) fn run(&self, context: &Context) -> Result<Finished, Failure> {
        let mut child = self.command(context).spawn().map_err(|error| {
            Failure::new(format!("cannot run {}: {}", self.argv[0].to_string_lossy(), os_text(&error)))
                .with("cmd", self.line())
                .with("rc", error.raw_os_error().unwrap_or(1))
        })?;
        self.feed(&mut child);
        let (sender, output) = channel();
        forward(child.stdout.take().expect("stdout is piped"), Stream::Out, sender.clone());
        forward(child.stderr.take().expect("stderr is piped"), Stream::Err, sender);
        let mut finished = Finished::default();
        match self.collect(&mut child, &output, &mut finished, context) {
            Ok(status) => {
                finished.rc = status.code().unwrap_or_else(|| -status.signal().unwrap_or(1));
                Ok(finished)
            }
            Err(why) => {
                kill_group(&child);
                let _ = child.wait();
                Err(Failure::new(why)
                    .with("cmd", self.line())
                    .with("stdout", finished.out())
                    .with("stderr", finished.err()))
            }
        }
    }

    fn command(&self, context: &Context) -> Command {
        let mut command = match self.umask {
            // The mask is the process's: a shell sets it, so that no other thread is touched.
            Some(umask) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("umask {umask:04o}; exec \"$@\"")).arg("sh").args(&self.argv);
                shell
            }
            None => {
                let mut command = Command::new(&self.argv[0]);
                command.args(&self.argv[1..]);
                command
            }
        };
        command.envs(context.environment.iter().map(|(k, v)| (k, v)));
        command.envs(self.environment.iter().map(|(k, v)| (k, v)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    }

    fn feed(&self, child: &mut Child) {
        if let (Some(bytes), Some(mut pipe)) = (self.stdin.clone(), child.stdin.take()) {
            // A program need not read its input; that is its own affair.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
    }

    fn collect(
        &self,
        child: &mut Child,
        output: &Receiver<(Stream, Vec<u8>)>,
        finished: &mut Finished,
        context: &Context,
    ) -> Result<ExitStatus, String> {
        let started = Instant::now();
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match output.recv_timeout(Duration::from_millis(20)) {
                Ok((Stream::Out, bytes)) => finished.stdout.extend(bytes),
                Ok((Stream::Err, bytes)) => finished.stderr.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some((status, _)) = ended {
                        return Ok(status);
                    }
                    thread::sleep(Duration::from_micros(200));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if ended.is_none() {
                ended = child.try_wait().map_err(|e| os_text(&e))?.map(|status| (status, Instant::now()));
            }
            if let Some((status, at)) = ended
                && at.elapsed() > LINGER
            {
                return Ok(status);
            }
            if context.cancelled.load(Ordering::Relaxed) {
                return Err("the task was cancelled".into());
            }
            if let Some(limit) = self.timeout
                && started.elapsed() > limit
            {
                return Err(format!("`{}` did not end within {} seconds", self.line(), limit.as_secs()));
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

fn forward(mut from: impl Read + Send + 'static, stream: Stream, to: Sender<(Stream, Vec<u8>)>) {
    thread::spawn(move || {
        let mut chunk = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            if to.send((stream, chunk[..length].to_vec())).is_err() {
                break;
            }
        }
    });
}

fn kill_group(child: &Child) {
    if let Some(group) = rustix::process::Pid::from_raw(child.id() as i32) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}
