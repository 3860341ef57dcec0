//! Filters that make text safe for HTML, shells and attributes.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use fancy_regex::Regex;

use super::super::{
    Arguments, Filter, TemplateError,
    arguments::{integer, required},
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("escape", escape as Filter),
        ("e", escape),
        ("forceescape", escape),
        ("safe", |arguments| Ok(subject(arguments, "safe")?.to_str().into())),
        ("striptags", striptags),
        ("xmlattr", xmlattr),
        ("urlize", urlize),
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
fn html(text: &str) -> String {
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
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Ok(entities.iter().fold(words.join(" "), |text, (entity, c)| text.replace(entity, c)).into())
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

fn urlize(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, limit, nofollow, target, rel, _schemes] =
        arguments.bind(["value", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"])?;
    let text = required(value, "urlize", "value")?.to_str();
    let limit = match limit {
        None | Some(Value::None) => usize::MAX,
        Some(limit) => integer(&limit)?.max(0) as usize,
    };
    let mut relations: Vec<String> = rel
        .filter(|rel| !rel.is_none())
        .map(|rel| rel.to_str())
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if nofollow.is_some_and(|nofollow| nofollow.is_truthy()) {
        relations.push("nofollow".to_owned());
    }
    relations.push("noopener".to_owned());
    relations.sort();
    relations.dedup();
    let target = target
        .filter(|target| !target.is_none())
        .map_or(String::new(), |target| format!(" target=\"{}\"", html(&target.to_str())));
    let mut out = String::new();
    for word in html(&text).split_inclusive(char::is_whitespace) {
        let core = word.trim_end();
        let blank = &word[core.len()..];
        let head_length = core.len() - core.trim_start_matches(['(', '<']).len();
        let (head, rest) = core.split_at(head_length);
        let middle = rest.trim_end_matches([')', '>', '.', ',', '\n']);
        let tail = &rest[middle.len()..];
        let shown = if middle.chars().count() > limit {
            middle.chars().take(limit).collect::<String>() + "..."
        } else {
            middle.to_owned()
        };
        let rel = relations.join(" ");
        let rest = middle.strip_prefix("http://").or_else(|| middle.strip_prefix("https://"));
        let is_url = rest.is_some_and(|rest| {
            let host = rest.split(['/', ':', '?', '#']).next().unwrap_or("");
            let last = host.rsplit('.').next().unwrap_or("");
            last.len() >= 2 && (last.chars().all(char::is_alphabetic) || host.split('.').count() == 4)
        });
        let link = if is_url && middle.len() > 8 {
            format!("<a href=\"{middle}\" rel=\"{rel}\"{target}>{shown}</a>")
        } else if middle.starts_with("www.") && middle.len() > 4 {
            format!("<a href=\"https://{middle}\" rel=\"{rel}\"{target}>{shown}</a>")
        } else if middle.contains('@') && !middle.starts_with('@') && middle.rsplit('@').next().is_some_and(is_domain) {
            format!("<a href=\"mailto:{middle}\">{middle}</a>")
        } else {
            middle.to_owned()
        };
        out.push_str(head);
        out.push_str(&link);
        out.push_str(tail);
        out.push_str(blank);
    }
    Ok(out.into())
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && !text.ends_with('.') && text.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c))
}
