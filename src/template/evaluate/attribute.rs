//! `a.b`, `a[b]` and `a[b:c:d]`.

use std::sync::Arc;

use super::super::{TemplateError, function::count::Range, method};
use crate::value::{Undefined, Value};

/// Attributes that most of Python's objects have and templates must not see.
const UNSAFE: [&str; 28] = [
    "__add__",
    "__call__",
    "__class__",
    "__contains__",
    "__delattr__",
    "__delitem__",
    "__dict__",
    "__dir__",
    "__doc__",
    "__eq__",
    "__format__",
    "__ge__",
    "__getattribute__",
    "__getitem__",
    "__gt__",
    "__hash__",
    "__init__",
    "__iter__",
    "__le__",
    "__len__",
    "__lt__",
    "__module__",
    "__name__",
    "__ne__",
    "__reduce__",
    "__repr__",
    "__setitem__",
    "__str__",
];

fn missing(object: &Value, name: String) -> Value {
    Value::Undefined(Arc::new(Undefined::attribute(object.type_name(), name)))
}

/// What has no item of a name that is false, in the words of Jinja2: Ansible has its own for all others.
fn missing_false(object: &Value, index: &Value) -> Value {
    let name = if object.is_none() { "None".to_owned() } else { format!("{} object", object.type_name()) };
    let hint = match index {
        Value::Str(_) => format!("'{name}' has no attribute ''"),
        other => format!("{name} has no element {}", other.repr()),
    };
    Value::Undefined(Arc::new(Undefined::hint(hint)))
}

/// `object.name`: an attribute or method, or else the item of that name. The result may be lazy.
pub(in crate::template) fn attribute(object: &Value, name: &str) -> Result<Value, TemplateError> {
    if let Value::Undefined(undefined) = object {
        return if undefined.is_silent() { Err(TemplateError::undefined(undefined)) } else { Ok(object.clone()) };
    }
    if method::exists(object, name) {
        return Ok(Value::object(method::Bound::new(object, name)));
    }
    match object {
        Value::Dict(dict) => {
            if let Some(value) = dict.get(name) {
                return Ok(value);
            }
        }
        Value::Object(inner) => {
            if let Some(value) = inner.attribute(name)? {
                return Ok(value);
            }
            if let Some(value) = inner.item(&Value::from(name))? {
                return Ok(value);
            }
        }
        other => {
            if let Some(value) = method::attribute(other, name) {
                return Ok(value);
            }
        }
    }
    if UNSAFE.contains(&name) {
        let hint = format!("access to attribute '{name}' of '{}' object is unsafe.", object.type_name());
        return Ok(Value::Undefined(Arc::new(Undefined::hint(hint))));
    }
    if name.is_empty() {
        return Ok(missing_false(object, &Value::empty_text()));
    }
    Ok(missing(object, Value::from(name).repr()))
}

/// `object[index]`: an item, or else the attribute of that name. The result may be lazy.
pub(in crate::template) fn item(object: &Value, index: &Value) -> Result<Value, TemplateError> {
    if let Value::Undefined(undefined) = index
        && object.missing().is_none()
    {
        return Err(TemplateError::undefined(undefined));
    }
    let position = |length: usize| {
        let index = index.as_i64()?;
        let index = if index < 0 { index + length as i64 } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    };
    let found = match object {
        Value::Undefined(undefined) if undefined.is_silent() => return Err(TemplateError::undefined(undefined)),
        Value::Undefined(_) => return Ok(object.clone()),
        Value::Dict(dict) => dict.get_value(index),
        Value::List(list) => list.with(|items| position(items.len()).map(|index| items[index].clone())),
        Value::Tuple(items) => position(items.len()).map(|index| items[index].clone()),
        Value::Str(text) => position(object.len().unwrap_or(0))
            .and_then(|index| text.chars().nth(index))
            .map(|c| Value::from(c.to_string())),
        Value::Bytes(bytes) => position(bytes.len()).map(|index| Value::Int(i64::from(bytes[index]))),
        Value::Object(inner) => inner.item(index)?,
        _ => None,
    };
    if let Some(value) = found {
        return Ok(value);
    }
    if let Value::Str(name) = index {
        if method::exists(object, name) {
            return Ok(Value::object(method::Bound::new(object, name)));
        }
        if let Value::Object(inner) = object
            && let Some(value) = inner.attribute(name)?
        {
            return Ok(value);
        }
    }
    if let Value::Str(name) = index {
        return attribute(object, name);
    }
    if !index.is_truthy() {
        return Ok(missing_false(object, index));
    }
    Ok(missing(object, index.repr()))
}

/// `object[start:stop:step]`.
pub(in crate::template) fn slice(object: &Value, bounds: &[Option<Value>; 3]) -> Result<Value, TemplateError> {
    let mut numbers = [None; 3];
    for (number, bound) in numbers.iter_mut().zip(bounds) {
        *number = match bound {
            None | Some(Value::None) => None,
            Some(Value::Undefined(undefined)) => return Err(TemplateError::undefined(undefined)),
            Some(other) => Some(other.as_i64().ok_or_else(|| {
                TemplateError::type_error("slice indices must be integers or None or have an __index__ method")
            })?),
        };
    }
    let [start, stop, step] = numbers;
    if step == Some(0) {
        return Err(TemplateError::value_error("slice step cannot be zero"));
    }
    let pick = |length: usize| positions(length, start, stop, step.unwrap_or(1));
    match object {
        Value::Str(text) => {
            let chars: Vec<char> = text.chars().collect();
            Ok(Value::from(pick(chars.len()).map(|index| chars[index]).collect::<String>()))
        }
        Value::List(list) => Ok(list.with(|items| pick(items.len()).map(|index| items[index].clone()).collect())),
        Value::Tuple(items) => Ok(Value::Tuple(pick(items.len()).map(|index| items[index].clone()).collect())),
        Value::Bytes(bytes) => Ok(Value::Bytes(pick(bytes.len()).map(|index| bytes[index]).collect())),
        Value::Object(inner) if let Some(range) = inner.downcast_ref::<Range>() => {
            let picked: Vec<usize> = pick(object.len().unwrap_or(0)).collect();
            let start = picked.first().copied().unwrap_or(0);
            Ok(Value::object(range.slice(start, picked.len(), step.unwrap_or(1))))
        }
        Value::Object(inner) if inner.shape() == crate::value::Shape::Sequence => {
            let items = object.iter()?;
            Ok(pick(items.len()).map(|index| items[index].clone()).collect())
        }
        Value::Undefined(_) => Ok(object.clone()),
        Value::Dict(_) => Err(TemplateError::type_error("unhashable type: 'slice'")),
        other => Err(TemplateError::type_error(format!("'{}' object is not subscriptable", other.type_name()))),
    }
}

/// The positions that Python's slice covers, in its order.
fn positions(length: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let length = length as i64;
    let clamp = |bound: i64, low: i64, high: i64| {
        let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
        bound.clamp(low, high)
    };
    let (first, last) = if step > 0 {
        (start.map_or(0, |start| clamp(start, 0, length)), stop.map_or(length, |stop| clamp(stop, 0, length)))
    } else {
        (
            start.map_or(length - 1, |start| clamp(start, -1, length - 1)),
            stop.map_or(-1, |stop| clamp(stop, -1, length - 1)),
        )
    };
    let mut next = first;
    std::iter::from_fn(move || {
        let inside = if step > 0 { next < last } else { next > last };
        let current = next;
        next = next.saturating_add(step);
        inside.then_some(current as usize)
    })
}
