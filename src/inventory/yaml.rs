//! YAML inventories: groups with `hosts`, `vars` and `children`.

use crate::source::{Diagnostic, Kind, Node, nearest};

use super::{Inventory, constructed::expression_text, ini::refused};

/// Reads a document into the inventory.
pub fn read(inventory: &mut Inventory, document: &Node) -> Result<(), Diagnostic> {
    let Kind::Map(groups) = &document.kind else {
        return Err(Diagnostic::error(format!(
            "a YAML inventory is a mapping of groups, and this is {}",
            document.describe()
        ))
        .at(&document.span)
        .help("begin with `all:` and put `hosts:` or `children:` below it"));
    };
    for entry in groups {
        group(inventory, name(&entry.key, "group")?, &entry.value)?;
    }
    Ok(())
}

fn group(inventory: &mut Inventory, name: &str, data: &Node) -> Result<(), Diagnostic> {
    inventory.add_group(name);
    let sections = match &data.kind {
        Kind::Null => return Ok(()),
        Kind::Map(sections) => sections,
        _ => {
            let warning = Diagnostic::warning(format!(
                "the group `{name}` should be a mapping, and this is {}, which is ignored",
                data.describe()
            ));
            let help = "put `hosts:`, `vars:` or `children:` below the name of the group";
            inventory.warnings.push(warning.at(&data.span).help(help));
            return Ok(());
        }
    };
    for section in sections {
        match section.key.as_str() {
            Some("vars") => vars(inventory, name, &section.value)?,
            Some("children") => children(inventory, name, &section.value)?,
            Some("hosts") => hosts(inventory, name, &section.value)?,
            _ => warn_of(inventory, name, &section.key),
        }
    }
    Ok(())
}

/// About an entry of a group that means nothing.
pub(super) fn warn_of(inventory: &mut Inventory, group: &str, key: &Node) {
    let found = key.as_str().unwrap_or("a key that is no text");
    let warning = Diagnostic::warning(format!("`{found}` means nothing in the group `{group}` and is ignored"));
    let help = match nearest(found, ["hosts", "vars", "children"]) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a group has `hosts`, `vars` and `children`".to_owned(),
    };
    inventory.warnings.push(warning.at(&key.span).help(help));
}

pub(super) fn vars(inventory: &mut Inventory, group: &str, data: &Node) -> Result<(), Diagnostic> {
    for (key, value) in entries(data, "vars", group)? {
        let value = value.cloned().unwrap_or_else(|| Node::new(Kind::Null, key.span.clone()));
        let name = name(key, "variable")?;
        inventory.set_group_var(group, name, value).map_err(|cause| refused(&cause, &key.span))?;
    }
    Ok(())
}

fn children(inventory: &mut Inventory, parent: &str, data: &Node) -> Result<(), Diagnostic> {
    for (key, value) in entries(data, "children", parent)? {
        let child = name(key, "group")?;
        if let Some(value) = value {
            group(inventory, child, value)?;
        }
        inventory.add_child(parent, child).map_err(|cause| refused(&cause, &key.span))?;
    }
    Ok(())
}

pub(super) fn hosts(inventory: &mut Inventory, group: &str, data: &Node) -> Result<(), Diagnostic> {
    for (key, value) in entries(data, "hosts", group)? {
        let Some(pattern) = key.as_str().filter(|name| !name.is_empty()) else {
            let shown = expression_text(key);
            let message = format!("Host pattern {shown} must be a string. Enclose integers/floats in quotation marks.");
            return Err(Diagnostic::error(message).at(&key.span));
        };
        let mut vars = Vec::new();
        match value.map(|value| (&value.kind, value)) {
            None | Some((Kind::Null, _)) => {}
            Some((Kind::Map(entries), _)) => {
                for entry in entries {
                    vars.push((name(&entry.key, "variable")?.to_owned(), entry.value.clone()));
                }
            }
            Some((_, other)) => {
                return Err(Diagnostic::error(format!(
                    "the variables of the host `{pattern}` must be a mapping, and this is {}",
                    other.describe()
                ))
                .at(&other.span)
                .help("put `key: value` lines below the name of the host"));
            }
        }
        inventory.add_hosts(pattern, group, &key.span, &vars)?;
    }
    Ok(())
}

/// The entries of a section. A lone text stands for one key without a value.
fn entries<'a>(data: &'a Node, section: &str, group: &str) -> Result<Vec<(&'a Node, Option<&'a Node>)>, Diagnostic> {
    match &data.kind {
        Kind::Null => Ok(Vec::new()),
        Kind::Str(_) => Ok(vec![(data, None)]),
        Kind::Map(entries) => Ok(entries.iter().map(|entry| (&entry.key, Some(&entry.value))).collect()),
        _ => Err(Diagnostic::error(format!(
            "`{section}` of the group `{group}` must be a mapping, and this is {}",
            data.describe()
        ))
        .at(&data.span)
        .help("write one `name:` per line, each with a colon and without a `-`")),
    }
}

fn name<'a>(key: &'a Node, what: &str) -> Result<&'a str, Diagnostic> {
    key.as_str().filter(|name| !name.is_empty()).ok_or_else(|| {
        Diagnostic::error(format!("the name of a {what} must be text, and this is {}", key.describe()))
            .at(&key.span)
            .help("quote it")
    })
}
