//! `community.general.to_prettytable`: dicts as a table in text.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError},
    failed,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("community.general.to_prettytable", to_prettytable);
}

fn expected(what: &str, found: &Value) -> TemplateError {
    let kind = if found.as_str().is_some() { "string" } else { found.type_name() };
    TemplateError::raised("TypeValidationError", format!("Expected {what}, got a {kind}"))
}

/// Texts in a list, as names of something.
fn names(value: &Value, what: &str) -> Result<Vec<String>, TemplateError> {
    let Value::List(items) = value else { return Err(expected(&format!("a list of {what}s"), value)) };
    let name = |item: &Value| match item {
        Value::Str(name) => Ok(name.to_string()),
        other => Err(expected(&format!("a string for {what}"), other)),
    };
    items.to_vec().iter().map(name).collect()
}

fn to_prettytable(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    if arguments.positional.is_empty() {
        return Err(TemplateError::type_error("to_prettytable() missing 1 required positional argument: 'data'"));
    }
    let data = arguments.positional.remove(0);
    let Value::List(rows) = &data else { return Err(expected("a list of dictionaries", &data)) };
    let rows = rows.to_vec();
    if let Some(wrong) = rows.iter().find(|row| row.as_dict().is_none()) {
        return Err(expected("all items in the list to be dictionaries", wrong));
    }
    let (order, headers) = (arguments.take("column_order"), arguments.take("header_names"));
    let alignments = arguments.take("column_alignments");
    if !arguments.named.is_empty() {
        let names: Vec<&str> = arguments.named.iter().map(|(name, _)| &**name).collect();
        return Err(failed(format!("Unknown parameter(s) for to_prettytable filter: {}", names.join(", "))));
    }
    let places = std::mem::take(&mut arguments.positional);
    if order.is_some() && !places.is_empty() {
        return Err(failed("Cannot use both positional arguments and the 'column_order' keyword argument"));
    }
    let order = if places.is_empty() { order.filter(|order| !order.is_none()) } else { Some(places.into()) };
    let known = rows.first().and_then(Value::as_dict).map(Dict::keys).unwrap_or_default();
    let order = order.map(|order| names(&order, "column name")).transpose()?;
    let ordered = order.as_ref().map(Vec::len);
    let order = order.unwrap_or_default();
    let fields = known.len();
    if !rows.is_empty() && order.len() > known.len() {
        let counts = (order.len(), known.len());
        return Err(failed(format!(
            "'column_order' has more elements ({}) than available fields in data ({})",
            counts.0, counts.1
        )));
    }
    let columns: Vec<Value> = if order.is_empty() { known } else { order.into_iter().map(Value::from).collect() };
    let headers = headers.filter(|headers| !headers.is_none()).map(|headers| names(&headers, "header name"));
    let given = headers.transpose()?;
    if let Some(headers) = given.as_ref().map(Vec::len) {
        if !rows.is_empty() && headers > fields {
            let what = "'header_names' has more elements";
            return Err(failed(format!("{what} ({headers}) than available fields in data ({fields})")));
        }
        if let Some(columns) = ordered.filter(|columns| *columns != headers) {
            return Err(failed(format!(
                "'column_order' and 'header_names' must have the same number of elements. Got {columns} columns and \
                 {headers} headers."
            )));
        }
    }
    let cells: Vec<Vec<Value>> = rows
        .iter()
        .filter_map(Value::as_dict)
        .map(|row| columns.iter().map(|key| cell(row, key).unwrap_or_else(Value::empty_text)).collect())
        .collect();
    let headers = match given {
        Some(headers) if headers.is_empty() && !cells.is_empty() => {
            (1..=columns.len()).map(|number| format!("Field {number}")).collect()
        }
        Some(headers) => headers,
        None => columns.iter().map(Value::to_str).collect(),
    };
    check_headers(&headers, &cells)?;
    let sides = sides(alignments.as_ref(), &headers, (!rows.is_empty()).then_some(fields))?;
    Ok(drawn(&headers, &cells, &sides).into())
}

/// What a row has in a column: a name in text stands for a boolean or a number as well.
fn cell(row: &Dict, column: &Value) -> Option<Value> {
    let other = || {
        let name = column.as_str()?;
        let key = match name.to_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            digits => Value::Int(digits.parse().ok()?),
        };
        row.get_value(&key)
    };
    row.get_value(column).or_else(other)
}

