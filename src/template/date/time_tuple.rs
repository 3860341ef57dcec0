//! `datetime.timetuple()`.

use jiff::civil::DateTime;

use super::super::TemplateError;
use crate::value::{Object, Shape, Value};

/// The names of its items.
const NAMES: [&str; 9] =
    ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"];

/// A date as a tuple with names, Python's `time.struct_time`.
#[derive(Debug)]
pub(super) struct TimeTuple {
    /// The date.
    pub at: DateTime,
    /// Whether it is summer time there: 0, or -1 where that is not known.
    pub is_dst: i64,
}

impl TimeTuple {
    fn numbers(&self) -> [i64; 9] {
        let at = &self.at;
        [
            at.year().into(),
            at.month().into(),
            at.day().into(),
            at.hour().into(),
            at.minute().into(),
            at.second().into(),
            at.weekday().to_monday_zero_offset().into(),
            at.day_of_year().into(),
            self.is_dst,
        ]
    }

    fn tuple(&self) -> Value {
        Value::Tuple(self.numbers().map(Value::Int).into())
    }
}

impl Object for TimeTuple {
    fn type_name(&self) -> &'static str {
        "time.struct_time"
    }

    fn shape(&self) -> Shape {
        Shape::Sequence
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let place = NAMES.iter().position(|known| *known == name);
        Ok(place.map(|place| Value::Int(self.numbers()[place])))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        let place = key.as_i64().map(|place| if place < 0 { place + 9 } else { place });
        Ok(place.and_then(|place| self.numbers().get(usize::try_from(place).ok()?).copied()).map(Value::Int))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.numbers().map(Value::Int).to_vec()))
    }

    fn length(&self) -> Option<usize> {
        Some(NAMES.len())
    }

    fn repr(&self) -> String {
        let parts: Vec<String> =
            NAMES.iter().zip(self.numbers()).map(|(name, number)| format!("{name}={number}")).collect();
        format!("time.struct_time({})", parts.join(", "))
    }

    fn equals(&self, other: &Value) -> bool {
        self.tuple().python_eq(other)
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.tuple())
    }
}
