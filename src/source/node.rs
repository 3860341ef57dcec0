//! The tree of a YAML document: what PyYAML would construct, with the place of every node.

use num_bigint::BigInt;

use super::Span;

/// One node of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub span: Span,
}

/// What a node is, scalars resolved as YAML 1.1 does.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `~`, `null` or nothing at all.
    Null,
    /// `yes`, `no`, `on`, `off`, `true`, `false` in their YAML 1.1 spellings.
    Bool(bool),
    /// An integer: `0644` is octal, `12:30` is sexagesimal.
    Int(i64),
    /// An integer beyond 64 bits.
    BigInt(BigInt),
    /// A float, `.inf` and `.nan` among them.
    Float(f64),
    /// Text.
    Str(String),
    /// A date, a time, or both, as ISO 8601 writes them.
    Timestamp(String),
    /// `!unsafe` text: never a template.
    Unsafe(String),
    /// `!vault` text, still encrypted.
    Vault(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file; merge keys are resolved, of duplicate keys the last one stays.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Mostly text; YAML allows any node.
    pub key: Node,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A node at a place.
    pub fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(text) | Kind::Unsafe(text) | Kind::Timestamp(text) => Some(text),
            _ => None,
        }
    }

    /// Its entries, if it is a mapping.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Its items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|entry| entry.key.as_str() == Some(key)).map(|entry| &entry.value)
    }

    /// What it is, as messages say it: "a list", "text".
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::BigInt(_) => "an integer",
            Kind::Float(_) => "a float",
            Kind::Str(_) | Kind::Unsafe(_) => "text",
            Kind::Timestamp(_) => "a date",
            Kind::Vault(_) => "an encrypted text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}
