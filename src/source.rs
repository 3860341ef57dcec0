//! Files as people wrote them: YAML 1.1 with the position of every node, and errors that show it.

mod diagnostic;
mod escaped;
mod excerpt;
mod file;
mod literal;
mod literal_secret;
mod mapping;
mod node;
mod place;
mod resolve;
mod span;
mod suggestion;
mod syntax;
mod tag;
mod timestamp;
mod wording;
mod yaml;

pub use diagnostic::{Diagnostic, Severity};
pub use escaped::{escaped_byte, unescape};
pub use file::SourceFile;
pub use literal::value as literal_value;
pub use literal_secret::{MASK, names_a_secret};
pub use mapping::Duplicates;
pub use node::{Entry, Kind, Node};
pub use place::Place;
pub use span::{Span, Spanned};
pub use suggestion::nearest;
pub use wording::{Wording, join};
pub use yaml::{load_data, load_one};

/// Whether plain text would be read as something else than that text: a number, a boolean, a date.
pub fn is_ambiguous(text: &str) -> bool {
    timestamp::is_timestamp(text) || !matches!(resolve::plain(text), Ok(Kind::Str(read)) if read == text)
}

#[cfg(test)]
mod tests;
