//! Dates made of something else: the methods that `datetime`, `date` and `time` have as types.

use jiff::{
    Timestamp,
    civil::{DateTime, ISOWeekDate, Weekday},
    tz::{Offset, TimeZone},
};

use super::{
    super::{
        Arguments, TemplateError,
        arguments::{integer, required},
    },
    Date, Form, day_of,
    iso::{self, Wrong},
    method::{local_offset, zone_of},
    ordinal, showing,
};
use crate::value::Value;

/// The one argument of a method.
fn only(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [from] = arguments.bind(["from"])?;
    required(from, name, "from")
}

/// A day of this form: a `date`, or the midnight of a `datetime`.
fn of_day(form: Form, day: jiff::civil::Date) -> Value {
    Value::object(Date { form, ..Date::day(day) })
}

pub(super) fn from_iso_format(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let from = only(arguments)?;
    let Some(text) = from.as_str() else {
        return Err(TemplateError::type_error("fromisoformat: argument must be str"));
    };
    let made = match date.form {
        Form::Day => iso::date(text).map(Date::day),
        Form::Clock => iso::time(text).map(|(clock, offset)| Date::clock(clock, offset)),
        Form::Moment => iso::date_time(text)
            .map(|(day, (clock, offset))| Date::with_offset(DateTime::from_parts(day, clock), offset)),
    };
    made.map(Value::object).map_err(|wrong| match wrong {
        Wrong::Form => TemplateError::value_error(format!("Invalid isoformat string: {}", from.repr())),
        Wrong::Number(error) => error,
    })
}

pub(super) fn from_iso_calendar(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [year, week, day] = arguments.bind(["year", "week", "day"])?;
    let number = |value, name| integer(&required(value, "fromisocalendar", name)?);
    let (year, week, day) = (number(year, "year")?, number(week, "week")?, number(day, "day")?);
    let small = |number: i64| i8::try_from(number).unwrap_or(-1);
    if !(1..=9999).contains(&year) {
        return Err(TemplateError::value_error(format!("Year is out of range: {year}")));
    }
    let wrong_week = |_| TemplateError::value_error(format!("Invalid week: {week}"));
    ISOWeekDate::new(year as i16, small(week), Weekday::Monday).map_err(wrong_week)?;
    let weekday = Weekday::from_monday_one_offset(small(day))
        .map_err(|_| TemplateError::value_error(format!("Invalid weekday: {day} (range is [1, 7])")))?;
    let found = ISOWeekDate::new(year as i16, small(week), weekday).map_err(wrong_week)?.date();
    day_of(ordinal(found)).map(|day| of_day(date.form, day))
}

pub(super) fn from_ordinal(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    day_of(integer(&only(arguments)?)?).map(|day| of_day(date.form, day))
}

/// `fromtimestamp` by this machine's clock or that of `tz`, `utcfromtimestamp` by that of UTC.
pub(super) fn from_timestamp(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [from, zone] = if (date.form, name) == (Form::Moment, "fromtimestamp") {
        arguments.bind(["timestamp", "tz"])?
    } else {
        [Some(only(arguments)?), None]
    };
    let from = required(from, name, "timestamp")?;
    let seconds = from.as_f64().ok_or_else(|| {
        TemplateError::type_error(format!("'{}' object cannot be interpreted as an integer", from.type_name()))
    })?;
    let micros = (seconds * 1e6).round_ties_even();
    if seconds.is_nan() {
        return Err(TemplateError::value_error("Invalid value NaN (not a number)"));
    }
    if micros.abs() >= i64::MAX as f64 {
        return Err(TemplateError::raised("OverflowError", "timestamp out of range for platform time_t"));
    }
    let instant = micros as i64;
    let zone = zone.map_or(Ok(None), |zone| zone_of(&zone))?;
    let offset = match zone {
        Some(offset) => offset,
        // What is beyond all clocks is said as such below.
        None if name == "fromtimestamp" => local_offset(instant).unwrap_or(Offset::UTC),
        None => Offset::UTC,
    };
    let shown = instant.saturating_add(i64::from(offset.seconds()) * 1_000_000);
    let at = showing(shown).map_err(|_| {
        let year = 1970 + (shown as f64 / 1e6 / 86_400.0 / 365.2425).floor() as i64;
        TemplateError::value_error(format!("year {year} is out of range"))
    })?;
    Ok(match date.form {
        Form::Day => of_day(Form::Day, at.date()),
        _ => Value::object(Date::with_offset(at, zone)),
    })
}

/// The moment of a day and a time.
pub(super) fn combine(_: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [day, clock, zone] = arguments.bind(["date", "time", "tzinfo"])?;
    let part = |value: Option<Value>, name: &str, place: u8| -> Result<Date, TemplateError> {
        let value = required(value, "combine", name)?;
        let found = match &value {
            Value::Object(object) => object.downcast_ref::<Date>().cloned(),
            _ => None,
        };
        found.filter(|found| (found.form == Form::Clock) == (name == "time")).ok_or_else(|| {
            let kind = value.type_name();
            TemplateError::type_error(format!("combine() argument {place} must be datetime.{name}, not {kind}"))
        })
    };
    let (day, clock) = (part(day, "date", 1)?, part(clock, "time", 2)?);
    let offset = zone.map_or(Ok(clock.offset), |zone| zone_of(&zone))?;
    let at = DateTime::from_parts(day.at.date(), clock.at.time());
    Ok(Value::object(Date { is_second: clock.is_second, ..Date::with_offset(at, offset) }))
}

/// `now()` and `today()` by this machine's clock, `utcnow()` by that of UTC.
pub(super) fn now(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    arguments.context.check_turn(arguments.name)?;
    let zone = if arguments.name == "utcnow" { TimeZone::UTC } else { TimeZone::system() };
    let [wanted] = match arguments.name {
        "now" => arguments.bind(["tz"])?,
        _ => {
            let [] = arguments.bind([])?;
            [None]
        }
    };
    let offset = wanted.map_or(Ok(None), |wanted| zone_of(&wanted))?;
    let at = Timestamp::now().to_zoned(offset.map_or(zone, TimeZone::fixed)).datetime();
    Ok(match date.form {
        Form::Day => of_day(Form::Day, at.date()),
        _ => Value::object(Date::with_offset(at, offset)),
    })
}

pub(super) fn strptime(_: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [text, format] = arguments.bind(["date_string", "format"])?;
    let text = required(text, "strptime", "date_string")?;
    Ok(Value::object(super::strptime(&text, &required(format, "strptime", "format")?)?))
}
