//! Dates: `strftime` and `to_datetime`.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::required,
        date::{
            format::{Moment, written},
            strptime,
        },
    },
    failed, flag,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("strftime", strftime as Filter), ("to_datetime", to_datetime)]);
}

/// The format of a date, which is text.
pub(in crate::template) fn time_format(format: &Value) -> Result<String, TemplateError> {
    match format {
        Value::Str(text) => Ok(text.to_string()),
        other => {
            let found = if other.is_none() { "None" } else { other.type_name() };
            Err(TemplateError::type_error(format!("strftime() argument 1 must be str, not {found}")))
        }
    }
}

fn strftime(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [format, second, utc] = arguments.bind(["string_format", "second", "utc"])?;
    let format = time_format(&required(format, "strftime", "string_format")?)?;
    let zone = if flag(utc.as_ref()) { TimeZone::UTC } else { TimeZone::system() };
    let time = match second {
        None | Some(Value::None) => Timestamp::now(),
        Some(second) => {
            let number = match &second {
                Value::Str(text) => text.trim().parse().ok(),
                other => other.as_f64(),
            };
            let second =
                number.ok_or_else(|| failed(format!("Invalid value for epoch value ({})", second.to_str())).apart())?;
            Timestamp::from_microsecond((second * 1e6) as i64).map_err(|error| failed(error.to_string()))?
        }
    };
    let zoned = time.to_zoned(zone);
    let name = if flag(utc.as_ref()) { "GMT".to_owned() } else { zoned.strftime("%Z").to_string() };
    let offset = Some(zoned.offset().seconds().into());
    Ok(written(&format, Moment { at: zoned.datetime(), offset, zone: &name, micros: None }).into())
}

fn to_datetime(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [text, format] = arguments.bind(["string", "format"])?;
    let text = required(text, "to_datetime", "string")?;
    let format = format.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".into());
    Ok(Value::object(strptime(&text, &format)?))
}
