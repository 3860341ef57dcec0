//! Lookups of variables: `vars`, `varnames`, `env`, `config`.

use std::{collections::HashMap, sync::Arc};

use super::super::{
    Arguments, Lookup, Names, TemplateError,
    arguments::{text, text_with},
    function::make::NO_HINT,
    python_regex::{self, Flags},
};
use crate::value::{Dict, Undefined, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        ("vars", vars as Lookup),
        ("varnames", varnames),
        ("env", env),
        ("inventory_hostnames", inventory_hostnames),
    ]);
}

/// Names over others: the variables that one lookup adds.
pub(super) struct Overlay<'a> {
    pub over: Dict,
    pub under: &'a dyn Names,
}

impl Names for Overlay<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.over.get(name).or_else(|| self.under.lookup(name))
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.under.names();
        names.extend(self.over.keys().iter().map(Value::to_str));
        names
    }

    fn is_in_turn(&self) -> bool {
        self.under.is_in_turn()
    }
}

/// The hosts that patterns select, `all:!web` for example.
fn inventory_hostnames(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut names = Vec::new();
    for pattern in &arguments.positional {
        names.extend(arguments.context.environment.select_hosts(&text(pattern)?)?.into_iter().map(Value::from));
    }
    Ok(names)
}

fn vars(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let default = arguments.take("default").filter(|default| !default.is_none());
    let context = arguments.context;
    arguments
        .positional
        .iter()
        .map(|name| {
            let Value::Str(name) = name else {
                let text = format!("Variable name must be 'str' not '{}'.", name.type_name());
                return Err(TemplateError::type_error(text));
            };
            match (context.names.lookup(name), &default) {
                (Some(value), _) => context.resolve_inside(&context.resolve(&value)?),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => {
                    let hint = format!("No variable named '{name}' was found.");
                    Err(TemplateError::undefined(&Arc::new(Undefined::hint(hint))))
                }
            }
        })
        .collect()
}

fn varnames(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let names = arguments.context.names.names();
    let mut found = Vec::new();
    for pattern in &arguments.positional {
        let Value::Str(pattern) = pattern else {
            let (shown, kind) = (pattern.to_str(), pattern.type_name());
            let text = format!("Invalid setting identifier, \"{shown}\" is not a string, it is a <class '{kind}'>");
            return Err(TemplateError::raised("AnsibleError", text));
        };
        let unusable = |error| {
            let text = format!("Unable to use \"{pattern}\" as a search parameter: {error}");
            TemplateError::raised("AnsibleError", text)
        };
        let regex = python_regex::compile(pattern, Flags::default()).map_err(unusable)?;
        for name in &names {
            if regex.is_match(name).map_err(|error| python_regex::gave_up(&error))? {
                found.push(Value::from(name.as_str()));
            }
        }
    }
    Ok(found)
}

fn env(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let default = arguments.take("default");
    arguments
        .positional
        .iter()
        .map(|name| {
            let name = text_with(name, "split")?;
            let none = || TemplateError::raised("IndexError", "list index out of range");
            let name = name.split_whitespace().next().ok_or_else(none)?;
            match (std::env::var_os(name), &default) {
                (Some(value), _) => Ok(value.to_string_lossy().into_owned().into()),
                (None, Some(Value::Undefined(undefined))) if undefined.to_string() == NO_HINT => {
                    let hint = format!("The environment variable '{name}' is not set.");
                    Err(TemplateError::undefined(&Arc::new(Undefined::hint(hint))))
                }
                (None, Some(Value::Undefined(undefined))) => Err(TemplateError::undefined(undefined)),
                (None, Some(default)) if !default.is_none() => Ok(default.clone()),
                (None, _) => Ok(Value::empty_text()),
            }
        })
        .collect()
}
