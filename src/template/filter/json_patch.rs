//! `community.general.json_patch` and `json_patch_recipe`: changes of JSON (RFC 6902) at places (RFC 6901).

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed, json_read, option,
};
use crate::value::{List, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("community.general.json_patch", patch as Filter), ("community.general.json_patch_recipe", recipe)]);
}

/// What ends the changes.
enum Stop {
    /// A test that does not hold.
    Test(String),
    Error(TemplateError),
}

impl From<TemplateError> for Stop {
    fn from(error: TemplateError) -> Self {
        Self::Error(error)
    }
}

/// One change.
struct Operation {
    name: String,
    path: String,
    from: Option<String>,
    value: Value,
}

impl Operation {
    fn new(
        filter: &str,
        name: Option<Value>,
        path: Option<Value>,
        from: Option<Value>,
        value: Option<Value>,
    ) -> Result<Self, TemplateError> {
        let text = |value: Option<Value>, name: &str| match value {
            Some(Value::Str(text)) => Ok(text.to_string()),
            _ => Err(failed(format!("{filter}: '{name}' argument is not a string"))),
        };
        let (name, path) = (text(name, "op")?, text(path, "path")?);
        if !matches!(name.as_str(), "add" | "copy" | "move" | "remove" | "replace" | "test") {
            return Err(failed(format!("{filter}: unsupported 'op' argument: {name}")));
        }
        let from = from.filter(|from| !from.is_none()).map(|from| text(Some(from), "from")).transpose()?;
        if matches!(name.as_str(), "copy" | "move") && from.is_none() {
            return Err(failed(format!("{filter}: 'from' argument missing for '{name}' operation")));
        }
        Ok(Self { name, path, from, value: value.unwrap_or(Value::None) })
    }

    fn apply(&self, document: Value) -> Result<Value, Stop> {
        let from = self.from.as_deref().unwrap_or_default();
        Ok(match self.name.as_str() {
            "add" => add(document, &self.path, self.value.clone())?,
            "remove" => remove(&document, &self.path)?.map_or(Value::None, |()| document),
            "replace" if self.path.is_empty() => self.value.clone(),
            "replace" => {
                found(&document, &self.path)?;
                let (parent, key) = place(&document, &self.path)?;
                set(&parent, &key, self.value.clone(), false)?;
                document
            }
            "copy" => {
                let value = found(&document, from)?.deep_copy();
                add(document, &self.path, value)?
            }
            "move" => {
                let value = found(&document, from)?;
                remove(&document, from)?;
                add(document, &self.path, value)?
            }
            _ => match found(&document, &self.path) {
                Ok(value) if value.python_eq(&self.value) => document,
                Ok(value) => return Err(Stop::Test(format!("{} is not {}", value.repr(), self.value.repr()))),
                Err(error) => return Err(Stop::Test(error.to_string())),
            },
        })
    }
}

fn keys(path: &str) -> Result<Vec<String>, TemplateError> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let rest = path.strip_prefix('/').ok_or_else(|| failed("Location must start with /"))?;
    Ok(rest.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect())
}

fn missing(key: &str) -> TemplateError {
    failed(format!("there is no '{key}' in the document"))
}

fn index(list: &List, key: &str) -> Result<usize, TemplateError> {
    let valid = key == "0" || !key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit());
    let index = valid.then(|| key.parse().ok()).flatten();
    let index: usize = index.ok_or_else(|| failed(format!("'{key}' is not a valid sequence index")))?;
    if index > list.len() { Err(failed("can't insert outside of list")) } else { Ok(index) }
}

fn step(value: &Value, key: &str) -> Result<Value, TemplateError> {
    match value {
        Value::Dict(dict) => dict.get(key),
        Value::List(list) => list.get(index(list, key)?),
        _ => None,
    }
    .ok_or_else(|| missing(key))
}

