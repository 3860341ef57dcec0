//! Python's `%` formatting of text (`'%05.1f' % x`), also behind the filter `format`.

use num_bigint::BigInt;
use num_traits::{FromPrimitive as _, Signed as _};

use super::{Value, number};
use crate::template::TemplateError;

/// One `%…` conversion, without its key.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// The values of a format: the items of a tuple, or a single value, or a dict for keys.
struct Source<'a> {
    items: &'a [Value],
    next: usize,
    whole: &'a Value,
}

impl Source<'_> {
    fn next(&mut self) -> Result<Value, TemplateError> {
        let item = self.items.get(self.next).cloned();
        self.next += 1;
        item.ok_or_else(|| TemplateError::type_error("not enough arguments for format string"))
    }

    fn key(&mut self, key: &str) -> Result<Value, TemplateError> {
        let Value::Dict(dict) = self.whole else { return Err(TemplateError::type_error("format requires a mapping")) };
        self.next = self.items.len();
        dict.get(key).ok_or_else(|| TemplateError::raised("KeyError", Value::from(key).repr()))
    }
}

/// `format % values`.
pub(super) fn format(format: &str, values: &Value) -> Result<String, TemplateError> {
    let single = [values.clone()];
    let items = if let Value::Tuple(items) = values { &**items } else { &single[..] };
    let mut source = Source { items, next: 0, whole: values };
    let mut out = String::new();
    let mut chars = format.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut key = None;
        if chars.next_if(|(_, c)| *c == '(').is_some() {
            let mut depth = 1;
            let mut name = String::new();
            for (_, c) in chars.by_ref() {
                depth += i32::from(c == '(') - i32::from(c == ')');
                if depth == 0 {
                    break;
                }
                name.push(c);
            }
            if depth != 0 {
                return Err(TemplateError::value_error("incomplete format key"));
            }
            key = Some(name);
        }
        let keyed = key.as_deref().map(|key| source.key(key)).transpose()?;
        let mut spec = Spec::default();
        while let Some((_, flag)) = chars.next_if(|(_, c)| "-+ 0#".contains(*c)) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => spec.alternate = true,
            }
        }
        if let Some(width) = count(&mut chars, &mut source)? {
            spec.left |= width < 0;
            spec.width = width.unsigned_abs().min(1 << 20) as usize;
        }
        if chars.next_if(|(_, c)| *c == '.').is_some() {
            let precision = count(&mut chars, &mut source)?.unwrap_or(0);
            spec.precision = Some(precision.clamp(0, 1 << 20) as usize);
        }
        while chars.next_if(|(_, c)| "hlL".contains(*c)).is_some() {}
        let bare = key.is_none() && chars.peek().is_some_and(|(next, _)| *next == start + 1);
        let Some((at, conversion)) = chars.next() else {
            return Err(TemplateError::value_error("incomplete format"));
        };
        if conversion == '%' && bare {
            out.push('%');
            continue;
        }
        if conversion == '%' {
            source.next()?;
            return Err(TemplateError::value_error("unsupported format character '%' (0x25)"));
        }
        if !"diuoxXeEfFgGcrsa".contains(conversion) {
            let at = format[..at].chars().count();
            return Err(TemplateError::value_error(format!(
                "unsupported format character '{conversion}' (0x{:x}) at index {at}",
                conversion as u32
            )));
        }
        let value = match keyed {
            Some(value) => value,
            None => source.next()?,
        };
        out.push_str(&spec.convert(conversion, &value)?);
    }
    if source.next < source.items.len() && !matches!(values, Value::Dict(_) | Value::List(_)) {
        return Err(TemplateError::type_error("not all arguments converted during string formatting"));
    }
    Ok(out)
}

