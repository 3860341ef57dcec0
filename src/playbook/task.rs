//! A task: one module with its arguments, and when, how often and how it runs.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use indexmap::IndexMap;

use super::{
    Action, Around, Condition, Keywords, Loop, Module, Origin, Role,
    keywords::{Place, Vars, check_names, warn_of_reserved},
    load::Loading,
};
use crate::{
    source::{Diagnostic, Entry, Node, Span, Spanned},
    value::Value,
};

/// Identifies a task; ids grow in the order of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(usize);

impl TaskId {
    /// An id that no other task has.
    pub fn next() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What an include hands to the tasks it includes.
#[derive(Clone, Debug)]
pub struct Include {
    /// What holds for them: the keywords around the include, and `apply`.
    pub around: Around,
    /// The include's own `vars`, which they see as parameters.
    pub vars: Vec<Arc<Vars>>,
}

/// A task or a handler.
#[derive(Clone, Debug)]
pub struct Task {
    /// Which one.
    pub id: TaskId,
    /// `name`, possibly a template.
    pub name: Option<Spanned<Value>>,
    /// What it does.
    pub action: Action,
    /// What holds for it, everything around it included.
    pub keywords: Keywords,
    /// Where it is written.
    pub origin: Arc<Origin>,
    /// What it hands on, for `include_tasks` and `include_role`.
    pub include: Option<Include>,
    /// What it is repeated over.
    pub repeat: Option<Loop>,
    /// The variable that its result goes to.
    pub register: Option<String>,
    /// `until`: it is tried again until all of these hold.
    pub until: Vec<Condition>,
    /// How often it is tried again.
    pub retries: Option<Spanned<Value>>,
    /// Seconds between two tries.
    pub delay: Option<Spanned<Value>>,
    /// What decides whether it changed something; `None` leaves that to the module.
    pub changed_when: Option<Vec<Condition>>,
    /// What decides whether it failed; `None` leaves that to the module.
    pub failed_when: Option<Vec<Condition>>,
    /// Topics that a handler listens to.
    pub listen: Vec<String>,
    /// Where it begins.
    pub span: Span,
    /// Whether nobody wrote it: facts are gathered.
    pub is_implicit: bool,
}

impl Task {
    /// Reads a task; what is wrong with it goes to `loading`.
    pub fn read(node: &Node, entries: &[Entry], around: &Around, loading: &mut Loading) -> Option<Self> {
        let place = if around.is_handler { Place::Handler } else { Place::Task };
        let known = place.keywords();
        check_names(entries, place, loading, |name| {
            name.starts_with("with_") || Action::is_name(name, &known, entries)
        });
        let mut keywords = around.keywords.within(entries, place, loading);
        for tag in std::mem::take(&mut keywords.late_tags) {
            let value = loading.static_value(&tag, &around.with(keywords.clone()));
            let texts = match &value {
                Some(Value::List(tags)) => tags.to_vec().iter().map(Value::to_str).collect(),
                Some(value) => vec![value.to_str()],
                None => Vec::new(),
            };
            keywords.tags.extend(texts.iter().flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()));
        }
        let action = Action::read(node, &known, &around.with(keywords.clone()), loading)?;
        if let Some(local) = node.get("local_action") {
            keywords.set("delegate_to", Spanned::new(Value::from("localhost"), local.span.clone()));
        }
        let mut task = Self::new(action, keywords, around, node.span.clone());
        task.until = node.get("until").map(|node| Condition::read(node, loading)).unwrap_or_default();
        let mut verdict = |name: &str| Some(Condition::verdict(node.get(name)?, loading)).filter(|own| !own.is_empty());
        task.changed_when = verdict("changed_when");
        task.failed_when = verdict("failed_when");
        let mut value = |name: &str| node.get(name).and_then(|node| loading.value(node));
        // What is no text is no name, as in Ansible.
        task.name = value("name").filter(|name| matches!(name.value, Value::Str(_) | Value::Lazy(_)));
        task.retries = value("retries");
        task.delay = value("delay");
        task.repeat = Loop::read(node, loading).filter(|_| !task.is_meta());
        if around.is_handler {
            task.check_handler(loading);
        } else {
            task.check_meta(loading);
        }
        task.register = read_register(node, loading);
        task.warn_of_facts(entries, loading);
        task.listen = node.get("listen").map(super::keywords::words).unwrap_or_default();
        task.read_include(node, entries, around, loading);
        Some(task)
    }

    /// Warns of facts that `set_fact` sets under the names of keywords.
    fn warn_of_facts(&self, entries: &[Entry], loading: &mut Loading) {
        if self.action.module.0.short_name() != "set_fact" {
            return;
        }
        let is_action =
            |entry: &&Entry| entry.key.as_str().is_some_and(|key| key.rsplit('.').next() == Some("set_fact"));
        for fact in entries.iter().filter(is_action).flat_map(|entry| entry.value.as_map().unwrap_or_default()) {
            if let Some(name) = fact.key.as_str() {
                warn_of_reserved(name, &fact.key.span, loading);
            }
        }
    }

