//! Dates, times and what lies between them, as Python's `datetime` has them.

use std::{cmp::Ordering, fmt};

use jiff::{
    Span, Timestamp,
    civil::{DateTime, Time},
    tz::{Offset, TimeZone},
};

use super::{
    Arguments, TemplateError,
    arguments::{integer, required},
};
use crate::value::{Object, Value};

/// Which of Python's types a [`Date`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `datetime`.
    Moment,
    /// `date`.
    Day,
    /// `time`.
    Clock,
}

/// A `datetime`, `date` or `time`.
#[derive(Clone, PartialEq)]
pub(super) struct Date {
    at: DateTime,
    form: Form,
    /// How far the clock is ahead of UTC, where that is known.
    offset: Option<Offset>,
}

impl Date {
    /// A moment without a zone.
    pub const fn new(at: DateTime) -> Self {
        Self { at, form: Form::Moment, offset: None }
    }

    /// A moment, and how far its clock is ahead of UTC.
    pub const fn with_offset(at: DateTime, offset: Option<Offset>) -> Self {
        Self { at, form: Form::Moment, offset }
    }

    /// Reads what ISO 8601 calls a date, a time, or both with or without an offset.
    pub fn read(text: &str) -> Option<Self> {
        let Some((day, clock)) = text.split_once('T') else {
            return if text.contains(':') {
                Some(Self { at: DateTime::from_parts(DateTime::ZERO.date(), text.parse().ok()?), ..Self::clock() })
            } else {
                let day: jiff::civil::Date = text.parse().ok()?;
                Some(Self { at: day.to_datetime(Time::midnight()), form: Form::Day, offset: None })
            };
        };
        let (clock, offset) = match clock.find(['+', '-']) {
            Some(at) => (&clock[..at], Some(read_offset(&clock[at..])?)),
            None => (clock, None),
        };
        let at = DateTime::from_parts(day.parse().ok()?, clock.parse().ok()?);
        Some(Self { at, form: Form::Moment, offset })
    }

    const fn clock() -> Self {
        Self { at: DateTime::ZERO, form: Form::Clock, offset: None }
    }

    fn zone(&self) -> TimeZone {
        self.offset.map_or(TimeZone::UTC, TimeZone::fixed)
    }

    fn epoch(&self) -> f64 {
        let zone = if self.offset.is_some() { self.zone() } else { TimeZone::system() };
        self.at.to_zoned(zone).map_or(0.0, |zoned| zoned.timestamp().as_microsecond() as f64 / 1e6)
    }

    fn instant(&self) -> Option<Timestamp> {
        Some(self.at.to_zoned(self.zone()).ok()?.timestamp())
    }

    /// Whether Python compares and subtracts the two.
    fn is_like(&self, other: &Self) -> bool {
        self.form == other.form && self.offset.is_some() == other.offset.is_some()
    }

    fn shifted(&self, microseconds: i64) -> Option<Value> {
        let microseconds = match self.form {
            Form::Moment => microseconds,
            Form::Day => microseconds.div_euclid(Delta::DAY).checked_mul(Delta::DAY)?,
            Form::Clock => return None,
        };
        let span = Span::new().try_microseconds(microseconds).ok()?;
        Some(Value::object(Self { at: self.at.checked_add(span).ok()?, ..self.clone() }))
    }

    /// As ISO 8601 writes it, with `between` in place of its `T`.
    pub fn iso(&self, between: char) -> String {
        let (at, micros) = (&self.at, self.at.subsec_nanosecond() / 1000);
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        let clock = format!("{:02}:{:02}:{:02}{fraction}", at.hour(), at.minute(), at.second());
        match self.form {
            Form::Day => at.date().to_string(),
            Form::Clock => clock,
            Form::Moment => {
                let offset = self.offset.map(|offset| offset_text(offset, ":")).unwrap_or_default();
                format!("{}{between}{clock}{offset}", at.date())
            }
        }
    }

    fn formatted(&self, format: &str) -> Result<String, TemplateError> {
        let zoned = self.at.to_zoned(self.zone()).map_err(|error| TemplateError::value_error(error.to_string()))?;
        jiff::fmt::strtime::format(format, &zoned).map_err(|error| TemplateError::value_error(error.to_string()))
    }

