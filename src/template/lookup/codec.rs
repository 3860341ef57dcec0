//! Texts of files in other encodings than UTF-8, by Python's names of them.

use super::{super::TemplateError, failed};

/// The text of these bytes. Fails on bytes that are none in the encoding, and on encodings that nobody reads here.
pub(super) fn decode(bytes: &[u8], encoding: &str) -> Result<String, TemplateError> {
    let wrong = |what: &str| failed(format!("'{what}' codec can't decode the file: it is in another encoding"));
    match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "u8" => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(failed(format!(
                "'utf-8' codec can't decode byte 0x{:02x} in position {}",
                bytes[error.valid_up_to()],
                error.valid_up_to()
            ))),
        },
        "utf-8-sig" => decode(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), "utf-8"),
        "ascii" | "us-ascii" if bytes.is_ascii() => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        "ascii" | "us-ascii" => Err(wrong("ascii")),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => {
            Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        "utf-16" | "utf16" => match bytes {
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            _ => utf16(bytes, u16::from_le_bytes),
        }
        .ok_or_else(|| wrong("utf-16")),
        "utf-16-le" | "utf-16le" => utf16(bytes, u16::from_le_bytes).ok_or_else(|| wrong("utf-16-le")),
        "utf-16-be" | "utf-16be" => utf16(bytes, u16::from_be_bytes).ok_or_else(|| wrong("utf-16-be")),
        _ => Err(failed(format!("unknown encoding: {encoding}"))),
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    String::from_utf16(&pairs.iter().map(|pair| read(*pair)).collect::<Vec<_>>()).ok()
}
