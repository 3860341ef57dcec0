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
use crate::value::{Value, quote_text, split_lines};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("upper", (|arguments| one(arguments, str::to_uppercase)) as Filter),
        ("lower", |arguments| one(arguments, str::to_lowercase)),
        ("string", |arguments| {
            let [value] = arguments.bind(["s"])?;
            // What is text stays the very text, and is as trusted or as secret as it was.
            Ok(match required(value, "string", "s")? {
                text @ Value::Str(_) => text,
                other => other.to_str().into(),
            })
        }),
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
            let Value::Str(chars) = chars else {
                return Err(TemplateError::type_error("strip arg must be None or str"));
            };
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

/// The text, or Python's error for a value that is none, whose `TYPE` is in it.
pub(super) fn only_text(value: Value, before: &str) -> Result<String, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        other => Err(TemplateError::type_error(before.replace("TYPE", other.type_name()))),
    }
}

fn indent(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, width, first, blank] = arguments.bind(["s", "width", "first", "blank"])?;
    let text = only_text(required(value, "indent", "s")?, "unsupported operand type(s) for +=: 'TYPE' and 'str'")?;
    let indention = match width {
        None => "    ".to_owned(),
        Some(Value::Str(text)) => text.to_string(),
        Some(width) => " ".repeat(integer(&width)?.clamp(0, 1 << 12) as usize),
    };
    let mut out = String::new();
    let with_newline = text + "\n";
    if flag(blank.as_ref()) {
        let lines: Vec<&str> = split_lines(&with_newline, false);
        out.push_str(&lines.join(&format!("\n{indention}")));
    } else {
        for (index, line) in split_lines(&with_newline, false).into_iter().enumerate() {
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

fn truncate(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, length, kill_words, end, leeway] = arguments.bind(["s", "length", "killwords", "end", "leeway"])?;
    let value = required(value, "truncate", "s")?;
    let end = end.unwrap_or_else(|| "...".into());
    let no_length =
        |value: &Value| TemplateError::type_error(format!("object of type '{}' has no len()", value.type_name()));
    let sized = |value: &Value| value.len().map(|length| length as i64).ok_or_else(|| no_length(value));
    let length = match &length {
        None => 255,
        // What is cut has to be so many characters; a text that is short enough is not.
        Some(Value::Float(length)) => length.floor() as i64,
        Some(length) => length.as_i64().ok_or_else(|| {
            let text = format!("'>=' not supported between instances of '{}' and 'int'", length.type_name());
            TemplateError::type_error(text)
        })?,
    };
    let leeway = match leeway {
        None | Some(Value::None) => 5,
        Some(leeway) => integer(&leeway)?,
    };
    if leeway < 0 {
        return Err(TemplateError::raised("AssertionError", format!("expected leeway >= 0, got {leeway}")));
    }
    let end_length = sized(&end)?;
    if length < end_length {
        return Err(TemplateError::raised("AssertionError", format!("expected length >= {end_length}, got {length}")));
    }
    if sized(&value)? <= length.saturating_add(leeway) {
        return Ok(value);
    }
    let Value::Str(text) = &value else {
        let text = format!("'{}' object has no attribute 'rsplit'", value.type_name());
        return Err(TemplateError::raised("AttributeError", text));
    };
    let Value::Str(end) = &end else {
        let text = format!("can only concatenate str (not \"{}\") to str", end.type_name());
        return Err(TemplateError::type_error(text));
    };
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
