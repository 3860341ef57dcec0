//! What goes wrong in a template, and where.

mod kind;
mod via;

use std::{fmt, sync::Arc};

use crate::{
    source::Span,
    value::{Str, Undefined, Value},
};

pub use kind::ErrorKind;
pub use via::Via;

/// An error with the place of the failing expression in its file, as far as it is known.
#[derive(Clone, Debug)]
pub struct TemplateError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    span: Option<Span>,
    values: Vec<(Str, Value)>,
    via: Vec<Via>,
    plugin: Option<Plugin>,
    in_text: bool,
    is_apart: bool,
    note: Option<String>,
}

/// A filter or test that failed.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// "filter" or "test".
    pub what: &'static str,
    /// Its full name.
    pub name: String,
}

impl TemplateError {
    /// An error with no place yet.
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            span: None,
            values: Vec::new(),
            via: Vec::new(),
            plugin: None,
            in_text: false,
            is_apart: false,
            note: None,
        }))
    }

    /// The template does not parse, at this place.
    pub fn syntax(text: impl Into<String>, span: Span) -> Self {
        Self::new(ErrorKind::Syntax(text.into())).at(span)
    }

    /// Something that does not exist was used.
    pub fn undefined(undefined: &Arc<Undefined>) -> Self {
        match &undefined.cause {
            Some(cause) => cause.clone(),
            None => Self::new(ErrorKind::Undefined(Arc::clone(undefined))),
        }
    }

    /// What Python would raise as `class`.
    pub fn raised(class: &'static str, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Raised { class, text: text.into() })
    }

    /// A `TypeError`.
    pub fn type_error(text: impl Into<String>) -> Self {
        Self::raised("TypeError", text)
    }

    /// A `ValueError`.
    pub fn value_error(text: impl Into<String>) -> Self {
        Self::raised("ValueError", text)
    }

    /// This error with its place, unless it has one.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    /// This error, raised by this filter or test, unless another one inside of it did.
    #[must_use]
    pub fn raised_by(mut self, what: &'static str, name: &str) -> Self {
        let full = || if name.contains('.') { name.to_owned() } else { format!("ansible.builtin.{name}") };
        self.0.plugin.get_or_insert_with(|| Plugin { what, name: full() });
        self
    }

    /// The filter or test that raised it.
    pub fn plugin(&self) -> Option<&Plugin> {
        self.0.plugin.as_ref()
    }

    /// This error as the failure of a lookup, if it is one that a lookup raised, and no template that it evaluated.
    #[must_use]
    pub fn in_lookup(mut self, name: &str) -> Self {
        if matches!(self.kind(), ErrorKind::Raised { .. }) && self.chain().is_empty() {
            self.0.kind = ErrorKind::Lookup { name: name.to_owned(), text: self.to_string() };
            self.0.span = None;
            self.0.plugin = None;
        }
        self
    }

    /// This error with a fact that Ansible does not tell: where a file was searched.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.note = Some(note.into());
        self
    }

    /// A fact that Ansible does not tell.
    pub fn noted(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// This error as one that Ansible raises while it handles another one, and tells apart from what failed.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.0.is_apart = true;
        self
    }

    /// Whether Ansible tells it apart from what failed.
    pub fn is_apart(&self) -> bool {
        self.0.is_apart
    }

    /// This error with the values of the names in the failing expression.
    #[must_use]
    pub fn with_values(mut self, values: Vec<(Str, Value)>) -> Self {
        self.0.values = values;
        self
    }

    /// The names in the failing expression, with their values.
    pub fn values(&self) -> &[(Str, Value)] {
        &self.0.values
    }

    /// This error, met while something was evaluated.
    #[must_use]
    pub fn via(mut self, via: Via) -> Self {
        self.0.via.push(via);
        self
    }

    /// This error as that of a template that cannot be compiled, whatever Python raises there.
    #[must_use]
    pub fn in_syntax(mut self) -> Self {
        if let ErrorKind::Raised { text, .. } = self.kind() {
            self.0.kind = ErrorKind::Syntax(text.clone());
        }
        self
    }

    /// This error, met in the file that begins at `span`.
    #[must_use]
    pub fn in_file(self, span: &Span) -> Self {
        self.via(Via::File(span.clone())).in_text()
    }

    /// This error, met in a text with templates in it, and not in an expression alone.
    #[must_use]
    pub fn in_text(mut self) -> Self {
        self.0.in_text = true;
        self
    }

    /// Whether it was met in a text, or in an expression alone, as conditions are.
    pub fn is_in_text(&self) -> bool {
        self.0.in_text || self.0.via.iter().any(|via| !matches!(via, Via::Condition(_)))
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Where, if it is known.
    pub fn span(&self) -> Option<&Span> {
        self.0.span.as_ref()
    }

    /// What was evaluated when it was met, the innermost first.
    pub fn chain(&self) -> &[Via] {
        &self.0.via
    }

    /// The place that Ansible names: that of the innermost template or file.
    pub fn origin(&self) -> Option<Span> {
        self.0.via.iter().find_map(Via::origin)
    }

    /// What does not exist, if that is the error.
    pub fn undefined_value(&self) -> Option<&Undefined> {
        match &self.0.kind {
            ErrorKind::Undefined(undefined) => Some(undefined),
            _ => None,
        }
    }

    /// Whether something that does not exist was used.
    pub fn is_undefined(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Undefined(_))
    }

    /// The name of the variable that does not exist, if that is the error.
    pub fn undefined_variable(&self) -> Option<&str> {
        match &self.0.kind {
            ErrorKind::Undefined(undefined) => undefined.variable(),
            _ => None,
        }
    }

    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        self.0.kind.help()
    }
}

impl std::error::Error for TemplateError {}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)
    }
}
