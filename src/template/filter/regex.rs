//! Filters with regular expressions.

use std::collections::HashMap;

use fancy_regex::Captures;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required, text_with},
        python_regex::{self, Flags},
    },
    failed, flag,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("regex_replace", replace as Filter),
        ("regex_search", search),
        ("regex_findall", find_all),
        ("regex_escape", escape),
    ]);
}

fn replace(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, pattern, replacement, ignore_case, multiline, count, mandatory] =
        arguments.bind(["value", "pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"])?;
    let value = required(value, "regex_replace", "value")?.to_str();
    let pattern = pattern.unwrap_or_else(Value::empty_text);
    let pattern = python_regex::pattern_text(&pattern)?;
    let replacement = replacement.unwrap_or_else(Value::empty_text);
    let Some(replacement) = replacement.as_str() else {
        let kind = replacement.type_name();
        return Err(TemplateError::type_error(format!("decoding to str: need a bytes-like object, {kind} found")));
    };
    let flags =
        Flags { ignore_case: flag(ignore_case.as_ref()), multiline: flag(multiline.as_ref()), ..Flags::default() };
    let limit = count.as_ref().map_or(Ok(0), integer)?;
    let mandatory = mandatory.filter(|mandatory| !mandatory.is_none()).as_ref().map_or(Ok(0), integer)?;
    let regex = python_regex::compile(pattern, flags)?;
    let mut out = String::new();
    let (mut last, mut done) = (0, 0);
    for captures in python_regex::all(&regex, &value)? {
        let Some(whole) = captures.get(0) else { continue };
        if limit != 0 && done >= limit {
            break;
        }
        out.push_str(&value[last..whole.start()]);
        out.push_str(&python_regex::expand(replacement, &captures)?);
        last = whole.end();
        done += 1;
    }
    out.push_str(&value[last..]);
    if mandatory != 0 && done != mandatory {
        // The limit is what Ansible says here.
        let text = format!(
            "'{pattern}' should match {mandatory} times, but matches {limit} times in {}",
            Value::from(value).repr()
        );
        return Err(failed(text));
    }
    Ok(out.into())
}

fn group(captures: &Captures<'_, str>, index: usize) -> Value {
    captures.get(index).map_or(Value::None, |found| Value::from(found.as_str()))
}

fn search(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let flags = Flags {
        ignore_case: flag(arguments.take("ignorecase").as_ref()),
        multiline: flag(arguments.take("multiline").as_ref()),
        ..Flags::default()
    };
    let mut positional = arguments.positional.into_iter();
    let value = required(positional.next(), "regex_search", "value")?;
    let pattern = required(positional.next(), "regex_search", "regex")?;
    let mut wanted = Vec::new();
    for group in positional {
        let name = text_with(&group, "startswith")?;
        let by_name = name.strip_prefix("\\g<").and_then(|name| name.strip_suffix('>'));
        let by_number = name.strip_prefix('\\').and_then(|number| number.parse::<usize>().ok());
        wanted.push(match (by_name, by_number) {
            (Some(name), _) => Group::Name(name.to_owned()),
            (None, Some(number)) => Group::Number(number),
            (None, None) if name.starts_with('\\') => {
                let text = "'NoneType' object has no attribute 'group'";
                return Err(TemplateError::raised("AttributeError", text));
            }
            (None, None) => return Err(failed("Unknown argument")),
        });
    }
    let pattern = python_regex::pattern_text(&pattern)?;
    if let Value::Undefined(undefined) = &value {
        return Err(TemplateError::undefined(undefined));
    }
    let value = value.to_str();
    let regex = python_regex::compile(pattern, flags)?;
    let Some(captures) = regex.captures(value.as_str()).map_err(|error| python_regex::gave_up(&error))? else {
        return Ok(Value::None);
    };
    if wanted.is_empty() {
        return Ok(group(&captures, 0));
    }
    wanted
        .iter()
        .map(|wanted| match wanted {
            Group::Number(index) if *index < captures.len() => Ok(group(&captures, *index)),
            Group::Name(name) if regex.capture_names().flatten().any(|known| known == name) => {
                Ok(captures.name(name).map_or(Value::None, |found| Value::from(found.as_str())))
            }
            _ => Err(TemplateError::raised("IndexError", "no such group")),
        })
        .collect()
}

/// A group that is asked for, by `\1` or `\g<name>`.
enum Group {
    Number(usize),
    Name(String),
}

fn find_all(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, pattern, multiline, ignore_case] = arguments.bind(["value", "regex", "multiline", "ignorecase"])?;
    let value = required(value, "regex_findall", "value")?.to_str();
    let pattern = required(pattern, "regex_findall", "regex")?;
    let pattern = python_regex::pattern_text(&pattern)?;
    let flags =
        Flags { ignore_case: flag(ignore_case.as_ref()), multiline: flag(multiline.as_ref()), ..Flags::default() };
    let regex = python_regex::compile(pattern, flags)?;
    let part = |captures: &Captures<'_, str>, index| {
        captures.get(index).map_or_else(Value::empty_text, |found| Value::from(found.as_str()))
    };
    python_regex::all(&regex, &value)?
        .iter()
        .map(|captures| {
            Ok(match captures.len() {
                1 => part(captures, 0),
                2 => part(captures, 1),
                count => Value::Tuple((1..count).map(|index| part(captures, index)).collect()),
            })
        })
        .collect()
}

fn escape(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, kind] = arguments.bind(["string", "re_type"])?;
    let value = required(value, "regex_escape", "string")?.to_str();
    let special = match kind.map_or_else(|| "python".to_owned(), |kind| kind.to_str()).as_str() {
        "python" => "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c",
        "posix_basic" => "[].*^$\\",
        "posix_extended" => return Err(failed("Regex type (posix_extended) not yet implemented")),
        other => return Err(failed(format!("Invalid regex type ({other})"))),
    };
    let mut out = String::new();
    for c in value.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(out.into())
}
