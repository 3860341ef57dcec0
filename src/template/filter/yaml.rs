//! YAML as PyYAML's dumper writes it and Ansible's loader reads it.

mod canonical;

use std::{collections::HashMap, sync::Arc};

use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
        date::Date,
        load::plain_value,
    },
    failed, order,
};
use crate::{
    source::{self, SourceFile},
    value::{Dict, Str, Value, with_plain, yaml_float_text},
    vault,
};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("to_yaml", (|arguments| write(arguments, None, None, Sealed::Kept)) as Filter),
        ("to_nice_yaml", |arguments| write(arguments, Some(4), Some(false), Sealed::Kept)),
        ("community.general.to_yaml", |arguments| write_open(arguments, None, None)),
        ("community.general.to_nice_yaml", |arguments| write_open(arguments, Some(2), Some(false))),
        ("from_yaml", from_yaml),
        ("from_yaml_all", from_yaml_all),
    ]);
}

/// How texts are written that were encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sealed {
    /// As they were, behind `!vault`.
    Kept,
    /// In clear.
    Open,
    /// Not at all: something stands in their place.
    Redacted,
}

/// As `community.general` writes: no text stays encrypted.
fn write_open(mut arguments: Arguments<'_>, indent: Option<i64>, flow: Option<bool>) -> Result<Value, TemplateError> {
    let is_redacted = arguments.take("redact_sensitive_values").is_some_and(|flag| flag.is_truthy());
    write(arguments, indent, flow, if is_redacted { Sealed::Redacted } else { Sealed::Open })
}

/// `flow` is PyYAML's `default_flow_style`: `None` writes collections of scalars in one line.
fn write(
    mut arguments: Arguments<'_>,
    indent: Option<i64>,
    flow: Option<bool>,
    sealed: Sealed,
) -> Result<Value, TemplateError> {
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
    let flow = match arguments.take("default_flow_style") {
        None => flow,
        Some(Value::None) => None,
        Some(flow) => Some(flow.is_truthy()),
    };
    let mut flag = |name: &str| arguments.take(name).is_some_and(|flag| flag.is_truthy());
    let (explicit_start, explicit_end) = (flag("explicit_start"), flag("explicit_end"));
    let style = match arguments.take("default_style").filter(Value::is_truthy).map(|style| style.to_str()) {
        None => None,
        Some(style) => Some(scalar_style(&style)?),
    };
    if arguments.take("canonical").is_some_and(|canonical| canonical.is_truthy()) {
        let indent = usize::try_from(indent).unwrap_or(2).clamp(2, 9);
        return canonical::document(&value, indent, sort, explicit_end).map(Value::from);
    }
    let directives = directives(arguments.take("version"), arguments.take("tags"))?;
    for known in ["encoding", "line_break", "vault_behavior", "dump_custom_tags"] {
        arguments.take(known);
    }
    if let Some((name, _)) = arguments.named.first() {
        return Err(TemplateError::type_error(format!("dump_all() got an unexpected keyword argument '{name}'")));
    }
    let mut buffer = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut buffer);
    emitter.set_unicode(true);
    emitter.set_indent(indent.clamp(0, 64) as i32);
    emitter.set_width(width.clamp(0, 1 << 30) as i32);
    let mut dumper = Dumper { emitter, sort, flow, style, sealed, marks: Marks::default() };
    dumper.emit(Event::stream_start(Encoding::Utf8))?;
    dumper.emit(Event::document_start(None, &[], !explicit_start && directives.is_empty()))?;
    dumper.value(&value)?;
    dumper.emit(Event::document_end(!explicit_end))?;
    dumper.emit(Event::stream_end())?;
    let marks = std::mem::take(&mut dumper.marks);
    drop(dumper);
    let mut text = String::from_utf8_lossy(&buffer).into_owned();
    // A lone scalar ends its document with `...`, which Ansible leaves out.
    if let Some(rest) = text.strip_suffix("...\n").filter(|_| !explicit_end) {
        text.truncate(rest.len());
    }
    if style.is_some() {
        // `libyaml` writes a tag that says nothing in short.
        text = text.replace("!<%21> ", "! ");
    }
    Ok((directives + &marks.escape(text)).into())
}

