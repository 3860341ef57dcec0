//! Dates: `strftime`, `to_datetime`, and the values they make.

use std::{collections::HashMap, fmt};

use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed, flag,
};
use crate::value::{Object, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("strftime", strftime as Filter), ("to_datetime", to_datetime)]);
}

fn strftime(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [format, second, utc] = arguments.bind(["string_format", "second", "utc"])?;
    let format = required(format, "strftime", "string_format")?.to_str();
    let zone = if flag(utc.as_ref()) { TimeZone::UTC } else { TimeZone::system() };
    let time = match second {
        None | Some(Value::None) => Timestamp::now(),
        Some(second) => {
            let number = match &second {
                Value::Str(text) => text.trim().parse().ok(),
                other => other.as_f64(),
            };
            let second =
                number.ok_or_else(|| failed(format!("Invalid value for epoch value ({})", second.to_str())))?;
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
    let text = required(text, "to_datetime", "string")?.to_str();
    let format = format.map_or_else(|| "%Y-%m-%d %H:%M:%S".to_owned(), |format| format.to_str());
    let parsed = jiff::fmt::strtime::parse(&format, &text).map_err(|_| {
        let (text, format) = (Value::from(text.as_str()).repr(), Value::from(format.as_str()).repr());
        TemplateError::value_error(format!("time data {text} does not match format {format}"))
    })?;
    let date = parsed.to_date().map_err(|error| TemplateError::value_error(error.to_string()))?;
    let time = parsed.to_time().unwrap_or_default();
    Ok(Value::object(Date(date.to_datetime(time))))
}

/// A date and time without a zone, as Python's `datetime`.
#[derive(Clone, PartialEq)]
pub(in crate::template) struct Date(pub DateTime);

impl Date {
    fn epoch(&self) -> f64 {
        let zoned = self.0.to_zoned(TimeZone::system());
        zoned.map_or(0.0, |zoned| zoned.timestamp().as_microsecond() as f64 / 1e6)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Object for Date {
    fn type_name(&self) -> &'static str {
        "datetime"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let number = |number: i64| Ok(Some(Value::Int(number)));
        match name {
            "year" => number(self.0.year().into()),
            "month" => number(self.0.month().into()),
            "day" => number(self.0.day().into()),
            "hour" => number(self.0.hour().into()),
            "minute" => number(self.0.minute().into()),
            "second" => number(self.0.second().into()),
            "microsecond" => number(i64::from(self.0.subsec_nanosecond()) / 1000),
            "strftime" | "isoformat" | "timestamp" | "weekday" | "isoweekday" | "date" => {
                Ok(Some(Value::object(DateMethod { date: self.clone(), name: name.to_owned() })))
            }
            _ => Ok(None),
        }
    }

    fn subtract(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        if let Some(other) = other.downcast_ref::<Self>() {
            let duration = self.0.duration_since(other.0);
            return Ok(Some(Value::object(Delta { microseconds: duration.as_micros() as i64 })));
        }
        Ok(match other.downcast_ref::<Delta>() {
            Some(delta) => self.shifted(-delta.microseconds),
            None => None,
        })
    }

    fn add(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        Ok(other.downcast_ref::<Delta>().and_then(|delta| self.shifted(delta.microseconds)))
    }

    fn repr(&self) -> String {
        let date = &self.0;
        let mut parts = vec![
            i64::from(date.year()),
            date.month().into(),
            date.day().into(),
            date.hour().into(),
            date.minute().into(),
        ];
        let micros = i64::from(date.subsec_nanosecond()) / 1000;
        if date.second() != 0 || micros != 0 {
            parts.push(date.second().into());
        }
        if micros != 0 {
            parts.push(micros);
        }
        let parts: Vec<String> = parts.iter().map(i64::to_string).collect();
        format!("datetime.datetime({})", parts.join(", "))
    }

    fn text(&self) -> String {
        iso(&self.0, ' ')
    }

    fn equals(&self, other: &Value) -> bool {
        matches!(other, Value::Object(other) if other.downcast_ref::<Self>() == Some(self))
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(iso(&self.0, 'T').into())
    }
}

impl Date {
    fn shifted(&self, microseconds: i64) -> Option<Value> {
        let span = Span::new().try_microseconds(microseconds).ok()?;
        Some(Value::object(Self(self.0.checked_add(span).ok()?)))
    }
}

fn iso(date: &DateTime, between: char) -> String {
    let micros = date.subsec_nanosecond() / 1000;
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!(
        "{:04}-{:02}-{:02}{between}{:02}:{:02}:{:02}{fraction}",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute(),
        date.second()
    )
}

/// A method of a date.
#[derive(Debug)]
struct DateMethod {
    date: Date,
    name: String,
}

impl Object for DateMethod {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let [argument] = arguments.bind(["format"])?;
        let date = self.date.0;
        let weekday = date.weekday();
        Ok(match self.name.as_str() {
            "strftime" => {
                let format = required(argument, "strftime", "format")?.to_str();
                let zoned = date.to_zoned(TimeZone::UTC).map_err(|error| failed(error.to_string()))?;
                jiff::fmt::strtime::format(&format, &zoned).map_err(|error| failed(error.to_string()))?.into()
            }
            "isoformat" => {
                iso(&date, argument.and_then(|between| between.to_str().chars().next()).unwrap_or('T')).into()
            }
            "timestamp" => Value::Float(self.date.epoch()),
            "weekday" => Value::Int(weekday.to_monday_zero_offset().into()),
            "isoweekday" => Value::Int(weekday.to_monday_one_offset().into()),
            _ => format!("{}", date.date()).into(),
        })
    }
}

/// The time between two dates, as Python's `timedelta`.
#[derive(Debug, Clone, PartialEq)]
struct Delta {
    microseconds: i64,
}

impl Delta {
    const DAY: i64 = 86_400_000_000;
}

impl Object for Delta {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let rest = self.microseconds.rem_euclid(Self::DAY);
        Ok(match name {
            "days" => Some(Value::Int(self.microseconds.div_euclid(Self::DAY))),
            "seconds" => Some(Value::Int(rest / 1_000_000)),
            "microseconds" => Some(Value::Int(rest % 1_000_000)),
            "total_seconds" => Some(Value::object(TotalSeconds(self.microseconds as f64 / 1e6))),
            _ => None,
        })
    }

    fn repr(&self) -> String {
        let days = self.microseconds.div_euclid(Self::DAY);
        let seconds = self.microseconds.rem_euclid(Self::DAY) / 1_000_000;
        format!("datetime.timedelta(days={days}, seconds={seconds})")
    }

    fn text(&self) -> String {
        let days = self.microseconds.div_euclid(Self::DAY);
        let rest = self.microseconds.rem_euclid(Self::DAY);
        let seconds = rest / 1_000_000;
        let micros = rest % 1_000_000;
        let days = match days {
            0 => String::new(),
            1 | -1 => format!("{days} day, "),
            _ => format!("{days} days, "),
        };
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        format!("{days}{}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    fn equals(&self, other: &Value) -> bool {
        matches!(other, Value::Object(other) if other.downcast_ref::<Self>() == Some(self))
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.text().into())
    }
}

/// `timedelta.total_seconds`.
#[derive(Debug)]
struct TotalSeconds(f64);

impl Object for TotalSeconds {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let [] = arguments.bind([])?;
        Ok(Value::Float(self.0))
    }
}
