//! YAML as PyYAML's dumper writes it, with anchors for what stands in several places.

use std::collections::{HashMap, HashSet};

use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};

use crate::{
    source::{Diagnostic, Kind, Node, is_ambiguous},
    value::yaml_float_text,
};

use super::Tree;

pub fn write(tree: &Tree) -> Result<String, Diagnostic> {
    let mut anchors = Anchors::default();
    anchors.count(tree);
    let mut buffer = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut buffer);
    emitter.set_unicode(true);
    emitter.set_indent(2);
    emitter.set_width(80);
    let mut writer = Writer { emitter, anchors };
    writer.emit(Event::stream_start(Encoding::Utf8))?;
    writer.emit(Event::document_start(None, &[], true))?;
    writer.tree(tree)?;
    writer.emit(Event::document_end(true))?;
    writer.emit(Event::stream_end())?;
    drop(writer);
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

/// Which collections stand in several places, by their address, and the numbers of their anchors.
#[derive(Default)]
struct Anchors {
    /// `None` for what was met once, a number for what was met again.
    seen: HashMap<usize, Option<usize>>,
    numbered: usize,
    written: HashSet<usize>,
}

impl Anchors {
    fn count(&mut self, tree: &Tree) {
        match tree {
            Tree::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                sorted.into_iter().for_each(|(_, value)| self.count(value));
            }
            Tree::List(items) => items.iter().for_each(|item| self.count(item)),
            Tree::Names(_) => {}
            Tree::Node(_) | Tree::Made(_) => tree.node().into_iter().for_each(|node| self.count_node(node)),
        }
    }

    fn count_node(&mut self, node: &Node) {
        if !matches!(node.kind, Kind::List(_) | Kind::Map(_)) {
            return;
        }
        match self.seen.get(&address(node)) {
            Some(None) => {
                self.numbered += 1;
                self.seen.insert(address(node), Some(self.numbered));
                return;
            }
            Some(Some(_)) => return,
            None => self.seen.insert(address(node), None),
        };
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.count_node(item)),
            Kind::Map(entries) => entries.iter().for_each(|entry| self.count_node(&entry.value)),
            _ => {}
        }
    }

    /// The anchor of a node, and whether it was written before.
    fn of(&mut self, node: &Node) -> Option<(String, bool)> {
        let number = self.seen.get(&address(node)).copied().flatten()?;
        Some((format!("id{number:03}"), !self.written.insert(address(node))))
    }
}

fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

struct Writer<'w> {
    emitter: Emitter<'w>,
    anchors: Anchors,
}

impl Writer<'_> {
    fn emit(&mut self, event: Event) -> Result<(), Diagnostic> {
        self.emitter.emit(event).map_err(|error| Diagnostic::error(format!("cannot write this as YAML: {error}")))
    }

    fn tree(&mut self, tree: &Tree) -> Result<(), Diagnostic> {
        match tree {
            Tree::Node(node) => self.node(node),
            Tree::Made(node) => self.node(node),
            Tree::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                self.emit(Event::mapping_start(None, None, true, MappingStyle::Block))?;
                for (key, value) in sorted {
                    self.text(key)?;
                    self.tree(value)?;
                }
                self.emit(Event::mapping_end())
            }
            Tree::Names(names) => {
                self.emit(Event::sequence_start(None, None, true, SequenceStyle::Block))?;
                names.iter().try_for_each(|name| self.text(name))?;
                self.emit(Event::sequence_end())
            }
            Tree::List(items) => {
                self.emit(Event::sequence_start(None, None, true, SequenceStyle::Block))?;
                items.iter().try_for_each(|item| self.tree(item))?;
                self.emit(Event::sequence_end())
            }
        }
    }

    fn node(&mut self, node: &Node) -> Result<(), Diagnostic> {
        let anchor = self.anchors.of(node);
        if let Some((name, true)) = &anchor {
            return self.emit(Event::alias(name));
        }
        let anchor = anchor.as_ref().map(|(name, _)| name.as_str());
        match &node.kind {
            Kind::Null => self.plain("null"),
            Kind::Bool(flag) => self.plain(if *flag { "true" } else { "false" }),
            Kind::Int(number) => self.plain(&number.to_string()),
            Kind::BigInt(number) => self.plain(&number.to_string()),
            Kind::Float(number) => self.plain(&yaml_float_text(*number)),
            Kind::Str(text) | Kind::Unsafe(text) => self.text(text),
            Kind::Timestamp(text) => self.plain(&text.replacen('T', " ", 1)),
            Kind::Vault(text) => {
                self.emit(Event::scalar(None, Some("!vault"), text, false, false, ScalarStyle::Literal))
            }
            Kind::List(items) => {
                self.emit(Event::sequence_start(anchor, None, true, SequenceStyle::Block))?;
                items.iter().try_for_each(|item| self.node(item))?;
                self.emit(Event::sequence_end())
            }
            Kind::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                // Python cannot compare keys of several kinds, and then leaves them as they are.
                if entries.iter().all(|entry| entry.key.as_str().is_some()) {
                    entries.sort_by(|a, b| a.key.as_str().cmp(&b.key.as_str()));
                }
                self.emit(Event::mapping_start(anchor, None, true, MappingStyle::Block))?;
                for entry in entries {
                    self.node(&entry.key)?;
                    self.node(&entry.value)?;
                }
                self.emit(Event::mapping_end())
            }
        }
    }

    fn plain(&mut self, text: &str) -> Result<(), Diagnostic> {
        self.emit(Event::scalar(None, None, text, true, true, ScalarStyle::Any))
    }

    fn text(&mut self, text: &str) -> Result<(), Diagnostic> {
        // Text that would be read back as something else is quoted; `=` and `<<` mean something as keys.
        let quoted = text.is_empty() || matches!(text, "=" | "<<") || is_ambiguous(text);
        self.emit(Event::scalar(None, None, text, !quoted, true, ScalarStyle::Any))
    }
}
