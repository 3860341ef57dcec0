//! Questions to the person at the keyboard.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

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
    let answer = line(BufReader::new(terminal));
    drop(quiet);
    let _ = screen.write_all(b"\n");
    answer
}

/// The next line without its ending.
fn line(mut input: impl BufRead) -> Option<Secret> {
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(4096));
    let count = input.by_ref().take(4096).read_until(b'\n', &mut bytes).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches(['\n', '\r']);
    (count > 0).then(|| text.into())
}

/// A terminal that shows nothing of what is typed; dropping it brings the old mode back.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Now, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
