//! Filters on numbers.

use std::{cmp::Ordering, collections::HashMap};

use num_bigint::BigInt;
use num_traits::FromPrimitive as _;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
        filter::choose::attribute_of,
    },
    failed, flag,
};
use crate::value::{Value, parse_int};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("int", int as Filter),
        ("float", float),
        ("abs", abs),
        ("round", round),
        ("sum", sum),
        ("filesizeformat", filesizeformat),
        ("human_readable", human_readable),
        ("human_to_bytes", human_to_bytes),
        ("log", log),
        ("pow", pow),
        ("root", root),
    ]);
}

fn int(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, default, base] = arguments.bind(["value", "default", "base"])?;
    let value = required(value, "int", "value")?;
    // What is no base is as good as one that does not fit.
    let base = base.map_or(Some(10), |base| base.as_i64()).filter(|base| matches!(base, 0 | 2..=36));
    let number = match &value {
        Value::Str(text) => base.and_then(|base| parse_int(text, base as u32)).or_else(|| {
            text.trim().replace('_', "").parse().ok().and_then(|float: f64| BigInt::from_f64(float.trunc()))
        }),
        Value::Float(float) if float.is_infinite() => {
            return Err(TemplateError::raised("OverflowError", "cannot convert float infinity to integer"));
        }
        Value::Float(float) => BigInt::from_f64(float.trunc()),
        other => other.to_bigint(),
    };
    Ok(number.map_or_else(|| default.unwrap_or(Value::Int(0)), Value::from))
}

fn float(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, default] = arguments.bind(["value", "default"])?;
    let value = required(value, "float", "value")?;
    let number = match &value {
        Value::Str(text) => text.trim().replace('_', "").parse().ok(),
        other => other.as_f64(),
    };
    Ok(number.map_or_else(|| default.unwrap_or(Value::Float(0.0)), Value::Float))
}

fn abs(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["x"])?;
    let value = required(value, "abs", "x")?;
    match value.as_f64() {
        Some(number) if number < 0.0 => value.negate(),
        Some(_) => value.plus(),
        None => {
            let wrong =
                |_| TemplateError::type_error(format!("bad operand type for abs(): '{}'", value.full_type_name()));
            let negative = value.negate().map_err(wrong)?;
            Ok(if value.python_cmp(&negative, "<")?.is_some_and(Ordering::is_lt) { negative } else { value })
        }
    }
}

fn round(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, precision, method] = arguments.bind(["value", "precision", "method"])?;
    let value = required(value, "round", "value")?;
    let method = method.map_or_else(|| "common".to_owned(), |method| method.to_str());
    if let (Some(Value::Float(precision)), "ceil" | "floor", Some(number)) = (&precision, &*method, value.as_f64()) {
        let factor = 10_f64.powf(*precision);
        let scaled = number * factor;
        return Ok(Value::Float(if method == "ceil" { scaled.ceil() } else { scaled.floor() } / factor));
    }
    let precision = precision.as_ref().map_or(Ok(0), integer)?.clamp(-300, 300) as i32;
    let Some(number) = value.as_f64() else {
        let found = value.type_name();
        return Err(TemplateError::type_error(format!("type {found} doesn't define __round__ method")));
    };
    let factor = 10_f64.powi(precision);
    let whole = value.to_bigint().filter(|_| !matches!(value, Value::Float(_)));
    Ok(match method.as_str() {
        "ceil" | "floor" if whole.is_some() && precision >= 0 => Value::Float(number),
        "ceil" => Value::Float((number * factor).ceil() / factor),
        "floor" => Value::Float((number * factor).floor() / factor),
        "common" if !matches!(value, Value::Float(_)) && precision >= 0 => value.plus()?,
        // Rust rounds the exact decimal value half to even, as Python does.
        "common" if precision >= 0 => {
            Value::Float(format!("{number:.*}", precision as usize).parse().unwrap_or(number))
        }
        "common" if whole.is_some() => Value::from(round_whole(&whole.unwrap_or_default(), precision.unsigned_abs())),
        "common" => {
            let rounded = (number * factor).round_ties_even() / factor;
            Value::Float(rounded)
        }
        _ => return Err(failed("method must be common, ceil or floor")),
    })
}

