//! `range`.

use std::collections::HashMap;

use super::super::{
    Arguments, Function, TemplateError,
    arguments::{integer, required},
};
use crate::value::{Object, Shape, Value};

/// No range may have more items: a template must not eat the memory.
const LIMIT: i64 = 10_000_000;

pub(super) fn register(table: &mut HashMap<&'static str, Function>) {
    table.insert("range", range);
}

fn range(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [first, second, step] = arguments.bind(["start", "stop", "step"])?;
    let first = integer(&required(first, "range", "stop")?)?;
    let step = step.as_ref().map_or(Ok(1), integer)?;
    let (start, stop) = match second {
        Some(stop) => (first, integer(&stop)?),
        None => (0, first),
    };
    if step == 0 {
        return Err(TemplateError::value_error("range() arg 3 must not be zero"));
    }
    let range = Range { start, stop, step };
    if range.count() > LIMIT {
        return Err(TemplateError::raised("OverflowError", format!("range too big, the maximum size is {LIMIT}")));
    }
    Ok(Value::object(range))
}

/// Python's `range`.
#[derive(Debug, PartialEq)]
pub(in crate::template) struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

impl Range {
    fn count(&self) -> i64 {
        let span =
            if self.step > 0 { self.stop.saturating_sub(self.start) } else { self.start.saturating_sub(self.stop) };
        if span <= 0 { 0 } else { (span - 1) / self.step.saturating_abs() + 1 }
    }
}

impl Object for Range {
    fn type_name(&self) -> &'static str {
        "range"
    }

    fn shape(&self) -> Shape {
        Shape::Sequence
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        let Some(index) = key.as_i64() else { return Ok(None) };
        let index = if index < 0 { index + self.count() } else { index };
        Ok((0..self.count()).contains(&index).then(|| Value::Int(self.start + index * self.step)))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some((0..self.count()).map(|index| Value::Int(self.start + index * self.step)).collect()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.count() as usize)
    }

    fn contains(&self, value: &Value) -> Result<Option<bool>, TemplateError> {
        let Some(number) = value.as_i64() else { return Ok(None) };
        let offset = number - self.start;
        Ok(Some(offset % self.step == 0 && (0..self.count()).contains(&(offset / self.step))))
    }

    fn repr(&self) -> String {
        match self.step {
            1 => format!("range({}, {})", self.start, self.stop),
            step => format!("range({}, {}, {step})", self.start, self.stop),
        }
    }

    fn equals(&self, other: &Value) -> bool {
        matches!(other, Value::Object(other) if other.downcast_ref::<Self>() == Some(self))
    }
}
