//! TOML in the layout of Python's tomli-w: the values of a table first, then its tables.

use std::fmt::Write as _;

use crate::{
    source::{Diagnostic, Kind, Node},
    value::float_text,
};

use super::{Tree, key_text};

pub fn write(tree: &Tree) -> Result<String, Diagnostic> {
    let mut out = String::new();
    if let Some(entries) = table(tree) {
        write_table(&entries, "", &mut out)?;
    }
    Ok(out)
}

/// A value of a table.
enum Item<'t, 'a> {
    Tree(&'t Tree<'a>),
    Node(&'t Node),
}

/// The entries of what is a table.
fn table<'t, 'a>(tree: &'t Tree<'a>) -> Option<Vec<(String, Item<'t, 'a>)>> {
    match tree {
        Tree::Map(entries) => Some(entries.iter().map(|(key, value)| (key.clone(), Item::Tree(value))).collect()),
        Tree::Names(_) | Tree::List(_) => None,
        Tree::Node(_) | Tree::Made(_) => node_table(tree.node()?),
    }
}

fn node_table<'a>(node: &Node) -> Option<Vec<(String, Item<'_, 'a>)>> {
    let entries = node.as_map()?;
    Some(entries.iter().map(|entry| (key_text(&entry.key), Item::Node(&entry.value))).collect())
}

fn write_table(entries: &[(String, Item)], name: &str, out: &mut String) -> Result<(), Diagnostic> {
    let mut literals = Vec::new();
    let mut tables = Vec::new();
    for (key, item) in entries {
        let inner = match item {
            Item::Tree(tree) => table(tree),
            Item::Node(node) => node_table(node),
        };
        match inner {
            Some(inner) => tables.push((key, inner)),
            None => literals.push((key, item)),
        }
    }
    let shows_head = !name.is_empty() && (!literals.is_empty() || tables.is_empty());
    if shows_head {
        let _ = writeln!(out, "[{name}]");
    }
    for (key, item) in &literals {
        let _ = write!(out, "{} = ", key_part(key));
        match item {
            Item::Tree(Tree::Names(names)) => {
                let names: Vec<Node> = names
                    .iter()
                    .map(|name| Node::new(Kind::Str(name.clone()), crate::source::Span::outside("", "")))
                    .collect();
                array(&names, 0, out)?;
            }
            Item::Tree(tree) => tree.node().map_or(Ok(()), |node| literal(node, 0, out))?,
            Item::Node(node) => literal(node, 0, out)?,
        }
        out.push('\n');
    }
    let mut is_first = !shows_head && literals.is_empty();
    for (key, inner) in tables {
        if !is_first {
            out.push('\n');
        }
        is_first = false;
        let path = if name.is_empty() { key_part(key) } else { format!("{name}.{}", key_part(key)) };
        write_table(&inner, &path, out)?;
    }
    Ok(())
}

fn literal(node: &Node, level: usize, out: &mut String) -> Result<(), Diagnostic> {
    match &node.kind {
        Kind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Kind::Int(number) => out.push_str(&number.to_string()),
        Kind::BigInt(number) => out.push_str(&number.to_string()),
        Kind::Float(number) => out.push_str(&float_text(*number)),
        Kind::Str(text) | Kind::Unsafe(text) => string(text, out),
        Kind::Timestamp(text) => out.push_str(text),
        Kind::List(items) => array(items, level, out)?,
        Kind::Map(entries) => {
            out.push_str("{ ");
            for (index, entry) in entries.iter().enumerate() {
                let _ = write!(out, "{}{} = ", if index > 0 { ", " } else { "" }, key_part(&key_text(&entry.key)));
                literal(&entry.value, level, out)?;
            }
            out.push_str(if entries.is_empty() { "}" } else { " }" });
        }
        Kind::Null | Kind::Vault(_) => {
            return Err(Diagnostic::error(format!("TOML cannot hold {}", node.describe()))
                .at(&node.span)
                .help("print YAML or JSON instead"));
        }
    }
    Ok(())
}

fn array(items: &[Node], level: usize, out: &mut String) -> Result<(), Diagnostic> {
    if items.is_empty() {
        out.push_str("[]");
        return Ok(());
    }
    out.push_str("[\n");
    for item in items {
        out.push_str(&"    ".repeat(level + 1));
        literal(item, level + 1, out)?;
        out.push_str(",\n");
    }
    out.push_str(&"    ".repeat(level));
    out.push(']');
    Ok(())
}

fn key_part(key: &str) -> String {
    if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        return key.to_owned();
    }
    let mut out = String::new();
    string(key, &mut out);
    out
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
