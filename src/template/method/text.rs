//! Methods of text and bytes.

use super::{
    super::{
        Arguments, TemplateError,
        arguments::{integer, required, text_or},
    },
    codec::recode,
    format,
    lines::{expand_tabs, pad, split},
    unicode,
};
use crate::value::{Str, Value, split_lines};

/// Whether Python's `str.isspace` and `str.split` take the character for a blank.
pub(in crate::template) fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

pub(super) fn call(subject: &Str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let s: &str = subject;
    match name {
        "format" => return Ok(format::format(s, &arguments.positional, &arguments.named)?.into()),
        "format_map" => {
            let [mapping] = arguments.bind(["mapping"])?;
            let mapping = required(mapping, name, "mapping")?;
            let named: Vec<(Str, Value)> = match &mapping {
                Value::Dict(dict) => dict
                    .entries()
                    .into_iter()
                    .filter_map(|(key, value)| Some((Str::from(key.as_str()?), value)))
                    .collect(),
                _ => Vec::new(),
            };
            return Ok(format::format(s, &[], &named)?.into());
        }
        "startswith" | "endswith" | "find" | "rfind" | "index" | "rindex" | "count" => {
            return search(subject, name, arguments);
        }
        "split" | "rsplit" => return split(s, name == "rsplit", arguments),
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = arguments.bind(["chars"])?;
            let chars = match chars {
                None | Some(Value::None) => None,
                Some(Value::Str(chars)) => Some(chars),
                Some(_) => return Err(TemplateError::type_error(format!("{name} arg must be None or str"))),
            };
            let cut = |c: char| chars.as_ref().map_or_else(|| is_blank(c), |chars| chars.contains(c));
            return Ok(Value::from(match name {
                "strip" => s.trim_matches(cut),
                "lstrip" => s.trim_start_matches(cut),
                _ => s.trim_end_matches(cut),
            }));
        }
        "join" => {
            let [items] = arguments.bind(["iterable"])?;
            let mut parts = Vec::new();
            let items = required(items, name, "iterable")?;
            let items = items.iter().map_err(|error| match items.missing() {
                Some(_) => error,
                None => TemplateError::type_error("can only join an iterable"),
            })?;
            for (index, item) in items.into_iter().enumerate() {
                let Value::Str(part) = &item else {
                    let found = item.type_name();
                    return Err(TemplateError::type_error(format!(
                        "sequence item {index}: expected str instance, {found} found"
                    )));
                };
                parts.push(part.clone());
            }
            return Ok(parts.join(s).into());
        }
        "replace" => {
            let [old, new, count] = arguments.bind(["old", "new", "count"])?;
            let old = text_or(&required(old, name, "old")?, "replace() argument 1 must be str")?;
            let new = text_or(&required(new, name, "new")?, "replace() argument 2 must be str")?;
            let count = count.as_ref().map_or(Ok(-1), integer)?;
            return Ok(match usize::try_from(count) {
                Ok(count) => s.replacen(&*old, &new, count),
                Err(_) => s.replace(&*old, &new),
            }
            .into());
        }
        "center" | "ljust" | "rjust" | "zfill" => return pad(s, name, arguments),
        "partition" | "rpartition" => {
            let [separator] = arguments.bind(["sep"])?;
            let separator = text_or(&required(separator, name, "sep")?, "must be str")?;
            if separator.is_empty() {
                return Err(TemplateError::value_error("empty separator"));
            }
            let found = if name == "partition" { s.split_once(&*separator) } else { s.rsplit_once(&*separator) };
            let parts = match found {
                Some((before, after)) => [before, &separator, after],
                None if name == "partition" => [s, "", ""],
                None => ["", "", s],
            };
            return Ok(Value::Tuple(parts.map(Value::from).into()));
        }
        "removeprefix" | "removesuffix" => {
            let [affix] = arguments.bind(["affix"])?;
            let affix = text_or(&required(affix, name, "affix")?, &format!("{name}() argument must be str"))?;
            let cut = if name == "removeprefix" { s.strip_prefix(&*affix) } else { s.strip_suffix(&*affix) };
            return Ok(Value::from(cut.unwrap_or(s)));
        }
        "splitlines" => {
            let [keep] = arguments.bind(["keepends"])?;
            let keep = keep.is_some_and(|keep| keep.is_truthy());
            return Ok(split_lines(s, keep).into_iter().map(Value::from).collect());
        }
        "expandtabs" => {
            let [size] = arguments.bind(["tabsize"])?;
            let size = size.as_ref().map_or(Ok(8), integer)?.clamp(0, 1 << 10) as usize;
            return Ok(expand_tabs(s, size).into());
        }
        "encode" | "maketrans" | "translate" => return recode(s, name, arguments),
        _ => {}
    }
    changed(s, name, arguments)
}

