//! Where a playbook's roles and collections are found, and which variables names can use while it is loaded.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Role, keywords::Vars};
use crate::{
    library::Library,
    source::{Diagnostic, Entry, Kind, Node, SourceFile, load_one},
    template::{Context, Environment, Names, TemplateError},
    value::{Dict, Value},
};

/// The surroundings of the plays in one folder.
#[derive(Clone)]
pub struct Project {
    /// The folder of the playbook, as it was named.
    pub directory: PathBuf,
    /// The folders of the playbooks that import this one, outermost first.
    pub importers: Vec<PathBuf>,
    /// Further folders with roles, after `roles/` beside the playbook (`DEFAULT_ROLES_PATH`).
    pub roles_path: Vec<PathBuf>,
    /// Folders that hold `ansible_collections`, after `collections/` beside the playbook (`COLLECTIONS_PATHS`).
    pub collections_path: Vec<PathBuf>,
    /// Where modules of people's own are found.
    pub library: Arc<Library>,
    /// `-e`.
    pub extra: Dict,
    /// What templates are evaluated in.
    pub environment: Arc<Environment>,
}

impl Project {
    /// The project of a playbook in `directory`, which searches beside it alone.
    pub fn new(directory: PathBuf, extra: Dict) -> Self {
        let (directory, absolute) = (plain(directory.clone()), absolute(&directory));
        Self {
            importers: Vec::new(),
            roles_path: Vec::new(),
            collections_path: Vec::new(),
            library: Arc::default(),
            environment: Arc::new(Environment::new(absolute)),
            directory,
            extra,
        }
    }

    /// The same settings for a playbook in another folder.
    #[must_use]
    pub fn in_directory(&self, directory: PathBuf) -> Self {
        let (directory, absolute) = (plain(directory.clone()), absolute(&directory));
        let environment = self.environment.with_playbook_dir(absolute);
        let importers = self.importers.iter().chain([&self.directory]).cloned().collect();
        Self { environment: Arc::new(environment), directory, importers, ..self.clone() }
    }

    /// The collection that this project's playbook lies in: short names are looked for there first, in the roles
    /// that are in no collection as well.
    pub fn own_collection(&self) -> Option<String> {
        let parts: Vec<_> = self.environment.playbook_dir.iter().map(|part| part.to_string_lossy()).collect();
        let at = parts.iter().position(|part| part == "ansible_collections")?;
        let inner: Vec<&str> = parts[at + 1..].iter().map(|part| &**part).collect();
        let [namespace, name, ..] = inner[..] else { return None };
        if inner.contains(&"ansible_collections") {
            return None;
        }
        let here: PathBuf = self.environment.playbook_dir.iter().take(at + 3).collect();
        let found = self.collection(namespace, name)?;
        (found.canonicalize().ok()? == here.canonicalize().ok()?).then(|| format!("{namespace}.{name}"))
    }

    /// The file of a playbook that is called `namespace.collection.playbook`.
    pub fn playbook_of_collection(&self, name: &str) -> Option<PathBuf> {
        let [namespace, collection, playbook] = name.splitn(3, '.').collect::<Vec<_>>()[..] else { return None };
        let folder = self.collection(namespace, collection)?.join("playbooks");
        let stem = playbook.replace('.', "/");
        [format!("{stem}.yml"), format!("{stem}.yaml"), playbook.to_owned()]
            .iter()
            .map(|file| folder.join(file))
            .find(|path| path.is_file())
    }

    /// `module_defaults` with the modules of a `group/…` in place of the group; fails for an unknown group.
    pub fn expand_groups(&self, defaults: &Node) -> Result<Node, Diagnostic> {
        let mut entries = Vec::new();
        for entry in defaults.as_map().unwrap_or_default() {
            match entry.key.as_str().and_then(|key| key.strip_prefix("group/")) {
                None => entries.push(entry.clone()),
                Some(group) => {
                    let modules = self.action_group(group);
                    if modules.is_empty() {
                        let error = Diagnostic::error(format!("there is no group of modules `{group}`"));
                        let help = "a group is `group/NAMESPACE.COLLECTION.GROUP`, and its collection is installed";
                        return Err(error.at(&entry.key.span).help(help));
                    }
                    entries.extend(modules.into_iter().map(|module| Entry {
                        key: Node::new(Kind::Str(module), entry.key.span.clone()),
                        value: entry.value.clone(),
                    }));
                }
            }
        }
        Ok(match defaults.kind {
            Kind::Map(_) => Node::new(Kind::Map(entries), defaults.span.clone()),
            _ => defaults.clone(),
        })
    }

