//! What will fail when a playbook runs, found while it is loaded: handlers that do not exist, files
//! that are missing, names of variables that are misspelt.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use indexmap::IndexSet;

use super::{Play, Playbook, Task, written};
use crate::{
    inventory::Inventory,
    source::{Diagnostic, nearest},
    template::{Environment, Template},
    value::{Dict, Value},
};

/// The warnings about a playbook that was loaded.
pub fn lint(playbook: &Playbook, inventory: &Inventory, extra: &Dict) -> Vec<Diagnostic> {
    let names = Names::of(playbook, inventory, extra);
    let mut warnings = Vec::new();
    for play in &playbook.plays {
        let tasks = play.all_tasks();
        let handlers = handler_names(play, &tasks);
        let is_closed = play.vars_files.is_empty() && !tasks.iter().any(|task| brings_names(task));
        // A role may be used without the tasks that set what its handlers read, which nothing notifies then.
        let of_roles = play.handlers.iter().filter(|handler| handler.origin.role.is_some());
        let seldom: HashSet<_> = of_roles.map(|handler| handler.id).collect();
        for task in tasks {
            if let Some(known) = &handlers {
                warnings.extend(missing_handlers(known, task));
            }
            warnings.extend(missing_file(task));
            if is_closed && !seldom.contains(&task.id) {
                warnings.extend(names.misspelt(task));
            }
            warnings.extend(deprecated_names(task));
        }
    }
    warnings
}

/// Whether names of variables that nobody has seen yet may come with a task.
fn brings_names(task: &Task) -> bool {
    task.is_include() || task.action.module.0.short_name() == "include_vars"
}

/// Names that will go.
fn deprecated_names(task: &Task) -> Vec<Diagnostic> {
    let repeated = task.repeat.iter().filter_map(|repeat| match &repeat.over.value {
        Value::Lazy(template) => Some(&**template),
        _ => None,
    });
    let uses = templates(task)
        .into_iter()
        .chain(repeated)
        .filter(|template| template.names().any(|name| name == "play_hosts"));
    let told = uses.map(|template| {
        let message = "`play_hosts` will be removed in ansible-core 2.23";
        let mut warning = Diagnostic::deprecation(message)
            .worded("The `play_hosts` magic variable is deprecated. This feature will be removed from ansible-core version 2.23.")
            .at(template.span())
            .help("use `ansible_play_batch` instead");
        warning.ansible.help = Some("Use `ansible_play_batch` instead.".into());
        warning
    });
    told.collect()
}

/// The templates of a task's conditions and arguments.
fn templates(task: &Task) -> Vec<&Template> {
    let when = task.keywords.when.iter().chain(&task.until).chain(task.failed_when.iter().flatten());
    let conditions = when.chain(task.changed_when.iter().flatten()).filter_map(|condition| match condition {
        super::Condition::Expression(template, _) => Some(&**template),
        super::Condition::Constant(_) | super::Condition::NoText(_) => None,
    });
    let arguments = task.action.arguments.values().filter_map(|argument| match &argument.value {
        Value::Lazy(template) => Some(&**template),
        _ => None,
    });
    conditions.chain(arguments).collect()
}

/// What the handlers of a play answer to; `None` where that is not known before it runs.
fn handler_names(play: &Play, tasks: &[&Arc<Task>]) -> Option<IndexSet<String>> {
    // A handler whose name is a template may turn out to be any of them, and an include may bring any.
    let is_open = |handler: &Arc<Task>| handler.name.as_ref().is_some_and(|name| matches!(name.value, Value::Lazy(_)));
    if play.handlers.iter().any(is_open) || tasks.iter().any(|task| task.is_include()) {
        return None;
    }
    let names = |handler: &Arc<Task>| {
        let own = handler.name.as_ref().map(|name| written(&name.value));
        let full = own.as_ref().map(|_| handler.title());
        handler.listen.iter().cloned().chain(own).chain(full).collect::<Vec<_>>()
    };
    Some(play.handlers.iter().flat_map(names).collect())
}

