//! A Python module and everything that it imports of what modules share, as files of one folder.
//!
//! ansible-core packs the same files; what starts them on the host is our own.

use std::{
    collections::{BTreeMap, HashSet},
    io::{Cursor, Write},
    path::PathBuf,
    sync::Arc,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Library, imports::Import, kind::COMMON, routing::Route, source::Source};
use crate::playbook::{LANGUAGE, Project};

/// What starts a module on the host: the folder is the first place that Python imports from.
const START: &str = include_str!("start.py");
/// What `start.py` has where the module's full name belongs.
const NAME_MARK: &str = "{module}";
/// Packages whose other parts may be among the host's own packages.
const SHARED: &str = "from pkgutil import extend_path\n\n__path__ = extend_path(__path__, __name__)\n";
/// What every module needs of ansible-core, imported by name when it starts.
const ALWAYS: [&str; 4] = [
    "ansible.module_utils.basic",
    "ansible.module_utils._internal._ansiballz._loader",
    "ansible.module_utils._internal._json._profiles._module_legacy_c2m",
    "ansible.module_utils._internal._json._profiles._module_legacy_m2c",
];
/// Redirections are followed no further than this.
const DEPTH: usize = 10;

/// Puts a module's package together.
pub struct Packer<'a> {
    library: &'a Library,
    project: &'a Project,
    /// Folders that are `ansible.module_utils`, the first that counts first.
    utilities: Vec<PathBuf>,
    files: Files,
}

/// The files of a package by their paths in it.
pub type Files = BTreeMap<String, Arc<Source>>;

/// The archive of a package's files, the same bytes for the same files.
pub fn archive(files: &Files) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, source) in files {
        archive.start_file(path.as_str(), SimpleFileOptions::default()).map_err(std::io::Error::other)?;
        archive.write_all(&source.bytes)?;
    }
    Ok(archive.finish().map_err(std::io::Error::other)?.into_inner())
}

/// A part that a module imports and that is nowhere.
pub struct Missing {
    /// The names it might have, as messages list them.
    pub candidates: Vec<String>,
}

impl Missing {
    /// Whether it is ansible-core's.
    pub fn is_core(&self) -> bool {
        self.candidates.iter().any(|name| name.starts_with("ansible.module_utils"))
    }
}

impl<'a> Packer<'a> {
    /// A package whose module is looked at from these folders: the playbook's and those of roles.
    pub fn new(library: &'a Library, project: &'a Project, roots: &[PathBuf]) -> Self {
        let mut utilities: Vec<PathBuf> = roots.iter().map(|root| root.join("module_utils")).collect();
        utilities.extend(library.utilities.iter().cloned());
        utilities.extend(library.core().map(|core| core.join("module_utils")));
        Self { library, project, utilities, files: BTreeMap::new() }
    }

    /// Collects the files of a module, which is called so in full.
    pub fn collect(mut self, name: &str, bytes: Vec<u8>) -> Result<Files, Missing> {
        let text = String::from_utf8_lossy(&bytes);
        let bytes = if text.contains(COMMON) {
            text.replace(COMMON, "from ansible.module_utils.basic import *").into_bytes()
        } else {
            bytes
        };
        let module = Arc::new(Source::new(bytes));
        let mut open = self.add(name, false, module);
        for part in ALWAYS {
            // Older ones, and stand-ins, have not all of them.
            if let Ok(more) = self.include(&[part.to_owned()], 0) {
                open.extend(more);
            }
        }
        while let Some(wanted) = open.pop() {
            match self.include(&wanted.candidates, 0) {
                Ok(more) => open.extend(more),
                Err(_) if wanted.is_optional => {}
                Err(candidates) => return Err(Missing { candidates }),
            }
        }
        let start = Source { bytes: START.replace(NAME_MARK, name).into_bytes(), imports: Vec::new() };
        self.files.insert("__main__.py".into(), Arc::new(start));
        Ok(self.files)
    }

    /// Adds the first of some names that is there, with the packages that it is in; returns what all of them import.
    fn include(&mut self, candidates: &[String], depth: usize) -> Result<Vec<Wanted>, Vec<String>> {
        for name in candidates {
            match self.locate(name) {
                Some(Located::Package(source)) => return Ok(self.add(name, true, source)),
                Some(Located::File(source)) => return Ok(self.add(name, false, source)),
                None => {}
            }
        }
        // A folder may be a package without saying so.
        if let Some(name) = candidates.first().filter(|name| self.places(name).iter().any(|place| place.is_dir())) {
            return Ok(self.add(name, true, Arc::new(Source::new(Vec::new()))));
        }
        for name in candidates.iter().filter(|_| depth < DEPTH) {
            if let Some(target) = self.moved(name) {
                let more = self.include(std::slice::from_ref(&target), depth + 1)?;
                let shim = format!("import sys\n\nimport {target} as moved\n\nsys.modules[__name__] = moved\n");
                let mut wanted = self.add(name, false, Arc::new(Source::new(shim.into_bytes())));
                wanted.extend(more);
                return Ok(wanted);
            }
        }
        Err(candidates.to_vec())
    }

