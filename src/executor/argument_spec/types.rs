//! The types that an argument may have, and what is taken for a value of each.

use serde_json::{Map, Value as Json, json};
use sutler_modules::kit::args::{plain_text, python_type};

use crate::value::{Value, parse_int};

/// The type of a value in Python's words.
pub fn name(value: &Json) -> &'static str {
    python_type(value)
}

/// A value as one of a type; the error says why that cannot be, in Ansible's words.
pub fn convert(value: &Json, wanted: &str) -> Result<Json, String> {
    let cannot = |what: &str| Err(format!("<class '{}'> cannot be converted to {what}", python_type(value)));
    let text = plain_text(value);
    match wanted {
        "str" | "path" if value.is_null() => Err("'None' is not a string and conversion is not allowed".to_owned()),
        "str" | "path" => Ok(Json::String(text)),
        "raw" => Ok(value.clone()),
        "json" | "jsonarg" => match value {
            Json::String(_) | Json::Array(_) | Json::Object(_) => Ok(value.clone()),
            _ => cannot("a json string"),
        },
        "bool" if value.is_null() => cannot("a bool"),
        "bool" => match text.trim().to_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Ok(json!(true)),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Ok(json!(false)),
            _ => Err(format!(
                "The value '{text}' is not a valid boolean. Valid booleans include: 0, 1, 'n', 'y', 'f', 'no', 'on', 't', 'yes', 'off', 'true', 'false'"
            )),
        },
        "int" => match value {
            Json::Number(number) if !number.is_f64() => Ok(value.clone()),
            Json::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                Ok(json!(number.as_f64().unwrap_or_default() as i64))
            }
            Json::String(text) => match parse_int(text, 10) {
                Some(number) => Value::from(number).to_json().map_err(|error| error.to_string()),
                None if let Some(number) = text.trim().parse().ok().filter(|number: &f64| number.fract() == 0.0) => {
                    Ok(json!(number as i64))
                }
                None => Err(format!("\"'{text}'\" cannot be converted to an int")),
            },
            _ => Err(format!("\"{text}\" cannot be converted to an int")),
        },
        "float" => match value {
            Json::Number(number) => Ok(json!(number.as_f64())),
            Json::String(text) => text.trim().parse::<f64>().map(|number| json!(number)).or_else(|_| cannot("a float")),
            _ => cannot("a float"),
        },
        "list" => match value {
            Json::Array(_) => Ok(value.clone()),
            Json::String(text) => Ok(text.split(',').map(|item| Json::from(item.trim())).collect()),
            Json::Number(_) | Json::Bool(_) => Ok(json!([text])),
            _ => cannot("a list"),
        },
        "dict" => match value {
            Json::Object(_) => Ok(value.clone()),
            Json::String(text) => pairs(text).map(Json::Object),
            _ => cannot("a dict"),
        },
        "bytes" => size(&text).map_or_else(|| cannot("a Byte value"), |bytes| Ok(json!(bytes))),
        "bits" => size(&text).map_or_else(|| cannot("a Bit value"), |bits| Ok(json!(bits))),
        _ => Err(format!("there is no type '{wanted}'")),
    }
}

/// Whether a value is a choice; a boolean also fits the text that YAML made it of.
pub fn fits(value: &Json, choice: &Json) -> bool {
    value == choice
        || match (value, choice) {
            (Json::Bool(flag), Json::String(text)) => sutler_modules::kit::args::boolean_spelling(text) == Some(*flag),
            (Json::Number(number), Json::Number(choice)) => number.as_f64() == choice.as_f64(),
            _ => false,
        }
}

/// JSON, or `k=v` separated by commas or blanks.
fn pairs(text: &str) -> Result<Map<String, Json>, String> {
    let fail = || Err("dictionary requested, could not parse JSON or key=value".to_owned());
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Json::Object(map)) => Ok(map),
            _ => Err("unable to evaluate string as dictionary".to_owned()),
        };
    }
    let split = text.split([',', ' ']).map(str::trim).filter(|pair| !pair.is_empty());
    let pairs: Option<Map<String, Json>> =
        split.map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), json!(value)))).collect();
    pairs.filter(|pairs| !pairs.is_empty()).map_or_else(fail, Ok)
}

/// `10`, `1K`, `2.5 MB`: powers of 1024.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim().to_ascii_uppercase();
    let unit = unit.strip_suffix(['B']).unwrap_or(&unit);
    let power = match unit {
        "" => 0,
        unit => "KMGTPEZY".find(unit).filter(|_| unit.len() == 1)? as i32 + 1,
    };
    Some((number * 1024_f64.powi(power)) as u64)
}