/// Python's `ascii()`: as `repr()`, with what is not ASCII escaped.
pub(crate) fn ascii_repr(value: &Value) -> String {
    let mut out = String::new();
    for c in value.repr().chars() {
        match c as u32 {
            0..=0x7f => out.push(c),
            code @ 0x80..=0xff => out.push_str(&format!("\\x{code:02x}")),
            code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out
}

/// Digits, or `*` for the next value.
fn count(
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    source: &mut Source<'_>,
) -> Result<Option<i64>, TemplateError> {
    if chars.next_if(|(_, c)| *c == '*').is_some() {
        let value = source.next()?;
        return value.as_i64().map(Some).ok_or_else(|| TemplateError::type_error("* wants int"));
    }
    let mut number = None;
    while let Some((_, digit)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
        let digit = i64::from(digit.to_digit(10).unwrap_or(0));
        number = Some(number.unwrap_or(0_i64).saturating_mul(10).saturating_add(digit));
    }
    Ok(number)
}

impl Spec {
    fn convert(&self, conversion: char, value: &Value) -> Result<String, TemplateError> {
        if let Value::Undefined(undefined) = value {
            return Err(TemplateError::undefined(undefined));
        }
        match conversion {
            's' | 'r' | 'a' => {
                let text = match conversion {
                    's' => value.to_str(),
                    'r' => value.repr(),
                    _ => ascii_repr(value),
                };
                let text = match self.precision {
                    Some(precision) => text.chars().take(precision).collect(),
                    None => text,
                };
                Ok(self.pad("", &text, false))
            }
            'c' => {
                let text = match value {
                    Value::Str(text) if value.len() == Some(1) => text.to_string(),
                    _ => value
                        .as_i64()
                        .and_then(|code| char::from_u32(u32::try_from(code).ok()?))
                        .ok_or_else(|| TemplateError::type_error("%c requires int or char"))?
                        .to_string(),
                };
                Ok(self.pad("", &text, false))
            }
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => self.integer(conversion, value),
            _ => self.float(conversion, value),
        }
    }

    fn integer(&self, conversion: char, value: &Value) -> Result<String, TemplateError> {
        let wanted = if "oxX".contains(conversion) { "an integer" } else { "a real number" };
        let number = match value {
            Value::Float(number) if "diu".contains(conversion) => BigInt::from_f64(number.trunc()),
            other => other.to_bigint(),
        };
        let Some(number) = number else {
            return Err(TemplateError::type_error(format!(
                "%{conversion} format: {wanted} is required, not {}",
                value.type_name()
            )));
        };
        let magnitude = number.magnitude();
        let (prefix, digits) = match conversion {
            'o' => ("0o", magnitude.to_str_radix(8)),
            'x' => ("0x", magnitude.to_str_radix(16)),
            'X' => ("0X", magnitude.to_str_radix(16).to_uppercase()),
            _ => ("", magnitude.to_str_radix(10)),
        };
        let digits = match self.precision {
            Some(precision) if digits.len() < precision => "0".repeat(precision - digits.len()) + &digits,
            _ => digits,
        };
        let prefix = if self.alternate { prefix } else { "" };
        Ok(self.pad(&format!("{}{prefix}", self.sign(number.is_negative())), &digits, true))
    }

    fn float(&self, conversion: char, value: &Value) -> Result<String, TemplateError> {
        let Some(number) = value.as_f64() else {
            return Err(TemplateError::type_error(format!("must be real number, not {}", value.type_name())));
        };
        let digits = number::float_format(number.abs(), conversion, self.precision.unwrap_or(6), self.alternate);
        let negative = number.is_sign_negative() && !number.is_nan();
        Ok(self.pad(self.sign(negative), &digits, true))
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        }
    }

    fn pad(&self, prefix: &str, text: &str, number: bool) -> String {
        let length = prefix.len() + text.chars().count();
        let fill = self.width.saturating_sub(length);
        if self.left {
            format!("{prefix}{text}{}", " ".repeat(fill))
        } else if self.zero && number {
            format!("{prefix}{}{text}", "0".repeat(fill))
        } else {
            format!("{}{prefix}{text}", " ".repeat(fill))
        }
    }
}
