//! The methods of dates.

use std::fmt;

use jiff::{
    Span, Timestamp,
    civil::{DateTime, ISOWeekDate, Time},
    tz::{Offset, TimeZone},
};

use super::{
    super::{
        Arguments, TemplateError,
        arguments::{integer, required},
    },
    Date, FIRST, Form, MICROSECONDS, SECONDS,
    delta::Delta,
    read,
    time_tuple::TimeTuple,
    week::WeekDate,
    zone_name,
};
use crate::value::{Object, Value};

/// What a method of a date makes of its arguments.
type Method = fn(&Date, Arguments<'_>) -> Result<Value, TemplateError>;

/// What all have.
const OF_ALL: [(&str, Method); 3] = [("strftime", strftime), ("isoformat", isoformat), ("replace", replace)];
/// What those with a clock have, beyond that.
const OF_CLOCKS: [(&str, Method); 3] = [("utcoffset", utcoffset), ("tzname", tzname), ("dst", dst)];
/// What those with a day have.
const OF_DAYS: [(&str, Method); 11] = [
    ("ctime", ctime),
    ("fromisocalendar", made),
    ("fromisoformat", made),
    ("fromordinal", made),
    ("fromtimestamp", made),
    ("isocalendar", isocalendar),
    ("isoweekday", isoweekday),
    ("timetuple", timetuple),
    ("today", now),
    ("toordinal", toordinal),
    ("weekday", weekday),
];
/// What `datetime` alone has.
const OF_MOMENTS: [(&str, Method); 11] = [
    ("astimezone", astimezone),
    ("combine", combine),
    ("date", date),
    ("now", now),
    ("strptime", strptime),
    ("time", time),
    ("timestamp", timestamp),
    ("timetz", time),
    ("utcfromtimestamp", made),
    ("utcnow", now),
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
    Ok(date.formatted(text)?.into())
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
    let [tzinfo, fields @ ..] = match date.form {
        Form::Day => {
            let [year, month, day] = arguments.bind(["year", "month", "day"])?;
            [None, year, month, day, None, None, None, None]
        }
        Form::Clock => {
            let names = ["hour", "minute", "second", "microsecond", "tzinfo"];
            let [hour, minute, second, microsecond, tzinfo] = arguments.bind(names)?;
            [tzinfo, None, None, None, hour, minute, second, microsecond]
        }
        Form::Moment => {
            let names = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"];
            let [year, month, day, hour, minute, second, microsecond, tzinfo] = arguments.bind(names)?;
            [tzinfo, year, month, day, hour, minute, second, microsecond]
        }
    };
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
    let offset = tzinfo.map_or(Ok(date.offset), |zone| zone_of(&zone))?;
    Ok(Value::object(Date { at, offset, is_written: false, ..date.clone() }))
}

/// A `tzinfo`, as dates have it here: its name.
fn zone_of(zone: &Value) -> Result<Option<Offset>, TemplateError> {
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
    Ok(date.formatted("%a %b %e %H:%M:%S %Y")?.into())
}

fn isocalendar(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    let week = date.at.date().iso_week_date();
    let numbers = [week.year().into(), week.week().into(), week.weekday().to_monday_one_offset().into()];
    Ok(Value::object(WeekDate(numbers)))
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
    Ok(Value::Int(i64::from((date.at.date() - FIRST).get_days()) + 1))
}

fn timetuple(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::object(TimeTuple { at: date.at, is_dst: -1 }))
}

fn utctimetuple(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    let at = date.instant().map_or(date.at, |instant| instant.to_zoned(TimeZone::UTC).datetime());
    Ok(Value::object(TimeTuple { at, is_dst: 0 }))
}

fn timestamp(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::Float(date.epoch()))
}

fn date(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    Ok(Value::object(Date { form: Form::Day, ..Date::new(date.at.date().to_datetime(Time::midnight())) }))
}

/// `time()`, and `timetz()`, which keeps the offset.
fn time(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let offset = date.offset.filter(|_| arguments.name == "timetz");
    let [] = arguments.bind([])?;
    let at = DateTime::from_parts(DateTime::ZERO.date(), date.at.time());
    Ok(Value::object(Date { at, offset, ..Date::clock() }))
}

