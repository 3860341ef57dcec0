//! Filters, one file for each family. A family's `register` is all that knows its members.

mod base64;
pub(super) mod choose;
pub(super) mod combine;
pub(super) mod default;
pub(super) mod escape;
mod fact_diff;
pub(super) mod hash;
mod hashids;
pub(super) mod json;
mod json_patch;
mod json_read;
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
mod urlize;
mod wordwrap;
mod xml;
pub(super) mod yaml;
pub(super) mod shape;
pub(super) mod option;
pub(super) mod csv;
pub(super) mod duration;
pub(super) mod general;
pub(super) mod ini;
pub(super) mod ip_network;
pub(super) mod ipaddr;
pub(super) mod keys;
pub(super) mod lists;
pub(super) mod mac;
mod netcommon;
pub(super) mod password;
pub(super) mod protomatter;
mod prettytable;
mod python_set;
pub(super) mod reach;

use std::collections::HashMap;

use super::{Filter, TemplateError};
use crate::value::Value;

/// Adds all filters to the table.
pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    base64::register(table);
    choose::register(table);
    combine::register(table);
    comment::register(table);
    csv::register(table);
    default::register(table);
    duration::register(table);
    escape::register(table);
    fact_diff::register(table);
    general::register(table);
    hash::register(table);
    hashids::register(table);
    ini::register(table);
    ip_network::register(table);
    ipaddr::register(table);
    json::register(table);
    json_patch::register(table);
    keys::register(table);
    lists::register(table);
    mac::register(table);
    netcommon::register(table);
    number::register(table);
    order::register(table);
    password::register(table);
    protomatter::register(table);
    path::register(table);
    prettytable::register(table);
    reach::register(table);
    regex::register(table);
    sequence::register(table);
    set::register(table);
    shape::register(table);
    text::register(table);
    time::register(table);
    url::register(table);
    vault::register(table);
    urlize::register(table);
    wordwrap::register(table);
    xml::register(table);
    yaml::register(table);
}

/// Adds a filter that lived in `ansible.builtin` and `ansible.netcommon` before: all its names count.
fn register_moved(table: &mut HashMap<&'static str, Filter>, full: &'static str, short: &'static str, filter: Filter) {
    table.extend([(full, filter), (short, filter)]);
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
