//! Filters on text.

use std::collections::HashMap;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
        method,
    },
    flag,
};
use crate::value::{Value, quote_text};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("upper", (|arguments| one(arguments, str::to_uppercase)) as Filter),
        ("lower", |arguments| one(arguments, str::to_lowercase)),
        ("string", |arguments| one(arguments, str::to_owned)),
        ("capitalize", |arguments| one(arguments, method::capitalize)),
        ("title", |arguments| one(arguments, title)),
        ("trim", trim),
        ("replace", replace),
        ("center", center),
        ("indent", indent),
        ("wordcount", |arguments| {
            let [value] = arguments.bind(["s"])?;
            let text = required(value, "wordcount", "s")?.to_str();
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            Ok(Value::from(words.count()))
        }),
        ("wordwrap", wordwrap),
        ("truncate", truncate),
        ("format", format),
        ("split", split),
        ("pprint", |arguments| {
            let [value] = arguments.bind(["value"])?;
            Ok(required(value, "pprint", "value")?.repr().into())
        }),
    ]);
}

fn one(arguments: Arguments<'_>, make: impl FnOnce(&str) -> String) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [value] = arguments.bind(["s"])?;
    Ok(make(&required(value, name, "s")?.to_str()).into())
}

/// Words between blanks, hyphens and brackets: first letter upper, the rest lower.
fn title(text: &str) -> String {
    let mut out = String::new();
    let mut start = true;
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = c.is_whitespace() || "-({[<".contains(c);
    }
    out
}

fn trim(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, chars] = arguments.bind(["value", "chars"])?;
    let text = required(value, "trim", "value")?.to_str();
    Ok(match chars {
        None | Some(Value::None) => Value::from(text.trim_matches(method::is_blank)),
        Some(chars) => {
            let chars = chars.to_str();
            Value::from(text.trim_matches(|c| chars.contains(c)))
        }
    })
}

fn replace(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, old, new, count] = arguments.bind(["s", "old", "new", "count"])?;
    let text = required(value, "replace", "s")?.to_str();
    let (old, new) = (required(old, "replace", "old")?.to_str(), required(new, "replace", "new")?.to_str());
    let count = match count {
        None | Some(Value::None) => -1,
        Some(count) => integer(&count)?,
    };
    Ok(match usize::try_from(count) {
        Ok(count) => text.replacen(&old, &new, count),
        Err(_) => text.replace(&old, &new),
    }
    .into())
}

fn center(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, width] = arguments.bind(["value", "width"])?;
    let text = required(value, "center", "value")?.to_str();
    let width = width.as_ref().map_or(Ok(80), integer)?.clamp(0, 1 << 20) as usize;
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left)).into())
}

/// The text, or Python's error for a value that is none.
fn only_text(value: Value, before: &str) -> Result<String, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        other => Err(TemplateError::type_error(format!("{before}'{}'", other.type_name()))),
    }
}

fn indent(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, width, first, blank] = arguments.bind(["s", "width", "first", "blank"])?;
    let text = only_text(required(value, "indent", "s")?, "unsupported operand type(s) for +=: ")?;
    let indention = match width {
        None => "    ".to_owned(),
        Some(Value::Str(text)) => text.to_string(),
        Some(width) => " ".repeat(integer(&width)?.clamp(0, 1 << 12) as usize),
    };
    let mut out = String::new();
    let with_newline = text + "\n";
    if flag(blank.as_ref()) {
        let lines: Vec<&str> = method::lines(&with_newline, false);
        out.push_str(&lines.join(&format!("\n{indention}")));
    } else {
        for (index, line) in method::lines(&with_newline, false).into_iter().enumerate() {
            if index > 0 {
                out.push('\n');
                if !line.is_empty() {
                    out.push_str(&indention);
                }
            }
            out.push_str(line);
        }
    }
    if flag(first.as_ref()) {
        out.insert_str(0, &indention);
    }
    Ok(out.into())
}