/// The lines before a document that PyYAML's `version`, a list of two numbers, and `tags`, prefixes by their handles,
/// ask for. The emitter's own type for them cannot be made outside of its crate.
fn directives(version: Option<Value>, tags: Option<Value>) -> Result<String, TemplateError> {
    let mut lines = String::new();
    if let Some(version) = version.filter(Value::is_truthy) {
        match &version.iter()?[..] {
            [Value::Int(1), Value::Int(minor @ (1 | 2))] => lines.push_str(&format!("%YAML 1.{minor}\n")),
            [_, _] => return Err(failed("incompatible %YAML directive")),
            _ => return Err(TemplateError::value_error("`version` is a list of two numbers, as [1, 1]")),
        }
    }
    match tags.filter(Value::is_truthy) {
        None => {}
        Some(Value::Dict(tags)) => {
            for (handle, prefix) in tags.entries() {
                lines.push_str(&format!("%TAG {} {}\n", handle.value().to_str(), prefix.to_str()));
            }
        }
        Some(other) => {
            let text = format!("'tags' is a mapping of prefixes by handles, not {}", other.type_name());
            return Err(TemplateError::type_error(text));
        }
    }
    Ok(lines)
}

/// PyYAML's `default_style`.
fn scalar_style(name: &str) -> Result<ScalarStyle, TemplateError> {
    Ok(match name {
        "'" => ScalarStyle::SingleQuoted,
        "\"" => ScalarStyle::DoubleQuoted,
        "|" => ScalarStyle::Literal,
        ">" => ScalarStyle::Folded,
        other => return Err(failed(format!("to_yaml has no style {other}"))),
    })
}

/// Characters beyond U+FFFF, which `libyaml` only writes as escapes in double quotes, and what stands for them until
/// the text is written: private characters that it does not have.
#[derive(Default)]
struct Marks(Vec<(char, char)>);

impl Marks {
    /// A text with marks in place of such characters; `None` if it has none.
    fn mark(&mut self, text: &str) -> Option<String> {
        if text.chars().all(|c| c <= '\u{ffff}') {
            return None;
        }
        let marked = text.chars().map(|c| {
            if c <= '\u{ffff}' {
                return c;
            }
            match self.0.iter().find(|(_, known)| *known == c) {
                Some((mark, _)) => *mark,
                None => {
                    let free = ('\u{e000}'..='\u{f8ff}')
                        .find(|mark| !text.contains(*mark) && self.0.iter().all(|(used, _)| used != mark));
                    let mark = free.unwrap_or('\u{fffd}');
                    self.0.push((mark, c));
                    mark
                }
            }
        });
        Some(marked.collect())
    }

    /// The written text with escapes in place of the marks.
    fn escape(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (mark, c)| text.replace(*mark, &format!("\\U{:08X}", u32::from(*c))))
    }
}

struct Dumper<'w> {
    emitter: Emitter<'w>,
    sort: bool,
    flow: Option<bool>,
    style: Option<ScalarStyle>,
    sealed: Sealed,
    marks: Marks,
}

