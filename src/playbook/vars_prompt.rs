//! `vars_prompt`: variables that somebody types in before a play begins.

use super::{
    keywords::{Place, read_entries},
    load::Loading,
};
use crate::{
    source::{Diagnostic, Kind, Node, Span, Spanned, nearest},
    template::plain_value,
    value::Value,
};

/// One question.
#[derive(Debug)]
pub struct VarsPrompt {
    /// The variable.
    pub name: String,
    /// What is asked; the variable's name if it is missing.
    pub prompt: Option<Spanned<Value>>,
    /// What an empty answer means.
    pub default: Option<Spanned<Value>>,
    /// Whether the answer stays invisible; it does unless this is `no`.
    pub is_private: bool,
    /// Whether it is asked twice.
    pub confirm: bool,
    /// The scheme that the answer is hashed with (`password_hash`).
    pub encrypt: Option<String>,
    /// How many characters of salt the hash gets.
    pub salt_size: Option<i64>,
    /// The salt itself.
    pub salt: Option<String>,
    /// Whether the answer is no template (`unsafe`).
    pub is_unsafe: bool,
    /// Where it is written.
    pub span: Span,
}

const KEYS: [&str; 9] = ["confirm", "default", "encrypt", "name", "private", "prompt", "salt", "salt_size", "unsafe"];

impl VarsPrompt {
    /// Reads one; what is wrong with it goes to `loading`.
    pub fn read(node: &Node, loading: &mut Loading) -> Option<Self> {
        let Some(name) = node.get("name").and_then(Node::as_str) else {
            let error = Diagnostic::error("Invalid vars_prompt data structure, missing 'name' key").at(&node.span);
            loading.error(error);
            return None;
        };
        for entry in node.as_map().unwrap_or_default() {
            let key = entry.key.as_str().unwrap_or_default();
            if !KEYS.contains(&key) {
                let error = Diagnostic::error(format!("`vars_prompt` has no `{key}`")).at(&entry.key.span);
                loading.error(match nearest(key, KEYS) {
                    Some(meant) => error.help(format!("did you mean `{meant}`?")),
                    None => error,
                });
            }
        }
        // The whole entry is checked as variables are: its templates have to parse.
        read_entries(node, Place::Play.class(), loading)?;
        let flag = |key: &str, default: bool| match node.get(key).map(|node| &node.kind) {
            Some(Kind::Bool(flag)) => *flag,
            Some(Kind::Str(text)) => Value::from(text.as_str()).to_flag(),
            _ => default,
        };
        let text = |key: &str| node.get(key).and_then(|node| Some(node.as_str()?.to_owned()));
        let salt_size = match node.get("salt_size").map(|node| &node.kind) {
            Some(Kind::Int(size)) => Some(*size),
            _ => None,
        };
        Some(Self {
            name: name.to_owned(),
            prompt: node.get("prompt").and_then(|node| loading.value(node)),
            default: node.get("default").and_then(|node| loading.value(node)),
            is_private: flag("private", true),
            confirm: flag("confirm", false),
            encrypt: text("encrypt"),
            salt_size,
            salt: node.get("salt").map(plain_value).filter(|salt| !salt.is_none()).map(|salt| salt.to_str()),
            is_unsafe: flag("unsafe", false),
            span: node.span.clone(),
        })
    }
}
