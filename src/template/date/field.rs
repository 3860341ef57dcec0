//! The numbers of a date within their limits, and Python's errors about those that are not.

use jiff::civil::{self, Time};

use super::super::TemplateError;

/// The years that Python's dates have.
const YEARS: std::ops::RangeInclusive<i64> = 1..=9999;

/// A day.
pub(super) fn day(year: i64, month: i64, day: i64) -> Result<civil::Date, TemplateError> {
    let out_of_range = |text: String| Err(TemplateError::value_error(text));
    if !YEARS.contains(&year) {
        return out_of_range(format!("year {year} is out of range"));
    }
    if !(1..=12).contains(&month) {
        return out_of_range("month must be in 1..12".to_owned());
    }
    let small = |number: i64| i8::try_from(number).unwrap_or(-1);
    civil::Date::new(year as i16, small(month), small(day))
        .map_err(|_| TemplateError::value_error("day is out of range for month"))
}

/// A time of day: hours, minutes, seconds and microseconds.
pub(super) fn clock(fields: [i64; 4]) -> Result<Time, TemplateError> {
    let limits = [("hour", 23), ("minute", 59), ("second", 59), ("microsecond", 999_999)];
    if let Some((_, (name, last))) = fields.iter().zip(limits).find(|(field, (_, last))| !(0..=*last).contains(*field))
    {
        return Err(TemplateError::value_error(format!("{name} must be in 0..{last}")));
    }
    let [hour, minute, second, micros] = fields;
    let small = |number: i64| number as i8;
    Time::new(small(hour), small(minute), small(second), micros as i32 * 1000)
        .map_err(|error| TemplateError::value_error(error.to_string()))
}
