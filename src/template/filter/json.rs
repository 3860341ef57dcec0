//! JSON as Python's `json` writes and reads it.

use std::{collections::HashMap, fmt::Write as _};

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    json_read, order,
};
use crate::value::{Value, float_text, json_key, with_plain};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("to_json", (|arguments| write(arguments, None, false)) as Filter),
        ("to_nice_json", |arguments| write(arguments, Some(4), true)),
        ("tojson", tojson),
        ("from_json", from_json),
    ]);
}

/// How JSON is written.
struct Layout {
    indent: Option<String>,
    sort: bool,
    ascii: bool,
    separators: (String, String),
}

fn write(mut arguments: Arguments<'_>, indent: Option<usize>, sort: bool) -> Result<Value, TemplateError> {
    let is_nice = indent.is_some();
    let (most, given) = (if is_nice { 3 } else { 4 }, arguments.positional.len());
    if given > most {
        let name = arguments.name;
        let text = format!("{name}() takes from 1 to {most} positional arguments but {given} were given");
        return Err(TemplateError::type_error(text));
    }
    let value = arguments.positional.first().cloned();
    let value = required(value, "to_json", "a")?;
    if let Value::Undefined(undefined) = &value {
        return Err(TemplateError::undefined(undefined));
    }
    let indent = match arguments.take("indent").or_else(|| arguments.positional.get(1).cloned()) {
        None => indent.map(|width| " ".repeat(width)),
        Some(Value::None) => None,
        Some(Value::Str(text)) => Some(text.to_string()),
        Some(other @ (Value::List(_) | Value::Dict(_))) => {
            let found = other.type_name();
            return Err(TemplateError::type_error(format!("can't multiply sequence by non-int of type '{found}'")));
        }
        Some(width) => Some(" ".repeat(width.as_i64().unwrap_or(0).clamp(0, 64) as usize)),
    };
    let sort = arguments.take("sort_keys").map_or(sort, |sort| sort.is_truthy());
    let ascii = arguments.take("ensure_ascii").is_none_or(|ascii| ascii.is_truthy());
    let separators = arguments.take("separators").filter(|pair| !pair.is_none());
    let separators = match separators.map(|pair| pair.iter()).transpose()? {
        Some(pair) if pair.len() == 2 => (pair[0].to_str(), pair[1].to_str()),
        Some(pair) if pair.len() > 2 => {
            return Err(TemplateError::value_error("too many values to unpack (expected 2)"));
        }
        Some(pair) => {
            let text = format!("not enough values to unpack (expected 2, got {})", pair.len());
            return Err(TemplateError::value_error(text));
        }
        None => (if is_nice || indent.is_some() { "," } else { ", " }.to_owned(), ": ".to_owned()),
    };
    for known in ["profile", "skipkeys", "check_circular", "allow_nan", "vault_to_text", "preprocess_unsafe"] {
        arguments.take(known);
    }
    if let Some((name, _)) = arguments.named.first() {
        let text = format!("JSONEncoder.__init__() got an unexpected keyword argument '{name}'");
        return Err(TemplateError::type_error(text));
    }
    let mut out = String::new();
    Layout { indent, sort, ascii, separators }.write(&value, 0, &mut out)?;
    Ok(out.into())
}

/// A value over several lines, its keys sorted.
pub(super) fn nice(value: &Value) -> Result<String, TemplateError> {
    let separators = (",".to_owned(), ": ".to_owned());
    let mut out = String::new();
    Layout { indent: Some(" ".repeat(4)), sort: true, ascii: true, separators }.write(value, 0, &mut out)?;
    Ok(out)
}

/// Jinja2's own filter: safe inside HTML, with sorted keys.
fn tojson(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let Value::Str(text) = write(arguments, None, true)? else { return Ok(Value::None) };
    let escapes = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")];
    Ok(escapes.iter().fold(text.to_string(), |text, (c, escape)| text.replace(c, escape)).into())
}

/// How Ansible's parts write JSON to each other; what is read is the same in all of them.
const PROFILES: [&str; 8] = [
    "tagless",
    "legacy",
    "inventory_legacy",
    "cache_persistence",
    "module_legacy_c2m",
    "module_legacy_m2c",
    "module_modern_c2m",
    "module_modern_m2c",
];

