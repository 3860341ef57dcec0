//! Conditions: `when`, `until`, `changed_when`, `failed_when`, and `assert`'s `that`.

use std::sync::Arc;

use super::load::Loading;
use crate::{
    source::{Kind, Node, Span, Spanned},
    template::{ErrorKind, Template, TemplateError},
    value::Value,
};

/// `that` of `assert`: its texts are expressions; anything else stays what it is until the task runs.
pub fn values(node: &Node, loading: &mut Loading) -> Option<Spanned<Value>> {
    if let Some(items) = node.as_list() {
        let values = items.iter().filter_map(|item| Some(values(item, loading)?.value)).collect::<Vec<_>>();
        return Some(Spanned::new(Value::from(values), node.span.clone()));
    }
    match node.as_str().filter(|text| !Template::is_all_template(text)) {
        Some(text) => {
            let template = match text.trim() {
                "" => Err(TemplateError::new(ErrorKind::Empty).at(node.span.clone())),
                _ => Template::expression(text, &node.span),
            };
            let template = template.unwrap_or_else(|error| Template::broken(text, &node.span, error));
            let value = Value::from(template);
            loading.warn_of_broken(&value);
            Some(Spanned::new(value, node.span.clone()))
        }
        None => loading.value(node),
    }
}

/// One condition, compiled once.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `true` or `false` as written.
    Constant(bool),
    /// An expression.
    Expression(Arc<Template>, Span),
    /// What is neither a text nor a boolean: an error, where that is not allowed for all.
    NoText(Spanned<Value>),
}

impl Condition {
    /// The conditions of a node: one, or a list that have to hold together.
    pub fn read(node: &Node, loading: &mut Loading) -> Vec<Self> {
        match node.as_list() {
            Some(items) => items.iter().filter_map(|item| Self::read_one(item, loading)).collect(),
            None => Self::read_one(node, loading).into_iter().collect(),
        }
    }

    /// The conditions of `changed_when` and `failed_when`, where nothing is an error.
    pub fn verdict(node: &Node, loading: &mut Loading) -> Vec<Self> {
        match node.kind {
            Kind::Null => vec![Self::broken("", node, ErrorKind::Empty)],
            _ => Self::read(node, loading),
        }
    }

    /// As it was written.
    pub fn written(&self) -> String {
        match self {
            Self::Constant(value) => value.to_string(),
            Self::Expression(template, _) => template.source().to_owned(),
            Self::NoText(value) => value.value.to_str(),
        }
    }

    fn read_one(node: &Node, loading: &mut Loading) -> Option<Self> {
        match &node.kind {
            Kind::Bool(value) => Some(Self::Constant(*value)),
            Kind::Null => Some(Self::Constant(true)),
            // Only the task that it is of fails.
            Kind::Str(text) if text.trim().is_empty() => Some(Self::broken(text, node, ErrorKind::Empty)),
            Kind::Str(text) | Kind::Timestamp(text) => Self::compile(text, &node.span, loading),
            // What is no template is no expression either, and that is found when the task runs.
            Kind::Unsafe(text) => Some(Self::broken(text, node, ErrorKind::Untrusted)),
            Kind::Vault(text) => Some(Self::broken(text, node, ErrorKind::NoText)),
            _ => loading.value(node).map(Self::NoText),
        }
    }

    /// A condition that fails when it is evaluated.
    fn broken(text: &str, node: &Node, why: ErrorKind) -> Self {
        let error = TemplateError::new(why).at(node.span.clone());
        Self::Expression(Arc::new(Template::broken(text, &node.span, error)), node.span.clone())
    }

    fn compile(text: &str, span: &Span, loading: &mut Loading) -> Option<Self> {
        match Template::conditional(text, span) {
            Ok(template) => Some(Self::Expression(Arc::new(template), span.clone())),
            Err(error) => {
                let broken = Value::from(Template::broken(text, span, error));
                loading.warn_of_broken(&broken);
                match broken {
                    Value::Lazy(template) => Some(Self::Expression(template, span.clone())),
                    _ => None,
                }
            }
        }
    }
}
