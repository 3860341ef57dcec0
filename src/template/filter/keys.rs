//! `keep_keys`, `remove_keys` and `replace_keys`, which `ansible.utils` and `community.general` have each their own way.

use std::{collections::HashMap, sync::Arc};

use fancy_regex::Regex;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::required,
        python_regex::{self, Anchor, Flags},
    },
    failed, option,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("ansible.utils.keep_keys", (|arguments| deep(arguments, Action::Keep)) as Filter),
        ("ansible.utils.remove_keys", |arguments| deep(arguments, Action::Remove)),
        ("ansible.utils.replace_keys", |arguments| deep(arguments, Action::Replace)),
        ("community.general.keep_keys", |arguments| flat(arguments, Action::Keep)),
        ("community.general.remove_keys", |arguments| flat(arguments, Action::Remove)),
        ("community.general.replace_keys", |arguments| flat(arguments, Action::Replace)),
    ]);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Keep,
    Remove,
    Replace,
}

/// How keys are compared with what is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Equal,
    Start,
    End,
    Regex,
}

/// What is looked for, and what it is replaced with.
struct Target {
    text: String,
    regex: Option<Arc<Regex>>,
    after: Value,
}

/// All that is looked for.
struct Targets {
    how: Match,
    targets: Vec<Target>,
}

impl Targets {
    fn new(how: Match, pairs: Vec<(String, Value)>) -> Result<Self, TemplateError> {
        let target = |(text, after): (String, Value)| {
            // The pattern has to match at the start of the key.
            let flags = Flags { anchor: Anchor::Start, ..Flags::default() };
            let regex = (how == Match::Regex).then(|| python_regex::compile(&text, flags)).transpose()?;
            Ok(Target { text, regex, after })
        };
        Ok(Self { how, targets: pairs.into_iter().map(target).collect::<Result<_, TemplateError>>()? })
    }

    /// The first that a key matches.
    fn find(&self, key: &Value) -> Result<Option<&Target>, TemplateError> {
        let key = match (key, self.how) {
            (Value::Str(text), _) => text,
            (_, Match::Equal) => return Ok(None),
            (other, _) => {
                return Err(TemplateError::type_error(format!("expected a str as key, got '{}'", other.type_name())));
            }
        };
        for target in &self.targets {
            let found = match self.how {
                Match::Equal => **key == *target.text,
                Match::Start => key.starts_with(&target.text),
                Match::End => key.ends_with(&target.text),
                Match::Regex => match &target.regex {
                    Some(regex) => regex.is_match(&**key).map_err(|error| python_regex::gave_up(&error))?,
                    None => false,
                },
            };
            if found {
                return Ok(Some(target));
            }
        }
        Ok(None)
    }
}

/// The filters of `ansible.utils`: any depth, and keys need not be text.
fn deep(arguments: Arguments<'_>, action: Action) -> Result<Value, TemplateError> {
    let [data, target, how] = arguments.bind_first(["data", "target", "matching_parameter"])?;
    let words = [("starts_with", Match::Start), ("ends_with", Match::End), ("regex", Match::Regex)];
    let how = option::choice(how, "matching_parameter", &words)?.unwrap_or(Match::Equal);
    let data = option::needed(data, "data")?;
    let wanted = option::needed(option::list(target, "target")?, "target")?;
    let pair = |item: Value| match (&item, action) {
        (Value::Dict(dict), Action::Replace) => {
            let before = dict.get("before").map_or_else(String::new, |before| before.to_str());
            Ok((before, dict.get("after").unwrap_or(Value::None)))
        }
        (_, Action::Replace) => Err(failed("an entry of target is no dictionary with before and after")),
        _ => Ok((item.to_str(), Value::None)),
    };
    let targets = Targets::new(how, wanted.into_iter().map(pair).collect::<Result<_, _>>()?)?;
    match (&data, action) {
        (Value::Dict(_) | Value::List(_), Action::Keep) => keep(&data, &targets),
        (Value::Dict(_) | Value::List(_), Action::Remove) => remove(&data, &targets),
        (Value::Dict(_) | Value::List(_), Action::Replace) => replace(&data, &targets),
        _ => Err(failed(format!(
            "{} of a '{}': only lists and dictionaries have keys",
            words_of(action),
            data.type_name()
        ))),
    }
}

fn words_of(action: Action) -> &'static str {
    match action {
        Action::Keep => "keep_keys",
        Action::Remove => "remove_keys",
        Action::Replace => "replace_keys",
    }
}

fn is_empty_dict(value: &Value) -> bool {
    value.as_dict().is_some_and(Dict::is_empty)
}

fn keep(data: &Value, targets: &Targets) -> Result<Value, TemplateError> {
    match data {
        Value::Dict(dict) => {
            let result = Dict::new();
            for (key, value) in dict.entries() {
                if let Some(value) = kept(key.value(), &value, targets)? {
                    result.set(key, value);
                }
            }
            Ok(Value::Dict(result))
        }
        Value::List(items) => items.to_vec().iter().map(|item| keep(item, targets)).collect(),
        other => Ok(other.clone()),
    }
}

