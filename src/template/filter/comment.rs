//! `comment`: text as a comment of some language.

use std::collections::HashMap;

use super::super::{Arguments, Filter, TemplateError, arguments::required};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("comment", comment);
}

/// The parts of a comment style.
struct Style {
    beginning: String,
    decoration: String,
    end: String,
    prefix: Option<String>,
}

impl Style {
    fn new(name: &str) -> Option<Self> {
        let (beginning, decoration, end) = match name {
            "plain" => ("", "# ", ""),
            "erlang" => ("", "% ", ""),
            "c" => ("", "// ", ""),
            "cblock" => ("/*", " * ", " */"),
            "xml" => ("<!--", " - ", "-->"),
            _ => return None,
        };
        let own = |text: &str| text.to_owned();
        Some(Self { beginning: own(beginning), decoration: own(decoration), end: own(end), prefix: None })
    }
}

fn comment(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let mut take = |name: &str| arguments.take(name);
    let (decoration, beginning, end) = (take("decoration"), take("beginning"), take("end"));
    let (prefix, postfix, newline) = (take("prefix"), take("postfix"), take("newline"));
    let (prefix_count, postfix_count) = (take("prefix_count"), take("postfix_count"));
    arguments.named.retain(|(name, _)| matches!(&**name, "text" | "style"));
    let [text, style] = arguments.bind(["text", "style"])?;
    let text = required(text, "comment", "text")?;
    let Value::Str(text) = text else {
        let text = format!("'{}' object has no attribute 'replace'", text.type_name());
        return Err(TemplateError::raised("AttributeError", text));
    };
    let style = style.map_or_else(|| "plain".to_owned(), |style| style.to_str());
    let Some(mut style) = Style::new(&style) else {
        return Err(super::failed(format!("Invalid style '{style}'.")));
    };
    let own = |value: Option<Value>| value.map(|value| value.to_str());
    if let Some(decoration) = decoration {
        let Some(decoration) = decoration.as_str() else {
            let text = format!("'{}' object has no attribute 'rstrip'", decoration.type_name());
            return Err(TemplateError::raised("AttributeError", text));
        };
        decoration.clone_into(&mut style.decoration);
    }
    style.beginning = own(beginning).unwrap_or(style.beginning);
    style.end = own(end).unwrap_or(style.end);
    let newline = own(newline).unwrap_or_else(|| "\n".to_owned());
    let bare = || style.decoration.trim_end().to_owned();
    let prefix = own(prefix).or(style.prefix.clone()).unwrap_or_else(bare);
    let postfix = own(postfix).unwrap_or_else(bare);
    let count = |value: Option<Value>| {
        let number = match value {
            None => 1,
            Some(Value::Str(text)) => text.trim().parse().map_err(|_| {
                let text = Value::Str(text).repr();
                TemplateError::value_error(format!("invalid literal for int() with base 10: {text}"))
            })?,
            Some(value) => value.as_f64().map(|number| number as i64).ok_or_else(|| {
                let wanted = "int() argument must be a string, a bytes-like object or a real number";
                TemplateError::type_error(format!("{wanted}, not '{}'", value.type_name()))
            })?,
        };
        Ok::<usize, TemplateError>(number.clamp(0, 1000) as usize)
    };

    let mut out = String::new();
    if !style.beginning.is_empty() {
        out.push_str(&style.beginning);
        out.push_str(&newline);
    }
    let prefix_count = count(prefix_count)?;
    // A prefix that is a line break is one already.
    let prefix = if prefix.is_empty() || prefix == newline { prefix } else { format!("{prefix}{newline}") };
    out.push_str(&prefix.repeat(prefix_count));
    let bare = style.decoration.trim_end();
    let lines: Vec<&str> = text.split(&newline).collect();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push_str(&newline);
        }
        // Blanks go where an empty line follows another, but not at the end.
        let is_last = index + 1 == lines.len();
        out.push_str(if line.is_empty() && !is_last { bare } else { &style.decoration });
        out.push_str(line);
    }
    let postfix_count = count(postfix_count)?;
    out.push_str(&format!("{newline}{postfix}").repeat(postfix_count));
    if !style.end.is_empty() {
        out.push_str(&newline);
        out.push_str(&style.end);
    }
    Ok(out.into())
}
