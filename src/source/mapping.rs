//! Mappings as they are put together: merge keys flattened, of duplicate keys the last one kept.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU8, Ordering},
};

use num_traits::ToPrimitive;

use super::{Diagnostic, Entry, Kind, Node, Severity};

/// The entries of one mapping while its document is read.
#[derive(Default)]
pub struct Mapping {
    merged: Vec<Entry>,
    own: Vec<Entry>,
}

impl Mapping {
    /// Adds an entry that the mapping itself holds; fails when the key is a list or a mapping.
    pub fn insert(&mut self, key: Node, value: Node) -> Result<(), Diagnostic> {
        match key.kind {
            Kind::List(_) | Kind::Map(_) => Err(unhashable(&key)),
            _ => {
                self.own.push(Entry { key, value });
                Ok(())
            }
        }
    }

    /// Adds what `<<: value` stands for: the entries of one mapping, or of several of which the first
    /// wins. The mapping's own entries win over all of them. Fails for anything else.
    pub fn merge(&mut self, value: Node) -> Result<(), Diagnostic> {
        let wrong = |node: &Node| {
            Diagnostic::error(format!("`<<` merges mappings, and this is {}", node.describe()))
                .at(&node.span)
                .help("give it a mapping, mostly an alias as `<<: *defaults`, or a list of mappings")
        };
        match value.kind {
            Kind::Map(entries) => self.merged.extend(entries),
            Kind::List(items) => {
                for item in items.into_iter().rev() {
                    match item.kind {
                        Kind::Map(entries) => self.merged.extend(entries),
                        _ => return Err(wrong(&item)),
                    }
                }
            }
            _ => return Err(wrong(&value)),
        }
        Ok(())
    }

    /// The entries in Python's order: merged ones first, each key where it stood first, with the value
    /// it had last. A key that the mapping itself holds twice is what [`Duplicates`] says.
    pub fn finish(self, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Entry>, Diagnostic> {
        let duplicates = Duplicates::current();
        let merged = self.merged.len();
        let mut entries = self.merged;
        entries.extend(self.own);
        let firsts = first_equals(&entries);
        if firsts.iter().all(Option::is_none) {
            return Ok(entries);
        }
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut places: Vec<usize> = Vec::with_capacity(entries.len());
        for (index, (entry, first)) in entries.into_iter().zip(firsts).enumerate() {
            let Some(first) = first else {
                places.push(kept.len());
                kept.push(entry);
                continue;
            };
            let place = places[first];
            places.push(place);
            let earlier = &mut kept[place];
            // What the mapping took from a merge key is meant to be replaced.
            if index >= merged && (first >= merged || places[merged..index].contains(&place)) {
                match duplicates {
                    Duplicates::Warn => warnings.push(duplicate(earlier, &entry)),
                    Duplicates::Error => {
                        let message = format!("Found duplicate mapping key '{}'", show(&entry.key));
                        let warning = duplicate(earlier, &entry);
                        return Err(Diagnostic { severity: Severity::Error, message, ..warning });
                    }
                    Duplicates::Ignore => {}
                }
            }
            earlier.key.span = entry.key.span;
            earlier.value = entry.value;
        }
        Ok(kept)
    }
}

/// What a key that stands twice in a mapping is; the same for all files of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Worth a warning.
    Warn,
    /// An error.
    Error,
    /// Fine.
    Ignore,
}

static DUPLICATES: AtomicU8 = AtomicU8::new(Duplicates::Warn as u8);

impl Duplicates {
    /// The choice of the setting `duplicate_dict_key`.
    pub fn named(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "ignore" => Self::Ignore,
            _ => Self::Warn,
        }
    }

    /// Decides it for all files that are read from now on.
    pub fn decide(self) {
        DUPLICATES.store(self as u8, Ordering::Relaxed);
    }

    fn current() -> Self {
        let all = [Self::Warn, Self::Error, Self::Ignore];
        all.into_iter().find(|each| *each as u8 == DUPLICATES.load(Ordering::Relaxed)).unwrap_or(Self::Warn)
    }
}

fn duplicate(earlier: &Entry, later: &Entry) -> Diagnostic {
    let key = show(&later.key);
    let mut warning = Diagnostic::warning(format!("Found duplicate mapping key '{key}'; the last one counts"))
        .at(&later.key.span)
        .note(format!("first at {}", earlier.key.span))
        .help("remove one of them")
        .worded(format!("Found duplicate mapping key '{key}'."));
    warning.ansible.help = Some("Using last defined value only.".into());
    warning
}

/// A list or a mapping as a key, which is mostly an unquoted template.
fn unhashable(key: &Node) -> Diagnostic {
    let span = &key.span;
    let line = span.file.line(span.line).unwrap_or_default();
    let rest: String = line.chars().skip(span.column.saturating_sub(2) as usize).collect();
    if rest.starts_with("{{") {
        return super::syntax::unquoted_template(span.clone(), line);
    }
    Diagnostic::error(format!("a key must be text or a number, and this is {}", key.describe()))
        .at(span)
        .help("quote the key if it is meant as text")
}

fn show(key: &Node) -> String {
    match &key.kind {
        Kind::Str(text) | Kind::Unsafe(text) | Kind::Timestamp(text) | Kind::Vault(text) => text.clone(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::BigInt(value) => value.to_string(),
        Kind::Float(value) => value.to_string(),
        _ => "null".to_owned(),
    }
}

/// For each entry the index of the first one with an equal key, if there is an earlier one.
fn first_equals(entries: &[Entry]) -> Vec<Option<usize>> {
    let mut seen = HashMap::with_capacity(entries.len());
    let mut firsts = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let first = *seen.entry(Key::of(&entry.key)).or_insert(index);
        firsts.push((first != index).then_some(first));
    }
    firsts
}

/// A key under Python's equality: `1`, `1.0` and `true` are one key.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Null,
    Int(i64),
    Other(String),
    Float(u64),
    Text(&'a str),
}

impl<'a> Key<'a> {
    fn of(node: &'a Node) -> Self {
        match &node.kind {
            Kind::Bool(value) => Self::Int(i64::from(*value)),
            Kind::Int(value) => Self::Int(*value),
            Kind::Float(value) => match value.to_i64() {
                Some(whole) if (whole as f64).to_bits() == value.to_bits() => Self::Int(whole),
                _ => Self::Float(value.to_bits()),
            },
            Kind::BigInt(value) => Self::Other(value.to_string()),
            Kind::Str(text) | Kind::Unsafe(text) | Kind::Timestamp(text) | Kind::Vault(text) => Self::Text(text),
            Kind::Null | Kind::List(_) | Kind::Map(_) => Self::Null,
        }
    }
}
