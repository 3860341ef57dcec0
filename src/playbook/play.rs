//! A play: hosts, and what is done on them.

use std::{path::PathBuf, sync::Arc};

use super::{
    Around, Block, Item, Keywords, Origin, Project, Role, Task,
    block::read_items,
    import_playbook::Imports,
    keywords::{Place, Vars, check_names, check_variables, read_vars},
    load::Loading,
    role_use::{RoleItems, RoleUse},
    vars_prompt::VarsPrompt,
};
use crate::{
    source::{Diagnostic, Kind, Node, Span, Spanned, nearest},
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
    /// `vars_prompt`: what is asked before the play begins.
    pub vars_prompt: Vec<VarsPrompt>,
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
    /// `strategy`.
    pub strategy: Option<Spanned<Value>>,
    /// `pre_tasks`, `roles` with `tasks`, and `post_tasks`; notified handlers run after each.
    pub sections: [Arc<Block>; 3],
    /// The handlers of `roles`, then `handlers`, then those of roles that tasks import.
    pub handlers: Vec<Arc<Task>>,
    /// The roles whose variables all tasks see, the weakest first.
    pub roles: Vec<Arc<Role>>,
    /// The roles of `roles`, for magic variables.
    pub role_names: Vec<String>,
    /// Where it finds roles and files.
    pub project: Arc<Project>,
    /// What tasks that nobody wrote, as the one that gathers facts, have around them.
    pub around: Around,
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
        check_names(entries, Place::Play, loading, |name| name == "user");
        if let (Some(user), Some(_)) = (node.get("user"), node.get("remote_user")) {
            let message = "both 'user' and 'remote_user' are set for this play. The use of 'user' is deprecated, and \
                           should be removed";
            loading.error(Diagnostic::error(message).at(&user.span));
        }
        let Some(hosts) = node.get("hosts").filter(|hosts| hosts.kind != Kind::Null) else {
            loading.error(missing_hosts(node));
            return None;
        };
        let mut keywords = Keywords::default().within(entries, Place::Play, loading);
        if let Some(own) = loading.project.own_collection().filter(|own| !keywords.collections.contains(own)) {
            keywords.collections.insert(0, own);
        }
        if let Some(user) = node.get("user").and_then(|user| loading.value(user)) {
            keywords.set("remote_user", user);
        }
        let mut value = |name: &str| node.get(name).and_then(|node| loading.value(node));
        let gathering = ["gather_subset", "gather_timeout", "fact_path"];
        let gathering = gathering.into_iter().filter_map(|name| Some((name, value(name)?))).collect();
        let (name, gather_facts, force_handlers) = (value("name"), value("gather_facts"), value("force_handlers"));
        let (serial, max_fail_percentage, order) = (value("serial"), value("max_fail_percentage"), value("order"));
        let strategy = value("strategy");
        check_strategy(strategy.as_ref(), loading);
        check_hosts(hosts, loading);
        let hosts = loading.value(hosts)?;
        node.get("vars").into_iter().for_each(|vars| check_variables(vars, loading));
        let mut vars =
            node.get("vars").and_then(|vars| read_vars(vars, Place::Play.class(), loading)).unwrap_or_default();
        for import in std::mem::take(&mut loading.imports) {
            apply_import(&import, &mut keywords, &mut vars);
            loading.imports.push(import);
        }
        let vars_files = list_of(node, "vars_files").iter().filter_map(|file| loading.value(file)).collect();
        let vars_prompt =
            list_of(node, "vars_prompt").iter().filter_map(|prompt| VarsPrompt::read(prompt, loading)).collect();
        let vars = Arc::new(vars);
        let directory = node.span.file.path().parent().map_or_else(PathBuf::new, ToOwned::to_owned);
        let project = Arc::clone(&loading.project);
        let origin = Arc::new(Origin::new(&project, directory, None, keywords.collections.clone()));
        let around = Around { keywords, origin, is_handler: false, play: Arc::clone(&vars) };
        let tasks = read_tasks(node, &around, loading);
        Some(Self {
            name,
            hosts,
            keywords: around.keywords.clone(),
            vars,
            vars_files,
            vars_prompt,
            gather_facts,
            gathering,
            force_handlers,
            serial,
            max_fail_percentage,
            order,
            strategy,
            sections: tasks.sections,
            handlers: tasks.handlers,
            roles: tasks.roles,
            role_names: tasks.role_names,
            project,
            around,
            span: node.span.clone(),
        })
    }

    /// Every task, in order, handlers last.
    pub fn all_tasks(&self) -> Vec<&Arc<Task>> {
        self.sections.iter().flat_map(|section| section.all_tasks()).chain(&self.handlers).collect()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|section| section.all_tasks().is_empty())
    }
}

/// What a play does.
struct Tasks {
    sections: [Arc<Block>; 3],
    handlers: Vec<Arc<Task>>,
    roles: Vec<Arc<Role>>,
    role_names: Vec<String>,
}

