//! The keywords: which there are, where each may stand, and how they are inherited.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use indexmap::IndexMap;

use super::{Condition, load::Loading};
use crate::{
    source::{Diagnostic, Entry, Node, Span, Spanned, nearest},
    template::Template,
    value::Value,
};

/// Variables as they stand under `vars:`.
pub type Vars = IndexMap<String, Value>;

/// Where a keyword may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A play.
    Play,
    /// A role where it is used.
    Role,
    /// A block.
    Block,
    /// A task.
    Task,
    /// A handler.
    Handler,
    /// `include_tasks` or `include_role`, whose keywords do not reach what they include.
    Include,
}

impl Place {
    /// With its article, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Play => "a play",
            Self::Role => "a role",
            Self::Block => "a block",
            Self::Task => "a task",
            Self::Handler => "a handler",
            Self::Include => "an include",
        }
    }

    /// The keywords it may have ("Playbook Keywords" in the Ansible manual).
    pub fn keywords(self) -> Vec<&'static str> {
        let lists: &[&[&str]] = match self {
            Self::Play => &[SETTINGS, MERGED, PLAY],
            Self::Role => &[SETTINGS, MERGED, DELEGATION, CONDITION],
            Self::Block => &[SETTINGS, MERGED, DELEGATION, CONDITION, NOTIFY, BLOCK],
            Self::Task => &[SETTINGS, MERGED, DELEGATION, CONDITION, NOTIFY, TASK, BACKGROUND],
            Self::Handler => &[SETTINGS, MERGED, DELEGATION, CONDITION, NOTIFY, TASK, BACKGROUND, HANDLER],
            Self::Include => &[INCLUDE, CONDITION],
        };
        lists.concat()
    }

    /// What Ansible calls it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Play => "Play",
            Self::Role => "RoleInclude",
            Self::Block => "Block",
            Self::Task => "Task",
            Self::Handler => "Handler",
            Self::Include => "TaskInclude",
        }
    }
}

/// Inherited whole: the innermost one counts.
pub const SETTINGS: &[&str] = &[
    "any_errors_fatal",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "check_mode",
    "connection",
    "debugger",
    "diff",
    "ignore_errors",
    "ignore_unreachable",
    "no_log",
    "port",
    "remote_user",
    "run_once",
    "throttle",
    "timeout",
];
/// Inherited by adding up.
const MERGED: &[&str] = &["collections", "environment", "module_defaults", "name", "tags", "vars"];
const CONDITION: &[&str] = &["when"];
/// To whom a task goes in the place of its host.
pub const DELEGATION: &[&str] = &["delegate_to", "delegate_facts"];
const NOTIFY: &[&str] = &["notify"];
const PLAY: &[&str] = &[
    "fact_path",
    "force_handlers",
    "gather_facts",
    "gather_subset",
    "gather_timeout",
    "handlers",
    "hosts",
    "max_fail_percentage",
    "order",
    "post_tasks",
    "pre_tasks",
    "roles",
    "serial",
    "strategy",
    "tasks",
    "vars_files",
    "vars_prompt",
];
const BLOCK: &[&str] = &["always", "block", "rescue"];
const TASK: &[&str] = &[
    "action",
    "args",
    "changed_when",
    "delay",
    "failed_when",
    "local_action",
    "loop",
    "loop_control",
    "register",
    "retries",
    "until",
];
/// Of a task alone.
const BACKGROUND: &[&str] = &["async", "poll"];
const HANDLER: &[&str] = &["listen"];
const INCLUDE: &[&str] = &[
    "action",
    "args",
    "collections",
    "debugger",
    "ignore_errors",
    "loop",
    "loop_control",
    "name",
    "no_log",
    "register",
    "run_once",
    "tags",
    "timeout",
    "vars",
    // A handler that includes is still called by name or topic.
    "listen",
];