    /// The modules of an action group, as the collection's `meta/runtime.yml` lists them.
    fn action_group(&self, name: &str) -> Vec<String> {
        let parts: Vec<&str> = name.split('.').collect();
        let [namespace, collection, group] = parts[..] else { return Vec::new() };
        let file = self.collection(namespace, collection).map(|path| path.join("meta/runtime.yml"));
        let read = file.and_then(|file| SourceFile::read(&file).and_then(|file| load_one(&file)).ok());
        let Some((document, _)) = read else { return Vec::new() };
        let members = document.get("action_groups").and_then(|groups| groups.get(group));
        let mut modules = Vec::new();
        for member in members.and_then(Node::as_list).unwrap_or_default() {
            if let Some(module) = member.as_str() {
                let full =
                    if module.contains('.') { module.to_owned() } else { format!("{namespace}.{collection}.{module}") };
                modules.push(full);
            }
            let extended = member.get("metadata").and_then(|metadata| metadata.get("extend_group"));
            for other in extended.and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_str) {
                let other =
                    if other.contains('.') { other.to_owned() } else { format!("{namespace}.{collection}.{other}") };
                if other != name {
                    modules.extend(self.action_group(&other));
                }
            }
        }
        modules
    }

    /// Every folder of an installed collection of that name, the first that counts first.
    pub fn collection(&self, namespace: &str, name: &str) -> Option<PathBuf> {
        let beside = self.importers.iter().chain([&self.directory]).map(|folder| folder.join("collections"));
        beside
            .chain(self.collections_path.iter().cloned())
            .flat_map(|path| {
                let inner = path.join("ansible_collections");
                // A configured path may name the inner folder itself.
                [inner, path]
            })
            .map(|path| path.join(namespace).join(name))
            .find(|path| path.is_dir())
            .or_else(|| self.library.collection(namespace, name))
    }
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Project({})", self.directory.display())
    }
}

/// The folder of the process is an empty path: names in it are shown as they are.
fn plain(directory: PathBuf) -> PathBuf {
    if directory == Path::new(".") { PathBuf::new() } else { directory }
}

/// The full path of a folder; an empty one is that of the process.
pub fn absolute(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `~` in a path of the controller.
pub fn expand_home(path: &Path) -> PathBuf {
    sutler_modules::kit::users::expand_path(&path.to_string_lossy(), &[]).into()
}

/// The variables that are known before any host is: what the names of imported files may use.
pub struct StaticNames<'a> {
    project: &'a Project,
    play: &'a Vars,
    role: Option<&'a Role>,
    task: &'a [Arc<Vars>],
}

impl<'a> StaticNames<'a> {
    /// The names at a place of a play: `task` are the `vars` around it, the outermost first.
    pub fn new(project: &'a Project, play: &'a Vars, role: Option<&'a Role>, task: &'a [Arc<Vars>]) -> Self {
        Self { project, play, role, task }
    }

    /// A value with its templates evaluated.
    pub fn evaluate(&self, value: &Value) -> Result<Value, TemplateError> {
        Context::new(self, &self.project.environment).resolve_deep(value)
    }
}

impl Names for StaticNames<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        let task = || self.task.iter().rev().find_map(|vars| vars.get(name).cloned());
        let role = || self.role.and_then(|role| role.variable(name));
        let default = || self.role.and_then(|role| role.default_value(name));
        let magic = || match name {
            "playbook_dir" => Some(Value::from(self.project.environment.playbook_dir.to_string_lossy().as_ref())),
            "role_path" => self.role.map(|role| Value::from(role.path.to_string_lossy().as_ref())),
            "role_name" => self.role.map(|role| Value::from(role.name.as_str())),
            "omit" => Some(Value::omit()),
            _ => None,
        };
        magic()
            .or_else(|| self.project.extra.get(name))
            .or_else(task)
            .or_else(role)
            .or_else(|| self.play.get(name).cloned())
            .or_else(default)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.project.extra.keys().iter().filter_map(|key| key.as_str().map(str::to_owned)).collect();
        names.extend(self.task.iter().flat_map(|vars| vars.keys().cloned()));
        names.extend(self.play.keys().cloned());
        names
    }
}
