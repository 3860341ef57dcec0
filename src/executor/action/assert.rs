//! `assert`: fails when a condition does not hold.

use serde_json::json;

use super::{Done, Fields, PrepareError};
use crate::{
    executor::settings::evaluate,
    output::Shown,
    playbook::Task,
    source::{Diagnostic, Spanned},
    template::Template,
    value::Value,
    vars::Scope,
};

/// Runs it. The conditions are expressions, so they are not evaluated as arguments.
pub fn run(task: &Task, scope: &Scope) -> Result<Done, PrepareError> {
    let argument = |name: &str| task.action.arguments.get(name);
    let Some(that) = argument("that") else {
        return Err(Diagnostic::error("missing required arguments: that").into());
    };
    let quiet = argument("quiet").map(|quiet| evaluate(quiet, scope)).transpose()?.is_some_and(|quiet| quiet.to_flag());
    let shown = if quiet { Shown::Nothing } else { Shown::Everything };
    let conditions = match &that.value {
        Value::List(list) => list.to_vec(),
        other => vec![other.clone()],
    };
    for condition in conditions {
        if !holds(&condition, that, scope)? {
            let given = argument("fail_msg").or_else(|| argument("msg"));
            let msg = given.map(|msg| evaluate(msg, scope)).transpose()?;
            let mut result = Fields::new();
            result.insert("assertion".into(), source_text(&condition)?);
            result.insert("evaluated_to".into(), json!(false));
            result.insert("changed".into(), json!(false));
            result.insert("failed".into(), json!(true));
            result.insert("msg".into(), msg.map_or_else(|| Ok(json!("Assertion failed")), |msg| msg.to_json())?);
            return Ok(Done { result, shown, ..Done::default() });
        }
    }
    let msg = argument("success_msg").map(|msg| evaluate(msg, scope)).transpose()?;
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("msg".into(), msg.map_or_else(|| Ok(json!("All assertions passed")), |msg| msg.to_json())?);
    Ok(Done { result, shown, ..Done::default() })
}

fn source_text(condition: &Value) -> Result<serde_json::Value, PrepareError> {
    Ok(match condition {
        Value::Lazy(template) => json!(template.source()),
        other => other.to_json()?,
    })
}

fn holds(condition: &Value, that: &Spanned<Value>, scope: &Scope) -> Result<bool, PrepareError> {
    let failed = |error| PrepareError::Template(error, Some(that.span.clone()));
    match condition {
        Value::Str(text) => {
            let template = Template::expression(text, &that.span).map_err(failed)?;
            scope.context().condition(&template).map_err(failed)
        }
        Value::Lazy(template) => scope.context().condition(template).map_err(failed),
        other => Ok(other.is_truthy()),
    }
}
