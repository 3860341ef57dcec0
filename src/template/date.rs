//! Dates, times and what lies between them, as Python's `datetime` has them.

mod delta;
mod field;
pub(super) mod format;
mod iso;
mod make;
mod method;
mod named_tuple;
mod read;
mod strptime;

use std::{cmp::Ordering, fmt};

use jiff::{
    Span,
    civil::{self, DateTime, Time},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use self::{delta::Delta, format::Moment};
use super::TemplateError;
use crate::value::{Object, Value};

pub(super) use strptime::strptime;

/// The first day of Python's dates.
const FIRST: civil::Date = civil::date(1, 1, 1);
/// The number of the last one; that of the first is 1.
const LAST: i64 = 3_652_059;
/// The number of 1970-01-01.
const EPOCH: i64 = 719_163;
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
    /// Whether it is the second of two moments at which the clock shows the same.
    is_second: bool,
    /// Whether it stands in a file: Ansible's types for those are no subclasses of each other.
    is_written: bool,
}

impl Date {
    /// A moment without a zone.
    pub const fn new(at: DateTime) -> Self {
        Self { at, form: Form::Moment, offset: None, is_second: false, is_written: false }
    }

    /// A moment, and how far its clock is ahead of UTC.
    pub const fn with_offset(at: DateTime, offset: Option<Offset>) -> Self {
        Self { at, form: Form::Moment, offset, is_second: false, is_written: false }
    }

    const fn day(day: civil::Date) -> Self {
        Self { form: Form::Day, ..Self::new(DateTime::from_parts(day, Time::midnight())) }
    }

    fn clock(time: Time, offset: Option<Offset>) -> Self {
        Self { form: Form::Clock, ..Self::with_offset(DateTime::from_parts(DateTime::ZERO.date(), time), offset) }
    }

    /// Seconds since 1970; a clock without an offset is that of this machine.
    fn epoch(&self) -> Result<f64, TemplateError> {
        let seconds = match self.offset {
            Some(offset) => reading(self.at) - i64::from(offset.seconds()),
            // Python looks a day back for a clock that was turned back.
            None if ordinal(self.at.date()) == 1 => return Err(TemplateError::value_error("year 0 is out of range")),
            None => local_seconds(self.at, self.is_second),
        };
        Ok(seconds as f64 + f64::from(micros(self.at)) / 1e6)
    }

    /// Microseconds since 1970, as if a clock without an offset were that of UTC.
    fn instant(&self) -> i64 {
        let offset = self.offset.map_or(0, |offset| i64::from(offset.seconds()));
        (reading(self.at) - offset) * 1_000_000 + i64::from(micros(self.at))
    }

    /// Whether Python compares and subtracts the two.
    fn is_like(&self, other: &Self) -> bool {
        self.form == other.form && self.offset.is_some() == other.offset.is_some()
    }

    /// A `date` that stands in a file takes a `datetime` for one, but not the other way round.
    fn is_day_of(&self, other: &Self) -> bool {
        self.form == Form::Day && other.form == Form::Moment && self.is_written
    }

    /// The first or last of its type.
    fn limit(&self, is_last: bool) -> Value {
        let limit = if is_last { DateTime::MAX } else { FIRST.to_datetime(Time::midnight()) };
        let at = match self.form {
            Form::Clock => DateTime::from_parts(DateTime::ZERO.date(), limit.time()),
            Form::Day => limit.date().to_datetime(Time::midnight()),
            Form::Moment => limit,
        };
        Value::object(Self { form: self.form, ..Self::new(at) })
    }

    fn shifted(&self, microseconds: i64) -> Result<Option<Value>, TemplateError> {
        let microseconds = match self.form {
            Form::Moment => microseconds,
            Form::Day => microseconds.div_euclid(Delta::DAY).saturating_mul(Delta::DAY),
            Form::Clock => return Ok(None),
        };
        let now = reading(self.at) * 1_000_000 + i64::from(micros(self.at));
        let at = now.checked_add(microseconds).map_or_else(|| Err(beyond()), showing)?;
        Ok(Some(Value::object(Self { at, is_second: false, ..self.clone() })))
    }

    /// As ISO 8601 writes it, with `between` in place of its `T`.
    pub fn iso(&self, between: char) -> String {
        let whole = self.at.subsec_nanosecond() < 1000;
        self.iso_to(between, if whole { SECONDS } else { MICROSECONDS })
    }

    /// The same, with so many characters of `HH:MM:SS.ffffff`.
    fn iso_to(&self, between: char, length: usize) -> String {
        let at = &self.at;
        let mut clock = format!("{:02}:{:02}:{:02}.{:06}", at.hour(), at.minute(), at.second(), micros(*at));
        clock.truncate(length);
        let offset = self.offset.map(offset_text).unwrap_or_default();
        match self.form {
            Form::Day => at.date().to_string(),
            Form::Clock => clock + &offset,
            Form::Moment => format!("{}{between}{clock}{offset}", at.date()),
        }
    }