/// The same moment on another clock: that of this machine, or of a zone.
fn astimezone(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [zone] = arguments.bind(["tz"])?;
    let own = if date.offset.is_some() { date.zone() } else { TimeZone::system() };
    let other = zone.map_or(Ok(None), |zone| zone_of(&zone))?.map_or_else(TimeZone::system, TimeZone::fixed);
    let failed = |error: jiff::Error| TemplateError::value_error(error.to_string());
    let zoned = date.at.to_zoned(own).map_err(failed)?.with_time_zone(other);
    Ok(Value::object(Date::with_offset(zoned.datetime(), Some(zoned.offset()))))
}

/// The moment of a day and a time.
fn combine(_: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
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
    Ok(Value::object(Date::with_offset(DateTime::from_parts(day.at.date(), clock.at.time()), offset)))
}

/// `now()` and `today()` by this machine's clock, `utcnow()` by that of UTC.
fn now(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
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
    Ok(Value::object(match date.form {
        Form::Day => Date { form: Form::Day, ..Date::new(at.date().to_datetime(Time::midnight())) },
        _ => Date::with_offset(at, offset),
    }))
}

fn strptime(_: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [text, format] = arguments.bind(["date_string", "format"])?;
    let text = required(text, "strptime", "date_string")?;
    Ok(Value::object(read::with_format(&text, &required(format, "strptime", "format")?)?))
}

/// A date of the same type from something else: `fromisoformat`, `fromordinal`, `fromtimestamp` and their kin.
fn made(date: &Date, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let out_of_range = || TemplateError::value_error("year is out of range");
    let (at, offset) = match name {
        "fromisocalendar" => {
            let [year, week, day] = arguments.bind(["year", "week", "day"])?;
            let number = |value, name| integer(&required(value, "fromisocalendar", name)?);
            let (year, week, day) = (number(year, "year")?, number(week, "week")?, number(day, "day")?);
            let small = |number: i64| i8::try_from(number).unwrap_or(-1);
            let weekday = jiff::civil::Weekday::from_monday_one_offset(small(day))
                .map_err(|_| TemplateError::value_error(format!("Invalid weekday: {day} (range is [1, 7])")))?;
            let year = i16::try_from(year).map_err(|_| out_of_range())?;
            let date = ISOWeekDate::new(year, small(week), weekday)
                .map_err(|_| TemplateError::value_error(format!("Invalid week: {week}")))?;
            (date.date().to_datetime(Time::midnight()), None)
        }
        "fromisoformat" => {
            let from = only(arguments)?;
            let Some(text) = from.as_str() else {
                return Err(TemplateError::type_error("fromisoformat: argument must be str"));
            };
            let wrong = || TemplateError::value_error(format!("Invalid isoformat string: {}", from.repr()));
            read::iso(text)
                .filter(|(_, clock, _)| date.form == Form::Moment || clock.is_none())
                .map(|(day, clock, offset)| (day.to_datetime(clock.unwrap_or(Time::midnight())), offset))
                .ok_or_else(wrong)?
        }
        "fromordinal" => {
            let days = integer(&only(arguments)?)?;
            if days < 1 {
                return Err(TemplateError::value_error("ordinal must be >= 1"));
            }
            let span = Span::new().try_days(days - 1).ok();
            let day = span.and_then(|span| FIRST.checked_add(span).ok()).ok_or_else(out_of_range)?;
            (day.to_datetime(Time::midnight()), None)
        }
        _ => {
            let from = only(arguments)?;
            let wrong = || {
                let text = format!("'{}' object cannot be interpreted as an integer", from.type_name());
                TemplateError::type_error(text)
            };
            let seconds = from.as_f64().ok_or_else(wrong)?;
            let instant = Timestamp::from_microsecond((seconds * 1e6).round_ties_even() as i64);
            let zone = if name == "fromtimestamp" { TimeZone::system() } else { TimeZone::UTC };
            (instant.map_err(|_| out_of_range())?.to_zoned(zone).datetime(), None)
        }
    };
    let at = if date.form == Form::Day { at.date().to_datetime(Time::midnight()) } else { at };
    Ok(Value::object(Date { form: date.form, ..Date::with_offset(at, offset) }))
}

/// The one argument of a method.
fn only(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [from] = arguments.bind(["from"])?;
    required(from, name, "from")
}
