//! `community.general.dependent`: loops within each other, where inner ones may use what outer ones are at.

use std::{cmp::Ordering, collections::HashMap};

use super::{
    super::{Arguments, Context, Lookup, Template, TemplateError},
    failed,
    name::Overlay,
};
use crate::{
    source::Span,
    value::{Dict, Key, Value},
};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("community.general.dependent", dependent);
}

fn dependent(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut loops: Vec<(Key, Value)> = Vec::new();
    for (index, term) in arguments.positional.iter().enumerate() {
        let class = format!("<class '{}'>", term.type_name());
        let Value::Dict(dict) = term else {
            return Err(failed(format!("Parameter {index} must be a dictionary, got {class}")));
        };
        let entries = dict.entries();
        let [(key, values)] = &entries[..] else {
            let count = entries.len();
            return Err(failed(format!("Parameter {index} must be a one-element dictionary, got {count} elements")));
        };
        let name = key.value().repr();
        if loops.iter().any(|(known, _)| known == key) {
            return Err(failed(format!("The variable {name} appears more than once")));
        }
        if !matches!(values, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_)) {
            return Err(failed(format!(
                "Parameter {name} (index {index}) must have a value of type string, dictionary or list, got type <class \
                 '{}'>",
                values.type_name()
            )));
        }
        loops.push((key.clone(), values.clone()));
    }
    let mut found = Vec::new();
    if !loops.is_empty() {
        walk(arguments.context, &loops, &Dict::new(), &mut found)?;
    }
    Ok(found)
}

/// What the loops come to after `current`, which the outer ones are at.
fn walk(
    context: &Context<'_>,
    loops: &[(Key, Value)],
    current: &Dict,
    found: &mut Vec<Value>,
) -> Result<(), TemplateError> {
    let Some(((name, values), inner)) = loops.split_first() else {
        found.push(current.copy().into());
        return Ok(());
    };
    let at = || format!("while evaluating {} with item == {}", name.value().repr(), Value::from(current.copy()).repr());
    let values = match values {
        Value::Str(text) => {
            let over = Dict::new();
            over.insert("item", current.copy());
            let names = Overlay { over, under: context.names };
            let context = Context::new(&names, context.environment);
            let evaluated = Template::expression(text, &Span::nowhere())
                .and_then(|expression| context.render(&expression))
                .and_then(|values| context.resolve_deep(&values));
            evaluated.map_err(|error| failed(format!("Caught \"{error}\" {}", at())))?
        }
        values => values.clone(),
    };
    let mut step = |value: Value| {
        let next = current.copy();
        next.set(name.clone(), value);
        walk(context, inner, &next, found)
    };
    match &values {
        Value::Dict(dict) => {
            let mut entries = dict.entries();
            let mut refused = None;
            entries.sort_by(|(a, _), (b, _)| {
                let order = a.value().python_cmp(b.value(), "<");
                order.map_err(|error| refused = Some(error)).ok().flatten().unwrap_or(Ordering::Equal)
            });
            if let Some(error) = refused {
                return Err(error);
            }
            entries.into_iter().try_for_each(|(key, value)| {
                let pair = Dict::new();
                pair.insert("key", key.value().clone());
                pair.insert("value", value);
                step(pair.into())
            })
        }
        Value::List(_) | Value::Tuple(_) | Value::Str(_) => values.iter()?.into_iter().try_for_each(step),
        other => {
            let class = other.type_name();
            Err(failed(format!("Did not obtain dictionary or list {}, but <class '{class}'>", at())))
        }
    }
}
