//! The methods of dates.

use std::fmt;

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

use super::{
    super::{
        Arguments, TemplateError,
        arguments::{integer, required},
    },
    Date, Form, MICROSECONDS, SECONDS, beyond,
    delta::Delta,
    field, local_seconds, make,
    named_tuple::NamedTuple,
    ordinal, read, showing, zone_name,
};
use crate::value::{Object, Value};

/// What a method of a date makes of its arguments.
pub(super) type Method = fn(&Date, Arguments<'_>) -> Result<Value, TemplateError>;

/// What all have.
const OF_ALL: [(&str, Method); 4] =
    [("strftime", strftime), ("isoformat", isoformat), ("fromisoformat", make::from_iso_format), ("replace", replace)];
/// What those with a clock have, beyond that.
const OF_CLOCKS: [(&str, Method); 3] = [("utcoffset", utcoffset), ("tzname", tzname), ("dst", dst)];
/// What those with a day have.
const OF_DAYS: [(&str, Method); 10] = [
    ("ctime", ctime),
    ("fromisocalendar", make::from_iso_calendar),
    ("fromordinal", make::from_ordinal),
    ("fromtimestamp", make::from_timestamp),
    ("isocalendar", isocalendar),
    ("isoweekday", isoweekday),
    ("timetuple", timetuple),
    ("today", make::now),
    ("toordinal", toordinal),
    ("weekday", weekday),
];
/// What `datetime` alone has.
const OF_MOMENTS: [(&str, Method); 11] = [
    ("astimezone", astimezone),
    ("combine", make::combine),
    ("date", date),
    ("now", make::now),
    ("strptime", make::strptime),
    ("time", time),
    ("timestamp", timestamp),
    ("timetz", time),
    ("utcfromtimestamp", make::from_timestamp),
    ("utcnow", make::now),
    ("utctimetuple", utctimetuple),
];

impl Date {
    /// Its method of this name.
    pub(super) fn method(&self, name: &str) -> Option<DateMethod> {
        let tables: &[&[(&str, Method)]] = match self.form {
            Form::Clock => &[&OF_ALL, &OF_CLOCKS],
            Form::Day => &[&OF_ALL, &OF_DAYS],
            Form::Moment => &[&OF_ALL, &OF_CLOCKS, &OF_DAYS, &OF_MOMENTS],
        };
        let (name, call) = tables.iter().copied().flatten().find(|(known, _)| *known == name)?;
        Some(DateMethod { date: self.clone(), name, call: *call })
    }
}

/// A method of a date.
pub(super) struct DateMethod {
    date: Date,
    name: &'static str,
    call: Method,
}

impl fmt::Debug for DateMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.date, self.name)
    }
}

impl Object for DateMethod {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        (self.call)(&self.date, Arguments { name: self.name, ..arguments })
    }
}

fn strftime(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [format] = arguments.bind(["format"])?;
    let format = required(format, "strftime", "format")?;
    let Some(text) = format.as_str() else {
        let text = format!("strftime() argument 1 must be str, not {}", format.type_name());
        return Err(TemplateError::type_error(text));
    };
    Ok(date.formatted(text).into())
}

fn isoformat(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [between, timespec] = match date.form {
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
        "auto" => return Ok(date.iso(between).into()),
        "hours" => 2,
        "minutes" => 5,
        "seconds" => SECONDS,
        "milliseconds" => 12,
        "microseconds" => MICROSECONDS,
        _ => return Err(TemplateError::value_error("Unknown timespec value")),
    };
    Ok(date.iso_to(between, length).into())
}

/// The letter of a text that has one alone.
fn only_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

