//! `with_…`: the items that a lookup makes of a task's list.

use super::{Arguments, Context, TemplateError, environment::short_name};
use crate::value::{Str, Value};

impl Context<'_> {
    /// What `with_NAME: terms` of a task with this module walks.
    pub fn loop_over(&self, name: &str, terms: &Value, module: &str) -> Result<Vec<Value>, TemplateError> {
        let Some(lookup) = self.environment.vocabulary().lookups.get(short_name(name)) else {
            return Err(TemplateError::type_error(format!("there is no lookup `{name}`")));
        };
        let positional = match terms {
            Value::List(list) => list.to_vec(),
            other => vec![other.clone()],
        };
        let named = match short_name(name) {
            "first_found" => vec![(Str::from("_folder"), folder_of(module).into())],
            _ => Vec::new(),
        };
        lookup(Arguments { context: self, name, positional, named })
    }
}

/// The folder in which a module's files are.
fn folder_of(module: &str) -> &'static str {
    match short_name(module) {
        "template" => "templates",
        "include_vars" => "vars",
        "include_tasks" => "tasks",
        _ => "files",
    }
}
