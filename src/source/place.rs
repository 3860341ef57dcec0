//! A place in a file as a number: small enough for every value to carry one.

use parking_lot::RwLock;

use super::Span;

/// The spans of all places, in the order in which they were met.
static SPANS: RwLock<Vec<Span>> = RwLock::new(Vec::new());

/// Where a value stands, or nowhere: the number of a span, from 1. Two places of one span differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    /// A new place, which stays for the run.
    pub fn new(span: &Span) -> Self {
        let mut spans = SPANS.write();
        let Ok(number) = u32::try_from(spans.len() + 1) else { return Self::default() };
        spans.push(span.clone());
        Self(number)
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
        SPANS.read().get((self.0 as usize).checked_sub(1)?).cloned()
    }

    /// This place, or the other one if this is none.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.0 == 0 { other() } else { self }
    }
}
