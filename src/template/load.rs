//! YAML nodes as values: text with markers becomes a template, `!unsafe` text never does.

use super::{Syntax, Template, TemplateError, context, date::Date};
use crate::{
    source::{Entry, Kind, Node, Place, Span},
    value::{Dict, Key, Str, Value},
};

/// The value of a node from a file that people wrote. A template in it that does not parse is an error for whoever
/// uses it; this fails for keys that cannot be keys.
pub fn value_from_node(node: &Node) -> Result<Value, TemplateError> {
    Ok(match &node.kind {
        Kind::Str(text) if !Template::is_plain(text) => {
            let compiled = Template::compile(text, &node.span, &Syntax::default());
            compiled.unwrap_or_else(|error| Template::broken(text, &node.span, error)).into()
        }
        Kind::Str(text) => Value::Str(Str::trusted(text, Place::new(&node.span))),
        Kind::List(items) => {
            let list: Value = items.iter().map(value_from_node).collect::<Result<_, _>>()?;
            list.made_at(|| Place::new(&node.span))
        }
        Kind::Map(entries) => {
            let dict = Dict::new();
            for entry in entries {
                let key = key(&entry.key).map_err(|error| error.at(entry.key.span.clone()))?;
                dict.set(key, value_from_node(&entry.value)?);
            }
            Value::Dict(dict).made_at(|| Place::new(&node.span))
        }
        _ => plain_value(node),
    })
}

/// The value of a node with all text as it stands: keys, and everything that is not a template's business.
pub fn plain_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::None,
        Kind::Bool(flag) => Value::Bool(*flag),
        Kind::Int(number) => Value::Int(*number),
        Kind::BigInt(number) => Value::from(number.clone()),
        Kind::Float(number) => Value::Float(*number),
        Kind::Str(text) | Kind::Unsafe(text) => Value::from(text.as_str()),
        Kind::Timestamp(text) => Date::read(text).map_or_else(|| text.as_str().into(), Value::object),
        Kind::Vault(text) => Template::encrypted(text, &node.span).into(),
        Kind::List(items) => items.iter().map(plain_value).collect(),
        Kind::Map(entries) => Value::Dict(
            entries.iter().filter_map(|entry| Some((key(&entry.key).ok()?, plain_value(&entry.value)))).collect(),
        ),
    }
}

/// A key; a date is text there, as it is in JSON, and an encrypted text is opened.
fn key(node: &Node) -> Result<Key, TemplateError> {
    Key::new(match &node.kind {
        Kind::Timestamp(text) => text.as_str().into(),
        Kind::Vault(text) => context::opened(&Str::from(text.as_str()))?,
        _ => plain_value(node),
    })
}

/// A value as a node at `span`, as if it stood there in a file; `text` says what plain text becomes, templates
/// stay what they are. An object becomes nothing.
pub fn node_from_value(value: &Value, span: &Span, text: fn(String) -> Kind) -> Node {
    let node = |value: &Value| node_from_value(value, span, text);
    let kind = match value {
        Value::Object(object) if let Some(date) = object.downcast_ref::<Date>() => Kind::Timestamp(date.iso('T')),
        Value::Undefined(_) | Value::None | Value::Object(_) => Kind::Null,
        Value::Bool(flag) => Kind::Bool(*flag),
        Value::Int(number) => Kind::Int(*number),
        Value::BigInt(number) => Kind::BigInt((**number).clone()),
        Value::Float(number) => Kind::Float(*number),
        Value::Str(plain) => text(plain.to_string()),
        Value::Bytes(bytes) => text(String::from_utf8_lossy(bytes).into_owned()),
        Value::Lazy(template) if template.is_encrypted() => Kind::Vault(template.source().to_owned()),
        Value::Lazy(template) => Kind::Str(template.source().to_owned()),
        Value::List(list) => Kind::List(list.to_vec().iter().map(node).collect()),
        Value::Tuple(items) => Kind::List(items.iter().map(node).collect()),
        Value::Dict(dict) => Kind::Map(
            dict.entries()
                .into_iter()
                .map(|(key, value)| Entry { key: node_from_value(key.value(), span, Kind::Str), value: node(&value) })
                .collect(),
        ),
    };
    Node::new(kind, span.clone())
}

/// JSON as a value in which text with markers is a template; for tables of cases.
#[cfg(test)]
pub(super) fn from_json_trusted(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::String(text) if !Template::is_plain(text) => {
            let span = Span::outside("case", text);
            Template::compile(text, &span, &Syntax::default()).expect("a valid template").into()
        }
        serde_json::Value::Array(items) => items.iter().map(from_json_trusted).collect(),
        serde_json::Value::Object(map) => {
            Value::Dict(map.iter().map(|(key, value)| (key.as_str(), from_json_trusted(value))).collect())
        }
        other => Value::from_json(other.clone()),
    }
}
