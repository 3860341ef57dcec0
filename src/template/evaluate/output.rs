//! What a template produces: text, or the one value that is all its output.

use std::sync::Arc;

use crate::{
    template::{ErrorKind, TemplateError},
    value::{Dict, Undefined, Value},
};

/// Pieces of output. `None` prints nothing; a single piece keeps its type.
#[derive(Default)]
pub(super) struct Output {
    text: String,
    single: Option<Value>,
    pieces: usize,
}

impl Output {
    /// Appends text.
    pub(super) fn push_text(&mut self, text: &str) {
        self.flush();
        self.text.push_str(text);
        self.pieces += 1;
    }

    /// Appends a value; undefined is an error.
    pub(super) fn push(&mut self, value: Value) -> Result<(), TemplateError> {
        match value {
            Value::None => {}
            Value::Undefined(undefined) if !undefined.is_silent() => {
                return Err(TemplateError::undefined(&undefined));
            }
            value if value.is_omit() => return Err(TemplateError::new(ErrorKind::Omitted)),
            value => {
                if let Some(undefined) = first_missing(&value) {
                    return Err(TemplateError::undefined(&undefined));
                }
                if self.pieces == 0 {
                    self.single = Some(value);
                } else {
                    self.flush();
                    self.text.push_str(&printed(&value));
                }
                self.pieces += 1;
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        if let Some(value) = self.single.take() {
            self.text.push_str(&printed(&value));
        }
    }

    /// The one value, or the text of all pieces, or `None` if there was nothing.
    pub(super) fn finish(self) -> Value {
        match (self.single, self.pieces) {
            (Some(value), _) => value,
            (None, 0) => Value::None,
            (None, _) => self.text.into(),
        }
    }
}

/// Something undefined inside of a value.
fn first_missing(value: &Value) -> Option<Arc<Undefined>> {
    match value {
        Value::Tuple(items) => items.iter().find_map(first_missing),
        Value::List(list) => list.with(|items| items.iter().find_map(first_missing)),
        Value::Dict(dict) => dict.with(|entries| entries.values().find_map(first_missing)),
        other => other.missing().cloned(),
    }
}

/// A value inside of text: tuples and views print as the lists that they become outside of templates.
fn printed(value: &Value) -> String {
    fn has_others(value: &Value) -> bool {
        match value {
            Value::Tuple(_) | Value::Object(_) => true,
            Value::List(list) => list.with(|items| items.iter().any(has_others)),
            Value::Dict(dict) => dict.with(|entries| entries.values().any(has_others)),
            _ => false,
        }
    }
    if has_others(value) { listed(value).to_str() } else { value.to_str() }
}

fn listed(value: &Value) -> Value {
    match value {
        Value::Tuple(items) => items.iter().map(listed).collect(),
        Value::List(list) => list.with(|items| items.iter().map(listed).collect()),
        Value::Dict(dict) => {
            Value::Dict(dict.entries().into_iter().map(|(key, value)| (key, listed(&value))).collect::<Dict>())
        }
        Value::Object(object) => match object.plain() {
            Ok(plain @ (Value::List(_) | Value::Tuple(_) | Value::Dict(_))) => listed(&plain),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
