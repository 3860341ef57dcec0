//! A play: hosts, and what is done on them.

use std::sync::Arc;

use super::{
    Block, Keywords, Task,
    block::read_items,
    keywords::{Place, Vars, check_names, read_vars},
    load::Loading,
};
use crate::{
    source::{Diagnostic, Kind, Node, Span, Spanned},
    value::Value,
};

/// A play.
#[derive(Debug)]
pub struct Play {
    /// `name`, possibly a template.
    pub name: Option<Spanned<Value>>,
    /// `hosts`: a pattern or a list of patterns.
    pub hosts: Spanned<Value>,
    /// What it says about all its tasks.
    pub keywords: Keywords,
    /// `vars`.
    pub vars: Arc<Vars>,
    /// `vars_files`, each a path or a list of which the first that exists counts.
    pub vars_files: Vec<Spanned<Value>>,
    /// `gather_facts`; facts are gathered when it is missing.
    pub gather_facts: Option<Spanned<Value>>,
    /// `gather_subset`, `gather_timeout` and `fact_path`: arguments of the `setup` task.
    pub gathering: Vec<(&'static str, Spanned<Value>)>,
    /// `force_handlers`.
    pub force_handlers: Option<Spanned<Value>>,
    /// `serial`.
    pub serial: Option<Spanned<Value>>,
    /// `max_fail_percentage`.
    pub max_fail_percentage: Option<Spanned<Value>>,
    /// `order`.
    pub order: Option<Spanned<Value>>,
    /// `pre_tasks`, `tasks` and `post_tasks`; notified handlers run after each.
    pub sections: [Arc<Block>; 3],
    /// `handlers`.
    pub handlers: Vec<Arc<Task>>,
    /// Where it begins.
    pub span: Span,
}

impl Play {
    /// Reads a play; what is wrong with it goes to `loading`.
    pub fn read(node: &Node, loading: &mut Loading) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            loading.error(not_a_play(node));
            return None;
        };
        check_names(entries, Place::Play, loading, |_| false);
        let Some(hosts) = node.get("hosts").filter(|hosts| hosts.kind != Kind::Null) else {
            loading.error(missing_hosts(node));
            return None;
        };
        let keywords = Keywords::default().within(entries, Place::Play, loading);
        let mut value = |name: &str| node.get(name).and_then(|node| loading.value(node));
        let gathering = ["gather_subset", "gather_timeout", "fact_path"];
        let gathering = gathering.into_iter().filter_map(|name| Some((name, value(name)?))).collect();
        let (name, gather_facts, force_handlers) = (value("name"), value("gather_facts"), value("force_handlers"));
        let (serial, max_fail_percentage, order) = (value("serial"), value("max_fail_percentage"), value("order"));
        check_strategy(value("strategy"), loading);
        let hosts = loading.value(hosts)?;
        let vars = node.get("vars").and_then(|vars| read_play_vars(vars, loading)).unwrap_or_default();
        let vars_files = match node.get("vars_files") {
            Some(files) => files
                .as_list()
                .map_or_else(|| vec![files], |files| files.iter().collect())
                .into_iter()
                .filter_map(|file| loading.value(file))
                .collect(),
            None => Vec::new(),
        };
        let sections = ["pre_tasks", "tasks", "post_tasks"].map(|section| {
            let tasks = node.get(section).map(|tasks| read_items(tasks, &keywords, false, loading));
            Arc::new(Block::plain(tasks.unwrap_or_default()))
        });
        let handlers = node.get("handlers").map(|handlers| read_items(handlers, &keywords, true, loading));
        let handlers = Block::plain(handlers.unwrap_or_default()).all_tasks().into_iter().cloned().collect();
        Some(Self {
            name,
            hosts,
            keywords,
            vars: Arc::new(vars),
            vars_files,
            gather_facts,
            gathering,
            force_handlers,
            serial,
            max_fail_percentage,
            order,
            sections,
            handlers,
            span: node.span.clone(),
        })
    }

    /// Every task, in order, handlers last.
    pub fn all_tasks(&self) -> Vec<&Arc<Task>> {
        self.sections.iter().flat_map(|section| section.all_tasks()).chain(&self.handlers).collect()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|section| section.tasks.is_empty())
    }
}

/// A play's `vars` may be a list of mappings too.
fn read_play_vars(node: &Node, loading: &mut Loading) -> Option<Vars> {
    match node.as_list() {
        Some(parts) => Some(parts.iter().filter_map(|part| read_vars(part, loading)).flatten().collect()),
        None => read_vars(node, loading),
    }
}

fn check_strategy(strategy: Option<Spanned<Value>>, loading: &mut Loading) {
    if let Some(strategy) = strategy
        && !matches!(strategy.value.as_str(), Some("linear" | "ansible.builtin.linear"))
    {
        let name = strategy.value.to_str();
        loading.error(
            Diagnostic::error(format!("there is no strategy `{name}` in this version"))
                .at(&strategy.span)
                .help("leave `strategy` out: `linear` is the default"),
        );
    }
}

fn not_a_play(node: &Node) -> Diagnostic {
    Diagnostic::error(format!("a play has to be a mapping, not {}", node.describe()))
        .at(&node.span)
        .help("a playbook is a list of plays, each with `hosts:` and `tasks:`")
}

fn missing_hosts(node: &Node) -> Diagnostic {
    let error = Diagnostic::error("a play needs `hosts`").at(&node.span);
    match node.get("import_playbook").or_else(|| node.get("ansible.builtin.import_playbook")) {
        Some(import) => Diagnostic::error("`import_playbook` is part of the language, but this version cannot run it")
            .at(&import.span),
        None if node.get("name").is_some() && node.get("tasks").is_none() => {
            error.help("this looks like a task: a playbook is a list of plays, each with `hosts:` and `tasks:`")
        }
        None => error,
    }
}
