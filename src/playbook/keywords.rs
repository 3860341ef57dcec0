//! The keywords: which there are, where each may stand, and how they are inherited.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;

use super::{Condition, load::Loading};
use crate::{
    source::{Diagnostic, Entry, Node, Span, Spanned, nearest},
    value::Value,
};

/// Variables as they stand under `vars:`.
pub type Vars = IndexMap<String, Value>;

/// Where a keyword may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A play.
    Play,
    /// A block.
    Block,
    /// A task.
    Task,
    /// A handler.
    Handler,
}

impl Place {
    /// With its article, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Play => "a play",
            Self::Block => "a block",
            Self::Task => "a task",
            Self::Handler => "a handler",
        }
    }

    /// The keywords it may have ("Playbook Keywords" in the Ansible manual).
    pub fn keywords(self) -> Vec<&'static str> {
        let lists: &[&[&str]] = match self {
            Self::Play => &[SETTINGS, MERGED, PLAY, PLAY_LATER, LATER],
            Self::Block => &[SETTINGS, MERGED, DELEGATION, BLOCK, LATER, DELEGATION_LATER],
            Self::Task => &[SETTINGS, MERGED, DELEGATION, TASK, BACKGROUND, LATER, DELEGATION_LATER],
            Self::Handler => &[SETTINGS, MERGED, DELEGATION, TASK, HANDLER, BACKGROUND, LATER, DELEGATION_LATER],
        };
        lists.concat()
    }
}

/// Inherited whole: the innermost one counts.
const SETTINGS: &[&str] = &[
    "any_errors_fatal",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "check_mode",
    "connection",
    "diff",
    "ignore_errors",
    "ignore_unreachable",
    "no_log",
    "port",
    "remote_user",
    "run_once",
    "timeout",
];
/// Inherited by adding up.
const MERGED: &[&str] = &["environment", "tags", "vars", "when", "name"];
/// Of a task alone.
const BACKGROUND: &[&str] = &["async", "poll"];
const DELEGATION: &[&str] = &["delegate_to", "notify"];
const PLAY: &[&str] = &[
    "force_handlers",
    "gather_facts",
    "gather_subset",
    "gather_timeout",
    "fact_path",
    "handlers",
    "hosts",
    "max_fail_percentage",
    "order",
    "post_tasks",
    "pre_tasks",
    "serial",
    "strategy",
    "tasks",
    "vars_files",
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
const HANDLER: &[&str] = &["listen"];

/// Keywords of the language that are refused with a word of their own, rather than accepted and ignored.
const LATER: &[&str] = &["collections", "debugger", "module_defaults", "throttle"];
const PLAY_LATER: &[&str] = &["roles", "vars_prompt"];
const DELEGATION_LATER: &[&str] = &["delegate_facts"];

/// What a play, block or task says about how its tasks run, everything around it included.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    settings: BTreeMap<&'static str, Spanned<Value>>,
    /// `environment`, outermost first; later ones win.
    pub environment: Vec<Spanned<Value>>,
    /// `tags`, all that apply.
    pub tags: Vec<String>,
    /// `when`, outermost first: all have to hold.
    pub when: Vec<Condition>,
    /// `vars` of blocks and the task, outermost first; a play's own are kept by the play.
    pub vars: Vec<Arc<Vars>>,
    /// `notify` of blocks and the task.
    pub notify: Vec<Spanned<Value>>,
}

impl Keywords {
    /// A setting, `become` for example, from the innermost place that has it.
    pub fn setting(&self, name: &str) -> Option<&Spanned<Value>> {
        self.settings.get(name)
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
            "environment" => {
                let parts = node.as_list().map_or_else(|| vec![node], |items| items.iter().collect());
                self.environment.extend(parts.into_iter().filter_map(|part| loading.value(part)));
            }
            "tags" => self.tags.extend(words(node)),
            "when" => self.when.extend(Condition::read(node, loading)),
            "vars" if place != Place::Play => {
                if let Some(vars) = read_vars(node, loading) {
                    self.vars.push(Arc::new(vars));
                }
            }
            "notify" => {
                let names = node.as_list().map_or_else(|| vec![node], |items| items.iter().collect());
                self.notify.extend(names.into_iter().filter_map(|name| loading.value(name)));
            }
            _ => {
                // Only a setting's node is a value: `tasks` would be compiled, and its errors told, once more.
                if let Some(known) = known
                    && let Some(value) = loading.value(node)
                {
                    self.settings.insert(known, value);
                }
            }
        }
    }
}

/// Reports keywords that do not exist, or not here. `is_other` accepts further names (modules, `with_…`).
pub fn check_names(entries: &[Entry], place: Place, loading: &mut Loading, is_other: impl Fn(&str) -> bool) {
    let known = place.keywords();
    for entry in entries {
        let Some(name) = entry.key.as_str() else {
            loading.error(Diagnostic::error("a keyword has to be text").at(&entry.key.span));
            continue;
        };
        if is_later(name, place) {
            loading.error(
                Diagnostic::error(format!("`{name}` is part of the language, but this version cannot run it"))
                    .at(&entry.key.span),
            );
        } else if !known.contains(&name) && !is_other(name) {
            loading.error(unknown(name, place, &known, &entry.key.span));
        }
    }
}

fn is_later(name: &str, place: Place) -> bool {
    let lists: &[&[&str]] = match place {
        Place::Play => &[LATER, PLAY_LATER],
        Place::Block => &[LATER, DELEGATION_LATER],
        Place::Task | Place::Handler => &[LATER, DELEGATION_LATER],
    };
    lists.iter().any(|list| list.contains(&name))
}

fn unknown(name: &str, place: Place, known: &[&'static str], span: &Span) -> Diagnostic {
    let message = format!("`{name}` is not a keyword of {}", place.describe());
    let error = Diagnostic::error(message).at(span);
    match nearest(name, known.iter().copied()) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error,
    }
}

/// `vars`: a mapping of names to values.
pub fn read_vars(node: &Node, loading: &mut Loading) -> Option<Vars> {
    if node.kind == crate::source::Kind::Null {
        return Some(Vars::new());
    }
    let Some(entries) = node.as_map() else {
        let message = format!("`vars` has to be a mapping of names to values, not {}", node.describe());
        loading.error(Diagnostic::error(message).at(&node.span));
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
