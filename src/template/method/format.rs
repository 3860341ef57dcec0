//! `str.format` and the format specifications behind it.

use num_traits::Signed as _;

use super::super::{
    TemplateError,
    evaluate::{attribute, item},
};
use crate::value::{Str, Value, float_format, float_text};

/// `format.format(*positional, **named)`.
pub(super) fn format(format: &str, positional: &[Value], named: &[(Str, Value)]) -> Result<String, TemplateError> {
    let mut source = Source { positional, named, next: 0 };
    source.text(format, 0)
}

struct Source<'a> {
    positional: &'a [Value],
    named: &'a [(Str, Value)],
    next: usize,
}

impl Source<'_> {
    fn text(&mut self, format: &str, depth: usize) -> Result<String, TemplateError> {
        if depth > 2 {
            return Err(TemplateError::value_error("Max string recursion exceeded"));
        }
        let mut out = String::new();
        let mut rest = format;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if rest.starts_with(brace) {
                out.push_str(brace);
                rest = &rest[1..];
                continue;
            }
            if brace == "}" {
                return Err(TemplateError::value_error("Single '}' encountered in format string"));
            }
            let mut open = 1;
            let Some(end) = rest.find(|c| {
                open += i32::from(c == '{') - i32::from(c == '}');
                open == 0
            }) else {
                let text = if rest.is_empty() {
                    "Single '{' encountered in format string"
                } else {
                    "expected '}' before end of string"
                };
                return Err(TemplateError::value_error(text));
            };
            out.push_str(&self.field(&rest[..end], depth)?);
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn field(&mut self, field: &str, depth: usize) -> Result<String, TemplateError> {
        let (name, spec) = match field.find(':') {
            Some(at) => (&field[..at], &field[at + 1..]),
            None => (field, ""),
        };
        let (name, conversion) = name.split_once('!').unwrap_or((name, ""));
        let value = self.value(name)?;
        let spec = self.text(spec, depth + 1)?;
        let value = match conversion {
            "" => value,
            "s" => value.to_str().into(),
            "r" | "a" => value.repr().into(),
            other => {
                let text = format!("Unknown conversion specifier {other}");
                return Err(TemplateError::value_error(text));
            }
        };
        format_spec(&value, &spec)
    }

    fn value(&mut self, name: &str) -> Result<Value, TemplateError> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut path) = name.split_at(end);
        let position = if first.is_empty() {
            self.next += 1;
            Some(self.next - 1)
        } else {
            first.parse().ok()
        };
        let mut value = match position {
            Some(index) => self.positional.get(index).cloned().ok_or_else(|| {
                let text = format!("Replacement index {index} out of range for positional args tuple");
                TemplateError::raised("IndexError", text)
            })?,
            None => self
                .named
                .iter()
                .find(|(key, _)| **key == *first)
                .map(|(_, value)| value.clone())
                .ok_or_else(|| TemplateError::raised("KeyError", Value::from(first).repr()))?,
        };
        while !path.is_empty() {
            if let Some(rest) = path.strip_prefix('.') {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if matches!(value, Value::Dict(_)) {
                    let text = format!("'dict' object has no attribute '{}'", &rest[..end]);
                    return Err(TemplateError::raised("AttributeError", text));
                }
                value = attribute(&value, &rest[..end])?;
                path = &rest[end..];
            } else {
                let rest = &path[1..];
                let end = rest.find(']').ok_or_else(|| TemplateError::value_error("Missing ']' in format string"))?;
                let key = rest[..end].parse().map_or_else(|_| Value::from(&rest[..end]), Value::Int);
                value = item(&value, &key)?;
                path = &rest[end + 1..];
            }
        }
        match &value {
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            _ => Ok(value),
        }
    }
}

