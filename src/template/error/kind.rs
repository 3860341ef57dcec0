//! The kinds of errors in templates, and their words.

use std::{fmt, sync::Arc};

use crate::{
    source::Span,
    value::{Str, Undefined},
    vault::VaultError,
};

/// What went wrong.
#[derive(Clone, Debug)]
pub enum ErrorKind {
    /// The template does not parse.
    Syntax(String),
    /// No filter, test, lookup or function of this name.
    Unknown {
        /// "filter", "test" or "lookup".
        what: &'static str,
        /// The name as written.
        name: String,
        /// The nearest known name.
        suggestion: Option<String>,
    },
    /// Something that does not exist was used.
    Undefined(Arc<Undefined>),
    /// What Python would raise: the class (`TypeError`, `ValueError`, `ZeroDivisionError`) and its text.
    Raised {
        /// The exception's class.
        class: &'static str,
        /// Its text.
        text: String,
    },
    /// Variables that refer to each other in a circle, in the order of evaluation.
    Recursion(Vec<String>),
    /// A condition whose result is not a boolean.
    Condition {
        /// Whether the result counts as true.
        truthy: bool,
        /// The type of the result.
        type_name: String,
        /// Where the result stands.
        place: Span,
    },
    /// A text that no file of the project has was to be used as an expression.
    Untrusted,
    /// A whole argument became `omit`.
    Omitted,
    /// A condition without an expression.
    Empty,
    /// A condition that is no text.
    NoText,
    /// A template file that is not found, with the places searched.
    NoTemplate {
        /// The names as given, of which one was enough.
        names: Vec<String>,
        /// Whether they are a list.
        is_list: bool,
        /// The directories searched.
        searched: Vec<String>,
    },
    /// An encrypted value that cannot be decrypted.
    Encrypted {
        /// Why.
        error: Box<VaultError>,
        /// The value as it is.
        ciphertext: Str,
    },
    /// A lookup failed.
    Lookup {
        /// Its name.
        name: String,
        /// Why.
        text: String,
    },
}

impl ErrorKind {
    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { suggestion: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Unknown { what, name, suggestion: None } if name.matches('.').count() > 1 => {
                let (collection, _) = name.rsplit_once('.').unwrap_or_default();
                Some(format!(
                    "plugins in Python do not run here, and no {what} of this name in {collection} is built in"
                ))
            }
            Self::Condition { .. } => Some(
                "write a comparison or test (`x | length > 0`, `x is defined`), `x | bool` for text such as `yes`, \
                 `x is truthy` for the rest, or set `ALLOW_BROKEN_CONDITIONALS`"
                    .to_owned(),
            ),
            Self::Untrusted => Some(
                "expressions come from playbooks, roles and inventories, not from hosts or from what templates make"
                    .to_owned(),
            ),
            Self::Encrypted { error, .. } => Some(error.help()),
            Self::Omitted => Some("`omit` only stands for a whole argument of a module".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => write!(f, "syntax error in template: {text}"),
            Self::Unknown { what, name, .. } => write!(f, "no {what} named '{name}'"),
            Self::Undefined(undefined) => undefined.fmt(f),
            Self::Raised { class: "KeyError", text } => write!(f, "no such key: {text}"),
            Self::Raised { text, .. } => f.write_str(text),
            Self::Recursion(chain) => {
                write!(f, "recursive loop detected in template: {}", chain.join(" → "))
            }
            Self::Condition { truthy, type_name, .. } => {
                let result = if *truthy { "True" } else { "False" };
                write!(f, "conditional result ({result}) was derived from value of type '{type_name}'; ")?;
                f.write_str("conditionals must have a boolean result")
            }
            Self::Untrusted => f.write_str("Encountered untrusted template or expression."),
            Self::Omitted => f.write_str("A template was resolved to an Omit scalar."),
            Self::Empty => f.write_str("Empty conditional expressions are not allowed."),
            Self::NoText => f.write_str("Conditional expressions must be strings."),
            Self::NoTemplate { names, .. } if names.is_empty() => f.write_str("no template is named"),
            Self::NoTemplate { names, searched, .. } => {
                write!(f, "template `{}` not found; searched {}", names.join("` or `"), searched.join(", "))
            }
            Self::Encrypted { error, .. } => write!(f, "cannot decrypt this value: {error}"),
            Self::Lookup { name, text } => write!(f, "lookup `{name}` failed: {text}"),
        }
    }
}
