//! Reads a case file: YAML 1.1 with the plain types, into JSON values.

use libyaml_safer::{Event, EventData, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The documents of a file as one value.
pub fn load(text: &str) -> Result<Value, String> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut next = || parser.parse().map_err(|e| e.to_string());
    loop {
        let event = next()?;
        match event.data {
            EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
            EventData::StreamEnd => return Ok(Value::Null),
            _ => return node(event, &mut next),
        }
    }
}

fn node(event: Event, next: &mut impl FnMut() -> Result<Event, String>) -> Result<Value, String> {
    match event.data {
        EventData::Scalar { value, style: ScalarStyle::Plain, tag: None, .. } => Ok(plain(&value)),
        EventData::Scalar { value, .. } => Ok(value.into()),
        EventData::SequenceStart { .. } => {
            let mut items = Vec::new();
            loop {
                let event = next()?;
                if event.data == EventData::SequenceEnd {
                    return Ok(items.into());
                }
                items.push(node(event, next)?);
            }
        }
        EventData::MappingStart { .. } => {
            let mut map = Map::new();
            loop {
                let event = next()?;
                let line = event.start_mark.line + 1;
                match event.data {
                    EventData::MappingEnd => return Ok(map.into()),
                    EventData::Scalar { value, .. } => {
                        let event = next()?;
                        if map.insert(value.clone(), node(event, next)?).is_some() {
                            return Err(format!("line {line}: `{value}` is there twice"));
                        }
                    }
                    _ => return Err(format!("line {line}: a key is text")),
                }
            }
        }
        _ => Err(format!("line {}: cases have no anchors", event.start_mark.line + 1)),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => return Value::Null,
        "true" | "True" | "yes" | "on" => return true.into(),
        "false" | "False" | "no" | "off" => return false.into(),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.starts_with('0') && digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return i64::from_str_radix(text, 8).map_or_else(|_| text.into(), Value::from);
    }
    if digits.starts_with(|first: char| first.is_ascii_digit()) {
        if let Ok(number) = text.parse::<i64>() {
            return number.into();
        }
        if let (true, Ok(number)) = (text.contains('.'), text.parse::<f64>()) {
            return number.into();
        }
    }
    text.into()
}
