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
    let context = scope.context();
    let mut errors = Vec::new();
    let shown = context.resolve_shown(&Value::from(template), &mut errors);
    if let Some(error) = errors.iter().find(|error| !error.is_undefined()) {
        return Err(failed(error.clone()));
    }
    if !errors.is_empty() {
        let lines: Vec<String> =
            errors.iter().enumerate().map(|(index, error)| format!("error {} - {error}", index + 1)).collect();
        let warning = Diagnostic::warning(format!("`{expression}` cannot be shown: {}", errors[0]));
        let plural = if errors.len() == 1 { "" } else { "s" };
        let wording = format!("Encountered {} template error{plural}.\n{}", errors.len(), lines.join("\n"));
        events.emit(Event::Warning(warning.worded(wording).at(&var.span).origin(&var.span)));
    }
    let shown = shown.to_json().map_err(failed)?;
    Ok((expression.to_owned(), shown))
}

fn skipped() -> Done {
    let mut result = Fields::new();
    result.insert("skipped".into(), json!(true));
    result.insert("changed".into(), json!(false));
    result.insert("skipped_reason".into(), json!("Verbosity threshold not met."));
    Done { result, ..Done::default() }
}