/// Methods without arguments: the text in another case, and questions about its characters.
fn changed(s: &str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    let cased = |wrong: fn(char) -> bool| {
        s.chars().any(unicode::is_cased) && !s.chars().any(|c| wrong(c) || unicode::is_title(c))
    };
    let all = |test: fn(char) -> bool| Value::Bool(!s.is_empty() && s.chars().all(test));
    Ok(match name {
        "upper" => s.to_uppercase().into(),
        "lower" => s.to_lowercase().into(),
        "casefold" => unicode::fold(s).into(),
        "capitalize" => capitalize(s).into(),
        "title" => title(s).into(),
        "swapcase" => s
            .chars()
            .flat_map(|c| {
                if c.is_uppercase() {
                    c.to_lowercase().collect::<Vec<_>>()
                } else if c.is_lowercase() {
                    c.to_uppercase().collect()
                } else {
                    vec![c]
                }
            })
            .collect::<String>()
            .into(),
        "isalnum" => all(|c| unicode::is_letter(c) || unicode::is_numeric(c)),
        "isalpha" => all(unicode::is_letter),
        "isascii" => Value::Bool(s.is_ascii()),
        "isdecimal" => all(unicode::is_decimal),
        "isdigit" => all(unicode::is_digit),
        "isnumeric" => all(unicode::is_numeric),
        "isspace" => all(is_blank),
        "isprintable" => Value::Bool(s.chars().all(unicode::is_printable)),
        "islower" => Value::Bool(cased(char::is_uppercase)),
        "isupper" => Value::Bool(cased(char::is_lowercase)),
        "istitle" => Value::Bool(is_titled(s)),
        _ => {
            let start = s.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
            Value::Bool(start && s.chars().all(|c| c.is_alphabetic() || c == '_' || unicode::is_decimal(c)))
        }
    })
}

/// The first letter upper, the rest lower.
pub(in crate::template) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    if let Some(first) = chars.next() {
        unicode::titled(first, &mut out);
        out.push_str(&chars.as_str().to_lowercase());
    }
    out
}

/// The first letter of every run of letters upper, the others lower.
fn title(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            unicode::titled(c, &mut out);
        }
        inside = unicode::is_cased(c);
    }
    out
}

/// Whether capitals stand where words begin and nowhere else.
fn is_titled(text: &str) -> bool {
    let (mut inside, mut any) = (false, false);
    for c in text.chars() {
        let capital = c.is_uppercase() || unicode::is_title(c);
        if capital == inside && (capital || c.is_lowercase()) {
            return false;
        }
        inside = capital || c.is_lowercase();
        any |= inside;
    }
    any
}

fn search(subject: &Str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [needle, start, end] = arguments.bind(["sub", "start", "end"])?;
    let needle = required(needle, name, "sub")?;
    let chars: Vec<char> = subject.chars().collect();
    let bound = |value: Option<Value>, default: usize| -> Result<usize, TemplateError> {
        match value {
            None | Some(Value::None) => Ok(default),
            Some(value) => {
                let number = integer(&value)?;
                let number = if number < 0 { number.saturating_add(chars.len() as i64) } else { number };
                Ok(number.max(0) as usize)
            }
        }
    };
    let (start, end) = (bound(start, 0)?, bound(end, chars.len())?.min(chars.len()));
    let inside = start <= end;
    let part: String = if inside { chars[start..end].iter().collect() } else { String::new() };
    if matches!(name, "startswith" | "endswith") {
        let matches = |needle: &Value| -> Result<bool, TemplateError> {
            let needle = text_or(needle, &format!("{name} first arg must be str or a tuple of str"))?;
            Ok(inside && if name == "startswith" { part.starts_with(&*needle) } else { part.ends_with(&*needle) })
        };
        return Ok(Value::Bool(match &needle {
            Value::Tuple(options) => {
                let mut any = false;
                for option in options.iter() {
                    any |= matches(option)?;
                }
                any
            }
            other => matches(other)?,
        }));
    }
    let needle = text_or(&needle, "must be str")?;
    if name == "count" {
        let count = if needle.is_empty() { part.chars().count() + 1 } else { part.matches(&*needle).count() };
        return Ok(Value::from(if inside { count } else { 0 }));
    }
    let found = if name.starts_with('r') { part.rfind(&*needle) } else { part.find(&*needle) };
    match found.filter(|_| inside) {
        Some(at) => Ok(Value::from(start + part[..at].chars().count())),
        None if name.ends_with("index") => Err(TemplateError::value_error("substring not found")),
        None => Ok(Value::Int(-1)),
    }
}
