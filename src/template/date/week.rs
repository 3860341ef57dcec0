//! `date.isocalendar()`.

use super::super::TemplateError;
use crate::value::{Object, Shape, Value};

/// `date.isocalendar()`: the year, the week, and the day from 1, as a tuple with names.
#[derive(Debug)]
pub(super) struct WeekDate(pub [i64; 3]);

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
