//! Filters, one file for each family. A family's `register` is all that knows its members.

pub(super) mod choose;
pub(super) mod combine;
pub(super) mod default;
pub(super) mod escape;
pub(super) mod hash;
pub(super) mod json;
pub(super) mod number;
pub(super) mod order;
pub(super) mod path;
pub(super) mod regex;
pub(super) mod sequence;
pub(super) mod set;
pub(super) mod text;
pub(super) mod comment;
pub(super) mod time;
pub(super) mod url;
pub(super) mod vault;
pub(super) mod yaml;
pub(super) mod shape;

use std::collections::HashMap;

use super::{Filter, TemplateError};
use crate::value::Value;

/// Adds all filters to the table.
pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    choose::register(table);
    combine::register(table);
    comment::register(table);
    default::register(table);
    escape::register(table);
    hash::register(table);
    json::register(table);
    number::register(table);
    order::register(table);
    path::register(table);
    regex::register(table);
    sequence::register(table);
    set::register(table);
    shape::register(table);
    text::register(table);
    time::register(table);
    url::register(table);
    vault::register(table);
    yaml::register(table);
}

/// Whether an optional flag was given and is true.
fn flag(value: Option<&Value>) -> bool {
    value.is_some_and(Value::is_truthy)
}

/// What a filter raises on its own account.
fn failed(text: impl Into<String>) -> TemplateError {
    TemplateError::raised("AnsibleFilterError", text)
}

pub(super) use order::sort as order_sort;
