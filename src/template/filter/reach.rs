//! `ansible.utils` filters that reach into structures: `get_path`, `to_paths`, `index_of`, `consolidate`,
//! `param_list_compare`.

use std::collections::HashMap;

use super::{
    super::{
        Arguments, Context, ErrorKind, Filter, TemplateError,
        arguments::required,
        evaluate::{apply_test, attribute, contains, item},
    },
    failed, option, order,
};
use crate::value::{Dict, Key, Str, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("ansible.utils.consolidate", consolidate as Filter),
        ("ansible.utils.get_path", get_path),
        ("ansible.utils.index_of", index_of),
        ("ansible.utils.param_list_compare", param_list_compare),
        ("ansible.utils.to_paths", to_paths),
    ]);
}

fn get_path(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [var, path, wantlist] = arguments.bind_first(["var", "path", "wantlist"])?;
    let var = option::needed(var, "var")?;
    let path = option::needed(option::text(path), "path")?;
    let wantlist = option::boolean(wantlist, "wantlist")?.unwrap_or(false);
    let found = follow(context, &var, &path)?;
    if let Value::Undefined(undefined) = &found {
        return Err(TemplateError::undefined(undefined));
    }
    Ok(if wantlist { vec![found].into() } else { found })
}

/// Follows a path of names, `.name`, `.0`, `[0]` and `['key']`. It is no template: it may come from a host.
fn follow(context: &Context<'_>, var: &Value, path: &str) -> Result<Value, TemplateError> {
    let syntax = || TemplateError::new(ErrorKind::Syntax(format!("`{path}` is no path of names and items")));
    let Value::Dict(variables) = var else {
        return Err(TemplateError::type_error(format!("a path starts in a mapping, not in a {}", var.type_name())));
    };
    let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (first, mut rest) = path.trim().split_at(word(path.trim()));
    if first.is_empty() {
        return Err(syntax());
    }
    let mut value = variables.get(first).unwrap_or_else(|| Value::undefined(first));
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let (name, after) = after.split_at(word(after));
            value = match name.parse() {
                _ if name.is_empty() => return Err(syntax()),
                Ok(index) => item(&value, &Value::Int(index))?,
                Err(_) => attribute(&value, name)?,
            };
            rest = after;
        } else {
            let inner = rest.strip_prefix('[').ok_or_else(syntax)?;
            let (key, after) = match inner.chars().next() {
                Some(quote @ ('\'' | '"')) => {
                    let (key, after) = inner[1..].split_once(quote).ok_or_else(syntax)?;
                    (Value::from(key), after)
                }
                _ => {
                    let end = inner.find(']').ok_or_else(syntax)?;
                    (Value::Int(inner[..end].trim().parse().map_err(|_| syntax())?), &inner[end..])
                }
            };
            value = item(&value, &key)?;
            rest = after.strip_prefix(']').ok_or_else(syntax)?;
        }
        value = context.resolve(&value)?;
    }
    Ok(value)
}

fn to_paths(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [var, prepend, wantlist] = arguments.bind_first(["var", "prepend", "wantlist"])?;
    let var = var.ok_or_else(|| failed("missing required arguments: var"))?;
    let wantlist = option::boolean(wantlist, "wantlist")?.unwrap_or(false);
    if matches!(&var, Value::List(items) if items.is_empty()) {
        return Ok(if wantlist { vec![var].into() } else { var });
    }
    let paths = Dict::new();
    walk(&var, option::text(prepend).map(Value::from), &paths)?;
    Ok(if wantlist { vec![Value::Dict(paths)].into() } else { Value::Dict(paths) })
}

fn walk(value: &Value, path: Option<Value>, paths: &Dict) -> Result<(), TemplateError> {
    let written = path.as_ref().map(Value::to_str);
    match value {
        Value::Dict(dict) if !dict.is_empty() => {
            for (key, value) in dict.entries() {
                let path = match (&written, key.as_str()) {
                    (None, _) => key.value().clone(),
                    (Some(path), Some(key)) if is_name(key) => format!("{path}.{key}").into(),
                    (Some(path), Some(key)) => format!("{path}['{key}']").into(),
                    (Some(_), None) => {
                        let kind = key.value().type_name();
                        return Err(TemplateError::type_error(format!("expected a str as key, got '{kind}'")));
                    }
                };
                walk(&value, Some(path), paths)?;
            }
            Ok(())
        }
        Value::List(items) if !items.is_empty() => {
            for (index, value) in items.to_vec().iter().enumerate() {
                walk(value, Some(format!("{}[{index}]", written.as_deref().unwrap_or_default()).into()), paths)?;
            }
            Ok(())
        }
        Value::Dict(dict) if path.is_none() && dict.is_empty() => Ok(()),
        other => paths.set_value(path.unwrap_or_else(Value::empty_text), other.clone()),
    }
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn index_of(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [data, test, value, key, fail_on_missing, wantlist] =
        arguments.bind_first(["data", "test", "value", "key", "fail_on_missing", "wantlist"])?;
    let items = option::needed(option::list(data, "data")?, "data")?;
    let test = option::needed(option::text(test), "test")?;
    let key = option::text(key);
    let fail_on_missing = option::boolean(fail_on_missing, "fail_on_missing")?.unwrap_or(false);
    let wantlist = option::boolean(wantlist, "wantlist")?.unwrap_or(false);
    let (name, wanted) = test.strip_prefix("not ").map_or((&*test, true), |name| (name, false));
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let subject = match (&key, item) {
            (None, _) => item.clone(),
            (Some(key), Value::Dict(dict)) => match dict.get(key) {
                Some(subject) => subject,
                None if fail_on_missing => return Err(failed(format!("'{key}' was not found in item {index}"))),
                None => continue,
            },
            (Some(_), other) => {
                let kind = other.type_name();
                return Err(failed(format!("with a key, all items have to be dictionaries, and one is a {kind}")));
            }
        };
        let positional = [subject].into_iter().chain(value.clone().filter(|value| !value.is_none())).collect();
        let holds = apply_test(Arguments { context, name, positional, named: Vec::new() }, name)
            .map_err(|error| failed(format!("the test '{test}' of item {index} failed: {error}")))?;
        if holds == wanted {
            found.push(Value::Int(index as i64));
        }
    }
    Ok(match &found[..] {
        [only] if !wantlist => only.clone(),
        _ => found.into(),
    })
}

