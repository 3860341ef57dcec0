//! Argument specifications as playbooks and roles write them: whether given values fit, in Ansible's words.
//!
//! What modules take is another matter: that is fixed when sutler is built, and `sutler_modules::kit::args`
//! checks it.

mod types;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use sutler_modules::kit::args::plain_text;

use types::{convert, fits};

type Fields = Map<String, Json>;

/// Checks `given` against `spec`: a mapping of names to what each has to be. Returns what is wrong with it.
pub fn validate(spec: &Fields, given: &Fields) -> Vec<String> {
    let mut check = Check::default();
    let mut given = given.clone();
    check.names(spec, &given, &mut Vec::new());
    check.options(spec, &mut given, None, &[]);
    let Check { mut errors, unknown, supported } = check;
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.into_iter().collect();
        errors.push(format!("{}. Supported parameters include: {}.", names.join(", "), supported.unwrap_or_default()));
    }
    errors
}

#[derive(Default)]
struct Check {
    errors: Vec<String>,
    /// Names that no option has, with the names of the options around them.
    unknown: BTreeSet<String>,
    supported: Option<String>,
}

impl Check {
    /// Collects the names that no option has, at every depth.
    fn names(&mut self, spec: &Fields, given: &Fields, path: &mut Vec<String>) {
        let known = |name: &str| spec.iter().any(|(option, rules)| option == name || aliases(rules).any(|a| a == name));
        for name in given.keys().filter(|name| !known(name)) {
            let whole: Vec<&str> = path.iter().map(String::as_str).chain([name.as_str()]).collect();
            self.unknown.insert(whole.join("."));
            self.supported.get_or_insert_with(|| {
                let mut names: Vec<String> = spec.iter().map(|(option, rules)| listed(option, rules)).collect();
                names.sort();
                names.join(", ")
            });
        }
        for (option, rules) in spec {
            let Some(below) = rules.get("options").and_then(Json::as_object) else { continue };
            path.push(option.clone());
            match value_of(option, rules, given) {
                Some(Json::Object(inner)) => self.names(below, inner, path),
                Some(Json::Array(items)) => {
                    items.iter().filter_map(Json::as_object).for_each(|inner| self.names(below, inner, path));
                }
                _ => {}
            }
            path.pop();
        }
    }

    /// Checks one level; `rules` are those of the option that it is below.
    fn options(&mut self, spec: &Fields, given: &mut Fields, rules: Option<&Json>, path: &[String]) {
        rename(spec, given);
        let at = place(path);
        if let Some(rules) = rules {
            self.exclusive(rules, given, &at);
        }
        let missing = |(option, rules): &(&String, &Json)| is_set(rules, "required") && !given.contains_key(*option);
        let mut missing: Vec<&str> = spec.iter().filter(missing).map(|(option, _)| option.as_str()).collect();
        missing.sort_unstable();
        if !missing.is_empty() {
            self.errors.push(format!("missing required arguments: {}{at}", missing.join(", ")));
        }
        for (option, rules) in spec {
            self.value(option, rules, given, path);
        }
        for (option, rules) in spec {
            let default = rules.get("default").filter(|default| !default.is_null());
            if let Some(value) = given.get(option).or(default) {
                self.choice(option, rules, value, &at);
            }
        }
        if let Some(rules) = rules {
            self.dependencies(rules, given, &at);
        }
        for (option, rules) in spec {
            self.below(option, rules, given, path);
        }
    }

    /// The type of one value, and of the items of a list.
    fn value(&mut self, option: &str, rules: &Json, given: &mut Fields, path: &[String]) {
        let must_be = is_set(rules, "required") || rules.get("default").is_some_and(|default| !default.is_null());
        let Some(value) = given.get(option).filter(|value| must_be || !value.is_null()) else { return };
        let wanted = text(rules, "type").unwrap_or("str");
        let inside = if path.is_empty() { String::new() } else { format!(" found in '{}'.", path.join(" -> ")) };
        let converted = match convert(value, wanted) {
            Ok(converted) => converted,
            Err(why) => {
                let is = types::name(value);
                self.errors.push(format!(
                    "argument '{option}' is of type {is}{inside} and we were unable to convert to {wanted}: {why}"
                ));
                return;
            }
        };
        if let (Json::Array(items), Some(wanted)) = (&converted, text(rules, "elements")) {
            for item in items {
                if let Err(why) = convert(item, wanted) {
                    let is = types::name(item);
                    self.errors.push(format!(
                        "Elements value for option '{option}'{} is of type {is} and we were unable to convert to {wanted}: {why}",
                        inside.trim_end_matches('.')
                    ));
                }
            }
        }
        given.insert(option.to_owned(), converted);
    }

    fn choice(&mut self, option: &str, rules: &Json, value: &Json, at: &str) {
        let Some(choices) = rules.get("choices").and_then(Json::as_array).filter(|choices| !choices.is_empty()) else {
            return;
        };
        let known: Vec<String> = choices.iter().map(plain_text).collect();
        let known = known.join(", ");
        match value {
            Json::Array(items) => {
                let strange: Vec<String> = items
                    .iter()
                    .filter(|item| !choices.iter().any(|choice| fits(item, choice)))
                    .map(plain_text)
                    .collect();
                if !strange.is_empty() {
                    let strange = strange.join(", ");
                    self.errors.push(format!(
                        "value of {option} must be one or more of: {known}. Got no match for: {strange}{at}"
                    ));
                }
            }
            value if value.is_null() || choices.iter().any(|choice| fits(value, choice)) => {}
            value => {
                self.errors.push(format!("value of {option} must be one of: {known}, got: {}{at}", plain_text(value)));
            }
        }
    }

