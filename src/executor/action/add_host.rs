//! `add_host`: hosts that the inventory does not have yet, for later plays and for `delegate_to`.

use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError, TaskContext, words};
use crate::{
    inventory::{Vars, split_port},
    source::{Diagnostic, Kind, Node},
    template::node_from_value,
    value::Value,
};

/// The arguments that are no variables of the host, and the other names that stay variables too.
const NAMES: [&str; 3] = ["name", "hostname", "host"];
const GROUPS: [&str; 3] = ["groupname", "groups", "group"];

/// Runs it.
pub fn run(context: &TaskContext, arguments: &Evaluated) -> Result<Done, PrepareError> {
    let given = |names: [&'static str; 3]| names.into_iter().find(|name| arguments.value(name).is_some());
    let Some(name) = given(NAMES) else {
        return Err(Diagnostic::error("name, host or hostname needs to be provided").into());
    };
    let text = arguments.text(name)?.unwrap_or_default();
    let (name, port) = split_port(text.trim());
    if name.is_empty() {
        return Err(Diagnostic::error(format!("Invalid empty host name provided: {text}")).into());
    }
    let groups = match given(GROUPS) {
        Some(argument) => groups(arguments, argument)?,
        None => Vec::new(),
    };
    let mut vars = Vars::new();
    let mut shown = Fields::new();
    for (variable, argument) in &arguments.arguments {
        if matches!(variable.as_str(), "name" | "hostname" | "groups" | "groupname") {
            continue;
        }
        shown.insert(variable.clone(), argument.value.to_json()?);
        vars.insert(variable.clone(), node_from_value(&argument.value, &argument.span, Kind::Unsafe));
    }
    if let Some(port) = port {
        shown.insert("ansible_ssh_port".into(), json!(port));
        let span = arguments.span("name").or_else(|| arguments.span("hostname")).or_else(|| arguments.span("host"));
        vars.extend(span.map(|span| ("ansible_ssh_port".to_owned(), Node::new(Kind::Int(port.into()), span.clone()))));
    }
    let changed = context.run.vars.add_host(name, &groups, vars)?;
    context.play.add_host(name);
    let mut result = Fields::new();
    result.insert("changed".into(), json!(changed));
    result.insert("add_host".into(), json!({ "host_name": name, "groups": groups, "host_vars": shown }));
    Ok(Done { result, ..Done::default() })
}

fn groups(arguments: &Evaluated, argument: &'static str) -> Result<Vec<String>, PrepareError> {
    let value = arguments.value(argument).unwrap_or(&Value::None);
    let failed = |message: &str| {
        let error = Diagnostic::error(message);
        Err(arguments.span(argument).map_or_else(|| error.clone(), |span| error.clone().at(span)).into())
    };
    if !value.is_truthy() {
        return Ok(Vec::new());
    }
    let Some(groups) = words(value) else { return failed("Groups must be specified as a list.") };
    if groups.iter().any(String::is_empty) {
        return failed("Invalid empty/false group name provided: ");
    }
    Ok(groups)
}
