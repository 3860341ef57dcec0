//! `timedelta`: the time between two dates.

use std::cmp::Ordering;

use jiff::tz::Offset;

use super::{
    super::{Arguments, TemplateError},
    Date,
};
use crate::value::{Object, Value};

/// The time between two dates, as Python's `timedelta`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delta {
    /// Its length.
    pub microseconds: i64,
}

impl Delta {
    /// Microseconds of a day.
    pub const DAY: i64 = 86_400_000_000;

    /// The time between UTC and a clock that is ahead of it.
    pub fn of(offset: Offset) -> Self {
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

    fn order(&self, other: &dyn Object) -> Result<Option<Ordering>, TemplateError> {
        Ok(other.downcast_ref::<Self>().map(|other| self.microseconds.cmp(&other.microseconds)))
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
