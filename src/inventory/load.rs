//! From the arguments of `-i` to an inventory: what each source is, and in which order they are read.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use crate::{
    config::{Config, settings},
    source::{Diagnostic, Kind, SourceFile, Span, load_one},
};

use super::{Inventory, address, ini, script, yaml};

/// Names in a directory that are no inventory.
const RESERVED: [&str; 3] = ["group_vars", "host_vars", "vars_plugins"];

/// Reads all sources; see [`Inventory::load`].
pub fn sources(sources: &[String], playbook_dir: Option<&Path>, config: &Arc<Config>) -> Result<Inventory, Diagnostic> {
    let mut inventory = Inventory { given: sources.to_vec(), config: Arc::clone(config), ..Inventory::default() };
    for source in sources {
        one(&mut inventory, source)?;
    }
    inventory.set_playbook_dir(playbook_dir);
    inventory.settle();
    inventory.warn_of_twins();
    Ok(inventory)
}

fn one(inventory: &mut Inventory, source: &str) -> Result<(), Diagnostic> {
    let path = Path::new(source);
    if source.contains(',') && !path.exists() {
        inventory.sources.push(path.to_owned());
        names(inventory, source);
    } else if path.is_dir() {
        inventory.files.add_inventory(path);
        let config = Arc::clone(&inventory.config);
        directory(inventory, path, &config)?;
        inventory.sources.push(path.to_owned());
    } else if path.exists() {
        inventory.files.add_inventory(path.parent().unwrap_or(Path::new("")));
        inventory.sources.push(path.to_owned());
        file(inventory, path)?;
    } else {
        return Err(Diagnostic::error(format!("there is no inventory `{source}`"))
            .help("name a file or a directory with `-i`; for hosts without a file end with a comma: `-i web1,`"));
    }
    Ok(())
}

impl Inventory {
    /// Reads the sources and the files of variables again (`meta: refresh_inventory`). Hosts, groups and
    /// variables that are there already stay, as in Ansible: what is read is added.
    ///
    /// Fails as [`Inventory::load`] does; what was read before the failure counts then.
    pub fn refresh(&mut self) -> Result<(), Diagnostic> {
        self.files.forget();
        let sources = std::mem::take(&mut self.sources);
        let read = self.given.clone().iter().try_for_each(|source| one(self, source));
        self.sources = sources;
        self.settle();
        read
    }

    /// The folder whose `group_vars` and `host_vars` count from now on, beside those of the sources.
    pub fn set_playbook_dir(&mut self, dir: Option<&Path>) {
        self.files.set_playbook(dir);
    }

    /// A name that is both a host and a group is seldom meant.
    fn warn_of_twins(&mut self) {
        for name in self.hosts.keys().filter(|name| self.groups.contains_key(*name)) {
            self.warnings.push(
                Diagnostic::warning(format!("`{name}` is both a host and a group"))
                    .help("patterns and variables mean the group; rename one of them"),
            );
        }
    }
}

/// `web1,web2:2222,`
fn names(inventory: &mut Inventory, text: &str) {
    let span = Span::outside("inventory", text);
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        // No ranges here, as in Ansible: the brackets stay part of the name.
        let (name, port) = address::split_port(item);
        inventory.add_member("ungrouped", name);
        if let Some(port) = port {
            inventory.set_port(name, port, &span);
        }
    }
}

fn directory(inventory: &mut Inventory, path: &Path, config: &Config) -> Result<(), Diagnostic> {
    let entries = fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| Diagnostic::error(format!("cannot read the directory `{}`: {cause}", path.display())))?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let ignored = config.get(&settings::inventory::INVENTORY_IGNORE_EXTS);
    names.retain(|name| {
        !name.starts_with('.') && !RESERVED.contains(&name.as_str()) && !ignored.iter().any(|end| name.ends_with(end))
    });
    names.sort_unstable();
    for name in names {
        let path = path.join(name);
        if path.is_dir() {
            directory(inventory, &path, config)?;
        } else {
            inventory.sources.push(path.clone());
            let read = file(inventory, &path);
            inventory.sources.pop();
            read?;
        }
    }
    Ok(())
}

fn file(inventory: &mut Inventory, path: &Path) -> Result<(), Diagnostic> {
    let bytes = fs::read(path)
        .map_err(|cause| Diagnostic::error(format!("cannot read the inventory `{}`: {cause}", path.display())))?;
    if bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF") {
        let executable = fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o111 != 0);
        if !executable {
            return Err(Diagnostic::error(format!("the inventory script `{}` is not executable", path.display()))
                .help(format!("chmod +x {}", path.display())));
        }
        return script::read(inventory, path);
    }
    let file = SourceFile::from_bytes(path, bytes)?;
    if file.text().starts_with("$ANSIBLE_VAULT;") {
        return Err(super::vars_files::encrypted(path));
    }
    match path.extension().and_then(|end| end.to_str()) {
        Some("yml" | "yaml" | "json") => {
            let (document, warnings) = load_one(&file)?;
            inventory.warnings.extend(warnings);
            if matches!(document.kind, Kind::Null) {
                return Ok(());
            }
            yaml::read(inventory, &document)
        }
        None if looks_like_yaml(file.text()) => {
            let (document, warnings) = load_one(&file)?;
            inventory.warnings.extend(warnings);
            yaml::read(inventory, &document)
        }
        _ => ini::read(inventory, &file),
    }
}

/// Whether a file without an ending is YAML: it begins with `---`, `{`, or a key on a line of its own.
fn looks_like_yaml(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.next().is_some_and(|first| {
        let code = first.split(" #").next().unwrap_or_default().trim_end();
        first.starts_with("---") || first.starts_with('{') || (code.ends_with(':') && !code.starts_with('['))
    })
}
