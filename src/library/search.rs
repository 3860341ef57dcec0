//! What the name of a module means: one of this program's, or a file in a library, a collection or ansible-core.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sutler_modules::Entry;

use super::{
    Foreign, Kind,
    foreign::Content,
    kind,
    pack::{Missing, Packer},
    routing::Route,
};
use crate::playbook::Project;

/// Redirections are followed no further than this.
const DEPTH: usize = 10;
/// How deep the folders of `DEFAULT_MODULE_PATH` are searched.
const CONFIGURED_DEPTH: usize = 2;
/// Modules with a controller's part, which is this program's own: no file of that short name replaces them.
const KEPT: [&str; 13] = [
    "assemble",
    "async_status",
    "command",
    "copy",
    "fetch",
    "gather_facts",
    "package",
    "script",
    "service",
    "shell",
    "template",
    "unarchive",
    "uri",
];

/// What a name means.
pub enum Meaning {
    /// A module of this program.
    Native(&'static Entry),
    /// The same, and a file that would replace it in Ansible does not.
    Kept(&'static Entry, PathBuf),
    /// A module of people's own.
    Foreign(Arc<Foreign>),
    /// A module that exists, or may, and cannot run.
    Refused(Refusal),
    /// Nothing.
    Unknown,
}

/// Why a module cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is the matter.
    pub message: String,
    /// What would make it run.
    pub help: String,
}

/// Looks modules up for tasks of one place.
pub struct Search<'a> {
    project: &'a Project,
    /// Folders whose `library`, `module_utils` and `action_plugins` count: the playbook's and those of roles.
    roots: Vec<PathBuf>,
}

impl<'a> Search<'a> {
    /// A search from a playbook's folder and the folders of roles; those of the roles that were loaded before count
    /// last.
    pub fn new(project: &'a Project, roles: impl Iterator<Item = PathBuf>) -> Self {
        let mut roots: Vec<PathBuf> = Vec::new();
        let loaded = project.library.roles.lock().clone();
        for role in project.importers.iter().chain([&project.directory]).cloned().chain(roles).chain(loaded) {
            if !roots.contains(&role) {
                roots.push(role);
            }
        }
        Self { project, roots }
    }

    /// What a name means where short ones are looked for in these collections first.
    pub fn meaning(&self, name: &str, collections: &[String]) -> Meaning {
        if self.project.library.rejected.has(name) {
            let message = format!("the module `{name}` is rejected here");
            let help = "`plugin_filters_cfg` in ansible.cfg names the file that rejects it";
            return Meaning::Refused(Refusal { message, help: help.into() });
        }
        let found = match name.split('.').collect::<Vec<_>>()[..] {
            [short] => self.short(short, collections),
            ["ansible", "legacy", short] => self.legacy(short),
            ["ansible", "builtin", short] => self.builtin(short, 0),
            [_, _, _, ..] => self.of_collection(name, 0).or_else(|| self.not_installed(name)),
            _ => None,
        };
        found.unwrap_or(Meaning::Unknown)
    }

    /// Whether there is a module of that name, if it can run here or not.
    pub fn has(&self, name: &str) -> bool {
        self.file(name).is_some() || !matches!(self.meaning(name, &[]), Meaning::Refused(_) | Meaning::Unknown)
    }

    fn short(&self, name: &str, collections: &[String]) -> Option<Meaning> {
        if is_kept(name) {
            return self.legacy(name);
        }
        let in_collections = collections.iter().find_map(|collection| match collection.as_str() {
            "ansible.legacy" => self.legacy(name),
            "ansible.builtin" => self.builtin(name, 0),
            other => self.of_collection(&format!("{other}.{name}"), 0),
        });
        in_collections.or_else(|| self.legacy(name))
    }

    /// A module that is in no collection, or one of Ansible's own.
    fn legacy(&self, name: &str) -> Option<Meaning> {
        let native = sutler_modules::find(name);
        let Some(file) = self.library_file(name) else {
            let native = native.map(Meaning::Native);
            let acting = || self.own_action_plugin(name).map(|plugin| Meaning::Refused(through_plugin(name, &plugin)));
            return native.or_else(|| self.builtin(name, 0)).or_else(acting);
        };
        match native {
            Some(native) if is_kept(name) => Some(Meaning::Kept(native, file)),
            _ => Some(self.foreign(&format!("ansible.legacy.{name}"), &file)),
        }
    }

    /// The file of a module in the libraries, the first that counts.
    fn library_file(&self, name: &str) -> Option<PathBuf> {
        let library = &self.project.library;
        let beside = self.roots.iter().map(|root| root.join("library"));
        let named = library.given.iter().cloned().chain(beside).map(|folder| (folder, 0));
        let configured = library.modules.iter().map(|folder| (folder.clone(), CONFIGURED_DEPTH));
        let mut folders = named.chain(configured);
        folders.find_map(|(folder, depth)| library.listing(&folder, depth).file(name).cloned())
    }