    fn has_method(&self, name: &str) -> bool {
        let of_clock = matches!(name, "strftime" | "isoformat" | "replace" | "utcoffset" | "tzname" | "dst");
        let of_day = matches!(name, "weekday" | "isoweekday" | "timetuple" | "isocalendar" | "ctime" | "toordinal");
        match self.form {
            Form::Clock => of_clock,
            Form::Day => of_day || matches!(name, "strftime" | "isoformat" | "replace"),
            Form::Moment => of_clock || of_day || matches!(name, "date" | "time" | "timestamp"),
        }
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Object for Date {
    fn type_name(&self) -> &'static str {
        match self.form {
            Form::Moment => "datetime",
            Form::Day => "date",
            Form::Clock => "time",
        }
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let at = &self.at;
        let number = match name {
            "year" | "month" | "day" if self.form == Form::Clock => None,
            "hour" | "minute" | "second" | "microsecond" | "tzinfo" if self.form == Form::Day => None,
            "year" => Some(at.year().into()),
            "month" => Some(at.month().into()),
            "day" => Some(at.day().into()),
            "hour" => Some(at.hour().into()),
            "minute" => Some(at.minute().into()),
            "second" => Some(at.second().into()),
            "microsecond" => Some(i64::from(at.subsec_nanosecond()) / 1000),
            "tzinfo" => return Ok(Some(self.offset.map_or(Value::None, |offset| zone_name(offset).into()))),
            _ if self.has_method(name) => {
                return Ok(Some(Value::object(DateMethod { date: self.clone(), name: name.to_owned() })));
            }
            _ => None,
        };
        Ok(number.map(Value::Int))
    }

    fn subtract(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        if let Some(other) = other.downcast_ref::<Self>() {
            if !self.is_like(other) || self.form == Form::Clock {
                return Ok(None);
            }
            let between = self.instant().zip(other.instant()).map(|(this, other)| this.duration_since(other));
            return Ok(between.map(|time| Value::object(Delta { microseconds: time.as_micros() as i64 })));
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

    fn order(&self, other: &dyn Object) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>().filter(|other| self.is_like(other))?;
        Some(self.instant()?.cmp(&other.instant()?))
    }

    fn repr(&self) -> String {
        let at = &self.at;
        let day = [i64::from(at.year()), at.month().into(), at.day().into()];
        let mut clock = vec![i64::from(at.hour()), at.minute().into()];
        let micros = i64::from(at.subsec_nanosecond()) / 1000;
        if at.second() != 0 || micros != 0 {
            clock.push(at.second().into());
        }
        if micros != 0 {
            clock.push(micros);
        }
        let parts = match self.form {
            Form::Moment => [&day[..], &clock].concat(),
            Form::Day => day.to_vec(),
            Form::Clock => clock,
        };
        let mut parts: Vec<String> = parts.iter().map(i64::to_string).collect();
        parts.extend(self.offset.map(|offset| format!("tzinfo={}", zone_repr(offset))));
        format!("datetime.{}({})", self.type_name(), parts.join(", "))
    }

    fn text(&self) -> String {
        self.iso(' ')
    }

    fn format(&self, spec: &str) -> Option<Result<String, TemplateError>> {
        Some(self.formatted(spec))
    }

    fn equals(&self, other: &Value) -> bool {
        let Value::Object(other) = other else { return false };
        other.downcast_ref::<Self>().is_some_and(|other| self.is_like(other) && self.instant() == other.instant())
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.iso('T').into())
    }
}

/// `+HH:MM`.
fn read_offset(text: &str) -> Option<Offset> {
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

fn offset_text(offset: Offset, between: &str) -> String {
    let (sign, seconds) = (if offset.is_negative() { '-' } else { '+' }, offset.seconds().abs());
    format!("{sign}{:02}{between}{:02}", seconds / 3600, seconds / 60 % 60)
}

fn zone_name(offset: Offset) -> String {
    if offset.seconds() == 0 { "UTC".to_owned() } else { format!("UTC{}", offset_text(offset, ":")) }
}

fn zone_repr(offset: Offset) -> String {
    if offset.seconds() == 0 {
        return "datetime.timezone.utc".to_owned();
    }
    format!("datetime.timezone({})", Delta::of(offset).repr())
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
        let date = &self.date;
        if self.name == "replace" {
            return replace(date, arguments);
        }
        let [argument] = arguments.bind(["format"])?;
        let weekday = date.at.weekday();
        Ok(match self.name.as_str() {
            "strftime" => date.formatted(&required(argument, "strftime", "format")?.to_str())?.into(),
            "isoformat" => date.iso(argument.and_then(|between| between.to_str().chars().next()).unwrap_or('T')).into(),
            "timestamp" => Value::Float(date.epoch()),
            "date" => {
                Value::object(Date { at: date.at.date().to_datetime(Time::midnight()), form: Form::Day, offset: None })
            }
            "time" => {
                Value::object(Date { at: DateTime::from_parts(DateTime::ZERO.date(), date.at.time()), ..Date::clock() })
            }
            "utcoffset" => date.offset.map_or(Value::None, |offset| Value::object(Delta::of(offset))),
            "tzname" => date.offset.map_or(Value::None, |offset| zone_name(offset).into()),
            "dst" => Value::None,
            "ctime" => date.formatted("%a %b %e %H:%M:%S %Y")?.into(),
            "isocalendar" => {
                let week = date.at.date().iso_week_date();
                let numbers = [week.year().into(), week.week().into(), week.weekday().to_monday_one_offset().into()];
                Value::Tuple(numbers.map(Value::Int).into())
            }
            "toordinal" => {
                let first = jiff::civil::date(1, 1, 1);
                let days = (date.at.date() - first).get_days();
                Value::Int(i64::from(days) + 1)
            }
            "timetuple" => Value::object(TimeTuple(date.at)),
            "weekday" => Value::Int(weekday.to_monday_zero_offset().into()),
            _ => Value::Int(weekday.to_monday_one_offset().into()),
        })
    }
}

/// `datetime.replace(…)`.
fn replace(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let fields = arguments.bind(["year", "month", "day", "hour", "minute", "second", "microsecond"])?;
    let mut with = date.at.with();
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
    let at = with.build().map_err(|error| TemplateError::value_error(error.to_string()))?;
    Ok(Value::object(Date { at, ..date.clone() }))
}

/// `datetime.timetuple()`.
#[derive(Debug)]
struct TimeTuple(DateTime);

impl Object for TimeTuple {
    fn type_name(&self) -> &'static str {
        "struct_time"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let date = &self.0;
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

    fn of(offset: Offset) -> Self {
        Self { microseconds: i64::from(offset.seconds()) * 1_000_000 }
    }
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

    fn order(&self, other: &dyn Object) -> Option<Ordering> {
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
