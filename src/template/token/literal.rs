//! Names, numbers and text literals.

use num_bigint::BigInt;

use crate::value::{Value, parse_int};

/// Whether a character is part of a word (`\w`).
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a word is a name in Python.
pub(super) fn is_identifier(word: &str) -> bool {
    let numeric = |c: char| !c.is_ascii() && c.is_numeric() && !c.is_alphabetic() && c.to_digit(10).is_none();
    !word.starts_with(|c: char| c.is_numeric() && !c.is_alphabetic()) && !word.contains(numeric)
}

/// The text literal that a text begins with, quotes included.
pub(in crate::template) fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(&text[..=at]),
            _ => {}
        }
    }
    None
}

/// How many bytes of digits, with `_` between them, a text begins with.
fn digits(text: &str, digit: fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    while bytes.get(length).is_some_and(|byte| digit(*byte))
        || length > 0 && bytes.get(length) == Some(&b'_') && bytes.get(length + 1).is_some_and(|byte| digit(*byte))
    {
        length += 1;
    }
    length
}

/// The number that a text begins with, and its length; after a point there are no floats, as in `a.1.5`.
pub(super) fn number(text: &str, after_point: bool) -> Option<(Value, usize)> {
    if !after_point && let Some(length) = float(text) {
        let number = text[..length].replace('_', "").parse().ok()?;
        return Some((Value::Float(number), length));
    }
    let prefixed = |radix: fn(u8) -> bool| {
        let rest = &text[2..];
        let skipped = usize::from(rest.starts_with('_'));
        Some(digits(&rest[skipped..], radix)).filter(|length| *length > 0).map(|length| 2 + skipped + length)
    };
    let radix: Option<(u32, Option<usize>)> = match text.as_bytes().get(..2) {
        Some(b"0x" | b"0X") => Some((16, prefixed(|byte| byte.is_ascii_hexdigit()))),
        Some(b"0o" | b"0O") => Some((8, prefixed(|byte| (b'0'..=b'7').contains(&byte)))),
        Some(b"0b" | b"0B") => Some((2, prefixed(|byte| matches!(byte, b'0' | b'1')))),
        _ => None,
    };
    if let Some((radix, Some(length))) = radix {
        let number: BigInt = parse_int(&text[..length], radix)?;
        return Some((number.into(), length));
    }
    let length = if text.starts_with('0') {
        digits(text, |byte| byte == b'0')
    } else {
        digits(text, |byte| byte.is_ascii_digit())
    };
    let number: BigInt = parse_int(&text[..length], 10)?;
    Some((number.into(), length))
}

/// The length of the float that a text begins with.
fn float(text: &str) -> Option<usize> {
    let decimal = |at: usize| digits(&text[at..], |byte| byte.is_ascii_digit());
    let mut end = decimal(0);
    let mut is_float = false;
    if text[end..].starts_with('.') && decimal(end + 1) > 0 {
        end += 1 + decimal(end + 1);
        is_float = true;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = decimal(end + 1 + sign);
        if exponent > 0 {
            return Some(end + 1 + sign + exponent);
        }
    }
    is_float.then_some(end)
}

/// Python's escapes in a text literal; an unknown one stays as written.
pub(in crate::template) fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        let Some(c) = chars.next() else { return Err("unexpected end of string".to_owned()) };
        rest = chars.as_str();
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        match c {
            '\n' => {}
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            '\\' | '\'' | '"' => out.push(c),
            '0'..='7' => {
                let digits = &text[text.len() - rest.len() - 1..];
                let length = digits.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let code = u32::from_str_radix(&digits[..length], 8).unwrap_or(0);
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = &digits[length..];
            }
            'x' | 'u' | 'U' => {
                let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                let Some(code) = code else { return Err(format!("truncated \\{c} escape in a string")) };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = &rest[digits..];
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}