fn from_json(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [text, profile] = arguments.bind(["value", "profile"])?;
    match profile.filter(Value::is_truthy) {
        Some(Value::Str(name)) if !PROFILES.contains(&&*name) => {
            return Err(TemplateError::value_error(format!("Unknown profile name {}.", Value::Str(name).repr())));
        }
        Some(Value::Str(_)) | None => {}
        Some(other) => {
            let text = format!("Name is <class '{}'> instead of <class 'str'> or <class 'module'>.", other.type_name());
            return Err(TemplateError::type_error(text));
        }
    }
    let value = required(text, "from_json", "value")?;
    let Some(text) = value.as_str() else {
        let kind = value.type_name();
        return Err(TemplateError::type_error(format!("the JSON object must be str, bytes or bytearray, not {kind}")));
    };
    json_read::read(text).map_err(|why| TemplateError::raised("JSONDecodeError", why))
}

/// JSON as Python's `json.dumps` writes it: in one line, in ASCII, keys in their order.
pub fn one_line(value: &Value) -> Result<String, TemplateError> {
    let separators = (", ".to_owned(), ": ".to_owned());
    let mut out = String::new();
    Layout { indent: None, sort: false, ascii: true, separators }.write(value, 0, &mut out)?;
    Ok(out)
}

/// JSON in one line without blanks.
pub(in crate::template) fn compact(value: &Value) -> Result<String, TemplateError> {
    let separators = (",".to_owned(), ":".to_owned());
    let mut out = String::new();
    Layout { indent: None, sort: false, ascii: true, separators }.write(value, 0, &mut out)?;
    Ok(out)
}

impl Layout {
    fn write(&self, value: &Value, level: usize, out: &mut String) -> Result<(), TemplateError> {
        match value {
            Value::None => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(_) | Value::BigInt(_) => out.push_str(&value.repr()),
            Value::Float(number) if number.is_nan() => out.push_str("NaN"),
            Value::Float(number) if number.is_infinite() => {
                out.push_str(if *number > 0.0 { "Infinity" } else { "-Infinity" });
            }
            Value::Float(number) => out.push_str(&float_text(*number)),
            Value::Str(text) => self.text(text, out),
            Value::Bytes(bytes) => self.text(&String::from_utf8_lossy(bytes), out),
            Value::List(list) => self.items(&list.to_vec(), level, out)?,
            Value::Tuple(items) => self.items(items, level, out)?,
            Value::Dict(dict) => {
                let mut entries: Vec<Value> =
                    dict.entries().into_iter().map(|(key, value)| vec![key.value().clone(), value].into()).collect();
                if self.sort {
                    let written = |pair: &Value| json_key(&pair.iter()?.swap_remove(0)).map(Value::from);
                    if order::sort(&mut entries, |pair| Ok(pair.iter()?.swap_remove(0)), false).is_err() {
                        order::sort(&mut entries, written, false)?;
                    }
                }
                out.push('{');
                for (index, pair) in entries.iter().enumerate() {
                    let pair = pair.iter()?;
                    self.begin_item(index, level + 1, out);
                    self.text(&json_key(&pair[0])?, out);
                    out.push_str(&self.separators.1);
                    self.write(&pair[1], level + 1, out)?;
                }
                self.end_items(entries.is_empty(), level, out);
                out.push('}');
            }
            Value::Undefined(undefined) => return Err(TemplateError::undefined(undefined)),
            Value::Lazy(template) => self.text(template.source(), out),
            Value::Object(object) => with_plain(&**object, |plain| match plain {
                Value::Object(_) => {
                    let name = value.type_name();
                    Err(TemplateError::type_error(format!("Object of type {name} is not JSON serializable")))
                }
                plain => self.write(&plain, level, out),
            })?,
        }
        Ok(())
    }

    fn items(&self, items: &[Value], level: usize, out: &mut String) -> Result<(), TemplateError> {
        out.push('[');
        for (index, item) in items.iter().enumerate() {
            self.begin_item(index, level + 1, out);
            self.write(item, level + 1, out)?;
        }
        self.end_items(items.is_empty(), level, out);
        out.push(']');
        Ok(())
    }

    fn begin_item(&self, index: usize, level: usize, out: &mut String) {
        if index > 0 {
            out.push_str(&self.separators.0);
        }
        self.line(level, out);
    }

    fn end_items(&self, empty: bool, level: usize, out: &mut String) {
        if !empty {
            self.line(level, out);
        }
    }

    fn line(&self, level: usize, out: &mut String) {
        if let Some(indent) = &self.indent {
            out.push('\n');
            out.push_str(&indent.repeat(level));
        }
    }

    fn text(&self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                c if (c as u32) < 0x20 || self.ascii && (c as u32) > 0x7e => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}
