//! What a template produces: text, or the one value that is all its output.

use std::sync::Arc;

use crate::{
    source::Span,
    template::TemplateError,
    value::{Dict, Shape, Undefined, Value, with_plain},
};

/// How much of what is undefined is told of one text.
const TOLD: usize = 1000;

/// Pieces of output. `None` prints nothing; a single piece keeps its type.
#[derive(Default)]
pub(super) struct Output {
    text: String,
    single: Option<Value>,
    pieces: usize,
    /// What was printed and is undefined, each behind so many bytes of text: whoever uses the output fails.
    missing: Vec<(usize, Arc<Undefined>)>,
}

impl Output {
    /// Appends text.
    pub(super) fn push_text(&mut self, text: &str) {
        self.flush();
        self.text.push_str(text);
        self.pieces += 1;
    }

    /// Appends a value. Undefined makes all of the output undefined, but only when everything was evaluated.
    pub(super) fn push(&mut self, value: Value, place: impl FnOnce() -> Span) {
        match value {
            Value::None => {}
            // It is nothing beside others, and an error where it stands alone in a file.
            value if value.is_omit() && self.pieces > 0 => {}
            value => {
                if let Some(undefined) = first_missing(&value) {
                    self.miss(TemplateError::undefined(&undefined).at(place()));
                    return;
                }
                if self.pieces == 0 {
                    self.single = Some(value);
                } else {
                    self.flush();
                    self.print(&value);
                }
                self.pieces += 1;
            }
        }
    }

    /// Notes that something cannot be printed.
    pub(super) fn miss(&mut self, error: TemplateError) {
        self.flush();
        self.note(error);
    }

    fn note(&mut self, error: TemplateError) {
        if self.missing.len() < TOLD {
            self.missing.push((self.text.len(), Arc::new(Undefined::caused_by(error))));
        }
    }

    fn flush(&mut self) {
        if let Some(value) = self.single.take() {
            self.print(&value);
        }
    }

    fn print(&mut self, value: &Value) {
        match printed(value) {
            Ok(text) => self.text.push_str(&text),
            Err(error) => self.note(error),
        }
    }

    /// The one value, or the text of all pieces, or `None` if there was nothing.
    pub(super) fn finish(mut self) -> Value {
        if !self.missing.is_empty() {
            return Value::Undefined(self.missing.swap_remove(0).1);
        }
        match (self.single, self.pieces) {
            (Some(value), _) => value,
            (None, 0) => Value::None,
            (None, _) => self.text.into(),
        }
    }
}

impl Output {
    /// As [`Output::finish`], with a text in place of each thing that is undefined.
    pub(super) fn finish_with(mut self, mut stand_in: impl FnMut(&Arc<Undefined>) -> String) -> Value {
        if self.missing.is_empty() {
            return self.finish();
        }
        self.flush();
        let mut text = String::new();
        let mut from = 0;
        for (place, undefined) in &self.missing {
            text.push_str(&self.text[from..*place]);
            text.push_str(&stand_in(undefined));
            from = *place;
        }
        text.push_str(&self.text[from..]);
        text.into()
    }
}

/// Something undefined inside of a value.
fn first_missing(value: &Value) -> Option<Arc<Undefined>> {
    match value {
        Value::Tuple(items) => items.iter().find_map(first_missing),
        Value::List(list) => list.with(|items| items.iter().find_map(first_missing)),
        Value::Dict(dict) => dict.with(|entries| entries.values().find_map(first_missing)),
        Value::Object(object) => object.missing(),
        other => other.missing().cloned(),
    }
}

/// A value inside of text: tuples and views print as the lists that they become outside of templates, and without what
/// is omitted. Fails where what
/// it holds cannot be evaluated.
fn printed(value: &Value) -> Result<String, TemplateError> {
    fn has_others(value: &Value) -> bool {
        match value {
            value if value.is_omit() => true,
            Value::Tuple(_) | Value::Object(_) => true,
            Value::List(list) => list.with(|items| items.iter().any(has_others)),
            Value::Dict(dict) => dict.with(|entries| entries.values().any(has_others)),
            _ => false,
        }
    }
    Ok(match value {
        value if value.is_omit() => String::new(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        value if has_others(value) => listed(value)?.to_str(),
        value => value.to_str(),
    })
}

fn listed(value: &Value) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::Tuple(items) => items.iter().filter(|item| !item.is_omit()).map(listed).collect::<Result<_, _>>()?,
        Value::List(list) => {
            list.to_vec().iter().filter(|item| !item.is_omit()).map(listed).collect::<Result<_, _>>()?
        }
        Value::Dict(dict) => {
            let entries = dict.entries().into_iter().filter(|(_, value)| !value.is_omit());
            let entries = entries.map(|(key, value)| Ok((key, listed(&value)?)));
            Value::Dict(entries.collect::<Result<Dict, TemplateError>>()?)
        }
        Value::Object(object) => {
            let plain = with_plain(&**object, |plain| match plain {
                plain @ (Value::List(_) | Value::Tuple(_) | Value::Dict(_)) => listed(&plain),
                _ => Ok(value.clone()),
            });
            match plain {
                Err(error) if object.shape() == Shape::Mapping => return Err(error),
                plain => plain.unwrap_or_else(|_| value.clone()),
            }
        }
        other => match other.missing() {
            Some(undefined) => return Err(TemplateError::undefined(undefined)),
            None => other.clone(),
        },
    })
}
