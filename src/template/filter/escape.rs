//! Filters that make text safe for HTML, shells and attributes.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use fancy_regex::Regex;

use super::super::{Arguments, Filter, TemplateError, arguments::required};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("escape", escape as Filter),
        ("e", escape),
        ("forceescape", escape),
        ("safe", |arguments| Ok(subject(arguments, "safe")?.to_str().into())),
        ("striptags", striptags),
        ("xmlattr", xmlattr),
        ("quote", |arguments| Ok(quote(&subject(arguments, "quote")?).into())),
    ]);
}

fn subject(arguments: Arguments<'_>, name: &str) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["value"])?;
    required(value, name, "value")
}

fn escape(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    Ok(html(&subject(arguments, "escape")?.to_str()).into())
}

/// HTML's special characters as entities.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn striptags(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    static TAGS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)<!--.*?-->|<[^>]*>").expect("a valid pattern"));
    let text = subject(arguments, "striptags")?.to_str();
    let plain = TAGS.replace_all(&text, "");
    let words: Vec<&str> = plain.split_whitespace().collect();
    Ok(htmlize::unescape(words.join(" ")).into_owned().into())
}

fn xmlattr(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, autospace] = arguments.bind(["d", "autospace"])?;
    let value = required(value, "xmlattr", "d")?;
    let Value::Dict(dict) = &value else {
        return Err(TemplateError::type_error(format!("'{}' object has no attribute 'items'", value.type_name())));
    };
    let mut out = String::new();
    for (key, value) in dict.entries() {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let key = key.value().to_str();
        if key.contains([' ', '\t', '\n', '\r', '\x0c', '/', '>', '=']) {
            let text = format!("Invalid character in attribute name: {}", Value::from(key).repr());
            return Err(TemplateError::value_error(text));
        }
        let _ = write!(out, " {}=\"{}\"", html(&key), html(&value.to_str()));
    }
    if autospace.is_some_and(|autospace| !autospace.is_truthy()) {
        return Ok(Value::from(out.trim_start()));
    }
    Ok(out.into())
}

/// A word for a POSIX shell: as it is if nothing in it is special, else in single quotes.
pub(in crate::template) fn quote(value: &Value) -> String {
    if value.is_none() {
        return "''".to_owned();
    }
    let text = value.to_str();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\"'\"'")) }
}
