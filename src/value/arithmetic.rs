//! Python's operators on values: numbers of any size, and `+` and `*` on text and lists.

use num_bigint::{BigInt, Sign};
use num_traits::{Signed as _, ToPrimitive as _, Zero as _};

use super::{Value, percent};
use crate::template::TemplateError;

/// No result may have more digits or items than this: a template must not eat the memory.
const LIMIT: u64 = 1 << 26;

/// Two numbers brought to one type.
enum Pair {
    Int(i64, i64),
    Big(BigInt, BigInt),
    Float(f64, f64),
}

impl Value {
    /// This number as an integer of any size, if it is an integer or a boolean.
    pub fn to_bigint(&self) -> Option<BigInt> {
        match self {
            Self::BigInt(number) => Some((**number).clone()),
            other => other.as_i64().map(BigInt::from),
        }
    }

    fn pair(&self, other: &Self) -> Option<Pair> {
        if matches!(self, Self::Float(_)) || matches!(other, Self::Float(_)) {
            return Some(Pair::Float(self.as_f64()?, other.as_f64()?));
        }
        match (self.as_i64(), other.as_i64()) {
            (Some(a), Some(b)) => Some(Pair::Int(a, b)),
            _ => Some(Pair::Big(self.to_bigint()?, other.to_bigint()?)),
        }
    }

    /// Fails for an integer beyond the floats that meets a float.
    fn fits_float(&self, other: &Self) -> Result<(), TemplateError> {
        let too_large =
            |number: &Self| matches!(number, Self::BigInt(_)) && number.as_f64().is_some_and(f64::is_infinite);
        match (self, other) {
            (Self::Float(_), number) | (number, Self::Float(_)) if too_large(number) => {
                Err(TemplateError::raised("OverflowError", "int too large to convert to float"))
            }
            _ => Ok(()),
        }
    }

    fn unsupported(&self, operator: &str, other: &Self) -> TemplateError {
        for side in [self, other] {
            if let Self::Undefined(undefined) = side {
                return TemplateError::undefined(undefined);
            }
        }
        let (left, right) = (self.full_type_name(), other.full_type_name());
        TemplateError::type_error(format!("unsupported operand type(s) for {operator}: '{left}' and '{right}'"))
    }

