//! Executable inventories: programs that print JSON for `--list` and `--host NAME`.

use std::{path::Path, process::Command, sync::Arc};

use indexmap::IndexSet;

use crate::{
    config::{Config, settings},
    source::{Diagnostic, Entry, Kind, Node, SourceFile, load_one},
    template::value_from_node,
    value::Value,
};

use super::{Inventory, ini::refused};

/// What Ansible says first of output that is of no use to it.
const NO_DECODER: &str = "Unable to get JSON decoder for inventory script result";

/// Runs the program and reads what it prints into the inventory. Fails when it fails, or prints something else.
pub fn read(inventory: &mut Inventory, path: &Path, config: &Config) -> Result<(), Diagnostic> {
    let shows = config.get(&settings::plugins::SCRIPT_ALWAYS_SHOW_STDERR);
    let document = run(inventory, path, &["--list"], shows)?;
    let groups = mapping(&document, &format!("{NO_DECODER}: Value is"))?;
    let mut hostvars = None;
    for entry in groups {
        match entry.key.as_str() {
            Some("_meta") => {
                mapping(&entry.value, &format!("{NO_DECODER}: Value contains '_meta' which is"))?;
                hostvars = entry.value.get("hostvars");
                if let Some(vars) = hostvars {
                    mapping(vars, "Value contains '_meta.hostvars' which is")?;
                }
            }
            Some(name) => group(inventory, name, &entry.value)?,
            None => {}
        }
    }
    let sections = groups.iter().filter_map(|entry| inventory.group(entry.key.as_str()?));
    let names: IndexSet<String> = sections.flat_map(|group| group.hosts.iter().cloned()).collect();
    for name in names {
        let own;
        let vars = match hostvars {
            Some(all) => all.get(&name),
            None => {
                own = run(inventory, path, &["--host", &name], shows)?;
                Some(&own)
            }
        };
        let wrong =
            |vars: &Node| Diagnostic::error("Invalid data from file, expected dictionary and got").at(&vars.span);
        let entries = vars.map(|vars| vars.as_map().ok_or_else(|| wrong(vars))).transpose()?;
        for entry in entries.unwrap_or_default() {
            if let Some(key) = entry.key.as_str() {
                inventory.set_host_var(&name, key, entry.value.clone());
            }
        }
    }
    Ok(())
}

fn group(inventory: &mut Inventory, name: &str, data: &Node) -> Result<(), Diagnostic> {
    inventory.add_group(name);
    // Whatever else it is, Ansible takes it for the list of hosts.
    let Kind::Map(sections) = &data.kind else { return hosts(inventory, name, data) };
    if ["hosts", "children", "vars"].iter().all(|key| data.get(key).is_none()) {
        // The oldest form: a host with its variables in the place of a group.
        let message = format!("Treating malformed group '{name}' as the sole host of that group");
        let help = "a group has `hosts`, `children` or `vars`";
        inventory.warnings.push(Diagnostic::deprecation(message.clone()).worded(message).at(&data.span).help(help));
        inventory.add_member(name, name);
        for entry in sections {
            if let Some(key) = entry.key.as_str() {
                inventory.set_host_var(name, key, entry.value.clone());
            }
        }
        return Ok(());
    }
    if let Some(listed) = data.get("hosts") {
        hosts(inventory, name, listed)?;
    }
    let vars = data.get("vars").map(|vars| mapping(vars, &format!("Value contains '{name}.vars' which is")));
    for entry in vars.transpose()?.unwrap_or_default() {
        if let Some(key) = entry.key.as_str() {
            inventory
                .set_group_var(name, key, entry.value.clone())
                .map_err(|cause| refused(&cause, &entry.key.span))?;
        }
    }
    for child in data.get("children").and_then(Node::as_list).unwrap_or_default() {
        if let Some(child_name) = child.as_str() {
            inventory.add_child(name, child_name).map_err(|cause| refused(&cause, &child.span))?;
        }
    }
    Ok(())
}

fn hosts(inventory: &mut Inventory, group: &str, data: &Node) -> Result<(), Diagnostic> {
    let Kind::List(items) = &data.kind else {
        let message = instead(&format!("Value contains '{group}.hosts' which is"), data, "list");
        return Err(Diagnostic::error(message).at(&data.span));
    };
    for item in items {
        match item.as_str() {
            Some(name) => inventory.add_member(group, name),
            None => return Err(Diagnostic::error("the name of a host must be text").at(&item.span)),
        }
    }
    Ok(())
}

/// Runs the program and reads what it prints; nothing at all about a host means no variables.
fn run(inventory: &mut Inventory, path: &Path, arguments: &[&str], shows: bool) -> Result<Node, Diagnostic> {
    let shown = format!("{} {}", path.display(), arguments.join(" "));
    let program = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|cause| Diagnostic::error(format!("Failed to execute inventory script command `{shown}`: {cause}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim_end();
    let failed = |message: String| {
        let error = Diagnostic::error(message).note(format!("the command is `{shown}`"));
        if said.is_empty() { error } else { error.note(format!("Standard error from inventory script:\n{said}")) }
    };
    if !output.status.success() {
        return Err(failed(match output.status.code() {
            Some(code) => format!("Inventory script returned non-zero exit code {code}."),
            None => format!("the inventory script failed: {}", output.status),
        }));
    }
    if shows && !said.is_empty() {
        inventory.warnings.push(Diagnostic::warning(format!("`{shown}` says: {said}")).worded(said));
    }
    let host = arguments.get(1);
    let text = String::from_utf8(output.stdout).map_err(|cause| {
        let what = "Inventory script result contained characters that cannot be interpreted as UTF-8";
        failed(format!("{what}: {}", cause.utf8_error()))
    })?;
    let text = if host.is_some() && text.trim().is_empty() { "{}".to_owned() } else { text };
    if let Err(cause) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        return Err(failed(match host {
            Some(host) => format!("Inventory script result for host '{host}' could not be parsed as JSON: {cause}"),
            None => format!("{NO_DECODER}: Value could not be parsed as JSON: {cause}"),
        }));
    }
    let file = Arc::new(SourceFile::new(format!("<output of {shown}>"), text));
    Ok(load_one(&file)?.0)
}

/// Fails for what is something else than a mapping; `what` names it as Ansible does.
fn mapping<'a>(node: &'a Node, what: &str) -> Result<&'a [Entry], Diagnostic> {
    node.as_map().ok_or_else(|| Diagnostic::error(instead(what, node, "dict")).at(&node.span))
}

/// What a value is, and what it should be.
fn instead(what: &str, node: &Node, wanted: &str) -> String {
    let name = match value_from_node(node) {
        Ok(Value::None) => "NoneType".to_owned(),
        Ok(value) => value.type_name().to_owned(),
        Err(_) => node.describe().to_owned(),
    };
    format!("{what} '{name}' instead of '{wanted}'.")
}
