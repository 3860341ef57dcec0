//! `community.general` filters that read a duration (`1h 30m`) and say it in one unit.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("community.general.to_time_unit", to_time_unit as Filter),
        ("community.general.to_milliseconds", |arguments| to(arguments, "ms")),
        ("community.general.to_seconds", |arguments| to(arguments, "s")),
        ("community.general.to_minutes", |arguments| to(arguments, "m")),
        ("community.general.to_hours", |arguments| to(arguments, "h")),
        ("community.general.to_days", |arguments| to(arguments, "d")),
        ("community.general.to_weeks", |arguments| to(arguments, "w")),
        ("community.general.to_months", |arguments| to(arguments, "mo")),
        ("community.general.to_years", |arguments| to(arguments, "y")),
    ]);
}

/// The names of each unit and how many milliseconds it has; a name may end with one more `s`.
const UNITS: [(&[&str], f64); 6] = [
    (&["ms", "msec", "msecond", "millisecond"], 1.0),
    (&["s", "sec", "second"], 1_000.0),
    (&["m", "min", "minute"], 60_000.0),
    (&["h", "hour"], 3_600_000.0),
    (&["d", "day"], 86_400_000.0),
    (&["w", "week"], 604_800_000.0),
];

/// How many days a year and a month have.
struct Calendar {
    year: Value,
    month: Value,
}

impl Calendar {
    fn milliseconds(&self, unit: &str) -> Result<Option<f64>, TemplateError> {
        let day = 86_400_000.0;
        let days = |value: &Value, name: &str| {
            let kind = value.type_name();
            let days = value.as_f64();
            days.ok_or_else(|| TemplateError::type_error(format!("{name} has to be a number of days, not a {kind}")))
        };
        for name in [unit, unit.strip_suffix('s').unwrap_or(unit)] {
            if let Some((_, size)) = UNITS.iter().find(|(names, _)| names.contains(&name)) {
                return Ok(Some(*size));
            }
            match name {
                "mo" | "month" => return Ok(Some(day * days(&self.month, "month")?)),
                "y" | "year" => return Ok(Some(day * days(&self.year, "year")?)),
                _ => {}
            }
        }
        Ok(None)
    }
}

fn to_time_unit(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let unit =
        if arguments.positional.len() > 1 { Some(arguments.positional.remove(1)) } else { arguments.take("unit") };
    to(arguments, &unit.map_or_else(|| "ms".to_owned(), |unit| unit.to_str()))
}

fn to(mut arguments: Arguments<'_>, unit: &str) -> Result<Value, TemplateError> {
    let days = |value: Option<Value>, default| value.unwrap_or(Value::Int(default));
    let calendar = Calendar { year: days(arguments.take("year"), 365), month: days(arguments.take("month"), 30) };
    if let Some((name, _)) = arguments.named.first() {
        return Err(failed(format!("to_time_unit() got unknown keyword arguments: {name}")));
    }
    let [value] = arguments.bind(["human_time"])?;
    let value = required(value, "to_time_unit", "human_time")?;
    let Some(text) = value.as_str() else {
        let text = format!("'{}' object has no attribute 'split'", value.type_name());
        return Err(TemplateError::raised("AttributeError", text));
    };
    if text == "0" {
        return Ok(Value::Int(0));
    }
    let size = calendar.milliseconds(unit)?;
    let size = size.ok_or_else(|| failed(format!("to_time_unit() can not convert to the following unit: {unit}")))?;
    let mut total = 0.0;
    for word in text.split_whitespace() {
        let unclear = || failed(format!("to_time_unit() can not interpret following string: {text}"));
        let end = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let count: i64 = word[..end].parse().map_err(|_| unclear())?;
        if word.starts_with('+') {
            return Err(unclear());
        }
        total += count as f64 * calendar.milliseconds(&word[end..])?.ok_or_else(unclear)?;
    }
    // Python's `round(…, 12)`.
    let rounded = format!("{:.12}", total / size);
    Ok(Value::Float(rounded.parse().unwrap_or(total / size)))
}
