//! `community.general.collection_version`: the versions of installed collections.

use std::{collections::HashMap, path::Path};

use super::{
    super::{Arguments, Lookup, TemplateError},
    failed,
    options::Options,
};
use crate::{
    source::{Node, SourceFile, load_one},
    value::Value,
};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("community.general.collection_version", collection_version);
}

fn collection_version(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let Arguments { context, positional, named, .. } = arguments;
    let options = Options::new("collection_version", context, named);
    let not_found = options.value("result_not_found")?.unwrap_or(Value::None);
    let no_version = options.value("result_no_version")?.unwrap_or_else(|| "*".into());
    let version = |term: &Value| {
        let Some(name) = term.as_str() else {
            return Err(failed(format!("expected string or bytes-like object, got '{}'", term.type_name())));
        };
        let is_word =
            |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let (namespace, collection) = name
            .split_once('.')
            .filter(|(namespace, collection)| is_word(namespace) && is_word(collection))
            .ok_or_else(|| failed(format!("\"{name}\" is not a FQCN")))?;
        if (namespace, collection) == ("ansible", "builtin") {
            return Ok(no_version.clone());
        }
        let Some(folder) = context.environment.collection(namespace, collection) else { return Ok(not_found.clone()) };
        Ok(of_manifest(&folder).or_else(|| of_sources(&folder)).map_or_else(|| no_version.clone(), Value::from))
    };
    positional.iter().map(version).collect()
}

/// What a collection that was built says.
fn of_manifest(folder: &Path) -> Option<String> {
    let text = std::fs::read(folder.join("MANIFEST.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
    manifest["collection_info"]["version"].as_str().map(str::to_owned)
}

/// What the sources of a collection say.
fn of_sources(folder: &Path) -> Option<String> {
    let (sources, _) = SourceFile::read(&folder.join("galaxy.yml")).and_then(|file| load_one(&file)).ok()?;
    sources.get("version").and_then(Node::as_str).map(str::to_owned)
}