/// An integer without its last digits, half to even.
fn round_whole(number: &BigInt, digits: u32) -> BigInt {
    let unit = BigInt::from(10).pow(digits);
    let rest = (number % &unit + &unit) % &unit;
    let below = number - &rest;
    let twice: BigInt = rest * 2;
    let up = twice > unit || twice == unit && (&below / &unit).bit(0);
    if up { below + unit } else { below }
}

fn sum(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, attribute, start] = arguments.bind(["iterable", "attribute", "start"])?;
    let mut total = start.unwrap_or(Value::Int(0));
    if total.as_str().is_some() {
        return Err(TemplateError::type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for item in required(items, "sum", "iterable")?.iter()? {
        let item = match &attribute {
            None | Some(Value::None) => item,
            Some(path) => attribute_of(context, &item, path)?,
        };
        total = total.add(&item)?;
    }
    Ok(total)
}

fn filesizeformat(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, binary] = arguments.bind(["value", "binary"])?;
    let value = required(value, "filesizeformat", "value")?;
    let bytes = match &value {
        Value::Str(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
    .ok_or_else(|| TemplateError::value_error(format!("could not convert string to float: {}", value.repr())))?;
    let binary = flag(binary.as_ref());
    let base = if binary { 1024.0 } else { 1000.0 };
    let prefixes = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
    if bytes == 1.0 {
        return Ok(Value::from("1 Byte"));
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()).into());
    }
    let mut unit = base;
    for (index, prefix) in prefixes.iter().enumerate() {
        unit *= base;
        if bytes < unit || index + 1 == prefixes.len() {
            let prefix = if binary { prefix.to_uppercase() + "iB" } else { (*prefix).to_owned() + "B" };
            return Ok(format!("{:.1} {prefix}", base * bytes / unit).into());
        }
    }
    Ok(Value::None)
}

const UNITS: [(char, u32); 9] =
    [('Y', 80), ('Z', 70), ('E', 60), ('P', 50), ('T', 40), ('G', 30), ('M', 20), ('K', 10), ('B', 0)];

/// The names of the units in full, before `byte` or `bit`.
const PREFIXES: [&str; 8] = ["yotta", "zetta", "exa", "peta", "tera", "giga", "mega", "kilo"];

fn human_readable(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, bits, unit] = arguments.bind(["size", "isbits", "unit"])?;
    let value = required(value, "human_readable", "size")?;
    let size = value.as_f64().ok_or_else(|| {
        let text = format!("'>=' not supported between instances of '{}' and 'int'", value.type_name());
        TemplateError::type_error(format!("human_readable() failed on bad input: {text}"))
    })?;
    let base = if flag(bits.as_ref()) { "bits" } else { "Bytes" };
    let unit = unit.filter(|unit| !unit.is_none());
    if let Some(unit) = unit.as_ref().filter(|unit| unit.as_str().is_none()) {
        let text = format!("'{}' object has no attribute 'upper'", unit.type_name());
        return Err(TemplateError::raised("AttributeError", text));
    }
    let unit = unit.and_then(|unit| unit.to_str().to_uppercase().chars().next());
    let (letter, power) = UNITS
        .into_iter()
        .find(|(letter, power)| match unit {
            Some(unit) => unit == *letter,
            None => size >= 2_f64.powi(*power as i32),
        })
        .unwrap_or(('B', 0));
    let name = match (letter, base) {
        ('B', base) => base.to_owned(),
        (letter, "bits") => format!("{letter}b"),
        (letter, _) => format!("{letter}B"),
    };
    Ok(format!("{:.2} {name}", size / 2_f64.powi(power as i32)).into())
}

