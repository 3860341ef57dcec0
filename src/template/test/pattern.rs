//! Tests with regular expressions, and on URLs.

use std::collections::HashMap;

use super::super::{
    Arguments, TemplateError, Test,
    arguments::required,
    python_regex::{self, Flags},
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([
        ("match", (|arguments| matches(arguments, "match")) as Test),
        ("search", |arguments| matches(arguments, "search")),
        ("regex", |arguments| matches(arguments, "search")),
        ("url", |arguments| {
            let mut arguments = arguments;
            let schemes = arguments.take("schemes");
            let [value] = arguments.bind(["value"])?;
            let text = required(value, "url", "value")?.to_str();
            let Some((scheme, rest)) = text.split_once("://") else { return Ok(false) };
            let known = match schemes.filter(|schemes| !schemes.is_none()) {
                Some(schemes) => schemes.iter()?.iter().any(|known| known.as_str() == Some(scheme)),
                None => true,
            };
            Ok(known && !scheme.is_empty() && !rest.is_empty() && !rest.starts_with('/'))
        }),
        ("uri", |arguments| {
            let [value, _schemes] = arguments.bind(["value", "schemes"])?;
            let text = required(value, "uri", "value")?.to_str();
            Ok(text.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty()))
        }),
        ("urn", |arguments| {
            let [value] = arguments.bind(["value"])?;
            Ok(required(value, "urn", "value")?.to_str().starts_with("urn:"))
        }),
    ]);
}

fn matches(arguments: Arguments<'_>, default: &str) -> Result<bool, TemplateError> {
    let [value, pattern, ignore_case, multiline, kind] =
        arguments.bind(["value", "pattern", "ignorecase", "multiline", "match_type"])?;
    let value = required(value, default, "value")?;
    let text = value.to_str();
    let text = text.as_str();
    let pattern = pattern.map(|pattern| pattern.to_str()).unwrap_or_default();
    let flag = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_truthy());
    let flags = Flags { ignore_case: flag(ignore_case), multiline: flag(multiline) };
    let kind = kind.map_or_else(|| default.to_owned(), |kind| kind.to_str());
    let regex = python_regex::compile(&pattern, flags)?;
    let gave_up = |error| python_regex::gave_up(&error);
    match kind.as_str() {
        "search" => regex.is_match(text).map_err(gave_up),
        kind => {
            let anchored =
                if kind == "fullmatch" { format!("\\A(?:{pattern})\\Z") } else { format!("\\A(?:{pattern})") };
            python_regex::compile(&anchored, flags)?.is_match(text).map_err(gave_up)
        }
    }
}
