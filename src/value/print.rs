//! Python's `str()` and `repr()`.

use std::fmt::{self, Write as _};

use super::{Dict, Value, float_text};
use crate::template::is_printable;

impl Value {
    /// Python's `str()`.
    pub fn to_str(&self) -> String {
        match self {
            Self::Str(text) => text.to_string(),
            Self::Undefined(_) => String::new(),
            Self::Object(object) => object.text(),
            other => other.repr(),
        }
    }

    /// Python's `repr()`.
    pub fn repr(&self) -> String {
        let mut out = String::new();
        write_repr(self, &mut out, &mut Vec::new());
        out
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lazy(template) => write!(f, "Lazy({:?})", template.source()),
            other => f.write_str(&other.repr()),
        }
    }
}

/// `open` holds the containers that are being printed, so that one that holds itself prints `[...]`.
fn write_repr(value: &Value, out: &mut String, open: &mut Vec<usize>) {
    match value {
        Value::Undefined(_) => out.push_str("Undefined"),
        Value::None => out.push_str("None"),
        Value::Bool(flag) => out.push_str(if *flag { "True" } else { "False" }),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::BigInt(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Float(number) => out.push_str(&float_text(*number)),
        Value::Str(text) => quote_text(text, out),
        Value::Bytes(bytes) => quote_bytes(bytes, out),
        Value::List(list) => {
            if open.contains(&list.identity()) {
                out.push_str("[...]");
                return;
            }
            open.push(list.identity());
            out.push('[');
            write_items(&list.to_vec(), out, open);
            out.push(']');
            open.pop();
        }
        Value::Tuple(items) => {
            out.push('(');
            write_items(items, out, open);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::Dict(dict) => write_dict(dict, out, open),
        Value::Lazy(template) => quote_text(template.source(), out),
        Value::Object(object) => out.push_str(&object.repr()),
    }
}

fn write_items(items: &[Value], out: &mut String, open: &mut Vec<usize>) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_repr(item, out, open);
    }
}

fn write_dict(dict: &Dict, out: &mut String, open: &mut Vec<usize>) {
    if open.contains(&dict.identity()) {
        out.push_str("{...}");
        return;
    }
    open.push(dict.identity());
    out.push('{');
    for (index, (key, value)) in dict.entries().iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_repr(key.value(), out, open);
        out.push_str(": ");
        write_repr(value, out, open);
    }
    out.push('}');
    open.pop();
}

/// Appends a text as Python's `repr()` quotes it: single quotes, unless it holds one and no double quote.
pub fn quote_text(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => {
                let code = c as u32;
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push(quote);
}

fn quote_bytes(bytes: &[u8], out: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
}
