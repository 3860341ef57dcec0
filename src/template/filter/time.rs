//! Dates: `strftime`, `to_datetime`, and the values they make.

use std::{collections::HashMap, fmt};

use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
    },
    failed, flag,
};
use crate::value::{Object, Value};

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
    let text = required(text, "to_datetime", "string")?;
    let Value::Str(text) = &text else {
        let found = if text.is_none() { "None" } else { text.type_name() };
        return Err(TemplateError::type_error(format!("strptime() argument 1 must be str, not {found}")));
    };
    let format = match format {
        None => "%Y-%m-%d %H:%M:%S".to_owned(),
        Some(Value::Str(format)) => format.to_string(),
        Some(other) => {
            let found = if other.is_none() { "None" } else { other.type_name() };
            return Err(TemplateError::type_error(format!("strptime() argument 2 must be str, not {found}")));
        }
    };
    let parsed = jiff::fmt::strtime::parse(&format, &**text).map_err(|_| {
        let (text, format) = (Value::Str(text.clone()).repr(), Value::from(format.as_str()).repr());
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
            "tzinfo" => Ok(Some(Value::None)),
            "strftime" | "isoformat" | "timestamp" | "weekday" | "isoweekday" | "date" | "time" | "replace"
            | "utcoffset" | "tzname" | "dst" | "timetuple" | "isocalendar" | "ctime" | "toordinal" => {
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

    fn format(&self, spec: &str) -> Option<Result<String, TemplateError>> {
        let zoned = self.0.to_zoned(TimeZone::UTC).ok()?;
        Some(jiff::fmt::strtime::format(spec, &zoned).map_err(|error| failed(error.to_string())))
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
        let date = self.date.0;
        if self.name == "replace" {
            return replace(date, arguments);
        }
        let [argument] = arguments.bind(["format"])?;
        let weekday = date.weekday();
        let number = |number: i64| Value::Int(number);
        let shown = |format: &str| -> Result<Value, TemplateError> {
            let zoned = date.to_zoned(TimeZone::UTC).map_err(|error| failed(error.to_string()))?;
            Ok(jiff::fmt::strtime::format(format, &zoned).map_err(|error| failed(error.to_string()))?.into())
        };
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
            "time" => Value::from(&iso(&date, 'T')[11..]),
            "utcoffset" | "tzname" | "dst" => Value::None,
            "ctime" => shown("%a %b %e %H:%M:%S %Y")?,
            "isocalendar" => {
                let week = date.date().iso_week_date();
                let numbers = [week.year().into(), week.week().into(), week.weekday().to_monday_one_offset().into()];
                Value::Tuple(numbers.map(number).into())
            }
            "toordinal" => {
                let first = jiff::civil::date(1, 1, 1);
                let days = (date.date() - first).get_days();
                Value::Int(i64::from(days) + 1)
            }
            "timetuple" => Value::object(TimeTuple(self.date.clone())),
            "weekday" => Value::Int(weekday.to_monday_zero_offset().into()),
            "isoweekday" => Value::Int(weekday.to_monday_one_offset().into()),
            _ => format!("{}", date.date()).into(),
        })
    }
}

/// `datetime.replace(…)`.
fn replace(date: DateTime, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let fields = arguments.bind(["year", "month", "day", "hour", "minute", "second", "microsecond"])?;
    let mut with = date.with();
    for (field, value) in fields.iter().enumerate() {
        let Some(value) = value else { continue };
        let number = integer(value)?;
        let small = i8::try_from(number).unwrap_or(-1);
        with = match field {
            0 => with.year(i16::try_from(number).unwrap_or(i16::MIN)),
            1 => with.month(small),
            2 => with.day(small),
            3 => with.hour(small),
            4 => with.minute(small),
            5 => with.second(small),
            _ => with.subsec_nanosecond(i32::try_from(number.saturating_mul(1000)).unwrap_or(-1)),
        };
    }
    let replaced = with.build().map_err(|error| TemplateError::value_error(error.to_string()))?;
    Ok(Value::object(Date(replaced)))
}

/// `datetime.timetuple()`.
#[derive(Debug)]
struct TimeTuple(Date);

impl Object for TimeTuple {
    fn type_name(&self) -> &'static str {
        "struct_time"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let date = &self.0.0;
        Ok(Some(Value::Int(match name {
            "tm_year" => date.year().into(),
            "tm_mon" => date.month().into(),
            "tm_mday" => date.day().into(),
            "tm_hour" => date.hour().into(),
            "tm_min" => date.minute().into(),
            "tm_sec" => date.second().into(),
            "tm_wday" => date.weekday().to_monday_zero_offset().into(),
            "tm_yday" => date.day_of_year().into(),
            "tm_isdst" => -1,
            _ => return Ok(None),
        })))
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

    fn multiply(&self, other: &Value) -> Option<Value> {
        let microseconds = match other {
            Value::Float(factor) => (self.microseconds as f64 * factor).round_ties_even() as i64,
            other => self.microseconds.checked_mul(other.as_i64()?)?,
        };
        Some(Value::object(Self { microseconds }))
    }

    fn divide(&self, other: &Value) -> Option<Value> {
        if let Value::Object(other) = other {
            let other = other.downcast_ref::<Self>().filter(|other| other.microseconds != 0)?;
            return Some(Value::Float(self.microseconds as f64 / other.microseconds as f64));
        }
        let divisor = other.as_f64().filter(|divisor| *divisor != 0.0)?;
        let microseconds = (self.microseconds as f64 / divisor).round_ties_even() as i64;
        Some(Value::object(Self { microseconds }))
    }

    fn add(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        if let Some(date) = other.downcast_ref::<Date>() {
            return Ok(date.shifted(self.microseconds));
        }
        let sum = other.downcast_ref::<Self>().and_then(|other| self.microseconds.checked_add(other.microseconds));
        Ok(sum.map(|microseconds| Value::object(Self { microseconds })))
    }

    fn subtract(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        let rest = other.downcast_ref::<Self>().and_then(|other| self.microseconds.checked_sub(other.microseconds));
        Ok(rest.map(|microseconds| Value::object(Self { microseconds })))
    }

    fn order(&self, other: &dyn Object) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.microseconds.cmp(&other.microseconds))
    }

    fn is_true(&self) -> bool {
        self.microseconds != 0
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
