//! What templates are evaluated in, apart from variables: search paths and vocabulary.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, OnceLock},
};

use parking_lot::RwLock;

use super::{Arguments, Syntax, Template, TemplateError};
use crate::{
    config::Config,
    source::{Diagnostic, SourceFile, Span},
    value::Value,
};

/// A filter: its value is the first argument.
pub type Filter = fn(Arguments<'_>) -> Result<Value, TemplateError>;
/// A test: its value is the first argument.
pub type Test = fn(Arguments<'_>) -> Result<bool, TemplateError>;
/// A function of the global names.
pub type Function = fn(Arguments<'_>) -> Result<Value, TemplateError>;
/// A lookup: its terms are the positional arguments, the result is a list.
pub type Lookup = fn(Arguments<'_>) -> Result<Vec<Value>, TemplateError>;

/// The names of the hosts that a pattern selects, or why it is none.
pub type HostSelector = Box<dyn Fn(&str) -> Result<Vec<String>, String> + Send + Sync>;

/// What templates ask of installed collections and their modules.
pub struct Installed {
    /// The folder of a collection, by its two names.
    pub collection: Box<dyn Fn(&str, &str) -> Option<PathBuf> + Send + Sync>,
    /// Whether there is a module of that name beside those that are built in.
    pub has_module: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

/// The tables that families of filters, tests, functions and lookups write their members into.
#[derive(Default, Clone)]
pub struct Vocabulary {
    /// Filters by short name.
    pub filters: HashMap<&'static str, Filter>,
    /// Tests by short name.
    pub tests: HashMap<&'static str, Test>,
    /// Functions by name.
    pub functions: HashMap<&'static str, Function>,
    /// Lookups by short name.
    pub lookups: HashMap<&'static str, Lookup>,
}

/// What hears the warnings of evaluations.
pub type Listener = Box<dyn Fn(Diagnostic) + Send + Sync>;

/// Search paths and vocabulary. Cheap to clone; one per play or role.
#[derive(Clone)]
pub struct Environment {
    /// Where the playbook lies; relative paths of lookups start here at last.
    pub playbook_dir: PathBuf,
    /// Directories that `include`, `import` and `extends` search, in order.
    pub template_paths: Vec<PathBuf>,
    /// Directories that lookups search, in order: in each first `files/` or `templates/`, then the directory itself.
    pub search_paths: Vec<PathBuf>,
    /// Whether a condition may have a result that is not a boolean (Ansible's `ALLOW_BROKEN_CONDITIONALS`).
    pub allow_broken_conditionals: bool,
    /// The settings of the run; the defaults, if nothing is said.
    pub settings: Option<Arc<Config>>,
    vocabulary: Arc<Vocabulary>,
    /// What finds the hosts of a pattern, once there is an inventory.
    hosts: Arc<OnceLock<HostSelector>>,
    /// What is installed on the controller, once there is a project.
    installed: Arc<OnceLock<Installed>>,
    /// Who hears what an evaluation warns of, once there is a run.
    warnings: Arc<OnceLock<Listener>>,
    files: Arc<RwLock<HashMap<PathBuf, Arc<Template>>>>,
}

impl Environment {
    /// The usual vocabulary, with paths that start at the playbook's directory.
    pub fn new(playbook_dir: impl Into<PathBuf>) -> Self {
        let playbook_dir = playbook_dir.into();
        let mut vocabulary = Vocabulary::default();
        super::filter::register(&mut vocabulary.filters);
        super::test::register(&mut vocabulary.tests);
        super::function::register(&mut vocabulary.functions);
        super::lookup::register(&mut vocabulary.lookups);
        Self {
            template_paths: vec![playbook_dir.join("templates"), playbook_dir.clone()],
            search_paths: vec![playbook_dir.clone()],
            playbook_dir,
            allow_broken_conditionals: false,
            settings: None,
            vocabulary: Arc::new(vocabulary),
            hosts: Arc::default(),
            installed: Arc::default(),
            warnings: Arc::default(),
            files: Arc::default(),
        }
    }

    /// The same environment for a playbook in another folder.
    #[must_use]
    pub fn with_playbook_dir(&self, playbook_dir: PathBuf) -> Self {
        Self {
            template_paths: vec![playbook_dir.join("templates"), playbook_dir.clone()],
            search_paths: vec![playbook_dir.clone()],
            playbook_dir,
            ..self.clone()
        }
    }

    /// The same environment with other directories: a role's come before the playbook's.
    #[must_use]
    pub fn with_paths(&self, template_paths: Vec<PathBuf>, search_paths: Vec<PathBuf>) -> Self {
        Self { template_paths, search_paths, ..self.clone() }
    }

    /// The same environment for what stands in a template of the `template` module: the folders of the playbook and
    /// of that file are searched last.
    #[must_use]
    pub fn in_template(&self, file: &Path) -> Self {
        let mut inner = self.clone();
        let full = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        for folder in [Some(&*self.playbook_dir), file.parent()].into_iter().flatten().map(full) {
            inner.template_paths.extend([folder.join("templates"), folder.clone()]);
            inner.search_paths.push(folder);
        }
        inner
    }

    /// The settings that lookups read.
    pub fn config(&self) -> &Config {
        static DEFAULTS: LazyLock<Config> = LazyLock::new(Config::default);
        self.settings.as_deref().unwrap_or(&DEFAULTS)
    }

    /// Tells a listener from now on what evaluations warn of; the first one stays.
    pub fn warn_by(&self, listener: Listener) {
        let _ = self.warnings.set(listener);
    }

    /// Warns of something that is no error.
    pub fn warn(&self, warning: Diagnostic) {
        if let Some(listener) = self.warnings.get() {
            listener(warning);
        }
    }

    /// Whether there is a lookup of that name, short or full.
    pub fn has_lookup(&self, name: &str) -> bool {
        self.vocabulary.lookups.contains_key(short_name(name))
    }

    /// The short names of all lookups.
    pub fn lookup_names(&self) -> impl Iterator<Item = &'static str> {
        self.vocabulary.lookups.keys().copied()
    }

    /// Says how the hosts of a pattern are found; this environment and all that come from it know it then.
    pub fn select_hosts_by(&self, selector: HostSelector) {
        // The first inventory is that of the run.
        let _ = self.hosts.set(selector);
    }

    /// The names of the hosts that a pattern selects; none without an inventory.
    pub fn select_hosts(&self, pattern: &str) -> Result<Vec<String>, TemplateError> {
        match self.hosts.get() {
            Some(select) => select(pattern).map_err(|why| TemplateError::raised("AnsibleError", why)),
            None => Ok(Vec::new()),
        }
    }

    /// Says what is installed; this environment and all that come from it know it then.
    pub fn find_installed_by(&self, installed: Installed) {
        let _ = self.installed.set(installed);
    }

    /// The folder of an installed collection.
    pub fn collection(&self, namespace: &str, name: &str) -> Option<PathBuf> {
        (self.installed.get()?.collection)(namespace, name)
    }

    /// Whether a module of that name is installed beside those that are built in.
    pub fn has_installed_module(&self, name: &str) -> bool {
        self.installed.get().is_some_and(|installed| (installed.has_module)(name))
    }

    /// All words.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The compiled template of a file that `include` and its kin name; `None` if no search path has it.
    pub(super) fn template(&self, name: &str) -> Result<Option<Arc<Template>>, TemplateError> {
        if name.split('/').any(|part| part == "..") {
            return Ok(None);
        }
        for directory in &self.template_paths {
            let path = directory.join(name);
            if let Some(template) = self.files.read().get(&path) {
                return Ok(Some(Arc::clone(template)));
            }
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| {
                TemplateError::raised("OSError", format!("cannot read {}: {error}", path.display()))
            })?;
            let file = Arc::new(SourceFile::new(&path, text));
            let syntax = Syntax { keep_escapes: false, ..Syntax::default() };
            let text = file.text();
            // A part of another text does not end a line.
            let text = if syntax.is_plain(text) { text.strip_suffix('\n').unwrap_or(text) } else { text };
            let template = Template::compile(text, &Span::new(&file, 1, 1), &syntax)?;
            let template = Arc::new(template);
            self.files.write().insert(path, Arc::clone(&template));
            return Ok(Some(template));
        }
        Ok(None)
    }
}

/// The part of a dotted name that the tables hold: `ansible.builtin.combine` is `combine`.
pub(super) fn short_name(name: &str) -> &str {
    ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// A word by its short or full name; those that moved from `ansible.netcommon` to `ansible.utils` have both names.
pub(super) fn find_word<'t, T>(words: &'t HashMap<&'static str, T>, name: &str) -> Option<&'t T> {
    words.get(short_name(name)).or_else(|| {
        let moved = name.strip_prefix("ansible.netcommon.")?;
        words.get(&*format!("ansible.utils.{moved}"))
    })
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({})", self.playbook_dir.display())
    }
}
