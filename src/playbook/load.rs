//! From files to [`Playbook`]s, with everything that is wrong in them at once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Around, Item, Play, Playbook, Project, Role, StaticNames,
    import_playbook::{self, Imports},
};
use crate::{
    config::settings::running,
    source::{Diagnostic, Kind, Node, Severity, SourceFile, Span, Spanned, load_one},
    template::value_from_node,
    value::Value,
};

/// Files may import each other no deeper than this.
const DEPTH: usize = 100;

/// A playbook, and what its author should know.
#[derive(Debug)]
pub struct Loaded {
    /// The playbook.
    pub playbook: Playbook,
    /// What will fail when it runs, or is probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// Modules that exist, but not in this program: no error as long as nothing runs.
    pub missing: Vec<Diagnostic>,
}

/// Why files cannot be loaded.
#[derive(Debug)]
pub struct Broken {
    /// Everything that is wrong.
    pub errors: Vec<Diagnostic>,
    /// Whether the first error is one that Ansible ends with 1 for: something that is named is not there.
    pub is_refused: bool,
}

/// Reads files and collects what is wrong in them.
#[derive(Debug)]
pub struct Loading {
    /// Where roles and collections are found.
    pub project: Arc<Project>,
    /// The handlers of roles that tasks import, in the order of the tasks.
    pub handlers: Vec<Item>,
    /// The roles whose variables all tasks of the play see.
    pub roles: Vec<Arc<Role>>,
    /// The imports of playbooks around the file that is read, the outermost first.
    pub imports: Vec<Arc<Imports>>,
    is_refused: bool,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    missing: Vec<Diagnostic>,
    documents: HashMap<PathBuf, Option<Arc<Node>>>,
    open: Vec<PathBuf>,
}

impl Loading {
    /// Begins to read the files of a project.
    pub fn new(project: &Arc<Project>) -> Self {
        Self {
            project: Arc::clone(project),
            handlers: Vec::new(),
            roles: Vec::new(),
            imports: Vec::new(),
            is_refused: false,
            errors: Vec::new(),
            warnings: Vec::new(),
            missing: Vec::new(),
            documents: HashMap::new(),
            open: Vec::new(),
        }
    }

    /// Reports an error; reading goes on, to find the others.
    pub fn error(&mut self, error: Diagnostic) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Reports an error that Ansible ends with 1 for, where a wrong playbook ends with 4.
    pub fn refuse(&mut self, error: Diagnostic) {
        self.is_refused |= self.errors.is_empty();
        self.error(error);
    }

    /// Reports something that will fail later, or is probably not meant.
    pub fn warning(&mut self, warning: Diagnostic) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Reports a module that exists elsewhere.
    pub fn missing(&mut self, module: Diagnostic) {
        self.missing.push(module);
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.errors.len()
    }

    /// Everything that was reported; the errors fail.
    pub fn finish<T>(mut self, value: T) -> Result<(T, Vec<Diagnostic>, Vec<Diagnostic>), Broken> {
        if self.errors.is_empty() {
            return Ok((value, self.warnings, self.missing));
        }
        self.errors.append(&mut self.warnings);
        Err(Broken { errors: self.errors, is_refused: self.is_refused })
    }

    /// A node as a value, its templates compiled; an error is reported.
    pub fn value(&mut self, node: &Node) -> Option<Spanned<Value>> {
        match value_from_node(node) {
            Ok(value) => {
                self.warn_of_broken(&value);
                Some(Spanned::new(value, node.span.clone()))
            }
            Err(error) => {
                self.error(error.into());
                None
            }
        }
    }

    /// Warns of templates that do not parse: whoever uses them will fail.
    pub fn warn_of_broken(&mut self, value: &Value) {
        match value {
            Value::Lazy(template) => {
                if let Some(error) = template.error() {
                    let error = Diagnostic::from(error.clone());
                    let will_fail = "as it stands, the task will fail";
                    let help =
                        error.help.as_ref().map_or_else(|| will_fail.into(), |help| format!("{help}; {will_fail}"));
                    // Ansible says nothing before the task fails.
                    let ansible = crate::source::Wording::default();
                    self.warning(Diagnostic { severity: Severity::Warning, ansible, ..error }.help(help));
                }
            }
            Value::List(list) => list.to_vec().iter().for_each(|item| self.warn_of_broken(item)),
            Value::Dict(dict) => dict.values().iter().for_each(|item| self.warn_of_broken(item)),
            _ => {}
        }
    }

    /// What a YAML file holds; an error is reported. Each file is read once.
    pub fn document(&mut self, path: &Path) -> Option<Arc<Node>> {
        if let Some(known) = self.documents.get(path) {
            return known.clone();
        }
        let read = SourceFile::read(path).and_then(|file| load_one(&file));
        let document = match read {
            Ok((node, warnings)) => {
                warnings.into_iter().for_each(|warning| self.warning(warning));
                Some(Arc::new(node))
            }
            Err(error) => {
                self.error(error);
                None
            }
        };
        self.documents.insert(path.to_owned(), document.clone());
        document
    }

