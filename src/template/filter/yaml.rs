//! YAML as PyYAML's dumper writes it and Ansible's loader reads it.

use std::{collections::HashMap, sync::Arc};

use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
        load::plain_value,
    },
    failed, order,
};
use crate::{
    source::{self, SourceFile},
    value::Value,
    vault,
};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("to_yaml", (|arguments| write(arguments, None, None)) as Filter),
        ("to_nice_yaml", |arguments| write(arguments, Some(4), Some(false))),
        ("from_yaml", from_yaml),
        ("from_yaml_all", from_yaml_all),
    ]);
}

/// `flow` is PyYAML's `default_flow_style`: `None` writes collections of scalars in one line.
fn write(mut arguments: Arguments<'_>, indent: Option<i64>, flow: Option<bool>) -> Result<Value, TemplateError> {
    let value = required(arguments.positional.first().cloned(), "to_yaml", "a")?;
    if let Value::Undefined(undefined) = &value {
        return Err(TemplateError::undefined(undefined));
    }
    let indent = match arguments.take("indent").or_else(|| arguments.positional.get(1).cloned()) {
        None | Some(Value::None) => indent.unwrap_or(2),
        Some(indent) => integer(&indent)?,
    };
    let width = arguments.take("width").filter(|width| !width.is_none()).as_ref().map_or(Ok(80), integer)?;
    let sort = arguments.take("sort_keys").is_none_or(|sort| sort.is_truthy());
    let unicode = arguments.take("allow_unicode").is_none_or(|unicode| unicode.is_truthy());
    let flow = match arguments.take("default_flow_style") {
        None => flow,
        Some(Value::None) => None,
        Some(flow) => Some(flow.is_truthy()),
    };
    let explicit_start = arguments.take("explicit_start").is_some_and(|start| start.is_truthy());
    let mut buffer = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut buffer);
    emitter.set_unicode(unicode);
    emitter.set_indent(indent.clamp(0, 64) as i32);
    emitter.set_width(width.clamp(0, 1 << 30) as i32);
    let mut dumper = Dumper { emitter, sort, flow };
    dumper.emit(Event::stream_start(Encoding::Utf8))?;
    dumper.emit(Event::document_start(None, &[], !explicit_start))?;
    dumper.value(&value)?;
    dumper.emit(Event::document_end(true))?;
    dumper.emit(Event::stream_end())?;
    drop(dumper);
    let mut text = String::from_utf8_lossy(&buffer).into_owned();
    // A lone scalar ends its document with `...`, which Ansible leaves out.
    if let Some(rest) = text.strip_suffix("...\n") {
        text.truncate(rest.len());
    }
    Ok(text.into())
}

struct Dumper<'w> {
    emitter: Emitter<'w>,
    sort: bool,
    flow: Option<bool>,
}

impl Dumper<'_> {
    fn emit(&mut self, event: Event) -> Result<(), TemplateError> {
        self.emitter.emit(event).map_err(|error| failed(format!("to_yaml failed: {error}")))
    }

    fn value(&mut self, value: &Value) -> Result<(), TemplateError> {
        match value {
            Value::Str(text) if let Some(sealed) = vault::current().ciphertext_of(text) => {
                self.emit(Event::scalar(None, Some("!vault"), &sealed, false, false, ScalarStyle::Literal))
            }
            Value::List(list) => self.items(&list.to_vec()),
            Value::Tuple(items) => self.items(items),
            Value::Dict(dict) => {
                let mut entries: Vec<Value> =
                    dict.entries().into_iter().map(|(key, value)| vec![key.value().clone(), value].into()).collect();
                if self.sort {
                    let unsorted = entries.clone();
                    let key = |pair: &Value| Ok(pair.iter()?.swap_remove(0));
                    if order::sort(&mut entries, key, false).is_err() {
                        entries = unsorted;
                    }
                }
                let pairs = entries.iter().map(Value::iter).collect::<Result<Vec<_>, _>>()?;
                let flow = self.flow.unwrap_or_else(|| pairs.iter().flatten().all(is_plain_scalar));
                let style = if flow { MappingStyle::Flow } else { MappingStyle::Block };
                self.emit(Event::mapping_start(None, None, true, style))?;
                for item in pairs.iter().flatten() {
                    self.value(item)?;
                }
                self.emit(Event::mapping_end())
            }
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            Value::Object(object) => match object.plain()? {
                Value::Object(_) => Err(failed(format!("cannot represent an object of type {}", value.type_name()))),
                plain => self.value(&plain),
            },
            scalar => self.scalar(scalar),
        }
    }

    fn items(&mut self, items: &[Value]) -> Result<(), TemplateError> {
        let flow = self.flow.unwrap_or_else(|| items.iter().all(is_plain_scalar));
        let style = if flow { SequenceStyle::Flow } else { SequenceStyle::Block };
        self.emit(Event::sequence_start(None, None, true, style))?;
        for item in items {
            self.value(item)?;
        }
        self.emit(Event::sequence_end())
    }

    fn scalar(&mut self, value: &Value) -> Result<(), TemplateError> {
        let (text, implicit) = match value {
            Value::None => ("null".to_owned(), true),
            Value::Bool(flag) => (flag.to_string(), true),
            Value::Float(number) => (float(*number), true),
            Value::Bytes(bytes) => (String::from_utf8_lossy(bytes).into_owned(), true),
            Value::Str(text) => (text.to_string(), !is_ambiguous(text)),
            other => (other.to_str(), true),
        };
        self.emit(Event::scalar(None, None, &text, implicit, true, ScalarStyle::Any))
    }
}

/// Whether a value is no collection: collections of such go into one line.
fn is_plain_scalar(value: &Value) -> bool {
    !matches!(value, Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Object(_))
}

/// Whether text would be read back as something else without quotes.
fn is_ambiguous(text: &str) -> bool {
    // The value and merge indicators, which only mean something as keys.
    text.is_empty() || matches!(text, "=" | "<<") || source::is_ambiguous(text)
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = crate::value::float_text(number);
    // Without a point YAML 1.1 reads `1e+16` as text.
    if !text.contains('.') && text.contains('e') { text.replacen('e', ".0e", 1) } else { text }
}

fn read(value: &Value) -> Result<Vec<Value>, TemplateError> {
    let file = Arc::new(SourceFile::new("<from_yaml>", value.to_str()));
    let loaded = source::load(&file).map_err(|error| failed(format!("cannot read YAML: {error}")))?;
    Ok(loaded.documents.iter().map(plain_value).collect())
}

fn from_yaml(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["data"])?;
    let value = required(value, "from_yaml", "data")?;
    if value.as_str().is_none() {
        return Ok(value);
    }
    let mut documents = read(&value)?.into_iter();
    let first = documents.next().unwrap_or(Value::None);
    match documents.next() {
        None => Ok(first),
        Some(_) => Err(failed("expected a single document in the stream but found another document")),
    }
}

fn from_yaml_all(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["data"])?;
    let value = required(value, "from_yaml_all", "data")?;
    if value.as_str().is_none() {
        return Ok(value);
    }
    Ok(read(&value)?.into())
}
