//! Filters on sequences as a whole: `list`, `first`, `length`, `join`, `batch`, `flatten`, `zip`, `product` …

use std::{collections::HashMap, sync::Arc};

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
    },
    choose::attribute_of,
    failed,
};
use crate::{
    template::random::Random,
    value::{Undefined, Value},
};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("list", (|arguments| Ok(only(arguments, "list")?.iter()?.into())) as Filter),
        ("first", |arguments| end(arguments, true)),
        ("last", |arguments| end(arguments, false)),
        ("length", length),
        ("count", length),
        ("join", join),
        ("reverse", reverse),
        ("batch", batch),
        ("slice", slice),
        ("flatten", flatten),
        ("zip", |arguments| zip(arguments, false)),
        ("zip_longest", |arguments| zip(arguments, true)),
        ("product", product),
        ("permutations", |arguments| arrange(arguments, true)),
        ("combinations", |arguments| arrange(arguments, false)),
        ("random", random),
        ("shuffle", shuffle),
    ]);
}

fn only(arguments: Arguments<'_>, name: &str) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["value"])?;
    required(value, name, "value")
}

fn end(arguments: Arguments<'_>, first: bool) -> Result<Value, TemplateError> {
    let value = only(arguments, "first")?;
    let items = value.iter().map_err(|error| match value.missing() {
        None if !first => TemplateError::type_error(format!("'{}' object is not reversible", value.type_name())),
        _ => error,
    })?;
    let item = if first { items.first() } else { items.last() };
    Ok(item.cloned().unwrap_or_else(|| {
        let which = if first { "first" } else { "last" };
        Value::Undefined(Arc::new(Undefined::hint(format!("No {which} item, sequence was empty."))))
    }))
}

fn length(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let value = only(arguments, "length")?;
    match value.len() {
        Some(length) => Ok(Value::from(length)),
        None => Err(TemplateError::type_error(format!("object of type '{}' has no len()", value.type_name()))),
    }
}

fn join(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, separator, attribute] = arguments.bind(["value", "d", "attribute"])?;
    if let Some(undefined) = separator.as_ref().and_then(Value::missing_inside) {
        return Err(TemplateError::undefined(&undefined));
    }
    let separator = separator.map(|separator| separator.to_str()).unwrap_or_default();
    let mut parts = Vec::new();
    for item in required(items, "join", "value")?.iter()? {
        let item = match &attribute {
            None | Some(Value::None) => item,
            Some(path) => attribute_of(context, &item, path)?,
        };
        if let Some(undefined) = item.missing() {
            return Err(TemplateError::undefined(undefined));
        }
        parts.push(item.to_str());
    }
    Ok(parts.join(&separator).into())
}

fn reverse(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let value = only(arguments, "reverse")?;
    if let Value::Str(text) = &value {
        return Ok(text.chars().rev().collect::<String>().into());
    }
    let mut items = value.iter()?;
    items.reverse();
    Ok(items.into())
}

fn batch(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [items, count, fill] = arguments.bind(["value", "linecount", "fill_with"])?;
    // What is no number never counts as reached.
    let count = required(count, "batch", "linecount")?;
    let fill = fill.filter(|fill| !fill.is_none());
    if count.as_f64().is_none() && fill.is_some() {
        let text = format!("'<' not supported between instances of 'int' and '{}'", count.type_name());
        return Err(TemplateError::type_error(text));
    }
    let count = count.as_i64();
    let mut lines: Vec<Value> = Vec::new();
    let mut line: Vec<Value> = Vec::new();
    for item in required(items, "batch", "value")?.iter()? {
        if count == Some(line.len() as i64) {
            lines.push(std::mem::take(&mut line).into());
        }
        line.push(item);
    }
    if !line.is_empty() {
        if let (Some(fill), Some(count)) = (fill, count) {
            let count = count.clamp(0, 1 << 20) as usize;
            line.resize(count.max(line.len()), fill);
        }
        lines.push(line.into());
    }
    Ok(lines.into())
}

