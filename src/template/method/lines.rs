//! Text in lines, parts and columns.

use super::{
    super::{
        Arguments, TemplateError,
        arguments::{integer, required, text, text_or},
    },
    text::is_blank,
};
use crate::value::{Str, Value};

/// Text with blanks instead of tabs.
pub(super) fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let blanks = size - column % size;
                out.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

/// Text filled up to a width.
pub(super) fn pad(s: &str, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    match name {
        "center" | "ljust" | "rjust" => {
            let [width, fill] = arguments.bind(["width", "fillchar"])?;
            let width = integer(&required(width, name, "width")?)?.clamp(0, 1 << 20) as usize;
            let fill = fill.map_or_else(|| Ok(Str::from(" ")), |fill| text(&fill))?;
            if fill.chars().count() != 1 {
                return Err(TemplateError::type_error("The fill character must be exactly one character long"));
            }
            let length = s.chars().count();
            let missing = width.saturating_sub(length);
            let left = match name {
                "center" => missing / 2 + (missing & width & 1),
                "ljust" => 0,
                _ => missing,
            };
            Ok(format!("{}{s}{}", fill.repeat(left), fill.repeat(missing - left)).into())
        }
        _ => {
            let [width] = arguments.bind(["width"])?;
            let width = integer(&required(width, name, "width")?)?.clamp(0, 1 << 20) as usize;
            let zeros = "0".repeat(width.saturating_sub(s.chars().count()));
            let sign = usize::from(s.starts_with(['+', '-']));
            Ok(format!("{}{zeros}{}", &s[..sign], &s[sign..]).into())
        }
    }
}

/// `split` and `rsplit`.
pub(super) fn split(subject: &str, from_end: bool, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [separator, limit] = arguments.bind(["sep", "maxsplit"])?;
    let limit = usize::try_from(limit.as_ref().map_or(Ok(-1), integer)?).unwrap_or(usize::MAX);
    let parts: Vec<&str> = match separator {
        None | Some(Value::None) => split_blanks(subject, limit, from_end),
        Some(separator) => {
            let separator = text_or(&separator, "must be str or None")?;
            if separator.is_empty() {
                return Err(TemplateError::value_error("empty separator"));
            }
            if from_end {
                let mut parts: Vec<&str> = subject.rsplitn(limit.saturating_add(1), &*separator).collect();
                parts.reverse();
                parts
            } else {
                subject.splitn(limit.saturating_add(1), &*separator).collect()
            }
        }
    };
    Ok(parts.into_iter().map(Value::from).collect())
}

fn split_blanks(subject: &str, limit: usize, from_end: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = if from_end { subject.trim_end_matches(is_blank) } else { subject.trim_start_matches(is_blank) };
    while !rest.is_empty() {
        if parts.len() == limit {
            parts.push(rest);
            break;
        }
        let (part, remaining) = if from_end {
            let at = rest.rfind(is_blank).map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
            (&rest[at..], rest[..at].trim_end_matches(is_blank))
        } else {
            let at = rest.find(is_blank).unwrap_or(rest.len());
            (&rest[..at], rest[at..].trim_start_matches(is_blank))
        };
        parts.push(part);
        rest = remaining;
    }
    if from_end {
        parts.reverse();
    }
    parts
}
