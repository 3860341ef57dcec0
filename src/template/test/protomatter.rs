//! Tests of `ansible._protomatter`: which tags a value has in Ansible.

use std::collections::HashMap;

use super::super::{Arguments, TemplateError, Test, arguments::required, filter::protomatter::tag_names};

/// The tags that Ansible knows.
const TAGS: [&str; 5] = ["Deprecated", "Origin", "SourceWasEncrypted", "TrustedAsTemplate", "VaultedValue"];

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([("ansible._protomatter.tagged", tagged as Test), ("ansible._protomatter.tagged_with", tagged_with)]);
}

fn tagged(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [value] = arguments.bind(["value"])?;
    Ok(!tag_names(&required(value, "tagged", "value")?).is_empty())
}

fn tagged_with(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [value, tag] = arguments.bind(["value", "tag_name"])?;
    let value = required(value, "tagged_with", "value")?;
    let tag = required(tag, "tagged_with", "tag_name")?;
    match tag.as_str() {
        Some(tag) if TAGS.contains(&tag) => Ok(tag_names(&value).contains(&tag)),
        _ => Err(TemplateError::value_error(format!("Unknown tag name {}.", tag.repr()))),
    }
}
