//! `import_tasks` and `import_role`: tasks that are read in place of the task that names them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Action, Around, Block, Item, Origin, Task,
    block::read_items,
    keywords::Vars,
    load::Loading,
    project::expand_home,
    role_use::{RoleItems, RoleUse},
};
use crate::{
    source::{Diagnostic, Span, Spanned},
    value::Value,
};

/// The arguments that say which files of a role are used.
const FROM: [(&str, &str); 4] =
    [("tasks_from", "tasks"), ("handlers_from", "handlers"), ("vars_from", "vars"), ("defaults_from", "defaults")];

/// Reads what a task imports.
pub fn read(task: &Task, around: &Around, loading: &mut Loading) -> Option<Block> {
    let name = task.action.module.0.short_name();
    if let Some(repeat) = &task.repeat {
        let dynamic = name.replace("import", "include");
        let error = Diagnostic::error(format!("`{name}` cannot be repeated: it is read before the play runs"));
        loading.error(error.at(&repeat.over.span).help(format!("`{dynamic}` can have a loop")));
        return None;
    }
    let inside = around.with(task.keywords.clone());
    match name {
        "import_role" => {
            let own = &task.keywords.vars[around.keywords.vars.len()..];
            let role_use =
                role_of(&task.action, own, |_, value, loading| loading.static_value(value, &inside), loading)?;
            let is_public = match task.action.arguments.get("public") {
                Some(public) => loading.static_value(public, &inside)?.to_flag(),
                None => loading.role_vars_are_public().unwrap_or(true),
            };
            let inside = Around { is_handler: false, ..inside };
            let items =
                if is_public { role_use.load_exported(&inside, loading) } else { role_use.load(&inside, loading) };
            let RoleItems { block, handlers, .. } = items?;
            loading.handlers.extend(handlers);
            Some(block)
        }
        _ => {
            let file = file_of(&task.action)?;
            let text = loading.static_value(file, &inside)?.to_str();
            let path = find(&text, &around.origin, &file.span, loading)?;
            let items = tasks(&path, &file.span, &inside, loading)?;
            if items.is_empty() {
                let shown = std::path::absolute(&path).unwrap_or(path);
                let wording = format!("file {} is empty and had no tasks to include", shown.display());
                let mut warning = Diagnostic::warning(format!("`{}` has no tasks", shown.display())).worded(wording);
                warning.ansible.is_placeless = true;
                loading.warning(warning.at(&file.span));
            }
            Some(Block::plain(items))
        }
    }
}

/// The file that an import or include names.
pub fn file_of(action: &Action) -> Option<&Spanned<Value>> {
    ["file", "_raw_params", "free_form"].into_iter().find_map(|name| action.arguments.get(name))
}

/// Where a file of tasks is: beside the one that names it, in the role's tasks, beside the playbook. An error is reported.
pub fn find(name: &str, origin: &Origin, span: &Span, loading: &mut Loading) -> Option<PathBuf> {
    match locate(name, origin) {
        Ok(path) => Some(path),
        Err(searched) => {
            let place = searched.last().cloned().unwrap_or_default();
            let place = std::path::absolute(&place).map_or(place, |place| place.display().to_string());
            let absent = format!("Could not find or access '{place}' on the Ansible Controller");
            let error = Diagnostic::error(format!("there is no file `{name}` with tasks")).at(span).worded(format!(
                "{absent}: Unable to retrieve file contents.\n{absent}.\nIf you are using a module and expect the file to \
                 exist on the remote, see the remote_src option: [Errno 2] No such file or directory: '{place}'"
            ));
            loading.refuse(error.note(format!("searched {}", searched.join(", "))));
            None
        }
    }
}

/// As [`find`]; fails with the places that were searched.
pub fn locate(name: &str, origin: &Origin) -> Result<PathBuf, Vec<String>> {
    let name = expand_home(Path::new(name.trim()));
    let mut candidates = vec![origin.directory.join(&name)];
    if let Some(role) = &origin.role {
        let part = if origin.directory.starts_with(role.path.join("handlers")) { "handlers" } else { "tasks" };
        candidates.push(role.path.join(part).join(&name));
        candidates.push(role.path.join("tasks").join(&name));
        candidates.push(role.path.join(&name));
    }
    let playbook_dir = origin.project();
    candidates.push(playbook_dir.join("tasks").join(&name));
    candidates.push(playbook_dir.join(&name));
    match candidates.iter().position(|candidate| candidate.is_file()) {
        Some(found) => Ok(candidates.swap_remove(found)),
        None => Err(candidates.iter().map(|candidate| candidate.display().to_string()).collect()),
    }
}

/// The tasks of a file.
pub fn tasks(path: &Path, from: &Span, around: &Around, loading: &mut Loading) -> Option<Vec<Item>> {
    if !loading.enter(path, from) {
        return None;
    }
    let items = loading.document(path).map(|node| {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let origin = &around.origin;
        let origin = if origin.directory == directory {
            Arc::clone(origin)
        } else {
            Arc::new(Origin::new(&loading.project, directory, origin.role.clone(), origin.collections.clone()))
        };
        read_items(&node, &around.in_origin(origin), loading)
    });
    loading.leave();
    items
}

/// What an import or include of a role calls it, and the argument that says so.
pub fn role_name(action: &Action) -> Option<(&'static str, &Spanned<Value>)> {
    let argument = |key: &str| action.arguments.get(key).filter(|role| !role.value.is_none());
    ["name", "role"].into_iter().find_map(|key| Some((key, argument(key)?)))
}

/// The role that an `import_role` or `include_role` names; `evaluate` gives the values of arguments by their names.
pub fn role_of(
    action: &Action,
    own: &[Arc<Vars>],
    mut evaluate: impl FnMut(&str, &Spanned<Value>, &mut Loading) -> Option<Value>,
    loading: &mut Loading,
) -> Option<RoleUse> {
    let argument = |name: &str| action.arguments.get(name);
    let (key, name) = role_name(action)?;
    let text = evaluate(key, name, loading)?.to_str();
    let mut role_use = RoleUse::of_task(Spanned::new(text, name.span.clone()));
    role_use.written = own.iter().map(|vars| super::role_use::written_vars(vars)).collect();
    for (argument_name, part) in FROM {
        if let Some(from) = argument(argument_name) {
            // What is left out, or cannot be evaluated, which is an error that was reported.
            let Some(file) = evaluate(argument_name, from, loading) else { continue };
            if !matches!(file, Value::Str(_)) {
                let kind = file.type_name();
                let message = format!("Expected a string for {argument_name} but got <class '{kind}'> instead.");
                loading.error(Diagnostic::error(message).at(&from.span));
                return None;
            }
            let file = file.to_str();
            role_use.from.push((part, Spanned::new(file, from.span.clone())));
        }
    }
    let mut flag = |name: &str, loading: &mut Loading| {
        argument(name).and_then(|value| evaluate(name, value, loading)).map(|value| value.to_flag())
    };
    role_use.allow_duplicates = Some(flag("allow_duplicates", loading).unwrap_or(true));
    role_use.validate = flag("rolespec_validate", loading).unwrap_or(true);
    Some(role_use)
}
