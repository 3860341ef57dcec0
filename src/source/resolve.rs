//! What an untagged plain scalar is, by the regular expressions of YAML 1.1 as PyYAML has them.

use num_bigint::BigInt;

use super::{Kind, timestamp};

/// What plain text stands for. Fails with the reason for a date that the calendar does not have.
pub fn plain(text: &str) -> Result<Kind, String> {
    let Some(&first) = text.as_bytes().first() else { return Ok(Kind::Null) };
    let kind = match first {
        b'0'..=b'9' | b'-' | b'+' | b'.' => match number(text) {
            None if timestamp::is_timestamp(text) => Some(Kind::Timestamp(timestamp::iso(text)?)),
            kind => kind,
        },
        b'~' | b'n' | b'N' if is_null(text) => Some(Kind::Null),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => boolean(text).map(Kind::Bool),
        _ => None,
    };
    Ok(kind.unwrap_or_else(|| Kind::Str(text.to_owned())))
}

fn is_null(text: &str) -> bool {
    matches!(text, "~" | "null" | "Null" | "NULL")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<Kind> {
    if is_float(text) {
        float(text).map(Kind::Float)
    } else if is_int(text) {
        int(text)
    } else {
        None
    }
}

/// `0b101`, `0644`, `12`, `0x1f`, `1_000`, `190:20:30`, each with an optional sign.
fn is_int(text: &str) -> bool {
    let digits = unsigned(text);
    let all = |text: &str, allowed: fn(u8) -> bool| !text.is_empty() && text.bytes().all(|c| allowed(c) || c == b'_');
    if let Some(rest) = digits.strip_prefix('0') {
        return rest.is_empty()
            || all(rest, |c| matches!(c, b'0'..=b'7'))
            || rest.strip_prefix('b').is_some_and(|bits| all(bits, |c| matches!(c, b'0' | b'1')))
            || rest.strip_prefix('x').is_some_and(|hex| all(hex, |c| c.is_ascii_hexdigit()));
    }
    let mut parts = digits.split(':');
    let head = parts.next().unwrap_or_default();
    head.starts_with(|c: char| c.is_ascii_digit()) && all(head, |c| c.is_ascii_digit()) && parts.all(is_sixty)
}

/// `1.5`, `1.`, `.5`, `1.0e+3`, `1:30.5`, `.inf`, `.nan`; an exponent needs its sign, `.5` must have none.
fn is_float(text: &str) -> bool {
    let body = unsigned(text);
    if matches!(body, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, rest)) = body.split_once('.') else { return false };
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit() || c == b'_');
    let exponent_fits = exponent.is_none_or(|exponent| {
        exponent
            .strip_prefix(['+', '-'])
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()))
    });
    if !digits(fraction) || !exponent_fits {
        return false;
    }
    if whole.is_empty() {
        return text.starts_with('.') && fraction.starts_with(|c: char| c.is_ascii_digit());
    }
    let mut parts = whole.split(':');
    let head = parts.next().unwrap_or_default();
    let sexagesimal = whole.contains(':');
    head.starts_with(|c: char| c.is_ascii_digit())
        && digits(head)
        && parts.all(is_sixty)
        && !(sexagesimal && exponent.is_some())
}

/// A part after a colon of a sexagesimal number: 0 to 59.
fn is_sixty(part: &str) -> bool {
    match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => matches!(tens, b'0'..=b'5') && ones.is_ascii_digit(),
        _ => false,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// The integer that `text` is under an explicit `!!int` or after the resolver said so; `None` when
/// it is none.
pub fn int(text: &str) -> Option<Kind> {
    let bare = text.replace('_', "");
    let negative = bare.starts_with('-');
    let digits = unsigned(&bare);
    let value = if let Some(bits) = digits.strip_prefix("0b") {
        radix(bits, 2)?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        radix(hex, 16)?
    } else if digits.len() > 1 && digits.starts_with('0') {
        radix(digits, 8)?
    } else {
        let mut value = BigInt::default();
        for part in digits.split(':') {
            value = value * 60 + radix(part, 10)?;
        }
        value
    };
    let value = if negative { -value } else { value };
    Some(i64::try_from(&value).map_or(Kind::BigInt(value), Kind::Int))
}

fn radix(digits: &str, base: u32) -> Option<BigInt> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    match i64::from_str_radix(digits, base) {
        Ok(value) => Some(value.into()),
        Err(_) => BigInt::parse_bytes(digits.as_bytes(), base),
    }
}

/// The float that `text` is under an explicit `!!float` or after the resolver said so; `None` when
/// it is none.
pub fn float(text: &str) -> Option<f64> {
    let bare = text.replace('_', "").to_ascii_lowercase();
    let sign = if bare.starts_with('-') { -1.0 } else { 1.0 };
    let digits = unsigned(&bare);
    let value = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => return Some(f64::NAN),
        _ => {
            let mut value = 0.0;
            for part in digits.split(':') {
                value = value * 60.0 + part.parse::<f64>().ok()?;
            }
            value
        }
    };
    Some(sign * value)
}

/// The boolean that `text` is under an explicit `!!bool`: any case will do.
pub fn explicit_bool(text: &str) -> Option<bool> {
    boolean(&text.to_ascii_lowercase())
}
