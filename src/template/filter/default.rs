//! Filters about what is there: `default`, `mandatory`, `ternary`, `bool`, `type_debug`.

use std::collections::HashMap;

use super::{
    super::{Arguments, Context, Filter, TemplateError, arguments::required},
    failed, flag,
};
use crate::{
    source::Diagnostic,
    value::{Missing, Value},
};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("default", default as Filter),
        ("d", default),
        ("mandatory", mandatory),
        ("ternary", ternary),
        ("bool", boolean),
        ("type_debug", |arguments| {
            let [value] = arguments.bind_any(["value"])?;
            Ok(match value {
                Some(Value::Undefined(_)) => Value::from("UndefinedMarker"),
                value => Value::from(value.unwrap_or(Value::None).type_name()),
            })
        }),
    ]);
}

fn default(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, default, boolean] = arguments.bind_any(["value", "default_value", "boolean"])?;
    let value = required(value, "default", "value")?;
    if value.is_undefined()
        && let Some(boolean) = boolean.as_ref().filter(|boolean| boolean.as_bool().is_none())
    {
        let found = boolean.type_name();
        let text = format!("The 'boolean' argument must be of type 'bool', not '{found}'.");
        return Err(boolean.missing().map_or_else(|| TemplateError::type_error(text), TemplateError::undefined));
    }
    if value.is_undefined() || flag(boolean.as_ref()) && !value.is_truthy() {
        return Ok(default.unwrap_or_else(Value::empty_text));
    }
    Ok(value)
}

fn mandatory(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, message] = arguments.bind_any(["a", "msg"])?;
    let value = required(value, "mandatory", "a")?;
    let Value::Undefined(undefined) = &value else { return Ok(value) };
    Err(failed(match (message, &undefined.missing) {
        (Some(message), _) if message.is_truthy() => message.to_str(),
        (_, Missing::Name(name)) => format!("Mandatory variable '{name}' not defined."),
        (_, Missing::Attribute { name, .. }) => format!("Mandatory variable {name} not defined."),
        _ => "Mandatory variable not defined.".to_owned(),
    }))
}

fn ternary(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, yes, no, none] = arguments.bind_any(["value", "true_val", "false_val", "none_val"])?;
    let value = required(value, "ternary", "value")?;
    if let Value::Undefined(undefined) = &value {
        return Err(TemplateError::undefined(undefined));
    }
    if value.is_none()
        && let Some(none) = none.filter(|none| !none.is_none())
    {
        return Ok(none);
    }
    let (yes, no) = (required(yes, "ternary", "true_val")?, required(no, "ternary", "false_val")?);
    Ok(if value.is_truthy() { yes } else { no })
}

fn boolean(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [value] = arguments.bind(["value"])?;
    let value = context.resolve_inside(&required(value, "bool", "value")?)?;
    match value.missing_inside() {
        Some(undefined) => Err(TemplateError::undefined(&undefined)),
        None => Ok(Value::Bool(match &value {
            // Fewer words than what options of modules take.
            Value::Str(text) => match text.to_lowercase().as_str() {
                "yes" | "on" | "1" | "true" => true,
                "no" | "off" | "0" | "false" => false,
                _ => coerced(context, &value, false),
            },
            Value::Bool(flag) => *flag,
            Value::Int(number @ (0 | 1)) => *number == 1,
            other => coerced(context, &value, to_bool(other).unwrap_or(false)),
        })),
    }
}

/// The boolean for a value that is none, with a warning.
fn coerced(context: &Context<'_>, value: &Value, flag: bool) -> bool {
    let (shown, kind, result) = (value.repr(), value.type_name(), Value::Bool(flag).repr());
    let message = format!("The `bool` filter coerced invalid value {shown} ({kind}) to {result}.");
    let wording = format!("{message} This feature will be removed from ansible-core version 2.23.");
    context.environment.warn(Diagnostic::deprecation(message).worded(wording));
    flag
}

/// What Ansible takes for a boolean; `None` for anything else.
pub(in crate::template) fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Str(text) => match text.trim().to_lowercase().as_str() {
            "yes" | "on" | "1" | "true" | "t" | "y" => Some(true),
            "no" | "off" | "0" | "false" | "f" | "n" | "" => Some(false),
            _ => None,
        },
        _ => match value.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
    }
}

/// A filter that takes only a dict; the message names what it got.
pub(super) fn wants_dict(filter: &str, value: &Value) -> TemplateError {
    if filter == "dictsort" {
        return TemplateError::raised(
            "AttributeError",
            format!("'{}' object has no attribute 'items'", value.type_name()),
        );
    }
    failed(format!("{filter} requires a dictionary, got <class '{}'> instead.", value.type_name()))
}
