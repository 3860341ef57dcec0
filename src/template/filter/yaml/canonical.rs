//! PyYAML's canonical form (`canonical=true`): every value with its tag, every item in a line of its own.

use std::fmt::Write as _;

use super::{super::super::TemplateError, failed, sorted_pairs};
use crate::value::{Value, with_plain, yaml_float_text};

/// The document of a value; `indent` is the number of blanks of a level.
pub(super) fn document(value: &Value, indent: usize, sort: bool, explicit_end: bool) -> Result<String, TemplateError> {
    let mut writer = Writer { out: "---\n".to_owned(), indent, sort };
    writer.value(value, 0)?;
    writer.out.push_str(if explicit_end { "\n...\n" } else { "\n" });
    Ok(writer.out)
}

struct Writer {
    out: String,
    indent: usize,
    sort: bool,
}

impl Writer {
    fn value(&mut self, value: &Value, level: usize) -> Result<(), TemplateError> {
        match value {
            Value::Undefined(undefined) => return Err(TemplateError::undefined(undefined)),
            Value::None => self.scalar("null", "null"),
            Value::Bool(flag) => self.scalar("bool", &flag.to_string()),
            Value::Float(number) => self.scalar("float", &yaml_float_text(*number)),
            Value::Str(text) => self.scalar("str", text),
            Value::Bytes(bytes) => self.scalar("str", &String::from_utf8_lossy(bytes)),
            Value::List(list) => self.items(&list.to_vec(), level)?,
            Value::Tuple(items) => self.items(items, level)?,
            Value::Dict(dict) => {
                let pairs = sorted_pairs(dict, self.sort);
                self.out.push_str("!!map {");
                for (key, value) in &pairs {
                    self.line(level + 1, "? ");
                    self.value(key, level + 1)?;
                    self.line(level + 1, ": ");
                    self.value(value, level + 1)?;
                    self.out.push(',');
                }
                self.close(pairs.is_empty(), level, '}');
            }
            Value::Object(object) => with_plain(&**object, |plain| match plain {
                Value::Object(_) => Err(failed(format!("cannot represent an object of type {}", value.type_name()))),
                plain => self.value(&plain, level),
            })?,
            number => self.scalar("int", &number.to_str()),
        }
        Ok(())
    }

    fn items(&mut self, items: &[Value], level: usize) -> Result<(), TemplateError> {
        self.out.push_str("!!seq [");
        for item in items {
            self.line(level + 1, "");
            self.value(item, level + 1)?;
            self.out.push(',');
        }
        self.close(items.is_empty(), level, ']');
        Ok(())
    }

    fn line(&mut self, level: usize, start: &str) {
        let blanks = level * self.indent;
        let _ = write!(self.out, "\n{:blanks$}{start}", "");
    }

    fn close(&mut self, is_empty: bool, level: usize, sign: char) {
        if !is_empty {
            self.line(level, "");
        }
        self.out.push(sign);
    }

    /// A scalar in double quotes, which hold it in one line.
    fn scalar(&mut self, tag: &str, text: &str) {
        let _ = write!(self.out, "!!{tag} \"");
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                '\r' => self.out.push_str("\\r"),
                c if c.is_control() => {
                    let _ = write!(self.out, "\\x{:02X}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
