//! `b64encode` and `b64decode`.

use std::collections::HashMap;

use base64::{
    Engine as _,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, URL_SAFE},
    },
};

use super::{
    super::{Arguments, Codec, Filter, TemplateError, arguments::required},
    flag,
};
use crate::value::Value;

/// Base 64 without padding, where the bits behind the last byte mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("b64encode", encode as Filter), ("b64decode", decode)]);
}

/// The encoding of that name, UTF-8 where there is none.
fn codec(name: Option<Value>) -> Result<Codec, TemplateError> {
    Codec::find(&name.map_or_else(|| "utf-8".to_owned(), |name| name.to_str()))
}

fn encode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, encoding, url_safe] = arguments.bind(["string", "encoding", "urlsafe"])?;
    let codec = codec(encoding)?;
    let bytes = match required(value, "b64encode", "string")? {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => codec.encode(&other.to_str(), "strict")?,
    };
    Ok(if flag(url_safe.as_ref()) { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }.into())
}

/// Characters that are no digits mean nothing, as for Python; what follows the padding does not count.
fn decode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, encoding, url_safe] = arguments.bind(["string", "encoding", "urlsafe"])?;
    let codec = codec(encoding)?;
    let mut text = required(value, "b64decode", "string")?.to_str();
    if flag(url_safe.as_ref()) {
        text = text.replace('-', "+").replace('_', "/");
    }
    let fails = || TemplateError::value_error("Incorrect padding");
    let mut digits = String::new();
    let mut padding = 0;
    for c in text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')) {
        match c {
            '=' => padding += 1,
            c if padding == 0 => digits.push(c),
            // Padding that comes too early is no padding.
            _ if digits.len() % 4 + padding < 4 || digits.len() % 4 < 2 => {
                digits.push(c);
                padding = 0;
            }
            _ => break,
        }
    }
    let missing = match digits.len() % 4 {
        0 => 0,
        1 => return Err(fails()),
        rest => 4 - rest,
    };
    if padding < missing {
        return Err(fails());
    }
    let bytes = LENIENT.decode(digits).map_err(|_| fails())?;
    Ok(codec.decode(&bytes, "replace")?.into())
}
