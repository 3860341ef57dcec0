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
    super::{Arguments, Filter, TemplateError, arguments::required},
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

/// An encoding of text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { big: bool },
}

impl Encoding {
    fn new(name: Option<Value>) -> Result<Self, TemplateError> {
        let name = name.map_or_else(|| "utf-8".to_owned(), |name| name.to_str());
        Ok(match name.to_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" | "u8" => Self::Utf8,
            "ascii" | "us-ascii" => Self::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => Self::Latin1,
            "utf-16-le" | "utf-16le" => Self::Utf16 { big: false },
            "utf-16-be" | "utf-16be" => Self::Utf16 { big: true },
            _ => return Err(TemplateError::raised("LookupError", format!("unknown encoding: {name}"))),
        })
    }

    fn encode(self, text: &str) -> Result<Vec<u8>, TemplateError> {
        let limit = match self {
            Self::Utf8 => return Ok(text.as_bytes().to_vec()),
            Self::Utf16 { big: true } => return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Utf16 { big: false } => return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Ascii => 0x80,
            Self::Latin1 => 0x100,
        };
        let byte = |c: char| u8::try_from(c).ok().filter(|byte| u32::from(*byte) < limit);
        text.chars().map(byte).collect::<Option<Vec<u8>>>().ok_or_else(|| {
            TemplateError::raised("UnicodeEncodeError", "the encoding has not all characters of the text")
        })
    }

    fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 | Self::Ascii => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Utf16 { big } => {
                let unit = |pair: &[u8]| {
                    let pair = [pair[0], pair.get(1).copied().unwrap_or(0)];
                    if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
                };
                String::from_utf16_lossy(&bytes.chunks(2).map(unit).collect::<Vec<_>>())
            }
        }
    }
}

fn encode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, encoding, url_safe] = arguments.bind(["string", "encoding", "urlsafe"])?;
    let encoding = Encoding::new(encoding)?;
    let bytes = match required(value, "b64encode", "string")? {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => encoding.encode(&other.to_str())?,
    };
    Ok(if flag(url_safe.as_ref()) { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }.into())
}

/// Characters that are no digits mean nothing, as for Python; what follows the padding does not count.
fn decode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, encoding, url_safe] = arguments.bind(["string", "encoding", "urlsafe"])?;
    let encoding = Encoding::new(encoding)?;
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
    Ok(encoding.decode(&bytes).into())
}
