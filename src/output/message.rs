//! Errors and warnings, in our own layout and in Ansible's.

use std::fmt::Write;

use super::{Layout, colour::Ink};
use crate::source::{Diagnostic, Severity, Span, join};

/// Lines above the one in question.
const CONTEXT: u32 = 2;
/// Characters of a line of an excerpt, its number included.
const WIDTH: usize = 120;

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something fails.
    Error,
    /// Its author should know.
    Warning,
    /// It will not work in a later version.
    Deprecation,
}

impl Kind {
    /// The kind of a diagnostic.
    pub fn of(diagnostic: &Diagnostic) -> Self {
        match diagnostic.severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Deprecation => Self::Deprecation,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Deprecation => "DEPRECATION WARNING",
        }
    }

    fn ink(self) -> Ink {
        match self {
            Self::Error => Ink::Failed,
            Self::Warning => Ink::Warning,
            Self::Deprecation => Ink::Deprecation,
        }
    }
}

/// The lines of a message, with a line ending.
pub fn render(diagnostic: &Diagnostic, kind: Kind, layout: Layout, colour: bool) -> String {
    match layout {
        Layout::Own => diagnostic.render(colour) + "\n",
        Layout::Ansible => kind.ink().paint(&(ansible(diagnostic, kind) + "\n"), colour),
    }
}

/// A part of a message: what failed, at one place.
struct Part<'a> {
    text: String,
    place: Option<&'a Span>,
}

/// Ansible's layout. A message of several lines ends with an empty one.
fn ansible(diagnostic: &Diagnostic, kind: Kind) -> String {
    let mut parts: Vec<Part> = Vec::new();
    let wording = &diagnostic.ansible;
    let contexts = wording.contexts.iter().map(|context| (context.value.as_str(), Some(&context.span)));
    let message = diagnostic.ansible_message();
    let cause = wording.cause.as_deref();
    let before = cause.map_or(Some(message), |cause| message.strip_suffix(cause)?.strip_suffix(": "));
    let place = wording.origin.as_ref().or(diagnostic.span.as_ref());
    for (message, place) in contexts.chain(before.map(|message| (message, place))) {
        let place = place.filter(|_| !wording.is_placeless);
        match parts.last_mut() {
            Some(last) if last.place == place || message.is_empty() => {
                last.text = join([last.text.as_str(), message].into_iter());
            }
            _ => parts.push(Part { text: message.to_owned(), place }),
        }
    }
    if let Some(cause) = cause {
        parts.push(Part { text: cause.to_owned(), place: place.filter(|_| cause == message) });
    }
    let mut text = format!("[{}]: {}", kind.label(), diagnostic.full_message());
    let count = parts.len();
    for (index, part) in parts.iter().enumerate() {
        if count > 1 {
            text.push_str(if index == 0 { "\n\n" } else { "\n\n<<< caused by >>>\n\n" });
            text.push_str(&part.text);
            if index + 1 < count && !part.text.ends_with('.') {
                text.push('.');
            }
        }
        if let Some(place) = part.place.filter(|place| !place.is_nowhere()) {
            let _ = write!(text, "\n{}", origin(place));
        }
    }
    if let Some(help) = &wording.help {
        let _ = write!(text, "\n\n{help}");
    }
    if text.contains('\n') {
        text.push('\n');
    }
    text
}

/// `Origin: FILE:LINE:COLUMN`, and the lines there with a caret below.
fn origin(place: &Span) -> String {
    let place = place.masked(&|_| {});
    let path = place.file.path();
    let name = path.to_string_lossy();
    if name.starts_with('<') {
        return format!("Origin: {name}\n\n{}", place.file.text());
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if place.line == 0 {
        return format!("Origin: {}", path.display());
    }
    let head = format!("Origin: {}:{}:{}", path.display(), place.line, place.column);
    if place.file.is_secret() {
        return head + "\n\n(source not shown: content encrypted)";
    }
    let first = place.line.saturating_sub(CONTEXT).max(1);
    let lines: Vec<&str> =
        place.file.text().lines().skip(first as usize - 1).take((place.line + 1 - first) as usize).collect();
    if lines.len() < (place.line + 1 - first) as usize {
        return head;
    }
    let width = place.line.to_string().len();
    let mut text = head + "\n";
    for (number, line) in (first..).zip(lines) {
        let _ = write!(text, "\n{}", cut(format!("{number:>width$} {}", line.replace('\t', " ")).trim_end()));
    }
    let caret = width + place.caret() as usize;
    if caret < WIDTH {
        let _ = write!(text, "\n{}^ column {}", " ".repeat(caret), place.column);
    }
    text
}

/// The begin of a line; dots stand for the rest.
fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 3).chain("...".chars()).collect()
}
