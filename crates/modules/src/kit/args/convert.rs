//! How a value becomes what a module's field holds.

use std::path::PathBuf;

use serde_json::Value;
use sutler_protocol::{Arguments, Content, TreeEntry};

use super::{ArgError, Conversion, FromArg, Kind, Suboptions, plain_text, python_repr, python_type};
use crate::kit::users;

/// Why a value of another kind is not taken.
fn no_kind_of(value: &Value, wanted: &str) -> String {
    format!("<class '{}'> cannot be converted to a {wanted}", python_type(value))
}

impl FromArg for String {
    const KIND: Kind = Kind::Str;

    fn from_arg(value: Value, _: &Conversion) -> Result<Self, ArgError> {
        Ok(match value {
            Value::String(text) => text,
            // An element of a list: nothing is no text.
            Value::Null => String::new(),
            other => plain_text(&other),
        })
    }
}

impl FromArg for bool {
    const KIND: Kind = Kind::Bool;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let text = plain_text(&value);
        match text.trim().to_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Ok(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Ok(false),
            _ if value.is_array() || value.is_object() || value.is_null() => conversion.fail(&value, "bool", no_kind_of(&value, "bool")),
            _ => conversion.fail(
                &value,
                "bool",
                format!("The value '{text}' is not a valid boolean. Valid booleans include: 0, 1, 'n', 'y', 'f', 'no', 'on', 't', 'yes', 'off', 'true', 'false', '0', '1'"),
            ),
        }
    }
}

/// A number without a part behind the point.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < i64::MAX as f64).then_some(number as i64)
}

impl FromArg for i64 {
    const KIND: Kind = Kind::Int;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let number = match &value {
            Value::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
            Value::String(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
            Value::Bool(flag) => Some(Self::from(*flag)),
            _ => None,
        };
        let why = || format!("\"{}\" cannot be converted to an int", python_repr(&value));
        number.map_or_else(|| conversion.fail(&value, "int", why()), Ok)
    }
}

impl FromArg for f64 {
    const KIND: Kind = Kind::Float;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let number = match &value {
            Value::Number(n) => n.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(flag) => Some(if *flag { 1.0 } else { 0.0 }),
            _ => None,
        };
        number.map_or_else(|| conversion.fail(&value, "float", no_kind_of(&value, "float")), Ok)
    }
}

impl FromArg for PathBuf {
    const KIND: Kind = Kind::Path;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let text = String::from_arg(value, conversion)?;
        Ok(users::expand_path(&text, conversion.environment).into())
    }
}

impl FromArg for Value {
    const KIND: Kind = Kind::Raw;

    fn from_arg(value: Value, _: &Conversion) -> Result<Self, ArgError> {
        Ok(value)
    }

    /// Nothing is a value, too: what has to be there was looked for before.
    fn absent() -> Option<Self> {
        Some(Self::Null)
    }
}

impl FromArg for Arguments {
    const KIND: Kind = Kind::Dict;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        match value {
            Value::Object(map) => Ok(map),
            Value::String(ref text) if text.trim_start().starts_with('{') => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Ok(map),
                _ => conversion.fail(&value, "dict", "unable to evaluate string as dictionary"),
            },
            Value::String(ref text) if text.contains('=') => Ok(text
                .split([',', ' '])
                .filter_map(|pair| pair.trim().split_once('='))
                .map(|(key, value)| (key.to_owned(), Value::from(value)))
                .collect()),
            Value::String(_) => {
                conversion.fail(&value, "dict", "dictionary requested, could not parse JSON or key=value")
            }
            _ => conversion.fail(&value, "dict", no_kind_of(&value, "dict")),
        }
    }
}

impl FromArg for Suboptions {
    const KIND: Kind = Kind::Dict;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        Arguments::from_arg(value, conversion).map(Self).map_err(|error| match error {
            ArgError::Type { why, .. } => ArgError::Nested(why),
            other => other,
        })
    }
}

impl FromArg for Content {
    const KIND: Kind = Kind::Raw;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        serde_json::from_value(value.clone()).or_else(|e| conversion.fail(&value, "content", e.to_string()))
    }
}

impl FromArg for TreeEntry {
    const KIND: Kind = Kind::Raw;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        serde_json::from_value(value.clone()).or_else(|e| conversion.fail(&value, "tree entry", e.to_string()))
    }
}

impl<T: FromArg> FromArg for Vec<T> {
    const KIND: Kind = Kind::List;
    const CHOICES: &'static [&'static str] = T::CHOICES;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let items = match value {
            Value::Array(items) => items,
            Value::String(text) => text.split(',').map(Value::from).collect(),
            single @ (Value::Number(_) | Value::Bool(_)) => vec![single],
            other => return conversion.fail(&other, "list", no_kind_of(&other, "list")),
        };
        items.into_iter().map(|item| T::from_arg(item, conversion).map_err(ArgError::of_element)).collect()
    }

    fn absent() -> Option<Self> {
        None
    }
}

impl<T: FromArg> FromArg for Option<T> {
    const KIND: Kind = T::KIND;
    const CHOICES: &'static [&'static str] = T::CHOICES;
    const OPTIONAL: bool = true;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        T::from_arg(value, conversion).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}
