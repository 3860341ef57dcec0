//! Methods and attributes of numbers.

use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};

use super::super::{Arguments, TemplateError, arguments::integer};
use crate::value::Value;

/// `real`, `imag`, and a whole number's `numerator` and `denominator`.
pub(super) fn attribute(number: &Value, name: &str) -> Option<Value> {
    let is_float = matches!(number, Value::Float(_));
    number.as_f64()?;
    match name {
        "real" => number.plus().ok(),
        "imag" if is_float => Some(Value::Float(0.0)),
        "imag" => Some(Value::Int(0)),
        "numerator" if !is_float => number.plus().ok(),
        "denominator" if !is_float => Some(Value::Int(1)),
        _ => None,
    }
}

pub(super) fn call(number: &Value, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    if name == "to_bytes" {
        return to_bytes(number, arguments);
    }
    let [] = arguments.bind([])?;
    match (name, number) {
        ("is_integer", Value::Float(float)) => Ok(Value::Bool(float.is_finite() && float.fract() == 0.0)),
        ("hex", Value::Float(float)) => Ok(hex(*float).into()),
        ("as_integer_ratio", Value::Float(float)) => ratio(*float),
        ("as_integer_ratio", _) => Ok(Value::Tuple([number.plus()?, Value::Int(1)].into())),
        ("bit_length" | "bit_count", _) => {
            let integer = number.to_bigint().unwrap_or_default();
            let bits = match name {
                "bit_length" => integer.bits(),
                _ => integer.magnitude().iter_u64_digits().map(|digit| u64::from(digit.count_ones())).sum(),
            };
            Ok(Value::Int(bits.to_i64().unwrap_or(i64::MAX)))
        }
        _ => number.plus(),
    }
}

fn to_bytes(number: &Value, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [length, order] = arguments.bind(["length", "byteorder"])?;
    let length = length.as_ref().map_or(Ok(1), integer)?.clamp(0, 1 << 16) as usize;
    let order = order.map_or_else(|| "big".to_owned(), |order| order.to_str());
    let value = number.to_bigint().unwrap_or_default();
    if value.is_negative() {
        return Err(TemplateError::raised("OverflowError", "can't convert negative int to unsigned"));
    }
    let mut bytes = value.magnitude().to_bytes_le();
    if value == BigInt::default() {
        bytes.clear();
    }
    if bytes.len() > length {
        return Err(TemplateError::raised("OverflowError", "int too big to convert"));
    }
    bytes.resize(length, 0);
    match order.as_str() {
        "little" => {}
        "big" => bytes.reverse(),
        _ => return Err(TemplateError::value_error("byteorder must be either 'little' or 'big'")),
    }
    Ok(Value::Bytes(bytes.into()))
}

/// A float as a mantissa of 53 bits and a power of two.
fn parts(float: f64) -> (u64, i32) {
    let bits = float.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn ratio(float: f64) -> Result<Value, TemplateError> {
    if float.is_nan() {
        return Err(TemplateError::value_error("cannot convert NaN to integer ratio"));
    }
    if float.is_infinite() {
        return Err(TemplateError::raised("OverflowError", "cannot convert Infinity to integer ratio"));
    }
    let (mantissa, exponent) = parts(float);
    let spare = if mantissa == 0 { 0 } else { (mantissa.trailing_zeros() as i32).min((-exponent).max(0)) };
    let (mut above, mut below) = (BigInt::from(mantissa >> spare), BigInt::from(1));
    if mantissa != 0 {
        match exponent + spare {
            power @ 0.. => above <<= power,
            power => below <<= -power,
        }
    }
    Ok(Value::Tuple([if float < 0.0 { -above } else { above }.into(), below.into()].into()))
}

fn hex(float: f64) -> String {
    if !float.is_finite() {
        return Value::Float(float).repr();
    }
    let sign = if float.is_sign_negative() { "-" } else { "" };
    if float == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (mantissa, exponent) = parts(float);
    let whole = mantissa >> 52;
    let exponent = exponent + 52;
    format!("{sign}0x{whole}.{:013x}p{exponent:+}", mantissa & ((1 << 52) - 1))
}
