//! Arguments of filters from collections, converted as Ansible's argument specs convert them.

use super::{super::TemplateError, default::to_bool, failed};
use crate::value::Value;

/// An argument that is wrong: what is wrong with arguments is a list.
fn refused(text: String) -> TemplateError {
    failed(Value::from(vec![text.into()]).repr())
}

/// What was given, unless it is `None`.
fn given(value: Option<Value>) -> Option<Value> {
    value.filter(|value| !value.is_none())
}

/// Text; numbers and the like become text.
pub(super) fn text(value: Option<Value>) -> Option<String> {
    given(value).map(|value| value.to_str())
}

/// An integer; text and floats count where they hold one.
pub(super) fn integer(value: Option<Value>, name: &str) -> Result<Option<i64>, TemplateError> {
    let Some(value) = given(value) else { return Ok(None) };
    let number = match &value {
        Value::Str(text) => text.trim().parse().ok(),
        Value::Float(number) if number.fract() == 0.0 => Some(*number as i64),
        other => other.as_i64(),
    };
    number.map(Some).ok_or_else(|| {
        let kind = value.type_name();
        let why = format!("\"{}\" cannot be converted to an int", value.repr());
        refused(format!("argument '{name}' is of type {kind} and we were unable to convert to int: {why}"))
    })
}

/// A boolean in any spelling.
pub(super) fn boolean(value: Option<Value>, name: &str) -> Result<Option<bool>, TemplateError> {
    let Some(value) = given(value) else { return Ok(None) };
    to_bool(&value).map(Some).ok_or_else(|| {
        let kind = value.type_name();
        let why = match &value {
            Value::Str(_) | Value::Int(_) | Value::Float(_) => {
                format!("The value '{}' is not a valid boolean", value.to_str())
            }
            _ => format!("<class '{kind}'> cannot be converted to a bool"),
        };
        refused(format!("argument '{name}' is of type {kind} and we were unable to convert to bool: {why}"))
    })
}

/// A list; text is split at commas, a number is a list of one.
pub(super) fn list(value: Option<Value>, name: &str) -> Result<Option<Vec<Value>>, TemplateError> {
    let Some(value) = value else { return Ok(None) };
    match &value {
        Value::List(items) => Ok(Some(items.to_vec())),
        Value::Str(text) => Ok(Some(text.split(',').map(|part| Value::from(part.trim())).collect())),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => Ok(Some(vec![value.to_str().into()])),
        other => {
            let kind = other.type_name();
            let why = format!("<class '{kind}'> cannot be converted to a list");
            Err(refused(format!("argument '{name}' is of type {kind} and we were unable to convert to list: {why}")))
        }
    }
}

/// One of the known words.
pub(super) fn choice<T: Copy>(
    value: Option<Value>,
    name: &str,
    known: &[(&str, T)],
) -> Result<Option<T>, TemplateError> {
    let Some(word) = text(value) else { return Ok(None) };
    known.iter().find(|(name, _)| *name == word).map(|(_, choice)| Some(*choice)).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        refused(format!("value of {name} must be one of: {}, got: {word}", known.join(", ")))
    })
}

/// What was given, which is not `None`: that is neither a number nor a boolean.
pub(super) fn not_none(value: Option<Value>, name: &str, kind: &str) -> Result<Option<Value>, TemplateError> {
    match value {
        Some(Value::None) => {
            let why = if kind == "int" {
                "\"None\" cannot be converted to an int"
            } else {
                "<class 'NoneType'> cannot be converted to a bool"
            };
            let text = format!("is of type NoneType and we were unable to convert to {kind}: {why}");
            Err(refused(format!("argument '{name}' {text}")))
        }
        value => Ok(value),
    }
}

/// What has to be given.
pub(super) fn needed<T>(value: Option<T>, name: &str) -> Result<T, TemplateError> {
    value.ok_or_else(|| refused(format!("missing required arguments: {name}")))
}
