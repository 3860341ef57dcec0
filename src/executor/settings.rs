//! The keywords of a task, evaluated on a host.

use std::time::Duration;

use super::times;
use crate::{
    playbook::Task,
    source::{Diagnostic, Span, Spanned},
    template::TemplateError,
    value::Value,
    vars::Scope,
};

/// The keywords that count even where a task has no use for them, and their types.
const CHECKED: [(&str, &str); 19] = [
    ("any_errors_fatal", "bool"),
    ("async", "int"),
    ("become", "bool"),
    ("become_exe", "str"),
    ("become_flags", "str"),
    ("become_method", "str"),
    ("become_user", "str"),
    ("check_mode", "bool"),
    ("connection", "str"),
    ("delegate_facts", "bool"),
    ("diff", "bool"),
    ("ignore_errors", "bool"),
    ("ignore_unreachable", "bool"),
    ("no_log", "bool"),
    ("poll", "int"),
    ("port", "int"),
    ("remote_user", "str"),
    ("run_once", "bool"),
    ("timeout", "int"),
];

/// Evaluates the keywords of one task on one host.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    task: &'a Task,
    scope: &'a Scope,
}

impl<'a> Settings<'a> {
    /// The keywords of `task`.
    pub const fn new(task: &'a Task, scope: &'a Scope) -> Self {
        Self { task, scope }
    }

    /// A keyword that is taken as it is written, as Ansible does with some: a template is true, whatever it gives.
    pub fn written_flag(&self, name: &str) -> Option<bool> {
        let setting = self.task.keywords.setting(name).filter(|setting| !setting.value.is_none())?;
        Some(matches!(setting.value, Value::Lazy(_)) || setting.value.is_truthy())
    }

    /// A keyword's value; `None` if nothing around the task sets it.
    pub fn value(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        for setting in self.task.keywords.settings(name) {
            let value = evaluate(setting, self.scope)?;
            if !value.is_omit() {
                return Ok(Some(value).filter(|value| !value.is_none()));
            }
        }
        Ok(None)
    }

    /// A keyword that is true or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, TemplateError> {
        Ok(self.value(name)?.map(|value| value.to_flag()))
    }

    /// Fails for a keyword that cannot be evaluated, or is not of its type, whether the task needs it or not.
    pub fn check(&self) -> Result<(), Diagnostic> {
        for (name, kind) in CHECKED {
            let Some(setting) =
                self.task.keywords.setting(name).filter(|setting| !matches!(setting.value, Value::Bool(_)))
            else {
                continue;
            };
            check(name, kind, setting, self.scope)?;
        }
        Ok(())
    }

    /// Fails for a name in `notify` that cannot be evaluated, whether the task changes anything or not.
    pub fn check_notify(&self) -> Result<(), Diagnostic> {
        let templates = self.task.keywords.notify.iter().filter(|notify| matches!(notify.value, Value::Lazy(_)));
        templates.map(|notify| keyword("notify", notify, self.scope)).try_for_each(|name| name.map(drop))
    }

    /// What `no_log` says, or `default` where nothing sets it.
    pub fn no_log(&self, default: bool) -> NoLog {
        match self.value("no_log").map(|value| value.map_or(Some(default), |value| value.as_flag())) {
            Ok(Some(false)) => NoLog::Shown,
            Ok(Some(true)) => NoLog::Hidden,
            Ok(None) | Err(_) => NoLog::Wrong,
        }
    }

    /// A keyword that is text.
    pub fn text(&self, name: &str) -> Result<Option<String>, TemplateError> {
        Ok(self.value(name)?.map(|value| value.to_str()))
    }

    /// `environment`, the innermost last. The environment itself is a fact: what needs it is left out while facts are
    /// gathered. What is no mapping is left out with a warning.
    pub fn environment(&self, warn: impl Fn(Diagnostic)) -> Result<Vec<(String, String)>, Diagnostic> {
        let parts = &self.task.keywords.environment;
        let written = || parts.iter().map(|part| as_written(&part.value)).collect::<Value>().repr();
        let gathers = || matches!(self.task.action.module.0.short_name(), "gather_facts" | "setup");
        let mut variables = Vec::new();
        for part in parts {
            // Ansible makes one list of them, which has no place.
            let failed = |error| {
                let context = "Error processing keyword 'environment'";
                at(error, &part.span).within(context, &Span::outside("unknown", &written()))
            };
            let whole = match &part.value {
                mapping @ Value::Dict(_) => mapping.clone(),
                other => self.scope.context().resolve_deep(other).map_err(failed)?,
            };
            let Some(whole) = whole.as_dict() else {
                let message = format!("could not parse environment value, skipping: {}", written());
                warn(Diagnostic::warning(message.as_str()).worded(message.as_str()));
                continue;
            };
            for (name, value) in whole.entries() {
                match self.scope.context().resolve_deep(&value) {
                    Err(error) if error.is_undefined() && is_about_environment(&error) && gathers() => {}
                    Ok(value) if value.is_omit() => {}
                    value => variables.push((name.value().to_str(), value.map_err(failed)?.to_str())),
                }
            }
        }
        Ok(variables)
    }

    /// A keyword that is a number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, TemplateError> {
        Ok(self.value(name)?.as_ref().and_then(number))
    }

    /// `timeout`, or `default` seconds where nothing sets it; none if that is 0.
    pub fn timeout(&self, default: i64) -> Result<Option<Duration>, TemplateError> {
        let seconds = self.value("timeout")?.map_or(Some(default as f64), |value| number(&value));
        Ok(seconds.filter(|seconds| *seconds > 0.0).map(times::seconds))
    }
}

