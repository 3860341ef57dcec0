//! `ansible.utils.fact_diff`: what differs between two variables.

use std::collections::HashMap;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::text_with,
        python_regex::{Anchor, Flags, compile, gave_up},
    },
    failed, json, option,
};
use crate::value::{Value, split_lines, unified_diff};

/// The one way to compare.
const NATIVE: &str = "ansible.utils.native";

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("ansible.utils.fact_diff", fact_diff);
}

fn fact_diff(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [before, after, plugin, common] = arguments.bind_first(["before", "after", "plugin", "common"])?;
    let after = option::needed(after, "after")?;
    let skipped = skipped_lines(plugin)?;
    let common = option::boolean(common, "common")?.unwrap_or(false);
    let before = text(&before.unwrap_or(Value::None), &skipped)?;
    let after = text(&after, &skipped)?;
    let diff = unified_diff(&before, &after, ["before", "after"], usize::MAX);
    let mut lines: Vec<&str> = split_lines(&diff, false);
    if !lines.is_empty() {
        lines.push("");
    }
    if common {
        lines.retain(|line| !line.starts_with(['-', '+']));
    }
    // The filter gives Python's text of the list.
    Ok(lines.into_iter().map(Value::from).collect::<Value>().repr().into())
}

/// The patterns of lines that do not count.
fn skipped_lines(plugin: Option<Value>) -> Result<Vec<Value>, TemplateError> {
    let plugin = match plugin {
        None | Some(Value::None) => return Ok(Vec::new()),
        Some(Value::Dict(plugin)) => plugin,
        Some(other) => {
            let kind = other.type_name();
            return Err(failed(format!("argument 'plugin' is of type {kind} and we were unable to convert to dict")));
        }
    };
    if let Some(name) = plugin.get("name").filter(|name| name.to_str() != NATIVE) {
        return Err(failed(format!("no plugin '{}' compares facts, only '{NATIVE}' does", name.to_str())));
    }
    let Some(Value::Dict(vars)) = plugin.get("vars") else { return Ok(Vec::new()) };
    if let Some(name) = vars.keys().iter().map(Value::to_str).find(|name| name != "skip_lines") {
        let text = Value::from(format!("plugin.vars.{name}. Supported parameters include: skip_lines."));
        return Err(failed(Value::from(vec![text]).repr()));
    }
    let patterns = vars.get("skip_lines").filter(|patterns| !patterns.is_none());
    Ok(option::list(patterns, "skip_lines")?.unwrap_or_default())
}

/// What is compared of a value, line by line.
fn text(value: &Value, skipped: &[Value]) -> Result<String, TemplateError> {
    let joined = |lines: Vec<String>| lines.join("\n") + "\n";
    if !skipped.is_empty() {
        let lines = match value {
            Value::Str(text) => split_lines(text, false).into_iter().map(str::to_owned).collect(),
            other => other.iter()?.iter().map(Value::to_str).collect(),
        };
        return without(lines, skipped).map(joined);
    }
    Ok(match value {
        Value::None => String::new(),
        Value::List(items) => joined(items.to_vec().iter().map(Value::to_str).collect()),
        Value::Dict(_) => json::nice(value)? + "\n",
        other => text_with(other, "splitlines")?.to_string(),
    })
}

fn without(mut lines: Vec<String>, skipped: &[Value]) -> Result<Vec<String>, TemplateError> {
    for pattern in skipped {
        let pattern = pattern.to_str();
        let flags = Flags { anchor: Anchor::Start, ..Flags::default() };
        let regex = compile(&pattern, flags).map_err(|error| {
            let text = format!("The regex '{pattern}', is not valid. The error was {error}.");
            failed(format!("Error when using filter plugin 'fact_diff': {text}"))
        })?;
        let mut kept = Vec::new();
        for line in lines {
            if !regex.is_match(&*line).map_err(|error| gave_up(&error))? {
                kept.push(line);
            }
        }
        lines = kept;
    }
    Ok(lines)
}
