//! `str.format` and the format specifications behind it.

use num_traits::Signed as _;

use super::super::{
    TemplateError,
    evaluate::{attribute, item},
};
use crate::value::{Str, Value, ascii_repr, float_format, float_text};

/// `format.format(*positional, **named)`.
pub(super) fn format(format: &str, positional: &[Value], named: &[(Str, Value)]) -> Result<String, TemplateError> {
    let mut source = Source { positional, named, next: 0, numbering: None };
    source.text(format, 0)
}

struct Source<'a> {
    positional: &'a [Value],
    named: &'a [(Str, Value)],
    next: usize,
    /// Whether fields are numbered by their order; unknown before the first.
    numbering: Option<bool>,
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
        let (name, conversion) = match name.split_once('!') {
            Some((_, "")) => return Err(TemplateError::value_error("unmatched '{' in format spec")),
            Some((name, conversion)) => (name, conversion),
            None => (name, ""),
        };
        let value = self.value(name)?;
        let spec = self.text(spec, depth + 1)?;
        let value = match conversion {
            "" => value,
            "s" => value.to_str().into(),
            "r" => value.repr().into(),
            "a" => ascii_repr(&value).into(),
            other if other.chars().count() > 1 => {
                return Err(TemplateError::value_error("expected ':' after conversion specifier"));
            }
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
        if position.is_some() {
            let automatic = first.is_empty();
            if self.numbering.replace(automatic).is_some_and(|before| before != automatic) {
                let text = if automatic {
                    "cannot switch from manual field specification to automatic field numbering"
                } else {
                    "cannot switch from automatic field numbering to manual field specification"
                };
                return Err(TemplateError::value_error(text));
            }
        }
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

/// Python's format specification: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.
struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    /// Whether a zero that was rounded has no sign.
    unsigned_zero: bool,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(spec: &str, class: &str) -> Result<Self, TemplateError> {
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
        let sign = take("+- ");
        let unsigned_zero = take("z").is_some();
        let alternate = take("#").is_some();
        if take("0").is_some() && align.is_none() {
            fill = '0';
            // Text is filled on the right, numbers behind their sign.
            align = (class != "str").then_some('=');
        }
        let number = |limit: usize, take: &mut dyn FnMut(&str) -> Option<char>| {
            let mut number = None;
            while let Some(digit) = take("0123456789") {
                number = Some((number.unwrap_or(0) * 10 + digit as usize - '0' as usize).min(limit));
            }
            number
        };
        let width = number(1 << 20, &mut take).unwrap_or(0);
        let grouping = take(",_");
        if let Some(grouping) = grouping
            && let Some(second) = take(",_")
        {
            let text = if grouping == second {
                format!("Cannot specify '{grouping}' with '{second}'.")
            } else {
                "Cannot specify both ',' and '_'.".to_owned()
            };
            return Err(TemplateError::value_error(text));
        }
        let precision = match take(".") {
            Some(_) => match number(1 << 16, &mut take) {
                Some(precision) => Some(precision),
                None => return Err(TemplateError::value_error("Format specifier missing precision")),
            },
            None => None,
        };
        let kind = chars.get(at).copied();
        if at + 1 < chars.len() {
            return Err(TemplateError::value_error(format!(
                "Invalid format specifier '{spec}' for object of type '{class}'"
            )));
        }
        let parsed = Self { fill, align, sign, unsigned_zero, alternate, width, grouping, precision, kind };
        match (grouping, kind) {
            (Some('_'), Some('b' | 'o' | 'x' | 'X')) | (None, _) => Ok(parsed),
            (Some(_), None | Some('d' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) => Ok(parsed),
            (Some(grouping), Some(kind)) => {
                Err(TemplateError::value_error(format!("Cannot specify '{grouping}' with '{kind}'.")))
            }
        }
    }

    fn unknown(&self, class: &str) -> TemplateError {
        let kind = self.kind.unwrap_or(' ');
        TemplateError::value_error(format!("Unknown format code '{kind}' for object of type '{class}'"))
    }

    fn text(&self, value: &Value) -> Result<String, TemplateError> {
        let refused = match self {
            Self { kind: Some(kind), .. } if *kind != 's' => return Err(self.unknown("str")),
            Self { sign: Some(' '), .. } => "Space not allowed in string format specifier",
            Self { sign: Some(_), .. } => "Sign not allowed in string format specifier",
            Self { unsigned_zero: true, .. } => "Negative zero coercion (z) not allowed in string format specifier",
            Self { alternate: true, .. } => "Alternate form (#) not allowed in string format specifier",
            Self { grouping: Some(grouping), .. } => {
                return Err(TemplateError::value_error(format!("Cannot specify '{grouping}' with 's'.")));
            }
            Self { align: Some('='), .. } => "'=' alignment not allowed in string format specifier",
            _ => {
                let text = value.to_str();
                let text = match self.precision {
                    Some(precision) => text.chars().take(precision).collect(),
                    None => text,
                };
                return Ok(self.filled("", &text, '<'));
            }
        };
        Err(TemplateError::value_error(refused))
    }

    fn number(&self, value: &Value) -> Result<String, TemplateError> {
        let integer = !matches!(value, Value::Float(_))
            && matches!(self.kind, None | Some('b' | 'c' | 'd' | 'n' | 'o' | 'x' | 'X'));
        if integer && self.precision.is_some() {
            return Err(TemplateError::value_error("Precision not allowed in integer format specifier"));
        }
        if integer && self.unsigned_zero {
            let text = "Negative zero coercion (z) not allowed in format specifier with integer format code";
            return Err(TemplateError::value_error(text));
        }
        let class = if matches!(value, Value::Bool(_)) { "int" } else { value.type_name() };
        let (negative, digits) =
            digits(value, self.kind, self.precision, self.alternate).ok_or_else(|| self.unknown(class))?;
        let is_zero = || !digits.chars().any(|c| ('1'..='9').contains(&c));
        let negative = negative && !(self.unsigned_zero && is_zero());
        let sign = match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let radix = matches!(self.kind, Some('b' | 'o' | 'x' | 'X'));
        let (prefix, digits) = if self.alternate && radix { digits.split_at(2) } else { ("", &*digits) };
        let prefix = format!("{sign}{prefix}");
        let digits = match self.grouping {
            Some(separator) => {
                let size = if radix { 4 } else { 3 };
                let zeros = self.fill == '0' && self.align == Some('=');
                let room = if zeros { self.width.saturating_sub(prefix.len()) } else { 0 };
                group(digits, separator, size, room)
            }
            None => digits.to_owned(),
        };
        Ok(self.filled(&prefix, &digits, '>'))
    }

    /// The text filled up to the width.
    fn filled(&self, prefix: &str, body: &str, align: char) -> String {
        let missing = self.width.saturating_sub(prefix.chars().count() + body.chars().count());
        let padding = |count: usize| self.fill.to_string().repeat(count);
        match self.align.unwrap_or(align) {
            '<' => format!("{prefix}{body}{}", padding(missing)),
            '^' => format!("{}{prefix}{body}{}", padding(missing / 2), padding(missing - missing / 2)),
            '=' => format!("{prefix}{}{body}", padding(missing)),
            _ => format!("{}{prefix}{body}", padding(missing)),
        }
    }
}

/// Python's `format(value, spec)`.
pub(in crate::template) fn format_spec(value: &Value, spec: &str) -> Result<String, TemplateError> {
    if let Value::Undefined(undefined) = value {
        return Err(TemplateError::undefined(undefined));
    }
    if spec.is_empty() {
        return Ok(value.to_str());
    }
    let class = value.type_name();
    match value {
        Value::Str(_) => Spec::parse(spec, class)?.text(value),
        Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => Spec::parse(spec, class)?.number(value),
        Value::Object(object) => match object.format(spec) {
            Some(text) => text,
            None => Err(unsupported(class)),
        },
        _ => Err(unsupported(class)),
    }
}

fn unsupported(class: &str) -> TemplateError {
    TemplateError::type_error(format!("unsupported format string passed to {class}.__format__"))
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

/// Separators between groups of digits before the point, with zeros in front up to a width.
fn group(digits: &str, separator: char, size: usize, width: usize) -> String {
    let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
    let end = if size == 3 { digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()) } else { end };
    let (whole, rest) = digits.split_at(end);
    let room = width.saturating_sub(rest.chars().count());
    let mut out: Vec<char> = Vec::new();
    let mut digits = whole.chars().rev();
    let mut count = 0;
    loop {
        let digit = match digits.next() {
            Some(digit) => digit,
            None if !whole.is_empty() && out.len() < room => '0',
            None => break,
        };
        if count > 0 && count % size == 0 {
            out.push(separator);
        }
        out.push(digit);
        count += 1;
    }
    out.iter().rev().collect::<String>() + rest
}