/// What a play, role, block or task says about how its tasks run, everything around it included.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    settings: BTreeMap<&'static str, Spanned<Value>>,
    /// The settings that templates stand in for, innermost last: they count where such a template is `omit`.
    behind: BTreeMap<&'static str, Vec<Spanned<Value>>>,
    /// `environment`, outermost first; later ones win.
    pub environment: Vec<Spanned<Value>>,
    /// `module_defaults`, outermost first; later ones win.
    pub module_defaults: Vec<Spanned<Value>>,
    /// `collections`, the innermost ones first.
    pub collections: Vec<String>,
    /// `tags`, all that apply.
    pub tags: Vec<String>,
    /// Tags that are templates of what is known before the play runs.
    pub late_tags: Vec<Spanned<Value>>,
    /// `when`, outermost first: all have to hold.
    pub when: Vec<Condition>,
    /// `vars` of blocks and the task, outermost first; a play's own are kept by the play.
    pub vars: Vec<Arc<Vars>>,
    /// Parameters of roles around the task, outermost first: stronger than what tasks stored.
    pub params: Vec<Arc<Vars>>,
    /// `notify` of blocks and the task.
    pub notify: Vec<Spanned<Value>>,
}

impl Keywords {
    /// A setting, `become` for example, from the innermost place that has it.
    pub fn setting(&self, name: &str) -> Option<&Spanned<Value>> {
        self.settings.get(name)
    }

    /// A setting, and then those around it that count in turn where a template says `omit`.
    pub fn settings(&self, name: &str) -> impl Iterator<Item = &Spanned<Value>> {
        self.settings.get(name).into_iter().chain(self.behind.get(name).into_iter().flatten().rev())
    }

    /// Sets a setting as if the task itself had it.
    pub fn set(&mut self, name: &'static str, value: Spanned<Value>) {
        let is_template = matches!(value.value, Value::Lazy(_));
        let before = self.settings.insert(name, value);
        if is_template {
            self.behind.entry(name).or_default().extend(before);
        } else {
            self.behind.remove(name);
        }
    }

    /// What holds inside `entries`, a part of a play, when `self` holds around it.
    pub fn within(&self, entries: &[Entry], place: Place, loading: &mut Loading) -> Self {
        let mut inner = self.clone();
        for entry in entries {
            let Some(name) = entry.key.as_str() else { continue };
            inner.read(name, &entry.value, place, loading);
        }
        inner
    }

    fn read(&mut self, name: &str, node: &Node, place: Place, loading: &mut Loading) {
        let known = SETTINGS.iter().chain(DELEGATION).chain(BACKGROUND).find(|known| **known == name);
        match name {
            "environment" => self.environment.extend(values(node, loading)),
            "module_defaults" => {
                for part in node.as_list().unwrap_or(std::slice::from_ref(node)) {
                    match loading.project.expand_groups(part) {
                        Ok(expanded) => self.module_defaults.extend(loading.value(&expanded)),
                        Err(error) => loading.error(error),
                    }
                }
            }
            "collections" => {
                let mut collections = words(node);
                collections.retain(|name| !self.collections.contains(name));
                self.collections.splice(0..0, collections);
            }
            "tags" => self.read_tags(node, loading),
            "when" => self.when.extend(Condition::read(node, loading)),
            "vars" if !matches!(place, Place::Play | Place::Role) => {
                check_variables(node, loading);
                if let Some(vars) = read_vars(node, place.class(), loading) {
                    self.vars.push(Arc::new(vars));
                }
            }
            "notify" => self.notify.extend(values(node, loading)),
            _ => {
                // Only a setting's node is a value: `tasks` would be compiled, and its errors told, once more.
                if let Some(known) = known
                    && let Some(value) = loading.value(node)
                {
                    self.set(known, value);
                }
            }
        }
    }

    fn read_tags(&mut self, node: &Node, loading: &mut Loading) {
        for part in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            if part.as_str().is_some_and(|text| !Template::is_plain(text)) {
                self.late_tags.extend(loading.value(part));
            } else {
                let new: Vec<String> = words(part).into_iter().filter(|tag| !self.tags.contains(tag)).collect();
                self.tags.extend(new);
            }
        }
    }
}

/// One value or a list of values.
fn values(node: &Node, loading: &mut Loading) -> Vec<Spanned<Value>> {
    let parts = node.as_list().unwrap_or(std::slice::from_ref(node));
    parts.iter().filter_map(|part| loading.value(part)).collect()
}

/// Reports keywords that do not exist, or not here. `is_other` accepts further names (modules, `with_…`).
pub fn check_names(entries: &[Entry], place: Place, loading: &mut Loading, is_other: impl Fn(&str) -> bool) {
    let known = place.keywords();
    for entry in entries {
        let Some(name) = entry.key.as_str() else {
            loading.error(Diagnostic::error("a keyword has to be text").at(&entry.key.span));
            continue;
        };
        if !known.contains(&name) && !is_other(name) {
            loading.error(unknown(name, place, &known, &entry.key.span));
        }
    }
}

