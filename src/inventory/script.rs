//! Executable inventories: programs that print JSON for `--list` and `--host NAME`.

use std::{path::Path, process::Command};

use indexmap::IndexSet;

use crate::{
    config::{Config, settings},
    source::{Diagnostic, Kind, Node, SourceFile, load_one},
};

use super::{Inventory, ini::refused};

/// Runs the program and reads what it prints into the inventory. Fails when it fails, or prints something else.
pub fn read(inventory: &mut Inventory, path: &Path, config: &Config) -> Result<(), Diagnostic> {
    let shows = config.get(&settings::plugins::SCRIPT_ALWAYS_SHOW_STDERR);
    let document = run(inventory, path, &["--list"], shows)?;
    let Kind::Map(groups) = &document.kind else {
        return Err(Diagnostic::error(format!(
            "`--list` must print a mapping of groups, and this is {}",
            document.describe()
        ))
        .at(&document.span));
    };
    let mut hostvars = None;
    for entry in groups {
        match entry.key.as_str() {
            Some("_meta") => hostvars = entry.value.get("hostvars"),
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
        for entry in vars.and_then(Node::as_map).unwrap_or_default() {
            if let Some(key) = entry.key.as_str() {
                inventory.set_host_var(&name, key, entry.value.clone());
            }
        }
    }
    Ok(())
}

fn group(inventory: &mut Inventory, name: &str, data: &Node) -> Result<(), Diagnostic> {
    inventory.add_group(name);
    let sections = match &data.kind {
        Kind::List(_) => return hosts(inventory, name, data),
        Kind::Map(sections) => sections,
        _ => {
            return Err(
                Diagnostic::error(format!("the group `{name}` must be a mapping or a list of hosts")).at(&data.span)
            );
        }
    };
    if ["hosts", "children", "vars"].iter().all(|key| data.get(key).is_none()) {
        // The oldest form: a host with its variables in the place of a group.
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
    for entry in data.get("vars").and_then(Node::as_map).unwrap_or_default() {
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
        return Err(Diagnostic::error(format!("the hosts of the group `{group}` must be a list")).at(&data.span));
    };
    for item in items {
        match item.as_str() {
            Some(name) => inventory.add_member(group, name),
            None => return Err(Diagnostic::error("the name of a host must be text").at(&item.span)),
        }
    }
    Ok(())
}

fn run(inventory: &mut Inventory, path: &Path, arguments: &[&str], shows: bool) -> Result<Node, Diagnostic> {
    let shown = format!("{} {}", path.display(), arguments.join(" "));
    let program = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|cause| Diagnostic::error(format!("cannot run the inventory script `{shown}`: {cause}")))?;
    if !output.status.success() {
        let error = Diagnostic::error(format!("the inventory script `{shown}` failed: {}", output.status));
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(if said.trim().is_empty() { error } else { error.note(said.trim_end().to_owned()) });
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if shows && !said.trim().is_empty() {
        inventory.warnings.push(Diagnostic::warning(format!("`{shown}` says: {}", said.trim_end())));
    }
    let file = SourceFile::from_bytes(Path::new(&format!("<output of {shown}>")), output.stdout)?;
    Ok(load_one(&file)?.0)
}
