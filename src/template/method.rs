//! Python's methods of text, lists, dicts and numbers.

mod dict;
mod list;
mod number;
mod text;
mod format;
mod view;

pub(super) use dict::from_value as dict_from;
pub(super) use text::{capitalize, is_blank, lines};

use super::{Arguments, TemplateError};
use crate::value::{Object, Value};

pub(super) use view::View;

/// Methods that do not look inside the items they move.
const SHALLOW: [&str; 9] = ["append", "get", "insert", "extend", "setdefault", "clear", "keys", "popitem", "__len__"];

/// Whether a value has a method of this name.
pub(super) fn exists(object: &Value, name: &str) -> bool {
    match object {
        Value::Str(_) => text::NAMES.contains(&name),
        Value::List(_) => list::NAMES.contains(&name),
        Value::Tuple(_) => matches!(name, "index" | "count" | "__len__" | "__contains__"),
        Value::Dict(_) => dict::NAMES.contains(&name),
        Value::Bytes(_) => matches!(name, "decode" | "hex"),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::BigInt(_) => number::NAMES.contains(&name),
        Value::Object(object) => object.has_method(name),
        _ => false,
    }
}

/// Whether a method works on values that hold templates not evaluated yet.
pub(super) fn is_shallow(name: &str) -> bool {
    SHALLOW.contains(&name)
}

/// Calls a method that exists.
pub(super) fn call(object: &Value, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match object {
        Value::Str(text) => text::call(text, name, arguments),
        Value::List(list) => list::call(list, name, arguments),
        Value::Tuple(items) => list::call(&items.iter().cloned().collect(), name, arguments),
        Value::Dict(dict) => dict::call(dict, name, arguments),
        Value::Bytes(bytes) => text::call_bytes(bytes, name, arguments),
        Value::Object(object) => object.call_method(name, arguments),
        other => number::call(other, name, arguments),
    }
}

/// A method with its object, not called yet.
#[derive(Debug)]
pub(super) struct Bound {
    object: Value,
    name: String,
}

impl Bound {
    pub(super) fn new(object: &Value, name: &str) -> Self {
        Self { object: object.clone(), name: name.to_owned() }
    }
}

impl Object for Bound {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let object = arguments.context.resolve_inside(&self.object)?;
        call(&object, &self.name, arguments)
    }

    fn repr(&self) -> String {
        format!("<built-in method {} of {} object>", self.name, self.object.type_name())
    }
}
