//! The inventory plugin `constructed`: variables and groups that follow from what other sources said.

use crate::{
    config::settings::plugins,
    source::{Diagnostic, Kind, Node, Spanned},
    template::{Context, Environment, Names, Template, TemplateError, node_from_value, value_from_node},
    value::{Dict, Value},
};

use super::{Inventory, Reading, edit, ini::refused, keyed_group::KeyedGroup, options};

/// Reads the document and does what it says, host by host.
pub fn read(inventory: &mut Inventory, document: &Node, reading: &Reading) -> Result<(), Diagnostic> {
    let constructed = Constructed::read(document, reading, &mut inventory.warnings)?;
    inventory.settle();
    let names: Vec<String> = inventory.hosts.keys().cloned().collect();
    for host in names {
        constructed.host(inventory, &host, reading)?;
    }
    Ok(())
}

/// What a document says.
struct Constructed {
    is_strict: bool,
    uses_extra_vars: bool,
    uses_vars_files: bool,
    compose: Vec<(String, Spanned<Template>)>,
    groups: Vec<(String, Spanned<Template>)>,
    keyed_groups: Vec<KeyedGroup>,
}

impl Constructed {
    fn read(document: &Node, reading: &Reading, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        let is_strict = options::flag(document, "strict")?.unwrap_or(false);
        let leading = options::flag(document, "leading_separator")?.unwrap_or(true);
        let extra = options::flag(document, "use_extra_vars")?;
        let mut templates = |section: &str| -> Result<Vec<(String, Spanned<Template>)>, Diagnostic> {
            let mut found = Vec::new();
            for (key, value) in options::pairs(document.get(section), section)? {
                let text = expression_text(value);
                match Template::expression(&text, &value.span) {
                    Ok(template) => found.push((key.to_owned(), Spanned::new(template, value.span.clone()))),
                    Err(error) if is_strict => return Err(error.into()),
                    Err(error) => warnings
                        .push(Diagnostic { severity: crate::source::Severity::Warning, ..Diagnostic::from(error) }),
                }
            }
            Ok(found)
        };
        let (compose, groups) = (templates("compose")?, templates("groups")?);
        let keyed = document.get("keyed_groups").filter(|keyed| !matches!(keyed.kind, Kind::Null));
        let keyed = keyed.map(|keyed| {
            keyed.as_list().ok_or_else(|| {
                Diagnostic::error(format!("`keyed_groups` must be a list, and this is {}", keyed.describe()))
                    .at(&keyed.span)
            })
        });
        let keyed = keyed.transpose()?.unwrap_or_default();
        let keyed_groups = keyed.iter().map(|node| KeyedGroup::read(node, leading)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            is_strict,
            uses_extra_vars: extra.unwrap_or_else(|| reading.config.get(&plugins::CONSTRUCTED_USE_EXTRA_VARS)),
            uses_vars_files: options::flag(document, "use_vars_plugins")?.unwrap_or(false),
            compose,
            groups,
            keyed_groups: keyed_groups.into_iter().flatten().collect(),
        })
    }

    fn host(&self, inventory: &mut Inventory, host: &str, reading: &Reading) -> Result<(), Diagnostic> {
        let environment = Environment::new(std::env::current_dir().unwrap_or_default());
        let known = self.known(inventory, host, self.uses_extra_vars.then_some(&reading.extra))?;
        for (name, template) in &self.compose {
            match Context::new(&known, &environment).render(&template.value) {
                Ok(value) => {
                    let node = node_from_value(&value, &template.span, Kind::Unsafe);
                    inventory.set_host_var(host, name, node);
                }
                Err(error) => self.fails(error, &format!("cannot set `{name}` for the host `{host}`"))?,
            }
        }
        // Groups see what was composed, but no extra variables.
        let known = self.known(inventory, host, None)?;
        let context = Context::new(&known, &environment);
        for (name, template) in &self.groups {
            match context.condition(&template.value) {
                Ok(true) => inventory.add_member(&edit::valid_name(name), host),
                Ok(false) => {}
                Err(error) => self.fails(error, &format!("cannot tell whether `{host}` belongs to `{name}`"))?,
            }
        }
        for keyed in &self.keyed_groups {
            let names = match keyed.names(&context) {
                Ok(names) => names?,
                Err(error) => {
                    self.fails(error, &format!("cannot make groups of `{}` for the host `{host}`", keyed.text()))?;
                    continue;
                }
            };
            if names.is_empty() && self.is_strict {
                let message = format!("`{}` of the host `{host}` is empty, and makes no group", keyed.text());
                return Err(Diagnostic::error(message).at(&keyed.span));
            }
            let parent = match keyed.parent(&context) {
                Ok(parent) => parent,
                Err(error) => {
                    self.fails(error, &format!("cannot tell the parent group of `{}`", keyed.text()))?;
                    continue;
                }
            };
            for name in names {
                inventory.add_member(&name, host);
                if let Some(parent) = &parent {
                    inventory.add_child(parent, &name).map_err(|cause| refused(&cause, &keyed.span))?;
                }
            }
        }
        Ok(())
    }

    /// An expression that fails is passed over, unless the document is strict.
    fn fails(&self, error: TemplateError, what: &str) -> Result<(), Diagnostic> {
        if self.is_strict { Err(Diagnostic::from(error).note(what.to_owned())) } else { Ok(()) }
    }

    fn known(&self, inventory: &Inventory, host: &str, extra: Option<&Dict>) -> Result<Known, Diagnostic> {
        let vars = Dict::new();
        let nodes = if self.uses_vars_files { inventory.variables(host)? } else { inventory.own_variables(host) };
        for (name, node) in nodes {
            vars.insert(name, value_from_node(&node).map_err(Diagnostic::from)?);
        }
        if let Some(extra) = extra {
            vars.update(extra);
        }
        let groups = inventory.group_names(host).into_iter().filter(|name| *name != "ungrouped").map(Value::from);
        vars.insert("group_names", Value::List(groups.collect()));
        vars.insert("inventory_hostname", host);
        vars.insert("inventory_hostname_short", host.split('.').next().unwrap_or(host));
        Ok(Known(vars))
    }
}

/// What expressions see.
struct Known(Dict);

impl Names for Known {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name)
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().iter().map(Value::to_str).collect()
    }
}

/// An expression as text; YAML reads `1` and `true` as something else.
pub fn expression_text(node: &Node) -> String {
    match &node.kind {
        Kind::Str(text) | Kind::Unsafe(text) => text.clone(),
        _ => crate::template::plain_value(node).repr(),
    }
}
