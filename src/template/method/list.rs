//! Methods of lists.

use super::super::{
    Arguments, TemplateError,
    arguments::{integer, required},
    filter::order_sort,
};
use crate::value::{List, Value};

pub(super) const NAMES: [&str; 13] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "index",
    "count",
    "sort",
    "reverse",
    "copy",
    "__len__",
    "__contains__",
];

/// Where Python's `insert` and slices put an index that may be negative or too large.
fn clamp(index: i64, length: usize) -> usize {
    let index = if index < 0 { index.saturating_add(length as i64) } else { index };
    (index.max(0) as usize).min(length)
}

pub(super) fn call(list: &List, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match name {
        "append" => {
            let [item] = arguments.bind(["object"])?;
            list.push(required(item, name, "object")?);
        }
        "extend" => {
            let [items] = arguments.bind(["iterable"])?;
            let items = required(items, name, "iterable")?.iter()?;
            list.with_mut(|list| list.extend(items));
        }
        "insert" => {
            let [index, item] = arguments.bind(["index", "object"])?;
            let index = integer(&required(index, name, "index")?)?;
            let item = required(item, name, "object")?;
            list.with_mut(|list| list.insert(clamp(index, list.len()), item));
        }
        "remove" => {
            let [item] = arguments.bind(["value"])?;
            let item = required(item, name, "value")?;
            let Some(index) = list.to_vec().iter().position(|found| found.python_eq(&item)) else {
                return Err(TemplateError::value_error("list.remove(x): x not in list"));
            };
            list.with_mut(|list| list.remove(index));
        }
        "pop" => {
            let [index] = arguments.bind(["index"])?;
            let index = index.as_ref().map_or(Ok(-1), integer)?;
            return list.with_mut(|list| {
                let position = if index < 0 { index.saturating_add(list.len() as i64) } else { index };
                match usize::try_from(position) {
                    _ if list.is_empty() => Err(TemplateError::raised("IndexError", "pop from empty list")),
                    Ok(position) if position < list.len() => Ok(list.remove(position)),
                    _ => Err(TemplateError::raised("IndexError", "pop index out of range")),
                }
            });
        }
        "clear" => list.with_mut(Vec::clear),
        "index" => {
            let [item, start, stop] = arguments.bind(["value", "start", "stop"])?;
            let item = required(item, name, "value")?;
            let items = list.to_vec();
            let start = clamp(start.as_ref().map_or(Ok(0), integer)?, items.len());
            let stop = clamp(stop.as_ref().map_or(Ok(i64::MAX), integer)?, items.len());
            let found = items.iter().enumerate().take(stop).skip(start).find(|(_, found)| found.python_eq(&item));
            return match found {
                Some((index, _)) => Ok(Value::from(index)),
                None => Err(TemplateError::value_error(format!("{} is not in list", item.repr()))),
            };
        }
        "count" => {
            let [item] = arguments.bind(["value"])?;
            let item = required(item, name, "value")?;
            return Ok(Value::from(list.to_vec().iter().filter(|found| found.python_eq(&item)).count()));
        }
        "sort" => {
            let [reverse] = arguments.bind(["reverse"])?;
            let mut items = list.to_vec();
            order_sort(&mut items, |item| Ok(item.clone()), reverse.is_some_and(|reverse| reverse.is_truthy()))?;
            list.with_mut(|list| *list = items);
        }
        "reverse" => list.with_mut(|list| list.reverse()),
        "copy" => return Ok(list.to_vec().into()),
        "__len__" => return Ok(Value::from(list.len())),
        _ => {
            let [item] = arguments.bind(["value"])?;
            let item = required(item, name, "value")?;
            return Ok(Value::Bool(list.to_vec().iter().any(|found| found.python_eq(&item))));
        }
    }
    Ok(Value::None)
}
