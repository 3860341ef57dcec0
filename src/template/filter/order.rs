//! Filters that compare items: `sort`, `min`, `max`, `dictsort`, `unique`, `groupby`.

use std::{cmp::Ordering, collections::HashMap, fmt, sync::Arc};

use super::{
    super::{
        Arguments, Context, Filter, TemplateError,
        arguments::{integer, required},
    },
    choose::attribute_of,
    failed, flag,
};
use crate::value::{Key, Object, Shape, Undefined, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("sort", sorted as Filter),
        ("min", |arguments| extreme(arguments, Ordering::Less)),
        ("max", |arguments| extreme(arguments, Ordering::Greater)),
        ("dictsort", dictsort),
        ("unique", unique),
        ("groupby", groupby),
    ]);
}

/// Sorts stably by a key, as Python does; fails for keys that Python does not order.
pub(in crate::template) fn sort(
    items: &mut Vec<Value>,
    key: impl Fn(&Value) -> Result<Value, TemplateError>,
    reverse: bool,
) -> Result<(), TemplateError> {
    let mut keyed =
        items.iter().map(|item| Ok((key(item)?, item.clone()))).collect::<Result<Vec<_>, TemplateError>>()?;
    let mut failure = None;
    keyed.sort_by(|(a, _), (b, _)| {
        if failure.is_some() {
            return Ordering::Equal;
        }
        let (a, b) = if reverse { (b, a) } else { (a, b) };
        match a.python_cmp(b, "<") {
            Ok(order) => order.unwrap_or(Ordering::Equal),
            Err(error) => {
                failure = Some(error);
                Ordering::Equal
            }
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    *items = keyed.into_iter().map(|(_, item)| item).collect();
    Ok(())
}

/// Text without its case; containers of text too.
fn fold(value: Value) -> Value {
    match &value {
        Value::Str(text) => text.to_lowercase().into(),
        Value::List(items) => items.to_vec().into_iter().map(fold).collect(),
        Value::Tuple(items) => Value::Tuple(items.iter().cloned().map(fold).collect()),
        _ => value,
    }
}

/// The key of an item: one or more attributes (`a.b,c`), without case unless it counts.
fn key_of(context: &Context<'_>, item: &Value, attribute: Option<&Value>, case: bool) -> Result<Value, TemplateError> {
    let key = match attribute {
        None | Some(Value::None) => item.clone(),
        Some(Value::Str(paths)) if paths.contains(',') => Value::Tuple(
            paths
                .split(',')
                .map(|path| attribute_of(context, item, &Value::from(path)))
                .collect::<Result<Vec<_>, _>>()?
                .into(),
        ),
        Some(path) => attribute_of(context, item, path)?,
    };
    Ok(if case { key } else { fold(key) })
}

/// Python's `reverse`, which is a number or a boolean.
fn is_reversed(reverse: Option<&Value>) -> Result<bool, TemplateError> {
    reverse.map_or(Ok(false), |reverse| integer(reverse).map(|number| number != 0))
}

fn sorted(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, reverse, case, attribute] = arguments.bind(["value", "reverse", "case_sensitive", "attribute"])?;
    let mut items = required(items, "sort", "value")?.iter()?;
    let case = flag(case.as_ref());
    sort(&mut items, |item| key_of(context, item, attribute.as_ref(), case), is_reversed(reverse.as_ref())?)?;
    Ok(items.into())
}

fn extreme(arguments: Arguments<'_>, wanted: Ordering) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, case, attribute] = arguments.bind(["value", "case_sensitive", "attribute"])?;
    let case = flag(case.as_ref());
    let operator = if wanted == Ordering::Less { "<" } else { ">" };
    let mut best: Option<(Value, Value)> = None;
    for item in required(items, "min", "value")?.iter()? {
        let key = key_of(context, &item, attribute.as_ref(), case)?;
        let better = match &best {
            None => true,
            Some((found, _)) => key.python_cmp(found, operator)? == Some(wanted),
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or_else(
        || Value::Undefined(Arc::new(Undefined::hint("No aggregated item, sequence was empty."))),
        |(_, item)| item,
    ))
}

fn dictsort(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [dict, case, by, reverse] = arguments.bind(["value", "case_sensitive", "by", "reverse"])?;
    let dict = required(dict, "dictsort", "value")?;
    let Value::Dict(dict) = &dict else { return Err(super::default::wants_dict("dictsort", &dict)) };
    let position = match by.map_or_else(|| "key".to_owned(), |by| by.to_str()).as_str() {
        "key" => 0,
        "value" => 1,
        _ => return Err(failed("You can only sort by either \"key\" or \"value\"")),
    };
    let case = flag(case.as_ref());
    let pair = |(key, value): (Key, Value)| Value::Tuple([key.value().clone(), value].into());
    let mut pairs: Vec<Value> = dict.entries().into_iter().map(pair).collect();
    let key = |pair: &Value| {
        let Value::Tuple(pair) = pair else { return Ok(Value::None) };
        let key = pair[position].clone();
        Ok(if case { key } else { fold(key) })
    };
    sort(&mut pairs, key, is_reversed(reverse.as_ref())?)?;
    Ok(pairs.into())
}

fn unique(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, case, attribute] = arguments.bind(["value", "case_sensitive", "attribute"])?;
    // Python compares what cannot be a key only where it is asked for nothing else.
    let needs_keys = matches!(case, Some(Value::Bool(false))) || attribute.as_ref().is_some_and(Value::is_truthy);
    let case = flag(case.as_ref());
    let mut seen: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for item in required(items, "unique", "value")?.iter()? {
        let key = key_of(context, &item, attribute.as_ref(), case)?;
        if let Some(undefined) = key.missing() {
            return Err(TemplateError::undefined(undefined));
        }
        if needs_keys {
            Key::new(key.clone()).map_err(|error| {
                failed(format!(
                    "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not \
                     support the parameters supplied: {error}"
                ))
            })?;
        }
        if !seen.contains(&key) {
            seen.push(key);
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn groupby(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, attribute, default, case] = arguments.bind(["value", "attribute", "default", "case_sensitive"])?;
    let attribute = required(attribute, "groupby", "attribute")?;
    let case = flag(case.as_ref());
    let group = |item: &Value| -> Result<Value, TemplateError> {
        match (attribute_of(context, item, &attribute)?, &default) {
            (Value::Undefined(_), Some(default)) => Ok(default.clone()),
            (Value::Undefined(undefined), None) => Err(TemplateError::undefined(&undefined)),
            (value, _) => Ok(value),
        }
    };
    let key = |item: &Value| group(item).map(|key| if case { key } else { fold(key) });
    let mut items = required(items, "groupby", "value")?.iter()?;
    sort(&mut items, key, false)?;
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for item in items {
        let folded = key(&item)?;
        match groups.last_mut() {
            Some((last, _, members)) if *last == folded => members.push(item),
            _ => groups.push((folded, group(&item)?, vec![item])),
        }
    }
    Ok(groups.into_iter().map(|(_, grouper, list)| Value::object(Group { grouper, list: list.into() })).collect())
}

/// One group: a pair whose parts have names too.
struct Group {
    grouper: Value,
    list: Value,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Object for Group {
    fn type_name(&self) -> &'static str {
        "_GroupTuple"
    }

    fn shape(&self) -> Shape {
        Shape::Sequence
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(match name {
            "grouper" => Some(self.grouper.clone()),
            "list" => Some(self.list.clone()),
            _ => None,
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(match key.as_i64() {
            Some(0 | -2) => Some(self.grouper.clone()),
            Some(1 | -1) => Some(self.list.clone()),
            _ => None,
        })
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(vec![self.grouper.clone(), self.list.clone()]))
    }

    fn length(&self) -> Option<usize> {
        Some(2)
    }

    fn repr(&self) -> String {
        format!("({}, {})", self.grouper.repr(), self.list.repr())
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(vec![self.grouper.clone(), self.list.clone()].into())
    }
}