/// What `no_log` says of results.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NoLog {
    /// They are shown.
    Shown,
    /// They are hidden.
    Hidden,
    /// What is no boolean, or cannot be evaluated, hides: nothing may leak because of a typing error.
    Wrong,
}

impl NoLog {
    /// Whether results are hidden.
    pub fn hides(self) -> bool {
        self != Self::Shown
    }
}

fn is_about_environment(error: &TemplateError) -> bool {
    error.to_string().contains("'ansible_env'")
}

/// A value whose templates are their texts; those of an encrypted file are hidden.
fn as_written(value: &Value) -> Value {
    match value {
        Value::Lazy(template) => template.shown_source().into(),
        Value::List(list) => list.to_vec().iter().map(as_written).collect(),
        Value::Dict(dict) => {
            Value::Dict(dict.entries().into_iter().map(|(key, value)| (key, as_written(&value))).collect())
        }
        other => other.clone(),
    }
}

/// The error of a keyword that cannot be evaluated, at the place of that unless it knows a better one.
fn at(error: TemplateError, span: &Span) -> Diagnostic {
    let error = Diagnostic::from(error);
    if error.span.is_some() { error } else { error.at(span) }
}

/// Fails where a keyword of this type cannot be evaluated, or is of another one.
pub fn check(name: &str, kind: &str, setting: &Spanned<Value>, scope: &Scope) -> Result<(), Diagnostic> {
    let value = keyword(name, setting, scope)?;
    let fits = match kind {
        "bool" => value.as_flag().is_some(),
        "int" => number(&value).is_some_and(|number| number.fract() == 0.0),
        "float" => number(&value).is_some(),
        _ => true,
    };
    if fits || value.is_none() || value.is_omit() {
        return Ok(());
    }
    let message = format!("The value {} could not be converted to '{kind}'.", value.repr());
    let error = Diagnostic::error(message).in_keyword(name, &setting.span).apart();
    Err(match value.place().filter(|place| *place != setting.span) {
        Some(place) => error.origin(&place).note(format!("the value stands at {place}")),
        None => error,
    })
}

/// A value as a number: a text may say one, and a boolean is 0 or 1.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A play's keyword, evaluated; what cannot be names it.
pub fn keyword(name: &str, setting: &Spanned<Value>, scope: &Scope) -> Result<Value, Diagnostic> {
    evaluate(setting, scope).map_err(|error| Diagnostic::from(error).in_keyword(name, &setting.span))
}

/// A spanned value in a scope, with everything in it evaluated.
pub fn evaluate(value: &Spanned<Value>, scope: &Scope) -> Result<Value, TemplateError> {
    scope.context().resolve_deep(&value.value)
}
