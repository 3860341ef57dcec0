//! What a task does: a module's name and its arguments, in any of the forms people write.

use std::sync::Arc;

use indexmap::IndexMap;
use sutler_modules::Entry as ModuleEntry;

use super::{Around, Origin, Project, Role, free_form, load::Loading, task::written};
use crate::{
    library::{Foreign, Meaning, Refusal, Search},
    source::{Diagnostic, Entry, Kind, Node, Span, Spanned, nearest},
    template::Template,
    value::Value,
};

/// A module, one of the registry.
#[derive(Clone, Copy)]
pub struct Module(pub &'static ModuleEntry);

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

/// An argument and where it was written.
pub type Argument = Spanned<Value>;

/// A module with arguments that are not rendered yet.
#[derive(Clone, Debug)]
pub struct Action {
    /// The module's name as written.
    pub name: Spanned<String>,
    /// The module.
    pub module: Module,
    /// The module of people's own that it is, where [`Action::module`] stands for one.
    pub foreign: Option<Arc<Foreign>>,
    /// Arguments by name.
    pub arguments: IndexMap<String, Argument>,
    /// Where the lists and dicts among them begin.
    pub containers: IndexMap<String, Span>,
    /// `args: "{{ mapping }}"`: arguments that are only known when the task runs.
    pub defaults: Option<Argument>,
}

impl Action {
    /// Whether a key of a task is the module of the task: a module's name, or the one key that is no keyword.
    pub fn is_name(name: &str, known: &[&str], entries: &[Entry]) -> bool {
        if sutler_modules::find(name).is_some() {
            return true;
        }
        // The one strange key of a task is meant as its module; if there is a module, it is a keyword gone wrong.
        let strange = |key: &str| !known.contains(&key) && !key.starts_with("with_");
        let keys = || entries.iter().filter_map(|entry| entry.key.as_str());
        let has_action =
            keys().any(|key| matches!(key, "action" | "local_action") || sutler_modules::find(key).is_some());
        !has_action && keys().filter(|key| strange(key)).count() == 1 && strange(name)
    }

    /// The action of a task.
    pub fn read(task: &Node, known: &[&str], around: &Around, loading: &mut Loading) -> Option<Self> {
        let entries = task.as_map().unwrap_or_default();
        let mut found = Vec::new();
        for entry in entries {
            let Some(name) = entry.key.as_str() else { continue };
            if matches!(name, "action" | "local_action") {
                found.extend(read_old_form(&entry.value, name, loading));
            } else if !known.contains(&name) && Self::is_name(name, known, entries) {
                found.push((Spanned::new(name.to_owned(), entry.key.span.clone()), Form::Node(&entry.value)));
            }
        }
        if let [(first, _), (second, _), ..] = found.as_slice() {
            let message = format!("a task has one module: this one has `{}` and `{}`", first.value, second.value);
            let wording = format!("conflicting action statements: {}, {}", first.value, second.value);
            let error = Diagnostic::error(message).at(&second.span).help("make two tasks of it");
            loading.error(error.worded(wording).origin(&task.span));
            return None;
        }
        let Some((name, form)) = found.into_iter().next() else {
            let error = Diagnostic::error("this task has no module").at(&task.span);
            let error = error.worded("no module/action detected in task.");
            let likely = entries.iter().find(|entry| entry.key.as_str().is_some_and(|key| !known.contains(&key)));
            loading.error(likely.map_or_else(
                || error.clone(),
                |entry| unknown_module(entry.key.as_str().unwrap_or_default(), &entry.key.span).origin(&task.span),
            ));
            return None;
        };
        let (module, foreign) = if Template::is_plain(&name.value) {
            find(&name, &task.span, around, loading)?
        } else {
            let meant = loading.known_text(&name.value, &name.span, around);
            // What is no module may become one when the task runs, or the task may never run.
            match meant.filter(|meant| is_module(&meant.value, around, loading)) {
                Some(meant) => find(&meant, &task.span, around, loading)?,
                None => (&sutler_modules::LATE, None),
            }
        };
        let mut action = Self {
            name,
            module: Module(module),
            foreign,
            arguments: IndexMap::new(),
            containers: IndexMap::new(),
            defaults: None,
        };
        let before = loading.errors();
        action.take_form(form, loading);
        action.refuse_internal(loading);
        if let Some(args) = task.get("args") {
            action.take_args(args, loading);
        }
        // Arguments that could not be read are not missing.
        if loading.errors() == before {
            action.check(loading);
        }
        Some(action)
    }

    /// The argument at `span` that is a template or holds some, the one of this source if that is known: its name as it
    /// is finalised, and where its value begins.
    pub fn argument_of(&self, source: Option<&str>, span: &Span) -> Option<(&str, &Span)> {
        let templates = || {
            self.arguments.iter().filter(|(_, argument)| argument.span == *span).filter_map(|(name, argument)| {
                match &argument.value {
                    Value::Lazy(template) => Some((name, Some(template.source()), template.span())),
                    _ => Some((name, None, self.containers.get(name)?)),
                }
            })
        };
        let is_it = |(_, template, _): &(&String, Option<&str>, &Span)| source.is_none() || *template == source;
        // What fails may stand in a variable that the template gives, or in a list: then it is the only argument there.
        let only = || templates().next().filter(|_| templates().nth(1).is_none());
        let (name, _, begin) = templates().find(is_it).or_else(only)?;
        let is_free = (self.module.0.spec)().free_form == Some(name.as_str());
        Some((if is_free { "_raw_params" } else { name }, begin))
    }

    /// Whether the controller does all of it.
    pub fn is_on_controller(&self) -> bool {
        const ON_CONTROLLER: &[&str] = &[
            "add_host",
            "assert",
            "debug",
            "fail",
            "group_by",
            "include_vars",
            "pause",
            "raw",
            "script",
            "set_fact",
            "set_stats",
            "validate_argument_spec",
            "wait_for_connection",
        ];
        ON_CONTROLLER.contains(&self.module.0.short_name())
    }

    /// The arguments as they are written, `name=value, …`.
    pub fn written_arguments(&self) -> String {
        let pairs = self.arguments.iter().map(|(name, argument)| format!("{name}={}", written(&argument.value)));
        pairs.collect::<Vec<_>>().join(", ")
    }

    /// Whether it imports or includes tasks: what is wrong with it then is an error when it is read.
    fn leads_to_tasks(&self) -> bool {
        matches!(self.module.0.short_name(), "import_role" | "import_tasks" | "include_role" | "include_tasks")
    }

    /// Whether its text is a command line.
    fn is_command(&self) -> bool {
        matches!(self.module.0.short_name(), "command" | "raw" | "script" | "shell")
    }

    /// Whether text without a name is one of its arguments.
    pub fn takes_text(&self) -> bool {
        const TAKE_TEXT: [&str; 9] = [
            "add_host",
            "group_by",
            "import_role",
            "import_tasks",
            "include_role",
            "include_tasks",
            "include_vars",
            "meta",
            "set_fact",
        ];
        self.is_command() || TAKE_TEXT.contains(&self.module.0.short_name())
    }

    /// Whether a template in place of its arguments may stand for all of them.
    fn may_be_mapping(&self) -> bool {
        !matches!(self.module.0.short_name(), "meta" | "set_fact")
    }

    /// Whether the module is only known when the task runs.
    fn is_late(&self) -> bool {
        self.module.0.name == sutler_modules::LATE.name
    }

    fn take_form(&mut self, form: Form, loading: &mut Loading) {
        match form {
            Form::Node(node) => match &node.kind {
                Kind::Null => {}
                Kind::Map(entries) => self.take_entries(entries, loading),
                _ if node.as_str().is_some() => {
                    self.take_text(node.as_str().unwrap_or_default(), &node.span, loading);
                }
                Kind::List(_) if self.module.0.short_name() == "meta" => {}
                Kind::Vault(_) => {
                    let free = (self.module.0.spec)().free_form.unwrap_or("_raw_params");
                    if let Some(value) = loading.value(node) {
                        self.arguments.insert(free.to_owned(), value);
                    }
                }
                _ => {
                    let name = &self.name.value;
                    let message =
                        format!("the arguments of `{name}` have to be a mapping or text, not {}", node.describe());
                    loading.error(Diagnostic::error(message).at(&node.span));
                }
            },
            Form::Entries(entries, args) => {
                self.take_entries(&entries, loading);
                if let Some(args) = args {
                    self.take_args(args, loading);
                }
            }
            Form::Text(text, span) => self.take_text(&text, &span, loading),
        }
    }

    fn take_entries(&mut self, entries: &[Entry], loading: &mut Loading) {
        // What is wrong with the name of a role is shown at the name.
        let is_of_role = matches!(self.module.0.short_name(), "include_role" | "import_role");
        let are_conditions = |name: &str| name == "that" && self.module.0.short_name() == "assert";
        for entry in entries {
            let value = match entry.key.as_str() {
                Some(name) if are_conditions(name) => super::condition::values(&entry.value, loading),
                _ => loading.value(&entry.value),
            };
            match (entry.key.as_str(), value) {
                (Some(name), Some(mut value)) => {
                    if matches!(value.value, Value::List(_) | Value::Dict(_)) {
                        self.containers.insert(name.to_owned(), value.span.clone());
                    }
                    if !is_of_role {
                        value.span = entry.key.span.clone();
                    }
                    self.arguments.insert(name.to_owned(), value);
                }
                (None, _) => loading.error(Diagnostic::error("an argument's name has to be text").at(&entry.key.span)),
                _ => {}
            }
        }
    }

    fn take_text(&mut self, text: &str, span: &Span, loading: &mut Loading) {
        let spec = (self.module.0.spec)();
        let free = spec.free_form;
        let known = |name: &str| spec.option(name).is_some_and(|option| free != Some(option.name) && !option.internal);
        let parsed = match free_form::parse(text, self.is_command(), known) {
            Ok(parsed) => parsed,
            Err(why) => {
                loading.error(Diagnostic::error(why).at(span));
                return;
            }
        };
        for (name, value) in parsed.pairs {
            self.take_text_argument(name, value, span, loading);
        }
        let rest = if self.is_command() { parsed.rest } else { parsed.rest.trim().to_owned() };
        match free {
            _ if rest.is_empty() => {}
            // `copy: "{{ arguments }}"`: which arguments there are is known when the task runs.
            None if !self.is_late() && self.may_be_mapping() && Template::is_all_template(&rest) => {
                self.take_template(rest, span, loading);
            }
            Some(free) => self.take_text_argument(free.to_owned(), rest, span, loading),
            None if spec.open => self.take_text_argument("_raw_params".to_owned(), rest, span, loading),
            None => {
                let message = format!("`{}` takes arguments as `name=value`; `{rest}` has no name", self.name.value);
                loading.warning(Diagnostic::warning(message).at(span).help("as it stands, the task will fail"));
                self.take_text_argument("_raw_params".to_owned(), rest, span, loading);
            }
        }
    }

    /// A template that all arguments come from.
    fn take_template(&mut self, text: String, span: &Span, loading: &mut Loading) {
        self.defaults = loading.value(&Node::new(Kind::Str(text), span.clone()));
        let message = "Using a template for task args is unsafe in some situations";
        let page = "https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe";
        let warning = Diagnostic::warning(message).at(span).worded(format!("{message} (see {page})."));
        loading.warning(warning.help("what a host returned could add arguments; write them out where you can"));
    }

    fn take_text_argument(&mut self, name: String, text: String, span: &Span, loading: &mut Loading) {
        let node = Node::new(Kind::Str(text), span.clone());
        if let Some(value) = loading.value(&node) {
            self.arguments.insert(name, value);
        }
    }

    /// `args:` gives arguments that the module's own value does not.
    fn take_args(&mut self, args: &Node, loading: &mut Loading) {
        match args.as_map() {
            Some(entries) => {
                let own = std::mem::take(&mut self.arguments);
                self.take_entries(entries, loading);
                self.arguments.extend(own);
            }
            None => match &args.kind {
                Kind::Str(text) if !Template::is_plain(text) => self.take_template(text.clone(), &args.span, loading),
                _ => self.defaults = loading.value(args),
            },
        }
    }

    /// Refuses arguments with the names of what a task tells a module beside its arguments.
    fn refuse_internal(&self, loading: &mut Loading) {
        let internal = self.arguments.keys().find(|name| name.starts_with("_ansible_"));
        if let Some(argument) = internal.filter(|_| !self.is_command()) {
            let action = &self.name.value;
            let wording = format!(
                "Invalid parameter specified beginning with keyword '_ansible_' for action '{action}': '{argument}'. The \
                 prefix '_ansible_' is reserved for internal use only."
            );
            let message = format!("`{argument}` is no argument: what begins with `_ansible_` is reserved");
            let mut error = Diagnostic::error(message).at(&self.name.span).worded(wording);
            error.ansible.is_placeless = true;
            loading.refuse(error);
        }
    }

    /// What the task would fail for when it runs is said now.
    fn check(&self, loading: &mut Loading) {
        let spec = (self.module.0.spec)();
        if spec.open || self.defaults.is_some() || self.leads_to_tasks() {
            return;
        }
        // Text without a name was told when it was read.
        for (name, argument) in self.arguments.iter().filter(|(name, _)| *name != "_raw_params") {
            if spec.option(name).is_none() {
                let message = format!("`{}` has no argument `{name}`", self.name.value);
                let warning = Diagnostic::warning(message).at(&argument.span);
                let names = spec.options.iter().filter(|option| !option.internal).map(|option| option.name);
                loading.warning(match nearest(name, names) {
                    Some(meant) => warning.help(format!("did you mean `{meant}`? as it stands, the task will fail")),
                    None => warning.help("as it stands, the task will fail"),
                });
            }
        }
        for option in spec.options.iter().filter(|option| option.required && !option.internal) {
            let given = |name: &str| self.arguments.contains_key(name);
            if !given(option.name) && !option.aliases.iter().any(|alias| given(alias)) {
                let message = format!("`{}` needs the argument `{}`", self.name.value, option.name);
                loading
                    .warning(Diagnostic::warning(message).at(&self.name.span).help("as it stands, the task will fail"));
            }
        }
    }
}

/// How arguments were written.
enum Form<'a> {
    Node(&'a Node),
    /// With what stands below `args` there.
    Entries(Vec<Entry>, Option<&'a Node>),
    Text(String, Span),
}

/// `action: module k=v`, `action: {module: name, …}` and the same for `local_action`.
fn read_old_form<'a>(node: &'a Node, keyword: &str, loading: &mut Loading) -> Option<(Spanned<String>, Form<'a>)> {
    if let Some(text) = node.as_str() {
        let (name, rest) = free_form::first_word(text);
        let name = Spanned::new(name, node.span.clone());
        return Some((name, Form::Text(rest, node.span.clone())));
    }
    let module = node.get("module").and_then(Node::as_str);
    let Some(module) = module else {
        let message = format!("`{keyword}` needs a module: `{keyword}: NAME key=value`, or a mapping with `module:`");
        loading.error(Diagnostic::error(message).at(&node.span));
        return None;
    };
    let is_own = |entry: &&Entry| !matches!(entry.key.as_str(), Some("args" | "module"));
    let rest = node.as_map().unwrap_or_default().iter().filter(is_own).cloned().collect();
    Some((Spanned::new(module.to_owned(), node.span.clone()), Form::Entries(rest, node.get("args"))))
}

/// The module of that name; an error is reported.
fn find(
    name: &Spanned<String>,
    task: &Span,
    around: &Around,
    loading: &mut Loading,
) -> Option<(&'static ModuleEntry, Option<Arc<Foreign>>)> {
    let text = name.value.as_str();
    if matches!(text, "include" | "ansible.builtin.include" | "ansible.legacy.include") {
        let error = Diagnostic::error(format!("`{text}` is no module any more")).at(&name.span).worded(
            "The 'ansible.builtin.include' action plugin has been removed. Use include_tasks or import_tasks instead. \
             This feature was removed from ansible-core in a release after 2023-05-16.",
        );
        loading.refuse(error.help("use `include_tasks` or `import_tasks`"));
        return None;
    }
    let project = Arc::clone(&loading.project);
    let search = search(&project, &around.origin, &loading.roles);
    match search.meaning(text, &around.keywords.collections) {
        Meaning::Native(module) => {
            if let Some(plugin) = search.own_action_plugin(module.short_name()) {
                let plugin = plugin.display();
                let warning =
                    Diagnostic::warning(format!("the action plugin `{plugin}` does not run in place of `{text}`"));
                loading.warning(warning.at(&name.span).help("plugins in Python never run here"));
            }
            Some((module, None))
        }
        Meaning::Kept(module, file) => {
            let message = format!("`{}` does not replace `{text}`", file.display());
            let warning = Diagnostic::warning(message).at(&name.span);
            loading
                .warning(warning.help("the part of it that is done on the controller needs this program's own module"));
            Some((module, None))
        }
        Meaning::Foreign(foreign) => {
            if let Some(why) = &foreign.broken {
                let warning = Diagnostic::warning(format!("the module `{text}` cannot run: {why}"));
                loading.warning(warning.at(&name.span).help("as it stands, the task will fail"));
            }
            Some((&sutler_modules::FOREIGN, Some(foreign)))
        }
        Meaning::Refused(Refusal { message, help }) => {
            loading.missing(Diagnostic::error(message).at(&name.span).help(help));
            Some((&sutler_modules::MISSING, None))
        }
        Meaning::Unknown => {
            loading.error(unknown_module(text, &name.span).origin(task));
            None
        }
    }
}

/// Whether anything is known of a name.
fn is_module(name: &str, around: &Around, loading: &Loading) -> bool {
    let project = Arc::clone(&loading.project);
    let search = search(&project, &around.origin, &loading.roles);
    !matches!(search.meaning(name, &around.keywords.collections), Meaning::Unknown)
}

/// The search for modules of a task: the playbook's count, then those of the roles before it, of the roles that
/// depend on its own, and of that one. A role's module does not replace one that an earlier role has.
fn search<'a>(project: &'a Project, origin: &Origin, before: &[Arc<Role>]) -> Search<'a> {
    let mut own: Vec<_> = origin.role.iter().flat_map(|role| std::iter::once(role).chain(&role.parents)).collect();
    own.reverse();
    let roles = before.iter().chain(own).filter(|role| role.has_modules);
    Search::new(project, roles.map(|role| role.path.clone()))
}

/// What a name means that is only known when its task runs.
pub fn late_meaning(name: &str, collections: &[String], origin: &Origin, project: &Project) -> Meaning {
    search(project, origin, &[]).meaning(name, collections)
}

fn unknown_module(name: &str, span: &Span) -> Diagnostic {
    let error = Diagnostic::error(format!("there is no module `{name}`")).at(span).worded(format!(
        "couldn't resolve module/action '{name}'. This often indicates a misspelling, missing collection, or \
         incorrect module path."
    ));
    let short = name.rsplit('.').next().unwrap_or(name);
    match nearest(short, sutler_modules::entries().map(ModuleEntry::short_name)) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error,
    }
}
