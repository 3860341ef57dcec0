//! Dates: `strftime` and `to_datetime`.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required, date::with_format},
    failed, flag,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("strftime", strftime as Filter), ("to_datetime", to_datetime)]);
}

/// The format of a date, which is text.
pub(in crate::template) fn time_format(format: &Value) -> Result<String, TemplateError> {
    match format {
        Value::Str(text) => Ok(text.to_string()),
        other => {
            let found = if other.is_none() { "None" } else { other.type_name() };
            Err(TemplateError::type_error(format!("strftime() argument 1 must be str, not {found}")))
        }
    }
}

fn strftime(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [format, second, utc] = arguments.bind(["string_format", "second", "utc"])?;
    let format = time_format(&required(format, "strftime", "string_format")?)?;
    let zone = if flag(utc.as_ref()) { TimeZone::UTC } else { TimeZone::system() };
    let time = match second {
        None | Some(Value::None) => Timestamp::now(),
        Some(second) => {
            let number = match &second {
                Value::Str(text) => text.trim().parse().ok(),
                other => other.as_f64(),
            };
            let second =
                number.ok_or_else(|| failed(format!("Invalid value for epoch value ({})", second.to_str())).apart())?;
            Timestamp::from_microsecond((second * 1e6) as i64).map_err(|error| failed(error.to_string()))?
        }
    };
    let zone_name = flag(utc.as_ref()).then_some("GMT");
    jiff::fmt::strtime::format(c_locale(&format, zone_name), &time.to_zoned(zone))
        .map(Value::from)
        .map_err(|error| failed(format!("cannot format the time: {error}")))
}

/// A format whose directives mean what they mean in the C locale; those that it does not have are plain text.
fn c_locale(format: &str, zone: Option<&str>) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(directive) = rest.chars().next() else {
            out.push_str("%%");
            break;
        };
        rest = &rest[directive.len_utf8()..];
        // Other forms of a locale, which the C locale does not have.
        let directive = match (directive, rest.chars().next()) {
            ('E', Some(plain)) if "cCxXyY".contains(plain) => {
                rest = &rest[1..];
                plain
            }
            ('O', Some(plain)) if "bBdeHhImMSuUVwWy".contains(plain) => {
                rest = &rest[1..];
                plain
            }
            _ => directive,
        };
        match (directive, zone) {
            ('c', _) => out.push_str("%a %b %e %H:%M:%S %Y"),
            ('x', _) => out.push_str("%m/%d/%y"),
            ('X', _) => out.push_str("%H:%M:%S"),
            ('r', _) => out.push_str("%I:%M:%S %p"),
            ('Z', Some(zone)) => out.push_str(zone),
            ('#', _) if rest.starts_with(['a', 'A', 'b', 'B', 'h']) => out.push_str("%^"),
            ('E' | 'O' | 'f' | 'Q' | 'N' | 'i' | 'J' | 'K' | 'L' | 'o' | 'q' | 'v' | '.', _) => {
                out.push_str("%%");
                out.push(directive);
            }
            _ => {
                out.push('%');
                out.push(directive);
            }
        }
    }
    out.push_str(rest);
    out
}

fn to_datetime(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [text, format] = arguments.bind(["string", "format"])?;
    let text = required(text, "to_datetime", "string")?;
    let format = format.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".into());
    Ok(Value::object(with_format(&text, &format)?))
}
