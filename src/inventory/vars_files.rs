//! `group_vars` and `host_vars`: files without an ending, `.yml`, `.yaml`, `.json`, and folders of these.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use crate::source::{Diagnostic, Kind, SourceFile, load_one};

use super::{Vars, layers::combined};

/// The folders with variables beside the sources and the playbook.
#[derive(Debug)]
pub struct VarsFiles {
    inventory: Vec<Folders>,
    playbook: Option<Folders>,
    rules: Arc<Rules>,
}

/// How files of variables are found and read.
#[derive(Debug)]
pub struct Rules {
    /// Their endings with dots, in the order in which they are looked for; the first file found counts.
    pub endings: Vec<String>,
    /// Whether mappings of several files in a folder are merged.
    pub merges: bool,
}

impl VarsFiles {
    /// No folders yet.
    pub fn new(rules: Rules) -> Self {
        Self { inventory: Vec::new(), playbook: None, rules: rules.into() }
    }

    /// Adds the folders beside a source; once is enough for sources of one directory.
    pub fn add_inventory(&mut self, dir: &Path) {
        if !self.inventory.iter().any(|folders| folders.dir == dir) {
            self.inventory.push(Folders::list(dir, &self.rules));
        }
    }

    /// Sets the folders beside the playbook.
    pub fn set_playbook(&mut self, dir: Option<&Path>) {
        self.playbook = dir.map(|dir| Folders::list(dir, &self.rules));
    }

    /// Lists all folders anew: what was read from them is forgotten.
    pub fn forget(&mut self) {
        for folders in self.inventory.iter_mut().chain(&mut self.playbook) {
            *folders = Folders::list(&folders.dir.clone(), &self.rules);
        }
    }

    /// The folders beside the sources, in the order of the sources.
    pub fn inventory(&self) -> impl Iterator<Item = &Folders> {
        self.inventory.iter()
    }

    /// The folders beside the playbook.
    pub fn playbook(&self) -> impl Iterator<Item = &Folders> {
        self.playbook.iter()
    }

    /// Warnings from the files that were read so far.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        let folders = self.inventory.iter().chain(&self.playbook);
        let files = folders.flat_map(|folders| folders.groups.values().chain(folders.hosts.values()));
        files.filter_map(|entry| entry.read.get()?.as_ref().ok()).flat_map(|read| &read.warnings)
    }
}

/// `group_vars` and `host_vars` of one directory. Their names are listed at once, their files read when needed.
#[derive(Debug)]
pub struct Folders {
    dir: PathBuf,
    groups: HashMap<String, File>,
    hosts: HashMap<String, File>,
}

impl Folders {
    fn list(dir: &Path, rules: &Arc<Rules>) -> Self {
        let of = |folder: &str| list(&dir.join(folder), rules);
        Self { dir: dir.to_owned(), groups: of("group_vars"), hosts: of("host_vars") }
    }

    /// The variables of a group, if there is a file for it; fails when the file cannot be read.
    pub fn group(&self, name: &str) -> Result<Option<&Vars>, Diagnostic> {
        self.groups.get(name).map(File::vars).transpose()
    }

    /// Whether there is a file for a group.
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// The variables of a host, if there is a file for it; fails when the file cannot be read.
    pub fn host(&self, name: &str) -> Result<Option<&Vars>, Diagnostic> {
        self.hosts.get(name).map(File::vars).transpose()
    }
}

/// A file or a folder of files for one name.
#[derive(Debug)]
struct File {
    path: PathBuf,
    /// Place of its ending in the order of precedence; 0 for none.
    rank: usize,
    rules: Arc<Rules>,
    read: OnceLock<Result<Read, Diagnostic>>,
}

#[derive(Debug, Default)]
struct Read {
    vars: Vars,
    warnings: Vec<Diagnostic>,
}

impl File {
    fn vars(&self) -> Result<&Vars, Diagnostic> {
        let read = self.read.get_or_init(|| {
            let mut read = Read::default();
            if self.path.is_dir() {
                read_folder(&self.path, &self.rules, &mut read)?;
            } else {
                read_file(&self.path, &self.rules, &mut read)?;
            }
            Ok(read)
        });
        read.as_ref().map(|read| &read.vars).map_err(Clone::clone)
    }
}

/// The files of a folder by the name that each is for.
fn list(folder: &Path, rules: &Arc<Rules>) -> HashMap<String, File> {
    let mut files: HashMap<String, File> = HashMap::new();
    for name in names(folder) {
        let path = folder.join(&name);
        let mut offer = |name: &str, rank: usize| {
            if files.get(name).is_none_or(|file| file.rank > rank) {
                let file = File { path: path.clone(), rank, rules: Arc::clone(rules), read: OnceLock::new() };
                files.insert(name.to_owned(), file);
            }
        };
        offer(&name, 0);
        for (rank, ending) in rules.endings.iter().enumerate().filter(|(_, ending)| !ending.is_empty()) {
            if let Some(stem) = name.strip_suffix(ending.as_str()) {
                offer(stem, rank + 1);
            }
        }
    }
    files
}

/// The names in a folder, sorted; none if it cannot be read, as Ansible does.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

fn read_folder(folder: &Path, rules: &Rules, read: &mut Read) -> Result<(), Diagnostic> {
    for name in names(folder) {
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = folder.join(&name);
        if path.is_dir() {
            read_folder(&path, rules, read)?;
        } else if Path::new(&name).extension().is_none_or(|ending| {
            rules.endings.iter().any(|known| known.strip_prefix('.').is_some_and(|known| ending == known))
        }) {
            read_file(&path, rules, read)?;
        }
    }
    Ok(())
}

fn read_file(path: &Path, rules: &Rules, read: &mut Read) -> Result<(), Diagnostic> {
    let file = SourceFile::read(path)?;
    let (document, warnings) = load_one(&file)?;
    read.warnings.extend(warnings);
    let entries = match document.kind {
        Kind::Null => return Ok(()),
        Kind::Map(entries) => entries,
        _ => {
            return Err(Diagnostic::error(format!(
                "a file of variables is a mapping, and this is {}",
                document.describe()
            ))
            .at(&document.span)
            .help("write one `name: value` per line"));
        }
    };
    for entry in entries {
        let Some(name) = entry.key.as_str() else {
            return Err(Diagnostic::error(format!(
                "the name of a variable must be text, and this is {}",
                entry.key.describe()
            ))
            .at(&entry.key.span));
        };
        let known = read.vars.get(name).filter(|_| rules.merges);
        let value = known.and_then(|known| combined(known, &entry.value)).unwrap_or(entry.value);
        read.vars.insert(name.to_owned(), value);
    }
    Ok(())
}