fn read_tasks(node: &Node, around: &Around, loading: &mut Loading) -> Tasks {
    // A play's roles and handlers are its own.
    let before = (std::mem::take(&mut loading.roles), std::mem::take(&mut loading.handlers));
    let section = |name: &str, loading: &mut Loading| {
        let Some(tasks) = node.get(name) else { return Vec::new() };
        if tasks.kind != Kind::Null && tasks.as_list().is_none() {
            let written = match tasks.kind {
                Kind::Map(_) => tasks.describe().to_owned(),
                _ => crate::template::plain_value(tasks).repr(),
            };
            let message =
                format!("A malformed block was encountered while loading {name}: {written} should be a list or None");
            loading.error(Diagnostic::error(message).at(&tasks.span).help("put `- ` before each task"));
            return Vec::new();
        }
        read_items(tasks, around, loading)
    };
    let pre_tasks = section("pre_tasks", loading);
    let (mut middle, mut handlers, mut role_names) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(roles) = node.get("roles").filter(|roles| roles.kind != Kind::Null && roles.as_list().is_none()) {
        let message =
            format!("A malformed role declaration was encountered. `roles` has to be a list, not {}", roles.describe());
        loading.error(Diagnostic::error(message).at(&roles.span).help("put `- ` before each role"));
    }
    for entry in node.get("roles").and_then(Node::as_list).unwrap_or_default() {
        let Some((mut role_use, around)) = RoleUse::read(entry, around, loading) else { continue };
        role_use.is_private = loading.role_vars_are_public() == Some(false);
        if let Some(RoleItems { role, block, handlers: more }) = role_use.load_exported(&around, loading) {
            role_names.push(role.full_name.clone());
            middle.push(Item::Block(Arc::new(block)));
            handlers.extend(more);
        }
    }
    middle.extend(section("tasks", loading));
    let post_tasks = section("post_tasks", loading);
    let imported = std::mem::take(&mut loading.handlers);
    let listeners = Around { is_handler: true, ..around.clone() };
    if let Some(node) = node.get("handlers") {
        handlers.extend(read_items(node, &listeners, loading));
    }
    handlers.extend(imported);
    let handlers = handlers.iter().flat_map(Item::all_tasks).cloned().collect();
    let roles = std::mem::replace(&mut loading.roles, before.0);
    loading.handlers = before.1;
    let sections = [pre_tasks, middle, post_tasks].map(|items| Arc::new(Block::plain(items)));
    Tasks { sections, handlers, roles, role_names }
}

/// What an import of the playbook says holds for the play.
fn apply_import(import: &Arc<Imports>, keywords: &mut Keywords, vars: &mut Vars) {
    vars.extend(import.vars.iter().map(|(name, value)| (name.clone(), value.clone())));
    let new: Vec<String> = import.tags.iter().filter(|tag| !keywords.tags.contains(tag)).cloned().collect();
    keywords.tags.extend(new);
    keywords.when.extend(import.conditions.iter().cloned());
}

/// The items of a keyword that takes one or a list.
fn list_of<'a>(node: &'a Node, name: &str) -> Vec<&'a Node> {
    match node.get(name) {
        None => Vec::new(),
        Some(Node { kind: Kind::Null, .. }) => Vec::new(),
        Some(found) => found.as_list().map_or_else(|| vec![found], |items| items.iter().collect()),
    }
}

/// The strategies there are.
const STRATEGIES: [&str; 4] = ["linear", "free", "host_pinned", "debug"];

fn check_strategy(strategy: Option<&Spanned<Value>>, loading: &mut Loading) {
    let Some(strategy) = strategy else { return };
    let Some(name) = strategy.value.as_str() else { return };
    let short = name.strip_prefix("ansible.builtin.").or(name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    if !STRATEGIES.contains(&short) {
        let error = Diagnostic::error(format!("there is no strategy `{name}`")).at(&strategy.span);
        loading.error(match nearest(short, STRATEGIES) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None if short.starts_with("mitogen") => error.help("leave it out: `linear` needs no Mitogen here"),
            None => error.help("leave `strategy` out: `linear` is the default"),
        });
    }
}

fn check_hosts(hosts: &Node, loading: &mut Loading) {
    let is_text = |node: &Node| matches!(node.kind, Kind::Str(_) | Kind::Int(_) | Kind::Unsafe(_));
    let wrong = match hosts.as_list() {
        Some(items) => items.iter().find(|item| !is_text(item)),
        None => Some(hosts).filter(|hosts| !is_text(hosts)),
    };
    if let Some(wrong) = wrong {
        let message = format!("`hosts` has to be a pattern or a list of patterns, not {}", wrong.describe());
        loading.error(Diagnostic::error(message).at(&wrong.span));
    }
    let is_empty = hosts.as_list().is_some_and(<[Node]>::is_empty) || hosts.as_str().is_some_and(str::is_empty);
    if is_empty {
        loading.error(Diagnostic::error("Hosts list cannot be empty. Please check your playbook").at(&hosts.span));
    }
}

fn not_a_play(node: &Node) -> Diagnostic {
    Diagnostic::error(format!("a play has to be a mapping, not {}", node.describe()))
        .at(&node.span)
        .help("a playbook is a list of plays, each with `hosts:` and `tasks:`")
}

fn missing_hosts(node: &Node) -> Diagnostic {
    let error = Diagnostic::error("a play needs `hosts`").at(&node.span);
    let error = error.worded("The field 'hosts' is required but was not set.");
    if node.get("name").is_some() && node.get("tasks").is_none() {
        return error.help("this looks like a task: a playbook is a list of plays, each with `hosts:` and `tasks:`");
    }
    error
}
