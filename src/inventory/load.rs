//! From the arguments of `-i` to an inventory: what each source is, and in which order they are read.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use fancy_regex::Regex;

use crate::{
    config::settings,
    source::{Diagnostic, Kind, Severity, SourceFile, Span, load_one},
    vault,
};

use super::{Inventory, Reading, address, constructed, generator, host_range, ini, script, toml, yaml};

/// Names in a directory that are no inventory.
const RESERVED: [&str; 3] = ["group_vars", "host_vars", "vars_plugins"];
/// What is said when no source gave anything.
pub const NOTHING: &str = "No inventory was parsed, only implicit localhost is available";

/// Reads all sources; see [`Inventory::load`].
pub fn sources(sources: &[String], reading: &Reading) -> Result<Inventory, Diagnostic> {
    let mut inventory = Inventory { given: sources.to_vec(), ..Inventory::new(reading) };
    inventory.set_playbook_dir(reading.playbook_dir.as_deref());
    if !read_all(&mut inventory, sources, reading)? {
        // What a source said before it broke counts beside others alone.
        let Inventory { hosts, groups, .. } = Inventory::new(reading);
        (inventory.hosts, inventory.groups) = (hosts, groups);
    }
    inventory.settle();
    inventory.warn_of_twins();
    Ok(inventory)
}

/// Returns whether there was anything to read.
fn read_all(inventory: &mut Inventory, sources: &[String], reading: &Reading) -> Result<bool, Diagnostic> {
    let config = &*reading.config;
    let mut parsed = false;
    for name in sources {
        parsed |= source(inventory, name, reading)?;
        inventory.check_group_names(config);
    }
    if !parsed && config.get(&settings::inventory::INVENTORY_UNPARSED_IS_FAILED) {
        let message = "No inventory was parsed, please check your configuration and options.";
        return Err(Diagnostic::error("no inventory was parsed").worded(message).help("name an inventory with `-i`"));
    }
    if !parsed && !sources.is_empty() && config.get(&settings::inventory::INVENTORY_UNPARSED_WARNING) {
        inventory.warnings.push(Diagnostic::warning(NOTHING).worded(NOTHING));
    }
    Ok(parsed)
}

/// Reads one source. Returns whether there was anything to read.
fn source(inventory: &mut Inventory, name: &str, reading: &Reading) -> Result<bool, Diagnostic> {
    let path = Path::new(name);
    if name.contains(',') && !path.exists() {
        inventory.sources.push(path.to_owned());
        let read = names(inventory, name, reading);
        return settled(inventory, read, path, reading);
    }
    if path.is_dir() {
        inventory.files.add_inventory(path);
        let parsed = directory(inventory, path, reading)?;
        inventory.sources.push(path.to_owned());
        return Ok(parsed);
    }
    let read = if path.exists() {
        inventory.files.add_inventory(path.parent().unwrap_or(Path::new("")));
        inventory.sources.push(path.to_owned());
        file(inventory, path, reading)
    } else {
        Err(Diagnostic::error(format!("there is no inventory `{name}`"))
            .help("name a file or a directory with `-i`; for hosts without a file end with a comma: `-i web1,`"))
    };
    settled(inventory, read, path, reading)
}

/// Whether a source was read. One that is broken is an error, unless broken ones are passed over: then two
/// warnings say so.
fn settled(
    inventory: &mut Inventory,
    read: Result<(), Diagnostic>,
    path: &Path,
    reading: &Reading,
) -> Result<bool, Diagnostic> {
    let Err(mut error) = read else { return Ok(true) };
    if !reading.passes_over() {
        return Err(error);
    }
    if let Some(context) = error.ansible.contexts.first() {
        error.message = format!("{}: {}", context.value, error.message);
        if error.ansible.message.is_none() {
            let own = error.message.split_once(": ").map_or("", |(_, own)| own).to_owned();
            error = error.worded(own);
        }
    }
    inventory.warnings.push(Diagnostic { severity: Severity::Warning, ..error });
    inventory.warnings.push(unread(path, reading));
    Ok(false)
}

/// About a source that gave nothing.
fn unread(path: &Path, reading: &Reading) -> Diagnostic {
    let is_text = path.to_string_lossy().contains(',');
    let path = if is_text { path.to_owned() } else { std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) };
    let message = if reading.fails_if_any() {
        format!("Completely failed to parse inventory source {}", path.display())
    } else {
        format!("Unable to parse {} as an inventory source", path.display())
    };
    Diagnostic::warning(message.clone()).worded(message)
}

impl Reading {
    /// Whether a source that is broken is passed over. Half of the hosts is seldom meant: unless the settings
    /// say otherwise, it is an error, but for those who expect Ansible's ways.
    fn passes_over(&self) -> bool {
        let given = self.config.given(&settings::inventory::INVENTORY_ANY_UNPARSED_IS_FAILED);
        !given.unwrap_or(!self.is_lenient)
    }

