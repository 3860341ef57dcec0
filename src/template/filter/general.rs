//! Small filters of `community.general`.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required, jmespath, method::dict_from, test::version},
    failed, order,
};
use crate::value::{Dict, Key, Shape, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("community.general.accumulate", accumulate as Filter),
        ("community.general.counter", counter),
        ("community.general.crc32", crc32),
        ("community.general.dict", |arguments| {
            let [sequence] = arguments.bind(["sequence"])?;
            dict_from(&required(sequence, "dict", "sequence")?).map(Value::Dict)
        }),
        ("community.general.dict_kv", dict_kv),
        ("community.general.groupby_as_dict", groupby_as_dict),
        ("community.general.json_query", json_query),
        ("community.general.reveal_ansible_type", reveal_ansible_type),
        ("community.general.unicode_normalize", unicode_normalize),
        ("community.general.version_sort", version_sort),
        ("json_query", json_query),
    ]);
}

/// Whether a value is a sequence as Python's `collections.abc` says it.
fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_) => true,
        Value::Object(object) => object.shape() == Shape::Sequence,
        _ => false,
    }
}

fn class(value: &Value) -> String {
    format!("<class '{}'>", value.type_name())
}

fn json_query(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let context = arguments.context;
    let [data, query] = arguments.bind(["data", "expr"])?;
    let data = required(data, "json_query", "data")?;
    let query = required(query, "json_query", "expr")?;
    match query.as_str() {
        Some(query) => jmespath::search(context, query, &data),
        None if query.is_truthy() => {
            let text = format!("Error in jmespath.search in json_query filter plugin:\n{}", unreadable(&query));
            Err(failed(text))
        }
        None => jmespath::search(context, "", &data),
    }
}

/// What Python says of a query that is no text.
fn unreadable(query: &Value) -> String {
    let kind = query.type_name();
    match query {
        Value::List(_) | Value::Dict(_) => format!("unhashable type: '{kind}'"),
        _ => format!("'{kind}' object is not iterable"),
    }
}

fn accumulate(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [sequence] = arguments.bind(["sequence"])?;
    let sequence = required(sequence, "accumulate", "sequence")?;
    if !is_sequence(&sequence) {
        let shown = sequence.repr();
        return Err(failed(format!("Invalid value type ({}) for accumulate ({shown})", class(&sequence))));
    }
    let mut sums: Vec<Value> = Vec::new();
    for item in sequence.iter()? {
        let sum = sums.last().map_or(Ok(item.clone()), |sum| sum.add(&item))?;
        sums.push(sum);
    }
    Ok(sums.into())
}

fn counter(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [sequence] = arguments.bind(["sequence"])?;
    let sequence = required(sequence, "counter", "sequence")?;
    if !is_sequence(&sequence) {
        let (shown, class) = (sequence.repr(), class(&sequence));
        return Err(failed(format!(
            "Argument for community.general.counter must be a sequence (string or list). {shown} is {class}"
        )));
    }
    let counts = Dict::new();
    for item in sequence.iter()? {
        let count = counts.get_value(&item).and_then(|count| count.as_i64()).unwrap_or(0);
        let unhashable = |error: TemplateError| {
            let needed = "community.general.counter needs a sequence with hashable elements (int, float or str)";
            failed(format!("{needed} - {error}"))
        };
        let key = Key::new(item).map_err(unhashable)?;
        counts.set(key, Value::Int(count + 1));
    }
    Ok(Value::Dict(counts))
}

fn crc32(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["value"])?;
    let value = required(value, "crc32", "value")?;
    let Some(text) = value.as_str() else {
        return Err(failed(format!("Invalid value type ({}) for crc32 ({})", class(&value), value.repr())));
    };
    let mut sum = flate2::Crc::new();
    sum.update(text.as_bytes());
    Ok(format!("{:x}", sum.sum()).into())
}

