//! A result as text: which of its values are shown, and how they are written.

use serde_json::{Map, Value};

use super::{Options, ResultFormat, Shown, python_json};

/// What stands after `=> ` in a host's line.
pub fn dump(result: &Map<String, Value>, shown: Shown, options: &Options) -> String {
    dump_visible(visible(result, options.verbosity), shown, options)
}

/// The same of the message of `debug`, without how it counts and for which item it is.
pub fn dump_message(result: &Map<String, Value>, shown: Shown, options: &Options) -> String {
    let mut values = visible(result, options.verbosity);
    let item = values.get("ansible_loop_var").and_then(Value::as_str).unwrap_or("item").to_owned();
    values.retain(|name, _| {
        *name != item
            && !matches!(
                name.as_str(),
                "ansible_loop_var" | "changed" | "failed_when_result" | "results" | "skip_reason"
            )
    });
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
    result.iter().filter(|(name, _)| !hidden(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