    /// Adds a file and the `__init__.py` of the packages around it.
    fn add(&mut self, name: &str, is_package: bool, source: Arc<Source>) -> Vec<Wanted> {
        let parts: Vec<&str> = name.split('.').collect();
        let path = |count: usize| parts[..count].join("/");
        let own =
            if is_package { format!("{}/__init__.py", path(parts.len())) } else { format!("{}.py", path(parts.len())) };
        if self.files.contains_key(&own) {
            return Vec::new();
        }
        let mut wanted = wanted(&parts, is_package, &source);
        self.files.insert(own, source);
        for count in 1..parts.len() {
            let init = format!("{}/__init__.py", path(count));
            if self.files.contains_key(&init) {
                continue;
            }
            let source = match self.locate(&parts[..count].join(".")) {
                Some(Located::Package(source)) => source,
                _ => Arc::new(Source::new(self.package_text(&parts[..count]))),
            };
            wanted.extend(self::wanted(&parts[..count], true, &source));
            self.files.insert(init, source);
        }
        wanted
    }

    /// What stands in a package that has no file of its own.
    fn package_text(&self, parts: &[&str]) -> Vec<u8> {
        match parts {
            ["ansible"] => {
                let version = LANGUAGE;
                format!("{SHARED}\n__version__ = '{version}'\n__author__ = 'Ansible, Inc.'\n").into_bytes()
            }
            ["ansible", "module_utils"] => SHARED.into(),
            _ => Vec::new(),
        }
    }

    /// A file by its full name among what modules share.
    fn locate(&self, name: &str) -> Option<Located> {
        let file = |path: PathBuf| if path.is_file() { self.library.source(&path) } else { None };
        self.places(name).iter().find_map(|place| {
            let package = file(place.join("__init__.py")).map(Located::Package);
            package.or_else(|| file(PathBuf::from(format!("{}.py", place.display()))).map(Located::File))
        })
    }

    /// Where a package of a full name would be; with `.py` behind it, where a file would be.
    fn places(&self, name: &str) -> Vec<PathBuf> {
        match name.split('.').collect::<Vec<_>>()[..] {
            ["ansible", "module_utils", ref rest @ ..] if !rest.is_empty() => {
                self.utilities.iter().map(|folder| folder.join(rest.join("/"))).collect()
            }
            ["ansible_collections", namespace, collection, "plugins", ref rest @ ..] if !rest.is_empty() => {
                let folder = self.project.collection(namespace, collection).map(|folder| folder.join("plugins"));
                folder.iter().map(|folder| folder.join(rest.join("/"))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The new full name of what has moved.
    fn moved(&self, name: &str) -> Option<String> {
        let parts: Vec<&str> = name.split('.').collect();
        let (file, rest) = match parts[..] {
            ["ansible", "module_utils", ref rest @ ..] => {
                (self.library.core()?.join("config/ansible_builtin_runtime.yml"), rest)
            }
            ["ansible_collections", namespace, collection, "plugins", "module_utils", ref rest @ ..] => {
                (self.project.collection(namespace, collection)?.join("meta/runtime.yml"), rest)
            }
            _ => return None,
        };
        let Some(Route::Moved(target)) = self.library.routing(&file).route("module_utils", &rest.join(".")).cloned()
        else {
            return None;
        };
        // `namespace.collection.name` is short for the full name of the file.
        Some(match target.split('.').collect::<Vec<_>>()[..] {
            ["ansible_collections", ..] | ["ansible", "module_utils", ..] => target,
            ["ansible", "builtin", ref rest @ ..] => format!("ansible.module_utils.{}", rest.join(".")),
            [namespace, collection, ref rest @ ..] => {
                format!("ansible_collections.{namespace}.{collection}.plugins.module_utils.{}", rest.join("."))
            }
            _ => target,
        })
    }
}

enum Located {
    Package(Arc<Source>),
    File(Arc<Source>),
}

/// A part that is imported: the names that it may have, the first that is there counts.
struct Wanted {
    candidates: Vec<String>,
    is_optional: bool,
}

/// What a file imports of what modules share.
fn wanted(parts: &[&str], is_package: bool, source: &Source) -> Vec<Wanted> {
    let mut seen = HashSet::new();
    let all = source.imports.iter().filter_map(|import| {
        let candidates = candidates(parts, is_package, import)?;
        seen.insert(candidates.clone()).then_some(Wanted { candidates, is_optional: import.is_nested })
    });
    all.collect()
}

fn candidates(parts: &[&str], is_package: bool, import: &Import) -> Option<Vec<String>> {
    let mut full: Vec<&str> = Vec::new();
    if import.level > 0 {
        // One dot is the package that the file is in.
        let up = if is_package { import.level - 1 } else { import.level };
        full.extend(&parts[..parts.len().checked_sub(up)?]);
    }
    full.extend(import.module.iter().map(String::as_str));
    let least = match full[..] {
        ["ansible", "module_utils", ..] => 3,
        ["ansible_collections", _, _, "plugins", ..] => 5,
        _ => return None,
    };
    if full.starts_with(&["ansible", "module_utils", "six"]) {
        // Its `moves` are no files.
        return Some(vec!["ansible.module_utils.six".into()]);
    }
    let module = full.join(".");
    let mut candidates = Vec::new();
    if let Some(name) = import.name.as_deref().filter(|name| *name != "*") {
        candidates.push(format!("{module}.{name}"));
    }
    if full.len() >= least {
        candidates.push(module);
    }
    if let Some(six) = full.iter().position(|part| *part == "six").filter(|place| place + 1 >= least) {
        candidates.push(full[..=six].join("."));
    }
    (!candidates.is_empty()).then_some(candidates)
}