fn unknown(name: &str, place: Place, known: &[&'static str], span: &Span) -> Diagnostic {
    let message = format!("`{name}` is not a keyword of {}", place.describe());
    let kind = match place {
        Place::Play => "Play",
        Place::Role => "IncludeRole",
        Place::Block => "Block",
        Place::Task => "Task",
        Place::Handler => "Handler",
        Place::Include => "TaskInclude",
    };
    let wording = format!("'{name}' is not a valid attribute for a {kind}");
    if place == Place::Play && sutler_modules::find(name).is_some() {
        return Diagnostic::error(wording)
            .at(span)
            .help("it is a module: this looks like a task, and stands among plays");
    }
    let error = Diagnostic::error(message).at(span).worded(wording);
    match nearest(name, known.iter().copied()) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error,
    }
}

/// Reports names under `vars` that no variable can have.
pub fn check_variables(node: &Node, loading: &mut Loading) {
    for entry in node.as_map().unwrap_or_default() {
        let Some(name) = entry.key.as_str() else { continue };
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name {
            let error = Diagnostic::error(format!("`{name}` is not a valid name for a variable")).at(&entry.key.span);
            loading.refuse(error.help("letters, digits and underscores, not beginning with a digit"));
        }
    }
}

/// Warns of a variable that is called as a keyword.
pub fn warn_of_reserved(name: &str, span: &Span, loading: &mut Loading) {
    if let Some(warning) = reserved(name, span) {
        loading.warning(warning);
    }
}

/// The warning of a variable that is called as a keyword, or as a function of templates.
pub fn reserved(name: &str, span: &Span) -> Option<Diagnostic> {
    const FUNCTIONS: [&str; 12] =
        ["cycler", "dict", "joiner", "lipsum", "lookup", "namespace", "now", "omit", "q", "query", "range", "undef"];
    static RESERVED: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let keywords = [Place::Play, Place::Block, Place::Task].into_iter().flat_map(Place::keywords);
        let more = FUNCTIONS.into_iter().chain(["async_val", "loop_with", "with_"]);
        keywords.filter(|name| !["vars", "gather_subset"].contains(name)).chain(more).collect()
    });
    RESERVED.contains(name).then(|| {
        let kind = if FUNCTIONS.contains(&name) { "function" } else { "keyword" };
        let message = format!("the variable `{name}` has the name of a {kind}");
        let worded = format!("Found variable using reserved name '{name}'.");
        Diagnostic::warning(message).worded(worded).at(span)
    })
}

/// `vars`: a mapping of names to values. `class` is what Ansible calls that which has them.
pub fn read_vars(node: &Node, class: &str, loading: &mut Loading) -> Option<Vars> {
    for entry in node.as_map().unwrap_or_default() {
        if let Some(name) = entry.key.as_str() {
            warn_of_reserved(name, &entry.key.span, loading);
        }
    }
    read_entries(node, class, loading)
}

/// The entries of a mapping, each a value that may be a template.
pub fn read_entries(node: &Node, class: &str, loading: &mut Loading) -> Option<Vars> {
    if node.kind == crate::source::Kind::Null {
        return Some(Vars::new());
    }
    let Some(entries) = node.as_map() else {
        let message = format!("`vars` has to be a mapping of names to values, not {}", node.describe());
        let worded = format!("Vars in a {class} must be specified as a dictionary.");
        loading.error(Diagnostic::error(message).worded(worded).at(&node.span));
        return None;
    };
    let mut vars = Vars::new();
    for entry in entries {
        match (entry.key.as_str(), loading.value(&entry.value)) {
            (Some(name), Some(value)) => {
                vars.insert(name.to_owned(), value.value);
            }
            (None, _) => loading.error(Diagnostic::error("a variable's name has to be text").at(&entry.key.span)),
            _ => {}
        }
    }
    Some(vars)
}

/// Text, comma-separated text, or a list of these.
pub fn words(node: &Node) -> Vec<String> {
    match node.as_list() {
        Some(items) => items.iter().flat_map(words).collect(),
        None => match &node.kind {
            crate::source::Kind::Int(number) => vec![number.to_string()],
            _ => node
                .as_str()
                .unwrap_or_default()
                .split(',')
                .map(|w| w.trim().to_owned())
                .filter(|w| !w.is_empty())
                .collect(),
        },
    }
}
