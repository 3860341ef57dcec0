//! Tests on a registered result.

use std::collections::HashMap;

use super::{
    super::{Arguments, TemplateError, Test, arguments::required, environment::short_name},
    failed,
};
use crate::value::{Shape, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    let failed: Test = |arguments| flag(arguments, "failed", false);
    let succeeded: Test = |arguments| flag(arguments, "failed", false).map(|failed| !failed);
    let changed: Test = |arguments| flag(arguments, "changed", true);
    let skipped: Test = |arguments| flag(arguments, "skipped", false);
    for name in ["failed", "failure"] {
        table.insert(name, failed);
    }
    for name in ["succeeded", "success", "successful"] {
        table.insert(name, succeeded);
    }
    for name in ["changed", "change"] {
        table.insert(name, changed);
    }
    for name in ["skipped", "skip"] {
        table.insert(name, skipped);
    }
    table.extend([
        ("unreachable", (|arguments| flag(arguments, "unreachable", false)) as Test),
        ("reachable", |arguments| flag(arguments, "unreachable", false).map(|unreachable| !unreachable)),
        ("started", |arguments| done(arguments, "started")),
        ("finished", |arguments| done(arguments, "finished")),
        ("timedout", |arguments| {
            let timed = result(arguments)?.get("timedout").filter(Value::is_truthy);
            match timed {
                None => Ok(false),
                Some(Value::Dict(timed)) => Ok(timed.get("period").is_some_and(|period| period.is_truthy())),
                Some(other) => {
                    let text = format!("'{}' object has no attribute 'get'", other.type_name());
                    Err(TemplateError::raised("AttributeError", text))
                }
            }
        }),
    ]);
}

fn result(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name.to_owned();
    let [value] = arguments.bind(["result"])?;
    let value = required(value, &name, "result")?;
    match &value {
        Value::Dict(_) => Ok(value),
        Value::Object(object) if object.shape() == Shape::Mapping => Ok(value),
        _ => {
            // What asks for the contrary is asked in Ansible's words.
            let name = match short_name(&name) {
                "reachable" => "unreachable",
                "success" | "succeeded" | "successful" | "failure" => "failed",
                "change" => "changed",
                "skip" => "skipped",
                name => name,
            };
            Err(failed(format!("The '{name}' test expects a dictionary")))
        }
    }
}

/// A flag of a job; what never was a job is done.
fn done(arguments: Arguments<'_>, key: &str) -> Result<bool, TemplateError> {
    Ok(result(arguments)?.get(key).is_none_or(|flag| flag.is_truthy()))
}

/// A flag of a result; where asked for, the results of a loop count too.
fn flag(arguments: Arguments<'_>, key: &str, with_items: bool) -> Result<bool, TemplateError> {
    let value = result(arguments)?;
    if let Some(flag) = value.get(key) {
        return Ok(flag.is_truthy());
    }
    if with_items && let Some(items) = value.get("results") {
        let is_set = |item: &Value| item.get(key).is_some_and(|flag| flag.is_truthy());
        return Ok(items.iter().unwrap_or_default().iter().any(is_set));
    }
    Ok(false)
}
