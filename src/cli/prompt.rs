//! Questions to the person at the keyboard.

use std::{
    fs::File,
    io::{self, BufRead, Read, Write},
};

use rustix::{
    process::{Signal, getpid, kill_process},
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use crate::transport::Secret;

/// Asks and reads a word in lower case; `None` at the end of the input.
pub fn ask(question: &str) -> Option<String> {
    ask_line(question).map(|line| line.trim().to_lowercase())
}

/// Asks and reads a line; `None` at the end of the input.
pub fn ask_line(question: &str) -> Option<String> {
    let mut terminal = io::stderr().lock();
    let _ = terminal.write_all(question.as_bytes()).and_then(|()| terminal.flush());
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
        _ => None,
    }
}

/// Asks on the terminal for something that is not shown while it is typed; without a terminal,
/// reads a line of standard input. `None` when there is no answer.
pub fn password(question: &str) -> Option<Secret> {
    match File::options().read(true).write(true).open("/dev/tty") {
        Ok(terminal) => hidden(&terminal, question),
        Err(_) => {
            let _ = io::stderr().write_all(question.as_bytes());
            line(io::stdin().lock())
        }
    }
}

fn hidden(terminal: &File, question: &str) -> Option<Secret> {
    // Quiet before the question is there: whoever answers at once is not shown either.
    let quiet = Quiet::new(terminal).ok()?;
    let mut screen = terminal;
    let _ = screen.write_all(question.as_bytes());
    let answer = quiet.line(terminal);
    drop(quiet);
    let _ = screen.write_all(b"\n");
    match answer {
        Answer::Line(bytes) => std::str::from_utf8(&bytes).ok().map(Into::into),
        Answer::End => None,
        Answer::Interrupt => {
            // The terminal is as it was: now the signal may do what it does.
            let _ = kill_process(getpid(), Signal::INT);
            None
        }
    }
}

/// What somebody typed.
enum Answer {
    Line(Zeroizing<Vec<u8>>),
    /// Ctrl-D before anything else.
    End,
    /// Ctrl-C.
    Interrupt,
}

/// How many bytes of a line are read; room for all of them at once leaves no copies behind.
const LONGEST: usize = 4096;

/// The next line without its ending.
fn line(mut input: impl BufRead) -> Option<Secret> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    let count = input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut bytes).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches(['\n', '\r']);
    (count > 0).then(|| text.into())
}

/// A terminal that shows nothing of what is typed; dropping it brings the old mode back. It sends no signals either,
/// which would end us before that: keys come one by one, and those that edit a line do so here.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal, OptionalActions::Now, &modes)?;
        Ok(Self { terminal, before })
    }

    /// What is typed until the line ends.
    fn line(&self, mut input: impl Read) -> Answer {
        let keys = &self.before.special_codes;
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
        // One by one: what is typed ahead belongs to the next question.
        let mut key = [0];
        while input.read(&mut key).is_ok_and(|count| count > 0) {
            match key[0] {
                b'\n' | b'\r' => return Answer::Line(line),
                key if key == keys[SpecialCodeIndex::VINTR] => return Answer::Interrupt,
                key if key == keys[SpecialCodeIndex::VEOF] && line.is_empty() => return Answer::End,
                key if key == keys[SpecialCodeIndex::VEOF] => return Answer::Line(line),
                key if key == keys[SpecialCodeIndex::VKILL] => line.clear(),
                key if key == keys[SpecialCodeIndex::VERASE] || key == 0x08 => {
                    // The bytes of one character.
                    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
                }
                key if line.len() < LONGEST => line.push(key),
                _ => {}
            }
        }
        if line.is_empty() { Answer::End } else { Answer::Line(line) }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