    /// `self + other`.
    pub fn add(&self, other: &Self) -> Result<Self, TemplateError> {
        self.fits_float(other)?;
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => Ok(Self::from(format!("{a}{b}"))),
            (Self::List(a), Self::List(b)) => Ok([a.to_vec(), b.to_vec()].concat().into()),
            (Self::Tuple(a), Self::Tuple(b)) => Ok(Self::Tuple([&**a, &**b].concat().into())),
            (Self::Bytes(a), Self::Bytes(b)) => Ok(Self::Bytes([&**a, &**b].concat().into())),
            (_, Self::Undefined(undefined)) => Err(TemplateError::undefined(undefined)),
            (Self::Str(_) | Self::List(_) | Self::Tuple(_), _) => {
                let (name, found) = (self.type_name(), other.type_name());
                Err(TemplateError::type_error(format!("can only concatenate {name} (not \"{found}\") to {name}")))
            }
            (Self::Object(object), _) => object.add(other)?.ok_or_else(|| self.unsupported("+", other)),
            _ => match self.pair(other).ok_or_else(|| self.unsupported("+", other))? {
                Pair::Int(a, b) => Ok(a.checked_add(b).map_or_else(|| (BigInt::from(a) + b).into(), Self::Int)),
                Pair::Big(a, b) => Ok((a + b).into()),
                Pair::Float(a, b) => Ok(Self::Float(a + b)),
            },
        }
    }

    /// `self - other`.
    pub fn subtract(&self, other: &Self) -> Result<Self, TemplateError> {
        self.fits_float(other)?;
        if let Self::Object(object) = self
            && let Some(difference) = object.subtract(other)?
        {
            return Ok(difference);
        }
        match self.pair(other).ok_or_else(|| self.unsupported("-", other))? {
            Pair::Int(a, b) => Ok(a.checked_sub(b).map_or_else(|| (BigInt::from(a) - b).into(), Self::Int)),
            Pair::Big(a, b) => Ok((a - b).into()),
            Pair::Float(a, b) => Ok(Self::Float(a - b)),
        }
    }

    /// `self * other`; text, lists and tuples are repeated.
    pub fn multiply(&self, other: &Self) -> Result<Self, TemplateError> {
        self.fits_float(other)?;
        if let (Self::Object(object), factor) | (factor, Self::Object(object)) = (self, other) {
            return object.multiply(factor).ok_or_else(|| self.unsupported("*", other));
        }
        if let Some(pair) = self.pair(other) {
            return Ok(match pair {
                Pair::Int(a, b) => a.checked_mul(b).map_or_else(|| (BigInt::from(a) * b).into(), Self::Int),
                Pair::Big(a, b) => (a * b).into(),
                Pair::Float(a, b) => Self::Float(a * b),
            });
        }
        let (sequence, count) = match (self.as_i64(), other.as_i64()) {
            (Some(count), None) => (other, count),
            (None, Some(count)) => (self, count),
            _ => {
                let sequence = matches!(self, Self::Str(_) | Self::List(_) | Self::Tuple(_));
                if sequence && !other.is_undefined() {
                    let found = other.type_name();
                    return Err(TemplateError::type_error(format!(
                        "can't multiply sequence by non-int of type '{found}'"
                    )));
                }
                return Err(self.unsupported("*", other));
            }
        };
        let count = usize::try_from(count).unwrap_or(0);
        if (sequence.len().unwrap_or(0) as u64).saturating_mul(count as u64) > LIMIT {
            return Err(TemplateError::raised("MemoryError", "the repeated sequence is too long"));
        }
        match sequence {
            Self::Str(text) => Ok(Self::from(text.repeat(count))),
            Self::List(items) => Ok(vec![items.to_vec(); count].concat().into()),
            Self::Tuple(items) => Ok(Self::Tuple(vec![items.to_vec(); count].concat().into())),
            Self::Bytes(bytes) => Ok(Self::Bytes(bytes.repeat(count).into())),
            _ => Err(self.unsupported("*", other)),
        }
    }

    /// `self / other`, always a float.
    pub fn divide(&self, other: &Self) -> Result<Self, TemplateError> {
        self.fits_float(other)?;
        if let Self::Object(object) = self {
            return object.divide(other)?.ok_or_else(|| self.unsupported("/", other));
        }
        let pair = self.pair(other).ok_or_else(|| self.unsupported("/", other))?;
        let (a, b) = match pair {
            Pair::Float(_, 0.0) => {
                return Err(TemplateError::raised("ZeroDivisionError", "float division by zero"));
            }
            Pair::Int(_, 0) => return Err(TemplateError::raised("ZeroDivisionError", "division by zero")),
            Pair::Float(a, b) => (a, b),
            Pair::Int(a, b) if a.unsigned_abs().max(b.unsigned_abs()) > EXACT => {
                return Ok(Self::Float(quotient(&a.into(), &b.into())));
            }
            Pair::Int(a, b) => (a as f64, b as f64),
            Pair::Big(_, b) if b.is_zero() => {
                return Err(TemplateError::raised("ZeroDivisionError", "division by zero"));
            }
            Pair::Big(a, b) => match quotient(&a, &b) {
                quotient if quotient.is_finite() => return Ok(Self::Float(quotient)),
                _ => {
                    let text = "integer division result too large for a float";
                    return Err(TemplateError::raised("OverflowError", text));
                }
            },
        };
        Ok(Self::Float(a / b))
    }

    /// `self // other`, rounded towards minus infinity.
    pub fn floor_divide(&self, other: &Self) -> Result<Self, TemplateError> {
        if let Self::Object(object) = self {
            return object.floor_divide(other)?.ok_or_else(|| self.unsupported("//", other));
        }
        match self.pair(other).ok_or_else(|| self.unsupported("//", other))? {
            Pair::Int(_, 0) => Err(TemplateError::raised("ZeroDivisionError", "integer division or modulo by zero")),
            Pair::Int(a, b) if b != -1 => {
                let quotient = a / b;
                Ok(Self::Int(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }))
            }
            Pair::Int(a, b) => Ok(floor_division(&a.into(), &b.into()).0.into()),
            Pair::Big(_, b) if b.is_zero() => {
                Err(TemplateError::raised("ZeroDivisionError", "integer division or modulo by zero"))
            }
            Pair::Big(a, b) => Ok(floor_division(&a, &b).0.into()),
            Pair::Float(_, 0.0) => Err(TemplateError::raised("ZeroDivisionError", "float floor division by zero")),
            Pair::Float(a, b) => Ok(Self::Float(((a - float_modulo(a, b)) / b).round())),
        }
    }

    /// `self % other`: the sign is the divisor's; with text on the left, Python's formatting.
    pub fn modulo(&self, other: &Self) -> Result<Self, TemplateError> {
        if let Self::Str(format) = self {
            return match other.missing_inside() {
                Some(undefined) => Err(TemplateError::undefined(&undefined)),
                None => percent::format(format, other).map(Self::from),
            };
        }
        if let Self::Object(object) = self {
            return object.modulo(other)?.ok_or_else(|| self.unsupported("%", other));
        }
        match self.pair(other).ok_or_else(|| self.unsupported("%", other))? {
            Pair::Int(_, 0) => Err(TemplateError::raised("ZeroDivisionError", "integer modulo by zero")),
            Pair::Int(a, b) => {
                let rest = a.wrapping_rem(b);
                Ok(Self::Int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }))
            }
            Pair::Big(_, b) if b.is_zero() => Err(TemplateError::raised("ZeroDivisionError", "integer modulo by zero")),
            Pair::Big(a, b) => Ok(floor_division(&a, &b).1.into()),
            Pair::Float(_, 0.0) => Err(TemplateError::raised("ZeroDivisionError", "float modulo")),
            Pair::Float(a, b) => Ok(Self::Float(float_modulo(a, b))),
        }
    }

    /// `self ** other`: an integer for integers with an exponent from 0, a float otherwise.
    pub fn power(&self, other: &Self) -> Result<Self, TemplateError> {
        let pair = self.pair(other).ok_or_else(|| self.unsupported("** or pow()", other))?;
        let (base, exponent) = match pair {
            Pair::Float(a, b) => return float_power(a, b),
            Pair::Int(a, b) => (BigInt::from(a), BigInt::from(b)),
            Pair::Big(a, b) => (a, b),
        };
        if exponent.is_negative() {
            return float_power(base.to_f64().unwrap_or(f64::INFINITY), exponent.to_f64().unwrap_or(f64::NEG_INFINITY));
        }
        if base.magnitude().bits() <= 1 {
            let odd = exponent.bit(0);
            let result = match base.sign() {
                Sign::NoSign => i64::from(exponent.is_zero()),
                Sign::Minus if odd => -1,
                _ => 1,
            };
            return Ok(Self::Int(result));
        }
        match exponent.to_u32() {
            Some(small) if base.bits().saturating_mul(u64::from(small)) <= LIMIT => Ok(base.pow(small).into()),
            _ => Err(TemplateError::raised("MemoryError", "the power is too large")),
        }
    }

    /// `-self`.
    pub fn negate(&self) -> Result<Self, TemplateError> {
        match self {
            Self::Object(object) => object.multiply(&Self::Int(-1)).ok_or_else(|| self.bad_operand("-")),
            Self::Float(number) => Ok(Self::Float(-number)),
            Self::BigInt(number) => Ok((-(**number).clone()).into()),
            _ => match self.as_i64() {
                Some(number) => Ok(number.checked_neg().map_or_else(|| (-BigInt::from(number)).into(), Self::Int)),
                None => Err(self.bad_operand("-")),
            },
        }
    }

    /// `+self`: the number itself; booleans become integers.
    pub fn plus(&self) -> Result<Self, TemplateError> {
        match self {
            Self::Float(_) | Self::BigInt(_) => Ok(self.clone()),
            _ => self.as_i64().map(Self::Int).ok_or_else(|| self.bad_operand("+")),
        }
    }

    fn bad_operand(&self, operator: &str) -> TemplateError {
        match self {
            Self::Undefined(undefined) => TemplateError::undefined(undefined),
            _ => TemplateError::type_error(format!("bad operand type for unary {operator}: '{}'", self.type_name())),
        }
    }
}

