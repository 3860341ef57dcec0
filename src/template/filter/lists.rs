//! `community.general` filters on several lists: as sets, and merged by a key.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError},
    combine::{ListMerge, merge},
    failed, flag, order, set,
};
use crate::value::{Dict, Key, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        (
            "community.general.lists_union",
            (|arguments| joined(arguments, true, |a, b| set::unique(a.iter().chain(b)))) as Filter,
        ),
        ("community.general.lists_intersect", |arguments| {
            joined(arguments, false, |a, b| set::unique(a.iter().filter(|item| b.contains(item))))
        }),
        ("community.general.lists_difference", |arguments| {
            joined(arguments, false, |a, b| set::unique(a.iter().filter(|item| !b.contains(item))))
        }),
        ("community.general.lists_symmetric_difference", |arguments| {
            joined(arguments, true, set::symmetric_difference)
        }),
        ("community.general.lists_mergeby", mergeby),
    ]);
}

type Join = fn(&[Value], &[Value]) -> Vec<Value>;

/// Joins the lists one after the other. Where they are added up they have to be lists; else text and dicts count as
/// lists of their characters and keys.
fn joined(mut arguments: Arguments<'_>, added: bool, join: Join) -> Result<Value, TemplateError> {
    let flatten = flag(arguments.take("flatten").as_ref());
    if let Some((name, _)) = arguments.named.first() {
        return Err(failed(format!("{}() got unexpected keywords arguments: {name}", arguments.name)));
    }
    let mut lists = Vec::new();
    for list in &arguments.positional {
        match list {
            // A list of lists is several; a list with anything else in it is one.
            Value::List(items) if flatten && items.to_vec().iter().all(|item| matches!(item, Value::List(_))) => {
                lists.extend(items.to_vec());
            }
            other => lists.push(other.clone()),
        }
    }
    let mut result: Option<Vec<Value>> = None;
    for list in &lists {
        if let Value::Undefined(undefined) = list {
            return Err(TemplateError::undefined(undefined));
        }
        if added && lists.len() > 1 && !matches!(list, Value::List(_)) {
            let kind = list.type_name();
            return Err(TemplateError::type_error(format!("can only concatenate list (not \"{kind}\") to list")));
        }
        let items = list.iter()?;
        result = Some(match result {
            None => set::unique(items.iter()),
            Some(so_far) => join(&so_far, &items),
        });
    }
    Ok(result.unwrap_or_default().into())
}

/// One list of the dicts in all lists, those with the same value of a key merged, sorted by that.
fn mergeby(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let recursive = flag(arguments.take("recursive").as_ref());
    let list_merge = arguments.take("list_merge").map_or_else(|| "replace".to_owned(), |name| name.to_str());
    if !arguments.named.is_empty() {
        return Err(failed("'recursive' and 'list_merge' are the only valid keyword arguments."));
    }
    if arguments.positional.len() < 2 {
        return Err(failed("At least one list and index are needed."));
    }
    let index = arguments.positional.pop().unwrap_or(Value::None);
    if !matches!(index, Value::Str(_)) {
        let text = format!("{} is <class '{}'>", index.to_str(), index.type_name());
        return Err(failed(format!("First argument after the lists for {} must be string. {text}", arguments.name)));
    }
    let mut dicts = Vec::new();
    for list in &arguments.positional {
        let Value::List(items) = list else {
            let text = format!("{} is <class '{}'>", list.repr(), list.type_name());
            let filter = "community.general.lists_mergeby";
            return Err(failed(format!("All arguments before the argument index for {filter} must be lists. {text}")));
        };
        for item in items.to_vec() {
            match item {
                Value::List(inner) => dicts.extend(inner.to_vec()),
                other => dicts.push(other),
            }
        }
    }
    let merged = Dict::new();
    for item in dicts {
        let Value::Dict(dict) = &item else {
            let text = format!("{} is <class '{}'>", item.repr(), item.type_name());
            return Err(failed(format!("Elements of list arguments for lists_mergeby must be dictionaries. {text}")));
        };
        let Some(key) = dict.get_value(&index) else { continue };
        let value = match merged.get_value(&key) {
            Some(Value::Dict(old)) => merge(&old, dict, recursive, ListMerge::new(&list_merge)?),
            _ => dict.copy(),
        };
        merged.set(Key::new(key)?, Value::Dict(value));
    }
    let mut items = merged.values();
    let key = |item: &Value| Ok(item.as_dict().and_then(|dict| dict.get_value(&index)).unwrap_or(Value::None));
    order::sort(&mut items, key, false)?;
    Ok(items.into())
}