fn human_to_bytes(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, default_unit, bits] = arguments.bind(["size", "default_unit", "isbits"])?;
    let text = required(value, "human_to_bytes", "size")?.to_str();
    let wrong = |why: String| {
        TemplateError::value_error(format!("human_to_bytes() can't interpret the input: human_to_bytes() {why}"))
    };
    let unclear = || wrong(format!("can't interpret following string: {text}"));
    let start = text.trim_start();
    let end = start.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(start.len());
    let (digits, rest) = start.split_at(end);
    let unit = rest.trim_start();
    if digits.ends_with('.') || !unit.chars().all(|c| c.is_ascii_alphabetic()) || start.len() < text.len() {
        return Err(unclear());
    }
    let number: f64 = digits.parse().map_err(|_| unclear())?;
    let default_unit = default_unit.filter(|unit| !unit.is_none()).map(|unit| unit.to_str());
    let unit = if unit.is_empty() { default_unit.unwrap_or_default() } else { unit.to_owned() };
    let Some(letter) = unit.chars().next() else {
        return Ok(Value::from(BigInt::from_f64(number.round_ties_even()).unwrap_or_default()));
    };
    let letter = letter.to_ascii_uppercase();
    let Some((_, power)) = UNITS.into_iter().find(|(known, _)| *known == letter) else {
        let known = UNITS.map(|(known, _)| known.to_string()).join(", ");
        return Err(wrong(format!("failed to convert {text} (unit = {unit}). The suffix must be one of {known}")));
    };
    check_unit(&unit, letter, flag(bits.as_ref()))
        .map_err(|expected| wrong(format!("failed to convert {text}. Value is not a valid string ({expected})")))?;
    let bytes = number * 2_f64.powi(power as i32);
    Ok(Value::from(BigInt::from_f64(bytes.round_ties_even()).unwrap_or_default()))
}

/// Whether a unit is its letter, its letter with the right one for bytes or bits, or its whole name.
fn check_unit(unit: &str, letter: char, bits: bool) -> Result<(), String> {
    let (short, long) = if bits { ("b", "bit") } else { ("B", "byte") };
    let name = unit.to_lowercase();
    if unit.len() == 1 || PREFIXES.iter().any(|prefix| name == format!("{prefix}{long}")) || name == long {
        return Ok(());
    }
    if letter == 'B' {
        return Err(format!("expect {short} or {long}"));
    }
    if unit == format!("{letter}{short}") { Ok(()) } else { Err(format!("expect {letter}{short} or {letter}")) }
}

fn operand(value: Option<Value>, filter: &str, parameter: &str) -> Result<f64, TemplateError> {
    let value = required(value, filter, parameter)?;
    value.as_f64().ok_or_else(|| {
        TemplateError::type_error(format!(
            "{filter}() can only be used on numbers: must be real number, not {}",
            value.type_name()
        ))
    })
}

fn log(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, base] = arguments.bind(["x", "base"])?;
    let number = operand(value, "log", "x")?;
    if number <= 0.0 {
        return Err(TemplateError::value_error("math domain error"));
    }
    Ok(Value::Float(match base {
        None => number.ln(),
        Some(base) => match operand(Some(base), "log", "base")? {
            10.0 => number.log10(),
            1.0 => return Err(TemplateError::raised("ZeroDivisionError", "float division by zero")),
            base if base <= 0.0 => return Err(TemplateError::value_error("math domain error")),
            base => number.ln() / base.ln(),
        },
    }))
}

fn pow(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, exponent] = arguments.bind(["x", "y"])?;
    let (base, exponent) = (operand(value, "pow", "x")?, operand(exponent, "pow", "y")?);
    let is_outside = base < 0.0 && exponent.fract() != 0.0 || base == 0.0 && exponent < 0.0;
    if is_outside && base.is_finite() && exponent.is_finite() {
        return Err(TemplateError::value_error("math domain error"));
    }
    Value::Float(base).power(&Value::Float(exponent))
}

fn root(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, base] = arguments.bind(["x", "base"])?;
    let number = operand(value, "root", "x")?;
    let base = match base {
        None => 2.0,
        Some(base) => operand(Some(base), "root", "base")?,
    };
    if base == 0.0 {
        return Err(TemplateError::raised("ZeroDivisionError", "float division by zero"));
    }
    if number < 0.0 && (1.0 / base).fract() != 0.0 || number == 0.0 && base < 0.0 {
        return Err(TemplateError::value_error("root() can only be used on numbers: math domain error"));
    }
    if base == 2.0 {
        return Ok(Value::Float(number.sqrt()));
    }
    Value::Float(number).power(&Value::Float(1.0 / base))
}
