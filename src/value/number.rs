//! Numbers as Python prints and reads them.

use num_bigint::BigInt;
use num_traits::Num as _;

/// A float as Python's `repr()` prints it: `1.0`, `1e+16`, `1e-05`, `inf`, `nan`.
pub fn float_text(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // `{:e}` gives the shortest digits that read back as the same float, as Python does.
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let shortest = format!("{number}");
        let decimals = shortest.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        // Of two texts of that length, Python takes the one whose last digit is even.
        let nearest = format!("{number:.decimals$}");
        let text = if nearest.parse() == Ok(number) { nearest } else { shortest };
        return if text.contains('.') { text } else { text + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A float as PyYAML writes it: `1.0`, `1.0e+16`, `.inf`, `.nan`.
pub fn yaml_float_text(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = float_text(number);
    // Without a point YAML 1.1 reads `1e+16` as text.
    if !text.contains('.') && text.contains('e') { text.replacen('e', ".0e", 1) } else { text }
}

/// What Python's `int(text, base)` reads: signs, blanks around, `_` between digits, a prefix where the base allows
/// it (base 0 takes it from the prefix). `None` where Python raises `ValueError`.
pub fn parse_int(text: &str, base: u32) -> Option<BigInt> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let prefixed = match prefix.as_deref() {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    let (radix, digits) = match prefixed {
        Some(radix) if base == radix || base == 0 => {
            let rest = &digits[2..];
            (radix, rest.strip_prefix('_').unwrap_or(rest))
        }
        _ if base == 0 => {
            if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|byte| byte != b'0' && byte != b'_') {
                return None;
            }
            (10, digits)
        }
        _ => (base, digits),
    };
    if digits.is_empty() || digits.starts_with(['_', '+', '-']) || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    if !(2..=36).contains(&radix) {
        return None;
    }
    let number = BigInt::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    Some(if negative { -number } else { number })
}

/// A float that is not negative in C's `e`, `f` or `g` notation; an upper-case conversion gives upper-case letters.
/// `alternate` keeps the zeros that `g` drops.
pub(crate) fn float_format(number: f64, conversion: char, precision: usize, alternate: bool) -> String {
    let text = if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        "inf".to_owned()
    } else {
        match conversion.to_ascii_lowercase() {
            'e' if alternate && precision == 0 => exponent_format(number, 0).replacen('e', ".e", 1),
            'e' => exponent_format(number, precision),
            'g' => general_format(number, precision.max(1), alternate),
            _ if alternate && precision == 0 => format!("{number:.0}."),
            _ => format!("{number:.precision$}"),
        }
    };
    if conversion.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text }
}

fn exponent_format(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

fn general_format(number: f64, precision: usize, alternate: bool) -> String {
    let scientific = exponent_format(number, precision - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    if exponent < -4 || exponent >= i32::try_from(precision).unwrap_or(i32::MAX) {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        let mantissa = if alternate { mantissa } else { drop_zeros(mantissa) };
        return format!("{mantissa}e{exponent}");
    }
    let decimals = usize::try_from(i32::try_from(precision).unwrap_or(i32::MAX) - 1 - exponent).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if alternate { text } else { drop_zeros(&text).to_owned() }
}

fn drop_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}
