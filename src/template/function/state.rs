//! Functions whose values change: `namespace`, `cycler`, `joiner`.

use std::{collections::HashMap, fmt};

use parking_lot::Mutex;

use super::{
    super::{Arguments, Function, TemplateError, method},
    Value,
};
use crate::value::{Dict, Object};

pub(super) fn register(table: &mut HashMap<&'static str, Function>) {
    table.extend([
        (
            "namespace",
            (|arguments| {
                let names = match arguments.positional.first() {
                    Some(source) => method::dict_from(source)?,
                    None => Dict::new(),
                };
                for (name, value) in arguments.named {
                    names.insert(name, value);
                }
                Ok(Value::object(Namespace(names)))
            }) as Function,
        ),
        ("cycler", |arguments| {
            if arguments.positional.is_empty() {
                return Err(TemplateError::raised("RuntimeError", "at least one item has to be provided"));
            }
            Ok(Value::object(Cycler { items: arguments.positional, at: Mutex::new(0) }))
        }),
        ("joiner", |arguments| {
            let [separator] = arguments.bind(["sep"])?;
            let separator = separator.map_or_else(|| ", ".to_owned(), |separator| separator.to_str());
            Ok(Value::object(Joiner { separator, used: Mutex::new(false) }))
        }),
    ]);
}

/// Attributes that `set` may change.
#[derive(Debug)]
struct Namespace(Dict);

impl Object for Namespace {
    fn type_name(&self) -> &'static str {
        "Namespace"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(self.0.get(name))
    }

    fn set_attribute(&self, name: &str, value: Value) -> Result<(), TemplateError> {
        self.0.insert(name, value);
        Ok(())
    }

    fn repr(&self) -> String {
        format!("<Namespace {}>", Value::Dict(self.0.clone()).repr())
    }
}

/// Items in turn.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: Mutex<usize>,
}

impl Object for Cycler {
    fn type_name(&self) -> &'static str {
        "Cycler"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(match name {
            "current" => Some(self.items[*self.at.lock()].clone()),
            _ => None,
        })
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "next" | "reset")
    }

    fn call_method(&self, name: &str, _arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let mut at = self.at.lock();
        if name == "reset" {
            *at = 0;
            return Ok(Value::None);
        }
        let item = self.items[*at].clone();
        *at = (*at + 1) % self.items.len();
        Ok(item)
    }
}

/// A separator from its second use on.
struct Joiner {
    separator: String,
    used: Mutex<bool>,
}

impl fmt::Debug for Joiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Joiner>")
    }
}

impl Object for Joiner {
    fn type_name(&self) -> &'static str {
        "Joiner"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, _arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let used = std::mem::replace(&mut *self.used.lock(), true);
        Ok(if used { Value::from(self.separator.as_str()) } else { Value::empty_text() })
    }
}