fn check_headers(headers: &[String], cells: &[Vec<Value>]) -> Result<(), TemplateError> {
    if headers.iter().enumerate().any(|(index, name)| headers[..index].contains(name)) {
        return Err(TemplateError::value_error("Field names must be unique"));
    }
    match cells.first() {
        Some(row) if row.len() != headers.len() => {
            let counts = format!("(actual) {}!={} (expected)", row.len(), headers.len());
            Err(TemplateError::value_error(format!("Row has incorrect number of values, {counts}")))
        }
        Some(row) if row.is_empty() => Err(TemplateError::value_error("max() arg is an empty sequence")),
        _ => Ok(()),
    }
}

/// On which side the text of each column stands: `l`, `c` or `r`. Fails for more of them than there are fields.
fn sides(alignments: Option<&Value>, headers: &[String], fields: Option<usize>) -> Result<Vec<char>, TemplateError> {
    let mut sides = vec!['c'; headers.len()];
    let Some(alignments) = alignments else { return Ok(sides) };
    let Value::Dict(dict) = alignments else { return Err(expected("a dictionary for column_alignments", alignments)) };
    for (key, value) in dict.entries() {
        let Some(column) = key.as_str() else {
            return Err(expected("a string for column_alignments key", key.value()));
        };
        let Value::Str(side) = &value else { return Err(expected("a string for column_alignments value", &value)) };
        let letter = match side.to_lowercase().as_str() {
            "l" | "left" => 'l',
            "c" | "center" => 'c',
            "r" | "right" => 'r',
            _ => {
                let known = "Valid alignments are: c, center, l, left, r, right";
                return Err(failed(format!("Invalid alignment '{side}' in 'column_alignments'. {known}")));
            }
        };
        if let Some(index) = headers.iter().position(|header| header == column) {
            sides[index] = letter;
        }
    }
    if fields.is_some_and(|fields| dict.len() > fields) {
        let counts = format!("({}) than available fields in data ({})", dict.len(), fields.unwrap_or_default());
        return Err(failed(format!("'column_alignments' has more elements {counts}")));
    }
    Ok(sides)
}

/// How many columns of a terminal a text takes.
fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}')
    };
    text.chars().map(|c| 1 + usize::from(wide(c))).sum()
}

/// Text filled up to a width. Of an odd number of blanks around it, more stand before text of an even width.
fn filled(text: &str, size: usize, side: char) -> String {
    let spare = size.saturating_sub(width(text));
    let before = match side {
        'l' => 0,
        'r' => spare,
        _ if width(text).is_multiple_of(2) => spare.div_ceil(2),
        _ => spare / 2,
    };
    format!("{}{text}{}", " ".repeat(before), " ".repeat(spare - before))
}

fn drawn(headers: &[String], cells: &[Vec<Value>], sides: &[char]) -> String {
    let lines = |text: String| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let header: Vec<Vec<String>> = headers.iter().cloned().map(lines).collect();
    let rows: Vec<Vec<Vec<String>>> =
        cells.iter().map(|row| row.iter().map(|cell| lines(cell.to_str())).collect()).collect();
    let sizes: Vec<usize> = (0..headers.len())
        .map(|column| {
            let all = rows.iter().chain([&header]).flat_map(|row| &row[column]);
            all.map(|line| width(line)).max().unwrap_or(0)
        })
        .collect();
    let rule = sizes.iter().map(|size| "-".repeat(size + 2)).collect::<Vec<_>>().join("+");
    let rule = if headers.is_empty() { "++".to_owned() } else { format!("+{rule}+") };
    let mut out = vec![rule.clone()];
    let write = |row: &[Vec<String>], out: &mut Vec<String>| {
        for line in 0..row.iter().map(Vec::len).max().unwrap_or(0) {
            let parts = row.iter().zip(&sizes).zip(sides).map(|((cell, size), side)| {
                format!(" {} ", filled(cell.get(line).map_or("", String::as_str), *size, *side))
            });
            out.push(format!("|{}|", parts.collect::<Vec<_>>().join("|")));
        }
    };
    if !headers.is_empty() {
        write(&header, &mut out);
        out.push(rule.clone());
    }
    for row in &rows {
        write(row, &mut out);
    }
    out.push(rule);
    out.join("\n")
}
