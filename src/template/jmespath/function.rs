//! The functions of a query.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::FromPrimitive as _;

use super::{
    Failure, Node,
    evaluate::{equal, evaluate, values},
};
use crate::{
    template::{Context, filter},
    value::{Dict, List, Value},
};

/// What a function takes.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Number,
    Text,
    List,
    Dict,
    TextOrList,
    Sized,
    Numbers,
    Texts,
    /// Numbers only, or text only.
    Alike,
    Expression,
}

/// The arguments of each function; the last may be repeated where that is said.
fn signature(name: &str) -> Option<(&'static [Kind], bool)> {
    Some(match name {
        "abs" | "ceil" | "floor" => (&[Kind::Number], false),
        "avg" | "sum" => (&[Kind::Numbers], false),
        "contains" => (&[Kind::TextOrList, Kind::Any], false),
        "ends_with" | "starts_with" => (&[Kind::Text, Kind::Text], false),
        "join" => (&[Kind::Text, Kind::Texts], false),
        "keys" | "values" => (&[Kind::Dict], false),
        "length" => (&[Kind::Sized], false),
        "map" => (&[Kind::Expression, Kind::List], false),
        "max" | "min" | "sort" => (&[Kind::Alike], false),
        "max_by" | "min_by" | "sort_by" => (&[Kind::List, Kind::Expression], false),
        "merge" => (&[Kind::Dict], true),
        "not_null" => (&[Kind::Any], true),
        "reverse" => (&[Kind::TextOrList], false),
        "to_array" | "to_number" | "to_string" | "type" => (&[Kind::Any], false),
        _ => return None,
    })
}

/// The name of a value's type in `JMESPath`.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Str(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => "number",
        Value::List(_) => "array",
        Value::None => "null",
        other if values(other).is_some() => "object",
        _ => "unknown",
    }
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        let all =
            |kind: &str| value.as_list().is_some_and(|items| items.to_vec().iter().all(|item| type_of(item) == kind));
        match self {
            Self::Any => true,
            Self::Number => type_of(value) == "number",
            Self::Text => type_of(value) == "string",
            Self::List => type_of(value) == "array",
            Self::Dict => type_of(value) == "object",
            Self::TextOrList => matches!(type_of(value), "string" | "array"),
            Self::Sized => matches!(type_of(value), "string" | "array" | "object"),
            Self::Numbers => all("number"),
            Self::Texts => all("string"),
            Self::Alike => all("number") || all("string"),
            Self::Expression => false,
        }
    }

    /// The types that it takes, as the library's errors list them.
    fn names(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Number => "'number'",
            Self::Text => "'string'",
            Self::List => "'array'",
            Self::Dict => "'object'",
            Self::TextOrList => "'array', 'string'",
            Self::Sized => "'string', 'array', 'object'",
            Self::Numbers => "'array-number'",
            Self::Texts => "'array-string'",
            Self::Alike => "'array-string', 'array-number'",
            Self::Expression => "'expref'",
        }
    }
}

/// Calls a function; what it is about is `value`.
pub(super) fn call(name: &str, nodes: &[Node], value: &Value, context: &Context<'_>) -> Result<Value, Failure> {
    let (kinds, repeats) = signature(name).ok_or_else(|| format!("Unknown function: {name}()"))?;
    if nodes.len() < kinds.len() || nodes.len() > kinds.len() && !repeats {
        let (least, count) = (if repeats { "at least " } else { "" }, kinds.len());
        let plural = if count == 1 { "" } else { "s" };
        let received = nodes.len();
        return Err(format!("Expected {least}{count} argument{plural} for function {name}(), received {received}"));
    }
    let mut arguments = Vec::new();
    let mut expression = &Node::Current;
    for (index, node) in nodes.iter().enumerate() {
        match (kinds[index.min(kinds.len() - 1)], node) {
            (Kind::Expression, Node::Expression(inner)) => expression = inner,
            (kind, node) => {
                let argument = evaluate(node, value, context)?;
                let argument = context.resolve_inside(&argument).map_err(|error| error.to_string())?;
                if !kind.takes(&argument) {
                    return Err(misfit(name, &argument, kind.names()));
                }
                arguments.push(argument);
            }
        }
    }
    apply(name, &arguments, &|item: &Value| evaluate(expression, item, context))
}

/// What the library says of a value that a function does not take; of a list, it is an item that does not fit.
fn misfit(name: &str, value: &Value, kinds: &str) -> Failure {
    let items =
        if kinds.contains("array-") { value.as_list().map(List::to_vec).unwrap_or_default() } else { Vec::new() };
    let odd = match items.first().map(type_of) {
        Some(first @ ("number" | "string")) if kinds.contains(first) => {
            items.iter().find(|item| type_of(item) != first)
        }
        _ => items.first(),
    };
    let (shown, received) = match odd {
        Some(item) => (item, item.type_name()),
        // It has no word for lists and mappings that come from Ansible.
        None if matches!(type_of(value), "array" | "object") => (value, "unknown"),
        None => (value, type_of(value)),
    };
    let shown = shown.to_str();
    format!(
        "In function {name}(), invalid type for value: {shown}, expected one of: [{kinds}], received: \"{received}\""
    )
}

