//! The task that gathers facts at the beginning of a play.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Run, settings::keyword};
use crate::{
    config::settings::running,
    playbook::{Action, Module, Play, Task},
    source::{Diagnostic, Spanned},
    value::Value,
    vars::Scope,
};

/// Whether facts that are known are not gathered again.
pub fn gathers_once(run: &Run) -> bool {
    run.options.config.get(&running::DEFAULT_GATHERING) == "smart"
}

/// Whether a fact of that name would change how hosts are reached: one that a module returns is not kept.
pub fn is_restricted(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "become",
        "connection",
        "facts",
        "host",
        "module_compression",
        "network_os",
        "password",
        "pipelining",
        "port",
        "private_key_file",
        "rsync_path",
        "shell_executable",
        "timeout",
        "user",
    ];
    const FAMILIES: [&str; 6] = ["become_", "local_", "psrp_", "shell_", "ssh_", "winrm_"];
    let Some(name) = name.strip_prefix("ansible_") else { return false };
    let is_family = FAMILIES.iter().any(|family| name.starts_with(family)) && !name.starts_with("ssh_host_key_");
    NAMES.contains(&name) || is_family || name.ends_with("_interpreter")
}

/// The task, unless the play does not want it.
pub fn gathering(run: &Run, play: &Play, scope: &Scope) -> Result<Option<Arc<Task>>, Diagnostic> {
    for (name, value) in &play.gathering {
        keyword(name, value, scope)?;
    }
    let wanted = play.gather_facts.as_ref().map(|gather| keyword("gather_facts", gather, scope)).transpose()?;
    let default = run.options.config.get(&running::DEFAULT_GATHERING) != "explicit";
    if !wanted.map_or(default, |wanted| wanted.to_flag()) || run.options.start_at.is_some() && play.is_empty() {
        return Ok(None);
    }
    let Some(module) = sutler_modules::find("gather_facts") else { return Ok(None) };
    let span = play.span.clone();
    let mut arguments = IndexMap::new();
    for (name, value) in &play.gathering {
        arguments.insert((*name).to_owned(), value.clone());
    }
    // Unless the play itself is tagged, facts are gathered whatever tags are asked for.
    let mut keywords = play.keywords.clone();
    if keywords.tags.is_empty() {
        keywords.tags = vec!["always".into()];
    }
    keywords.when.clear();
    // Each host has facts of its own.
    keywords.set("run_once", Spanned::new(Value::Bool(false), span.clone()));
    let name = Spanned::new("gather_facts".into(), span.clone());
    let action =
        Action { name, module: Module(module), arguments, containers: IndexMap::new(), defaults: None, foreign: None };
    let mut task = Task::new(action, keywords, &play.around, span.clone());
    task.name = Some(Spanned::new(Value::from("Gathering Facts"), span));
    task.is_implicit = true;
    Ok(Some(Arc::new(task)))
}
