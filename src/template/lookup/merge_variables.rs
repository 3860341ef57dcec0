//! `community.general.merge_variables`: variables whose names are alike, as one list or one dict.

use std::collections::HashMap;

use super::{
    super::{
        Arguments, Context, Lookup, TemplateError,
        python_regex::{self, Flags},
    },
    failed,
    options::Options,
};
use crate::{
    source::Diagnostic,
    value::{Dict, Value},
};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("community.general.merge_variables", merge_variables);
}

fn merge_variables(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let context = arguments.context;
    let options = Options::new("merge_variables", context, arguments.named);
    let initial = options.value("initial_value")?;
    let groups = options.value("groups")?.map(|groups| groups.iter()).transpose()?;
    let merge = Merge {
        context,
        how: options.choice("pattern_type", &["regex", "prefix", "suffix"])?,
        overriding: options.choice("override", &["error", "warn", "ignore"])?,
    };
    let mut merged = Vec::new();
    for term in &arguments.positional {
        let Value::Str(pattern) = term else {
            let class = term.type_name();
            return Err(failed(format!("Non-string type '<class '{class}'>' passed, only 'str' types are allowed!")));
        };
        let result = match &groups {
            None => {
                let lookup = |name: &str| Ok(context.names.lookup(name));
                merge.all(pattern, initial.clone(), context.names.names(), &lookup)?
            }
            Some(groups) => merge.of_hosts(pattern, initial.clone(), groups)?,
        };
        merged.push(result.unwrap_or(Value::None));
    }
    Ok(merged)
}

/// How variables are found and merged.
struct Merge<'a> {
    context: &'a Context<'a>,
    /// `regex`, `prefix` or `suffix`.
    how: &'static str,
    /// What another value of a key is: an `error`, a `warn`ing, or nothing (`ignore`).
    overriding: &'static str,
}

/// The value of a variable; `None` where there is none.
type Named<'a> = &'a dyn Fn(&str) -> Result<Option<Value>, TemplateError>;

impl Merge<'_> {
    /// The variables of the hosts that are in one of the groups, merged in the order of hosts.
    fn of_hosts(
        &self,
        pattern: &str,
        initial: Option<Value>,
        groups: &[Value],
    ) -> Result<Option<Value>, TemplateError> {
        let mut result = initial;
        let Some(Value::Object(hosts)) = self.context.names.lookup("hostvars") else { return Ok(result) };
        for host in hosts.iterate()?.unwrap_or_default() {
            let Some(Value::Object(vars)) = hosts.item(&host)? else { continue };
            let lookup = |name: &str| vars.item(&name.into());
            let own = lookup("group_names")?.map_or(Ok(Value::None), |own| self.context.resolve_deep(&own))?;
            let own = if own.is_none() { Vec::new() } else { own.iter()? };
            if groups.iter().any(|group| group.as_str() == Some("all") || own.contains(group)) {
                let names = vars.iterate()?.unwrap_or_default().iter().map(Value::to_str).collect();
                result = self.all(pattern, result, names, &lookup)?;
            }
        }
        Ok(result)
    }

    /// The variables of these names that the pattern means, in the order of their names.
    fn all(
        &self,
        pattern: &str,
        initial: Option<Value>,
        mut names: Vec<String>,
        lookup: Named<'_>,
    ) -> Result<Option<Value>, TemplateError> {
        names.sort();
        names.dedup();
        let mut result = initial;
        let mut kind = result.as_ref().map(kind_of).transpose()?;
        for name in names {
            if !self.is_meant(&name, pattern)? {
                continue;
            }
            let Some(value) = lookup(&name)? else { continue };
            let value = self.context.resolve_deep(&value)?;
            let its = kind_of(&value)?;
            if kind.is_some_and(|kind| kind != its) {
                return Err(failed("Unable to merge, not all variables are of the same type"));
            }
            kind = Some(its);
            result = Some(match (result, &value) {
                (None, _) => value,
                (Some(Value::Dict(under)), Value::Dict(over)) => self.dicts(&under, over, &name)?.into(),
                (Some(under), _) => under.add(&value)?,
            });
        }
        Ok(result)
    }

    fn is_meant(&self, name: &str, pattern: &str) -> Result<bool, TemplateError> {
        match self.how {
            "prefix" => Ok(name.starts_with(pattern)),
            "suffix" => Ok(name.ends_with(pattern)),
            _ => python_regex::compile(pattern, Flags::default())?
                .is_match(name)
                .map_err(|error| python_regex::gave_up(&error)),
        }
    }

    /// A dict over another one: dicts in both are merged and lists are joined. `path` is how the upper one is called.
    fn dicts(&self, under: &Dict, over: &Dict, path: &str) -> Result<Dict, TemplateError> {
        let merged = under.copy();
        for (key, value) in over.entries() {
            let name = key.value().to_str();
            let value = match (merged.get_value(key.value()), value) {
                (Some(Value::Dict(under)), Value::Dict(over)) => {
                    self.dicts(&under, &over, &format!("{path}.{name}"))?.into()
                }
                (Some(under @ Value::List(_)), over @ Value::List(_)) => under.add(&over)?,
                (Some(under), over) if under != over => {
                    self.tell(&format!(
                        "The key '{name}' with value '{}' will be overwritten with value '{}' from '{path}.{name}'",
                        under.to_str(),
                        over.to_str()
                    ))?;
                    over
                }
                (_, over) => over,
            };
            merged.set(key, value);
        }
        Ok(merged)
    }

    fn tell(&self, text: &str) -> Result<(), TemplateError> {
        match self.overriding {
            "error" => return Err(failed(text)),
            "warn" => self.context.environment.warn(Diagnostic::warning(text)),
            _ => {}
        }
        Ok(())
    }
}

fn kind_of(value: &Value) -> Result<&'static str, TemplateError> {
    match value {
        Value::List(_) => Ok("list"),
        Value::Dict(_) => Ok("dict"),
        _ => Err(failed("Not supported type detected, variable must be a list or a dict")),
    }
}
