//! `debug`: prints a message or a variable.

use serde_json::json;

use sutler_modules::actions::Debug;

use super::{Done, Evaluated, Fields, PrepareError, TaskContext};
use crate::{
    output::Shown,
    source::{Diagnostic, Span, Spanned},
    template::{self, Context, TemplateError},
    value::{Str, Value},
    vars::Scope,
};

/// Runs it. `var` is an expression, not a template.
pub fn run(context: &TaskContext, scope: &Scope, arguments: &Evaluated) -> Result<Done, PrepareError> {
    let Debug { msg, var, verbosity } = arguments.read()?;
    if verbosity > i64::from(context.run.options.verbosity) {
        return Ok(skipped());
    }
    let mut result = Fields::new();
    let mut warnings = Vec::new();
    match (var, arguments.arguments.get("var")) {
        (Some(_), Some(Spanned { value: Value::Str(expression), span: place })) => {
            let (shown, told) = variable(expression, place, scope)?;
            result.insert(expression.to_string(), shown);
            warnings = told;
        }
        _ => {
            // A message that was given and is nothing is shown as that.
            let default = if arguments.span("msg").is_some() { json!(null) } else { json!("Hello world!") };
            result.insert("msg".into(), msg.unwrap_or(default));
        }
    }
    result.insert("changed".into(), json!(false));
    Ok(Done { result, shown: Shown::Message, warnings, ..Done::default() })
}

/// What is shown of an expression, and warnings of what cannot be.
fn variable(
    expression: &Str,
    place: &Span,
    scope: &Scope,
) -> Result<(serde_json::Value, Vec<Diagnostic>), PrepareError> {
    let failed = |error| PrepareError::Template(error, Some(place.clone()));
    let context = scope.context();
    let unresolved = |error: TemplateError| {
        let place = error.span().unwrap_or(place).clone();
        let origin = error.origin().unwrap_or_else(|| place.clone());
        let error = Diagnostic::from(error).at(&place);
        PrepareError::Raised(error.within("Error while resolving `var` expression", &origin))
    };
    let template = Context::expression_in_text(expression, place).map_err(unresolved)?;
    let errors = template::Shown::default();
    let shown = context.resolve_shown(&Value::from(template), place, &errors);
    if let Some(error) = errors.broken() {
        return Err(unresolved(error));
    }
    if shown.is_omit() {
        let message = "The result of the `var` expression could not be omitted; a placeholder was used instead.";
        return Ok((json!("<<Omit>>"), vec![Diagnostic::warning(message).at(place)]));
    }
    Ok((shown.to_json().map_err(failed)?, errors.warnings(&format!("`{expression}`"), place)))
}

fn skipped() -> Done {
    let mut result = Fields::new();
    result.insert("skipped".into(), json!(true));
    result.insert("changed".into(), json!(false));
    result.insert("skipped_reason".into(), json!("Verbosity threshold not met."));
    Done { result, ..Done::default() }
}
