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
use crate::value::{Object, Shape, Value};

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

    /// A `date` takes a `datetime` for one, but not the other way round: Ansible's dates are no subclasses.
    fn is_day_of(&self, other: &Self) -> bool {
        self.form == Form::Day && other.form == Form::Moment
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
        match self.form {
            Form::Day => at.date().to_string(),
            Form::Clock => clock,
            Form::Moment => {
                let offset = self.offset.map(|offset| offset_text(offset, ":")).unwrap_or_default();
                format!("{}{between}{clock}{offset}", at.date())
            }
        }
    }

    /// `isoformat(…)`.
    fn isoformat(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let [between, timespec] = match self.form {
            Form::Moment => arguments.bind(["sep", "timespec"])?,
            Form::Clock => {
                let [timespec] = arguments.bind(["timespec"])?;
                [None, timespec]
            }
            Form::Day => {
                let [] = arguments.bind([])?;
                [None, None]
            }
        };
        let between = match &between {
            None => 'T',
            Some(between) => between.as_str().and_then(only_letter).ok_or_else(|| {
                let kind = between.type_name();
                let text = format!("isoformat() argument 1 must be a unicode character, not {kind}");
                TemplateError::type_error(text)
            })?,
        };
        let length = match timespec.map_or_else(|| "auto".to_owned(), |timespec| timespec.to_str()).as_str() {
            "auto" => return Ok(self.iso(between).into()),
            "hours" => 2,
            "minutes" => 5,
            "seconds" => SECONDS,
            "milliseconds" => 12,
            "microseconds" => MICROSECONDS,
            _ => return Err(TemplateError::value_error("Unknown timespec value")),
        };
        Ok(self.iso_to(between, length).into())
    }

    /// A date of this one's type from something else: `fromisoformat`, `fromordinal`, `fromtimestamp`.
    fn made(&self, name: &str, from: &Value) -> Result<Value, TemplateError> {
        let (at, offset) = match name {
            "fromisoformat" => {
                let Some(text) = from.as_str() else {
                    return Err(TemplateError::type_error("fromisoformat: argument must be str"));
                };
                let wrong = || TemplateError::value_error(format!("Invalid isoformat string: {}", from.repr()));
                from_iso(text)
                    .filter(|(_, clock, _)| self.form == Form::Moment || clock.is_none())
                    .map(|(day, clock, offset)| (day.to_datetime(clock.unwrap_or(Time::midnight())), offset))
                    .ok_or_else(wrong)?
            }
            "fromordinal" => {
                let days = integer(from)?;
                if days < 1 {
                    return Err(TemplateError::value_error("ordinal must be >= 1"));
                }
                let span = Span::new().try_days(days - 1).ok();
                let day = span.and_then(|span| FIRST.checked_add(span).ok());
                let day = day.ok_or_else(|| TemplateError::value_error("year is out of range"))?;
                (day.to_datetime(Time::midnight()), None)
            }
            _ => {
                let wrong = || {
                    TemplateError::type_error(format!(
                        "'{}' object cannot be interpreted as an integer",
                        from.type_name()
                    ))
                };
                let seconds = from.as_f64().ok_or_else(wrong)?;
                let instant = Timestamp::from_microsecond((seconds * 1e6).round_ties_even() as i64)
                    .map_err(|_| TemplateError::value_error("year is out of range"))?;
                let zone = if name == "fromtimestamp" { TimeZone::system() } else { TimeZone::UTC };
                (instant.to_zoned(zone).datetime(), None)
            }
        };
        let at = if self.form == Form::Day { at.date().to_datetime(Time::midnight()) } else { at };
        Ok(Value::object(Self { at, form: self.form, offset }))
    }

    fn formatted(&self, format: &str) -> Result<String, TemplateError> {
        let zoned = self.at.to_zoned(self.zone()).map_err(|error| TemplateError::value_error(error.to_string()))?;
        jiff::fmt::strtime::format(format, &zoned).map_err(|error| TemplateError::value_error(error.to_string()))
    }

    fn has_method(&self, name: &str) -> bool {
        let of_clock = matches!(name, "strftime" | "isoformat" | "replace" | "utcoffset" | "tzname" | "dst");
        let of_day = matches!(
            name,
            "weekday"
                | "isoweekday"
                | "timetuple"
                | "isocalendar"
                | "ctime"
                | "toordinal"
                | "fromisoformat"
                | "fromordinal"
                | "fromtimestamp"
        );
        match self.form {
            Form::Clock => of_clock,
            Form::Day => of_day || matches!(name, "strftime" | "isoformat" | "replace"),
            Form::Moment => of_clock || of_day || matches!(name, "date" | "time" | "timestamp" | "utcfromtimestamp"),
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
        let other = other.downcast_ref::<Self>()?;
        if self.is_day_of(other) {
            return Some(self.at.date().cmp(&other.at.date()));
        }
        if !self.is_like(other) {
            return None;
        }
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

/// The letter of a text that has one alone.
fn only_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

/// A day, and a time with or without an offset behind any letter, as `fromisoformat` reads them.
fn from_iso(text: &str) -> Option<(jiff::civil::Date, Option<Time>, Option<Offset>)> {
    let length = if text.as_bytes().get(4) == Some(&b'-') { 10 } else { 8 };
    let day = text.get(..length)?.parse().ok()?;
    let mut rest = text[length..].chars();
    if rest.next().is_none() {
        return Some((day, None, None));
    }
    let rest = rest.as_str();
    let (clock, offset) = match rest.find(['+', '-', 'Z']) {
        Some(at) if &rest[at..] == "Z" => (&rest[..at], Some(Offset::UTC)),
        Some(at) => (&rest[..at], Some(read_offset(&rest[at..])?)),
        None => (rest, None),
    };
    Some((day, Some(clock.parse().ok()?), offset))
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
        match self.name.as_str() {
            "replace" => return replace(date, arguments),
            "isoformat" => return date.isoformat(arguments),
            name @ ("fromisoformat" | "fromordinal" | "fromtimestamp" | "utcfromtimestamp") => {
                let [from] = arguments.bind(["from"])?;
                return date.made(name, &required(from, name, "from")?);
            }
            _ => {}
        }
        let [argument] = arguments.bind(["format"])?;
        let weekday = date.at.weekday();
        Ok(match self.name.as_str() {
            "strftime" => {
                let format = required(argument, "strftime", "format")?;
                let Some(text) = format.as_str() else {
                    let text = format!("strftime() argument 1 must be str, not {}", format.type_name());
                    return Err(TemplateError::type_error(text));
                };
                date.formatted(text)?.into()
            }
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
                Value::object(WeekDate(numbers))
            }
            "toordinal" => {
                let days = (date.at.date() - FIRST).get_days();
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

/// `date.isocalendar()`: the year, the week, and the day from 1, as a tuple with names.
#[derive(Debug)]
struct WeekDate([i64; 3]);

impl WeekDate {
    fn tuple(&self) -> Value {
        Value::Tuple(self.0.map(Value::Int).into())
    }
}

impl Object for WeekDate {
    fn type_name(&self) -> &'static str {
        "datetime.IsoCalendarDate"
    }

    fn shape(&self) -> Shape {
        Shape::Sequence
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let place = ["year", "week", "weekday"].into_iter().position(|known| known == name);
        Ok(place.map(|place| Value::Int(self.0[place])))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        let place = key.as_i64().map(|place| if place < 0 { place + 3 } else { place });
        Ok(place.and_then(|place| self.0.get(usize::try_from(place).ok()?)).copied().map(Value::Int))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.0.map(Value::Int).to_vec()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn repr(&self) -> String {
        let [year, week, weekday] = self.0;
        format!("datetime.IsoCalendarDate(year={year}, week={week}, weekday={weekday})")
    }

    fn equals(&self, other: &Value) -> bool {
        self.tuple().python_eq(other)
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.tuple())
    }
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
