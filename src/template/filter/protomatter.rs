//! Filters of `ansible._protomatter`, which tell what a value is: whether its text is a template, or was a vault's.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required, diagnose, load},
    flag,
};
use crate::{
    source::{Kind, Span, literal_value},
    value::{Dict, Str, Value},
    vault,
};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("ansible._protomatter.apply_trust", apply_trust as Filter),
        ("ansible._protomatter.dump_object", dump_object),
        ("ansible._protomatter.finalize", |arguments| {
            let context = arguments.context;
            context.resolve_deep(&value_of(arguments)?)
        }),
        ("ansible._protomatter.python_literal_eval", python_literal_eval),
        ("ansible._protomatter.tag_names", |arguments| {
            Ok(tag_names(&value_of(arguments)?).iter().copied().map(Value::from).collect())
        }),
        ("ansible._protomatter.true_type", true_type),
        ("ansible._protomatter.unmask", unmask),
    ]);
}

/// The names of the tags that a value has in Ansible, those that text has here.
pub(in crate::template) fn tag_names(value: &Value) -> &'static [&'static str] {
    match value {
        Value::Str(text) if vault::current().ciphertext_of(text).is_some() => &["VaultedValue"],
        Value::Str(text) if text.is_trusted() => &["Origin", "TrustedAsTemplate"],
        _ => &[],
    }
}

fn value_of(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [value] = arguments.bind(["value"])?;
    required(value, name, "value")
}

/// Text counts as if it stood in a playbook: it is a template where it has markers.
fn apply_trust(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    Ok(match value_of(arguments)? {
        Value::Str(text) => Value::Str(Str::trusted(&text, text.place())),
        other => other,
    })
}

/// An error that stands in place of the value is data.
fn dump_object(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [value] = arguments.bind_any(["value"])?;
    let value = required(value, name, "value")?;
    let cause = match &value {
        Value::Undefined(undefined) if undefined.is_failure() => undefined.cause.as_ref(),
        _ => None,
    };
    let Some(cause) = cause else { return Ok(value) };
    let (dumped, exception) = (Dict::new(), Dict::new());
    exception.insert("message", diagnose::wording(cause));
    dumped.insert("exception", Value::Dict(exception));
    Ok(Value::Dict(dumped))
}

fn python_literal_eval(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, ignores] = arguments.bind(["value", "ignore_errors"])?;
    let value = required(value, "python_literal_eval", "value")?;
    let read = match &value {
        Value::Str(text) => literal(text),
        _ => Err(TemplateError::raised("AnsibleTypeError", "The `value` to eval must be a string.")),
    };
    if read.is_err() && flag(ignores.as_ref()) { Ok(value) } else { read }
}

fn literal(text: &str) -> Result<Value, TemplateError> {
    let node = literal_value(text, &Span::outside("literal", text));
    match &node.kind {
        Kind::Str(kept) if kept == text => {
            Err(TemplateError::raised("SyntaxError", format!("malformed node or string: {}", Value::from(text).repr())))
        }
        _ => Ok(load::plain_value(&node)),
    }
}

/// The class that stands for the value inside of Ansible.
fn true_type(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [value] = arguments.bind_any(["obj"])?;
    let value = required(value, name, "obj")?;
    let name = match &value {
        Value::Undefined(undefined) if undefined.is_failure() => "CapturedExceptionMarker",
        Value::Undefined(_) => "UndefinedMarker",
        Value::Str(_) if !tag_names(&value).is_empty() => "_AnsibleTaggedStr",
        Value::List(_) => "_AnsibleLazyTemplateList",
        Value::Dict(_) => "_AnsibleLazyTemplateDict",
        other => other.type_name(),
    };
    Ok(name.into())
}

/// What Ansible shows as another type; nothing is shown so here.
const MASKED: [&str; 6] =
    ["DeprecationSummary", "EncryptedString", "ErrorSummary", "PluginInfo", "PluginType", "WarningSummary"];

fn unmask(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, names] = arguments.bind(["value", "type_names"])?;
    let value = required(value, "unmask", "value")?;
    let names = match required(names, "unmask", "type_names")? {
        Value::Str(name) => vec![name.to_string()],
        names @ Value::List(_) => names.iter()?.iter().map(Value::to_str).collect(),
        other => {
            let kind = other.type_name();
            let text = format!("The 'type_names' argument must be of type 'str' or 'list', not '{kind}'.");
            return Err(TemplateError::raised("AnsibleTypeError", text));
        }
    };
    let unknown: Vec<String> = names.into_iter().filter(|name| !MASKED.contains(&name.as_str())).collect();
    if unknown.is_empty() {
        Ok(value)
    } else {
        Err(TemplateError::raised("AnsibleError", format!("Unknown type name(s): {}", unknown.join(", "))))
    }
}
