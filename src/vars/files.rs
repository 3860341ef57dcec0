//! Variables from files and from the command line.

use std::{path::Path, sync::Arc};

use super::HostVars;
use crate::{
    inventory::{Host, Inventory},
    source::{Diagnostic, Kind, Node, SourceFile, Span, load_one},
    template::value_from_node,
    value::Dict,
    vault,
};

/// What Ansible says of a file of `vars_files` that holds something else.
const EITHER: &str = "Variable files must contain either a dictionary of variables, or a list of dictionaries.";

/// The variables of a YAML or JSON file.
pub fn load_file(file: &Arc<SourceFile>) -> Result<(Dict, Vec<Diagnostic>), Diagnostic> {
    let (node, warnings) = load_one(file)?;
    Ok((to_dict(&node)?, warnings))
}

/// The variables of a file that `vars_files` names, which may be a list of mappings too.
pub fn load_vars_file(path: &Path) -> Result<(Dict, Vec<Diagnostic>), Diagnostic> {
    let file = SourceFile::read(path).map_err(|error| {
        if !vault::is_refusal(&error) {
            return error;
        }
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        error.within(format!("Invalid vars_files file '{}'", path.display()), &Span::nowhere())
    })?;
    let (node, warnings) = load_one(&file)?;
    let vars = Dict::new();
    for mapping in node.as_list().unwrap_or(std::slice::from_ref(&node)) {
        let read = to_dict(mapping).map_err(|error| match mapping.kind {
            Kind::Map(_) => error,
            _ => {
                let mut error = error.worded("Invalid variable file contents.");
                error.ansible.help = Some(EITHER.into());
                error
            }
        });
        vars.update(&read?);
    }
    Ok((vars, warnings))
}

/// `-e`: `@file`, YAML or JSON, or `name=value …`.
pub fn load_extra(texts: &[String], strict: bool) -> Result<Dict, Diagnostic> {
    let all = Dict::new();
    for text in texts {
        all.update(&load_extra_one(text, strict)?);
    }
    Ok(all)
}

fn load_extra_one(text: &str, strict: bool) -> Result<Dict, Diagnostic> {
    if let Some(path) = text.strip_prefix('@') {
        return load_file(&SourceFile::read(Path::new(path))?).map(|(vars, _)| vars);
    }
    if text.trim_start().starts_with(['{', '[', '-', '/', '.']) {
        let file = Arc::new(SourceFile::new("<-e>", text));
        return to_dict(&load_one(&file)?.0);
    }
    let span = Span::outside("-e", text);
    let parsed =
        crate::playbook::parse_free_form(text, false, |_| true).map_err(|why| Diagnostic::error(why).at(&span))?;
    if strict && !parsed.rest.is_empty() {
        let message = format!("`-e` takes name=value, JSON, YAML or @FILE; `{}` is none of these", parsed.rest);
        return Err(Diagnostic::error(message).at(&span));
    }
    let vars = Dict::new();
    for (name, value) in parsed.pairs {
        let node = Node::new(Kind::Str(value), Span::outside("-e", text));
        vars.insert(name, value_from_node(&node).map_err(Diagnostic::from)?);
    }
    Ok(vars)
}

/// A mapping of names to values; an empty file is an empty one.
pub fn to_dict(node: &Node) -> Result<Dict, Diagnostic> {
    let entries = match &node.kind {
        Kind::Null => return Ok(Dict::new()),
        Kind::Map(entries) => entries,
        _ => {
            let message = format!("variables have to be a mapping of names to values, not {}", node.describe());
            return Err(Diagnostic::error(message).at(&node.span));
        }
    };
    let vars = Dict::new();
    for entry in entries {
        let Some(name) = entry.key.as_str() else {
            return Err(Diagnostic::error("a variable's name has to be text").at(&entry.key.span));
        };
        vars.insert(name, value_from_node(&entry.value).map_err(Diagnostic::from)?);
    }
    Ok(vars)
}

/// A host with what the inventory and the files beside it say. A host whose files cannot be decrypted is in nobody's
/// way who does not use it; anything else that is wrong with them fails.
pub fn host_vars(inventory: &Inventory, host: &Host) -> Result<HostVars, Diagnostic> {
    match inventory_vars(inventory, &host.name) {
        Ok(vars) => Ok(HostVars::new(&host.name, vars)),
        Err(why) if vault::is_refusal(&why) => Ok(HostVars::unread(&host.name, why)),
        Err(why) => Err(why),
    }
}

/// What the inventory and the files beside it say about a host.
pub fn inventory_vars(inventory: &Inventory, host: &str) -> Result<Dict, Diagnostic> {
    let vars = Dict::new();
    for (name, node) in inventory.variables(host)? {
        vars.insert(name, value_from_node(&node).map_err(Diagnostic::from)?);
    }
    Ok(vars)
}
