//! Before and after, as a unified diff.

use std::fmt::Write;

use serde_json::Value;

use super::{Options, ResultFormat, colour::Ink, python_json, yaml};
use crate::value::unified_diff;

/// The text of a result's `diff`, one or a list of them: whole lines. Empty when nothing differs.
pub fn render(diff: &Value, options: &Options) -> String {
    let mut text = match diff {
        Value::Array(diffs) => diffs.iter().map(|diff| render_one(diff, options)).collect(),
        _ => render_one(diff, options),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn render_one(diff: &Value, options: &Options) -> String {
    let mut text = String::new();
    for (key, why) in [("dst_binary", "destination"), ("src_binary", "source")] {
        if diff.get(key).is_some() {
            let _ = writeln!(text, "diff skipped: {why} file appears to be binary");
        }
    }
    for key in ["dst_larger", "src_larger"] {
        if let Some(limit) = diff.get(key) {
            let _ = writeln!(text, "diff skipped: file size is greater than {limit}");
        }
    }
    if let Some(prepared) = diff.get("prepared").and_then(Value::as_str) {
        text.push_str(prepared);
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        let header = |side: &str| match diff.get(format!("{side}_header")).and_then(Value::as_str) {
            Some(name) => format!("{side}: {name}"),
            None => side.to_owned(),
        };
        let headers = [header("before"), header("after")];
        let side = |value| side(value, options);
        text.push_str(&unified(&side(before), &side(after), headers, options.settings.diff_context, options.colour));
    }
    text
}

/// Texts as they are, mappings as results are shown.
fn side(value: &Value, options: &Options) -> String {
    match (value, options.settings.result_format) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, _) => String::new(),
        (other, ResultFormat::Json) => python_json(other, true) + "\n",
        (other, ResultFormat::Yaml) => yaml::indented(other, options.settings.pretty_results.unwrap_or(true)) + "\n\n",
    }
}

fn unified(before: &str, after: &str, [from, to]: [String; 2], context: usize, colour: bool) -> String {
    let unified = unified_diff(before, after, [&from, &to], context);
    let mut text = String::new();
    for line in unified.lines() {
        let ink = match line.as_bytes() {
            [b'-', ..] => Some(Ink::Removed),
            [b'+', ..] => Some(Ink::Added),
            [b'@', ..] => Some(Ink::Place),
            _ => None,
        };
        match ink.filter(|_| colour) {
            // Ansible colours the end of a line as a line of its own.
            Some(ink) => {
                let _ = write!(text, "{}\n{}", ink.paint(line, true), ink.nothing());
            }
            None => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
