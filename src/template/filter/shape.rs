//! Filters that turn dicts into lists and lists into dicts, or reach into them.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required, evaluate::item},
    default::wants_dict,
    failed,
};
use crate::value::{Dict, Key, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        (
            "items",
            (|arguments| {
                let [value] = arguments.bind(["value"])?;
                let value = required(value, "items", "value")?;
                let Value::Dict(dict) = &value else {
                    return Err(TemplateError::type_error("Can only get item pairs from a mapping."));
                };
                Ok(dict.entries().into_iter().map(|(key, value)| pair(key.value().clone(), value)).collect())
            }) as Filter,
        ),
        ("dict2items", dict2items),
        ("items2dict", items2dict),
        ("subelements", subelements),
        ("extract", extract),
        ("rekey_on_member", rekey_on_member),
    ]);
}

fn pair(key: Value, value: Value) -> Value {
    Value::Tuple([key, value].into())
}

fn names(key: Option<Value>, value: Option<Value>) -> (Value, Value) {
    (key.unwrap_or_else(|| "key".into()), value.unwrap_or_else(|| "value".into()))
}

fn dict2items(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [dict, key_name, value_name] = arguments.bind(["mydict", "key_name", "value_name"])?;
    let (key_name, value_name) = names(key_name, value_name);
    let value = required(dict, "dict2items", "mydict")?;
    let dict = match &value {
        Value::Dict(dict) => dict.clone(),
        Value::Object(object) if object.shape() == crate::value::Shape::Mapping => {
            super::super::method::dict_from(&value)?
        }
        other => return Err(wants_dict("dict2items", other)),
    };
    // Another host's variables are handed on, those that cannot be evaluated too.
    let is_plain = matches!(value, Value::Dict(_));
    dict.entries()
        .into_iter()
        .map(|(key, value)| {
            if let Some(undefined) = value.missing().filter(|_| is_plain) {
                return Err(TemplateError::undefined(undefined));
            }
            let entry = Dict::new();
            entry.set_value(key_name.clone(), key.value().clone())?;
            entry.set_value(value_name.clone(), value)?;
            Ok(Value::Dict(entry))
        })
        .collect()
}

fn items2dict(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [items, key_name, value_name] = arguments.bind(["mylist", "key_name", "value_name"])?;
    let (key_name, value_name) = names(key_name, value_name);
    let list = required(items, "items2dict", "mylist")?;
    let Value::List(items) = &list else {
        let text = format!("items2dict requires a list, got <class '{}'> instead.", list.type_name());
        return Err(failed(text));
    };
    let dict = Dict::new();
    for entry in items.to_vec() {
        let missing = || {
            let text = "items2dict requires each dictionary in the list to contain the keys";
            failed(format!(
                "{text} '{}' and '{}', got {} instead.",
                key_name.to_str(),
                value_name.to_str(),
                list.repr()
            ))
            .apart()
        };
        let dict_entry = entry.as_dict();
        if dict_entry.is_none() {
            let text = format!("items2dict requires a list of dictionaries, got {} instead.", list.repr());
            return Err(failed(text).apart());
        }
        let field = |name: &Value| dict_entry.and_then(|dict| dict.get_value(name)).ok_or_else(missing);
        let (key, value) = (field(&key_name)?, field(&value_name)?);
        dict.set(Key::new(key)?, value);
    }
    Ok(Value::Dict(dict))
}

fn subelements(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [object, path, skip_missing] = arguments.bind(["obj", "subelements", "skip_missing"])?;
    let skip_missing = skip_missing.is_some_and(|skip| skip.is_truthy());
    let elements = match required(object, "subelements", "obj")? {
        Value::Dict(dict) => dict.values(),
        Value::List(list) => list.to_vec(),
        _ => return Err(failed("obj must be a list of dicts or a nested dict")),
    };
    let path: Vec<String> = match required(path, "subelements", "subelements")? {
        Value::Str(path) => path.split('.').map(str::to_owned).collect(),
        Value::List(path) => path.to_vec().iter().map(Value::to_str).collect(),
        _ => return Err(failed("subelements must be a list or a string")),
    };
    let mut out = Vec::new();
    for element in elements {
        let mut found = Some(element.clone());
        for name in &path {
            found = match found {
                Some(Value::Dict(dict)) => dict.get(name),
                Some(other) => {
                    let shown = other.to_str();
                    let reason = match &other {
                        Value::Str(_) => "string indices must be integers, not 'str'".to_owned(),
                        Value::List(_) => "list indices must be integers or slices, not str".to_owned(),
                        other => format!("'{}' object is not subscriptable", other.type_name()),
                    };
                    return Err(failed(format!(
                        "the key {name} should point to a dictionary, got '{shown}': {reason}"
                    )));
                }
                None => break,
            };
            if found.is_none() {
                if skip_missing {
                    break;
                }
                let text = format!("could not find '{name}' key in iterated item {}", element.repr());
                return Err(failed(text).apart());
            }
        }
        match found {
            Some(Value::List(values)) => {
                out.extend(values.to_vec().into_iter().map(|value| pair(element.clone(), value)));
            }
            None => {}
            Some(other) => {
                let name = path.last().map_or("", String::as_str);
                let shown = other.repr();
                return Err(failed(format!("the key '{name}' should point to a list, got {shown}")));
            }
        }
    }
    Ok(out.into())
}

fn extract(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [key, container, more] = arguments.bind(["item", "container", "morekeys"])?;
    let key = context.resolve_inside(&required(key, "extract", "item")?)?;
    if let Some(undefined) = key.missing_inside() {
        return Err(TemplateError::undefined(&undefined));
    }
    let mut value = item(&required(container, "extract", "container")?, &key)?;
    let more = match more {
        None | Some(Value::None) => Vec::new(),
        Some(Value::List(keys)) => keys.to_vec(),
        Some(key) => vec![key],
    };
    for key in more {
        value = item(&context.resolve(&value)?, &key)?;
    }
    Ok(value)
}

fn rekey_on_member(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data, key, duplicates] = arguments.bind(["data", "key", "duplicates"])?;
    let overwrite = match duplicates.map_or_else(|| "error".to_owned(), |mode| mode.to_str()).as_str() {
        "error" => false,
        "overwrite" => true,
        other => return Err(failed(format!("duplicates parameter to rekey_on_member has unknown value '{other}'"))),
    };
    let key = required(key, "rekey_on_member", "key")?;
    let items = match required(data, "rekey_on_member", "data")? {
        Value::Dict(dict) => dict.values(),
        Value::List(list) => list.to_vec(),
        _ => return Err(TemplateError::type_error("Type is not a valid list, set, or dict")),
    };
    let result = Dict::new();
    for item in items {
        let Value::Dict(entry) = &item else {
            return Err(TemplateError::type_error("List item is not a valid dict"));
        };
        let Some(member) = entry.get_value(&key) else {
            return Err(failed(format!("Key {} was not found.", key.repr())));
        };
        let member = Key::new(member)?;
        if !overwrite && result.get_value(member.value()).is_some() {
            return Err(failed(format!("Key {} is not unique, cannot convert to dict.", member.value().repr())));
        }
        result.set(member, item);
    }
    Ok(Value::Dict(result))
}
