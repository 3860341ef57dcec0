//! `with_…`: the items that a lookup makes of a task's list.

use super::{Arguments, Context, TemplateError, environment::short_name};
use crate::value::{Str, Value};

/// Lookups that do nothing but read what variables, the environment and the controller's files hold.
const REPEATABLE: [&str; 22] = [
    "community.general.binary_file",
    "community.general.dependent",
    "config",
    "csvfile",
    "dict",
    "env",
    "file",
    "fileglob",
    "filetree",
    "first_found",
    "flattened",
    "indexed_items",
    "ini",
    "items",
    "list",
    "nested",
    "sequence",
    "subelements",
    "template",
    "together",
    "unvault",
    "vars",
];

impl Context<'_> {
    /// What `with_NAME: terms` of a task with this module walks.
    pub fn loop_over(&self, name: &str, terms: &Value, module: &str) -> Result<Vec<Value>, TemplateError> {
        let Some(lookup) = self.environment.vocabulary().lookups.get(short_name(name)) else {
            return Err(TemplateError::type_error(format!("there is no lookup `{name}`")));
        };
        self.check_turn(name)?;
        let positional = match terms {
            Value::List(list) => list.to_vec(),
            other => vec![other.clone()],
        };
        let named = match short_name(name) {
            "first_found" => vec![(Str::from("_folder"), folder_of(module).into())],
            _ => Vec::new(),
        };
        lookup(Arguments { context: self, name, positional, named }).map_err(|error| error.in_lookup(name))
    }

    /// Fails where something is asked for before its turn that only its turn can answer: a lookup, chance, the time.
    pub(super) fn check_turn(&self, what: &str) -> Result<(), TemplateError> {
        if REPEATABLE.contains(&short_name(what)) || self.names.is_in_turn() {
            return Ok(());
        }
        Err(TemplateError::value_error(format!("`{what}` is not asked before its turn")))
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