    /// A task that nobody wrote, or whose parts are still to be read.
    pub fn new(action: Action, keywords: Keywords, around: &Around, span: Span) -> Self {
        Self {
            id: TaskId::next(),
            name: None,
            action,
            keywords,
            origin: Arc::clone(&around.origin),
            include: None,
            repeat: None,
            register: None,
            until: Vec::new(),
            retries: None,
            delay: None,
            changed_when: None,
            failed_when: None,
            listen: Vec::new(),
            span,
            is_implicit: false,
        }
    }

    /// The task that checks the arguments of a role against its specification.
    pub fn argument_check(spec: &Node, entry_point: &str, role: &Role, around: &Around) -> Option<Self> {
        let module = sutler_modules::find("validate_argument_spec")?;
        let text = |text: &str| Spanned::new(Value::from(text), spec.span.clone());
        let mut arguments = IndexMap::new();
        let options = spec.get("options").map(crate::template::plain_value);
        let options = options.unwrap_or_else(|| Value::Dict(crate::value::Dict::new()));
        arguments.insert("argument_spec".to_owned(), Spanned::new(options, spec.span.clone()));
        let context = crate::value::Dict::new();
        context.insert("argument_spec_name", entry_point);
        context.insert("name", role.name.as_str());
        let path = std::path::absolute(&role.path).unwrap_or_else(|_| role.path.clone());
        context.insert("path", path.to_string_lossy().as_ref());
        context.insert("type", "role");
        arguments.insert("validate_args_context".to_owned(), Spanned::new(Value::Dict(context), spec.span.clone()));
        let name = Spanned::new("ansible.builtin.validate_argument_spec".to_owned(), spec.span.clone());
        let action = Action {
            name,
            module: Module(module),
            arguments,
            containers: IndexMap::new(),
            defaults: None,
            foreign: None,
        };
        let mut keywords = around.keywords.clone();
        keywords.tags.push("always".into());
        let mut task = Self::new(action, keywords, around, spec.span.clone());
        let short = spec.get("short_description").and_then(Node::as_str);
        let title = format!("Validating arguments against arg spec '{entry_point}'");
        task.name = Some(text(&short.map_or_else(|| title.clone(), |short| format!("{title} - {short}"))));
        Some(task)
    }

    /// Whether it acts on the play and not on hosts: nothing is shown or counted for them.
    pub fn is_meta(&self) -> bool {
        self.action.module.0.short_name() == "meta"
    }

    /// Whether other tasks are read in its place.
    pub fn is_import(&self) -> bool {
        matches!(self.action.module.0.short_name(), "import_tasks" | "import_role")
    }

    /// Whether it includes other tasks when it runs.
    pub fn is_include(&self) -> bool {
        matches!(self.action.module.0.short_name(), "include_tasks" | "include_role")
    }

    /// The name as written, or the module's, with its role before it; templates in it are not evaluated.
    pub fn title(&self) -> String {
        self.title_of(self.name.as_ref().map(|name| written(&name.value)))
    }

    /// The title with a name that was evaluated.
    pub fn title_of(&self, name: Option<String>) -> String {
        let name = name.filter(|name| !name.is_empty());
        let name = name.or_else(|| self.role_title(|value| Some(written(&value.value))));
        let name = name.unwrap_or_else(|| self.action.name.value.clone());
        match &self.origin.role {
            Some(_) if self.action.module.0.short_name() == "include_role" => name,
            Some(role) if !name.starts_with(&format!("{} : ", role.name)) => format!("{} : {name}", role.full_name),
            _ => name,
        }
    }

    /// What stands for the name of an `include_role` that has none.
    pub fn role_title(&self, text: impl Fn(&Spanned<Value>) -> Option<String>) -> Option<String> {
        if self.action.module.0.short_name() != "include_role" {
            return None;
        }
        let role = ["name", "role"].into_iter().find_map(|name| self.action.arguments.get(name))?;
        Some(format!("{} : {}", self.action.name.value, text(role)?))
    }

    /// Whether it is done once, whatever the number of hosts, because it acts on all of them.
    pub fn is_for_all(&self) -> bool {
        match self.action.module.0.short_name() {
            "add_host" | "pause" => true,
            "meta" => {
                let what = super::imports::file_of(&self.action).map(|what| written(&what.value)).unwrap_or_default();
                let of_play = ["clear_facts", "clear_host_errors", "end_batch", "end_play", "refresh_inventory"];
                of_play.contains(&what.trim())
            }
            _ => false,
        }
    }

    /// Reports the end of a role where there is none.
    fn check_meta(&self, loading: &mut Loading) {
        let what = super::imports::file_of(&self.action).filter(|_| self.is_meta());
        if let Some(what) = what.filter(|what| what.value.as_str() == Some("end_role") && self.origin.role.is_none()) {
            let message = "Cannot execute 'end_role' from outside of a role";
            let error = Diagnostic::error(message).at(&what.span);
            loading.error(error.help("`end_play`, `end_batch` and `end_host` can stand anywhere"));
        }
    }

