//! Holds arguments against their spec: names, rules, choices and defaults.

use serde_json::Value;
use sutler_protocol::Arguments;

use super::{ArgError, Conversion, FromArg, Kind, Opt, Rule, Spec, plain_text};

/// Brings arguments into the shape of a spec: aliases renamed, what has to be there looked for, defaults filled in.
/// Gives what is wrong with their values, which comes after values of a wrong type.
pub(super) fn prepare(spec: &Spec, arguments: &mut Arguments) -> Result<Result<(), ArgError>, ArgError> {
    shape(spec, arguments)?;
    Ok(check_values(spec, arguments))
}

/// Brings arguments into the shape of a spec: aliases renamed, names and rules checked, defaults filled in.
///
/// Values that are still templates (`is_open`) are taken for any value; the controller uses this
/// while loading.
pub fn check(spec: &Spec, arguments: &mut Arguments) -> Result<(), ArgError> {
    prepare(spec, arguments)?
}

fn shape(spec: &Spec, arguments: &mut Arguments) -> Result<(), ArgError> {
    rename_aliases(spec, arguments);
    let together: Vec<String> = spec.rules.iter().filter_map(|rule| beside_one_another(rule, arguments)).collect();
    if !together.is_empty() {
        return Err(ArgError::Rule(format!("parameters are mutually exclusive: {}", together.join(", "))));
    }
    let mut missing: Vec<_> =
        spec.options.iter().filter(|opt| opt.required && !arguments.contains_key(opt.name)).map(|o| o.name).collect();
    if !missing.is_empty() {
        missing.sort_unstable();
        return Err(ArgError::Missing(missing));
    }
    for opt in &spec.options {
        check_null(opt, arguments)?;
        if let Some(default) = opt.default
            && !arguments.contains_key(opt.name)
        {
            arguments.insert(opt.name.to_owned(), default_value(default));
        }
    }
    Ok(())
}

/// Choices, rules between arguments, and at last names that the spec does not have.
fn check_values(spec: &Spec, arguments: &mut Arguments) -> Result<(), ArgError> {
    for opt in &spec.options {
        if let Some(value) = arguments.get_mut(opt.name)
            && let Some(choice) = check_choice(opt, value)?
        {
            *value = choice.into();
        }
    }
    spec.rules.iter().try_for_each(|rule| check_rule(rule, arguments))?;
    let unknown: Vec<String> =
        arguments.keys().filter(|name| !spec.open && spec.option(name).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(ArgError::Unknown { module: full_name(spec.name), names: unknown, supported: supported(spec) });
    }
    arguments.retain(|_, value| !value.is_null());
    Ok(())
}

/// What is given as nothing is empty text where there has to be something; of other types, nothing is none.
fn check_null(opt: &Opt, arguments: &mut Arguments) -> Result<(), ArgError> {
    let has_to_be = opt.required || opt.default.is_some();
    let Some(value) = arguments.get_mut(opt.name).filter(|value| value.is_null() && !opt.internal && has_to_be) else {
        return Ok(());
    };
    let conversion = Conversion { name: opt.name, environment: &[] };
    match opt.kind {
        Kind::Str | Kind::Path => {
            *value = String::new().into();
            Ok(())
        }
        Kind::Raw => Ok(()),
        Kind::Int => i64::from_arg(Value::Null, &conversion).map(drop),
        Kind::Float => f64::from_arg(Value::Null, &conversion).map(drop),
        Kind::Bool => bool::from_arg(Value::Null, &conversion).map(drop),
        Kind::List => Vec::<Value>::from_arg(Value::Null, &conversion).map(drop),
        Kind::Dict => Arguments::from_arg(Value::Null, &conversion).map(drop),
    }
}

/// What a default stands for: JSON, or plain text.
pub(super) fn default_value(default: &str) -> Value {
    serde_json::from_str(default).unwrap_or_else(|_| Value::from(default))
}

