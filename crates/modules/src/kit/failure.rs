//! Why a module failed, as the task's result says it.

use std::{fmt, io, path::Path};

use serde_json::Value;

use super::Fields;

/// The return value that says what led to a failure; the controller takes it out of the result.
const CAUSE: &str = "_ansible_cause";

/// A module's failure: the message, and whatever else Ansible's result has for it (`rc`, `stderr` …).
#[derive(Debug)]
pub struct Failure {
    /// What the result's `msg` says.
    pub msg: String,
    /// Further return values.
    pub fields: Fields,
}

/// What check mode warns of in the place of a failure, where what is missing may come (`Reader::may_come`).
pub fn to_come(msg: &str) -> String {
    format!("{msg}; it may come with the tasks before this one")
}

impl Failure {
    /// A failure with a message.
    pub fn new(msg: impl Into<String>) -> Self {
        Self { msg: msg.into(), fields: Fields::new() }
    }

    /// A failed system call on a path: "cannot write /etc/x: No space left on device".
    pub fn io(doing: &str, path: impl AsRef<Path>, error: &io::Error) -> Self {
        let why = os_text(error);
        Self::new(format!("cannot {doing} {}: {why}", path.as_ref().display()))
            .with("path", path.as_ref().to_string_lossy().as_ref())
    }

    /// A failed system call in Python's words: "Error while linking: [Errno 2] No such file or directory".
    pub fn numbered(doing: &str, error: &io::Error) -> Self {
        Self::new(format!("{doing}: [Errno {}] {}", number(error), os_text(error)))
    }

    /// The same, with the path at the end, which the result has as well.
    pub fn numbered_at(doing: &str, path: impl AsRef<Path>, error: &io::Error) -> Self {
        let path = path.as_ref().to_string_lossy();
        Self::new(format!("{doing}: {}", errno(error, &path))).with("path", path.as_ref())
    }

    /// Adds what led to it, in Python's words. Only what is shown of the failure names it: the result has `msg` alone.
    #[must_use]
    pub fn because(self, cause: impl Into<String>) -> Self {
        let cause: String = cause.into();
        self.with(CAUSE, cause)
    }

    /// Its message as what led to it, for another one to take its place.
    #[must_use]
    pub fn because_it_says(self) -> Self {
        let cause = self.msg.clone();
        self.because(cause)
    }

    /// The failure of a module that Ansible's leaves to an exception: with the words that Ansible has for such.
    #[must_use]
    pub fn uncaught(self) -> Self {
        Self { msg: format!("Task failed: Module failed: {}", self.msg), ..self }
    }

    /// Adds return values.
    #[must_use]
    pub fn with_all(mut self, fields: Fields) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Adds a return value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

/// An error of a path in Python's words: "[Errno 2] No such file or directory: b'/x'".
pub fn errno(error: &io::Error, path: &str) -> String {
    format!("[Errno {}] {}: b'{path}'", number(error), os_text(error))
}

/// The system's number for an error, also of one that names a path as `tempfile`'s do: "… (os error 2) at path "/x"".
fn number(error: &io::Error) -> i32 {
    let told = || error.to_string().split_once(" (os error ")?.1.split_once(')')?.0.parse().ok();
    error.raw_os_error().or_else(told).unwrap_or_default()
}

/// The path that such an error names.
pub fn named_path(error: &io::Error) -> Option<String> {
    Some(error.to_string().split_once(" at path \"")?.1.trim_end_matches('"').to_owned())
}

/// The same, where Python has the path as text: "[Errno 2] No such file or directory: '/x'".
pub fn errno_text(error: &io::Error, path: &str) -> String {
    errno(error, path).replacen(": b'", ": '", 1)
}

/// The system's words for an error, without Rust's "(os error 28)".
pub fn os_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.msg)
    }
}

impl std::error::Error for Failure {}
