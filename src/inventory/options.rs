//! Options of inventory plugins, as their documents hold them.

use crate::{
    config::Kind as SettingKind,
    source::{Diagnostic, Kind, Node},
    template::plain_value,
};

/// A boolean option, in any of the spellings that settings have; `None` where it is missing.
pub fn flag(document: &Node, name: &str) -> Result<Option<bool>, Diagnostic> {
    let Some(node) = document.get(name).filter(|node| node.kind != Kind::Null) else { return Ok(None) };
    match &node.kind {
        Kind::Bool(flag) => Ok(Some(*flag)),
        Kind::Str(_) | Kind::Int(_) | Kind::Float(_) => Ok(Some(SettingKind::is_true(&plain_value(node).to_str()))),
        _ => Err(Diagnostic::error(format!("`{name}` must be true or false, and this is {}", node.describe()))
            .at(&node.span)),
    }
}

/// The entries of an option that is a mapping with text as its keys; none where it is missing.
pub fn pairs<'a>(node: Option<&'a Node>, name: &str) -> Result<Vec<(&'a str, &'a Node)>, Diagnostic> {
    let Some(node) = node.filter(|node| node.kind != Kind::Null) else { return Ok(Vec::new()) };
    let entries = node.as_map().ok_or_else(|| {
        Diagnostic::error(format!("`{name}` must be a mapping, and this is {}", node.describe())).at(&node.span)
    })?;
    let pair = |entry: &'a crate::source::Entry| {
        let key = entry.key.as_str().ok_or_else(|| {
            Diagnostic::error(format!("a name in `{name}` must be text, and this is {}", entry.key.describe()))
                .at(&entry.key.span)
                .help("quote it")
        })?;
        Ok((key, &entry.value))
    };
    entries.iter().map(pair).collect()
}
