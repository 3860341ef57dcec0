//! JSON in Python's layout.

use std::fmt::Write as _;

use crate::{
    source::{Kind, Node},
    value::float_text,
};

use super::{Markers, Tree, key_text};

pub fn write(tree: &Tree, markers: Markers) -> String {
    let mut writer = Writer { out: String::new(), markers };
    writer.tree(tree, 0);
    writer.out
}

struct Writer {
    out: String,
    markers: Markers,
}

impl Writer {
    fn tree(&mut self, tree: &Tree, level: usize) {
        match tree {
            Tree::Node(node) => self.node(node, level),
            Tree::Made(node) => self.node(node, level),
            Tree::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.clone(), value)).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                self.map(&entries, level, Self::tree);
            }
            Tree::Names(names) => self.items(names, level, |writer, name, _| writer.text(name)),
            Tree::List(items) => self.items(items, level, Self::tree),
        }
    }

    fn node(&mut self, node: &Node, level: usize) {
        match &node.kind {
            Kind::Null => self.out.push_str("null"),
            Kind::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Kind::Int(number) => self.out.push_str(&number.to_string()),
            Kind::BigInt(number) => self.out.push_str(&number.to_string()),
            Kind::Float(number) if number.is_nan() => self.out.push_str("NaN"),
            Kind::Float(number) if number.is_infinite() => {
                self.out.push_str(if *number > 0.0 { "Infinity" } else { "-Infinity" });
            }
            Kind::Float(number) => self.out.push_str(&float_text(*number)),
            Kind::Str(text) | Kind::Timestamp(text) => self.text(text),
            Kind::Unsafe(text) if self.markers == Markers::Written => self.marked("__ansible_unsafe", text, level),
            Kind::Unsafe(text) => self.text(text),
            Kind::Vault(text) => self.marked("__ansible_vault", text, level),
            Kind::List(items) => self.items(items, level, Self::node),
            Kind::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().map(|entry| (key_text(&entry.key), &entry.value)).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                self.map(&entries, level, Self::node);
            }
        }
    }

    fn marked(&mut self, marker: &str, text: &str, level: usize) {
        self.map(&[(marker.to_owned(), text)], level, |writer, text, _| writer.text(text));
    }

    fn map<T: Copy>(&mut self, entries: &[(String, T)], level: usize, write: impl Fn(&mut Self, T, usize)) {
        self.out.push('{');
        for (index, (key, value)) in entries.iter().enumerate() {
            self.begin(index, level + 1);
            self.text(key);
            self.out.push_str(": ");
            write(self, *value, level + 1);
        }
        self.end(entries.is_empty(), level, '}');
    }

    fn items<T>(&mut self, items: &[T], level: usize, write: impl Fn(&mut Self, &T, usize)) {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            self.begin(index, level + 1);
            write(self, item, level + 1);
        }
        self.end(items.is_empty(), level, ']');
    }

    fn begin(&mut self, index: usize, level: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.line(level);
    }

    fn end(&mut self, is_empty: bool, level: usize, bracket: char) {
        if !is_empty {
            self.line(level);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, level: usize) {
        self.out.push('\n');
        self.out.push_str(&"    ".repeat(level));
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\x08' => self.out.push_str("\\b"),
                '\x0c' => self.out.push_str("\\f"),
                c if (c as u32) < 0x20 => {
                    let _ = write!(self.out, "\\u{:04x}", c as u32);
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
