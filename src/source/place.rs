//! A place in a file as a number: small enough for every value to carry one.

use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use parking_lot::RwLock;

use super::Span;

/// A file by its address, line and column.
type Known = (usize, u32, u32);

/// The spans of all places, in the order in which they were met. They keep their files: no two have one address.
static SPANS: LazyLock<RwLock<IndexMap<Known, Span>>> = LazyLock::new(RwLock::default);

/// Where a value stands, or nowhere: the number of a span, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    /// The place of a span, which stays for the run; none in a file that was encrypted, which nobody is to keep.
    pub fn new(span: &Span) -> Self {
        if span.file.is_secret() {
            return Self::default();
        }
        let mut spans = SPANS.write();
        let entry = spans.entry((Arc::as_ptr(&span.file).addr(), span.line, span.column));
        let number = u32::try_from(entry.index() + 1);
        entry.or_insert_with(|| span.clone());
        number.map_or_else(|_| Self::default(), Self)
    }

    /// A place by its number, as [`number`](Self::number) gave it.
    pub const fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Its number; 0 for none.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The span, if it is one.
    pub fn span(self) -> Option<Span> {
        Some(SPANS.read().get_index((self.0 as usize).checked_sub(1)?)?.1.clone())
    }

    /// This place, or the other one if this is none.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.0 == 0 { other() } else { self }
    }
}
