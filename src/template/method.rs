//! Python's methods of text, lists, dicts and numbers.

mod table;
mod dict;
mod list;
mod number;
mod text;
mod codec;
mod lines;
mod bytes;
mod unicode;
mod format;

pub(super) use dict::from_value as dict_from;
pub(super) use text::{capitalize, is_blank};
pub(crate) use unicode::is_printable;

use super::{Arguments, TemplateError};
use crate::value::{Object, Value};

/// Methods that do not look inside the items they move.
const SHALLOW: [&str; 8] = ["append", "get", "insert", "extend", "setdefault", "clear", "keys", "popitem"];

/// Methods that take arguments by name.
const KEYWORDS: [&str; 9] =
    ["format", "split", "rsplit", "splitlines", "expandtabs", "encode", "decode", "update", "to_bytes"];

/// Whether a value has a method of this name.
pub(super) fn exists(object: &Value, name: &str) -> bool {
    match object {
        Value::Bytes(_) => bytes::exists(name),
        Value::Object(object) => object.has_method(name),
        other => table::has(other, name),
    }
}

/// An attribute of a number.
pub(super) fn attribute(object: &Value, name: &str) -> Option<Value> {
    number::attribute(object, name)
}

/// Calls a method that exists.
pub(super) fn call(object: &Value, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let lazy = !SHALLOW.contains(&name) && object.may_be_lazy();
    let object = if lazy { arguments.context.resolve_inside(object)? } else { object.clone() };
    if let Value::Dict(dict) = &object
        && lazy
        && matches!(name, "items" | "values")
        && let Some(undefined) = dict.values().iter().find_map(Value::missing)
    {
        return Err(TemplateError::undefined(undefined));
    }
    let class = object.type_name();
    if !arguments.named.is_empty()
        && !KEYWORDS.contains(&name)
        && !matches!(object, Value::Object(_))
        && !matches!((name, class), ("sort", "list") | ("get", "dict"))
    {
        return Err(TemplateError::type_error(format!("{class}.{name}() takes no keyword arguments")));
    }
    if let Some(text) = table::miscounted(&object, name, arguments.positional.len()) {
        return Err(TemplateError::type_error(text));
    }
    match &object {
        Value::Str(text) => text::call(text, name, arguments),
        Value::List(list) => list::call(list, name, arguments, "list"),
        Value::Tuple(items) => list::call(&items.iter().cloned().collect(), name, arguments, "tuple"),
        Value::Dict(dict) => dict::call(dict, name, arguments),
        Value::Bytes(bytes) => bytes::call(bytes, name, arguments),
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
        call(&self.object, &self.name, arguments)
    }

    fn repr(&self) -> String {
        format!("<built-in method {} of {} object>", self.name, self.object.type_name())
    }
}