    /// Whether a directory with nothing in it is an error as well.
    fn fails_if_any(&self) -> bool {
        self.config.given(&settings::inventory::INVENTORY_ANY_UNPARSED_IS_FAILED) == Some(true)
    }
}

/// The same, with the name that Ansible has for what reads such a source.
fn by(plugin: &str, read: Result<(), Diagnostic>) -> Result<(), Diagnostic> {
    read.map_err(|error| {
        let place = error.span.clone().unwrap_or_else(|| Span::outside("inventory", ""));
        error.within(format!("Failed to parse inventory with '{plugin}' plugin"), &place)
    })
}

impl Inventory {
    /// Reads the sources and the files of variables again (`meta: refresh_inventory`): what they no longer say is gone,
    /// what plays added stays.
    ///
    /// Fails as [`Inventory::load`] does; then nothing changes.
    pub fn refresh(&mut self) -> Result<(), Diagnostic> {
        let (given, reading) = (self.given.clone(), self.reading.clone());
        let mut fresh = Self::new(&reading);
        std::mem::swap(&mut fresh.files, &mut self.files);
        fresh.files.forget();
        if let Err(error) = read_all(&mut fresh, &given, &reading) {
            std::mem::swap(&mut fresh.files, &mut self.files);
            return Err(error);
        }
        fresh.settle();
        fresh.add_again(std::mem::take(&mut self.added));
        *self = Self { given, ..fresh };
        Ok(())
    }

    /// The folder whose `group_vars` and `host_vars` count from now on, beside those of the sources.
    pub fn set_playbook_dir(&mut self, dir: Option<&Path>) {
        self.files.set_playbook(dir);
    }

    /// What an encrypted source says is printed nowhere.
    fn note_secrets(&self, source: &Arc<SourceFile>) {
        let hosts = self.hosts.values().map(|host| &host.vars);
        for (name, value) in hosts.chain(self.groups.values().map(|group| &group.vars)).flatten() {
            if Arc::ptr_eq(&value.span.file, source) {
                vault::note_variable(name, value);
            }
        }
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

/// Fails unless the settings allow this kind of inventory (`[inventory] enable_plugins`).
fn enabled(kinds: &[&str], what: &str, reading: &Reading) -> Result<(), Diagnostic> {
    let enabled = reading.config.get(&settings::inventory::INVENTORY_ENABLED);
    let short = |name: &String| name.strip_prefix("ansible.builtin.").unwrap_or(name).to_owned();
    if enabled.iter().map(short).any(|name| kinds.contains(&name.as_str())) {
        return Ok(());
    }
    Err(Diagnostic::error(format!("`{what}` is an inventory of a kind that the settings do not enable"))
        .help(format!("add `{}` to `enable_plugins` in the section `inventory` of ansible.cfg", kinds[0])))
}

/// `web1,web2:2222,`
fn names(inventory: &mut Inventory, text: &str, reading: &Reading) -> Result<(), Diagnostic> {
    let span = Span::outside("inventory", text);
    let has_ranges = enabled(&["advanced_host_list"], text, reading).is_ok();
    if !has_ranges {
        enabled(&["host_list"], text, reading)?;
    }
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        if has_ranges && host_range::is_open(item) {
            let message = "Unable to parse address from hostname, leaving unchanged: host range must specify end value";
            inventory.warnings.push(Diagnostic::warning(message).worded(message).at(&span));
            inventory.add_member("ungrouped", item);
            continue;
        }
        if has_ranges {
            by("advanced_host_list", inventory.add_hosts(item, "ungrouped", &span, &[]))?;
            continue;
        }
        // No ranges here, as in Ansible: the brackets stay part of the name.
        let (name, port) = address::split_port(item);
        inventory.add_member("ungrouped", name);
        if let Some(port) = port {
            inventory.set_port(name, port, &span);
        }
    }
    Ok(())
}

/// Reads what is in a directory, and below. Returns whether any of it could be read.
fn directory(inventory: &mut Inventory, path: &Path, reading: &Reading) -> Result<bool, Diagnostic> {
    let entries = fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| Diagnostic::error(format!("cannot read the directory `{}`: {cause}", path.display())))?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let ignored = reading.config.get(&settings::inventory::INVENTORY_IGNORE_EXTS);
    let patterns = ignored_patterns(reading)?;
    names.retain(|name| {
        !name.starts_with('.')
            && !RESERVED.contains(&name.as_str())
            && !ignored.iter().any(|end| name.ends_with(end))
            // An expression that gives up counts as no match.
            && !patterns.iter().any(|pattern| pattern.is_match(name).unwrap_or(false))
    });
    names.sort_unstable();
    let mut parsed = false;
    for name in names {
        let path = path.join(name);
        if path.is_dir() {
            parsed |= directory(inventory, &path, reading)?;
        } else {
            inventory.sources.push(path.clone());
            let read = file(inventory, &path, reading);
            inventory.sources.pop();
            parsed |= settled(inventory, read, &path, reading)?;
        }
    }
    match unread(path, reading) {
        _ if parsed => {}
        error if reading.fails_if_any() => return Err(Diagnostic { severity: Severity::Error, ..error }),
        warning => inventory.warnings.push(warning),
    }
    Ok(parsed)
}

