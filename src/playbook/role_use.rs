//! Roles where they are used: in `roles`, among dependencies, through `import_role` and `include_role`.

use std::{path::PathBuf, sync::Arc};

use super::{
    Around, Block, Item, Origin, Role, Task,
    block::read_items,
    condition::Condition,
    keywords::{Place, Vars, read_vars, words},
    load::Loading,
    role::RoleFacts,
    role_files::{self, Found, Meta},
    task::written,
};
use crate::{
    source::{Diagnostic, Node, Spanned},
    value::Value,
};

/// A role that is asked for.
#[derive(Debug)]
pub struct RoleUse {
    /// Its name or path.
    pub name: Spanned<String>,
    /// Values that are given to it.
    pub params: Vars,
    /// `vars` beside it.
    pub vars: Vars,
    /// Other files than `main`: `tasks`, `handlers`, `vars`, `defaults`.
    pub from: Vec<(&'static str, Spanned<String>)>,
    /// Whether it comes from a task, `import_role` or `include_role`.
    pub is_task: bool,
    /// What a task says about duplicates; it counts more than what the role says.
    pub allow_duplicates: Option<bool>,
    /// Whether its arguments are checked against its specification.
    pub validate: bool,
    /// Whether its variables are seen by its own tasks alone.
    pub is_private: bool,
    /// Conditions and tags where it is used, as text: uses that differ in them are different uses.
    pub written: String,
}

/// A role that was read.
#[derive(Debug)]
pub struct RoleItems {
    /// The role.
    pub role: Arc<Role>,
    /// The tasks of its dependencies, then its own.
    pub block: Block,
    /// Handlers, those of dependencies first.
    pub handlers: Vec<Item>,
}

impl RoleUse {
    /// A role that a task asks for.
    pub fn of_task(name: Spanned<String>) -> Self {
        Self {
            name,
            params: Vars::new(),
            vars: Vars::new(),
            from: Vec::new(),
            is_task: true,
            allow_duplicates: None,
            validate: true,
            is_private: false,
            written: String::new(),
        }
    }

    /// One of `roles` or of the dependencies of a role: a name, or a mapping with keywords and parameters.
    /// Gives what holds for its tasks too.
    pub fn read(node: &Node, around: &Around, loading: &mut Loading) -> Option<(Self, Around)> {
        let entries = node.as_map().unwrap_or_default();
        let named = ["role", "name", "src"].into_iter().find_map(|key| node.get(key));
        let Some((text, span)) = named.or(Some(node)).and_then(|node| Some((node.as_str()?, &node.span))) else {
            let error = Diagnostic::error("a role needs a name").at(&node.span);
            loading.error(error.help("write `- NAME`, or `- role: NAME` with keywords and parameters"));
            return None;
        };
        // Of an address in a list of requirements, the last part is the name.
        let is_address = text.contains("://") || text.contains('@');
        let text = if is_address { text.rsplit('/').next().unwrap_or(text).trim_end_matches(".git") } else { text };
        if node.as_str().is_some_and(|text| text.contains(',')) {
            let error = Diagnostic::error(format!("Invalid old style role requirement: {text}")).at(span);
            loading.error(error.help("a role is named alone, or by `role:` in a mapping"));
            return None;
        }
        let name = loading.static_text(text, span, around)?;
        let keywords = around.keywords.within(entries, Place::Role, loading);
        let known = Place::Role.keywords();
        let mut params = Vars::new();
        for entry in entries {
            let Some(key) = entry.key.as_str() else { continue };
            if !known.contains(&key)
                && !matches!(key, "role" | "src" | "scm" | "version")
                && let Some(value) = loading.value(&entry.value)
            {
                params.insert(key.to_owned(), value.value);
            }
        }
        let vars = node.get("vars").and_then(|vars| read_vars(vars, Place::Role.class(), loading)).unwrap_or_default();
        let when = node.get("when").map(|when| Condition::read(when, loading)).unwrap_or_default();
        let tags = node.get("tags").map(words).unwrap_or_default();
        let when: Vec<String> = when.iter().map(Condition::written).collect();
        let written = format!("{when:?} {tags:?}");
        let role_use = Self { params, vars, is_task: false, written, ..Self::of_task(name) };
        Some((role_use, around.with(keywords)))
    }

    /// Reads the role, everything it depends on included.
    pub fn load(self, around: &Around, loading: &mut Loading) -> Option<RoleItems> {
        let found = match role_files::find(&self.name, &around.origin, &loading.project) {
            Ok(found) => found,
            Err(error) => {
                loading.refuse(error);
                return None;
            }
        };
        // A role may use other tasks of its own.
        let entry = self.from.iter().find(|(part, _)| *part == "tasks").map(|(_, file)| file.value.as_str());
        let entry = entry.map_or_else(|| found.path.clone(), |file| found.path.join("tasks").join(file));
        if !loading.enter(&entry, &self.name.span) {
            return None;
        }
        let items = self.load_found(found, around, loading);
        loading.leave();
        Some(items)
    }

    /// As [`RoleUse::load`], for a role whose variables all tasks of the play see: over those of roles
    /// before it, under those of roles that its tasks import.
    pub fn load_exported(self, around: &Around, loading: &mut Loading) -> Option<RoleItems> {
        let before = loading.roles.len();
        let items = self.load(around, loading)?;
        loading.roles.insert(before, Arc::clone(&items.role));
        Some(items)
    }

