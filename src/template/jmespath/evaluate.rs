//! A query's tree, evaluated.

use std::cmp::Ordering;

use super::{Comparison, Failure, Node, function};
use crate::{
    template::Context,
    value::{Dict, Shape, Value},
};

/// The value of a node where `@` is `value`.
pub(super) fn evaluate(node: &Node, value: &Value, context: &Context<'_>) -> Result<Value, Failure> {
    let inner = |node: &Node, value: &Value| evaluate(node, value, context);
    Ok(match node {
        Node::Current => value.clone(),
        Node::Field(name) => resolved(value.get(name), context)?,
        Node::Literal(literal) => literal.clone(),
        Node::Index(index) => match value {
            Value::List(items) => {
                let index = if *index < 0 { index + items.len() as i64 } else { *index };
                resolved(usize::try_from(index).ok().and_then(|index| items.get(index)), context)?
            }
            _ => Value::None,
        },
        Node::Slice(parts) => match value {
            Value::List(items) => slice(&items.to_vec(), *parts).into(),
            _ => Value::None,
        },
        Node::Chain(left, right) => inner(right, &inner(left, value)?)?,
        Node::Each(left, right) => match inner(left, value)? {
            Value::List(items) => each(&items.to_vec(), right, context)?,
            _ => Value::None,
        },
        Node::EachValue(left, right) => match values(&inner(left, value)?) {
            Some(values) => each(&values, right, context)?,
            None => Value::None,
        },
        Node::Where(left, right, condition) => match inner(left, value)? {
            Value::List(items) => {
                let mut kept = Vec::new();
                for item in items.to_vec() {
                    let item = resolved(Some(item), context)?;
                    if is_true(&inner(condition, &item)?) {
                        kept.push(item);
                    }
                }
                each(&kept, right, context)?
            }
            _ => Value::None,
        },
        Node::Flatten(left) => match inner(left, value)? {
            Value::List(items) => items
                .to_vec()
                .into_iter()
                .flat_map(|item| match item {
                    Value::List(items) => items.to_vec(),
                    other => vec![other],
                })
                .collect(),
            _ => Value::None,
        },
        Node::List(_) | Node::Dict(_) if value.is_none() => Value::None,
        Node::List(items) => items.iter().map(|item| inner(item, value)).collect::<Result<Value, _>>()?,
        Node::Dict(entries) => {
            let dict = Dict::new();
            for (key, node) in entries {
                dict.insert(key.as_str(), inner(node, value)?);
            }
            Value::Dict(dict)
        }
        Node::Or(left, right) => match inner(left, value)? {
            found if is_true(&found) => found,
            _ => inner(right, value)?,
        },
        Node::And(left, right) => match inner(left, value)? {
            found if is_true(&found) => inner(right, value)?,
            found => found,
        },
        Node::Not(operand) => Value::Bool(!is_true(&inner(operand, value)?)),
        Node::Compare(comparison, left, right) => compare(*comparison, &inner(left, value)?, &inner(right, value)?)?,
        Node::Call(name, arguments) => function::call(name, arguments, value, context)?,
        Node::Expression(_) => return Err("an expression after & stands where a value is expected".to_owned()),
    })
}

/// A value from data: nothing is `None`, a template is evaluated.
fn resolved(value: Option<Value>, context: &Context<'_>) -> Result<Value, Failure> {
    match context.resolve(&value.unwrap_or(Value::None)) {
        Ok(Value::Undefined(undefined)) => Err(undefined.to_string()),
        Ok(value) => Ok(value),
        Err(error) => Err(error.to_string()),
    }
}

/// The results for each item that are not `None`.
fn each(items: &[Value], node: &Node, context: &Context<'_>) -> Result<Value, Failure> {
    let mut results = Vec::new();
    for item in items {
        let result = evaluate(node, &resolved(Some(item.clone()), context)?, context)?;
        if !result.is_none() {
            results.push(result);
        }
    }
    Ok(results.into())
}

/// The values of a mapping.
pub(super) fn values(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Dict(dict) => Some(dict.values()),
        Value::Object(object) if object.shape() == Shape::Mapping => {
            let keys = value.iter().ok()?;
            Some(keys.iter().filter_map(|key| object.item(key).ok().flatten()).collect())
        }
        _ => None,
    }
}

/// False are `None`, `false` and what is empty; every number is true.
fn is_true(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_)) || value.is_truthy()
}

/// Equality that tells booleans from numbers.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Bool(_), Value::Int(_) | Value::Float(_)) | (Value::Int(_) | Value::Float(_), Value::Bool(_)) => false,
        _ => left.python_eq(right),
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<Value, Failure> {
    let comparable =
        |value: &Value| matches!(value, Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Str(_));
    let accepts: fn(Ordering) -> bool = match comparison {
        Comparison::Equal => return Ok(Value::Bool(equal(left, right))),
        Comparison::Unequal => return Ok(Value::Bool(!equal(left, right))),
        Comparison::Less => Ordering::is_lt,
        Comparison::LessOrEqual => Ordering::is_le,
        Comparison::Greater => Ordering::is_gt,
        Comparison::GreaterOrEqual => Ordering::is_ge,
    };
    if !comparable(left) || !comparable(right) {
        return Ok(Value::None);
    }
    let order = left.python_cmp(right, "<").map_err(|error| error.to_string())?;
    Ok(Value::Bool(order.is_some_and(accepts)))
}

/// Python's slices.
fn slice(items: &[Value], [start, stop, step]: [Option<i64>; 3]) -> Vec<Value> {
    let (length, step) = (items.len() as i64, step.unwrap_or(1));
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |given: Option<i64>, default: i64| {
        given.map_or(default, |at| if at < 0 { at.saturating_add(length) } else { at }.clamp(low, high))
    };
    let (mut at, stop) =
        if step > 0 { (bound(start, low), bound(stop, high)) } else { (bound(start, high), bound(stop, low)) };
    let mut taken = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        if let Some(item) = usize::try_from(at).ok().and_then(|at| items.get(at)) {
            taken.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    taken
}
