//! The keyboard of a person who is asked to wait: a line, or a single key, with Ctrl-C as a key.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;
/// How long one wait for a key lasts, in tenths of a second.
const TICK: u8 = 1;

/// The terminal at standard input. While this exists, Ctrl-C is a key; it is as before afterwards.
pub struct Keyboard {
    before: Termios,
}

/// What came instead of, or as, a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A line, without its end.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// There is no more input.
    End,
}

impl Keyboard {
    /// The keyboard, if a person sits at it: standard input is a terminal and we are in its foreground.
    pub fn open() -> Option<Self> {
        let stdin = io::stdin();
        if !isatty(&stdin) || tcgetpgrp(&stdin).ok()? != rustix::process::getpgrp() {
            return None;
        }
        Some(Self { before: tcgetattr(&stdin).ok()? })
    }

    /// Asks, and reads a line.
    pub fn ask(&self, question: &str) -> io::Result<Answer> {
        let mut screen = io::stdout();
        screen.write_all(question.as_bytes()).and_then(|()| screen.flush())?;
        self.line(true)
    }

    /// Reads a line; what is typed is shown if `echo` is set.
    pub fn line(&self, echo: bool) -> io::Result<Answer> {
        self.set(|modes| {
            modes.local_modes.insert(LocalModes::ICANON);
            modes.local_modes.set(LocalModes::ECHO, echo);
            // Ctrl-C ends a line, so that it is seen at once.
            modes.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        })?;
        let mut line = Vec::new();
        loop {
            let mut part = [0; 1024];
            let length = io::stdin().read(&mut part)?;
            line.extend_from_slice(&part[..length]);
            match line.last() {
                Some(&INTERRUPT) => return Ok(Answer::Interrupt),
                Some(b'\n') => {
                    line.pop();
                    return Ok(Answer::Line(String::from_utf8_lossy(&line).into_owned()));
                }
                _ if length == 0 && line.is_empty() => return Ok(Answer::End),
                _ if length == 0 => return Ok(Answer::Line(String::from_utf8_lossy(&line).into_owned())),
                _ => {}
            }
        }
    }

    /// Waits; true when Ctrl-C was pressed meanwhile, or `stops` says so. Other keys do nothing.
    pub fn interrupted_within(&self, time: Duration, stops: &dyn Fn() -> bool) -> io::Result<bool> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if stops() || self.key()? == Some(INTERRUPT) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits for one of some keys, in either case; Ctrl-C counts as the last of them.
    pub fn choice(&self, keys: &[u8]) -> io::Result<u8> {
        loop {
            match self.key()?.map(|key| key.to_ascii_lowercase()) {
                Some(INTERRUPT) => return Ok(*keys.last().unwrap_or(&INTERRUPT)),
                Some(key) if keys.contains(&key) => return Ok(key),
                _ => {}
            }
        }
    }

    /// A key, if one is pressed soon.
    fn key(&self) -> io::Result<Option<u8>> {
        self.set(|modes| {
            modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            modes.special_codes[SpecialCodeIndex::VMIN] = 0;
            modes.special_codes[SpecialCodeIndex::VTIME] = TICK;
        })?;
        let mut key = [0];
        Ok((io::stdin().read(&mut key)? == 1).then_some(key[0]))
    }

    fn set(&self, change: impl FnOnce(&mut Termios)) -> io::Result<()> {
        let mut modes = self.before.clone();
        modes.local_modes.remove(LocalModes::ISIG);
        change(&mut modes);
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // A terminal that has gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
