//! What is known about a value that does not exist, so that the error at its use can say it.

use std::fmt;

use crate::template::TemplateError;

/// Something that does not exist. Attributes and items of it are the same undefined value again.
#[derive(Debug, Clone)]
pub struct Undefined {
    /// What was missing.
    pub missing: Missing,
    /// Text to show instead of the usual one, as `undef(hint=…)` and `mandatory` give it.
    pub hint: Option<String>,
    /// The error that took the place of a value, with its place: what a call, filter or test raises is raised by
    /// whoever uses the result.
    pub cause: Option<TemplateError>,
}

/// What was missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// No variable of this name.
    Name(String),
    /// No attribute or item on a value of this Python type; the name is as Python writes it (`'x'`, `9`).
    Attribute {
        /// The type of the value that was asked.
        object: String,
        /// What was asked for, as `repr()` prints it.
        name: String,
    },
    /// Nothing that has a name; the hint says what.
    Nothing,
    /// The value of an inline `if` without `else`, which stands in that line: prints as nothing, has no items, and is
    /// false.
    Else(usize),
}

impl Undefined {
    /// A variable that does not exist.
    pub fn name(name: &str) -> Self {
        Self { missing: Missing::Name(name.to_owned()), hint: None, cause: None }
    }

    /// An attribute or item that does not exist; `name` as `repr()` prints it.
    pub fn attribute(object: &str, name: String) -> Self {
        Self { missing: Missing::Attribute { object: object.to_owned(), name }, hint: None, cause: None }
    }

    /// A value that does not exist, with a text that says why.
    pub fn hint(text: impl Into<String>) -> Self {
        Self { missing: Missing::Nothing, hint: Some(text.into()), cause: None }
    }

    /// The value of an inline `if` without `else`.
    pub fn without_else(line: usize) -> Self {
        Self { missing: Missing::Else(line), hint: None, cause: None }
    }

    /// The result of what failed. If something undefined was used, it counts as undefined itself.
    pub fn caused_by(error: TemplateError) -> Self {
        match error.undefined_value() {
            Some(undefined) => Self { cause: Some(error.clone()), ..undefined.clone() },
            None => Self { missing: Missing::Nothing, hint: None, cause: Some(error) },
        }
    }

    /// Whether an error stands here that is not about something undefined: even `default` and `is defined` raise it.
    pub fn is_failure(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| !cause.is_undefined())
    }

    /// Whether it may be used as if it were empty text.
    pub fn is_silent(&self) -> bool {
        matches!(self.missing, Missing::Else(_))
    }

    /// The name of the variable, if a variable was missing.
    pub fn variable(&self) -> Option<&str> {
        match &self.missing {
            Missing::Name(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.hint, &self.missing) {
            (Some(hint), _) => f.write_str(hint),
            (None, Missing::Name(name)) => write!(f, "'{name}' is undefined"),
            (None, Missing::Attribute { object, name }) => {
                write!(f, "object of type '{object}' has no attribute {name}")
            }
            (None, Missing::Else(line)) => {
                write!(f, "the inline if-expression on line {line} evaluated to false and no else section was defined.")
            }
            (None, Missing::Nothing) => f.write_str("the value is undefined"),
        }
    }
}
