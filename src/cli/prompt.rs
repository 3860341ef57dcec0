//! Questions to the person at the keyboard.

use std::io::{BufRead, Write};

/// Asks and reads a word in lower case; `None` at the end of the input.
pub fn ask(question: &str) -> Option<String> {
    ask_line(question).map(|line| line.trim().to_lowercase())
}

/// Asks and reads a line; `None` at the end of the input.
pub fn ask_line(question: &str) -> Option<String> {
    let mut terminal = std::io::stderr().lock();
    let _ = terminal.write_all(question.as_bytes()).and_then(|()| terminal.flush());
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
        _ => None,
    }
}
