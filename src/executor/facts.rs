//! The task that gathers facts at the beginning of a play.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{
    Run,
    settings::{evaluate, to_flag},
};
use crate::{
    config::settings::running,
    playbook::{Action, Module, Play, Task, TaskId},
    source::{Diagnostic, Spanned},
    value::Value,
    vars::Scope,
};

/// The task, unless the play does not want it.
pub fn gathering(run: &Run, play: &Play, scope: &Scope) -> Result<Option<Arc<Task>>, Diagnostic> {
    let wanted = play.gather_facts.as_ref().map(|gather| evaluate(gather, scope)).transpose()?;
    let default = run.options.config.get(&running::DEFAULT_GATHERING) != "explicit";
    if !wanted.map_or(default, |wanted| to_flag(&wanted)) || run.options.start_at.is_some() && play.is_empty() {
        return Ok(None);
    }
    let Some(module) = sutler_modules::find("setup") else { return Ok(None) };
    let span = play.span.clone();
    let mut arguments = IndexMap::new();
    for (name, value) in &play.gathering {
        arguments.insert((*name).to_owned(), value.clone());
    }
    // Facts are gathered whatever tags are asked for, and even in check mode.
    let mut keywords = play.keywords.clone();
    keywords.tags = vec!["always".into()];
    keywords.when.clear();
    Ok(Some(Arc::new(Task {
        id: TaskId::next(),
        name: Some(Spanned::new(Value::from("Gathering Facts"), span.clone())),
        action: Action {
            name: Spanned::new("setup".into(), span.clone()),
            module: Module(module),
            arguments,
            defaults: None,
        },
        keywords,
        repeat: None,
        register: None,
        until: Vec::new(),
        retries: None,
        delay: None,
        changed_when: None,
        failed_when: None,
        listen: Vec::new(),
        span,
    })))
}