    fn load_found(self, found: Found, around: &Around, loading: &mut Loading) -> RoleItems {
        let meta = role_files::meta(&found.path, loading);
        let from = |part: &str| self.from.iter().find(|(name, _)| *name == part).map(|(_, file)| file);
        let mut parents = Vec::new();
        if let Some(role) = &around.origin.role {
            parents.push(Arc::clone(role));
            parents.extend(role.parents.iter().cloned());
        }
        let key = format!(
            "{} {} {} {:?} {} {}",
            found.path.display(),
            written_vars(&self.params),
            written_vars(&self.vars),
            self.from.iter().map(|(part, file)| (part, &file.value)).collect::<Vec<_>>(),
            self.is_task,
            self.written,
        );
        let has_modules = loading.project.library.add_role(&found.path);
        let own_vars = role_files::variables(&found.path, "vars", from("vars"), loading);
        let own_defaults = role_files::variables(&found.path, "defaults", from("defaults"), loading);
        // Its own collection, or that of the playbook, comes first, and what play and tasks around it name does not count in it.
        let own = found.collection.clone().or_else(|| loading.project.own_collection());
        let others = meta.collections.iter().filter(|name| own.as_ref() != Some(name));
        let collections: Vec<String> = own.iter().chain(others).cloned().collect();
        let role = Arc::new(Role::new(RoleFacts {
            name: found.name,
            full_name: found.full_name,
            path: found.path.clone(),
            has_modules,
            collection: found.collection,
            parents,
            is_of_task: self.is_task,
            is_private: self.is_private,
            dependencies: meta.dependencies.iter().filter_map(dependency_name).collect(),
            key,
            allows_duplicates: self.allow_duplicates.unwrap_or(meta.allows_duplicates),
            own_vars: Arc::new(own_vars),
            own_defaults: Arc::new(own_defaults),
            inline_vars: Arc::new(self.vars.clone()),
        }));
        let origin = |part: &str, loading: &Loading| {
            let directory = found.path.join(part);
            Arc::new(Origin::new(&loading.project, directory, Some(Arc::clone(&role)), collections.clone()))
        };
        let mut keywords = around.keywords.clone();
        keywords.collections.clone_from(&collections);
        if !self.params.is_empty() {
            keywords.params.push(Arc::new(self.params.clone()));
        }
        let inside = Around { keywords, origin: origin("tasks", loading), is_handler: false, ..around.clone() };
        let (mut tasks, mut handlers, mut dependencies) = (Vec::new(), Vec::new(), Vec::new());
        for node in &meta.dependencies {
            let Some((dependency, around)) = Self::read(node, &inside, loading) else { continue };
            if let Some(items) = dependency.load(&around, loading) {
                tasks.push(Item::Block(Arc::new(items.block)));
                handlers.extend(items.handlers);
                dependencies.push(items.role);
            }
        }
        role.depends_on(&dependencies);
        let mut own: Vec<Item> = Vec::new();
        own.extend(self.argument_check(&meta, &inside));
        own.extend(read_part(&found.path, "tasks", from("tasks"), &inside, loading));
        tasks.push(Item::Block(Arc::new(Block::of_role(Arc::clone(&role), own))));
        let listeners = Around { origin: origin("handlers", loading), is_handler: true, ..inside };
        handlers.extend(read_part(&found.path, "handlers", from("handlers"), &listeners, loading));
        RoleItems { role, block: Block::plain(tasks), handlers }
    }

    /// The task that checks the role's arguments, if it says what they are.
    fn argument_check(&self, meta: &Meta, around: &Around) -> Option<Item> {
        let tasks_from = self.from.iter().find(|(part, _)| *part == "tasks").map(|(_, file)| file.value.as_str());
        let entry_point = tasks_from.unwrap_or("main");
        let entry_point = entry_point.strip_suffix(".yml").or(entry_point.strip_suffix(".yaml")).unwrap_or(entry_point);
        let spec = meta.argument_specs.as_ref().filter(|_| self.validate)?.get(entry_point)?;
        if spec.as_map().is_none_or(<[_]>::is_empty) {
            return None;
        }
        let role = around.origin.role.as_ref()?;
        let task = Task::argument_check(spec, entry_point, role, around)?;
        Some(Item::Task(Arc::new(task)))
    }
}

/// The items of a part of a role.
fn read_part(
    role: &std::path::Path,
    part: &str,
    from: Option<&Spanned<String>>,
    around: &Around,
    loading: &mut Loading,
) -> Vec<Item> {
    // Only the tasks have to be there when another file is asked for.
    let file: Option<PathBuf> = match role_files::part(role, part, from) {
        Ok(file) => file,
        Err(error) => {
            loading.error(error);
            None
        }
    };
    let Some(node) = file.and_then(|file| loading.document(&file)) else { return Vec::new() };
    read_items(&node, around, loading)
}

fn dependency_name(node: &Node) -> Option<String> {
    let named = ["role", "name", "src"].into_iter().find_map(|key| node.get(key)).unwrap_or(node);
    Some(named.as_str()?.to_owned())
}

/// Variables as they were written.
pub fn written_vars(vars: &Vars) -> String {
    vars.iter().map(|(name, value)| format!("{name}={};", written_value(value))).collect()
}

fn written_value(value: &Value) -> String {
    match value {
        Value::List(items) => items.to_vec().iter().map(|item| format!("{},", written_value(item))).collect(),
        Value::Dict(dict) => dict
            .entries()
            .iter()
            .map(|(key, value)| format!("{}:{},", key.value().to_str(), written_value(value)))
            .collect(),
        other => written(other),
    }
}
