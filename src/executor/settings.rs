//! The keywords of a task, evaluated on a host.

use std::time::Duration;

use super::times;
use crate::{
    playbook::{Keywords, Task},
    source::Spanned,
    template::TemplateError,
    value::Value,
    vars::Scope,
};

/// Evaluates the keywords of one task on one host.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    keywords: &'a Keywords,
    scope: &'a Scope,
}

impl<'a> Settings<'a> {
    /// The keywords of `task`.
    pub fn new(task: &'a Task, scope: &'a Scope) -> Self {
        Self { keywords: &task.keywords, scope }
    }

    /// A keyword's value; `None` if nothing around the task sets it.
    pub fn value(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let found = self.keywords.setting(name).map(|setting| evaluate(setting, self.scope)).transpose()?;
        Ok(found.filter(|value| !value.is_none() && !value.is_omit()))
    }

    /// A keyword that is true or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, TemplateError> {
        Ok(self.value(name)?.map(|value| value.to_flag()))
    }

    /// A keyword that is text.
    pub fn text(&self, name: &str) -> Result<Option<String>, TemplateError> {
        Ok(self.value(name)?.map(|value| value.to_str()))
    }

    /// `environment`, the innermost last.
    pub fn environment(&self) -> Result<Vec<(String, String)>, TemplateError> {
        let mut variables = Vec::new();
        for part in &self.keywords.environment {
            let value = evaluate(part, self.scope)?;
            for (name, value) in value.as_dict().map(crate::value::Dict::entries).unwrap_or_default() {
                variables.push((name.value().to_str(), value.to_str()));
            }
        }
        Ok(variables)
    }

    /// `timeout`, or `default` seconds where nothing sets it; none if that is 0.
    pub fn timeout(&self, default: i64) -> Result<Option<Duration>, TemplateError> {
        let seconds = self.text("timeout")?.map_or(Some(default as f64), |text| text.trim().parse::<f64>().ok());
        Ok(seconds.filter(|seconds| *seconds > 0.0).map(times::seconds))
    }
}

/// A spanned value in a scope, with everything in it evaluated.
pub fn evaluate(value: &Spanned<Value>, scope: &Scope) -> Result<Value, TemplateError> {
    scope.context().resolve_deep(&value.value)
}
