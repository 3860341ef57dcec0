//! `set_fact`: variables of the host.

use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError};
use crate::source::Diagnostic;

/// Runs it.
pub fn run(mut arguments: Evaluated) -> Result<Done, PrepareError> {
    arguments.take("cacheable");
    if arguments.arguments.is_empty() {
        return Err(Diagnostic::error(
            "No key/value pairs provided, at least one is required for this action to succeed",
        )
        .into());
    }
    let mut shown = Fields::new();
    let mut facts = Vec::new();
    for (name, argument) in arguments.arguments {
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name {
            let message = format!(
                "The variable name '{name}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores."
            );
            return Err(Diagnostic::error(message).at(&argument.span).into());
        }
        let failed = |error| PrepareError::Template(error, Some(argument.span.clone()));
        shown.insert(name.clone(), argument.value.to_json().map_err(failed)?);
        facts.push((name, argument.value.deep_copy()));
    }
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("_ansible_facts_set".into(), json!(true));
    result.insert("ansible_facts".into(), json!(shown));
    Ok(Done { result, facts, ..Done::default() })
}
