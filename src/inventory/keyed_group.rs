//! `keyed_groups` of the plugin `constructed`: groups named after the values of variables.

use crate::{
    source::{Diagnostic, Kind, Node, Span, nearest},
    template::{Context, Syntax, Template, TemplateError},
    value::Value,
};

use super::{constructed::expression_text, edit, options};

const OPTIONS: [&str; 6] = ["key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"];

/// One entry of `keyed_groups`.
pub struct KeyedGroup {
    key: Template,
    prefix: String,
    separator: String,
    /// Whether the separator stands in front of a name without prefix.
    leads: bool,
    parent: Option<Template>,
    default: Option<String>,
    /// Whether an empty value of a mapping leaves the separator behind its key.
    trails: bool,
    /// Where it stands.
    pub span: Span,
}

impl KeyedGroup {
    /// Reads an entry; `None` without a key. `leads` is the plugin's `leading_separator`.
    pub fn read(node: &Node, leads: bool) -> Result<Option<Self>, Diagnostic> {
        let Kind::Map(entries) = &node.kind else {
            let message = format!("a keyed group must be a mapping, and this is {}", node.describe());
            return Err(Diagnostic::error(message).at(&node.span).help("write `- key: VARIABLE`"));
        };
        for entry in entries {
            let name = entry.key.as_str().unwrap_or_default();
            if !OPTIONS.contains(&name) {
                let error = Diagnostic::error(format!("a keyed group has no `{name}`")).at(&entry.key.span);
                return Err(match nearest(name, OPTIONS) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error,
                });
            }
        }
        let text = |name: &str| node.get(name).filter(|value| value.kind != Kind::Null).map(expression_text);
        let Some(key) = node.get("key") else { return Ok(None) };
        let trails = options::flag(node, "trailing_separator")?;
        if trails.is_some() && text("default_value").is_some() {
            let message = "`default_value` and `trailing_separator` exclude each other";
            return Err(Diagnostic::error(message).at(&node.span).help("remove one of them"));
        }
        let parent = node.get("parent_group").filter(|parent| parent.kind != Kind::Null);
        let parent = parent.map(|parent| Template::compile(&expression_text(parent), &parent.span, &Syntax::default()));
        Ok(Some(Self {
            key: Template::expression(&expression_text(key), &key.span)?,
            prefix: text("prefix").unwrap_or_default(),
            separator: text("separator").unwrap_or_else(|| "_".to_owned()),
            leads,
            parent: parent.transpose()?,
            default: text("default_value"),
            trails: trails.unwrap_or(true),
            span: key.span.clone(),
        }))
    }

    /// The key as it is written.
    pub fn text(&self) -> &str {
        self.key.source()
    }

    /// The names of the groups for one host; the inner result fails for a value that cannot name a group.
    pub fn names(&self, context: &Context) -> Result<Result<Vec<String>, Diagnostic>, TemplateError> {
        let value = context.resolve_deep(&context.render(&self.key)?)?;
        if let Value::Undefined(undefined) = &value {
            return Err(TemplateError::undefined(undefined));
        }
        let is_empty = |value: &Value| value.is_none() || value.as_str() == Some("");
        let or_default = |value: &Value| match &self.default {
            Some(default) if is_empty(value) => default.clone(),
            _ => value.to_str(),
        };
        let bare: Vec<String> = match &value {
            value if is_empty(value) => self.default.iter().cloned().collect(),
            // The default stands for a missing name, not for a list of none.
            empty if !empty.is_truthy() => Vec::new(),
            Value::Str(text) => vec![text.to_string()],
            Value::List(items) => items.to_vec().iter().map(or_default).collect(),
            Value::Dict(dict) => {
                let name = |key: &Value, value: &Value| match &self.default {
                    None if is_empty(value) && !self.trails => key.to_str(),
                    _ => format!("{}{}{}", key.to_str(), self.separator, or_default(value)),
                };
                dict.entries().iter().map(|(key, value)| name(key.value(), value)).collect()
            }
            other => {
                let message = format!("`{}` cannot name a group: it is of type {}", self.text(), other.type_name());
                let help = "a keyed group is made of text, of a list of texts, or of a mapping; try `| string`";
                return Ok(Err(Diagnostic::error(message).at(&self.span).help(help)));
            }
        };
        let separator = if self.prefix.is_empty() && !self.leads { "" } else { &self.separator };
        let full = |name: String| edit::valid_name(&format!("{}{separator}{name}", self.prefix));
        Ok(Ok(bare.into_iter().map(full).filter(|name| !name.is_empty()).collect()))
    }

    /// The name of the group that holds them.
    pub fn parent(&self, context: &Context) -> Result<Option<String>, TemplateError> {
        let name = self.parent.as_ref().map(|parent| context.render_text(parent)).transpose()?;
        Ok(name.map(|name| edit::valid_name(&name)))
    }
}
