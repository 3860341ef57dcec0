//! `module_defaults`: the arguments that a task has without naming them.

use indexmap::IndexMap;
use serde_json::json;

use super::PrepareError;
use crate::{
    executor::task::Fields,
    playbook::Task,
    source::{Diagnostic, Spanned},
    template::TemplateError,
    value::{Dict, Value},
    vars::Scope,
};

/// Arguments by name.
type Found = IndexMap<String, Spanned<Value>>;

/// The arguments that `module_defaults` gives a task's module; inner ones replace outer ones as a whole.
pub fn of_task(task: &Task, scope: &Scope) -> Result<Found, PrepareError> {
    let module = task.action.module.0;
    of_module(task, scope, |name| match &task.action.foreign {
        Some(foreign) => foreign.is_called(name) || name == task.action.name.value,
        None => is_name_of(name, module.name),
    })
}

/// Adds to the arguments of `package` and `service` what is known of the module that they hand over to: which one it
/// is, where the task leaves that to the host, and what `module_defaults` has for it.
pub fn add_manager(task: &Task, scope: &Scope, fields: &mut Fields) -> Result<(), PrepareError> {
    let (variable, fact) = match task.action.module.0.short_name() {
        "package" => ("ansible_package_use", "pkg_mgr"),
        _ => ("ansible_service_use", "service_mgr"),
    };
    if fields.get("use").is_none_or(|named| named == "auto")
        && let Some(manager) = scope.resolve(variable)?.filter(|manager| !manager.is_none())
    {
        fields.insert("use".into(), json!(manager.to_str()));
    }
    if task.keywords.module_defaults.is_empty() {
        return Ok(());
    }
    let manager = match fields.get("use").and_then(serde_json::Value::as_str).filter(|named| *named != "auto") {
        Some(named) => named.to_owned(),
        None => {
            match scope.resolve("ansible_facts")?.as_ref().and_then(Value::as_dict).and_then(|facts| facts.get(fact)) {
                Some(found) => found.to_str(),
                None => return Ok(()),
            }
        }
    };
    let Some(module) = sutler_modules::find(&manager) else { return Ok(()) };
    for (name, argument) in of_module(task, scope, |name| is_name_of(name, module.name))? {
        if !fields.contains_key(&name) {
            let failed = |error| PrepareError::Template(error, Some(argument.span.clone()));
            fields.insert(name, argument.value.to_json().map_err(failed)?);
        }
    }
    Ok(())
}

fn is_name_of(name: &str, module: &str) -> bool {
    sutler_modules::find(name).is_some_and(|entry| entry.name == module)
}

fn of_module(task: &Task, scope: &Scope, is_meant: impl Fn(&str) -> bool) -> Result<Found, PrepareError> {
    let mut found = IndexMap::new();
    for defaults in &task.keywords.module_defaults {
        let Some(entries) = defaults.value.as_dict().map(Dict::entries) else {
            let error = Diagnostic::error("`module_defaults` has to be a mapping of modules to arguments");
            return Err(error.at(&defaults.span).into());
        };
        for (_, arguments) in entries.into_iter().filter(|(name, _)| is_meant(&name.value().to_str())) {
            found.clear();
            let failed = |error, name| PrepareError::Given(error, Some(name), defaults.span.clone());
            let arguments = match scope.context().resolve(&arguments)? {
                Value::Undefined(undefined) => return Err(TemplateError::undefined(&undefined).into()),
                arguments => arguments,
            };
            for (name, value) in arguments.as_dict().map(Dict::entries).unwrap_or_default() {
                let name = name.value().to_str();
                let value = scope.context().resolve_deep(&value).map_err(|error| failed(error, name.clone()))?;
                found.insert(name, Spanned::new(value, defaults.span.clone()));
            }
        }
    }
    found.retain(|_, argument: &mut Spanned<Value>| !argument.value.is_omit());
    Ok(found)
}
