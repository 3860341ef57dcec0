//! Results as YAML, the way people like to read it.

use libyaml_safer::{Emitter, Encoding, Error, Event, MappingStyle, ScalarStyle, SequenceStyle};
use serde_json::{Map, Value};

use crate::{source::is_ambiguous, value::yaml_float_text};

/// The values below an arrow, indented. `pretty` makes text of several lines readable, which may
/// cost it the spaces at the ends of its lines, and leaves out lines that are there as text too.
pub fn write(mut values: Map<String, Value>, pretty: bool) -> String {
    if pretty {
        for name in ["stdout", "stderr"] {
            let lines = format!("{name}_lines");
            if values.contains_key(name) && values.contains_key(&lines) {
                values.insert(lines, "<omitted>".into());
            }
        }
    }
    format!("\n{}", indented(&Value::Object(values), pretty))
}

/// A value as lines that are indented; `pretty` as above.
pub fn indented(value: &Value, pretty: bool) -> String {
    let text = document(value, pretty).expect("values without anchors and tags can be written");
    let lines = text.trim_end().lines().map(|line| format!("    {line}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

fn document(value: &Value, pretty: bool) -> Result<String, Error> {
    let mut buffer = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut buffer);
    emitter.set_unicode(true);
    emitter.set_indent(if pretty { 4 } else { 2 });
    emitter.set_width(80);
    emitter.emit(Event::stream_start(Encoding::Utf8))?;
    emitter.emit(Event::document_start(None, &[], true))?;
    emit(&mut emitter, value, pretty)?;
    emitter.emit(Event::document_end(true))?;
    emitter.emit(Event::stream_end())?;
    drop(emitter);
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

fn emit(emitter: &mut Emitter, value: &Value, pretty: bool) -> Result<(), Error> {
    match value {
        Value::Object(map) => {
            let style = if map.is_empty() { MappingStyle::Flow } else { MappingStyle::Block };
            emitter.emit(Event::mapping_start(None, None, true, style))?;
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            for (name, value) in entries {
                text(emitter, name, pretty)?;
                emit(emitter, value, pretty)?;
            }
            emitter.emit(Event::mapping_end())
        }
        Value::Array(items) => {
            let style = if items.is_empty() { SequenceStyle::Flow } else { SequenceStyle::Block };
            emitter.emit(Event::sequence_start(None, None, true, style))?;
            for item in items {
                emit(emitter, item, pretty)?;
            }
            emitter.emit(Event::sequence_end())
        }
        Value::String(found) => text(emitter, found, pretty),
        other => {
            let float = other.as_f64().filter(|_| other.is_f64()).map(yaml_float_text);
            let text = float.unwrap_or_else(|| other.to_string());
            emitter.emit(Event::scalar(None, None, &text, true, true, ScalarStyle::Any))
        }
    }
}

fn text(emitter: &mut Emitter, text: &str, pretty: bool) -> Result<(), Error> {
    if !text.contains('\n') {
        let plain = !text.is_empty() && !is_ambiguous(text);
        return emitter.emit(Event::scalar(None, None, text, plain, true, ScalarStyle::Any));
    }
    let readable = if pretty { readable(text) } else { text.to_owned() };
    emitter.emit(Event::scalar(None, None, &readable, false, true, ScalarStyle::Literal))
}

/// Text without what would force it into quotes: tabs, and spaces before the ends of lines.
fn readable(text: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(|line| expand_tabs(line.trim_end())).collect();
    lines.join("\n")
}

fn expand_tabs(line: &str) -> String {
    let mut expanded = String::new();
    let mut column = 0;
    for character in line.chars() {
        let width = if character == '\t' { 8 - column % 8 } else { 1 };
        column += width;
        if character == '\t' { expanded.push_str(&" ".repeat(width)) } else { expanded.push(character) }
    }
    expanded
}
