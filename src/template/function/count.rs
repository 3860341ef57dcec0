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
    let (how, count, s) = match arguments.positional.len() {
        0 => ("least", 1, ""),
        4.. => ("most", 3, "s"),
        _ => ("", 0, ""),
    };
    if count > 0 {
        let given = arguments.positional.len();
        let text = format!("range expected at {how} {count} argument{s}, got {given}");
        return Err(TemplateError::type_error(text));
    }
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
#[derive(Debug)]
pub(in crate::template) struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

impl Range {
    /// The range of the items that a slice picks, from `start` in steps of `step`.
    pub(in crate::template) fn slice(&self, start: usize, count: usize, step: i64) -> Self {
        let first = self.start + start as i64 * self.step;
        let step = self.step * step;
        Self { start: first, stop: first + count as i64 * step, step }
    }

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
        let Value::Object(other) = other else { return false };
        other.downcast_ref::<Self>().is_some_and(|other| {
            let count = self.count();
            count == other.count()
                && (count == 0 || self.start == other.start && (count == 1 || self.step == other.step))
        })
    }
}
