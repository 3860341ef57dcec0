//! Methods of lists.

use super::super::{
    Arguments, TemplateError,
    arguments::{integer, required},
    filter::order_sort,
};
use crate::value::{List, Value};

/// Where Python's `insert` and slices put an index that may be negative or too large.
fn clamp(index: i64, length: usize) -> usize {
    let index = if index < 0 { index.saturating_add(length as i64) } else { index };
    (index.max(0) as usize).min(length)
}

/// The first item that equals a value, from `start` up to `stop`; an undefined one before it is an error.
fn position(items: &[Value], item: &Value, start: usize, stop: usize) -> Result<Option<usize>, TemplateError> {
    for (index, found) in items.iter().enumerate().take(stop).skip(start) {
        match found.missing() {
            Some(undefined) => return Err(TemplateError::undefined(undefined)),
            None if found.python_eq(item) => return Ok(Some(index)),
            None => {}
        }
    }
    Ok(None)
}

pub(super) fn call(list: &List, name: &str, arguments: Arguments<'_>, class: &str) -> Result<Value, TemplateError> {
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
            let Some(index) = position(&list.to_vec(), &item, 0, usize::MAX)? else {
                return Err(TemplateError::value_error("list.remove(x): x not in list"));
            };
            list.with_mut(|list| list.remove(index));
        }
        "pop" => {
            let [index] = arguments.bind(["index"])?;
            let index = index.as_ref().map_or(Ok(-1), |index| {
                let kind = index.type_name();
                let wrong =
                    || TemplateError::type_error(format!("list indices must be integers or slices, not {kind}"));
                index.as_i64().ok_or_else(wrong)
            })?;
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
            let found = position(&items, &item, start, stop)?;
            let text = match class {
                "tuple" => "tuple.index(x): x not in tuple".to_owned(),
                _ => format!("{} is not in list", item.repr()),
            };
            return found.map(Value::from).ok_or_else(|| TemplateError::value_error(text));
        }
        "count" => {
            let [item] = arguments.bind(["value"])?;
            let item = required(item, name, "value")?;
            let items = list.to_vec();
            let (mut count, mut from) = (0_usize, 0);
            while let Some(found) = position(&items, &item, from, usize::MAX)? {
                (count, from) = (count + 1, found + 1);
            }
            return Ok(Value::from(count));
        }
        "sort" => {
            if !arguments.positional.is_empty() {
                return Err(TemplateError::type_error("sort() takes no positional arguments"));
            }
            let [key, reverse] = arguments.bind(["key", "reverse"])?;
            let mut items = list.to_vec();
            if let Some(key) = key.filter(|key| !key.is_none() && !items.is_empty()) {
                return Err(TemplateError::type_error(format!("'{}' object is not callable", key.type_name())));
            }
            order_sort(&mut items, |item| Ok(item.clone()), reverse.is_some_and(|reverse| reverse.is_truthy()))?;
            list.with_mut(|list| *list = items);
        }
        "reverse" => list.with_mut(|list| list.reverse()),
        _ => return Ok(list.to_vec().into()),
    }
    Ok(Value::None)
}