/// The value at a place.
fn found(document: &Value, path: &str) -> Result<Value, TemplateError> {
    keys(path)?.iter().try_fold(document.clone(), |value, key| step(&value, key))
}

/// What a place is in, and its key there.
fn place(document: &Value, path: &str) -> Result<(Value, String), TemplateError> {
    let mut keys = keys(path)?;
    let last = keys.pop().unwrap_or_default();
    let parent = keys.iter().try_fold(document.clone(), |value, key| step(&value, key))?;
    Ok((parent, last))
}

/// Sets a key, or an item of a list, before which it may be put.
fn set(parent: &Value, key: &str, value: Value, insert: bool) -> Result<(), TemplateError> {
    match parent {
        Value::Dict(dict) => dict.insert(key, value),
        Value::List(list) if insert && key == "-" => list.push(value),
        Value::List(list) => {
            let index = index(list, key)?;
            list.with_mut(|items| {
                if insert {
                    items.insert(index, value);
                } else if let Some(item) = items.get_mut(index) {
                    *item = value;
                }
            });
        }
        other => return Err(TemplateError::type_error(format!("a {} has no '{key}'", other.type_name()))),
    }
    Ok(())
}

fn add(document: Value, path: &str, value: Value) -> Result<Value, TemplateError> {
    if path.is_empty() {
        return Ok(value);
    }
    let (parent, key) = place(&document, path)?;
    set(&parent, &key, value, true)?;
    Ok(document)
}

/// Takes a place out; nothing is left of the document where it is the place.
fn remove(document: &Value, path: &str) -> Result<Option<()>, TemplateError> {
    if path.is_empty() {
        return Ok(None);
    }
    found(document, path)?;
    match place(document, path)? {
        (Value::Dict(dict), key) => drop(dict.remove(&key)),
        (Value::List(list), key) => {
            let index = index(&list, &key)?;
            list.with_mut(|items| drop(items.remove(index)));
        }
        _ => {}
    }
    Ok(Some(()))
}

/// The document that a filter is given: data, or text that holds it.
fn document(value: Value, filter: &str) -> Result<Value, TemplateError> {
    match value {
        Value::Dict(_) | Value::List(_) => Ok(value.deep_copy()),
        Value::Str(text) => json_read::read(&text)
            .map_err(|why| TemplateError::raised("JSONDecodeError", format!("{filter}: cannot read JSON: {why}"))),
        _ => Err(failed(format!("{filter}: input is not dictionary, list or string"))),
    }
}

fn changed(document: Value, operations: &[Operation], fail_test: bool) -> Result<Value, TemplateError> {
    match operations.iter().try_fold(document, |document, operation| operation.apply(document)) {
        Ok(document) => Ok(document),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::Test(why)) if fail_test => Err(failed(format!("the test failed: {why}"))),
        Err(Stop::Test(_)) => Ok(Value::None),
    }
}

fn patch(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [input, op, path, value, from, fail_test] =
        arguments.bind(["inp", "op", "path", "value", "from", "fail_test"])?;
    let operation = Operation::new("json_patch", op, path, from, value)?;
    let document = document(required(input, "json_patch", "inp")?, "json_patch")?;
    changed(document, &[operation], option::boolean(fail_test, "fail_test")?.unwrap_or(false))
}

fn recipe(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [input, operations, fail_test] = arguments.bind(["inp", "operations", "fail_test"])?;
    let Some(Value::List(operations)) = operations else {
        return Err(failed("json_patch_recipe: 'operations' needs to be a list"));
    };
    let read = |item: &Value| {
        let field = |name: &str| item.get(name);
        Operation::new("json_patch_recipe", field("op"), field("path"), field("from"), field("value"))
    };
    let operations = operations.to_vec().iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let document = document(required(input, "json_patch_recipe", "inp")?, "json_patch_recipe")?;
    changed(document, &operations, option::boolean(fail_test, "fail_test")?.unwrap_or(false))
}
