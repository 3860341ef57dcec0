//! Methods of numbers.

use num_traits::ToPrimitive as _;

use super::super::{Arguments, TemplateError};
use crate::value::Value;

pub(super) const NAMES: [&str; 4] = ["bit_length", "is_integer", "conjugate", "__str__"];

pub(super) fn call(number: &Value, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [] = arguments.bind([])?;
    match (name, number) {
        ("bit_length", _) => {
            let integer = number.to_bigint().ok_or_else(|| {
                TemplateError::raised("AttributeError", "'float' object has no attribute 'bit_length'")
            })?;
            Ok(Value::Int(integer.bits().to_i64().unwrap_or(i64::MAX)))
        }
        ("is_integer", Value::Float(float)) => Ok(Value::Bool(float.is_finite() && float.fract() == 0.0)),
        ("is_integer", _) => Ok(Value::Bool(true)),
        ("__str__", _) => Ok(number.to_str().into()),
        _ => number.plus(),
    }
}
