//! A task as `ansible_failed_task` shows it to `rescue`: its arguments and keywords as they were when it failed.

use crate::{
    playbook::{
        Condition, Loop, Task,
        keywords::{DELEGATION, SETTINGS},
        written,
    },
    source::Spanned,
    value::{Dict, Value},
    vars::Scope,
};

/// The fields of a task that failed, under the names and with the defaults that Ansible has for them. What cannot be
/// evaluated in the task's scope, differs from item to item, or is not to be seen, is its source.
pub fn failed_task(task: &Task, title: Option<&str>, scope: &Scope) -> Value {
    let keywords = &task.keywords;
    let is_open = task.repeat.is_none() && keywords.setting("no_log").is_none();
    let finished = |value: &Value| match value {
        Value::Lazy(_) | Value::List(_) | Value::Dict(_) => {
            match is_open.then(|| scope.context().resolve_deep(value)) {
                Some(Ok(value)) => value.deep_copy(),
                _ => written(value).into(),
            }
        }
        plain => plain.clone(),
    };
    let all = |values: &[Spanned<Value>]| {
        let values: Vec<Value> = values.iter().map(|value| finished(&value.value)).collect();
        (!values.is_empty()).then(|| Value::from(values))
    };
    let setting = |name: &str| keywords.setting(name).map(|setting| finished(&setting.value));
    let fields = Dict::new();
    let name =
        title.map_or_else(|| task.name.as_ref().map(|name| written(&name.value)).unwrap_or_default(), str::to_owned);
    fields.insert("name", name);
    fields.insert("action", task.action.name.value.as_str());
    let arguments = Dict::new();
    for (name, argument) in &task.action.arguments {
        arguments.insert(name.as_str(), finished(&argument.value));
    }
    fields.insert("args", arguments);
    let vars = Dict::new();
    for (name, value) in keywords.vars.iter().flat_map(|vars| vars.iter()) {
        vars.insert(name.as_str(), value.deep_copy());
    }
    fields.insert("vars", vars);
    for name in SETTINGS.iter().chain(DELEGATION) {
        fields.insert(*name, setting(name));
    }
    for (name, default) in [("any_errors_fatal", false), ("no_log", false)] {
        fields.insert(name, setting(name).unwrap_or(Value::Bool(default)));
    }
    for (name, default) in [("async", 0), ("poll", 15), ("throttle", 0), ("timeout", 0)] {
        fields.insert(name, setting(name).unwrap_or(Value::Int(default)));
    }
    fields.insert("async_val", setting("async").unwrap_or(Value::Int(0)));
    fields.insert("environment", all(&keywords.environment));
    fields.insert("module_defaults", all(&keywords.module_defaults));
    fields.insert("notify", all(&keywords.notify));
    fields.insert("collections", texts(&keywords.collections));
    fields.insert("tags", texts(&keywords.tags));
    fields.insert("when", conditions(&keywords.when));
    fields.insert("until", conditions(&task.until));
    fields.insert("changed_when", conditions(task.changed_when.as_deref().unwrap_or_default()));
    fields.insert("failed_when", conditions(task.failed_when.as_deref().unwrap_or_default()));
    fields.insert("register", task.register.clone());
    fields.insert("retries", task.retries.as_ref().map(|retries| retries.value.clone()));
    fields.insert("delay", task.delay.as_ref().map_or(Value::Float(5.0), |delay| delay.value.clone()));
    fields.insert("loop", task.repeat.as_ref().map(|repeat| repeat.over.value.deep_copy()));
    fields.insert("loop_with", task.repeat.as_ref().and_then(|repeat| repeat.lookup.clone()));
    fields.insert("loop_control", task.repeat.as_ref().map(control));
    fields.into()
}

fn texts(texts: &[String]) -> Value {
    texts.iter().map(|text| Value::from(text.as_str())).collect()
}

fn conditions(conditions: &[Condition]) -> Value {
    let shown = |condition: &Condition| match condition {
        Condition::Constant(value) => Value::Bool(*value),
        other => other.written().into(),
    };
    conditions.iter().map(shown).collect()
}

fn control(repeat: &Loop) -> Value {
    let control = &repeat.control;
    let given = |value: &Option<Spanned<Value>>| value.as_ref().map(|value| value.value.clone());
    let fields = Dict::new();
    fields.insert("loop_var", given(&control.loop_var).unwrap_or_else(|| "item".into()));
    fields.insert("index_var", given(&control.index_var));
    fields.insert("label", given(&control.label));
    fields.insert("pause", given(&control.pause).unwrap_or(Value::Int(0)));
    fields.insert("extended", given(&control.extended));
    fields.insert("extended_allitems", given(&control.all_items).unwrap_or(Value::Bool(true)));
    fields.insert("break_when", conditions(&control.break_when));
    fields.into()
}
