//! `assert`: fails when a condition does not hold.

use std::sync::Arc;

use serde_json::json;
use sutler_modules::actions::Assert;

use super::{Done, Evaluated, Fields, PrepareError};
use crate::{
    output::Shown,
    playbook::Task,
    source::{Diagnostic, Span, Spanned},
    template::{ErrorKind, TemplateError},
    value::Value,
    vars::Scope,
};

/// Runs it. The conditions are expressions, so they are not evaluated as arguments.
pub fn run(task: &Task, scope: &Scope) -> Result<Done, PrepareError> {
    let mut arguments = Evaluated::without(Some("that"), task, scope)?;
    let scope = &scope.clone().made();
    let that = task.action.arguments.get("that").cloned().or_else(|| arguments.arguments.get("that").cloned());
    if let Some(that) = &that {
        // Its place among the arguments, which are checked together.
        arguments
            .arguments
            .insert("that".into(), Spanned::new(Value::from(vec![Value::Bool(true)]), that.span.clone()));
    }
    let Assert { fail_msg, success_msg, quiet, .. } = arguments.read()?;
    let shown = if quiet { Shown::Nothing } else { Shown::Everything };
    let conditions = match that.as_ref().map(|that| &that.value) {
        Some(Value::List(list)) => list.to_vec(),
        Some(Value::Lazy(template)) if !template.is_expression() => {
            // The whole list may be a template.
            match scope
                .context()
                .render(template)
                .map_err(|error| PrepareError::Condition(error, template.span().clone()))?
            {
                Value::List(list) => list.to_vec(),
                _ => vec![Value::Lazy(Arc::clone(template))],
            }
        }
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    };
    let place = that.map_or_else(|| task.span.clone(), |that| that.span);
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    for condition in conditions {
        if !holds(&condition, &place, scope)? {
            let rendered = rendered(&condition, scope);
            result.insert("assertion".into(), source_text(rendered.as_ref().unwrap_or(&condition))?);
            result.insert("evaluated_to".into(), json!(false));
            result.insert("failed".into(), json!(true));
            result.insert("msg".into(), fail_msg.map_or_else(|| json!("Assertion failed"), |message| message.0));
            return Ok(Done { result, shown, ..Done::default() });
        }
    }
    result.insert("msg".into(), success_msg.map_or_else(|| json!("All assertions passed"), |message| message.0));
    Ok(Done { result, shown, ..Done::default() })
}

/// What a condition that is a template, and no expression, is itself.
fn rendered(condition: &Value, scope: &Scope) -> Option<Value> {
    let Value::Lazy(template) = condition else { return None };
    if template.is_expression() || template.is_encrypted() {
        return None;
    }
    scope.context().render(template).ok()
}

fn source_text(condition: &Value) -> Result<serde_json::Value, PrepareError> {
    Ok(match condition {
        Value::Lazy(template) => json!(template.source()),
        other => other.to_json()?,
    })
}

fn holds(condition: &Value, place: &Span, scope: &Scope) -> Result<bool, PrepareError> {
    let failed = |error| PrepareError::Condition(error, place.clone());
    match condition {
        Value::Str(text) => scope.context().condition_in_text(text, place).map_err(failed),
        Value::Lazy(template) if template.is_encrypted() => {
            Err(PrepareError::Condition(TemplateError::new(ErrorKind::NoText), template.span().clone()))
        }
        Value::Lazy(template) => {
            let failed = |error| PrepareError::Condition(error, template.span().clone());
            scope.context().condition(template).map_err(failed)
        }
        Value::Bool(holds) => Ok(*holds),
        Value::None => Err(broken("Empty conditional expressions are not allowed.", place)),
        _ => Err(broken("Conditional expressions must be strings.", place)),
    }
}

fn broken(why: &str, place: &Span) -> PrepareError {
    PrepareError::Raised(Diagnostic::error(why).at(place))
}
