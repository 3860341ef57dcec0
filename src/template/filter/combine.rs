//! `combine`: dicts into one.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError},
    failed, flag,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("combine", combine);
}

/// What becomes of two lists under the same key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendUnique,
    PrependUnique,
}

impl ListMerge {
    pub(super) fn new(name: &str) -> Result<Self, TemplateError> {
        Ok(match name {
            "replace" => Self::Replace,
            "keep" => Self::Keep,
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "append_rp" => Self::AppendUnique,
            "prepend_rp" => Self::PrependUnique,
            _ => {
                let known = "'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp'";
                return Err(failed(format!("merge_hash: 'list_merge' argument can only be equal to {known}")));
            }
        })
    }

    fn merge(self, old: &[Value], new: &[Value]) -> Vec<Value> {
        let without = |items: &[Value], others: &[Value]| -> Vec<Value> {
            items.iter().filter(|item| !others.contains(item)).cloned().collect()
        };
        match self {
            Self::Replace => new.to_vec(),
            Self::Keep => old.to_vec(),
            Self::Append => [old, new].concat(),
            Self::Prepend => [new, old].concat(),
            Self::AppendUnique => [&without(old, new)[..], new].concat(),
            Self::PrependUnique => [new, &without(old, new)[..]].concat(),
        }
    }
}

fn combine(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let recursive = flag(arguments.take("recursive").as_ref());
    let list_merge = match arguments.take("list_merge") {
        Some(name) => ListMerge::new(&name.to_str())?,
        None => ListMerge::Replace,
    };
    if !arguments.named.is_empty() {
        return Err(failed("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let mut result: Option<Dict> = None;
    let sources = flattened(&arguments.positional);
    for source in &sources {
        let Value::Dict(dict) = source else {
            if let Value::Undefined(undefined) = source {
                return Err(TemplateError::undefined(undefined));
            }
            let (left, right) = wrong_pair(&sources);
            let text = format!("failed to combine variables, expected dicts but got a '{left}' and a '{right}'.");
            return Err(failed(text));
        };
        if let Some(undefined) = dict.values().iter().find_map(|value| value.missing().cloned()) {
            return Err(TemplateError::undefined(&undefined));
        }
        result = Some(match result {
            None => dict.copy(),
            Some(old) => merge(&old, dict, recursive, list_merge),
        });
    }
    Ok(Value::Dict(result.unwrap_or_default()))
}

/// The types of the two that cannot be merged: Ansible begins with the last ones.
fn wrong_pair(sources: &[Value]) -> (&str, &str) {
    let mut right = sources.last().map_or("dict", Value::type_name);
    for left in sources.iter().rev().skip(1).map(Value::type_name) {
        if (left, right) != ("dict", "dict") {
            return (left, right);
        }
        right = "dict";
    }
    (right, "dict")
}

/// The arguments with lists of dicts taken apart, one level, and without what `flatten` leaves out.
fn flattened(values: &[Value]) -> Vec<Value> {
    let is_null = |value: &Value| value.is_none() || matches!(value.as_str(), Some("None" | "null"));
    values
        .iter()
        .flat_map(|value| match value {
            Value::List(items) => items.to_vec(),
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        })
        .filter(|value| !is_null(value))
        .collect()
}

/// One dict of two; the second one's values win.
pub(super) fn merge(old: &Dict, new: &Dict, recursive: bool, list_merge: ListMerge) -> Dict {
    let result = old.copy();
    for (key, value) in new.entries() {
        let merged = match (result.get_value(key.value()), &value) {
            (Some(Value::Dict(old)), Value::Dict(new)) if recursive => {
                Value::Dict(merge(&old, new, recursive, list_merge))
            }
            (Some(Value::List(old)), Value::List(new)) => list_merge.merge(&old.to_vec(), &new.to_vec()).into(),
            _ => value,
        };
        result.set(key, merged);
    }
    result
}
