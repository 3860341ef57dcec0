//! What a module printed as a result: JSON, perhaps with other lines around it.

use serde_json::{Map, Value, json};

use super::output;
use crate::kit::{Failure, Fields, Finished, engine::failed};

/// What marks an object as one of ansible-core's own types.
const TYPE: &str = "__ansible_type";

/// The result of a module that has ended.
pub fn of(finished: &Finished) -> Fields {
    let (mut fields, junk) = match read(&finished.out()) {
        Ok(found) => found,
        Err(why) => {
            let failure = Failure::new(format!("Module result deserialization failed: {why}"));
            // What a shell says of a program that a signal ended.
            let rc = if finished.rc < 0 { 128 - finished.rc } else { finished.rc };
            return failed(output(failure.with("rc", rc), finished));
        }
    };
    if !junk.is_empty() {
        warn(&mut fields, format!("Module invocation had junk after the JSON data: {junk}"));
    }
    let is_internal =
        |name: &&String| name.starts_with("_ansible_") || matches!(name.as_str(), "add_host" | "add_group");
    let internal: Vec<String> = fields.keys().filter(is_internal).cloned().collect();
    for name in internal {
        if let Some(value) = fields.shift_remove(&name) {
            let value = match value {
                Value::String(text) => text,
                Value::Bool(true) => "True".into(),
                Value::Bool(false) => "False".into(),
                Value::Null => "None".into(),
                other => other.to_string(),
            };
            warn(&mut fields, format!("Removed unexpected internal key in module return: {name} = {value}"));
        }
    }
    fields.values_mut().for_each(remove_internal);
    make_plain(&mut fields);
    fields.entry("changed").or_insert(json!(false));
    fields
}

/// The JSON object in a text, and what follows it. It begins with the first line that begins as an object does,
/// and ends with the last one that ends as one does.
fn read(text: &str) -> Result<(Fields, String), String> {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.trim_start().starts_with('{'));
    let first = first.ok_or("No start of json char found")?;
    let last = lines.iter().rposition(|line| line.trim_end().ends_with('}')).filter(|last| *last >= first);
    let last = last.ok_or("No end of json char found")?;
    let fields = serde_json::from_str(&lines[first..=last].join("\n")).map_err(|error| error.to_string())?;
    Ok((fields, lines[last + 1..].join("\n").trim().to_owned()))
}

fn warn(fields: &mut Fields, warning: String) {
    if let Some(warnings) = fields.entry("warnings").or_insert(json!([])).as_array_mut() {
        warnings.push(warning.into());
    }
}

/// Turns the warnings, deprecations and errors of ansible-core 2.19 into what results show of them.
fn make_plain(fields: &mut Fields) {
    for name in ["warnings", "deprecations"] {
        if fields.get(name).is_some_and(|told| told.as_array().is_none_or(Vec::is_empty)) {
            fields.shift_remove(name);
        }
        for entry in fields.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(summary) = entry.as_object().filter(|entry| entry.contains_key(TYPE)) else { continue };
            *entry = if name == "warnings" { message(summary) } else { deprecation(summary) };
        }
    }
    // A traceback is told nobody; an error of ansible-core's own means that the module failed.
    if let Some(exception) = fields.shift_remove("exception")
        && let Some(error) = exception.as_object().filter(|error| error.contains_key(TYPE)).map(message)
    {
        let error = error.as_str().unwrap_or_default();
        fields.entry("msg").or_insert_with(|| json!(format!("Task failed: Module failed: {error}")));
        fields.insert("failed".into(), json!(true));
    }
}

/// Removes what only ansible-core's own parts may tell each other, at any depth.
fn remove_internal(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !name.starts_with("_ansible_"));
            map.values_mut().for_each(remove_internal);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_internal),
        _ => {}
    }
}

/// The text of an event, and of those that caused it.
fn message(summary: &Map<String, Value>) -> Value {
    let mut texts: Vec<&str> = Vec::new();
    let mut event = summary.get("event");
    while let Some(current) = event {
        texts.extend(current.get("msg").and_then(Value::as_str));
        event = current.get("chain").and_then(|chain| chain.get("event"));
    }
    Value::from(texts.join(": "))
}

fn deprecation(summary: &Map<String, Value>) -> Value {
    let mut plain = Map::new();
    plain.insert("msg".into(), message(summary));
    for name in ["date", "version"] {
        if let Some(value) = summary.get(name).filter(|value| !value.is_null()) {
            plain.insert(name.into(), value.clone());
        }
    }
    if let Some(name) = summary.get("deprecator").and_then(|plugin| plugin.get("resolved_name")).and_then(Value::as_str)
    {
        let kind = &summary["deprecator"]["type"];
        let kind = kind.get("value").unwrap_or(kind);
        plain.insert("deprecator".into(), json!({ "resolved_name": name, "type": kind }));
        if let [namespace, collection, ..] = name.split('.').collect::<Vec<_>>()[..] {
            plain.insert("collection_name".into(), json!(format!("{namespace}.{collection}")));
        }
    }
    Value::Object(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(text: &str) -> Value {
        Value::Object(of(&Finished { rc: 0, stdout: text.into(), stderr: Vec::new() }))
    }

    #[test]
    fn lines_around_the_result_are_left_out() {
        let found = result("hello\n{\"x\": 1,\n \"y\": {}}\nbye\n");
        let warning = "Module invocation had junk after the JSON data: bye";
        assert_eq!(found, json!({"x": 1, "y": {}, "warnings": [warning], "changed": false}));
    }

    #[test]
    fn what_is_no_result_fails() {
        let msg = |text: &str| result(text)["msg"].as_str().unwrap_or_default().to_owned();
        assert_eq!(msg(""), "Module result deserialization failed: No start of json char found");
        assert_eq!(msg("[1]"), "Module result deserialization failed: No start of json char found");
        assert_eq!(msg("{ \"x\":"), "Module result deserialization failed: No end of json char found");
        assert!(msg("{ bad }").starts_with("Module result deserialization failed: "));
    }

    #[test]
    fn an_error_of_python_is_the_message() {
        let found = result(
            r#"{"failed": true, "exception": {"__ansible_type": "ErrorSummary", "event": {"msg": "boom", "chain": {"event": {"msg": "why"}}}}}"#,
        );
        assert_eq!(found, json!({"failed": true, "msg": "Task failed: Module failed: boom: why", "changed": false}));
    }

    #[test]
    fn warnings_and_deprecations_are_plain() {
        let found = result(
            r#"{"warnings": [{"__ansible_type": "WarningSummary", "event": {"msg": "w"}}], "deprecations": [{"__ansible_type":
            "DeprecationSummary", "event": {"msg": "d"}, "version": "9", "date": null, "deprecator": {"resolved_name":
            "a.b.c", "type": {"value": "module", "__ansible_type": "PluginType"}}}]}"#,
        );
        let deprecator = json!({"resolved_name": "a.b.c", "type": "module"});
        let deprecation = json!({"msg": "d", "version": "9", "collection_name": "a.b", "deprecator": deprecator});
        assert_eq!(found, json!({"warnings": ["w"], "deprecations": [deprecation], "changed": false}));
    }
}
