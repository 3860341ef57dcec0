//! Tests (`is …`), one file for each family.

mod file;
mod general;
mod kind;
mod membership;
mod network;
mod outcome;
mod pattern;
mod protomatter;
pub(super) mod version;

use std::collections::HashMap;

use super::{TemplateError, Test};

/// Adds all tests to the table.
pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    file::register(table);
    general::register(table);
    kind::register(table);
    membership::register(table);
    network::register(table);
    outcome::register(table);
    pattern::register(table);
    protomatter::register(table);
    version::register(table);
}

fn failed(text: impl Into<String>) -> TemplateError {
    TemplateError::raised("AnsibleFilterError", text)
}