/// Python's `format(value, spec)`: `[[fill]align][sign][#][0][width][,][.precision][type]`.
pub(in crate::template) fn format_spec(value: &Value, spec: &str) -> Result<String, TemplateError> {
    if spec.is_empty() {
        return Ok(value.to_str());
    }
    let chars: Vec<char> = spec.chars().collect();
    let mut at = 0;
    let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
    let (mut fill, mut align) = (' ', None);
    if is_align(chars.get(1)) {
        (fill, align) = (chars[0], Some(chars[1]));
        at = 2;
    } else if is_align(chars.first()) {
        align = Some(chars[0]);
        at = 1;
    }
    let mut take = |set: &str| {
        let found = chars.get(at).copied().filter(|c| set.contains(*c));
        at += usize::from(found.is_some());
        found
    };
    let sign = take("+- ").unwrap_or('-');
    let alternate = take("#").is_some();
    let zero = take("0").is_some();
    let mut number = || {
        let mut number = None;
        while let Some(digit) = take("0123456789") {
            number = Some((number.unwrap_or(0) * 10 + digit as usize - '0' as usize).min(1 << 20));
        }
        number
    };
    let width = number().unwrap_or(0);
    let grouping = chars.get(at).copied().filter(|c| ",_".contains(*c));
    at += usize::from(grouping.is_some());
    let mut precision = None;
    if chars.get(at) == Some(&'.') {
        at += 1;
        let start = at;
        while chars.get(at).is_some_and(char::is_ascii_digit) {
            at += 1;
        }
        let digits: String = chars[start..at].iter().collect();
        let parsed =
            digits.parse::<usize>().map_err(|_| TemplateError::value_error("Format specifier missing precision"))?;
        precision = Some(parsed.min(1 << 16));
    }
    let kind = chars.get(at).copied();
    if at + 1 < chars.len() {
        let name = value.type_name();
        return Err(TemplateError::value_error(format!(
            "Invalid format specifier '{spec}' for object of type '{name}'"
        )));
    }
    let is_number = value.as_f64().is_some() && !(matches!(value, Value::Bool(_)) && kind.is_none());
    if zero && align.is_none() {
        (fill, align) = ('0', Some('='));
    }
    let unknown = || {
        let name = value.type_name();
        let kind = kind.unwrap_or(' ');
        TemplateError::value_error(format!("Unknown format code '{kind}' for object of type '{name}'"))
    };
    let (prefix, body) = if is_number {
        let (negative, digits) = digits(value, kind, precision, alternate).ok_or_else(unknown)?;
        let prefix = match (negative, sign) {
            (true, _) => "-",
            (false, '+') => "+",
            (false, ' ') => " ",
            _ => "",
        };
        (prefix, grouping.map_or_else(|| digits.clone(), |separator| group(&digits, separator)))
    } else {
        if kind.is_some_and(|kind| kind != 's') {
            return Err(unknown());
        }
        let text = value.to_str();
        ("", precision.map_or_else(|| text.clone(), |precision| text.chars().take(precision).collect()))
    };
    let align = align.unwrap_or(if is_number { '>' } else { '<' });
    let missing = width.saturating_sub(prefix.len() + body.chars().count());
    let padding = |count: usize| fill.to_string().repeat(count);
    Ok(match align {
        '<' => format!("{prefix}{body}{}", padding(missing)),
        '^' => format!("{}{prefix}{body}{}", padding(missing / 2), padding(missing - missing / 2)),
        '=' => format!("{prefix}{}{body}", padding(missing)),
        _ => format!("{}{prefix}{body}", padding(missing)),
    })
}

/// The sign and digits of a number in one of Python's presentation types; `None` for a type it does not have.
fn digits(value: &Value, kind: Option<char>, precision: Option<usize>, alternate: bool) -> Option<(bool, String)> {
    let integer = value.to_bigint();
    match (kind, integer) {
        (None | Some('d' | 'n'), Some(integer)) => Some((integer.is_negative(), integer.magnitude().to_string())),
        (Some(radix @ ('b' | 'o' | 'x' | 'X')), Some(integer)) => {
            let base = match radix {
                'b' => 2,
                'o' => 8,
                _ => 16,
            };
            let mut digits = integer.magnitude().to_str_radix(base);
            if alternate {
                digits = format!("0{}{digits}", radix.to_ascii_lowercase());
            }
            let digits = if radix == 'X' { digits.to_uppercase() } else { digits };
            Some((integer.is_negative(), digits))
        }
        (Some('c'), Some(integer)) => Some((false, char::from_u32(u32::try_from(integer).ok()?)?.to_string())),
        (kind, _) => {
            let number = value.as_f64()?;
            let negative = number.is_sign_negative() && !number.is_nan();
            let text = match kind {
                None if precision.is_none() => float_text(number.abs()),
                None => {
                    let text = float_format(number.abs(), 'g', precision.unwrap_or(6), alternate);
                    if text.contains(['.', 'e', 'n']) { text } else { text + ".0" }
                }
                Some('%') => float_format(number.abs() * 100.0, 'f', precision.unwrap_or(6), alternate) + "%",
                Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n')) => {
                    let kind = if kind == 'n' { 'g' } else { kind };
                    float_format(number.abs(), kind, precision.unwrap_or(6), alternate)
                }
                Some(_) => return None,
            };
            Some((negative, text))
        }
    }
}

/// Separators between groups of three digits before the point.
fn group(digits: &str, separator: char) -> String {
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(end);
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
    out + rest
}
