//! Comparisons and membership.

use std::{cmp::Ordering, collections::HashMap};

use super::super::{Arguments, TemplateError, Test, arguments::required, evaluate};
use crate::value::{Key, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    for name in ["eq", "==", "equalto"] {
        table.insert(name, |arguments| with(arguments, |a, b| Ok(a.python_eq(b))));
    }
    for name in ["ne", "!="] {
        table.insert(name, |arguments| with(arguments, |a, b| Ok(!a.python_eq(b))));
    }
    for name in ["lt", "<", "lessthan"] {
        table.insert(name, |arguments| with(arguments, |a, b| Ok(a.python_cmp(b, "<")? == Some(Ordering::Less))));
    }
    for name in ["le", "<="] {
        table.insert(name, |arguments| {
            with(arguments, |a, b| Ok(matches!(a.python_cmp(b, "<=")?, Some(Ordering::Less | Ordering::Equal))))
        });
    }
    for name in ["gt", ">", "greaterthan"] {
        table.insert(name, |arguments| with(arguments, |a, b| Ok(a.python_cmp(b, ">")? == Some(Ordering::Greater))));
    }
    for name in ["ge", ">="] {
        table.insert(name, |arguments| {
            with(arguments, |a, b| Ok(matches!(a.python_cmp(b, ">=")?, Some(Ordering::Greater | Ordering::Equal))))
        });
    }
    table.extend([
        ("in", (|arguments| with(arguments, |a, b| evaluate::contains(b, a))) as Test),
        ("contains", |arguments| with(arguments, evaluate::contains)),
        ("subset", |arguments| with(arguments, is_subset)),
        ("issubset", |arguments| with(arguments, is_subset)),
        ("superset", |arguments| with(arguments, |a, b| is_subset(b, a))),
        ("issuperset", |arguments| with(arguments, |a, b| is_subset(b, a))),
        ("all", |arguments| items(arguments).map(|items| items.iter().all(Value::is_truthy))),
        ("any", |arguments| items(arguments).map(|items| items.iter().any(Value::is_truthy))),
    ]);
}

fn with(
    arguments: Arguments<'_>,
    holds: impl FnOnce(&Value, &Value) -> Result<bool, TemplateError>,
) -> Result<bool, TemplateError> {
    let name = arguments.name;
    let [a, b] = arguments.bind(["a", "b"])?;
    holds(&required(a, name, "a")?, &required(b, name, "b")?)
}

fn is_subset(a: &Value, b: &Value) -> Result<bool, TemplateError> {
    let (a, b) = (a.iter()?, b.iter()?);
    // Python makes sets of both.
    for item in a.iter().chain(&b) {
        Key::new(item.clone())?;
    }
    Ok(a.iter().all(|item| b.contains(item)))
}

fn items(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let name = arguments.name;
    let [items] = arguments.bind(["iterable"])?;
    required(items, name, "iterable")?.iter()
}
