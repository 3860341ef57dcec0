//! Python's `==` and `<`.

use std::{cmp::Ordering, sync::Arc};

use num_bigint::BigInt;
use num_traits::{FromPrimitive as _, ToPrimitive as _};

use super::Value;
use crate::template::TemplateError;

impl Value {
    /// Python's `==`: numbers by value whatever their type, containers item by item.
    /// Templates that are not evaluated yet equal only themselves.
    pub fn python_eq(&self, other: &Self) -> bool {
        if let Some(order) = numbers(self, other) {
            return order == Some(Ordering::Equal);
        }
        match (self, other) {
            (Self::None, Self::None) | (Self::Undefined(_), Self::Undefined(_)) => true,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.is_same(b) || a.with(|a| b.with(|b| items_equal(a, b))),
            (Self::Tuple(a), Self::Tuple(b)) => items_equal(a, b),
            (Self::Dict(a), Self::Dict(b)) => {
                a.is_same(b)
                    || a.len() == b.len()
                        && a.entries()
                            .iter()
                            .all(|(key, value)| b.with(|b| b.get(key).is_some_and(|found| found.python_eq(value))))
            }
            (Self::Lazy(a), Self::Lazy(b)) => Arc::ptr_eq(a, b),
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b) || a.equals(other),
            (Self::Object(a), other) | (other, Self::Object(a)) => a.equals(other),
            _ => false,
        }
    }

    /// Python's order of two values for `<` and sorting; fails for types that Python does not order,
    /// and is `None` where a NaN is involved. `operator` is what the error names.
    pub fn python_cmp(&self, other: &Self, operator: &str) -> Result<Option<Ordering>, TemplateError> {
        if let Some(order) = numbers(self, other) {
            return Ok(order);
        }
        let unordered = || {
            let (left, right) = (self.full_type_name(), other.full_type_name());
            TemplateError::type_error(format!("'{operator}' not supported between instances of '{left}' and '{right}'"))
        };
        match (self, other) {
            (Self::Undefined(undefined), _) | (_, Self::Undefined(undefined)) => {
                Err(TemplateError::undefined(undefined))
            }
            (Self::Str(a), Self::Str(b)) => Ok(Some(a.cmp(b))),
            (Self::Bytes(a), Self::Bytes(b)) => Ok(Some(a.cmp(b))),
            (Self::List(a), Self::List(b)) => items_order(&a.to_vec(), &b.to_vec(), operator),
            (Self::Tuple(a), Self::Tuple(b)) => items_order(a, b, operator),
            (Self::Object(a), Self::Object(b)) if let Some(order) = a.order(&**b)? => Ok(Some(order)),
            (Self::Object(a), Self::Object(b)) => match (a.plain(), b.plain()) {
                (Ok(left), Ok(right)) if a.type_name() == b.type_name() && left.as_str().is_some() => {
                    left.python_cmp(&right, operator)
                }
                _ => Err(unordered()),
            },
            _ => Err(unordered()),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.python_eq(other)
    }
}

fn items_equal(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.python_eq(b))
}

fn items_order(a: &[Value], b: &[Value], operator: &str) -> Result<Option<Ordering>, TemplateError> {
    for (a, b) in a.iter().zip(b) {
        if !a.python_eq(b) {
            return a.python_cmp(b, operator);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

/// The order of two numbers; `None` if one is not a number, `Some(None)` if one is a NaN.
fn numbers(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    match (a, b) {
        (Value::BigInt(a), Value::BigInt(b)) => Some(Some(a.cmp(b))),
        (Value::Float(a), b) => Some(b.float_order(*a)?.map(Ordering::reverse)),
        (a, Value::Float(b)) => Some(a.float_order(*b)?),
        (Value::BigInt(a), b) => Some(Some((**a).cmp(&BigInt::from(b.as_i64()?)))),
        (a, Value::BigInt(b)) => Some(Some(BigInt::from(a.as_i64()?).cmp(b))),
        (a, b) => Some(Some(a.as_i64()?.cmp(&b.as_i64()?))),
    }
}

impl Value {
    /// The exact order of this number and a float.
    fn float_order(&self, float: f64) -> Option<Option<Ordering>> {
        match self {
            Self::Float(number) => Some(number.partial_cmp(&float)),
            Self::Int(number) if number.unsigned_abs() <= 1 << 53 => Some((*number as f64).partial_cmp(&float)),
            Self::Bool(flag) => Some(f64::from(u8::from(*flag)).partial_cmp(&float)),
            Self::Int(_) | Self::BigInt(_) => {
                let integer = match self {
                    Self::BigInt(number) => (**number).clone(),
                    _ => BigInt::from(self.as_i64()?),
                };
                Some(match BigInt::from_f64(float.trunc()) {
                    Some(whole) => Some(
                        integer.cmp(&whole).then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)),
                    ),
                    None if float.is_nan() => None,
                    None => integer.to_f64().unwrap_or(0.0).partial_cmp(&float),
                })
            }
            _ => None,
        }
    }
}
