//! `ansible.utils.from_xml` and `to_xml`: XML as dicts, in the form of xmltodict.

mod read;

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError},
    failed, json_read, option,
};
use crate::value::{Dict, Value};

/// What a key of an attribute begins with.
const ATTRIBUTE: char = '@';
/// The key of an element's text beside attributes and elements.
const TEXT: &str = "#text";
const COMMENT: &str = "#comment";
const NAMESPACES: &str = "@xmlns";

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("ansible.utils.from_xml", from_xml as Filter), ("ansible.utils.to_xml", to_xml)]);
}

fn wrong(filter: &str, why: &str) -> TemplateError {
    failed(format!("Error when using plugin '{filter}': {why}"))
}

/// Fails for an engine that there is not.
fn check_engine(engine: Option<Value>, filter: &str) -> Result<(), TemplateError> {
    match option::text(engine).filter(|engine| engine != "xmltodict") {
        Some(engine) => Err(wrong(filter, &format!("engine: {engine} is not supported"))),
        None => Ok(()),
    }
}

fn from_xml(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data, engine] = arguments.bind_first(["data", "engine"])?;
    check_engine(engine, "from_xml")?;
    let text = option::text(data).unwrap_or_default();
    read::document(&text).ok_or_else(|| wrong("from_xml", "Input Xml is not valid"))
}

fn to_xml(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data, engine, indent, width, full] =
        arguments.bind_first(["data", "engine", "indent", "indent_width", "full_document"])?;
    let is_spaced = option::choice(indent, "indent", &[("tabs", false), ("spaces", true)])?.unwrap_or(false);
    let width = option::integer(width, "indent_width")?.unwrap_or(4).clamp(0, 1000) as usize;
    let is_full = option::boolean(full, "full_document")?.unwrap_or(true);
    check_engine(engine, "to_xml")?;
    let invalid = || wrong("to_xml", "Input json is not valid");
    let data = match data {
        Some(Value::Dict(data)) => data,
        Some(Value::Str(text)) => match json_read::read(&text) {
            Ok(Value::Dict(data)) => data,
            _ => return Err(failed("dictionary requested, could not parse JSON or key=value")),
        },
        other => {
            let kind = other.unwrap_or(Value::None).type_name().to_owned();
            let why = format!("<class '{kind}'> cannot be converted to a dict");
            let text = format!("argument 'data' is of type {kind} and we were unable to convert to dict: {why}");
            return Err(failed(Value::from(vec![text.into()]).repr()));
        }
    };
    let indent = if is_spaced { " ".repeat(width) } else { "\t".to_owned() };
    let mut writer = Writer { out: String::new(), indent };
    if is_full {
        if data.len() != 1 {
            return Err(invalid());
        }
        writer.out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    }
    for (name, value) in data.entries() {
        if is_full && matches!(&value, Value::List(items) if items.len() > 1) {
            return Err(invalid());
        }
        writer.elements(name.value(), &value, 0).ok_or_else(invalid)?;
    }
    Ok(writer.out.into())
}

struct Writer {
    out: String,
    indent: String,
}

impl Writer {
    /// The elements of a key: as many as a list has items. `None` for what is no name.
    fn elements(&mut self, name: &Value, value: &Value, depth: usize) -> Option<()> {
        let name = checked(name)?;
        match value {
            Value::List(items) => items.to_vec().iter().try_for_each(|item| self.element(name, item, depth)),
            Value::Tuple(items) => items.iter().try_for_each(|item| self.element(name, item, depth)),
            value => self.element(name, value, depth),
        }
    }

    fn element(&mut self, name: &str, value: &Value, depth: usize) -> Option<()> {
        let indent = self.indent.repeat(depth);
        self.out.push_str(&indent);
        if name == COMMENT {
            self.out.extend(["<!--", &plain(value), "-->\n"]);
            return Some(());
        }
        let (mut text, mut children) = (None, Vec::new());
        self.out.extend(["<", name]);
        match value {
            Value::None => {}
            Value::Dict(dict) => {
                for (key, value) in dict.entries() {
                    let key = key.value();
                    match key.as_str() {
                        Some(TEXT) => text = Some(plain(&value)),
                        Some(NAMESPACES) if matches!(value, Value::Dict(_)) => self.namespaces(&value),
                        Some(key) if key.starts_with(ATTRIBUTE) => {
                            let name = Value::from(&key[ATTRIBUTE.len_utf8()..]);
                            self.attribute(checked(&name)?, &plain(&value));
                        }
                        _ if matches!(&value, Value::List(items) if items.is_empty()) => {}
                        _ => children.push((key.clone(), value)),
                    }
                }
            }
            other => text = Some(plain(other)),
        }
        self.out.push('>');
        if !children.is_empty() {
            self.out.push('\n');
        }
        for (key, value) in &children {
            self.elements(key, value, depth + 1)?;
        }
        self.out.push_str(&escaped(&text.unwrap_or_default()));
        if !children.is_empty() {
            self.out.push_str(&indent);
        }
        self.out.extend(["</", name, ">"]);
        if depth > 0 {
            self.out.push('\n');
        }
        Some(())
    }

    fn namespaces(&mut self, spaces: &Value) {
        let Value::Dict(spaces) = spaces else { return };
        for (prefix, address) in spaces.entries() {
            let prefix = prefix.value().to_str();
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            self.attribute(&name, &plain(&address));
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let value = escaped(value).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;");
        let (quote, value) = match (value.contains('"'), value.contains('\'')) {
            (true, true) => ("\"", value.replace('"', "&quot;")),
            (true, false) => ("'", value),
            _ => ("\"", value),
        };
        self.out.extend([" ", name, "=", quote, &value, quote]);
    }
}

/// A name of an element or attribute that breaks nothing.
fn checked(name: &Value) -> Option<&str> {
    let breaks = |letter: char| letter.is_whitespace() || "<>/\"'=".contains(letter);
    name.as_str().filter(|name| !name.contains(breaks) && !name.starts_with(['?', '!']))
}

/// A value as text; nothing for `None`.
fn plain(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        other => other.to_str(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('>', "&gt;").replace('<', "&lt;")
}

/// Adds to a dict what may occur several times: then it is a list.
fn push(dict: &Dict, name: &str, value: Value) {
    match dict.get(name) {
        Some(Value::List(items)) => items.push(value),
        Some(first) => dict.insert(name, Value::from(vec![first, value])),
        None => dict.insert(name, value),
    }
}