fn missing_handlers(known: &IndexSet<String>, task: &Task) -> Vec<Diagnostic> {
    let constants = task.keywords.notify.iter().flat_map(|notify| {
        let parts = match &notify.value {
            Value::List(list) => list.to_vec(),
            other => vec![other.clone()],
        };
        parts.into_iter().filter_map(|part| Some((part.as_str()?.to_owned(), &notify.span))).collect::<Vec<_>>()
    });
    constants
        .filter(|(name, _)| !known.contains(name))
        .map(|(name, span)| {
            let warning = Diagnostic::warning(format!("there is no handler `{name}` in this play")).at(span);
            match nearest(&name, known.iter().map(String::as_str)) {
                Some(meant) => warning.help(format!("did you mean `{meant}`?")),
                None => warning.help("as it stands, the task will fail once it changes something"),
            }
        })
        .collect()
}

fn missing_file(task: &Task) -> Option<Diagnostic> {
    let kind = match task.action.module.0.short_name() {
        "template" => "templates",
        "copy" | "unarchive" | "script" => "files",
        _ => return None,
    };
    let remote =
        task.action.arguments.get("remote_src").is_some_and(|remote| !matches!(remote.value, Value::Bool(false)));
    let src = task.action.arguments.get("src").filter(|_| !remote)?;
    let name = src.value.as_str().filter(|name| !name.contains("://"))?;
    let candidates = task.origin.candidates(kind, name);
    if name.starts_with('~') || candidates.iter().any(|candidate| candidate.exists()) {
        return None;
    }
    let warning = Diagnostic::warning(format!("there is no file `{name}` on the controller")).at(&src.span);
    Some(
        warning
            .note(format!("searched: {}", task.origin.searched(kind, name)))
            .help("as it stands, the task will fail"),
    )
}

/// The names of variables that a playbook can see, as far as that is known before it runs.
struct Names(BTreeSet<String>);

/// Names that are there without anybody setting them.
const ALWAYS: &[&str] = &[
    "ansible_check_mode",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_loop",
    "ansible_managed",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_playbook_python",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "item",
    "omit",
    "play_hosts",
    "playbook_dir",
    "vars",
];

impl Names {
    fn of(playbook: &Playbook, inventory: &Inventory, extra: &Dict) -> Self {
        let mut names: BTreeSet<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
        names.extend(extra.keys().iter().filter_map(|key| key.as_str().map(str::to_owned)));
        for host in inventory.hosts() {
            for layer in inventory.variable_layers(&host.name).unwrap_or_default() {
                names.extend(layer.vars.keys().cloned());
            }
        }
        for play in &playbook.plays {
            names.extend(play.vars.keys().cloned());
            names.extend(play.vars_prompt.iter().map(|prompt| prompt.name.clone()));
            names.extend(play.roles.iter().flat_map(|role| role.variable_names().cloned()));
            for task in play.all_tasks() {
                names.extend(task.register.clone());
                names.extend(task.keywords.params.iter().flat_map(|vars| vars.keys().cloned()));
                names.extend(task.origin.role.iter().flat_map(|role| role.variable_names().cloned()));
                names.extend(task.keywords.vars.iter().flat_map(|vars| vars.keys().cloned()));
                if task.action.module.0.short_name() == "set_fact" {
                    names.extend(task.action.arguments.keys().cloned());
                }
                if let Some(repeat) = &task.repeat {
                    names.insert("item".into());
                    names.extend(repeat.control.loop_var.as_ref().map(|name| written(&name.value)));
                    names.extend(repeat.control.index_var.as_ref().map(|name| written(&name.value)));
                }
            }
        }
        Self(names)
    }

    /// Whether a name is a variable, or a function such as `lookup`.
    fn knows(&self, name: &str) -> bool {
        static WORDS: LazyLock<Environment> = LazyLock::new(|| Environment::new(PathBuf::new()));
        let is_function = || WORDS.vocabulary().functions.contains_key(name);
        self.0.contains(name) || name.starts_with("ansible_") || is_function()
    }

    /// Names that are unknown, and one slip of the keyboard away from a known one. Others may come
    /// from facts or files that nobody has seen yet.
    fn misspelt(&self, task: &Task) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        for template in templates(task) {
            for name in template.names().filter(|name| !self.knows(name)) {
                if let Some(meant) = nearest(name, self.0.iter().map(String::as_str)) {
                    let message = format!("no variable is called `{name}` as far as can be seen");
                    warnings.push(
                        Diagnostic::warning(message).at(template.span()).help(format!("did you mean `{meant}`?")),
                    );
                }
            }
        }
        warnings
    }
}
