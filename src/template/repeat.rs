//! `with_…`: the items that a lookup makes of a task's list.

use super::{Arguments, Context, TemplateError, environment::short_name};
use crate::value::Value;

impl Context<'_> {
    /// What `with_NAME: terms` walks.
    pub fn loop_over(&self, name: &str, terms: &Value) -> Result<Vec<Value>, TemplateError> {
        let Some(lookup) = self.environment.vocabulary().lookups.get(short_name(name)) else {
            return Err(TemplateError::type_error(format!("there is no lookup `{name}`")));
        };
        let positional = match terms {
            Value::List(list) => list.to_vec(),
            other => vec![other.clone()],
        };
        lookup(Arguments { context: self, name, positional, named: Vec::new() })
    }
}
