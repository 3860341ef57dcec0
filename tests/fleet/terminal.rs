//! A run on a terminal of its own, with somebody who types.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::{run::Finished, site::Site};

/// How long a prompt, or the end of the run, may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The run, and what its terminal shows so far.
pub struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    shown: Arc<Shown>,
    /// How much of it has been read, in bytes.
    read: usize,
}

#[derive(Default)]
struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    text: Vec<u8>,
    ended: bool,
}

impl Terminal {
    /// Runs `sutler playbook -i hosts.ini play.yml` there, with further arguments without blanks.
    pub fn start(site: &Site, arguments: &[&str]) -> Self {
        let line = format!("{} playbook -i hosts.ini play.yml {}", env!("CARGO_BIN_EXE_sutler"), arguments.join(" "));
        let mut command = Command::new("script");
        // Without echo from `script` itself: what shows is what the program lets through.
        command.args(["-qefc", &line, "/dev/null"]).current_dir(site.path());
        command.env_remove("SSH_AUTH_SOCK").env("HOME", site.path()).env("NO_COLOR", "1").env("TERM", "xterm");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script is there");
        let keyboard = child.stdin.take().expect("it is piped");
        let mut screen = child.stdout.take().expect("it is piped");
        let shown = Arc::new(Shown::default());
        let writer = Arc::clone(&shown);
        thread::spawn(move || {
            let mut part = [0; 4096];
            loop {
                let n = screen.read(&mut part).unwrap_or(0);
                writer.add(&part[..n]);
                if n == 0 {
                    return;
                }
            }
        });
        Self { child, keyboard, shown, read: 0 }
    }

    /// Waits for a prompt and types an answer to it.
    #[track_caller]
    pub fn answer(&mut self, prompt: &str, answer: &str) {
        let text = self.shown.wait(|state| {
            state.ended || String::from_utf8_lossy(state.text.get(self.read..).unwrap_or_default()).ends_with(prompt)
        });
        let new = String::from_utf8_lossy(text.get(self.read..).unwrap_or_default()).into_owned();
        assert!(new.ends_with(prompt), "no `{prompt}`, but: {new}");
        self.read = text.len();
        writeln!(self.keyboard, "{answer}").expect("the terminal is open");
    }

    /// Waits for the end; all that was on the terminal counts as standard output.
    pub fn finish(mut self) -> Finished {
        let text = self.shown.wait(|state| state.ended);
        let _ = self.child.kill();
        let code = self.child.wait().expect("a child can be waited for").code();
        Finished { code, stdout: String::from_utf8_lossy(&text).replace("\r\n", "\n"), stderr: String::new() }
    }
}

impl Shown {
    fn add(&self, part: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.text.extend_from_slice(part);
        state.ended |= part.is_empty();
        self.changed.notify_all();
    }

    /// What is shown once `is_enough`, or after the limit.
    fn wait(&self, is_enough: impl Fn(&State) -> bool) -> Vec<u8> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, LIMIT, |state| !is_enough(state));
        waited.unwrap_or_else(PoisonError::into_inner).0.text.clone()
    }
}