fn wordwrap(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, width, break_long, separator, hyphens] =
        arguments.bind(["s", "width", "break_long_words", "wrapstring", "break_on_hyphens"])?;
    let text = only_text(required(value, "wordwrap", "s")?, "wordwrap is for text, not for ")?;
    let width = width.as_ref().map_or(Ok(79), integer)?;
    if width <= 0 {
        return Err(TemplateError::value_error(format!("invalid width {width} (must be > 0)")));
    }
    let width = width as usize;
    let break_long = break_long.is_none_or(|break_long| break_long.is_truthy());
    let hyphens = hyphens.is_none_or(|hyphens| hyphens.is_truthy());
    let separator = match separator {
        None | Some(Value::None) => "\n".to_owned(),
        Some(separator) => separator.to_str(),
    };
    let lines: Vec<String> = method::lines(&text, false)
        .into_iter()
        .map(|line| wrap(line, width, break_long, hyphens).join(&separator))
        .collect();
    Ok(lines.join(&separator).into())
}

/// One line in pieces of at most `width` characters, broken at blanks and after hyphens between letters.
fn wrap(line: &str, width: usize, break_long: bool, hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = line.chars().collect();
    for (index, c) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).map(|index| chars[index]);
        let after_hyphen =
            hyphens && previous == Some('-') && c.is_alphabetic() && index >= 2 && chars[index - 2].is_alphabetic();
        if previous.is_some_and(|previous| previous.is_whitespace() != c.is_whitespace()) || after_hyphen {
            chunks.push(std::mem::take(&mut current));
        }
        current.push(*c);
    }
    chunks.push(current);
    let length = |text: &str| text.chars().count();
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut queue: std::collections::VecDeque<String> = chunks.into();
    while let Some(chunk) = queue.pop_front() {
        if length(&line) + length(&chunk) <= width {
            line.push_str(&chunk);
        } else if chunk.trim().is_empty() {
            lines.push(std::mem::take(&mut line));
        } else if length(&chunk) > width && break_long {
            let room = width - length(&line);
            let head: String = chunk.chars().take(room).collect();
            line.push_str(&head);
            lines.push(std::mem::take(&mut line));
            queue.push_front(chunk.chars().skip(room).collect());
        } else {
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line = chunk;
        }
    }
    lines.push(line);
    lines.into_iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn truncate(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, length, kill_words, end, leeway] = arguments.bind(["s", "length", "killwords", "end", "leeway"])?;
    let text = only_text(required(value, "truncate", "s")?, "truncate is for text, not for ")?;
    let length = length.as_ref().map_or(Ok(255), integer)?;
    let end = end.map_or_else(|| "...".to_owned(), |end| end.to_str());
    let leeway = match leeway {
        None | Some(Value::None) => 5,
        Some(leeway) => integer(&leeway)?,
    };
    let end_length = end.chars().count() as i64;
    if length < end_length {
        return Err(TemplateError::raised("AssertionError", format!("expected length >= {end_length}, got {length}")));
    }
    if text.chars().count() as i64 <= length.saturating_add(leeway) {
        return Ok(text.into());
    }
    let cut: String = text.chars().take((length - end_length) as usize).collect();
    let cut =
        if flag(kill_words.as_ref()) { &cut } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head) };
    Ok(format!("{cut}{end}").into())
}

fn format(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    if arguments.positional.is_empty() {
        return Err(TemplateError::type_error("format() missing 1 required positional argument: 'value'"));
    }
    let format = Value::from(arguments.positional.remove(0).to_str());
    if arguments.named.is_empty() {
        return format.modulo(&Value::Tuple(arguments.positional.into()));
    }
    if !arguments.positional.is_empty() {
        let text = "can't handle positional and keyword arguments at the same time";
        return Err(TemplateError::raised("FilterArgumentError", text));
    }
    format.modulo(&Value::Dict(arguments.named.into_iter().collect()))
}

fn split(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let subject = if arguments.positional.is_empty() { None } else { Some(arguments.positional.remove(0)) };
    match required(subject, "split", "string")? {
        Value::Undefined(undefined) => Err(TemplateError::undefined(&undefined)),
        subject @ Value::Str(_) => method::call(&subject, "split", arguments),
        other => {
            let mut shown = String::new();
            quote_text(other.type_name(), &mut shown);
            Err(super::failed(format!("split expects text, not {shown}")))
        }
    }
}
