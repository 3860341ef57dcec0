//! Functions of the global names, one file for each family.

pub(super) mod count;
pub(super) mod make;
mod lookup;
mod state;

use std::{collections::HashMap, fmt};

use super::{Arguments, Function, TemplateError};
use crate::value::{Object, Value};

/// Adds all functions to the table.
pub(super) fn register(table: &mut HashMap<&'static str, Function>) {
    count::register(table);
    make::register(table);
    state::register(table);
    lookup::register(table);
}

/// A function of the global names as a value.
pub(super) struct Global {
    pub name: &'static str,
    pub function: Function,
}

impl fmt::Debug for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {}>", self.name)
    }
}

impl Object for Global {
    fn type_name(&self) -> &'static str {
        if matches!(self.name, "range" | "dict" | "namespace" | "cycler" | "joiner") { "type" } else { "function" }
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        (self.function)(arguments)
    }

    fn repr(&self) -> String {
        match self.name {
            "range" | "dict" => format!("<class '{}'>", self.name),
            name => format!("<{} {name}>", self.type_name()),
        }
    }
}