/// One of the sources that `consolidate` joins: its name, and its entries by the value of its key.
struct Source {
    name: String,
    entries: Dict,
}

fn consolidate(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [sources, duplicate, missing_key, missing_value] = arguments.bind_first([
        "data_sources",
        "fail_duplicate",
        "fail_missing_match_key",
        "fail_missing_match_value",
    ])?;
    let flag = |value, name| {
        let value = option::not_none(value, name, "bool")?;
        Ok::<bool, TemplateError>(option::boolean(value, name)?.unwrap_or(true))
    };
    let duplicate = flag(duplicate, "fail_duplicate")?;
    let missing_key = flag(missing_key, "fail_missing_match_key")?;
    let missing_value = flag(missing_value, "fail_missing_match_value")?;
    let given = option::needed(option::list(sources, "data_sources")?, "data_sources")?;
    let sources = given
        .iter()
        .enumerate()
        .map(|(index, source)| read_source(source, index + 1, duplicate, missing_key))
        .collect::<Result<Vec<_>, _>>()?;
    let mut keys: Vec<Value> = Vec::new();
    for key in sources.iter().flat_map(|source| source.entries.keys()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    order::sort(&mut keys, |key| Ok(key.clone()), false)?;
    let result = Dict::new();
    for key in keys {
        let joined = Dict::new();
        for (index, source) in sources.iter().enumerate() {
            let entry = source.entries.get_value(&key);
            if entry.is_none() && missing_value {
                let text = format!("missing match value {} in data source {}", key.to_str(), index + 1);
                return Err(failed(format!("'fail_missing_match_value' reported {text}")));
            }
            joined.insert(source.name.as_str(), entry.unwrap_or_else(|| Value::Dict(Dict::new())));
        }
        result.set_value(key, Value::Dict(joined))?;
    }
    Ok(Value::Dict(result))
}

fn read_source(source: &Value, number: usize, duplicate: bool, missing: bool) -> Result<Source, TemplateError> {
    let field = |name: &str| {
        let value = source.get(name).filter(|value| !value.is_none());
        value.ok_or_else(|| failed(format!("missing required arguments: {name} found in data_sources")))
    };
    let (data, match_key, name) = (field("data")?, field("match_key")?.to_str(), field("name")?.to_str());
    let entries = Dict::new();
    for (index, entry) in data.iter()?.into_iter().enumerate() {
        let Value::Dict(dict) = &entry else {
            return Err(TemplateError::type_error(format!("'{}' object is not subscriptable", entry.type_name())));
        };
        let Some(key) = dict.get(&match_key) else {
            if missing {
                let text =
                    format!("missing match key '{match_key}' in data source {number} in list entry {}", index + 1);
                return Err(failed(format!("'fail_missing_match_key' reported {text}")));
            }
            continue;
        };
        if duplicate && entries.get_value(&key).is_some() {
            return Err(failed(format!("'fail_duplicate' reported duplicate values in data source {number}")));
        }
        entries.set(Key::new(key)?, entry);
    }
    Ok(Source { name, entries })
}

/// Which of the known words are asked for: `all`, a word, or `!word`. A text stands for its characters, and holds words.
fn param_list_compare(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [base, target] = arguments.bind_first(["base", "target"])?;
    let base = required(base, "param_list_compare", "base")?;
    let target = target.unwrap_or(Value::None);
    for (value, name) in [(&base, "base"), (&target, "target")] {
        option::list(Some(value.clone()), name)?;
    }
    let mut words = Vec::new();
    for word in target.iter()? {
        match &word {
            Value::Str(text) => words.push(text.clone()),
            other => {
                let text = format!("'{}' object has no attribute 'startswith'", other.type_name());
                return Err(TemplateError::raised("AttributeError", text));
            }
        }
    }
    let known = |word: &Str| contains(&base, &Value::Str(word.clone()));
    let (mut actionable, mut unsupported) = (Vec::new(), Vec::new());
    for word in words.iter().filter(|word| ***word != *"all" && !word.starts_with('!')) {
        let list = if known(word)? { &mut actionable } else { &mut unsupported };
        list.push(Value::Str(word.clone()));
    }
    if words.iter().any(|word| **word == *"all") {
        let refused = |word: &Value| {
            let is_refused = |text: &str| words.iter().any(|other| other.strip_prefix('!') == Some(text));
            word.as_str().is_some_and(is_refused)
        };
        actionable = base.iter()?.into_iter().filter(|word| !refused(word)).collect();
    }
    order::sort(&mut actionable, |word| Ok(word.clone()), false)?;
    let result = Dict::new();
    result.insert("actionable", actionable);
    result.insert("unsupported", unsupported);
    Ok(Value::Dict(result))
}