    /// As a format has it, in the locale `C`.
    pub fn formatted(&self, format: &str) -> String {
        let at = match self.form {
            Form::Clock => DateTime::from_parts(civil::date(1900, 1, 1), self.at.time()),
            _ => self.at,
        };
        let zone = self.offset.map(zone_name).unwrap_or_default();
        let offset = self.offset.map(|offset| offset.seconds().into());
        format::written(format, Moment { at, offset, zone: &zone, micros: Some(micros(self.at).into()) })
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

    /// Ansible's own for what stands in a file.
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
            "microsecond" => Some(micros(*at).into()),
            "tzinfo" => return Ok(Some(self.offset.map_or(Value::None, |offset| zone_name(offset).into()))),
            "fold" if self.form != Form::Day => Some(self.is_second.into()),
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
            return Ok(Some(Value::object(Delta { microseconds: self.instant() - other.instant() })));
        }
        other.downcast_ref::<Delta>().map_or(Ok(None), |delta| self.shifted(delta.microseconds.saturating_neg()))
    }

    fn add(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        other.downcast_ref::<Delta>().map_or(Ok(None), |delta| self.shifted(delta.microseconds))
    }

    fn order(&self, other: &dyn Object) -> Result<Option<Ordering>, TemplateError> {
        let Some(other) = other.downcast_ref::<Self>() else { return Ok(None) };
        if self.is_day_of(other) {
            return Ok(Some(self.at.date().cmp(&other.at.date())));
        }
        if self.is_like(other) {
            return Ok(Some(self.instant().cmp(&other.instant())));
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
        let micros = micros(*at);
        if at.second() != 0 || micros != 0 {
            clock.push(at.second().into());
        }
        if micros != 0 {
            clock.push(micros.into());
        }
        let parts = match self.form {
            Form::Moment => [&day[..], &clock].concat(),
            Form::Day => day.to_vec(),
            Form::Clock => clock,
        };
        let mut parts: Vec<String> = parts.iter().map(i64::to_string).collect();
        parts.extend(self.is_second.then(|| "fold=1".to_owned()));
        parts.extend(self.offset.map(|offset| format!("tzinfo={}", zone_repr(offset))));
        format!("datetime.{}({})", self.type_name(), parts.join(", "))
    }

    fn text(&self) -> String {
        self.iso(' ')
    }

    fn format(&self, spec: &str) -> Option<Result<String, TemplateError>> {
        Some(Ok(self.formatted(spec)))
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

/// Microseconds of a second.
fn micros(at: DateTime) -> i32 {
    at.subsec_nanosecond() / 1000
}

/// The number of a day among Python's.
fn ordinal(day: civil::Date) -> i64 {
    i64::from((day - FIRST).get_days()) + 1
}

/// The day of a number.
fn day_of(ordinal: i64) -> Result<civil::Date, TemplateError> {
    if ordinal < 1 {
        return Err(TemplateError::value_error("ordinal must be >= 1"));
    }
    let span = Some(ordinal - 1).filter(|_| ordinal <= LAST).and_then(|days| Span::new().try_days(days).ok());
    span.and_then(|span| FIRST.checked_add(span).ok()).ok_or_else(|| {
        // As many years of the Gregorian calendar as fit into the days.
        let year = (ordinal as f64 / 365.2425) as i64 + 1;
        TemplateError::value_error(format!("year {year} is out of range"))
    })
}

/// Seconds between 1970 and what a clock shows.
fn reading(at: DateTime) -> i64 {
    let clock = i64::from(at.hour()) * 3600 + i64::from(at.minute()) * 60 + i64::from(at.second());
    (ordinal(at.date()) - EPOCH) * 86_400 + clock
}

/// What a clock shows so many microseconds after 1970.
fn showing(microseconds: i64) -> Result<DateTime, TemplateError> {
    let (day, rest) = (microseconds.div_euclid(Delta::DAY) + EPOCH, microseconds.rem_euclid(Delta::DAY));
    if !(1..=LAST).contains(&day) {
        return Err(beyond());
    }
    let seconds = rest / 1_000_000;
    let clock = field::clock([seconds / 3600, seconds / 60 % 60, seconds % 60, rest % 1_000_000])?;
    Ok(day_of(day)?.to_datetime(clock))
}

fn beyond() -> TemplateError {
    TemplateError::raised("OverflowError", "date value out of range")
}

/// Seconds since 1970 when this machine's clock shows this, for the second time where it does so twice.
fn local_seconds(at: DateTime, is_second: bool) -> i64 {
    let offset = match TimeZone::system().to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
            if is_second {
                after
            } else {
                before
            }
        }
    };
    reading(at) - i64::from(offset.seconds())
}

/// An offset of so many seconds, which is less than a day.
fn offset_of(seconds: i64) -> Result<Offset, TemplateError> {
    let offset = i32::try_from(seconds).ok().filter(|seconds| seconds.abs() < 86_400);
    offset.and_then(|seconds| Offset::from_seconds(seconds).ok()).ok_or_else(|| {
        let found = Delta { microseconds: seconds.saturating_mul(1_000_000) }.repr();
        let text = "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not";
        TemplateError::value_error(format!("{text} {found}."))
    })
}

/// `+HH:MM`, with seconds where there are some.
fn offset_text(offset: Offset) -> String {
    let (sign, seconds) = (if offset.is_negative() { '-' } else { '+' }, offset.seconds().abs());
    let rest = if seconds % 60 == 0 { String::new() } else { format!(":{:02}", seconds % 60) };
    format!("{sign}{:02}:{:02}{rest}", seconds / 3600, seconds / 60 % 60)
}

fn zone_name(offset: Offset) -> String {
    if offset.seconds() == 0 { "UTC".to_owned() } else { format!("UTC{}", offset_text(offset)) }
}

fn zone_repr(offset: Offset) -> String {
    if offset.seconds() == 0 {
        return "datetime.timezone.utc".to_owned();
    }
    format!("datetime.timezone({})", Delta::of(offset).repr())
}