fn slice(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [items, count, fill] = arguments.bind(["value", "slices", "fill_with"])?;
    let count = required(count, "slice", "slices")?;
    let count = count.as_i64().ok_or_else(|| {
        let text = format!("unsupported operand type(s) for //: 'int' and '{}'", count.type_name());
        count.missing().map_or_else(|| TemplateError::type_error(text), TemplateError::undefined)
    })?;
    let items = required(items, "slice", "value")?.iter()?;
    if count == 0 {
        return Err(TemplateError::raised("ZeroDivisionError", "integer division or modulo by zero"));
    }
    let fill = fill.filter(|fill| !fill.is_none());
    let count = count.clamp(0, 1 << 20) as usize;
    let (size, extra) = (items.len() / count.max(1), items.len() % count.max(1));
    let mut start = 0;
    Ok((0..count)
        .map(|index| {
            let end = start + size + usize::from(index < extra);
            let mut part = items[start..end].to_vec();
            start = end;
            if let Some(fill) = fill.as_ref().filter(|_| index >= extra) {
                part.push(fill.clone());
            }
            Value::from(part)
        })
        .collect())
}

fn flatten(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    fn walk(items: &[Value], levels: Option<i64>, skip_nulls: bool, out: &mut Vec<Value>) {
        let (deeper, below) = (levels.is_none_or(|levels| levels > 0), levels.map(|levels| levels - 1));
        for item in items {
            match item {
                Value::List(inner) if deeper => walk(&inner.to_vec(), below, skip_nulls, out),
                Value::Tuple(inner) if deeper => walk(inner, below, skip_nulls, out),
                Value::None if skip_nulls => {}
                Value::Str(text) if skip_nulls && matches!(&**text, "None" | "null") => {}
                other => out.push(other.clone()),
            }
        }
    }
    let [items, levels, skip_nulls] = arguments.bind(["mylist", "levels", "skip_nulls"])?;
    let levels = match levels {
        None | Some(Value::None) => None,
        Some(levels) if levels.as_f64().is_none() => {
            let text = format!("'>=' not supported between instances of '{}' and 'int'", levels.type_name());
            return Err(TemplateError::type_error(text));
        }
        Some(levels) => Some(integer(&levels)?),
    };
    let mut out = Vec::new();
    let skip_nulls = skip_nulls.is_none_or(|skip| skip.is_truthy());
    walk(&required(items, "flatten", "mylist")?.iter()?, levels, skip_nulls, &mut out);
    Ok(out.into())
}

fn zip(mut arguments: Arguments<'_>, longest: bool) -> Result<Value, TemplateError> {
    let fill = if longest { arguments.take("fillvalue") } else { None }.unwrap_or(Value::None);
    if let Some((name, _)) = arguments.named.iter().find(|(name, _)| **name != *"strict") {
        return Err(TemplateError::type_error(if longest {
            "zip_longest() got an unexpected keyword argument".to_owned()
        } else {
            format!("'{name}' is an invalid keyword argument for zip()")
        }));
    }
    let columns = arguments.positional.iter().map(Value::iter).collect::<Result<Vec<_>, _>>()?;
    let is_strict = arguments.named.iter().any(|(_, strict)| strict.is_truthy());
    if is_strict
        && let Some(first) = columns.first().map(Vec::len)
        && let Some(other) = columns.iter().position(|column| column.len() != first)
    {
        let how = if columns[other].len() < first { "shorter" } else { "longer" };
        let others = if other == 1 { "argument 1".to_owned() } else { format!("arguments 1-{other}") };
        let text = format!("zip() argument {} is {how} than {others}", other + 1);
        return Err(TemplateError::value_error(text));
    }
    let lengths = columns.iter().map(Vec::len);
    let count = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    Ok((0..count)
        .map(|index| Value::Tuple(columns.iter().map(|column| column.get(index).unwrap_or(&fill).clone()).collect()))
        .collect())
}

fn product(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let repeat = arguments.take("repeat").as_ref().map_or(Ok(1), integer)?;
    if let Some((name, _)) = arguments.named.first() {
        return Err(TemplateError::type_error(format!("'{name}' is an invalid keyword argument for product()")));
    }
    if repeat < 0 {
        return Err(TemplateError::value_error("repeat argument cannot be negative"));
    }
    let repeat = repeat.min(16) as usize;
    let columns = arguments.positional.iter().map(Value::iter).collect::<Result<Vec<_>, _>>()?;
    Ok(cartesian(&vec![columns; repeat].concat())?.into_iter().map(|row| Value::Tuple(row.into())).collect())
}

