//! Python's `pprint`: a value over several lines where one is too short for it.

use super::{Dict, Value, list::List};

/// How long a line may be.
const WIDTH: usize = 80;

impl Value {
    /// The value as `pprint` shows it: on one line if it fits, otherwise an entry a line; keys are sorted.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        write(&sorted(self), &mut out, 0, 0);
        out
    }
}

/// A copy whose dictionaries are sorted by their keys' texts.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            let mut entries = dict.entries();
            entries.sort_by_key(|(key, _)| key.value().to_str());
            let copy = Dict::new();
            for (key, value) in entries {
                copy.set(key, sorted(&value));
            }
            Value::Dict(copy)
        }
        Value::List(list) => Value::List(List::new(list.to_vec().iter().map(sorted).collect())),
        other => other.clone(),
    }
}

/// Writes `value` at the column `indent`, with `after` characters to follow on its last line.
fn write(value: &Value, out: &mut String, indent: usize, after: usize) {
    let line = value.repr();
    if line.chars().count() <= WIDTH.saturating_sub(indent + after) {
        out.push_str(&line);
        return;
    }
    match value {
        Value::Dict(dict) if !dict.is_empty() => {
            let entries = dict.entries();
            write_all(
                entries.iter().collect(),
                ("{", "}"),
                out,
                indent,
                |(key, value), out, indent, after| {
                    let key = format!("{}: ", key.value().repr());
                    out.push_str(&key);
                    write(value, out, indent + key.chars().count(), after);
                },
                after,
            );
        }
        Value::List(list) if !list.is_empty() => {
            let items = list.to_vec();
            write_all(
                items.iter().collect(),
                ("[", "]"),
                out,
                indent,
                |item, out, indent, after| {
                    write(item, out, indent, after);
                },
                after,
            );
        }
        _ => out.push_str(&line),
    }
}

/// Writes entries between brackets, each on a line of its own.
fn write_all<T: Copy>(
    entries: Vec<T>,
    (open, close): (&str, &str),
    out: &mut String,
    indent: usize,
    write_one: impl Fn(T, &mut String, usize, usize),
    after: usize,
) {
    out.push_str(open);
    let last = entries.len().saturating_sub(1);
    for (place, entry) in entries.into_iter().enumerate() {
        if place > 0 {
            out.push_str(",\n");
            out.push_str(&" ".repeat(indent + 1));
        }
        write_one(entry, out, indent + 1, if place == last { after + 1 } else { 1 });
    }
    out.push_str(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Value;

    #[test]
    fn long_values_are_broken_as_python_breaks_them() {
        let pretty = |json| Value::from_json(json).pretty();
        assert_eq!(pretty(json!({"b": 1, "a": [1, "x"]})), "{'a': [1, 'x'], 'b': 1}");
        let long = "x".repeat(40);
        assert_eq!(
            pretty(json!({"key": [long, long], "other": {"deep": {"c": long, "b": long}}})),
            format!(
                "{{'key': ['{long}',\n         '{long}'],\n 'other': {{'deep': {{'b': '{long}',\n                    'c': '{long}'}}}}}}"
            )
        );
    }
}
