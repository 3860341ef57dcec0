//! Lookups that only rearrange their terms.

use std::collections::HashMap;

use super::{
    super::{Arguments, Lookup, TemplateError, filter::sequence::cartesian, random::Random},
    failed,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        ("items", (|arguments| Ok(flat(&arguments.positional, 1))) as Lookup),
        ("flattened", |arguments| Ok(flattened(&arguments.positional))),
        ("community.general.flattened", |arguments| Ok(flattened(&arguments.positional))),
        ("cartesian", cartesian_rows),
        ("community.general.cartesian", cartesian_rows),
        ("list", |arguments| Ok(arguments.positional)),
        ("dict", dict),
        ("nested", nested),
        ("together", together),
        ("indexed_items", |arguments| {
            let items = flat(&arguments.positional, 1).into_iter().enumerate();
            Ok(items.map(|(index, item)| Value::Tuple([Value::from(index), item].into())).collect())
        }),
        ("random_choice", |arguments| {
            let mut items = arguments.positional;
            if items.is_empty() {
                return Ok(items);
            }
            let chosen = Random::new(None).below(items.len() as u64) as usize;
            Ok(vec![items.swap_remove(chosen)])
        }),
        ("subelements", subelements),
    ]);
}

/// The terms with this many levels of lists taken apart.
pub(super) fn flat(terms: &[Value], levels: usize) -> Vec<Value> {
    terms
        .iter()
        .flat_map(|term| match term {
            Value::List(items) if levels > 0 => flat(&items.to_vec(), levels - 1),
            Value::Tuple(items) if levels > 0 => flat(items, levels - 1),
            Value::Object(_) if levels > 0 => term.iter().unwrap_or_else(|_| vec![term.clone()]),
            other => vec![other.clone()],
        })
        .collect()
}

/// The terms with all lists taken apart. What the old templates made of undefined values ends a list.
fn flattened(terms: &[Value]) -> Vec<Value> {
    let known = terms.iter().take_while(|term| !matches!(term.as_str(), Some("None" | "null")));
    known
        .flat_map(|term| match term {
            Value::List(items) => flattened(&items.to_vec()),
            Value::Tuple(items) => flattened(items),
            other => vec![other.clone()],
        })
        .collect()
}

fn dict(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut out = Vec::new();
    for term in &arguments.positional {
        let term = match term {
            Value::Object(object) => object.plain()?,
            other => other.clone(),
        };
        let Value::Dict(dict) = &term else {
            let kind = term.type_name();
            return Err(failed(format!(
                "the 'dict' lookup plugin expects a dictionary, got '{}' of type <class '{kind}'>)",
                term.to_str()
            )));
        };
        for (key, value) in dict.entries() {
            let entry = Dict::new();
            entry.insert("key", key.value().clone());
            entry.insert("value", value);
            out.push(Value::Dict(entry));
        }
    }
    Ok(out)
}

/// The terms as lists; a text is one of its characters.
fn columns(terms: &[Value]) -> Result<Vec<Vec<Value>>, TemplateError> {
    terms.iter().map(Value::iter).collect()
}

fn nested(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let columns = columns(&arguments.positional)?;
    if columns.is_empty() {
        return Err(failed("with_nested requires at least one element in the nested list"));
    }
    if let ([column], [_]) = (&columns[..], &arguments.positional[..]) {
        // The rows of one list are its items, which have to be lists or text.
        return column.iter().map(|item| Ok(flat(&item.iter()?, 1).into())).collect();
    }
    Ok(cartesian(&columns)?.into_iter().map(|row| flat(&row, 1).into()).collect())
}

fn cartesian_rows(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    if arguments.positional.is_empty() {
        return Err(failed("with_cartesian requires at least one element in each list"));
    }
    let whole = |term: &Value| match term {
        Value::Str(_) => Ok(vec![term.clone()]),
        other => other.iter(),
    };
    let columns: Vec<_> = arguments.positional.iter().map(whole).collect::<Result<_, _>>()?;
    Ok(cartesian(&columns)?.into_iter().map(|row| flat(&row, 1).into()).collect())
}

fn together(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let columns = columns(&arguments.positional)?;
    if columns.is_empty() {
        return Err(failed("with_together requires at least one element in each list"));
    }
    let count = columns.iter().map(Vec::len).max().unwrap_or(0);
    Ok((0..count)
        .map(|index| {
            let row: Vec<Value> =
                columns.iter().map(|column| column.get(index).cloned().unwrap_or(Value::None)).collect();
            flat(&row, 1).into()
        })
        .collect())
}

/// The elements that `subelements` walks: items of a list, or the values of a dict.
fn elements(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Dict(dict) => Some(dict.values()),
        Value::List(list) => Some(list.to_vec()),
        Value::Tuple(items) => Some(items.to_vec()),
        _ => None,
    }
}

fn subelements(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let wanted = "subelements lookup expects a list of two or three items,";
    let terms = &arguments.positional;
    let (2 | 3, Some(walked), Some(path)) = (terms.len(), terms.first(), terms.get(1)) else {
        return Err(failed(wanted));
    };
    let walked = arguments.context.resolve_inside(walked)?;
    let (Some(elements), Some(path)) = (elements(&walked), path.as_str()) else {
        let first = "first a dict or a list, second a string pointing to the subkey";
        return Err(failed(format!("{wanted} {first}")));
    };
    let skips = match terms.get(2) {
        // What was skipped has no results.
        _ if walked.get("skipped").is_some_and(|skipped| skipped.is_truthy()) => return Ok(Vec::new()),
        None => false,
        Some(Value::Dict(flags)) => flags.get("skip_missing").is_some_and(|flag| flag.to_flag()),
        Some(_) => {
            let flags = "the optional third item must be a dict with flags skip_missing";
            return Err(failed(format!("{wanted} {flags}")));
        }
    };
    let keys: Vec<&str> = path.split('.').collect();
    let mut pairs = Vec::new();
    for element in elements {
        let Value::Dict(dict) = &element else {
            return Err(failed(format!("subelements lookup expects a dictionary, got '{}'", element.to_str())));
        };
        if dict.get("skipped").is_some_and(|skipped| skipped.is_truthy()) {
            continue;
        }
        let (rest, found) = take(dict, &keys, skips)?;
        match found {
            Some(found) => {
                pairs.extend(found.into_iter().map(|item| Value::Tuple([Value::Dict(rest.clone()), item].into())));
            }
            None if skips => {}
            None => {
                let last = keys.last().copied().unwrap_or_default();
                return Err(failed(format!("could not find '{last}' key in iterated item '{}'", element.repr())));
            }
        }
    }
    Ok(pairs)
}

/// An element without the list that the keys lead to, and that list; with `skips`, it may be missing on the way.
fn take(element: &Dict, keys: &[&str], skips: bool) -> Result<(Dict, Option<Vec<Value>>), TemplateError> {
    let rest = element.copy();
    let [key, inner @ ..] = keys else { return Ok((rest, None)) };
    let Some(value) = element.get(key) else { return Ok((rest, None)) };
    let wrong = |kind: &str| failed(format!("the key {key} should point to a {kind}, got '{}'", value.to_str()));
    if inner.is_empty() {
        let Value::List(items) = &value else { return Err(wrong("list")) };
        rest.remove(key);
        return Ok((rest, Some(items.to_vec())));
    }
    let Value::Dict(dict) = &value else {
        return if skips { Ok((rest, None)) } else { Err(wrong("dictionary")) };
    };
    let (below, found) = take(dict, inner, skips)?;
    rest.insert(*key, Value::Dict(below));
    Ok((rest, found))
}
