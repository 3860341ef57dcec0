//! What a value is: its type, whether it is defined, true, odd.

use std::{collections::HashMap, sync::Arc};

use super::super::{
    Arguments, TemplateError, Test, arguments::required, environment::find_word, filter::default::to_bool,
};
use crate::{
    value::{Key, Shape, Value},
    vault,
};

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([
        ("defined", (|arguments| Ok(!any(arguments)?.is_undefined())) as Test),
        ("undefined", |arguments| Ok(any(arguments)?.is_undefined())),
        ("none", |arguments| Ok(one(arguments)?.is_none())),
        ("boolean", |arguments| Ok(matches!(one(arguments)?, Value::Bool(_)))),
        ("true", |arguments| Ok(matches!(one(arguments)?, Value::Bool(true)))),
        ("false", |arguments| Ok(matches!(one(arguments)?, Value::Bool(false)))),
        ("integer", |arguments| Ok(matches!(one(arguments)?, Value::Int(_) | Value::BigInt(_)))),
        ("float", |arguments| Ok(matches!(one(arguments)?, Value::Float(_)))),
        ("number", |arguments| Ok(one(arguments)?.as_f64().is_some())),
        ("string", |arguments| Ok(matches!(one(arguments)?, Value::Str(_)))),
        ("mapping", |arguments| Ok(is_mapping(&one(arguments)?))),
        ("sequence", |arguments| Ok(is_sequence(&one(arguments)?))),
        ("iterable", |arguments| Ok(is_iterable(&one(arguments)?))),
        ("callable", |arguments| Ok(matches!(one(arguments)?, Value::Object(object) if object.is_callable()))),
        ("escaped", |arguments| one(arguments).map(|_| false)),
        ("odd", |arguments| remainder(arguments, 1)),
        ("even", |arguments| remainder(arguments, 0)),
        ("divisibleby", |arguments| {
            let [value, number] = arguments.bind(["value", "num"])?;
            let value = required(value, "divisibleby", "value")?;
            let rest = value.modulo(&required(number, "divisibleby", "num")?)?;
            Ok(rest == Value::Int(0))
        }),
        ("lower", |arguments| is_cased(arguments, char::is_lowercase, char::is_uppercase)),
        ("upper", |arguments| is_cased(arguments, char::is_uppercase, char::is_lowercase)),
        ("filter", |arguments| {
            let context = arguments.context;
            is_word(&one(arguments)?, |name| find_word(&context.environment.vocabulary().filters, name).is_some())
        }),
        ("test", |arguments| {
            let context = arguments.context;
            is_word(&one(arguments)?, |name| find_word(&context.environment.vocabulary().tests, name).is_some())
        }),
        ("sameas", |arguments| {
            let [value, other] = arguments.bind(["value", "other"])?;
            Ok(is_same(&required(value, "sameas", "value")?, &required(other, "sameas", "other")?))
        }),
        ("truthy", |arguments| truthy(arguments)),
        ("falsy", |arguments| truthy(arguments).map(|truthy| !truthy)),
        ("nan", |arguments| nan(arguments)),
        ("isnan", |arguments| nan(arguments)),
        ("vault_encrypted", |arguments| match one(arguments)? {
            Value::Str(text) => Ok(vault::current().ciphertext_of(&text).is_some()),
            _ => Ok(false),
        }),
    ]);
}

/// Whether a value names a filter or test. For Ansible whatever is no text does, if only it could be a key.
fn is_word(value: &Value, known: impl FnOnce(&str) -> bool) -> Result<bool, TemplateError> {
    match value {
        Value::Str(name) => Ok(known(name)),
        other => Key::new(other.clone()).map(|_| true),
    }
}

fn any(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind_any(["value"])?;
    required(value, "test", "value")
}

fn one(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [value] = arguments.bind(["value"])?;
    required(value, name, "value")
}

fn is_mapping(value: &Value) -> bool {
    match value {
        Value::Dict(_) => true,
        Value::Object(object) => object.shape() == Shape::Mapping,
        _ => false,
    }
}

/// What has a length and items, as Jinja2 tests it: dicts and text too.
fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_) => true,
        Value::Object(object) => matches!(object.shape(), Shape::Sequence | Shape::Mapping),
        _ => false,
    }
}

fn is_iterable(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.shape() != Shape::Plain,
        other => is_sequence(other),
    }
}

fn remainder(arguments: Arguments<'_>, wanted: i64) -> Result<bool, TemplateError> {
    Ok(one(arguments)?.modulo(&Value::Int(2))? == Value::Int(wanted))
}

fn is_cased(
    arguments: Arguments<'_>,
    wanted: fn(char) -> bool,
    other: fn(char) -> bool,
) -> Result<bool, TemplateError> {
    let text = one(arguments)?.to_str();
    Ok(text.chars().any(wanted) && !text.chars().any(other))
}

/// Python's `is`.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.is_same(b),
        (Value::Dict(a), Value::Dict(b)) => a.is_same(b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::Tuple(a), Value::Tuple(b)) => Arc::ptr_eq(a, b),
        _ => a.type_name() == b.type_name() && a == b,
    }
}

fn truthy(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [value, convert] = arguments.bind(["value", "convert_bool"])?;
    let value = required(value, "truthy", "value")?;
    if convert.is_some_and(|convert| convert.is_truthy())
        && let Some(flag) = to_bool(&value)
    {
        return Ok(flag);
    }
    Ok(value.is_truthy())
}

fn nan(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let value = one(arguments)?;
    match value.as_f64() {
        Some(number) => Ok(number.is_nan()),
        None => Ok(false),
    }
}
