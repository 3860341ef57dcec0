//! `log_path`: what is printed, appended to a file with the time of each piece.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
};

use jiff::Zoned;

use super::{Lines, Stream};
use crate::source::Diagnostic;

/// The open file.
pub struct Log {
    file: File,
    user: String,
}

impl Log {
    /// Opens the file, or says why that cannot be done.
    pub fn open(path: &Path) -> Result<Self, Diagnostic> {
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(|error| {
            let shown = path.display();
            Diagnostic::warning(format!("cannot write the log {shown}: {error}"))
                .worded(format!("log file at '{shown}' is not writeable and we cannot create it, aborting"))
        })?;
        Ok(Self { file, user: std::env::var("USER").unwrap_or_else(|_| "root".into()) })
    }

    /// Appends what was printed. A disk that is full must not end a run.
    pub fn write(&mut self, lines: &Lines) {
        let time = Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        let process = std::process::id();
        for (stream, text) in lines.parts() {
            let text = without_colours(text.trim_matches('\n'));
            let level = level(*stream, &text);
            let _ = writeln!(self.file, "{time} p={process} u={} n=ansible {level}| {text}", self.user);
        }
    }
}

/// How grave it is, in the words of Python's `logging`.
fn level(stream: Stream, text: &str) -> &'static str {
    let start = text.trim_start_matches('[').to_lowercase();
    let starts = |word: &str| start.starts_with(word);
    match stream {
        _ if starts("error") => "ERROR",
        Stream::Err if !starts("deprecation") => "WARNING",
        _ => "INFO",
    }
}

/// A text without the terminal's sequences for colours.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Stream, level, without_colours};

    #[test]
    fn levels_are_those_of_ansible() {
        assert_eq!(level(Stream::Err, "[DEPRECATION WARNING]: x"), "INFO");
        assert_eq!(level(Stream::Err, "[WARNING]: x"), "WARNING");
        assert_eq!(level(Stream::Err, "[ERROR]: x"), "ERROR");
        assert_eq!(level(Stream::Out, "[ERROR]: x"), "ERROR");
        assert_eq!(level(Stream::Out, "fatal: [h1]: FAILED! => {}"), "INFO");
        assert_eq!(level(Stream::Out, "ok: [h1]"), "INFO");
    }

    #[test]
    fn colours_are_not_logged() {
        assert_eq!(without_colours("\x1b[0;32mok: [h1]\x1b[0m\nplain m"), "ok: [h1]\nplain m");
    }
}