    /// The file in the libraries that counts instead of a module of this program.
    pub fn replacement(&self, name: &str) -> Option<PathBuf> {
        if is_kept(name) { None } else { self.library_file(name) }
    }

    /// The file of a module that is no part of this program, and the name that people know it by.
    pub fn file(&self, name: &str) -> Option<(String, PathBuf)> {
        let library = &self.project.library;
        let of_core = |short: &str| {
            let file = library.listing(&library.core()?.join("modules"), 0).file(short)?.clone();
            Some((format!("ansible.builtin.{short}"), file))
        };
        match name.split('.').collect::<Vec<_>>()[..] {
            ["ansible", "builtin", short] => of_core(short),
            [short] | ["ansible", "legacy", short] => {
                self.library_file(short).map(|file| (short.to_owned(), file)).or_else(|| of_core(short))
            }
            [namespace, collection, ref inner @ .., short] => {
                let modules = self.project.collection(namespace, collection)?.join("plugins/modules");
                let folder = inner.iter().fold(modules, |folder, part| folder.join(part));
                Some((name.to_owned(), library.listing(&folder, 0).file(short)?.clone()))
            }
            _ => None,
        }
    }

    /// A module of `ansible.builtin`.
    fn builtin(&self, name: &str, depth: usize) -> Option<Meaning> {
        let full = format!("ansible.builtin.{name}");
        if let Some(native) = sutler_modules::find(&full) {
            return Some(Meaning::Native(native));
        }
        if let Some(core) = self.project.library.core() {
            if let Some(file) = self.project.library.listing(&core.join("modules"), 0).file(name) {
                return Some(self.foreign(&full, file));
            }
            if let Some(found) = self.routed(&core.join("config/ansible_builtin_runtime.yml"), &full, name, depth) {
                return Some(found);
            }
        }
        sutler_modules::elsewhere::has(name).then(|| {
            Meaning::Refused(Refusal {
                message: format!("the module `{name}` is not part of this version"),
                help: "with ansible-core, or the `ansible` package with its collections, on the controller, Ansible's own \
                       runs on hosts that have a Python; nothing of it is started on the controller"
                    .into(),
            })
        })
    }

    /// A module of an installed collection, or of this program under that name.
    fn of_collection(&self, full: &str, depth: usize) -> Option<Meaning> {
        if let Some(native) = sutler_modules::find_full(full) {
            return Some(Meaning::Native(native));
        }
        let mut parts = full.splitn(3, '.');
        let (namespace, collection, name) = (parts.next()?, parts.next()?, parts.next()?);
        if (namespace, collection) == ("ansible", "builtin") {
            return self.builtin(name, depth);
        }
        let folder = self.project.collection(namespace, collection)?;
        let (inner, short) = name.rsplit_once('.').unwrap_or(("", name));
        let modules = folder.join("plugins/modules").join(inner.replace('.', "/"));
        match self.project.library.listing(&modules, 0).file(short) {
            Some(file) => Some(self.foreign(full, file)),
            None => self.routed(&folder.join("meta/runtime.yml"), full, name, depth).or_else(|| self.acting(full)),
        }
    }

    /// A module that has moved or is gone.
    fn routed(&self, file: &Path, full: &str, name: &str, depth: usize) -> Option<Meaning> {
        match self.project.library.routing(file).route("modules", name)? {
            Route::Moved(target) if depth < DEPTH => {
                self.of_collection(target, depth + 1).or_else(|| self.not_installed(target))
            }
            Route::Moved(_) => None,
            Route::Gone(text) => Some(Meaning::Refused(Refusal {
                message: format!("the module `{full}` has been removed"),
                help: if text.is_empty() { "use another one".into() } else { text.trim().to_owned() },
            })),
        }
    }

    /// A name in a collection that is nowhere; one that is there has no such module.
    fn not_installed(&self, full: &str) -> Option<Meaning> {
        let (namespace, rest) = full.split_once('.')?;
        let (collection, _) = rest.split_once('.')?;
        if self.project.collection(namespace, collection).is_some() {
            return None;
        }
        Some(Meaning::Refused(Refusal {
            message: format!("the module `{full}` is not part of this version, and its collection is not installed"),
            help: format!(
                "install the collection `{namespace}.{collection}` (beside the playbook in `collections/`, in \
                 `collections_path`, or with the `ansible` package), and ansible-core for its modules in Python"
            ),
        }))
    }

    fn foreign(&self, full: &str, file: &Path) -> Meaning {
        let key = (file.to_owned(), self.roots.clone());
        let known = self.project.library.found.lock().get(&key).cloned();
        let found = known.unwrap_or_else(|| {
            let read = self.read(full, file).map(Arc::new);
            self.project.library.found.lock().insert(key, read.clone());
            read
        });
        match found {
            Ok(module) => Meaning::Foreign(module),
            Err(refusal) => Meaning::Refused(refusal),
        }
    }

