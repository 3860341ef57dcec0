//! Methods of dicts.

use super::super::{Arguments, TemplateError, arguments::required};
use crate::value::{Dict, Key, Value};

pub(super) fn call(dict: &Dict, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match name {
        "keys" | "values" | "items" => {
            let [] = arguments.bind([])?;
            // What a call returns is a list where Python has a view.
            Ok(match name {
                "keys" => dict.keys().into(),
                "values" => dict.values().into(),
                _ => {
                    let pair = |(key, value): (Key, Value)| Value::Tuple([key.value().clone(), value].into());
                    dict.entries().into_iter().map(pair).collect()
                }
            })
        }
        "get" => {
            let [key, default] = arguments.bind_any(["key", "default"])?;
            let key = required(key, "get", "key")?;
            Ok(dict.get_value(Key::new(key)?.value()).or(default).unwrap_or(Value::None))
        }
        "update" => {
            let named = arguments.named;
            if let Some(source) = arguments.positional.first() {
                dict.update(&from_value(source)?);
            }
            for (key, value) in named {
                dict.insert(key, value);
            }
            Ok(Value::None)
        }
        "pop" => {
            let [key, default] = arguments.bind(["key", "default"])?;
            let key = Key::new(required(key, "pop", "key")?)?;
            dict.with_mut(|entries| entries.shift_remove(&key))
                .or(default)
                .ok_or_else(|| TemplateError::raised("KeyError", key.value().repr()))
        }
        "popitem" => match dict.with_mut(indexmap::IndexMap::pop) {
            Some((key, value)) => Ok(Value::Tuple([key.value().clone(), value].into())),
            None => Err(TemplateError::raised("KeyError", "'popitem(): dictionary is empty'")),
        },
        "setdefault" => {
            let [key, default] = arguments.bind(["key", "default"])?;
            let key = Key::new(required(key, "setdefault", "key")?)?;
            if let Some(value) = dict.get_value(key.value()) {
                return Ok(value.deep_copy());
            }
            let value = default.unwrap_or(Value::None);
            dict.set(key, value.clone());
            Ok(value)
        }
        "clear" => {
            dict.with_mut(indexmap::IndexMap::clear);
            Ok(Value::None)
        }
        "copy" => Ok(Value::Dict(dict.copy())),
        _ => {
            let [keys, value] = arguments.bind(["iterable", "value"])?;
            let made = Dict::new();
            for key in required(keys, "fromkeys", "iterable")?.iter()? {
                made.set(Key::new(key)?, value.clone().unwrap_or(Value::None));
            }
            Ok(Value::Dict(made))
        }
    }
}

/// What `dict(…)` makes of a value: a copy of a dict, or a dict of pairs.
pub(in crate::template) fn from_value(source: &Value) -> Result<Dict, TemplateError> {
    if let Value::Dict(dict) = source {
        return Ok(dict.copy());
    }
    let made = Dict::new();
    if let Value::Object(object) = source
        && object.shape() == crate::value::Shape::Mapping
    {
        for key in source.iter()? {
            let value = object.item(&key)?.unwrap_or(Value::None);
            made.set(Key::new(key)?, value);
        }
        return Ok(made);
    }
    for (index, pair) in source.iter()?.into_iter().enumerate() {
        let items = pair.iter().map_err(|_| {
            TemplateError::type_error(format!(
                "cannot convert dictionary update sequence element #{index} to a sequence"
            ))
        })?;
        let [key, value] = &items[..] else {
            return Err(TemplateError::value_error(format!(
                "dictionary update sequence element #{index} has length {}; 2 is required",
                items.len()
            )));
        };
        made.set(Key::new(key.clone())?, value.clone());
    }
    Ok(made)
}
