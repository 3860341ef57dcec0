//! Where something stands in a file.

use std::{fmt, sync::Arc};

use super::SourceFile;

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

    /// The start of a text that stands in no file; `name` is what messages show, as `-e`.
    pub fn outside(name: &str, text: &str) -> Self {
        Self { file: Arc::new(SourceFile::new(format!("<{name}>"), text)), line: 1, column: 1 }
    }
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
