//! A task: one module with its arguments, and when, how often and how it runs.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    Action, Condition, Keywords, Loop,
    keywords::{Place, check_names},
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

/// A task or a handler.
#[derive(Debug)]
pub struct Task {
    /// Which one.
    pub id: TaskId,
    /// `name`, possibly a template.
    pub name: Option<Spanned<Value>>,
    /// What it does.
    pub action: Action,
    /// What holds for it, everything around it included.
    pub keywords: Keywords,
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
}

impl Task {
    /// Reads a task; what is wrong with it goes to `loading`.
    pub fn read(
        node: &Node,
        entries: &[Entry],
        around: &Keywords,
        place: Place,
        loading: &mut Loading,
    ) -> Option<Self> {
        let known = place.keywords();
        check_names(entries, place, loading, |name| {
            name.starts_with("with_") || Action::is_name(name, &known, entries)
        });
        let keywords = around.within(entries, place, loading);
        let action = Action::read(node, &known, loading)?;
        let mut conditions = |name: &str| node.get(name).map(|node| Condition::read(node, loading));
        let (until, changed_when) = (conditions("until").unwrap_or_default(), conditions("changed_when"));
        let failed_when = conditions("failed_when");
        let mut value = |name: &str| node.get(name).and_then(|node| loading.value(node));
        Some(Self {
            id: TaskId::next(),
            name: value("name"),
            retries: value("retries"),
            delay: value("delay"),
            action,
            keywords,
            repeat: Loop::read(node, loading),
            register: read_register(node, loading),
            until,
            changed_when,
            failed_when,
            listen: node.get("listen").map(super::keywords::words).unwrap_or_default(),
            span: node.span.clone(),
        })
    }

    /// Whether it acts on the play and not on hosts: nothing is shown or counted for them.
    pub fn is_meta(&self) -> bool {
        self.action.module.0.short_name() == "meta"
    }

    /// The name as written, or the module's; templates in it are not evaluated.
    pub fn title(&self) -> String {
        let name = self.name.as_ref().map(|name| written(&name.value));
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| self.action.name.value.clone())
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
    let name = register.as_str().unwrap_or_default();
    let valid = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !valid {
        loading.error(
            Diagnostic::error(format!("`{name}` is not a valid name for a variable"))
                .at(&register.span)
                .help("letters, digits and underscores, not beginning with a digit"),
        );
    }
    Some(name.to_owned())
}
