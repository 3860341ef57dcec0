//! Lookups, one file for each family. They run on the controller; what they return is data, never a template.

mod options;
mod inline;
mod file;
mod filetree;
mod items;
mod name;
mod process;
mod sequence;
mod ini;
mod csvfile;
mod dependent;
mod merge_variables;
mod settings;
mod chance;
mod password;
mod random_string;
mod web;
mod url;
mod hashi_vault;
mod structure;
mod collection_version;

use std::collections::HashMap;

use super::{Codec, Lookup, TemplateError};

/// Adds all lookups to the table.
pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    file::register(table);
    filetree::register(table);
    items::register(table);
    name::register(table);
    process::register(table);
    sequence::register(table);
    ini::register(table);
    csvfile::register(table);
    dependent::register(table);
    merge_variables::register(table);
    settings::register(table);
    password::register(table);
    random_string::register(table);
    url::register(table);
    hashi_vault::register(table);
    structure::register(table);
    collection_version::register(table);
}

fn failed(text: impl Into<String>) -> TemplateError {
    TemplateError::raised("AnsibleError", text)
}

/// The text of a file in an encoding by Python's name.
fn decoded(bytes: &[u8], encoding: &str) -> Result<String, TemplateError> {
    Codec::find(encoding).and_then(|codec| codec.decode(bytes, "strict")).map_err(|error| failed(error.to_string()))
}

/// Does what may wait for others, without holding up the tasks of other hosts on this thread.
fn waiting<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