    /// What the settings say about variables of roles: whether others see them; `None` where they say nothing.
    pub fn role_vars_are_public(&self) -> Option<bool> {
        let settings = self.project.environment.settings.as_ref()?;
        settings.given(&running::DEFAULT_PRIVATE_ROLE_VARS).map(|are_private| !are_private)
    }

    /// A file or role begins to be read; `false` and an error if it is being read already.
    pub fn enter(&mut self, path: &Path, from: &Span) -> bool {
        let circle = self.open.iter().position(|open| open == path);
        if circle.is_none() && self.open.len() < DEPTH {
            self.open.push(path.to_owned());
            return true;
        }
        let chain = self.open[circle.unwrap_or(0)..].iter().map(|path| path.display().to_string());
        let chain: Vec<String> = chain.chain([path.display().to_string()]).collect();
        let error = Diagnostic::error(format!("`{}` includes itself without end", path.display())).at(from);
        self.refuse(error.note(format!("the way: {}", chain.join(" → "))));
        false
    }

    /// The file or role that was entered last is read.
    pub fn leave(&mut self) {
        self.open.pop();
    }

    /// A text that may be a template of what is known before the play runs; an error is reported.
    pub fn static_text(&mut self, text: &str, span: &Span, around: &Around) -> Option<Spanned<String>> {
        let node = Node::new(Kind::Str(text.to_owned()), span.clone());
        let value = self.value(&node)?;
        let value = self.static_value(&value, around)?;
        Some(Spanned::new(value.to_str(), span.clone()))
    }

    /// A text whose templates use what is known before the play runs; `None` if they need more.
    pub fn known_text(&mut self, text: &str, span: &Span, around: &Around) -> Option<Spanned<String>> {
        let value = self.value(&Node::new(Kind::Str(text.to_owned()), span.clone()))?;
        let role = around.origin.role.as_deref();
        let names = StaticNames::new(&self.project, &around.play, role, &around.keywords.vars);
        let known = names.evaluate(&value.value).ok()?;
        Some(Spanned::new(known.to_str(), span.clone()))
    }

    /// A value whose templates use what is known before the play runs; an error is reported.
    pub fn static_value(&mut self, value: &Spanned<Value>, around: &Around) -> Option<Value> {
        let role = around.origin.role.as_deref();
        let names = StaticNames::new(&self.project, &around.play, role, &around.keywords.vars);
        match names.evaluate(&value.value) {
            Ok(value) => Some(value),
            Err(error) => {
                let error = Diagnostic::from(error);
                let error = if error.span.is_some() { error } else { error.at(&value.span) };
                self.error(error.help(
                    "imports are read before the first host: only variables of the play, of roles and `-e` are known \
                     then; `include_tasks` and `include_role` take all others",
                ));
                None
            }
        }
    }
}

/// Loads a playbook. The errors are all that were found.
pub fn load(path: &Path, project: &Arc<Project>) -> Result<Loaded, Broken> {
    let file = SourceFile::read(path).map_err(|e| Broken { errors: vec![e], is_refused: false })?;
    let mut loading = Loading::new(project);
    let plays = read_plays(&file, &mut loading);
    let (plays, warnings, missing) = loading.finish(plays)?;
    let playbook = Playbook { path: path.to_owned(), collection: project.own_collection(), plays };
    Ok(Loaded { playbook, warnings, missing })
}

/// Loads the plays of a document that is in no file; `path` is what it is called.
pub fn load_node(document: &Node, path: &Path, project: &Arc<Project>) -> Result<Loaded, Broken> {
    let mut loading = Loading::new(project);
    let plays = read_document(document, path, &mut loading);
    let (plays, warnings, missing) = loading.finish(plays)?;
    let playbook = Playbook { path: path.to_owned(), collection: None, plays };
    Ok(Loaded { playbook, warnings, missing })
}

/// The plays of a file, those that it imports included.
pub fn read_plays(file: &Arc<SourceFile>, loading: &mut Loading) -> Vec<Arc<Play>> {
    match load_one(file) {
        Ok((document, warnings)) => {
            warnings.into_iter().for_each(|warning| loading.warning(warning));
            read_document(&document, file.path(), loading)
        }
        Err(error) => {
            loading.error(error);
            Vec::new()
        }
    }
}

fn read_document(document: &Node, path: &Path, loading: &mut Loading) -> Vec<Arc<Play>> {
    match &document.kind {
        Kind::List(plays) if plays.is_empty() => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let message = format!("A playbook must contain at least one play: {}", path.display());
            loading.error(Diagnostic::error(message).at(&document.span));
            Vec::new()
        }
        Kind::List(plays) => plays.iter().flat_map(|play| read_play(play, path, loading)).collect(),
        Kind::Null => {
            loading.error(Diagnostic::error("the playbook is empty").at(&document.span));
            Vec::new()
        }
        _ => {
            let message = format!("a playbook has to be a list of plays, not {}", document.describe());
            loading.error(Diagnostic::error(message).at(&document.span).help("begin each play with `- `"));
            Vec::new()
        }
    }
}

fn read_play(node: &Node, file: &Path, loading: &mut Loading) -> Vec<Arc<Play>> {
    match import_playbook::key(node) {
        Some(entry) => import_playbook::read(node, entry, file, loading),
        None => Play::read(node, loading).map(Arc::new).into_iter().collect(),
    }
}
