//! Dates, times and what lies between them, as Python's `datetime` has them.

mod delta;
mod method;
mod read;
mod time_tuple;
mod week;

use std::{cmp::Ordering, fmt};

use jiff::{
    Span, Timestamp,
    civil::{DateTime, Time},
    tz::{Offset, TimeZone},
};

use self::delta::Delta;
use super::TemplateError;
use crate::value::{Object, Value};

pub(super) use read::with_format;

/// The first day of Python's dates.
const FIRST: jiff::civil::Date = jiff::civil::date(1, 1, 1);
/// Characters of `HH:MM:SS`, and of `HH:MM:SS.ffffff`.
const SECONDS: usize = 8;
const MICROSECONDS: usize = 15;

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
    /// Whether it stands in a file: Ansible's types for those are no subclasses of each other.
    is_written: bool,
}

impl Date {
    /// A moment without a zone.
    pub const fn new(at: DateTime) -> Self {
        Self { at, form: Form::Moment, offset: None, is_written: false }
    }

    /// A moment, and how far its clock is ahead of UTC.
    pub const fn with_offset(at: DateTime, offset: Option<Offset>) -> Self {
        Self { at, form: Form::Moment, offset, is_written: false }
    }

    const fn clock() -> Self {
        Self { at: DateTime::ZERO, form: Form::Clock, offset: None, is_written: false }
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

    /// A `date` that stands in a file takes a `datetime` for one, but not the other way round.
    fn is_day_of(&self, other: &Self) -> bool {
        self.form == Form::Day && other.form == Form::Moment && self.is_written
    }

    /// The full name of its type, which is Ansible's own for what stands in a file.
    fn full_name(&self) -> &'static str {
        match (self.form, self.is_written) {
            (Form::Moment, false) => "datetime.datetime",
            (Form::Moment, true) => "_AnsibleTaggedDateTime",
            (Form::Day, false) => "datetime.date",
            (Form::Day, true) => "_AnsibleTaggedDate",
            (Form::Clock, false) => "datetime.time",
            (Form::Clock, true) => "_AnsibleTaggedTime",
        }
    }

    /// The first or last of its type.
    fn limit(&self, is_last: bool) -> Value {
        let limit = if is_last { DateTime::MAX } else { FIRST.to_datetime(Time::midnight()) };
        let at = match self.form {
            Form::Clock => DateTime::from_parts(DateTime::ZERO.date(), limit.time()),
            Form::Day => limit.date().to_datetime(Time::midnight()),
            Form::Moment => limit,
        };
        Value::object(Self { at, form: self.form, offset: None, is_written: false })
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
        let whole = self.at.subsec_nanosecond() < 1000;
        self.iso_to(between, if whole { SECONDS } else { MICROSECONDS })
    }

    /// The same, with so many characters of `HH:MM:SS.ffffff`.
    fn iso_to(&self, between: char, length: usize) -> String {
        let at = &self.at;
        let micros = at.subsec_nanosecond() / 1000;
        let mut clock = format!("{:02}:{:02}:{:02}.{micros:06}", at.hour(), at.minute(), at.second());
        clock.truncate(length);
        let offset = self.offset.map(|offset| offset_text(offset, ":")).unwrap_or_default();
        match self.form {
            Form::Day => at.date().to_string(),
            Form::Clock => clock + &offset,
            Form::Moment => format!("{}{between}{clock}{offset}", at.date()),
        }
    }

    fn formatted(&self, format: &str) -> Result<String, TemplateError> {
        let zoned = self.at.to_zoned(self.zone()).map_err(|error| TemplateError::value_error(error.to_string()))?;
        jiff::fmt::strtime::format(format, &zoned).map_err(|error| TemplateError::value_error(error.to_string()))
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
            "fold" if self.form != Form::Day => Some(0),
            "min" | "max" => return Ok(Some(self.limit(name == "max"))),
            "resolution" => {
                let microseconds = if self.form == Form::Day { Delta::DAY } else { 1 };
                return Ok(Some(Value::object(Delta { microseconds })));
            }
            _ => return Ok(self.method(name).map(Value::object)),
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

    fn order(&self, other: &dyn Object) -> Result<Option<Ordering>, TemplateError> {
        let Some(other) = other.downcast_ref::<Self>() else { return Ok(None) };
        if self.is_day_of(other) {
            return Ok(Some(self.at.date().cmp(&other.at.date())));
        }
        if self.is_like(other) {
            return Ok(self.instant().zip(other.instant()).map(|(this, other)| this.cmp(&other)));
        }
        let text = match (self.form, other.form) {
            (this, other) if this == other => {
                let kind = if this == Form::Clock { "times" } else { "datetimes" };
                format!("can't compare offset-naive and offset-aware {kind}")
            }
            (Form::Moment, Form::Day) => format!("can't compare {} to {}", self.full_name(), other.full_name()),
            (Form::Day, Form::Moment) => format!("can't compare {} to {}", other.full_name(), self.full_name()),
            _ => return Ok(None),
        };
        Err(TemplateError::type_error(text))
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
        other.downcast_ref::<Self>().is_some_and(|other| {
            if self.is_day_of(other) {
                return self.at.date() == other.at.date();
            }
            self.is_like(other) && self.instant() == other.instant()
        })
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.iso('T').into())
    }
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
