//! Text as bytes and bytes as text, and characters exchanged.

use super::super::{
    Arguments, Codec, TemplateError,
    arguments::{required, text, text_or},
};
use crate::value::{Dict, Str, Value};

/// Text as bytes, or with characters exchanged.
pub(super) fn recode(s: &str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match name {
        "encode" => {
            let [encoding, errors] = arguments.bind(["encoding", "errors"])?;
            let encoding = encoding.map_or_else(
                || Ok(Str::from("utf-8")),
                |encoding| text_or(&encoding, "encode() argument 'encoding' must be str"),
            )?;
            let errors = errors.map_or_else(|| Ok(Str::from("strict")), |errors| text(&errors))?;
            Ok(Value::Bytes(Codec::find(&encoding)?.encode(s, &errors)?.into()))
        }
        "maketrans" => {
            let [from, to, dropped] = arguments.bind(["x", "y", "z"])?;
            let from = required(from, name, "x")?;
            let table: Dict = Dict::new();
            let code = |c: char| Value::Int(i64::from(c as u32));
            let Some(to) = to else {
                // A dict is not one after it went through a call: this never worked.
                let text = "if you give only one argument to maketrans it must be a dict";
                return Err(TemplateError::type_error(text));
            };
            let (from, to) = (text(&from)?, text(&to)?);
            if from.chars().count() != to.chars().count() {
                let text = "the first two maketrans arguments must have equal length";
                return Err(TemplateError::value_error(text));
            }
            for (from, to) in from.chars().zip(to.chars()) {
                table.set_value(code(from), code(to))?;
            }
            if let Some(dropped) = dropped {
                for c in text(&dropped)?.chars() {
                    table.set_value(code(c), Value::None)?;
                }
            }
            Ok(Value::Dict(table))
        }
        _ => {
            let [table] = arguments.bind(["table"])?;
            let table = required(table, name, "table")?;
            translate(s, &table)
        }
    }
}

/// `bytes.decode(encoding, errors)`.
pub(super) fn decode(bytes: &[u8], arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [encoding, errors] = arguments.bind(["encoding", "errors"])?;
    let encoding = encoding.map_or_else(|| Ok(Str::from("utf-8")), |encoding| text(&encoding))?;
    let errors = errors.map_or_else(|| Ok(Str::from("strict")), |errors| text(&errors))?;
    Ok(Codec::find(&encoding)?.decode(bytes, &errors)?.into())
}

fn translate(text: &str, table: &Value) -> Result<Value, TemplateError> {
    let found = |code: u32| match table {
        Value::Dict(table) => Ok(table.get_value(&Value::Int(i64::from(code)))),
        Value::List(items) => Ok(items.get(code as usize)),
        Value::Tuple(items) => Ok(items.get(code as usize).cloned()),
        Value::Str(chars) => Ok(chars.chars().nth(code as usize).map(|c| c.to_string().into())),
        other => Err(TemplateError::type_error(format!("'{}' object is not subscriptable", other.type_name()))),
    };
    let mut out = String::new();
    for c in text.chars() {
        match found(c as u32)? {
            None => out.push(c),
            Some(Value::None) => {}
            Some(Value::Int(code)) => out.extend(u32::try_from(code).ok().and_then(char::from_u32)),
            Some(other) => out.push_str(&other.to_str()),
        }
    }
    Ok(out.into())
}
