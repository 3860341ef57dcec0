//! Methods of bytes: those of text, on characters below 256, and what only bytes have.

use std::sync::Arc;

use super::{
    super::{Arguments, TemplateError},
    codec, text,
};
use crate::value::{Str, Value};

const LIKE_TEXT: [&str; 28] = [
    "capitalize",
    "center",
    "count",
    "endswith",
    "expandtabs",
    "find",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isspace",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "replace",
    "rjust",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "upper",
];

pub(super) fn exists(name: &str) -> bool {
    matches!(name, "decode" | "hex") || LIKE_TEXT.contains(&name)
}

pub(super) fn call(bytes: &Arc<[u8]>, name: &str, mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match name {
        "hex" => {
            let [] = arguments.bind([])?;
            Ok(bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")).into())
        }
        "decode" => codec::decode(bytes, arguments),
        "upper" => Ok(Value::Bytes(bytes.to_ascii_uppercase().into())),
        "lower" => Ok(Value::Bytes(bytes.to_ascii_lowercase().into())),
        _ => {
            for value in &mut arguments.positional {
                *value = match &*value {
                    Value::Str(_) => {
                        let text = "a bytes-like object is required, not 'str'";
                        return Err(TemplateError::type_error(text));
                    }
                    other => as_text(other),
                };
            }
            let subject: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            Ok(as_bytes(text::call(&Str::from(subject), name, arguments)?))
        }
    }
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::Bytes(bytes) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
        Value::Tuple(items) => Value::Tuple(items.iter().map(as_text).collect()),
        Value::List(list) => list.to_vec().iter().map(as_text).collect(),
        other => other.clone(),
    }
}

fn as_bytes(value: Value) -> Value {
    match &value {
        Value::Str(text) => Value::Bytes(text.chars().map(|c| c as u8).collect()),
        Value::Tuple(items) => Value::Tuple(items.iter().cloned().map(as_bytes).collect()),
        Value::List(list) => list.to_vec().into_iter().map(as_bytes).collect(),
        _ => value,
    }
}
