//! Lookups that only rearrange their terms.

use std::collections::HashMap;

use super::{
    super::{
        Arguments, Lookup, TemplateError, arguments::required, evaluate, filter::sequence::cartesian, random::Random,
    },
    failed,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        ("items", (|arguments| Ok(flat(&arguments.positional, 1))) as Lookup),
        ("flattened", |arguments| Ok(flat(&arguments.positional, usize::MAX))),
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
fn flat(terms: &[Value], levels: usize) -> Vec<Value> {
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

fn dict(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut out = Vec::new();
    for term in flat(&arguments.positional, 1) {
        let Value::Dict(dict) = &term else {
            return Err(failed(format!("with_dict expects a dict, not {}", term.type_name())));
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

fn columns(terms: &[Value]) -> Result<Vec<Vec<Value>>, TemplateError> {
    terms
        .iter()
        .map(|term| match term {
            Value::Str(_) => Ok(vec![term.clone()]),
            other => other.iter(),
        })
        .collect()
}

fn nested(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let columns = columns(&arguments.positional)?;
    if columns.is_empty() {
        return Err(failed("with_nested requires at least one element in the nested list"));
    }
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

/// The key that holds the list: the last part of `a.b`.
fn path_end(path: &Value) -> String {
    path.to_str().rsplit('.').next().unwrap_or("").to_owned()
}

fn subelements(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let context = arguments.context;
    let mut terms = arguments.positional.into_iter();
    // Called as `query('subelements', list, 'key')` and as `with_subelements: [list, key]`.
    let elements = required(terms.next(), "subelements", "elements")?;
    let path = required(terms.next(), "subelements", "key")?;
    let mut positional = vec![elements, path.clone()];
    if let Some(Value::Dict(flags)) = terms.next() {
        positional.push(flags.get("skip_missing").unwrap_or(Value::Bool(false)));
    }
    let inner = Arguments { context, name: "subelements", positional, named: Vec::new() };
    let pairs = evaluate::apply_filter(inner, "subelements")?.iter()?;
    let key = path_end(&path);
    // Unlike the filter, the lookup leaves the walked list out of the element.
    Ok(pairs
        .into_iter()
        .map(|pair| match &pair {
            Value::Tuple(parts) => match &parts[0] {
                Value::Dict(element) => {
                    let element = element.copy();
                    element.remove(&key);
                    Value::Tuple([Value::Dict(element), parts[1].clone()].into())
                }
                _ => pair,
            },
            _ => pair,
        })
        .collect())
}
