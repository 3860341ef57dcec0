//! `debug`: prints a message or a variable.

use serde_json::json;

use crate::output::Shown;

use super::{Done, Evaluated, Fields, PrepareError, TaskContext};
use crate::{
    playbook::Task,
    source::Spanned,
    template::{Template, TemplateError},
    value::Value,
    vars::Scope,
};

/// Runs it. `var` is an expression, not a template, so the arguments are evaluated one by one.
pub fn run(context: &TaskContext, task: &Task, scope: &Scope) -> Result<Done, PrepareError> {
    let arguments = Evaluated::new(task, scope)?;
    let threshold = arguments.text("verbosity")?.and_then(|text| text.trim().parse::<u8>().ok()).unwrap_or(0);
    if threshold > context.run.options.verbosity {
        return Ok(skipped());
    }
    let mut result = Fields::new();
    match arguments.arguments.get("var") {
        Some(var) => {
            let (name, value) = variable(var, scope)?;
            let value = value.unwrap_or_else(|error| {
                // What is undefined is shown as such, and is no failure.
                let why = format!("error 1 - {error}");
                result.insert("warnings".into(), json!([format!("Encountered 1 template error.\n{why}")]));
                json!(format!("<< {why} >>"))
            });
            result.insert(name, value);
        }
        None => {
            let msg = arguments.value("msg").cloned().unwrap_or_else(|| Value::from("Hello world!"));
            result.insert("msg".into(), msg.to_json()?);
        }
    }
    result.insert("changed".into(), json!(false));
    Ok(Done { result, shown: Shown::Message, ..Done::default() })
}

/// What is shown of a variable; the inner error is that of something undefined.
fn variable(
    var: &Spanned<Value>,
    scope: &Scope,
) -> Result<(String, Result<serde_json::Value, TemplateError>), PrepareError> {
    let Some(expression) = var.value.as_str() else {
        return Ok((var.value.to_str(), Ok(var.value.to_json()?)));
    };
    let failed = |error| PrepareError::Template(error, Some(var.span.clone()));
    let template = Template::expression(expression, &var.span).map_err(failed)?;
    let value = scope.context().render(&template).and_then(|value| scope.context().resolve_deep(&value));
    let shown = match value.and_then(|value| value.to_json()) {
        Ok(value) => Ok(value),
        Err(error) if error.is_undefined() => Err(error),
        Err(error) => return Err(failed(error)),
    };
    Ok((expression.to_owned(), shown))
}

fn skipped() -> Done {
    let mut result = Fields::new();
    result.insert("skipped".into(), json!(true));
    result.insert("changed".into(), json!(false));
    result.insert("skipped_reason".into(), json!("Verbosity threshold not met."));
    Done { result, ..Done::default() }
}
