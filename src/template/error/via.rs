//! How evaluation got to what failed.

use crate::source::Span;

/// What was evaluated when something in it failed.
#[derive(Clone, Debug)]
pub enum Via {
    /// A template in a variable or an argument.
    Template {
        /// Its text.
        source: String,
        /// Where it stands.
        span: Span,
    },
    /// A condition that a variable holds, whose text may be a secret.
    Condition(Span),
    /// A whole file, of which Ansible names no line.
    File(Span),
    /// A file that another one includes or imports: what fails in it fails in the other one.
    Part(Span),
}

impl Via {
    /// The text, if it is one that stands in a variable or an argument.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Template { source, .. } => Some(source),
            Self::Condition(_) | Self::File(_) | Self::Part(_) => None,
        }
    }

    /// The place that Ansible names; none for a part of another file.
    pub fn origin(&self) -> Option<Span> {
        match self {
            Self::Template { span, .. } | Self::Condition(span) => Some(span.clone()),
            Self::File(span) => Some(Span { line: 0, column: 0, ..span.clone() }),
            Self::Part(_) => None,
        }
    }
}