fn dict_kv(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, key] = arguments.bind(["value", "key"])?;
    let value = required(value, "dict_kv", "value")?;
    let dict = Dict::new();
    dict.set_value(required(key, "dict_kv", "key")?, value)?;
    Ok(Value::Dict(dict))
}

fn groupby_as_dict(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [sequence, attribute] = arguments.bind(["sequence", "attribute"])?;
    let sequence = required(sequence, "groupby_as_dict", "sequence")?;
    let attribute = required(attribute, "groupby_as_dict", "attribute")?;
    if !is_sequence(&sequence) {
        return Err(failed("Input is not a sequence"));
    }
    let groups = Dict::new();
    for (index, element) in sequence.iter()?.into_iter().enumerate() {
        let Value::Dict(dict) = &element else {
            return Err(failed(format!("Sequence element #{index} is not a mapping")));
        };
        let key = dict
            .get_value(&attribute)
            .ok_or_else(|| failed(format!("Attribute not contained in element #{index} of sequence")))?;
        if groups.get_value(&key).is_some() {
            return Err(failed(format!("Multiple sequence entries have attribute value {}", key.repr())));
        }
        groups.set_value(key, element)?;
    }
    Ok(Value::Dict(groups))
}

fn unicode_normalize(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, form] = arguments.bind(["data", "form"])?;
    let value = required(value, "unicode_normalize", "data")?;
    let Some(text) = value.as_str() else {
        return Err(TemplateError::raised("AnsibleTypeError", format!("{} is not a valid input type", class(&value))));
    };
    let text: String = match form.map_or_else(|| "NFC".to_owned(), |form| form.to_str()).as_str() {
        "NFC" => text.nfc().collect(),
        "NFD" => text.nfd().collect(),
        "NFKC" => text.nfkc().collect(),
        "NFKD" => text.nfkd().collect(),
        other => return Err(failed(format!("{other} is not a valid form"))),
    };
    Ok(text.into())
}

fn version_sort(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, reverse] = arguments.bind(["value", "reverse"])?;
    let mut items = required(value, "version_sort", "value")?.iter()?;
    let mut keys = Vec::new();
    for item in &items {
        let text = item.as_str();
        let text = text.ok_or_else(|| {
            TemplateError::type_error(format!("expected string or bytes-like object, got '{}'", item.type_name()))
        })?;
        keys.push((item.clone(), version::loose_key(text)));
    }
    let key = |item: &Value| {
        let found = keys.iter().find(|(known, _)| known == item);
        Ok(found.map_or(Value::None, |(_, key)| key.clone()))
    };
    order::sort(&mut items, key, super::flag(reverse.as_ref()))?;
    Ok(items.into())
}

fn reveal_ansible_type(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data, alias] = arguments.bind(["data", "alias"])?;
    let data = required(data, "reveal_ansible_type", "data")?;
    if let Some(alias) = alias.as_ref().filter(|alias| alias.is_truthy() && alias.as_dict().is_none()) {
        let text = format!("The argument alias must be a dictionary. {} is {}", alias.to_str(), class(alias));
        return Err(failed(text));
    }
    Ok(revealed(&data, alias.as_ref()).into())
}

/// The types of a value and, if it is a list or dict, of what is directly in it; `alias` gives types other names.
pub(in crate::template) fn revealed(value: &Value, alias: Option<&Value>) -> String {
    let name = |value: &Value| {
        let name = value.type_name();
        alias.and_then(|alias| alias.get(name)).map_or_else(|| name.to_owned(), |alias| alias.to_str())
    };
    let names = |items: Vec<Value>| {
        let mut names: Vec<String> = items.iter().map(name).collect();
        names.sort();
        names.dedup();
        names.join("|")
    };
    match value {
        Value::List(items) if !items.is_empty() => format!("{}[{}]", name(value), names(items.to_vec())),
        Value::Dict(dict) if !dict.is_empty() => {
            format!("{}[{}, {}]", name(value), names(dict.keys()), names(dict.values()))
        }
        other => name(other),
    }
}
