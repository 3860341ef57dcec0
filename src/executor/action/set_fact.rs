//! `set_fact`: variables of the host.

use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError, boolean, check_name};
use crate::{source::Diagnostic, vars::Layer};

/// Runs it.
pub fn run(mut arguments: Evaluated) -> Result<Done, PrepareError> {
    let cacheable = match arguments.take("cacheable") {
        Some(cacheable) => boolean(&cacheable)?,
        None => false,
    };
    if arguments.arguments.is_empty() {
        let message = "No key/value pairs provided, at least one is required for this action to succeed";
        return Err(Diagnostic::error(message).into());
    }
    let mut shown = Fields::new();
    let mut facts = Vec::new();
    for (name, argument) in arguments.arguments {
        check_name(&name, Some(&argument.span))?;
        let failed = |error| PrepareError::Template(error, Some(argument.span.clone()));
        shown.insert(name.clone(), argument.value.to_json().map_err(failed)?);
        facts.push((name, argument.value.deep_copy()));
    }
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("ansible_facts".into(), json!(shown));
    let layer = if cacheable { Layer::StoredAndFact } else { Layer::Stored };
    Ok(Done { result, facts, layer, ..Done::default() })
}
