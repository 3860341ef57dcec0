//! `debug`: prints a message or a variable.

use serde_json::json;

use crate::output::{Emitter, Event, Shown};

use super::{Done, Evaluated, Fields, PrepareError, TaskContext};
use crate::{
    playbook::Task,
    source::{Diagnostic, Spanned},
    template::Template,
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
            let (name, value) = variable(&context.run.events, var, scope)?;
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

fn variable(
    events: &Emitter,
    var: &Spanned<Value>,
    scope: &Scope,
) -> Result<(String, serde_json::Value), PrepareError> {
    let Some(expression) = var.value.as_str() else {
        return Ok((var.value.to_str(), var.value.to_json()?));
    };
    let failed = |error| PrepareError::Template(error, Some(var.span.clone()));
    let template = Template::expression(expression, &var.span).map_err(failed)?;
    let value = scope.context().render(&template).and_then(|value| scope.context().resolve_deep(&value));
    let shown = match value.and_then(|value| value.to_json()) {
        Ok(value) => value,
        Err(error) if error.is_undefined() => {
            let why = error.to_string();
            let warning = Diagnostic::warning(format!("`{expression}` cannot be shown: {why}"));
            let wording = format!("Encountered 1 template error.\nerror 1 - {why}");
            events.emit(Event::Warning(warning.worded(wording).at(&var.span).origin(&var.span)));
            json!(format!("<< error 1 - {why} >>"))
        }
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
