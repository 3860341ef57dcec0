//! The arguments of a call, bound to parameters as Python binds them.

use std::sync::Arc;

use super::{Context, TemplateError, environment::short_name};
use crate::value::{Str, Value};

/// What a function, filter, test, lookup or method was called with. Everything in it is evaluated.
pub struct Arguments<'a> {
    /// Names and environment of the evaluation.
    pub context: &'a Context<'a>,
    /// The name it was called by, for messages.
    pub name: &'a str,
    /// Arguments by position.
    pub positional: Vec<Value>,
    /// Arguments by name, in order.
    pub named: Vec<(Str, Value)>,
}

impl Arguments<'_> {
    /// All that was given.
    pub(super) fn values(&self) -> Vec<Value> {
        self.positional.iter().chain(self.named.iter().map(|(_, value)| value)).cloned().collect()
    }

    /// Makes lists and dicts among the arguments copies.
    pub(super) fn copy(&mut self) {
        for value in self.positional.iter_mut().chain(self.named.iter_mut().map(|(_, value)| value)) {
            *value = value.deep_copy();
        }
    }

    /// The arguments with every template inside them evaluated.
    pub(super) fn evaluated(mut self) -> Result<Self, TemplateError> {
        for value in self.positional.iter_mut().chain(self.named.iter_mut().map(|(_, value)| value)) {
            if value.may_be_lazy() {
                *value = self.context.resolve_inside(value)?;
            }
        }
        Ok(self)
    }

    /// Fails for an argument by name that is undefined; with `whole`, for anything undefined inside of any argument.
    pub(super) fn defined(self, whole: bool) -> Result<Self, TemplateError> {
        let named = self.named.iter().map(|(_, value)| value);
        let missing = if whole {
            self.positional.iter().chain(named).find_map(Value::missing_inside)
        } else {
            named.into_iter().find_map(|value| value.missing().cloned())
        };
        match missing {
            Some(undefined) => Err(TemplateError::undefined(&undefined)),
            None => Ok(self),
        }
    }

    /// Fails for anything undefined inside of an argument, where the called one is among those that look at all of it.
    pub(super) fn whole_if(self, callees: &[&str]) -> Result<Self, TemplateError> {
        // A default of `env` that does not exist only matters where it is used.
        let is_env = self.positional.first().and_then(Value::as_str).is_some_and(|name| short_name(name) == "env");
        let named = self.named.iter().filter(|(name, _)| !is_env || **name != *"default").map(|(_, value)| value);
        match self.positional.iter().chain(named).find_map(Value::missing_inside) {
            Some(undefined) if callees.contains(&self.name) => Err(TemplateError::undefined(&undefined)),
            _ => Ok(self),
        }
    }

    /// The arguments in the order of these parameters; `None` where none was given. Fails, as Python does, for too
    /// many arguments, an unknown name, or two values for one parameter. Undefined arguments are an error.
    pub fn bind<const N: usize>(self, parameters: [&str; N]) -> Result<[Option<Value>; N], TemplateError> {
        for value in self.positional.iter().chain(self.named.iter().map(|(_, value)| value)) {
            if let Some(undefined) = value.missing() {
                return Err(TemplateError::undefined(undefined));
            }
        }
        self.bind_any(parameters)
    }

    /// As `bind`, but what is given beyond the parameters is left out, as filters for networks do.
    pub fn bind_first<const N: usize>(mut self, parameters: [&str; N]) -> Result<[Option<Value>; N], TemplateError> {
        self.positional.truncate(N);
        if let Some((name, _)) = self.named.iter().find(|(name, _)| !parameters.contains(&&**name)) {
            let mut known = parameters;
            known.sort_unstable();
            let text = Value::from(format!("{name}. Supported parameters include: {}.", known.join(", ")));
            return Err(TemplateError::raised("AnsibleFilterError", Value::from(vec![text]).repr()));
        }
        self.bind(parameters)
    }

    /// As `bind`, but undefined values are passed on.
    pub fn bind_any<const N: usize>(self, parameters: [&str; N]) -> Result<[Option<Value>; N], TemplateError> {
        let name = self.name;
        if self.positional.len() > N {
            let given = self.positional.len();
            return Err(TemplateError::type_error(format!(
                "{name}() takes at most {N} arguments but {given} were given"
            )));
        }
        let mut bound = [const { None }; N];
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value);
        }
        for (key, value) in self.named {
            let Some(index) = parameters.iter().position(|parameter| **parameter == *key) else {
                return Err(TemplateError::type_error(format!("{name}() got an unexpected keyword argument '{key}'")));
            };
            if bound[index].replace(value).is_some() {
                return Err(TemplateError::type_error(format!("{name}() got multiple values for argument '{key}'")));
            }
        }
        Ok(bound)
    }

    /// Takes a named argument out, for functions that accept any others.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        let index = self.named.iter().position(|(name, _)| **name == *key)?;
        Some(self.named.remove(index).1)
    }
}

/// Fails if a required argument is missing.
pub fn required(value: Option<Value>, function: &str, parameter: &str) -> Result<Value, TemplateError> {
    value.ok_or_else(|| {
        TemplateError::type_error(format!("{function}() missing 1 required positional argument: '{parameter}'"))
    })
}

/// Text, or Python's `TypeError` for anything else.
pub fn text(value: &Value) -> Result<Str, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
        other => Err(TemplateError::type_error(format!("expected str, not {}", other.type_name()))),
    }
}

/// Text, or Python's `TypeError` in these words and with the type.
pub fn text_or(value: &Value, wanted: &str) -> Result<Str, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
        other => Err(TemplateError::type_error(format!("{wanted}, not {}", other.type_name()))),
    }
}

/// Text, or Python's `AttributeError` for a value that has no such method.
pub fn text_with(value: &Value, method: &str) -> Result<Str, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
        other => {
            let text = format!("'{}' object has no attribute '{method}'", other.type_name());
            Err(TemplateError::raised("AttributeError", text))
        }
    }
}

/// An integer, or Python's `TypeError` for anything else.
pub fn integer(value: &Value) -> Result<i64, TemplateError> {
    match value {
        Value::Undefined(undefined) => Err(TemplateError::undefined(&Arc::clone(undefined))),
        other => other.as_i64().ok_or_else(|| {
            TemplateError::type_error(format!("'{}' object cannot be interpreted as an integer", other.type_name()))
        }),
    }
}
