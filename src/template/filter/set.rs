//! Filters on lists as sets: `union`, `intersect`, `difference`, `symmetric_difference`.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    python_set::PythonSet,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("union", (|arguments| with(arguments, union)) as Filter),
        ("intersect", |arguments| with(arguments, intersect)),
        ("difference", |arguments| with(arguments, difference)),
        ("symmetric_difference", |arguments| {
            with(arguments, |a, b| {
                of_numbers(a, b, PythonSet::symmetric_difference).unwrap_or_else(|| symmetric_difference(a, b))
            })
        }),
    ]);
}

fn with(arguments: Arguments<'_>, make: impl FnOnce(&[Value], &[Value]) -> Vec<Value>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [a, b] = arguments.bind(["a", "b"])?;
    let (a, b) = (required(a, name, "a")?, required(b, name, "b")?);
    let a = a.iter()?;
    let b = b.iter().map_err(|error| match b.missing() {
        Some(_) => error,
        None if name.ends_with("union") => {
            TemplateError::type_error(format!("can only concatenate list (not \"{}\") to list", b.type_name()))
        }
        None => TemplateError::type_error(format!("argument of type '{}' is not iterable", b.type_name())),
    })?;
    Ok(make(&a, &b).into())
}

/// What Python's sets make of two lists of numbers.
fn of_numbers(a: &[Value], b: &[Value], make: fn(&PythonSet, &PythonSet) -> PythonSet) -> Option<Vec<Value>> {
    Some(make(&PythonSet::new(a)?, &PythonSet::new(b)?).values())
}

fn union(a: &[Value], b: &[Value]) -> Vec<Value> {
    of_numbers(a, b, PythonSet::union).unwrap_or_else(|| unique(a.iter().chain(b)))
}

fn intersect(a: &[Value], b: &[Value]) -> Vec<Value> {
    of_numbers(a, b, PythonSet::intersection).unwrap_or_else(|| unique(a.iter().filter(|item| b.contains(item))))
}

fn difference(a: &[Value], b: &[Value]) -> Vec<Value> {
    of_numbers(a, b, PythonSet::difference).unwrap_or_else(|| unique(a.iter().filter(|item| !b.contains(item))))
}

/// The items of either list that the other one does not have.
pub(super) fn symmetric_difference(a: &[Value], b: &[Value]) -> Vec<Value> {
    unique(a.iter().filter(|item| !b.contains(item)).chain(b.iter().filter(|item| !a.contains(item))))
}

/// The items without repetitions.
pub(super) fn unique<'v>(items: impl Iterator<Item = &'v Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    kept
}