/// The largest integer of which floats have all that are smaller.
const EXACT: u64 = 1 << 53;

/// The quotient of integers beyond the floats.
fn quotient(a: &BigInt, b: &BigInt) -> f64 {
    let (sign, a, b) = (if a.is_negative() == b.is_negative() { 1.0 } else { -1.0 }, a.abs(), b.abs());
    // Enough bits that the last one of a float is right, and one more for what is cut off.
    let shift = i64::try_from(b.bits()).unwrap_or(0) - i64::try_from(a.bits()).unwrap_or(0) + 66;
    let (above, below) = if shift >= 0 { (a << shift, b) } else { (a, b << -shift) };
    let (whole, rest) = (&above / &below, &above % &below);
    let whole = if rest.is_zero() { whole } else { whole | BigInt::from(1) };
    let scale = i32::try_from(-shift).unwrap_or(0);
    sign * whole.to_f64().unwrap_or(0.0) * 2_f64.powi(scale / 2) * 2_f64.powi(scale - scale / 2)
}

/// Quotient rounded down, and the rest with the divisor's sign. The divisor is not 0.
fn floor_division(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (a / b, a % b);
    if !rest.is_zero() && rest.is_negative() != b.is_negative() { (quotient - 1, rest + b) } else { (quotient, rest) }
}

fn float_modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (rest < 0.0) == (b < 0.0) {
        rest
    } else {
        rest + b
    }
}

fn float_power(base: f64, exponent: f64) -> Result<Value, TemplateError> {
    if base == 0.0 && exponent < 0.0 {
        let text = "0.0 cannot be raised to a negative power";
        return Err(TemplateError::raised("ZeroDivisionError", text));
    }
    if base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
        let text = "Type 'complex' is unsupported for variable storage.";
        return Err(TemplateError::raised("AnsibleVariableTypeError", text));
    }
    let result = base.powf(exponent);
    if result.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(TemplateError::raised("OverflowError", "(34, 'Numerical result out of range')"));
    }
    Ok(Value::Float(result))
}
