//! A result as text: which of its values are shown, and how they are written.

use serde_json::{Map, Value};

use super::{NO_TRACEBACK, Options, ResultFormat, Shown, python_json};

/// What a result of `debug` has beside its variable and the item.
const ABOUT_MESSAGES: &[&str] = &[
    "ansible_index_var",
    "ansible_loop",
    "ansible_loop_var",
    "changed",
    "failed_when_result",
    "results",
    "skip_reason",
];

/// What stands after `=> ` in a host's line.
pub fn dump(result: &Map<String, Value>, shown: Shown, options: &Options) -> String {
    dump_visible(visible(result, options.verbosity), shown, options)
}

/// The same of `debug`: its message alone, or its variable and the item.
pub fn dump_message(result: &Map<String, Value>, shown: Shown, options: &Options) -> String {
    let mut values = visible(result, options.verbosity);
    let has_message = values.contains_key("msg");
    values.retain(|name, _| if has_message { name == "msg" } else { !ABOUT_MESSAGES.contains(&name.as_str()) });
    dump_visible(values, shown, options)
}

fn dump_visible(values: Map<String, Value>, shown: Shown, options: &Options) -> String {
    let pretty = options.settings.pretty_results;
    match options.settings.result_format {
        ResultFormat::Json => {
            let indented =
                matches!(shown, Shown::Everything | Shown::Message) || options.verbosity >= 3 || pretty == Some(true);
            python_json(&Value::Object(values), indented)
        }
        ResultFormat::Yaml => super::yaml::write(values, pretty.unwrap_or(true)),
    }
}

/// The values that this verbosity shows.
pub fn visible(result: &Map<String, Value>, verbosity: u8) -> Map<String, Value> {
    let hidden = |name: &str| {
        name.starts_with("_ansible_")
            || matches!(name, "failed" | "warnings" | "deprecations" | "skipped")
            || (verbosity < 3 && matches!(name, "invocation" | "diff" | "exception"))
    };
    // There is no traceback to show: the text only says so.
    let is_empty = |name: &str, value: &Value| name == "exception" && value == NO_TRACEBACK;
    result
        .iter()
        .filter(|(name, value)| !hidden(name) && !is_empty(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
