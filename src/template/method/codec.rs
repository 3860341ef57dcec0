//! Text as bytes and bytes as text, and characters exchanged.

use super::super::{
    Arguments, TemplateError,
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
            encode(s, &encoding, &errors).map(|bytes| Value::Bytes(bytes.into()))
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

/// The name of an encoding without the liberties people take with it.
fn codec(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_', ' '], "")
}

fn unknown_codec(name: &str) -> TemplateError {
    TemplateError::raised("LookupError", format!("unknown encoding: {name}"))
}

/// The characters of Windows-1252 from 0x80 on, where it is not Latin 1; `\0` where there is none.
const WINDOWS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•',
    '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The byte of a character in Windows-1252.
fn windows_byte(c: char) -> Option<u8> {
    match c {
        '\0'..='\x7f' | '\u{a0}'..='\u{ff}' => u8::try_from(c).ok(),
        c => WINDOWS.iter().position(|known| *known == c).map(|at| 0x80 + at as u8),
    }
}

/// Text in an encoding, by Python's names. Fails for unknown encodings and, with `strict`, for what it cannot hold.
pub fn encode(s: &str, encoding: &str, errors: &str) -> Result<Vec<u8>, TemplateError> {
    let (name, limit) = match codec(encoding).as_str() {
        "utf8" | "u8" => return Ok(s.as_bytes().to_vec()),
        "utf16" => return Ok([0xff, 0xfe].into_iter().chain(s.encode_utf16().flat_map(u16::to_le_bytes)).collect()),
        "utf16le" => return Ok(s.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf16be" => return Ok(s.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "utf32le" => return Ok(s.chars().flat_map(|c| (c as u32).to_le_bytes()).collect()),
        "utf32be" => return Ok(s.chars().flat_map(|c| (c as u32).to_be_bytes()).collect()),
        "ascii" | "usascii" | "646" => ("ascii", 128),
        "latin1" | "iso88591" | "l1" => ("latin-1", 256),
        "cp1252" | "windows1252" | "1252" => {
            return s.chars().map(windows_byte).collect::<Option<_>>().ok_or_else(|| {
                let text = "'charmap' codec can't encode characters: character maps to <undefined>";
                TemplateError::raised("UnicodeEncodeError", text)
            });
        }
        _ => return Err(unknown_codec(encoding)),
    };
    let mut out = Vec::with_capacity(s.len());
    for (at, c) in s.chars().enumerate() {
        let code = c as u32;
        match errors {
            _ if code < limit => out.push(code as u8),
            "ignore" => {}
            "replace" => out.push(b'?'),
            "xmlcharrefreplace" => out.extend(format!("&#{code};").bytes()),
            "backslashreplace" => out.extend(escaped(c).bytes()),
            "strict" => {
                let shown = escaped(c);
                return Err(TemplateError::raised(
                    "UnicodeEncodeError",
                    format!(
                        "'{name}' codec can't encode character '{shown}' in position {at}: ordinal not in range({limit})"
                    ),
                ));
            }
            other => {
                let text = format!("unknown error handler name '{other}'");
                return Err(TemplateError::raised("LookupError", text));
            }
        }
    }
    Ok(out)
}

/// A character as Python escapes it in ASCII.
pub(super) fn escaped(c: char) -> String {
    match c as u32 {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// `bytes.decode(encoding, errors)`.
pub(super) fn decode(bytes: &[u8], arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [encoding, errors] = arguments.bind(["encoding", "errors"])?;
    let encoding = encoding.map_or_else(|| Ok(Str::from("utf-8")), |encoding| text(&encoding))?;
    let errors = errors.map_or_else(|| Ok(Str::from("strict")), |errors| text(&errors))?;
    let failed = |text: String| TemplateError::raised("UnicodeDecodeError", text);
    match codec(&encoding).as_str() {
        "latin1" | "iso88591" | "l1" => Ok(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        "ascii" | "usascii" | "646" => {
            let mut out = String::new();
            for (at, &byte) in bytes.iter().enumerate() {
                match &*errors {
                    _ if byte.is_ascii() => out.push(char::from(byte)),
                    "ignore" => {}
                    "replace" => out.push('\u{fffd}'),
                    _ => {
                        return Err(failed(format!(
                            "'ascii' codec can't decode byte 0x{byte:02x} in position {at}: ordinal not in range(128)"
                        )));
                    }
                }
            }
            Ok(out.into())
        }
        "utf8" | "u8" => match (std::str::from_utf8(bytes), &*errors) {
            (Ok(text), _) => Ok(Value::from(text)),
            (Err(_), "replace") => Ok(String::from_utf8_lossy(bytes).into_owned().into()),
            (Err(_), "ignore") => Ok(String::from_utf8_lossy(bytes).replace('\u{fffd}', "").into()),
            (Err(error), _) => {
                let at = error.valid_up_to();
                let byte = bytes.get(at).copied().unwrap_or_default();
                let why = if error.error_len().is_none() { "unexpected end of data" } else { "invalid start byte" };
                Err(failed(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {why}")))
            }
        },
        _ => Err(unknown_codec(&encoding)),
    }
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