    /// Reports what no handler can be.
    fn check_handler(&self, loading: &mut Loading) {
        let name = self.action.module.0.short_name();
        if matches!(name, "include_role" | "import_role") {
            let message = format!("Using '{name}' as a handler is not supported.");
            loading.error(Diagnostic::error(message).at(&self.span).help("a handler can be an `include_tasks`"));
        }
        let what = super::imports::file_of(&self.action).filter(|_| self.is_meta());
        let Some((what, span)) = what.and_then(|what| Some((what.value.as_str()?, &what.span))) else { return };
        match what {
            "flush_handlers" => {
                loading.error(Diagnostic::error("flush_handlers cannot be used as a handler").at(span));
            }
            "end_role" => loading.error(Diagnostic::error("Cannot execute 'end_role' from a handler").at(span)),
            _ => {}
        }
    }

    /// Reports arguments that an import or include does not have.
    fn check_options(&self, loading: &mut Loading) {
        let spec = (self.action.module.0.spec)();
        let unknown = self.action.arguments.iter().filter(|(name, _)| spec.option(name).is_none());
        for (name, argument) in unknown {
            let message = format!("Invalid options for {}: {name}", self.action.name.value);
            loading.error(Diagnostic::error(message).at(&argument.span));
        }
    }

    /// Reports an import or include that names nothing.
    fn check_named(&self, loading: &mut Loading) {
        let name = &self.action.name.value;
        let is_nothing = |value: &Value| value.is_none() || value.as_str() == Some("");
        let message = if matches!(self.action.module.0.short_name(), "include_role" | "import_role") {
            let is_named = super::imports::role_name(&self.action).is_some();
            (!is_named).then(|| format!("'name' is a required field for {name}."))
        } else {
            let is_named = super::imports::file_of(&self.action).is_some_and(|file| !is_nothing(&file.value));
            (!is_named).then(|| format!("No file specified for {name}"))
        };
        if let Some(message) = message {
            loading.error(Diagnostic::error(message).at(&self.span));
        }
    }

    /// Reports names of a role's files that are no text.
    fn check_files_of_role(&self, loading: &mut Loading) {
        for name in ["tasks_from", "handlers_from", "vars_from", "defaults_from"] {
            let Some(argument) = self.action.arguments.get(name) else { continue };
            if !matches!(argument.value, Value::Str(_) | Value::Lazy(_) | Value::None) {
                let kind = argument.value.type_name();
                let message = format!("Expected a string for {name} but got <class '{kind}'> instead.");
                loading.error(Diagnostic::error(message).at(&argument.span));
            }
        }
    }

    /// What holds for the tasks that it includes: not its own keywords but those around it, and `apply`.
    fn read_include(&mut self, node: &Node, entries: &[Entry], around: &Around, loading: &mut Loading) {
        let apply = [self.action.name.value.as_str(), "args"].into_iter().find_map(|key| node.get(key)?.get("apply"));
        if self.is_import()
            && let Some(apply) = apply
        {
            let name = &self.action.name.value;
            let error = Diagnostic::error(format!("Invalid options for {name}: apply")).at(&apply.span);
            loading.error(error.help("keywords of an import reach its tasks anyway"));
        }
        if self.is_include() || self.is_import() {
            self.check_options(loading);
            self.check_named(loading);
            self.check_files_of_role(loading);
        }
        if !self.is_include() {
            return;
        }
        check_names(entries, Place::Include, loading, |name| {
            name.starts_with("with_") || sutler_modules::find(name).is_some()
        });
        self.action.arguments.shift_remove("apply");
        let vars = self.keywords.vars[around.keywords.vars.len()..].to_vec();
        let around = match apply.and_then(Node::as_map) {
            Some(apply) => {
                check_names(apply, Place::Block, loading, |_| false);
                around.with(around.keywords.within(apply, Place::Block, loading))
            }
            None => around.clone(),
        };
        self.include = Some(Include { around, vars });
    }
}

/// A value as it stands in the playbook: a template's source, anything else as text.
pub fn written(value: &Value) -> String {
    match value {
        Value::Lazy(template) => template.source().to_owned(),
        other => other.to_str(),
    }
}

fn read_register(node: &Node, loading: &mut Loading) -> Option<String> {
    let register = node.get("register")?;
    let text = crate::template::plain_value(register).to_str();
    let name = register.as_str().unwrap_or(&text);
    let valid = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !valid {
        let named = match loading.value(register)?.value {
            Value::Str(_) => format!("'{name}'"),
            other => format!("'{}' of type '{}'", written(&other), other.type_name()),
        };
        loading.error(
            Diagnostic::error(format!("Invalid variable name {named}."))
                .at(&register.span)
                .help("letters, digits and underscores, not beginning with a digit"),
        );
    }
    warn_of_reserved(name, &register.span, loading);
    Some(name.to_owned())
}
