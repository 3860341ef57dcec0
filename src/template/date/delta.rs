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

    fn rounded(microseconds: f64) -> Value {
        Value::object(Self { microseconds: microseconds.round_ties_even() as i64 })
    }
}

impl Object for Delta {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }

    fn full_name(&self) -> &'static str {
        "datetime.timedelta"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let rest = self.microseconds.rem_euclid(Self::DAY);
        Ok(match name {
            "days" => Some(Value::Int(self.microseconds.div_euclid(Self::DAY))),
            "seconds" => Some(Value::Int(rest / 1_000_000)),
            "microseconds" => Some(Value::Int(rest % 1_000_000)),
            "resolution" => Some(Value::object(Self { microseconds: 1 })),
            "total_seconds" => Some(Value::object(TotalSeconds(self.microseconds as f64 / 1e6))),
            _ => None,
        })
    }

    fn repr(&self) -> String {
        let rest = self.microseconds.rem_euclid(Self::DAY);
        let parts = [
            ("days", self.microseconds.div_euclid(Self::DAY)),
            ("seconds", rest / 1_000_000),
            ("microseconds", rest % 1_000_000),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(_, number)| *number != 0).map(|(name, number)| format!("{name}={number}")).collect();
        format!("datetime.timedelta({})", if parts.is_empty() { "0".to_owned() } else { parts.join(", ") })
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
            Value::Float(factor) => return Some(Self::rounded(self.microseconds as f64 * factor)),
            other => self.microseconds.checked_mul(other.as_i64()?)?,
        };
        Some(Value::object(Self { microseconds }))
    }

    fn divide(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let microseconds = self.microseconds as f64;
        Ok(match other {
            Value::Object(_) => other_delta(other)?.map(|other| Value::Float(microseconds / other as f64)),
            Value::Float(0.0) => return Err(TemplateError::raised("ZeroDivisionError", "division by zero")),
            other if other.as_i64() == Some(0) => return Err(by_zero()),
            other => other.as_f64().map(|divisor| Self::rounded(microseconds / divisor)),
        })
    }

    fn floor_divide(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(match other {
            Value::Object(_) => other_delta(other)?.map(|other| Value::Int(floor(self.microseconds, other))),
            other => match other.as_i64() {
                Some(0) => return Err(by_zero()),
                Some(divisor) => Some(Value::object(Self { microseconds: floor(self.microseconds, divisor) })),
                None => None,
            },
        })
    }

    fn modulo(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(other_delta(other)?.map(|other| {
            let microseconds = self.microseconds.wrapping_sub(floor(self.microseconds, other).wrapping_mul(other));
            Value::object(Self { microseconds })
        }))
    }

    fn add(&self, other: &Value) -> Result<Option<Value>, TemplateError> {
        let Value::Object(other) = other else { return Ok(None) };
        if let Some(date) = other.downcast_ref::<Date>() {
            return date.shifted(self.microseconds);
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

/// The microseconds of a `timedelta` that something is divided by; `None` for anything else.
fn other_delta(value: &Value) -> Result<Option<i64>, TemplateError> {
    let Value::Object(object) = value else { return Ok(None) };
    match object.downcast_ref::<Delta>() {
        Some(Delta { microseconds: 0 }) => Err(by_zero()),
        other => Ok(other.map(|other| other.microseconds)),
    }
}

fn by_zero() -> TemplateError {
    TemplateError::raised("ZeroDivisionError", "integer division or modulo by zero")
}

/// A quotient rounded down. The divisor is not 0.
fn floor(number: i64, divisor: i64) -> i64 {
    let quotient = number.wrapping_div(divisor);
    if number.wrapping_rem(divisor) != 0 && (number < 0) != (divisor < 0) { quotient - 1 } else { quotient }
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
