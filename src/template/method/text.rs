//! Methods of text and bytes.

use super::{
    super::{
        Arguments, TemplateError,
        arguments::{integer, required, text, text_or},
    },
    format, unicode,
};
use crate::value::{Dict, Str, Value};

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
            return Ok(lines(s, keep).into_iter().map(Value::from).collect());
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

/// Text filled up to a width.
fn pad(s: &str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match name {
        "center" | "ljust" | "rjust" => {
            let [width, fill] = arguments.bind(["width", "fillchar"])?;
            let width = integer(&required(width, name, "width")?)?.clamp(0, 1 << 20) as usize;
            let fill = fill.map_or_else(|| Ok(Str::from(" ")), |fill| text(&fill))?;
            if fill.chars().count() != 1 {
                return Err(TemplateError::type_error("The fill character must be exactly one character long"));
            }
            let length = s.chars().count();
            let missing = width.saturating_sub(length);
            let left = match name {
                "center" => missing / 2 + (missing & width & 1),
                "ljust" => 0,
                _ => missing,
            };
            Ok(format!("{}{s}{}", fill.repeat(left), fill.repeat(missing - left)).into())
        }
        _ => {
            let [width] = arguments.bind(["width"])?;
            let width = integer(&required(width, name, "width")?)?.clamp(0, 1 << 20) as usize;
            let zeros = "0".repeat(width.saturating_sub(s.chars().count()));
            let sign = usize::from(s.starts_with(['+', '-']));
            Ok(format!("{}{zeros}{}", &s[..sign], &s[sign..]).into())
        }
    }
}

/// Text as bytes, or with characters exchanged.
fn recode(s: &str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
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

/// The name of an encoding without the liberties people take with it.
fn codec(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_', ' '], "")
}

fn unknown_codec(name: &str) -> TemplateError {
    TemplateError::raised("LookupError", format!("unknown encoding: {name}"))
}

fn encode(s: &str, encoding: &str, errors: &str) -> Result<Vec<u8>, TemplateError> {
    let (name, limit) = match codec(encoding).as_str() {
        "utf8" | "u8" => return Ok(s.as_bytes().to_vec()),
        "utf16" => return Ok([0xff, 0xfe].into_iter().chain(s.encode_utf16().flat_map(u16::to_le_bytes)).collect()),
        "utf16le" => return Ok(s.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf16be" => return Ok(s.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "utf32le" => return Ok(s.chars().flat_map(|c| (c as u32).to_le_bytes()).collect()),
        "utf32be" => return Ok(s.chars().flat_map(|c| (c as u32).to_be_bytes()).collect()),
        "ascii" | "usascii" | "646" => ("ascii", 128),
        "latin1" | "iso88591" | "l1" => ("latin-1", 256),
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

/// Lines at every line end that Python knows.
pub(in crate::template) fn lines(text: &str, keep: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    let ends = ['\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}'];
    while let Some(at) = rest.find(ends) {
        let length =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        lines.push(&rest[..if keep { at + length } else { at }]);
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let blanks = size - column % size;
                out.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
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

fn split(subject: &str, from_end: bool, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [separator, limit] = arguments.bind(["sep", "maxsplit"])?;
    let limit = usize::try_from(limit.as_ref().map_or(Ok(-1), integer)?).unwrap_or(usize::MAX);
    let parts: Vec<&str> = match separator {
        None | Some(Value::None) => split_blanks(subject, limit, from_end),
        Some(separator) => {
            let separator = text_or(&separator, "must be str or None")?;
            if separator.is_empty() {
                return Err(TemplateError::value_error("empty separator"));
            }
            if from_end {
                let mut parts: Vec<&str> = subject.rsplitn(limit.saturating_add(1), &*separator).collect();
                parts.reverse();
                parts
            } else {
                subject.splitn(limit.saturating_add(1), &*separator).collect()
            }
        }
    };
    Ok(parts.into_iter().map(Value::from).collect())
}

fn split_blanks(subject: &str, limit: usize, from_end: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = if from_end { subject.trim_end_matches(is_blank) } else { subject.trim_start_matches(is_blank) };
    while !rest.is_empty() {
        if parts.len() == limit {
            parts.push(rest);
            break;
        }
        let (part, remaining) = if from_end {
            let at = rest.rfind(is_blank).map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
            (&rest[at..], rest[..at].trim_end_matches(is_blank))
        } else {
            let at = rest.find(is_blank).unwrap_or(rest.len());
            (&rest[..at], rest[at..].trim_start_matches(is_blank))
        };
        parts.push(part);
        rest = remaining;
    }
    if from_end {
        parts.reverse();
    }
    parts
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