/// All ways to take one item of each list, the last list fastest.
pub(in crate::template) fn cartesian(columns: &[Vec<Value>]) -> Result<Vec<Vec<Value>>, TemplateError> {
    let count = columns.iter().try_fold(1_usize, |count, column| count.checked_mul(column.len()));
    if count.is_none_or(|count| count > 1_000_000) {
        return Err(failed("the product has more than a million rows"));
    }
    let mut rows = vec![Vec::new()];
    for column in columns {
        rows = rows
            .iter()
            .flat_map(|row| column.iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect()))
            .collect();
    }
    Ok(rows)
}

fn arrange(arguments: Arguments<'_>, ordered: bool) -> Result<Value, TemplateError> {
    fn walk(
        items: &[Value],
        size: usize,
        ordered: bool,
        taken: &mut Vec<usize>,
        out: &mut Vec<Value>,
    ) -> Result<(), TemplateError> {
        if taken.len() == size {
            out.push(Value::Tuple(taken.iter().map(|index| items[*index].clone()).collect()));
            return if out.len() > 1_000_000 { Err(failed("more than a million arrangements")) } else { Ok(()) };
        }
        let start = if ordered { 0 } else { taken.last().map_or(0, |last| last + 1) };
        for index in start..items.len() {
            if !taken.contains(&index) {
                taken.push(index);
                walk(items, size, ordered, taken, out)?;
                taken.pop();
            }
        }
        Ok(())
    }
    let name = arguments.name;
    let [items, size] = arguments.bind(["iterable", "r"])?;
    let items = required(items, name, "iterable")?.iter()?;
    if !ordered {
        required(size.clone(), name, "r")?;
    }
    let size = match size {
        None => items.len(),
        Some(Value::None) if ordered => items.len(),
        Some(size) => {
            let size = size.as_i64().ok_or_else(|| TemplateError::type_error("Expected int as r"))?;
            usize::try_from(size).map_err(|_| TemplateError::value_error("r must be non-negative"))?
        }
    };
    let mut out = Vec::new();
    if size <= items.len() {
        walk(&items, size, ordered, &mut Vec::new(), &mut out)?;
    }
    Ok(out.into())
}

fn random(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [end, start, step, seed] = arguments.bind(["end", "start", "step", "seed"])?;
    let end = required(end, "random", "end")?;
    if seed.is_none() {
        context.check_turn("random")?;
    }
    let mut random = Random::seeded(seed.as_ref())?;
    if let Some(end) = end.as_i64() {
        let start = start.filter(Value::is_truthy).as_ref().map_or(Ok(0), integer)?;
        let step = step.filter(Value::is_truthy).as_ref().map_or(Ok(1), integer)?;
        let count = (end - start + step - step.signum()) / step;
        if count <= 0 {
            return Err(TemplateError::value_error(format!("empty range for randrange() ({start}, {end}, {step})")));
        }
        return Ok(Value::Int(start + step * random.below(count as u64) as i64));
    }
    if start.is_some_and(|start| !start.is_none()) || step.is_some_and(|step| !step.is_none()) {
        return Err(failed("start and step can only be used with integer values"));
    }
    if let Value::Dict(_) = end {
        return Err(TemplateError::raised("KeyError", "a dict has no items by number"));
    }
    let items = end.iter().map_err(|_| failed("random can only be used on sequences and integers"))?;
    if items.is_empty() {
        return Err(TemplateError::raised("IndexError", "Cannot choose from an empty sequence"));
    }
    Ok(items[random.below(items.len() as u64) as usize].clone())
}

fn shuffle(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [items, seed] = arguments.bind(["mylist", "seed"])?;
    let value = required(items, "shuffle", "mylist")?;
    if seed.is_none() {
        context.check_turn("shuffle")?;
    }
    let Ok(mut items) = value.iter() else { return Ok(value) };
    let mut random = Random::seeded(seed.as_ref())?;
    for index in (1..items.len()).rev() {
        items.swap(index, random.below(index as u64 + 1) as usize);
    }
    Ok(items.into())
}