impl Dumper<'_> {
    fn emit(&mut self, event: Event) -> Result<(), TemplateError> {
        self.emitter.emit(event).map_err(|error| failed(format!("to_yaml failed: {error}")))
    }

    fn value(&mut self, value: &Value) -> Result<(), TemplateError> {
        match value {
            Value::Str(text) if let Some(sealed) = self.ciphertext_of(text) => match self.sealed {
                Sealed::Redacted => self.scalar(&Value::from("<redacted>")),
                _ => self.emit(Event::scalar(None, Some("!vault"), &sealed, false, false, ScalarStyle::Literal)),
            },
            Value::List(list) => self.items(&list.to_vec()),
            Value::Tuple(items) => self.items(items),
            Value::Dict(dict) => {
                let pairs = sorted_pairs(dict, self.sort);
                let all_plain = || pairs.iter().all(|(key, value)| self.is_plain(key) && self.is_plain(value));
                let flow = self.flow.unwrap_or_else(|| self.style.is_none() && all_plain());
                let style = if flow { MappingStyle::Flow } else { MappingStyle::Block };
                self.emit(Event::mapping_start(None, None, true, style))?;
                for (key, value) in &pairs {
                    self.value(key)?;
                    self.value(value)?;
                }
                self.emit(Event::mapping_end())
            }
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            Value::Object(object) if object.downcast_ref::<Date>().is_some() => self.scalar(value),
            Value::Object(object) => with_plain(&**object, |plain| match plain {
                Value::Object(_) => Err(failed(format!("cannot represent an object of type {}", value.type_name()))),
                plain => self.value(&plain),
            }),
            scalar => self.scalar(scalar),
        }
    }

    /// The encrypted form of a text, where it is not to be written in clear.
    fn ciphertext_of(&self, text: &Str) -> Option<Str> {
        if self.sealed == Sealed::Open { None } else { vault::current().ciphertext_of(text) }
    }

    /// Whether a value is no collection: collections of such go into one line.
    fn is_plain(&self, value: &Value) -> bool {
        match value {
            Value::List(_) | Value::Tuple(_) | Value::Dict(_) => false,
            Value::Str(text) => self.sealed != Sealed::Kept || self.ciphertext_of(text).is_none(),
            Value::Object(object) => object.downcast_ref::<Date>().is_some(),
            _ => true,
        }
    }

    fn items(&mut self, items: &[Value]) -> Result<(), TemplateError> {
        let flow = self.flow.unwrap_or_else(|| self.style.is_none() && items.iter().all(|item| self.is_plain(item)));
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
            Value::Float(number) => (yaml_float_text(*number), true),
            Value::Bytes(bytes) => (String::from_utf8_lossy(bytes).into_owned(), true),
            Value::Str(text) => (text.to_string(), !is_ambiguous(text)),
            other => (other.to_str(), true),
        };
        if let Some(marked) = self.marks.mark(&text) {
            return self.emit(Event::scalar(None, None, &marked, false, true, ScalarStyle::DoubleQuoted));
        }
        match (self.style, value) {
            (None, Value::Object(_)) => {
                let tag = Some("tag:yaml.org,2002:timestamp");
                self.emit(Event::scalar(None, tag, &text, true, false, ScalarStyle::Any))
            }
            (None, _) => self.emit(Event::scalar(None, None, &text, implicit, true, ScalarStyle::Any)),
            (Some(style), Value::Str(_)) => self.emit(Event::scalar(None, None, &text, false, true, style)),
            // In quotes, what is no text says so.
            (Some(style), _) => self.emit(Event::scalar(None, Some("!"), &text, false, false, style)),
        }
    }
}

/// The keys of a dict with their values, sorted where that is asked for and Python can.
fn sorted_pairs(dict: &Dict, sort: bool) -> Vec<(Value, Value)> {
    let unsorted = || dict.entries().into_iter().map(|(key, value)| (key.value().clone(), value)).collect();
    let mut keys: Vec<Value> = dict.keys();
    if !sort || order::sort(&mut keys, |key| Ok(key.clone()), false).is_err() {
        return unsorted();
    }
    let value = |key: &Value| dict.get_value(key).unwrap_or(Value::None);
    keys.into_iter().map(|key| (key.clone(), value(&key))).collect()
}

/// Whether text would be read back as something else without quotes.
fn is_ambiguous(text: &str) -> bool {
    // The value and merge indicators, which only mean something as keys.
    text.is_empty() || matches!(text, "=" | "<<") || source::is_ambiguous(text)
}

fn read(value: &Value) -> Result<Vec<Value>, TemplateError> {
    let file = Arc::new(SourceFile::new("<from_yaml>", value.to_str()));
    let loaded = source::load_data(&file).map_err(|mut error| {
        // The excerpt cuts lines and replaces letters: what is secret in it is masked before.
        vault::current().secrets().mask_diagnostic(&mut error);
        failed(error.ansible.pyyaml.clone().unwrap_or_else(|| format!("cannot read YAML: {error}")))
    })?;
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
    if value.is_none() {
        return Ok(Vec::new().into());
    }
    if value.as_str().is_none() {
        return Ok(value);
    }
    Ok(read(&value)?.into())
}
