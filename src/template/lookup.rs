//! Lookups, one file for each family. They run on the controller; what they return is data, never a template.

mod file;
mod items;
mod name;
mod process;
mod sequence;

use std::collections::HashMap;

use super::{Lookup, TemplateError};

/// Adds all lookups to the table.
pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    file::register(table);
    items::register(table);
    name::register(table);
    process::register(table);
    sequence::register(table);
}

fn failed(text: impl Into<String>) -> TemplateError {
    TemplateError::raised("AnsibleError", text)
}