/// What is kept of the value of a key. Branches without a match go. A branch whose key is among the targets stays
/// whole, unless a later target is found below it; where parts of keys are compared, it has to have a match below.
fn kept(key: &Value, value: &Value, targets: &Targets) -> Result<Option<Value>, TemplateError> {
    let branch = match value {
        Value::Dict(_) => Some(keep(value, targets)?),
        Value::List(_) => {
            let items = keep(value, targets)?.iter()?;
            // Items that lost all their keys go, unless all did.
            let all = items.iter().all(is_empty_dict);
            Some(items.into_iter().filter(|item| all || !is_empty_dict(item)).collect())
        }
        _ => None,
    };
    match branch {
        None => Ok(targets.find(key)?.map(|_| value.clone())),
        Some(branch) if targets.how != Match::Equal => Ok(Some(branch).filter(Value::is_truthy)),
        Some(branch) => Ok(targets.targets.iter().fold(None, |found, target| {
            if key.as_str() == Some(&target.text) {
                Some(value.clone())
            } else {
                let has_match = match &branch {
                    Value::List(items) => found.is_none() || !items.to_vec().iter().all(is_empty_dict),
                    _ => true,
                };
                Some(branch.clone()).filter(|branch| has_match && branch.is_truthy()).or(found)
            }
        })),
    }
}

fn remove(data: &Value, targets: &Targets) -> Result<Value, TemplateError> {
    match data {
        Value::Dict(dict) => {
            let left = Dict::new();
            for (key, value) in dict.entries() {
                if targets.find(key.value())?.is_none() {
                    left.set(key, remove(&value, targets)?);
                }
            }
            Ok(Value::Dict(left))
        }
        Value::List(items) => {
            let mut left = Vec::new();
            for item in items.to_vec().iter().filter(|item| item.is_truthy()) {
                let item = remove(item, targets)?;
                if !is_empty_dict(&item) {
                    left.push(item);
                }
            }
            Ok(left.into())
        }
        other => Ok(other.clone()),
    }
}

/// Keys with a new name come after those that keep theirs.
fn replace(data: &Value, targets: &Targets) -> Result<Value, TemplateError> {
    match data {
        Value::Dict(dict) => {
            let (result, renamed) = (Dict::new(), Dict::new());
            for (key, value) in dict.entries() {
                let value = replace(&value, targets)?;
                match targets.find(key.value())? {
                    Some(target) => renamed.set_value(target.after.clone(), value)?,
                    None => result.set(key, value),
                }
            }
            result.update(&renamed);
            Ok(Value::Dict(result))
        }
        Value::List(items) => items.to_vec().iter().map(|item| replace(item, targets)).collect(),
        other => Ok(other.clone()),
    }
}

/// The filters of `community.general`: a list of dicts, whose own keys are text.
fn flat(arguments: Arguments<'_>, action: Action) -> Result<Value, TemplateError> {
    let [data, target, how] = arguments.bind(["data", "target", "matching_parameter"])?;
    let data = required(data, words_of(action), "data")?;
    let how = match option::text(how).as_deref() {
        None | Some("equal") => Match::Equal,
        Some("starts_with") => Match::Start,
        Some("ends_with") => Match::End,
        Some("regex") => Match::Regex,
        Some(other) => {
            let known = "['equal', 'starts_with', 'ends_with', 'regex']";
            return Err(failed(format!("The matching_parameter must be one of {known}. matching_parameter={other}")));
        }
    };
    if !matches!(data, Value::List(_) | Value::Str(_)) {
        let shown = data.repr();
        return Err(failed(format!("First argument must be a list. {shown} is <class '{}'>", data.type_name())));
    }
    let items = data.iter()?;
    for item in &items {
        let Value::Dict(dict) = item else {
            let (shown, kind) = (item.repr(), item.type_name());
            return Err(failed(format!("The data items must be dictionaries. {shown} is <class '{kind}'>")));
        };
        if dict.keys().iter().any(|key| key.as_str().is_none()) {
            return Err(failed("Top level keys must be strings."));
        }
    }
    let pairs = if action == Action::Replace { replacements(target)? } else { patterns(target, how)? };
    let targets = Targets::new(how, pairs)?;
    items.iter().map(|item| one_level(item, &targets, action)).collect()
}

fn one_level(item: &Value, targets: &Targets, action: Action) -> Result<Value, TemplateError> {
    let result = Dict::new();
    for (key, value) in item.as_dict().map(Dict::entries).unwrap_or_default() {
        match (targets.find(key.value())?, action) {
            (Some(target), Action::Replace) => result.set_value(target.after.clone(), value)?,
            (Some(_), Action::Remove) | (None, Action::Keep) => {}
            _ => result.set(key, value),
        }
    }
    Ok(Value::Dict(result))
}

/// The target of `keep_keys` and `remove_keys`.
fn patterns(target: Option<Value>, how: Match) -> Result<Vec<(String, Value)>, TemplateError> {
    let target = target.unwrap_or(Value::None);
    let items = match &target {
        Value::Str(_) => vec![target],
        Value::List(items) => items.to_vec(),
        other => {
            let kind = other.type_name();
            return Err(failed(format!("The target must be a string or a list. target is <class '{kind}'>.")));
        }
    };
    if items.is_empty() {
        return Err(failed("The target can't be empty."));
    }
    if how == Match::Regex && items.len() > 1 {
        return Err(failed("Single item is required in the target list if matching_parameter=regex."));
    }
    if let Some(item) = items.iter().find(|item| item.as_str().is_none()) {
        return Err(failed(format!(
            "The target items must be strings. {} is <class '{}'>",
            item.to_str(),
            item.type_name()
        )));
    }
    Ok(items.into_iter().map(|item| (item.to_str(), Value::None)).collect())
}

/// The target of `replace_keys`.
fn replacements(target: Option<Value>) -> Result<Vec<(String, Value)>, TemplateError> {
    let Some(Value::List(items)) = target else { return Err(failed("The target must be a list of dictionaries.")) };
    if items.is_empty() {
        return Err(failed("The target can't be empty."));
    }
    let pair = |item: &Value| match (item.get("before"), item.get("after")) {
        (Some(before), Some(after)) => Ok((before.to_str(), after)),
        _ => Err(failed("All dictionaries in target must include attributes: after, before.")),
    };
    items.to_vec().iter().map(pair).collect()
}
