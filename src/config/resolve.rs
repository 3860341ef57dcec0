//! From the text of a setting to its value.

use std::path::Path;

use crate::{
    source::{Diagnostic, Span},
    value::{List, Value},
};

use super::{Kind, Setting, Surroundings};

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The table.
    Default,
    /// This environment variable.
    Env(&'static str),
    /// This place of the file.
    File(Span),
}

/// Reads `text` as what `setting` is; relative paths begin at `base`. Fails when it is no such thing, or none of
/// the choices.
pub fn value(
    setting: &Setting,
    text: &str,
    origin: &Origin,
    base: &Path,
    around: &Surroundings,
) -> Result<Value, Diagnostic> {
    let wrong = || fault(setting, text, origin, &format!("{} is expected", article(setting.kind)));
    let path = |text: &str| Value::from(around.path(text.trim(), base).to_string_lossy().as_ref());
    let is_default = matches!(origin, Origin::Default);
    let value = match setting.kind {
        Kind::Bool => Value::Bool(Kind::is_true(text)),
        Kind::Int => Value::Int(integer(text).ok_or_else(wrong)?),
        Kind::Float => Value::Float(text.trim().parse().map_err(|_| wrong())?),
        Kind::Text if matches!(origin, Origin::File(_)) => Value::from(unquoted(text)),
        Kind::Text => Value::from(text),
        Kind::Path => path(text),
        Kind::List | Kind::PathList | Kind::PathSpec if is_default && text.is_empty() => Value::List(List::default()),
        Kind::List => Value::List(text.split(',').map(|item| Value::from(item.trim())).collect()),
        Kind::PathList => Value::List(text.split(',').map(path).collect()),
        Kind::PathSpec => Value::List(text.split(':').map(path).collect()),
    };
    let named = match &value {
        Value::List(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let known = |item: &Value| setting.choices.contains(&item.to_str().as_str());
    if !setting.choices.is_empty() && !named.iter().all(known) {
        return Err(fault(setting, text, origin, &format!("it has to be one of: {}", setting.choices.join(", "))));
    }
    Ok(value)
}

fn integer(text: &str) -> Option<i64> {
    let text = text.trim().replace('_', "");
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
    })
}

/// Text without the quotes around it, if it has them on both sides.
fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

fn article(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "an integer",
        Kind::Float => "a number",
        _ => "something else",
    }
}

fn fault(setting: &Setting, text: &str, origin: &Origin, expected: &str) -> Diagnostic {
    let from = match origin {
        Origin::File(span) => span.file.path().display().to_string(),
        Origin::Env(name) => format!("env: {name}"),
        Origin::Default => "default".to_owned(),
    };
    let shown = Value::from(text).repr();
    let message = if setting.choices.is_empty() {
        let kind = if setting.kind == Kind::Int { "integer" } else { "float" };
        let cause = format!("Invalid value provided for '{kind}': {shown}");
        format!("Config '{}' from '{from}' has an invalid value: {cause}", setting.name)
    } else {
        format!("Invalid value {shown} for config '{}'.", setting.name)
    };
    let error = Diagnostic::error(message).help(expected);
    match origin {
        Origin::File(span) => error.at(span),
        Origin::Env(name) if !setting.choices.is_empty() => {
            error.note(format!("it is the environment variable {name}"))
        }
        _ => error,
    }
}