    fn exclusive(&mut self, rules: &Json, given: &Fields, at: &str) {
        for names in groups(rules, "mutually_exclusive") {
            if names.iter().filter(|name| given.contains_key(**name)).count() > 1 {
                self.errors.push(format!("parameters are mutually exclusive: {}{at}", names.join("|")));
            }
        }
    }

    fn dependencies(&mut self, rules: &Json, given: &Fields, at: &str) {
        let has = |name: &&str| given.contains_key(*name);
        for names in groups(rules, "required_together") {
            if names.iter().any(has) && !names.iter().all(has) {
                self.errors.push(format!("parameters are required together: {}{at}", names.join(", ")));
            }
        }
        for names in groups(rules, "required_one_of") {
            if !names.iter().any(has) {
                self.errors.push(format!("one of the following is required: {}{at}", names.join(", ")));
            }
        }
        for condition in rules.get("required_if").and_then(Json::as_array).into_iter().flatten() {
            self.required_if(condition, given, at);
        }
        for (name, needed) in rules.get("required_by").and_then(Json::as_object).into_iter().flatten() {
            let needed = words(needed);
            let missing: Vec<&str> = needed.into_iter().filter(|name| !given.contains_key(*name)).collect();
            if given.contains_key(name) && !missing.is_empty() {
                self.errors.push(format!("missing parameter(s) required by '{name}': {}{at}", missing.join(", ")));
            }
        }
    }

    /// `[name, value, needed]`, and `true` behind them where one of the needed is enough.
    fn required_if(&mut self, condition: &Json, given: &Fields, at: &str) {
        let Some([name, value, needed, rest @ ..]) = condition.as_array().map(Vec::as_slice) else { return };
        let Some(name) = name.as_str() else { return };
        if !given.get(name).is_some_and(|given| given == value) {
            return;
        }
        let needed = words(needed);
        let missing: Vec<&str> = needed.iter().copied().filter(|name| !given.contains_key(*name)).collect();
        let any = rest.first().is_some_and(|any| any.as_bool() == Some(true));
        let lacks = if any { missing.len() == needed.len() } else { !missing.is_empty() };
        if lacks {
            let (how, value) = (if any { "any" } else { "all" }, plain_text(value));
            let missing = missing.join(", ");
            self.errors.push(format!("{name} is {value} but {how} of the following are missing: {missing}{at}"));
        }
    }

    /// The options below one.
    fn below(&mut self, option: &str, rules: &Json, given: &Fields, path: &[String]) {
        let Some(below) = rules.get("options").and_then(Json::as_object) else { return };
        let path: Vec<String> = path.iter().cloned().chain([option.to_owned()]).collect();
        match given.get(option) {
            Some(Json::Object(inner)) => self.options(below, &mut inner.clone(), Some(rules), &path),
            Some(Json::Array(items)) => {
                for inner in items.iter().filter_map(Json::as_object) {
                    self.options(below, &mut inner.clone(), Some(rules), &path);
                }
            }
            None | Some(Json::Null) if is_set(rules, "apply_defaults") => {
                self.options(below, &mut Fields::new(), Some(rules), &path);
            }
            _ => {}
        }
    }
}

fn place(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!(" found in {}", path.join(" -> ")) }
}

fn text<'a>(rules: &'a Json, name: &str) -> Option<&'a str> {
    rules.get(name).and_then(Json::as_str)
}

fn is_set(rules: &Json, name: &str) -> bool {
    rules.get(name).is_some_and(|flag| convert(flag, "bool") == Ok(Json::Bool(true)))
}

fn aliases(rules: &Json) -> impl Iterator<Item = &str> {
    rules.get("aliases").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

fn listed(option: &str, rules: &Json) -> String {
    let aliases: Vec<&str> = aliases(rules).collect();
    if aliases.is_empty() { option.to_owned() } else { format!("{option} ({})", aliases.join(", ")) }
}

fn value_of<'a>(option: &str, rules: &Json, given: &'a Fields) -> Option<&'a Json> {
    given.get(option).or_else(|| aliases(rules).find_map(|alias| given.get(alias)))
}

fn rename(spec: &Fields, given: &mut Fields) {
    for (option, rules) in spec {
        for alias in aliases(rules) {
            if let Some(value) = given.shift_remove(alias) {
                given.entry(option.clone()).or_insert(value);
            }
        }
    }
}

/// A list of lists of names; one list is taken for a list of one.
fn groups<'a>(rules: &'a Json, name: &str) -> Vec<Vec<&'a str>> {
    let Some(list) = rules.get(name).and_then(Json::as_array) else { return Vec::new() };
    if list.iter().all(Json::is_string) && !list.is_empty() {
        return vec![list.iter().filter_map(Json::as_str).collect()];
    }
    list.iter().map(words).collect()
}

/// A name, or a list of names.
fn words(names: &Json) -> Vec<&str> {
    match names {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