fn apply(name: &str, arguments: &[Value], by: &dyn Fn(&Value) -> Result<Value, Failure>) -> Result<Value, Failure> {
    let first = &arguments[0];
    let items = || first.as_list().map(List::to_vec).unwrap_or_default();
    let text = |index: usize| arguments.get(index).and_then(Value::as_str).unwrap_or_default();
    Ok(match name {
        "abs" if matches!(first.as_f64(), Some(number) if number < 0.0) => first.negate().map_err(words)?,
        "ceil" => whole(first, f64::ceil),
        "floor" => whole(first, f64::floor),
        "avg" if items().is_empty() => Value::None,
        "avg" => sum(&items())?.divide(&Value::from(items().len())).map_err(words)?,
        "sum" => sum(&items())?,
        "contains" => match (first, arguments[1].as_str()) {
            (Value::Str(text), Some(part)) => Value::Bool(text.contains(part)),
            (Value::Str(_), None) => return Err("text contains only text".to_owned()),
            _ => Value::Bool(items().iter().any(|item| equal(item, &arguments[1]))),
        },
        "ends_with" => Value::Bool(text(0).ends_with(text(1))),
        "starts_with" => Value::Bool(text(0).starts_with(text(1))),
        "join" => {
            let parts = arguments[1].iter().map_err(words)?;
            parts.iter().map(Value::to_str).collect::<Vec<_>>().join(text(0)).into()
        }
        "keys" => first.iter().map_err(words)?.into(),
        "values" => values(first).unwrap_or_default().into(),
        "length" => first.len().map_or(Value::None, Value::from),
        "map" => items().iter().map(by).collect::<Result<Value, _>>()?,
        "max" => extreme(&items(), Ordering::Greater, &|item| Ok(item.clone()))?,
        "min" => extreme(&items(), Ordering::Less, &|item| Ok(item.clone()))?,
        "max_by" => extreme(&items(), Ordering::Greater, &key(name, by))?,
        "min_by" => extreme(&items(), Ordering::Less, &key(name, by))?,
        "sort" => sorted(items(), &|item| Ok(item.clone()))?,
        "sort_by" => {
            // All keys are of the type of the first one.
            let keys = items().iter().map(by).collect::<Result<Vec<_>, _>>()?;
            let kind = match keys.first().map(type_of) {
                Some("number") => "'number'",
                _ => "'string'",
            };
            if let Some(odd) = keys.iter().find(|key| !kind.contains(type_of(key))) {
                return Err(misfit(name, odd, kind));
            }
            sorted(items(), by)?
        }
        "merge" => {
            let merged = Dict::new();
            for argument in arguments {
                for (key, value) in argument.as_dict().map(Dict::entries).unwrap_or_default() {
                    merged.set(key, value);
                }
            }
            Value::Dict(merged)
        }
        "not_null" => arguments.iter().find(|argument| !argument.is_none()).cloned().unwrap_or(Value::None),
        "reverse" => match first {
            Value::Str(text) => text.chars().rev().collect::<String>().into(),
            _ => items().into_iter().rev().collect(),
        },
        "to_array" if first.as_list().is_none() => vec![first.clone()].into(),
        "to_number" => number(first),
        "to_string" if first.as_str().is_none() => filter::json::compact(first).map_err(words)?.into(),
        "type" => Value::from(type_of(first)),
        _ => first.clone(),
    })
}

fn words(error: crate::template::TemplateError) -> Failure {
    error.to_string()
}

fn whole(value: &Value, round: fn(f64) -> f64) -> Value {
    match value {
        Value::Float(number) => BigInt::from_f64(round(*number)).map_or(Value::None, Value::from),
        other => other.clone(),
    }
}

fn sum(items: &[Value]) -> Result<Value, Failure> {
    items.iter().try_fold(Value::Int(0), |sum, item| sum.add(item)).map_err(words)
}

fn number(value: &Value) -> Value {
    match value {
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => value.clone(),
        Value::Str(text) => match (text.trim().parse::<BigInt>(), text.trim().parse::<f64>()) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::None,
        },
        _ => Value::None,
    }
}

/// The key of an item, which has to be a number or text.
fn key(name: &str, by: &dyn Fn(&Value) -> Result<Value, Failure>) -> impl Fn(&Value) -> Result<Value, Failure> {
    move |item| match by(item)? {
        key if matches!(type_of(&key), "number" | "string") => Ok(key),
        key => Err(misfit(name, &key, "'number', 'string'")),
    }
}

fn extreme(
    items: &[Value],
    wanted: Ordering,
    key: &dyn Fn(&Value) -> Result<Value, Failure>,
) -> Result<Value, Failure> {
    let mut best: Option<(Value, &Value)> = None;
    for item in items {
        let key = key(item)?;
        let better = match &best {
            None => true,
            Some((found, _)) => key.python_cmp(found, "<").map_err(words)? == Some(wanted),
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or(Value::None, |(_, item)| item.clone()))
}

fn sorted(mut items: Vec<Value>, key: &dyn Fn(&Value) -> Result<Value, Failure>) -> Result<Value, Failure> {
    let key = |item: &Value| key(item).map_err(|text| crate::template::TemplateError::raised("JMESPathError", text));
    filter::order_sort(&mut items, key, false).map_err(words)?;
    Ok(items.into())
}
