//! Values as JSON and back: the form in which they cross to the helper and come from it.

use num_bigint::BigInt;
use serde_json::{Map, Number, Value as Json};

use super::{Dict, Value, float_text, with_plain};
use crate::template::TemplateError;

impl Value {
    /// This value as JSON. Everything in it must be evaluated; undefined is an error, and so is what JSON cannot say.
    pub fn to_json(&self) -> Result<Json, TemplateError> {
        Ok(match self {
            Self::Undefined(undefined) => return Err(TemplateError::undefined(undefined)),
            Self::None => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => Json::from(*number),
            Self::BigInt(number) => written(&number.to_string()),
            Self::Float(number) => float(*number),
            Self::Str(text) => Json::String(text.to_string()),
            Self::Bytes(bytes) => Json::String(String::from_utf8_lossy(bytes).into_owned()),
            Self::List(list) => {
                Json::Array(list.with(|items| items.iter().map(Self::to_json).collect::<Result<_, _>>())?)
            }
            Self::Tuple(items) => Json::Array(items.iter().map(Self::to_json).collect::<Result<_, _>>()?),
            Self::Dict(dict) => {
                let mut map = Map::new();
                for (key, value) in dict.entries() {
                    map.insert(json_key(key.value())?, value.to_json()?);
                }
                Json::Object(map)
            }
            Self::Lazy(template) => {
                return Err(TemplateError::type_error(format!("`{}` is not evaluated yet", template.source())));
            }
            Self::Object(object) => with_plain(&**object, |plain| match plain {
                Self::Object(_) => {
                    Err(TemplateError::type_error(format!("a value of type `{}` is not data", object.type_name())))
                }
                plain => plain.to_json(),
            })?,
        })
    }

    /// JSON as a plain value: text in it is data, whatever markers it holds.
    pub fn from_json(json: Json) -> Self {
        match json {
            Json::Null => Self::None,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => number_value(&number),
            Json::String(text) => Self::from(text),
            Json::Array(items) => items.into_iter().map(Self::from_json).collect(),
            Json::Object(map) => {
                Self::Dict(map.into_iter().map(|(key, value)| (key, Self::from_json(value))).collect::<Dict>())
            }
        }
    }
}

fn float(number: f64) -> Json {
    if number.is_finite() { written(&float_text(number)) } else { Json::Null }
}

fn written(number: &str) -> Json {
    Json::Number(number.parse().expect("a number as Python writes it is one in JSON"))
}

fn number_value(number: &Number) -> Value {
    if let Some(integer) = number.as_i64() {
        return Value::Int(integer);
    }
    match number.as_str().parse::<BigInt>() {
        Ok(integer) => Value::from(integer),
        Err(_) => Value::Float(number.as_f64().unwrap_or(f64::INFINITY)),
    }
}

/// A key as Python's `json` writes it.
pub(crate) fn json_key(key: &Value) -> Result<String, TemplateError> {
    match key {
        Value::Str(text) => Ok(text.to_string()),
        Value::None => Ok("null".to_owned()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => Ok(key.repr()),
        other => Err(TemplateError::type_error(format!(
            "keys must be str, int, float, bool or None, not {}",
            other.type_name()
        ))),
    }
}
