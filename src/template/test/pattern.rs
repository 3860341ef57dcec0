//! Tests with regular expressions, and on URLs.

use std::collections::HashMap;

use super::super::{
    Arguments, TemplateError, Test,
    arguments::required,
    filter::url::Parts,
    python_regex::{self, Anchor, Flags},
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([
        ("match", (|arguments| matches(arguments, "match")) as Test),
        ("search", |arguments| matches(arguments, "search")),
        ("regex", regex),
        ("url", |arguments| with_url(arguments, |url| !url.netloc.is_empty() || url.scheme == "file")),
        ("uri", |arguments| with_url(arguments, |_| true)),
        ("urn", |arguments| with_url(arguments, |url| url.scheme == "urn")),
    ]);
}

/// Whether text can be taken apart as a URL, has one of the schemes if any are given, and more.
fn with_url(arguments: Arguments<'_>, holds: fn(&Parts<'_>) -> bool) -> Result<bool, TemplateError> {
    let name = arguments.name;
    let [value, schemes] = arguments.bind(["value", "schemes"])?;
    let value = match required(value, name, "value")? {
        Value::None => Value::empty_text(),
        value => value,
    };
    let Some(url) = value.as_str().map(Parts::new) else { return Ok(false) };
    let known = match schemes.filter(|schemes| !schemes.is_none()) {
        Some(schemes) => schemes.iter()?.iter().any(|known| known.as_str() == Some(&url.scheme)),
        None => true,
    };
    Ok(known && url.netloc.contains('[') == url.netloc.contains(']') && holds(&url))
}

fn regex(mut arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let named = arguments.take("match_type");
    let kind = named.or_else(|| (arguments.positional.len() > 4).then(|| arguments.positional.remove(4)));
    match kind.map_or_else(|| "search".to_owned(), |kind| kind.to_str()).as_str() {
        kind @ ("search" | "match" | "fullmatch") => matches(arguments, kind),
        _ => Err(TemplateError::type_error("'str' object is not callable")),
    }
}

/// Whether a pattern is found (`search`), found at the beginning (`match`), or is all of it (`fullmatch`).
fn matches(arguments: Arguments<'_>, kind: &str) -> Result<bool, TemplateError> {
    let name = arguments.name;
    let [value, pattern, ignore_case, multiline] = arguments.bind(["value", "pattern", "ignorecase", "multiline"])?;
    let value = required(value, name, "value")?;
    let text = value.to_str();
    let text = text.as_str();
    let pattern = pattern.unwrap_or_else(Value::empty_text);
    let pattern = python_regex::pattern_text(&pattern)?;
    let flag = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_truthy());
    let anchor = match kind {
        "match" => Anchor::Start,
        "fullmatch" => Anchor::Whole,
        _ => Anchor::Free,
    };
    let flags = Flags { ignore_case: flag(ignore_case), multiline: flag(multiline), anchor };
    python_regex::compile(pattern, flags)?.is_match(text).map_err(|error| python_regex::gave_up(&error))
}
