//! Where something stands in a file.

use std::{fmt, sync::Arc};

use super::{SourceFile, literal_secret::hidden_lines};

/// A place in a file: line and column, both from 1, the column in characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// The file; shared by all its nodes.
    pub file: Arc<SourceFile>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Span {
    /// The place of `line` and `column` in `file`.
    pub fn new(file: &Arc<SourceFile>, line: u32, column: u32) -> Self {
        Self { file: Arc::clone(file), line, column }
    }

    /// No place at all: what is wrong has none.
    pub fn nowhere() -> Self {
        Self { file: Arc::new(SourceFile::new("", "")), line: 0, column: 0 }
    }

    /// Whether it is no place.
    pub fn is_nowhere(&self) -> bool {
        self.line == 0 && self.file.path().as_os_str().is_empty()
    }

    /// The start of a text that stands in no file; `name` is what messages show, as `-e`.
    pub fn outside(name: &str, text: &str) -> Self {
        Self { file: Arc::new(SourceFile::new(format!("<{name}>"), text)), line: 1, column: 1 }
    }

    /// Whether it is the start of a text that stands in no file.
    pub fn is_outside(&self) -> bool {
        self.file.path().as_os_str().as_encoded_bytes().starts_with(b"<")
    }

    /// The same place in a text that can be shown: the values of passwords are hidden, and what
    /// `mask` hides in a line.
    #[must_use]
    pub fn masked(&self, mask: &dyn Fn(&mut String)) -> Self {
        if self.file.caret().is_some() {
            return self.clone();
        }
        if self.file.is_secret() {
            return Self { file: Arc::new(self.file.hidden(self.column)), line: self.line, column: self.column };
        }
        let mut lines = hidden_lines(self.file.text());
        lines.iter_mut().for_each(mask);
        let place = (self.line as usize).saturating_sub(1);
        let caret = match (self.file.line(self.line), lines.get(place)) {
            (Some(original), Some(shown)) => caret(original, self.column, shown),
            _ => self.column,
        };
        let mut text = lines.join("\n");
        if self.file.text().ends_with('\n') {
            text.push('\n');
        }
        let file = SourceFile::new(self.file.path(), text).with_caret(caret);
        Self { file: Arc::new(file), line: self.line, column: self.column }
    }

    /// The column in the file's text, which is another one where something before it is masked.
    pub fn caret(&self) -> u32 {
        self.file.caret().unwrap_or(self.column)
    }
}

/// Where a column of the line `original` is in `shown`, where some of it is hidden; a column within
/// something hidden is where that begins.
fn caret(original: &str, column: u32, shown: &str) -> u32 {
    let start: String = original.chars().take(column.saturating_sub(1) as usize).collect();
    if shown.starts_with(&start) {
        return column;
    }
    let end = &original[start.len()..];
    let before = match shown.strip_suffix(end) {
        Some(before) if !end.is_empty() => before.chars().count(),
        _ => original.chars().zip(shown.chars()).take_while(|(a, b)| a == b).count(),
    };
    before as u32 + 1
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.path().display(), self.line, self.column)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value` as written at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}
