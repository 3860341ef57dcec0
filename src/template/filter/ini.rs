//! `from_ini` and `to_ini`: sections as Python's `configparser` reads and writes them.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed,
};
use crate::value::{Dict, Value};

/// The section whose options all others have too.
const DEFAULT: &str = "DEFAULT";

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("community.general.from_ini", from_ini as Filter), ("community.general.to_ini", to_ini)]);
}

/// A section: its options, each with the lines of its value.
type Section = (String, Vec<(String, Vec<String>)>);

fn from_ini(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [text] = arguments.bind(["obj"])?;
    let value = required(text, "from_ini", "obj")?;
    let Some(text) = value.as_str() else {
        return Err(failed(format!("from_ini requires a str, got <class '{}'>", value.type_name())));
    };
    let sections = read(text).map_err(|why| failed(format!("from_ini failed to parse given string: {why}")))?;
    let options = |section: &Section| {
        let value = |lines: &[String]| Value::from(lines.join("\n").trim_end());
        section.1.iter().map(|(name, lines)| (name.as_str(), value(lines))).collect::<Dict>()
    };
    let defaults = sections.iter().find(|section| section.0 == DEFAULT).map(options).unwrap_or_default();
    let result = Dict::new();
    for section in sections.iter().filter(|section| section.0 != DEFAULT) {
        let all = defaults.copy();
        all.update(&options(section));
        result.insert(section.0.as_str(), all);
    }
    if !defaults.is_empty() {
        result.insert(DEFAULT, defaults);
    }
    Ok(Value::Dict(result))
}

/// Reads sections. Fails in the words of `configparser`, which tells all lines at once that are no options.
fn read(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    // How far the option was indented that a deeper line continues; none where nothing can be continued.
    let mut open: Option<usize> = None;
    let mut wrong = String::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let content = line.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let last = sections.last_mut().and_then(|section| section.1.last_mut());
        if let (Some(level), Some((_, lines))) = (open, last)
            && (content.is_empty() || indent > level)
        {
            lines.push(content.to_owned());
            continue;
        }
        if content.is_empty() {
            continue;
        }
        let twice = |what: &str| format!("While reading from '<???>' [line {number:2}]: {what} already exists");
        let shown = || Value::from(line).repr();
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(name, _)| name) {
            if sections.iter().any(|section| section.0 == name) && name != DEFAULT {
                return Err(twice(&format!("section {}", Value::from(name).repr())));
            }
            sections.push((name.to_owned(), Vec::new()));
            open = None;
            continue;
        }
        let Some((section, options)) = sections.last_mut() else {
            return Err(format!("File contains no section headers.\nfile: '<???>', line: {number}\n{}", shown()));
        };
        let Some((name, value)) = content.split_once(['=', ':']).filter(|(name, _)| !name.trim().is_empty()) else {
            wrong.push_str(&format!("\n\t[line {number:2}]: {}", shown()));
            continue;
        };
        let name = name.trim_end();
        if options.iter().any(|(known, _)| known == name) {
            let (name, section) = (Value::from(name).repr(), Value::from(section.as_str()).repr());
            return Err(twice(&format!("option {name} in section {section}")));
        }
        options.push((name.to_owned(), vec![value.trim().to_owned()]));
        open = Some(indent);
    }
    if wrong.is_empty() { Ok(sections) } else { Err(format!("Source contains parsing errors: '<???>'{wrong}")) }
}

fn to_ini(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["obj"])?;
    let value = required(value, "to_ini", "obj")?;
    let Value::Dict(sections) = &value else {
        return Err(failed(format!("to_ini requires a dict, got <class '{}'>", value.type_name())));
    };
    if sections.is_empty() {
        return Err(failed("to_ini received an empty dict. An empty dict cannot be converted."));
    }
    let mut written = Vec::new();
    for (name, options) in sections.entries() {
        let name = name.value().to_str();
        let Value::Dict(options) = options else {
            let text = format!("section '{name}' is a {}, not a dict", options.type_name());
            return Err(failed(format!("to_ini failed to parse given dict: {text}")));
        };
        let mut text = format!("[{name}]\n");
        for (key, value) in options.entries() {
            let key = key.value().to_str();
            if value.is_none() {
                return Err(failed(format!("to_ini failed to parse given dict: option '{key}' has no value")));
            }
            text.push_str(&format!("{key} = {}\n", value.to_str().replace('\n', "\n\t")));
        }
        // The defaults come first.
        let place = if name == DEFAULT { 0 } else { written.len() };
        written.insert(place, text);
    }
    Ok(written.join("\n").into())
}
