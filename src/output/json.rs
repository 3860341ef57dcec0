//! JSON as Python's `json.dumps` writes it, since people and tools know results in this form.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Number, Value, ser::Formatter};

use crate::value::float_text;

/// With spaces instead of line breaks, as the statistics at the end have it.
pub fn squeezed(values: &Map<String, Value>) -> String {
    written(&Value::Object(values.clone()), serde_json::ser::PrettyFormatter::with_indent(b" ")).replace('\n', "")
}

/// In one line, without a space after commas.
pub fn joined(values: &Map<String, Value>) -> String {
    written(&Value::Object(values.clone()), serde_json::ser::PrettyFormatter::with_indent(b"")).replace('\n', "")
}

/// One line, or indented by four, with the keys sorted.
pub fn python_json(value: &Value, indented: bool) -> String {
    if indented {
        written(value, serde_json::ser::PrettyFormatter::with_indent(b"    "))
    } else {
        written(value, OneLine)
    }
}

/// No level is indented by more spaces.
const DEEPEST: usize = 1000;

/// Indented by so many spaces, a thousand at most, or in one line for none, with the keys sorted and nothing but ASCII.
pub fn ascii_json(value: &Value, indent: usize) -> String {
    let text = match indent {
        0 => written(value, OneLine),
        _ => written(value, serde_json::ser::PrettyFormatter::with_indent(" ".repeat(indent.min(DEEPEST)).as_bytes())),
    };
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            out.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// JSON as Python's `json.dumps` writes it on one line, keys in their order.
pub fn python_json_in_order(value: &Value) -> String {
    serialized(value, OneLine)
}

fn written(value: &Value, formatter: impl Formatter) -> String {
    serialized(&sorted(value), formatter)
}

fn serialized(value: &Value, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter));
    written.expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            Value::Object(entries.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Number(number) if number.is_f64() => python_float(number),
        other => other.clone(),
    }
}

/// A float with the exponent that Python writes, of which hosts know nothing.
fn python_float(number: &Number) -> Value {
    let text = number.as_f64().map(float_text);
    Value::Number(text.and_then(|text| text.parse().ok()).unwrap_or_else(|| number.clone()))
}

/// `", "` and `": "` as separators.
struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
