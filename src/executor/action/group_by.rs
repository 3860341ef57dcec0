//! `group_by`: groups from what is known about hosts.

use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError, TaskContext, words};
use crate::{
    source::Diagnostic,
    vars::{GroupByError, Scope},
};

/// Runs it.
pub fn run(context: &TaskContext, scope: &Scope, arguments: &Evaluated) -> Result<Done, PrepareError> {
    let Some(key) = arguments.text("key")? else {
        return Err(PrepareError::Returned("the 'key' param is required when using group_by"));
    };
    let dashed = |name: &str| name.replace(' ', "-");
    let group = dashed(&key);
    if group.is_empty() {
        return Err(Diagnostic::error("Invalid empty/false group name provided: ").into());
    }
    let parents = match arguments.value("parents") {
        Some(parents) => words(parents).unwrap_or_else(|| vec![parents.to_str()]),
        None => vec!["all".to_owned()],
    };
    let parents: Vec<String> = parents.iter().map(|name| dashed(name)).collect();
    let changed = context.run.vars.group_by(&scope.host().name, &group, &parents).map_err(|error| match error {
        GroupByError::Variables(error) => PrepareError::Failed(*error),
        GroupByError::Inventory(error) => {
            let error = Diagnostic::error(error.to_string());
            let span = arguments.span("parents").or_else(|| arguments.span("key"));
            PrepareError::Failed(span.map_or_else(|| error.clone(), |span| error.clone().at(span)))
        }
    })?;
    let mut result = Fields::new();
    result.insert("changed".into(), json!(changed));
    result.insert("add_group".into(), json!(group));
    result.insert("parent_groups".into(), json!(parents));
    Ok(Done { result, ..Done::default() })
}
