//! The tuples with names that dates give: `timetuple()` and `isocalendar()`.

use jiff::civil::{self, DateTime};

use super::super::TemplateError;
use crate::value::{Object, Shape, Value};

const OF_TIME: [&str; 9] =
    ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"];
const OF_WEEK: [&str; 3] = ["year", "week", "weekday"];

/// A tuple of whole numbers whose items have names.
#[derive(Debug)]
pub(super) struct NamedTuple {
    /// Its type, with Python's module.
    full_name: &'static str,
    names: &'static [&'static str],
    numbers: Vec<i64>,
}

impl NamedTuple {
    /// `time.struct_time`; `is_dst` is 1 in summer time, 0 outside of it, and -1 where that is not known.
    pub fn time(at: DateTime, is_dst: i64) -> Self {
        let numbers = vec![
            at.year().into(),
            at.month().into(),
            at.day().into(),
            at.hour().into(),
            at.minute().into(),
            at.second().into(),
            at.weekday().to_monday_zero_offset().into(),
            at.day_of_year().into(),
            is_dst,
        ];
        Self { full_name: "time.struct_time", names: &OF_TIME, numbers }
    }

    /// The year, the week, and the day of the week from 1, as ISO 8601 counts them.
    pub fn week(day: civil::Date) -> Self {
        let week = day.iso_week_date();
        let numbers = vec![week.year().into(), week.week().into(), week.weekday().to_monday_one_offset().into()];
        Self { full_name: "datetime.IsoCalendarDate", names: &OF_WEEK, numbers }
    }

    fn values(&self) -> Vec<Value> {
        self.numbers.iter().copied().map(Value::Int).collect()
    }

    fn tuple(&self) -> Value {
        Value::Tuple(self.values().into())
    }
}

impl Object for NamedTuple {
    fn type_name(&self) -> &'static str {
        self.full_name.rsplit('.').next().unwrap_or(self.full_name)
    }

    fn full_name(&self) -> &str {
        self.full_name
    }

    fn shape(&self) -> Shape {
        Shape::Sequence
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let place = self.names.iter().position(|known| *known == name);
        Ok(place.map(|place| Value::Int(self.numbers[place])))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        let length = self.numbers.len() as i64;
        let place = key.as_i64().map(|place| if place < 0 { place + length } else { place });
        let number = place.and_then(|place| self.numbers.get(usize::try_from(place).ok()?));
        Ok(number.copied().map(Value::Int))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.values()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.numbers.len())
    }

    fn repr(&self) -> String {
        let parts: Vec<String> =
            self.names.iter().zip(&self.numbers).map(|(name, number)| format!("{name}={number}")).collect();
        format!("{}({})", self.full_name, parts.join(", "))
    }

    fn equals(&self, other: &Value) -> bool {
        self.tuple().python_eq(other)
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.tuple())
    }
}