fn file(inventory: &mut Inventory, path: &Path, reading: &Reading) -> Result<(), Diagnostic> {
    let bytes = fs::read(path)
        .map_err(|cause| Diagnostic::error(format!("cannot read the inventory `{}`: {cause}", path.display())))?;
    if bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF") {
        let executable = fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o111 != 0);
        if !executable {
            return Err(Diagnostic::error(format!("the inventory script `{}` is not executable", path.display()))
                .help(format!("chmod +x {}", path.display())));
        }
        enabled(&["script"], &path.to_string_lossy(), reading)?;
        return by("script", script::read(inventory, path, &reading.config));
    }
    let file = SourceFile::from_bytes(path, bytes)?;
    let ending = path.extension().map(|end| format!(".{}", end.to_string_lossy()));
    let yaml_endings = reading.config.get(&settings::plugins::YAML_EXTENSIONS);
    let is_yaml = match &ending {
        // Documents of plugins may have this ending if they are enabled by their own names.
        Some(ending) if ending == ".config" => enabled(&["constructed", "generator"], "", reading).is_ok(),
        Some(ending) => yaml_endings.contains(ending),
        None => looks_like_yaml(file.text()),
    };
    if is_yaml {
        return yaml_file(inventory, &file, reading);
    }
    if ending.as_deref() == Some(".toml") {
        enabled(&["toml"], &path.to_string_lossy(), reading)?;
        by("toml", toml::read(inventory, &file))?;
    } else {
        enabled(&["ini"], &path.to_string_lossy(), reading)?;
        by("ini", ini::read(inventory, &file))?;
    }
    if file.is_secret() {
        inventory.note_secrets(&file);
    }
    Ok(())
}

/// A YAML inventory, or the document of a plugin.
fn yaml_file(inventory: &mut Inventory, file: &Arc<SourceFile>, reading: &Reading) -> Result<(), Diagnostic> {
    let shown = file.path().to_string_lossy();
    let (document, warnings) = match load_one(file) {
        Ok(loaded) => loaded,
        Err(error) => return by("yaml", Err(error)),
    };
    inventory.warnings.extend(warnings);
    if matches!(document.kind, Kind::Null) {
        // There is nothing in it that would be no INI either.
        return enabled(&["ini", "yaml"], &shown, reading);
    }
    let Some(plugin) = document.get("plugin").filter(|plugin| plugin.as_str().is_some()) else {
        enabled(&["yaml"], &shown, reading)?;
        return by("yaml", yaml::read(inventory, &document));
    };
    let name = plugin.as_str().unwrap_or_default();
    match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        "constructed" => {
            enabled(&["auto", "constructed"], &shown, reading)?;
            by("constructed", constructed::read(inventory, &document, reading))
        }
        "generator" => {
            enabled(&["auto", "generator"], &shown, reading)?;
            by("generator", generator::read(inventory, &document))
        }
        _ => Err(Diagnostic::error(format!("this asks for the inventory plugin `{name}`, which sutler does not have"))
            .at(&plugin.span)
            .help("write the inventory out with `ansible-inventory --list --export --yaml` and use the result")),
    }
}

/// The expressions of `ignore_patterns`.
fn ignored_patterns(reading: &Reading) -> Result<Vec<Regex>, Diagnostic> {
    let patterns = reading.config.get(&settings::inventory::INVENTORY_IGNORE_PATTERNS);
    let compile = |pattern: &String| {
        Regex::new(pattern).map_err(|cause| {
            Diagnostic::error(format!("`{pattern}` in `ignore_patterns` is no regular expression: {cause}"))
        })
    };
    patterns.iter().map(compile).collect()
}

/// Whether a file without an ending is YAML: it begins with `---`, `{`, or a key on a line of its own.
fn looks_like_yaml(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.next().is_some_and(|first| {
        let code = first.split(" #").next().unwrap_or_default().trim_end();
        first.starts_with("---") || first.starts_with('{') || (code.ends_with(':') && !code.starts_with('['))
    })
}
