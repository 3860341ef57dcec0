//! What commands print as JSON, YAML or TOML: nodes from files, and maps and lists around them.

mod json;
mod toml;
mod yaml;

use crate::source::{Diagnostic, Kind, Node};

/// A value to print.
pub enum Tree<'a> {
    /// Something from a file. Where the same node stands twice, YAML refers to the first one, as Ansible does.
    Node(&'a Node),
    /// Something made for this.
    Made(Node),
    /// A mapping; JSON and YAML sort it by its keys.
    Map(Vec<(String, Self)>),
    /// A list of names.
    Names(Vec<String>),
    /// A list.
    List(Vec<Self>),
}

/// How text that is no template and encrypted text are written in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Markers {
    /// As mappings that inventory scripts may print too: `{"__ansible_unsafe": …}`.
    Written,
    /// Only encrypted text is marked.
    Vaults,
}

impl Tree<'_> {
    /// As Python's `json.dumps(…, indent=4, sort_keys=True, ensure_ascii=False)`, without a line ending at its end.
    pub fn json(&self, markers: Markers) -> String {
        json::write(self, markers)
    }

    /// As PyYAML's dumper writes it, the line ending of the last line included.
    pub fn yaml(&self) -> Result<String, Diagnostic> {
        yaml::write(self)
    }

    /// As Python's tomli-w writes it. Fails on what TOML cannot say.
    pub fn toml(&self) -> Result<String, Diagnostic> {
        toml::write(self)
    }

    /// The node, if it is one.
    fn node(&self) -> Option<&Node> {
        match self {
            Self::Node(node) => Some(node),
            Self::Made(node) => Some(node),
            _ => None,
        }
    }
}

/// A key as Python's `json` writes it.
fn key_text(key: &Node) -> String {
    match &key.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Int(number) => number.to_string(),
        Kind::BigInt(number) => number.to_string(),
        Kind::Float(number) => crate::value::float_text(*number),
        Kind::Str(text) | Kind::Unsafe(text) | Kind::Timestamp(text) | Kind::Vault(text) => text.clone(),
        Kind::List(_) | Kind::Map(_) => String::new(),
    }
}