/// The name by which Ansible calls a module: in full when it is one of a collection; `shell` is `command` there.
fn full_name(short: &'static str) -> &'static str {
    if short == "shell" {
        return "command";
    }
    let known = crate::find(short).filter(|entry| !entry.name.starts_with("ansible.builtin."));
    known.map_or(short, |entry| entry.name)
}

/// An alias counts before the name.
fn rename_aliases(spec: &Spec, arguments: &mut Arguments) {
    for opt in &spec.options {
        for alias in opt.aliases {
            if let Some(value) = arguments.shift_remove(*alias) {
                arguments.insert(opt.name.to_owned(), value);
            }
        }
    }
}

/// Names, then all other names in parentheses.
fn supported(spec: &Spec) -> String {
    let listed = |names: &mut dyn Iterator<Item = &'static str>| {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.join(", ")
    };
    let options = || spec.options.iter().filter(|opt| !opt.internal);
    // Ansible does not hide what only its controller gives.
    let raw: &[&str] = match spec.name {
        "command" | "shell" => &["_raw_params", "_uses_shell"],
        "file" => &["_diff_peek", "_original_basename"],
        "synchronize" => &["_local_rsync_password", "_local_rsync_path", "_ssh_args", "_substitute_controller"],
        _ => &[],
    };
    let names = listed(&mut options().map(|opt| opt.name).chain(raw.iter().copied()));
    let others = listed(&mut options().flat_map(|opt| opt.aliases.iter().copied()));
    if others.is_empty() { names } else { format!("{names} ({others})") }
}

/// Fails for what is no choice; gives the choice that a boolean stands for.
fn check_choice(opt: &Opt, value: &Value) -> Result<Option<&'static str>, ArgError> {
    if opt.choices.is_empty() {
        return Ok(None);
    }
    let mut meant = None;
    let split: Vec<Value>;
    let values = match value {
        Value::Array(items) if opt.kind == Kind::List => items.iter().collect(),
        Value::String(text) if opt.kind == Kind::List => {
            split = text.split(',').map(Value::from).collect();
            split.iter().collect()
        }
        other => vec![other],
    };
    for value in values {
        let text = plain_text(value);
        // YAML 1.1 turns an unquoted `yes` or `no` into a boolean; Ansible turns it back.
        let boolean = value.as_bool().and_then(|yes| {
            let spellings: &[&str] =
                if yes { &["yes", "on", "true", "True"] } else { &["no", "off", "false", "False"] };
            opt.choices.iter().copied().find(|choice| spellings.contains(choice))
        });
        meant = boolean.filter(|_| opt.kind != Kind::List);
        if boolean.is_none() && !opt.choices.contains(&text.as_str()) {
            if opt.kind == Kind::List {
                let (name, choices) = (opt.name, opt.choices.join(", "));
                return Err(ArgError::Rule(format!(
                    "value of {name} must be one or more of: {choices}. Got no match for: {text}"
                )));
            }
            return Err(ArgError::Choice { name: opt.name.into(), choices: opt.choices.to_vec(), given: text });
        }
    }
    Ok(meant)
}

/// The names of which only one may be given, where more are.
fn beside_one_another(rule: &Rule, arguments: &Arguments) -> Option<String> {
    let Rule::Exclusive(names) = rule else { return None };
    (names.iter().filter(|name| arguments.contains_key(**name)).count() > 1).then(|| names.join("|"))
}

fn check_rule(rule: &Rule, arguments: &Arguments) -> Result<(), ArgError> {
    let has = |name: &&str| arguments.contains_key(*name);
    let is_given = |name: &str| arguments.get(name).is_some_and(|value| !value.is_null());
    let missing = |names: &'static [&'static str]| -> Vec<&str> {
        names.iter().filter(|n| !arguments.contains_key(**n)).copied().collect()
    };
    let text = match rule {
        Rule::Together(names) if names.iter().any(&has) && !names.iter().all(&has) => {
            format!("parameters are required together: {}", names.join(", "))
        }
        Rule::OneOf(names) if !names.iter().any(&has) => {
            format!("one of the following is required: {}", names.join(", "))
        }
        Rule::If(name, value, needed)
            if arguments.get(*name).is_some_and(|v| plain_text(v) == *value) && !missing(needed).is_empty() =>
        {
            format!("{name} is {value} but all of the following are missing: {}", missing(needed).join(", "))
        }
        Rule::By(name, needed) if is_given(name) && !needed.iter().all(|name| is_given(name)) => {
            let missing: Vec<&str> = needed.iter().copied().filter(|name| !is_given(name)).collect();
            format!("missing parameter(s) required by '{name}': {}", missing.join(", "))
        }
        _ => return Ok(()),
    };
    Err(ArgError::Rule(text))
}
