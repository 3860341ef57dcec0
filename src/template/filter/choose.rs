//! Filters that apply others to each item: `map`, `select`, `reject`, `selectattr`, `rejectattr`, `attr`.

use std::{collections::HashMap, sync::Arc};

use super::super::{
    Arguments, Context, Filter, TemplateError,
    arguments::{required, text_with},
    evaluate::{apply_filter, apply_test, attribute, item as item_of, truth},
};
use crate::value::{Str, Undefined, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("map", map as Filter),
        ("select", |arguments| choose(arguments, false, true)),
        ("reject", |arguments| choose(arguments, false, false)),
        ("selectattr", |arguments| choose(arguments, true, true)),
        ("rejectattr", |arguments| choose(arguments, true, false)),
        ("attr", attr),
    ]);
}

/// An attribute by its path: `a.b.0`, or a number for an item. It may be undefined.
pub(in crate::template) fn attribute_of(
    context: &Context<'_>,
    object: &Value,
    path: &Value,
) -> Result<Value, TemplateError> {
    if path.is_none() {
        return Ok(object.clone());
    }
    let Value::Str(path) = path else {
        if let Some(undefined) = path.missing_inside() {
            return Err(TemplateError::undefined(&undefined));
        }
        let value = context.resolve(&item_of(object, path)?)?;
        // Jinja2 looks it up as it looks up names.
        let is_missing = matches!(&value, Value::Undefined(undefined) if undefined.cause.is_none());
        let missing = || Undefined::attribute(object.type_name(), path.repr());
        return Ok(if is_missing { Value::Undefined(Arc::new(missing())) } else { value });
    };
    let mut value = object.clone();
    for part in path.split('.') {
        let key = part.parse().map_or_else(|_| Value::from(part), Value::Int);
        value = context.resolve(&item_of(&value, &key)?)?;
    }
    Ok(value)
}

/// The name of a filter or test.
fn word(name: &Value) -> Result<Str, TemplateError> {
    hashable(name)?;
    text_with(name, "removeprefix")
}

/// Fails for a list or dict, which nothing is looked up by.
fn hashable(name: &Value) -> Result<(), TemplateError> {
    match name {
        Value::List(_) | Value::Dict(_) => {
            Err(TemplateError::type_error(format!("unhashable type: '{}'", name.type_name())))
        }
        _ => Ok(()),
    }
}

fn items(value: &Value) -> Result<Vec<Value>, TemplateError> {
    if value.is_none() { Ok(Vec::new()) } else { value.iter() }
}

fn map(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    if arguments.positional.is_empty() {
        return Err(TemplateError::type_error("map() missing 1 required positional argument: 'value'"));
    }
    let value = arguments.positional.remove(0);
    if arguments.positional.is_empty() && arguments.named.iter().any(|(name, _)| **name == *"attribute") {
        let default = arguments.take("default");
        let [path] = arguments.bind(["attribute"])?;
        let path = required(path, "map", "attribute")?;
        return items(&value)?
            .iter()
            .map(|item| match (attribute_of(context, item, &path)?, &default) {
                (Value::Undefined(_), Some(default)) => Ok(default.clone()),
                (value, _) => Ok(value),
            })
            .collect();
    }
    if arguments.positional.is_empty() {
        return Err(TemplateError::raised("FilterArgumentError", "map requires a filter argument"));
    }
    let name = word(&arguments.positional.remove(0))?;
    items(&value)?
        .into_iter()
        .map(|item| {
            let mut positional = vec![item];
            positional.extend(arguments.positional.iter().cloned());
            let inner = Arguments { context, name: &name, positional, named: arguments.named.clone() };
            context.resolve(&apply_filter(inner, &name)?)
        })
        .collect()
}

fn choose(mut arguments: Arguments<'_>, by_attribute: bool, keep: bool) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let mut rest = std::mem::take(&mut arguments.positional).into_iter();
    let value = required(rest.next(), arguments.name, "value")?;
    let path = if by_attribute {
        Some(
            rest.next()
                .ok_or_else(|| TemplateError::raised("FilterArgumentError", "Missing parameter for attribute name"))?,
        )
    } else {
        None
    };
    let test: Option<Str> = rest.next().map(|name| word(&name)).transpose()?;
    let more: Vec<Value> = rest.collect();
    let mut kept = Vec::new();
    for item in items(&value)? {
        let subject = match &path {
            Some(path) => attribute_of(context, &item, path)?,
            None => item.clone(),
        };
        let holds = match &test {
            Some(test) => {
                let mut positional = vec![subject];
                positional.extend(more.iter().cloned());
                let inner = Arguments { context, name: test, positional, named: arguments.named.clone() };
                apply_test(inner, test)?
            }
            None => truth(&subject)?,
        };
        if holds == keep {
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn attr(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [object, name] = arguments.bind(["obj", "name"])?;
    let object = required(object, "attr", "obj")?;
    let name = required(name, "attr", "name")?;
    hashable(&name)?;
    let Value::Str(name) = &name else {
        let text = format!("attribute name must be string, not '{}'", name.type_name());
        return Err(TemplateError::type_error(text));
    };
    match &object {
        // Items are not attributes here.
        Value::Dict(_) => attribute(&Value::None, name).map(|found| match found {
            Value::Undefined(_) => {
                Value::Undefined(Arc::new(Undefined::attribute("dict", Value::Str(name.clone()).repr())))
            }
            found => found,
        }),
        _ => attribute(&object, name),
    }
}
