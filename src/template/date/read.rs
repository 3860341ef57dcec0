//! Texts read as dates: YAML's, ISO 8601's, and those of a format.

use jiff::{
    civil::{DateTime, Time},
    tz::Offset,
};

use super::{super::TemplateError, Date, Form};
use crate::value::Value;

impl Date {
    /// Reads what stands in a file: what ISO 8601 calls a date, a time, or both with or without an offset.
    pub fn read(text: &str) -> Option<Self> {
        let Some((day, clock)) = text.split_once('T') else {
            return if text.contains(':') {
                let at = DateTime::from_parts(DateTime::ZERO.date(), text.parse().ok()?);
                Some(Self { at, is_written: true, ..Self::clock() })
            } else {
                let day: jiff::civil::Date = text.parse().ok()?;
                Some(Self { at: day.to_datetime(Time::midnight()), form: Form::Day, offset: None, is_written: true })
            };
        };
        let (clock, offset) = match clock.find(['+', '-']) {
            Some(at) => (&clock[..at], Some(offset(&clock[at..])?)),
            None => (clock, None),
        };
        let at = DateTime::from_parts(day.parse().ok()?, clock.parse().ok()?);
        Some(Self { at, form: Form::Moment, offset, is_written: true })
    }
}

/// A day, and a time with or without an offset behind any letter, as `fromisoformat` reads them.
pub(super) fn iso(text: &str) -> Option<(jiff::civil::Date, Option<Time>, Option<Offset>)> {
    let length = if text.as_bytes().get(4) == Some(&b'-') { 10 } else { 8 };
    let day = text.get(..length)?.parse().ok()?;
    let mut rest = text[length..].chars();
    if rest.next().is_none() {
        return Some((day, None, None));
    }
    let rest = rest.as_str();
    let (clock, offset) = match rest.find(['+', '-', 'Z']) {
        Some(at) if &rest[at..] == "Z" => (&rest[..at], Some(Offset::UTC)),
        Some(at) => (&rest[..at], Some(offset(&rest[at..])?)),
        None => (rest, None),
    };
    Some((day, Some(clock.parse().ok()?), offset))
}

/// `+HH:MM`.
pub(super) fn offset(text: &str) -> Option<Offset> {
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number =
        |digits: &str, end: i32| digits.parse().ok().filter(|number| digits.len() == 2 && (0..end).contains(number));
    let seconds = number(hours, 24)? * 3600 + number(minutes, 60)? * 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

/// A text in the form that `strptime` would read.
pub(in crate::template) fn with_format(text: &Value, format: &Value) -> Result<Date, TemplateError> {
    let checked = |value: &Value, place: u8| match value {
        Value::Str(text) => Ok(text.clone()),
        other => {
            let found = if other.is_none() { "None" } else { other.type_name() };
            Err(TemplateError::type_error(format!("strptime() argument {place} must be str, not {found}")))
        }
    };
    let (text, format) = (checked(text, 1)?, checked(format, 2)?);
    // Python's `%z` takes a `Z` for UTC.
    let read = match text.strip_suffix('Z').filter(|_| format.ends_with("%z")) {
        Some(rest) => format!("{rest}+0000"),
        None => text.to_string(),
    };
    let parsed = jiff::fmt::strtime::parse(&*format, &read).map_err(|_| {
        let (text, format) = (Value::Str(text.clone()).repr(), Value::Str(format.clone()).repr());
        TemplateError::value_error(format!("time data {text} does not match format {format}"))
    })?;
    let date = parsed.to_date().map_err(|error| TemplateError::value_error(error.to_string()))?;
    let time = parsed.to_time().unwrap_or_default();
    Ok(Date::with_offset(date.to_datetime(time), parsed.offset()))
}
