//! Filters on URLs.

use std::{collections::HashMap, fmt::Write as _};

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("urlencode", urlencode as Filter), ("urldecode", urldecode), ("urlsplit", urlsplit)]);
}

/// Percent-encoding as Python's `quote`; in a query a space becomes `+` and nothing else is safe.
fn encode(text: &str, query: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            b'/' if !query => out.push('/'),
            b' ' if query => out.push('+'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn urlencode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["value"])?;
    let value = required(value, "urlencode", "value")?;
    let pairs: Vec<(Value, Value)> = match &value {
        Value::Dict(dict) => dict.entries().into_iter().map(|(key, value)| (key.value().clone(), value)).collect(),
        Value::List(_) | Value::Tuple(_) => value.iter()?.iter().map(pair).collect::<Result<_, TemplateError>>()?,
        other => return Ok(encode(&other.to_str(), false).into()),
    };
    let parts: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{}={}", encode(&key.to_str(), true), encode(&value.to_str(), true)))
        .collect();
    Ok(parts.join("&").into())
}

/// A name and its value, as Python unpacks them.
fn pair(value: &Value) -> Result<(Value, Value), TemplateError> {
    if let Some(missing) = value.missing() {
        return Err(TemplateError::undefined(missing));
    }
    let kind = value.type_name();
    let items =
        value.iter().map_err(|_| TemplateError::type_error(format!("cannot unpack non-iterable {kind} object")))?;
    match &items[..] {
        [key, value] => Ok((key.clone(), value.clone())),
        [] | [_] => {
            let text = format!("not enough values to unpack (expected 2, got {})", items.len());
            Err(TemplateError::value_error(text))
        }
        _ => Err(TemplateError::value_error("too many values to unpack (expected 2)")),
    }
}

fn urldecode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["string"])?;
    let text = only_text(required(value, "urldecode", "string")?)?.replace('+', " ");
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned().into())
}

/// Text, or Python's error for a value that is none.
fn only_text(value: Value) -> Result<String, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        other => {
            let text = format!("'{}' object has no attribute 'replace'", other.type_name());
            Err(TemplateError::raised("AttributeError", text))
        }
    }
}

/// A URL's parts as Python's `urlsplit` takes them apart.
pub(in crate::template) struct Parts<'u> {
    pub(in crate::template) scheme: String,
    pub(in crate::template) netloc: &'u str,
    path: &'u str,
    query: &'u str,
    fragment: &'u str,
}

impl<'u> Parts<'u> {
    pub(in crate::template) fn new(url: &'u str) -> Self {
        let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_scheme = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, after)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), after),
            _ => (String::new(), rest),
        };
        let (netloc, path) = match rest.strip_prefix("//") {
            Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
            None => ("", rest),
        };
        Self { scheme, netloc, path, query, fragment }
    }
}

fn urlsplit(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, query] = arguments.bind(["value", "query"])?;
    let url = only_text(required(value, "urlsplit", "value")?)?;
    let Parts { scheme, netloc, path, query: search, fragment } = Parts::new(&url);
    let (user_info, host) = netloc.rsplit_once('@').map_or((None, netloc), |(user, host)| (Some(user), host));
    let (host, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        None => Value::None,
        Some(port) => Value::Int(port.parse::<u16>().map(i64::from).map_err(|_| {
            TemplateError::value_error(format!(
                "Port could not be cast to integer value as {}",
                Value::from(port).repr()
            ))
        })?),
    };
    let text = |text: &str| Value::from(text);
    let (user, password) = match user_info.map(|user| user.split_once(':').map_or((user, None), |(u, p)| (u, Some(p))))
    {
        Some((user, password)) => (text(user), Value::from(password)),
        None => (Value::None, Value::None),
    };
    let parts = Dict::new();
    parts.insert("fragment", text(fragment));
    parts.insert("hostname", if host.is_empty() { Value::None } else { host.to_lowercase().into() });
    parts.insert("netloc", text(netloc));
    parts.insert("password", password);
    parts.insert("path", text(path));
    parts.insert("port", port);
    parts.insert("query", text(search));
    parts.insert("scheme", scheme);
    parts.insert("username", user);
    match query.filter(Value::is_truthy) {
        None => Ok(Value::Dict(parts)),
        Some(query) => {
            let query = query.to_str();
            parts.get(&query).ok_or_else(|| failed(format!("urlsplit: unknown URL component: {query}")))
        }
    }
}
