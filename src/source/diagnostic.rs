//! A message for the person at the keyboard: what is wrong, where, and what to do about it.

use std::{error::Error, fmt, fmt::Write as _};

use anstyle::{AnsiColor, Style};

use super::{Span, Wording, excerpt};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// What was asked for cannot be done.
    Error,
    /// It goes on, but probably not as meant.
    Warning,
    /// It goes on, but a later version will not.
    Deprecation,
}

/// An error or a warning, with the place in a file that it is about.
///
/// `Display` renders it as plain text of several lines, without a line ending.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// One sentence, lowercase, without a full stop.
    pub message: String,
    /// The place it is about; its lines are shown.
    pub span: Option<Span>,
    /// A few words beside the caret.
    pub label: Option<String>,
    /// The next step.
    pub help: Option<String>,
    /// Further facts: other places, the cause.
    pub notes: Vec<String>,
    /// The same in Ansible's words.
    pub ansible: Wording,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message.into())
    }

    /// A warning without a place yet.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message.into())
    }

    /// A warning about something that a later version will not take, without a place yet.
    pub fn deprecation(message: impl Into<String>) -> Self {
        Self::new(Severity::Deprecation, message.into())
    }

    fn new(severity: Severity, message: String) -> Self {
        Self { severity, message, span: None, label: None, help: None, notes: Vec::new(), ansible: Wording::default() }
    }

    /// The same, about the place `span`.
    #[must_use]
    pub fn at(mut self, span: &Span) -> Self {
        self.span = Some(span.clone());
        self
    }

    /// The same, with a few words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same, with the next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with one more fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Changes all texts that are shown, the lines of files among them.
    pub fn mask(&mut self, mask: &dyn Fn(&mut String)) {
        let Self { message, span, label, help, notes, ansible: wording, .. } = self;
        let contexts = wording.contexts.iter_mut().map(|context| (&mut context.value, &mut context.span));
        let (texts, spans): (Vec<_>, Vec<_>) = contexts.unzip();
        for span in spans.into_iter().chain(span).chain(&mut wording.origin) {
            *span = span.masked(mask);
        }
        let said = [&mut wording.message, &mut wording.help, &mut wording.cause].into_iter().flatten();
        let more = notes.iter_mut().chain(label).chain(help).chain(said);
        texts.into_iter().chain(more).chain([message]).for_each(mask);
    }

    /// The text to print, without a line ending at its end; with terminal colours if `colour`.
    pub fn render(&self, colour: bool) -> String {
        let paint = Paint { on: colour };
        let (word, style) = match self.severity {
            Severity::Error => ("error", AnsiColor::Red.on_default().bold()),
            Severity::Warning | Severity::Deprecation => ("warning", AnsiColor::Yellow.on_default().bold()),
        };
        let frame = AnsiColor::Blue.on_default();
        let mut out = format!("{}: {}", paint.with(style, word), self.message);
        let mut margin = String::from(" ");
        if let Some(span) = &self.span {
            let excerpt = excerpt::of(span);
            margin = " ".repeat(excerpt.number_width());
            let _ = write!(out, "\n{margin}{} {span}", paint.with(frame, "-->"));
            if !excerpt.lines.is_empty() {
                let _ = write!(out, "\n{margin} {}", paint.with(frame, "|"));
                for (number, text) in &excerpt.lines {
                    let head = format!("{number:>width$} |", width = margin.len());
                    let _ = write!(out, "\n{} {text}", paint.with(frame, &head).trim_end());
                }
                let caret = paint.with(style, "^");
                let label = self.label.as_deref().map(|label| format!(" {label}")).unwrap_or_default();
                let indent = " ".repeat(excerpt.caret);
                let _ =
                    write!(out, "\n{margin} {} {indent}{caret}{}", paint.with(frame, "|"), paint.with(style, &label));
            }
        }
        let facts = self.notes.iter().map(|note| ("note", note)).chain(self.help.iter().map(|help| ("help", help)));
        for (word, text) in facts {
            let indent = format!("\n{}", " ".repeat(margin.len() + 9));
            let _ = write!(out, "\n{margin} {} {word}: {}", paint.with(frame, "="), text.replace('\n', &indent));
        }
        out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Diagnostic {}

/// Colours, or none.
struct Paint {
    on: bool,
}

impl Paint {
    fn with(&self, style: Style, text: &str) -> String {
        if self.on && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Diagnostic, Span};
    use crate::source::SourceFile;

    fn span(text: &str, line: u32, column: u32) -> Span {
        Span::new(&Arc::new(SourceFile::new("site.yml", text)), line, column)
    }

    #[test]
    fn it_shows_two_lines_above_and_a_caret() {
        let text = "- hosts: all\n  become: yes\n  tasks:\n\t- nam: x\n";
        let shown = Diagnostic::error("unknown keyword `nam`")
            .at(&span(text, 4, 4))
            .label("not a keyword of a task")
            .help("did you mean `name`?")
            .note("first\nsecond");
        assert_eq!(
            shown.to_string(),
            "error: unknown keyword `nam`\n --> site.yml:4:4\n  |\n2 |   become: yes\n3 |   tasks:\n4 |     - nam: x\n  |       ^ not a keyword of a task\n  = note: first\n          second\n  = help: did you mean `name`?"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = format!("{}!{}", "a".repeat(300), "b".repeat(300));
        let shown = Diagnostic::warning("odd").at(&span(&text, 1, 301)).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[3].starts_with("1 | …aaa") && lines[3].ends_with("bbb…"), "{}", lines[3]);
        let caret = lines[4].chars().position(|c| c == '^');
        assert_eq!(lines[3].chars().position(|c| c == '!'), caret);
    }

    #[test]
    fn a_secret_in_a_line_is_masked_and_the_caret_stays_where_it_belongs() {
        let mask = |text: &mut String| *text = text.replace("hunter2", "***");
        let caret = |column: u32| {
            let mut diagnostic = Diagnostic::error("wrong hunter2").at(&span("cmd: login hunter2 now", 1, column));
            diagnostic.mask(&mask);
            let shown = diagnostic.to_string();
            let lines: Vec<&str> = shown.lines().collect();
            assert_eq!((lines[0], lines[3]), ("error: wrong ***", "1 | cmd: login *** now"));
            lines[4].find('^').map(|at| lines[3].as_bytes()[at])
        };
        assert_eq!(caret(6), Some(b'l'));
        assert_eq!(caret(15), Some(b'*'));
        assert_eq!(caret(20), Some(b'n'));
    }

    #[test]
    fn a_place_outside_its_file_is_only_named() {
        assert_eq!(Diagnostic::error("gone").at(&span("", 9, 9)).to_string(), "error: gone\n --> site.yml:9:9");
        assert_eq!(Diagnostic::error("gone").help("look").to_string(), "error: gone\n  = help: look");
    }

    #[test]
    fn colour_wraps_words_only() {
        let shown = Diagnostic::error("x").render(true);
        assert_eq!(shown, "\u{1b}[1m\u{1b}[31merror\u{1b}[0m: x");
    }
}
