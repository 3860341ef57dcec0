//! A lookup's options: from the call, from variables, from the environment, from `ansible.cfg`, or their defaults.

use super::{
    super::{Context, TemplateError},
    failed,
};
use crate::{
    config::{Setting, settings},
    value::{Str, Value},
};

/// The options that a lookup was called with, over those of its rows in the table of settings.
pub(super) struct Options<'a> {
    plugin: &'static str,
    given: Vec<(Str, Value)>,
    context: &'a Context<'a>,
}

impl<'a> Options<'a> {
    /// Those of a call of `plugin`. Names that the lookup does not have are passed over, as Ansible does.
    pub fn new(plugin: &'static str, context: &'a Context<'a>, given: Vec<(Str, Value)>) -> Self {
        Self { plugin, given, context }
    }

    /// The same with options that go before the others.
    #[must_use]
    pub fn over<T: Into<Value>>(&self, given: Vec<(String, T)>) -> Self {
        let over = given.into_iter().map(|(name, value)| (Str::from(name), value.into()));
        Self { plugin: self.plugin, given: over.chain(self.given.iter().cloned()).collect(), context: self.context }
    }

    /// What the lookup is evaluated with.
    pub fn context(&self) -> &'a Context<'a> {
        self.context
    }

    /// An option as it was given; `None` where nothing says anything about it.
    pub fn value(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let found = match self.given.iter().find(|(key, _)| **key == *name) {
            Some((_, value)) => self.context.resolve_deep(value)?,
            None => self.setting(name)?,
        };
        Ok((!found.is_none()).then_some(found))
    }

    fn setting(&self, name: &str) -> Result<Value, TemplateError> {
        let is_meant = |setting: &&Setting| setting.plugin() == Some(("lookup", self.plugin, name));
        let Some(setting) = settings::all().find(is_meant) else { return Ok(Value::None) };
        match setting.vars.iter().rev().find_map(|name| self.context.names.lookup(name)) {
            Some(value) => self.context.resolve_deep(&value),
            None => Ok(self.context.environment.config().value(setting.name).clone()),
        }
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<String>, TemplateError> {
        Ok(self.value(name)?.map(|value| value.to_str()))
    }

    /// A text that is required.
    pub fn required(&self, name: &str) -> Result<String, TemplateError> {
        let plugin = self.plugin;
        self.text(name)?
            .ok_or_else(|| failed(format!("Required config '{name}' for '{plugin}' lookup plugin not provided.")))
    }

    /// A boolean in any of the spellings people use.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, TemplateError> {
        Ok(self.value(name)?.map_or(default, |value| value.to_flag()))
    }

    /// An integer.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, TemplateError> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        let number = match &value {
            Value::Float(number) if number.fract() == 0.0 => Some(*number as i64),
            Value::Float(_) => None,
            Value::Str(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        };
        number.map(Some).ok_or_else(|| self.invalid(name, "integer", &value))
    }

    /// A number.
    pub fn float(&self, name: &str) -> Result<Option<f64>, TemplateError> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        let number = match &value {
            Value::Str(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        number.map(Some).ok_or_else(|| self.invalid(name, "float", &value))
    }

    /// A list; a text is one with commas between its items.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, TemplateError> {
        Ok(self.value(name)?.map(|value| match &value {
            Value::Str(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            other => {
                other.iter().map_or_else(|_| vec![value.to_str()], |items| items.iter().map(Value::to_str).collect())
            }
        }))
    }

    /// One of these texts, the first one where nothing is said.
    pub fn choice(&self, name: &str, choices: &[&'static str]) -> Result<&'static str, TemplateError> {
        let Some(value) = self.text(name)? else { return Ok(choices[0]) };
        choices.iter().find(|choice| **choice == value).copied().ok_or_else(|| {
            let plugin = self.plugin;
            failed(format!(
                "Invalid value '{value}' for config '{name}' for '{plugin}' lookup plugin: it has to be one of {}",
                choices.join(", ")
            ))
        })
    }

    fn invalid(&self, name: &str, kind: &str, value: &Value) -> TemplateError {
        let kind = if self.plugin == "csvfile" { "int" } else { kind };
        let given = self.given.iter().any(|(key, _)| **key == *name);
        let origin = if given { " from 'Direct'" } else { "" };
        failed(format!(
            "Config '{name}' for '{}' lookup plugin{origin} has an invalid value: Invalid value provided for '{kind}': {}",
            self.plugin,
            value.repr()
        ))
    }
}