fn replace(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [zone, fold, fields @ ..] = match date.form {
        Form::Day => {
            let [year, month, day] = arguments.bind(["year", "month", "day"])?;
            [None, None, year, month, day, None, None, None, None]
        }
        Form::Clock => {
            let names = ["hour", "minute", "second", "microsecond", "tzinfo", "fold"];
            let [hour, minute, second, micros, zone, fold] = arguments.bind(names)?;
            [zone, fold, None, None, None, hour, minute, second, micros]
        }
        Form::Moment => {
            let names = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"];
            let [year, month, day, hour, minute, second, micros, zone, fold] = arguments.bind(names)?;
            [zone, fold, year, month, day, hour, minute, second, micros]
        }
    };
    let at = date.at;
    let mut numbers: [i64; 7] = [
        at.year().into(),
        at.month().into(),
        at.day().into(),
        at.hour().into(),
        at.minute().into(),
        at.second().into(),
        super::micros(at).into(),
    ];
    for (number, field) in numbers.iter_mut().zip(&fields) {
        if let Some(field) = field {
            *number = integer(field)?;
        }
    }
    let [year, month, day, clock @ ..] = numbers;
    let day = if date.form == Form::Clock { at.date() } else { field::day(year, month, day)? };
    let at = DateTime::from_parts(day, field::clock(clock)?);
    let is_second = match fold.as_ref().map_or(Ok(i64::from(date.is_second)), integer)? {
        fold @ (0 | 1) => fold == 1,
        _ => return Err(TemplateError::value_error("fold must be either 0 or 1")),
    };
    let offset = zone.map_or(Ok(date.offset), |zone| zone_of(&zone))?;
    Ok(Value::object(Date { at, offset, is_second, is_written: false, ..date.clone() }))
}

/// A `tzinfo`, as dates have it here: its name.
pub(super) fn zone_of(zone: &Value) -> Result<Option<Offset>, TemplateError> {
    let known = match zone {
        Value::None => return Ok(None),
        zone => zone.as_str().and_then(|name| match name.strip_prefix("UTC")? {
            "" => Some(Offset::UTC),
            offset => read::offset(offset),
        }),
    };
    let kind = zone.type_name();
    let text = format!("tzinfo argument must be None or of a tzinfo subclass, not type '{kind}'");
    known.map(Some).ok_or_else(|| TemplateError::type_error(text))
}

fn utcoffset(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(date.offset.map_or(Value::None, |offset| Value::object(Delta::of(offset))))
}

fn tzname(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(date.offset.map_or(Value::None, |offset| zone_name(offset).into()))
}

fn dst(_: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::None)
}

fn ctime(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    let clock = if date.form == Form::Day { "00:00:00" } else { "%H:%M:%S" };
    Ok(format!("{} {:04}", date.formatted(&format!("%a %b %e {clock}")), date.at.year()).into())
}

fn isocalendar(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::object(NamedTuple::week(date.at.date())))
}

fn isoweekday(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::Int(date.at.weekday().to_monday_one_offset().into()))
}

fn weekday(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::Int(date.at.weekday().to_monday_zero_offset().into()))
}

fn toordinal(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::Int(ordinal(date.at.date())))
}

fn timetuple(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::object(NamedTuple::time(date.at, -1)))
}

fn utctimetuple(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::object(NamedTuple::time(showing(date.instant())?, 0)))
}

fn timestamp(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    date.epoch().map(Value::Float)
}

fn date(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::object(Date::day(date.at.date())))
}

/// `time()`, and `timetz()`, which keeps the offset.
fn time(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let offset = date.offset.filter(|_| arguments.name == "timetz");
    let [] = arguments.bind([])?;
    Ok(Value::object(Date { is_second: date.is_second, ..Date::clock(date.at.time(), offset) }))
}

/// The same moment on another clock: that of this machine, or of a zone.
fn astimezone(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [zone] = arguments.bind(["tz"])?;
    let instant = match date.offset {
        Some(_) => date.instant(),
        None => local_seconds(date.at, date.is_second) * 1_000_000 + i64::from(super::micros(date.at)),
    };
    let offset = match zone.map_or(Ok(None), |zone| zone_of(&zone))? {
        Some(offset) => offset,
        None => local_offset(instant)?,
    };
    let at = showing(instant + i64::from(offset.seconds()) * 1_000_000)?;
    Ok(Value::object(Date::with_offset(at, Some(offset))))
}

/// How far this machine's clock is ahead of UTC so many microseconds after 1970.
pub(super) fn local_offset(instant: i64) -> Result<Offset, TemplateError> {
    let instant = Timestamp::from_microsecond(instant).map_err(|_| beyond())?;
    Ok(TimeZone::system().to_offset(instant))
}
