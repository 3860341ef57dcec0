//! A pseudo-terminal with a program at its other end (`man 7 pty`).

use std::{
    fs::File,
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags, open},
    process::{Pid, Signal, kill_process_group},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize},
};

use super::answers::Answers;
use crate::kit::{Failure, Reader, failure::os_text};

/// How long a program that has asked gets before it is answered: many throw away what was typed before.
const BREATH: Duration = Duration::from_millis(50);

/// The terminal and the program.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// Bytes that are no whole letter yet.
    partial: Vec<u8>,
    output: String,
    /// Up to where the output was searched.
    searched: usize,
}

impl Terminal {
    /// Starts a program at a new terminal.
    pub fn start(words: &[String], directory: Option<&Path>, echo: bool, host: &Reader) -> Result<Self, Failure> {
        let failed = |e: rustix::io::Errno| Failure::io("open", "/dev/ptmx", &e.into());
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(failed)?;
        grantpt(&master).and_then(|()| unlockpt(&master)).map_err(failed)?;
        let name = ptsname(&master, Vec::new()).map_err(failed)?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let end = File::from(open(name, flags, Mode::empty()).map_err(failed)?);
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).map_err(failed)?;
        if !echo {
            let mut settings = tcgetattr(&end).map_err(failed)?;
            settings.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&end, OptionalActions::Now, &settings).map_err(failed)?;
        }
        let child = spawn(words, directory, end, host)?;
        let keyboard = File::from(master);
        let mut from = keyboard.try_clone().map_err(|e| Failure::io("open", "/dev/ptmx", &e))?;
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut chunk = vec![0; 2000];
            // The end of the other side is an error here.
            while let Ok(length @ 1..) = from.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, keyboard, screen, partial: Vec::new(), output: String::new(), searched: 0 })
    }

    /// Everything the program said.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// Answers until the program ends; `None` when it did not say anything that is answered for `limit`, or was
    /// ended by a signal.
    pub fn converse(
        &mut self,
        answers: &mut Answers,
        limit: Option<Duration>,
        host: &Reader,
    ) -> Result<Option<i32>, Failure> {
        let mut asked = Instant::now();
        loop {
            match self.screen.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) => {
                    self.show(&bytes);
                    while let Some((end, answer)) = self.question(answers)? {
                        self.searched += end;
                        thread::sleep(BREATH);
                        // A program that has ended reads nothing; its status says why.
                        let _ = self.keyboard.write_all(answer.as_bytes());
                        asked = Instant::now();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().map_err(|e| Failure::new(os_text(&e)))?;
                    return Ok(status.signal().map_or(status.code(), |_| None));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if host.is_cancelled() || limit.is_some_and(|limit| asked.elapsed() >= limit) {
                return Ok(None);
            }
        }
    }

    fn question(&self, answers: &mut Answers) -> Result<Option<(usize, String)>, Failure> {
        answers.find(&self.output[self.searched..])
    }

    fn show(&mut self, bytes: &[u8]) {
        self.partial.extend(bytes);
        let whole = match std::str::from_utf8(&self.partial) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.partial.len(),
        };
        let rest = self.partial.split_off(whole);
        self.output += &String::from_utf8_lossy(&self.partial);
        self.partial = rest;
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait()
            && let Some(group) = Pid::from_raw(self.child.id() as i32)
        {
            let _ = kill_process_group(group, Signal::HUP);
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// `setsid --ctty` makes the terminal the program's own.
fn spawn(words: &[String], directory: Option<&Path>, end: File, host: &Reader) -> Result<Child, Failure> {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let place = directory.unwrap_or(Path::new("")).join(program);
    // Without a slash it is looked for where the programs are.
    let place = if program.contains('/') { std::path::absolute(&place).unwrap_or(place) } else { program.into() };
    if host.which(&place.to_string_lossy()).is_none() {
        let msg = format!("The command was not found or was not executable: {program}.");
        return Err(Failure::new(msg));
    }
    let failed = |e: std::io::Error| Failure::new(format!("cannot run {program}: {}", os_text(&e)));
    let mut command = Command::new("setsid");
    command.args(["-c", "--"]).args(words);
    command.envs(host.environment().iter().map(|(name, value)| (name, value)));
    if let Some(directory) = directory {
        command.current_dir(directory);
    }
    command.stdin(end.try_clone().map_err(failed)?).stdout(end.try_clone().map_err(failed)?).stderr(end);
    command.spawn().map_err(failed)
}
