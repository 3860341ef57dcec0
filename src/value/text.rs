//! Text that is cheap to clone.

use std::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::Arc,
};

use zeroize::Zeroize as _;

use crate::source::Place;

/// An immutable text, shared by its clones.
#[derive(Clone)]
pub struct Str {
    text: Arc<str>,
    place: Place,
    is_trusted: bool,
}

impl Str {
    /// Text as a file of the project has it at `place`, which may be used as an expression; whatever is made of it may
    /// not.
    pub fn trusted(text: &str, place: Place) -> Self {
        Self { text: text.into(), place, is_trusted: true }
    }

    /// Where it stands, or the template that made it.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The same text, made by what stands at `place`, unless it has one.
    #[must_use]
    pub fn made_at(self, place: impl FnOnce() -> Place) -> Self {
        Self { place: self.place.or(place), ..self }
    }

    /// Whether it may be used as an expression: a condition that a variable holds, for example.
    pub fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Whether both are clones of one text, and not only equal.
    pub fn is_same(a: &Self, b: &Self) -> bool {
        Arc::ptr_eq(&a.text, &b.text)
    }

    /// Overwrites the text with zeros, unless a clone of it is still in use.
    pub fn wipe(mut self) {
        if let Some(text) = Arc::get_mut(&mut self.text) {
            text.zeroize();
        }
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Str {}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Deref for Str {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self { text: text.into(), place: Place::default(), is_trusted: false }
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self { text: text.into(), place: Place::default(), is_trusted: false }
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// Python's `splitlines`: lines at every line end that it knows, which they may keep.
pub fn split_lines(text: &str, keep: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    let ends = ['\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}'];
    while let Some(at) = rest.find(ends) {
        let length =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        lines.push(&rest[..if keep { at + length } else { at }]);
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}