    /// Looks at a file: what it is, and whether everything is there that it needs.
    fn read(&self, full: &str, file: &Path) -> Result<Foreign, Refusal> {
        let shown = file.display();
        let name = full.strip_prefix("ansible.legacy.").unwrap_or(full);
        let refuse = |message: String, help: &str| Err(Refusal { message, help: help.into() });
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                return refuse(format!("the module `{name}` cannot be read: {shown}: {error}"), "make it readable");
            }
        };
        let kind = Kind::of(&bytes);
        if kind == Kind::PowerShell || file.with_extension("ps1").is_file() {
            return refuse(
                format!("the module `{name}` is PowerShell, for hosts with Windows ({shown})"),
                "there is no connection to such hosts here",
            );
        }
        if let Some(plugin) = self.action_plugin(full) {
            return Err(through_plugin(name, &plugin));
        }
        let shebang = kind::shebang(&bytes);
        let new = |content| Foreign::new(full.to_owned(), file.to_owned(), kind, shebang.clone(), content);
        if kind != Kind::Python {
            let is_broken = shebang.is_none() && kind != Kind::Binary;
            let module = new(Content::File(bytes));
            let why = format!("module ({}) is missing interpreter line", module.shown_name());
            return Ok(if is_broken { module.failing_with(why) } else { module });
        }
        let package = package_name(full);
        let packer = Packer::new(&self.project.library, self.project, &self.roots);
        match packer.collect(&package, bytes) {
            Ok(files) => Ok(new(Content::Package(files))),
            Err(missing) if missing.is_core() && self.project.library.core().is_none() => refuse(
                format!("the module `{name}` is Python and needs ansible-core's `module_utils` ({shown})"),
                "install ansible-core on the controller (`pipx install ansible-core`), or name its folder of packages in \
                 PYTHONPATH; nothing of it is started there, and the hosts need a Python",
            ),
            Err(Missing { candidates }) => {
                let names: Vec<String> = candidates.iter().map(|name| format!("'{name}'")).collect();
                let names = names.join(", ");
                let why = format!("Could not find imported module support code for {package}. Looked for ([{names}])");
                Ok(new(Content::File(Vec::new())).failing_with(why))
            }
        }
    }

    /// A name that is an action plugin's alone.
    fn acting(&self, full: &str) -> Option<Meaning> {
        let plugin = self.action_plugin(full)?;
        Some(Meaning::Refused(through_plugin(full, &plugin)))
    }

    /// The action plugin that does a module's work on the controller.
    fn action_plugin(&self, full: &str) -> Option<PathBuf> {
        let library = &self.project.library;
        let mut parts = full.splitn(3, '.');
        let (namespace, collection, name) = (parts.next()?, parts.next()?, parts.next()?);
        let is_own = namespace == "ansible" && matches!(collection, "builtin" | "legacy");
        let folders: Vec<PathBuf> = if is_own {
            let beside = self.roots.iter().map(|root| root.join("action_plugins"));
            let core = library.core().map(|core| core.join("plugins/action"));
            beside.chain(library.actions.iter().cloned()).chain(core).collect()
        } else {
            self.project
                .collection(namespace, collection)
                .map(|folder| folder.join("plugins/action"))
                .into_iter()
                .collect()
        };
        let found = folders.iter().find_map(|folder| library.listing(folder, 0).file(name).cloned());
        found.or_else(|| {
            let folder = self.project.collection(namespace, collection).filter(|_| !is_own)?;
            let file = folder.join("meta/runtime.yml");
            match library.routing(&file).route("action", name)? {
                Route::Moved(target) => Some(PathBuf::from(target)),
                Route::Gone(_) => None,
            }
        })
    }

    /// The action plugin beside playbook or roles that Ansible would run in place of a module of this program.
    pub fn own_action_plugin(&self, short: &str) -> Option<PathBuf> {
        let library = &self.project.library;
        let beside = self.roots.iter().map(|root| root.join("action_plugins"));
        let mut folders = beside.chain(library.actions.iter().cloned());
        folders.find_map(|folder| library.listing(&folder, 0).file(short).cloned())
    }
}

/// Whether a short name always means this program's own module.
fn is_kept(name: &str) -> bool {
    sutler_modules::find(name).is_some_and(|native| native.is_action || KEPT.contains(&name))
}

/// Why a module that an action plugin works for does not run.
fn through_plugin(name: &str, plugin: &Path) -> Refusal {
    Refusal {
        message: format!("the module `{name}` works through an action plugin in Python ({})", plugin.display()),
        help: "plugins never run here, and the module alone would do something else".into(),
    }
}

/// The name that Python imports a module by.
fn package_name(full: &str) -> String {
    match full.split('.').collect::<Vec<_>>()[..] {
        ["ansible", "builtin", name] => format!("ansible.modules.{name}"),
        ["ansible", "legacy", _] => full.to_owned(),
        [namespace, collection, ref rest @ ..] => {
            format!("ansible_collections.{namespace}.{collection}.plugins.modules.{}", rest.join("."))
        }
        _ => full.to_owned(),
    }
}
