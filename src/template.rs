//! Templates: Jinja2's language with Python's semantics, as Ansible evaluates it.
//!
//! Text becomes tokens, tokens a tree, and the tree is walked. The tree owns its text and knows the place of every
//! expression. Nothing here runs text that came from a host.

mod error;
mod syntax;
mod ast;
mod codec;
mod token;
mod parser;
mod names;
mod repeat;
mod diagnose;
mod load;
mod arguments;
mod signature;
mod environment;
mod context;
mod date;
mod evaluate;
mod python_regex;
mod random;
mod network;
mod jmespath;
mod filter;
mod test;
mod function;
mod file_names;
mod lookup;
mod method;

use std::sync::{Arc, OnceLock};

use crate::{
    source::{MASK, Place, Span},
    value::{Str, Value},
};

pub use arguments::Arguments;
pub use codec::Codec;
pub use context::{Context, Shown};
pub use environment::{Environment, Filter, Function, HostSelector, Installed, Lookup, Test};
pub use error::{ErrorKind, TemplateError, Via};
pub use file_names::template_file_names;
pub use filter::{json::one_line as json_line, password::hash as password_hash};
pub use load::{node_from_value, plain_value, value_from_node};
pub(crate) use method::is_printable;
pub use python_regex::pattern as python_pattern;
pub use syntax::Syntax;

/// The variables of one task on one host.
pub trait Names: Send + Sync {
    /// The value of a variable; it may be lazy.
    fn lookup(&self, name: &str) -> Option<Value>;
    /// All names, for `varnames` and suggestions.
    fn names(&self) -> Vec<String>;
    /// Whether the evaluation may do something, or ask for what is another thing each time; `false` where a task
    /// is only looked at before its turn.
    fn is_in_turn(&self) -> bool {
        true
    }
}

/// A template, compiled once and evaluated as often as needed.
pub struct Template {
    origin: Arc<evaluate::Origin>,
    body: Vec<ast::Statement>,
    expression: bool,
    mutates: bool,
    names: Vec<Str>,
    words: Vec<names::Word>,
    broken: Option<TemplateError>,
    is_encrypted: bool,
    /// How its lines end, if not by a line feed.
    newline: Option<Box<str>>,
    /// Its place, once something was made of it.
    place: OnceLock<Place>,
}

/// What goes before the error of an expression with markers in it.
const NO_DELIMITERS: &str = "Template delimiters are not supported in expressions: ";

impl Template {
    /// Compiles a text that may hold markers; `span` is where it begins in its file.
    pub fn compile(text: &str, span: &Span, syntax: &Syntax) -> Result<Self, TemplateError> {
        // What has no markers keeps its line ends.
        if syntax.is_plain(text) {
            return Ok(Self::plain(text, span));
        }
        Self::compile_lines(text, span, syntax, &syntax.newline_sequence)
    }

    fn plain(text: &str, span: &Span) -> Self {
        let body = if text.is_empty() { Vec::new() } else { vec![ast::Statement::Text(text.into())] };
        Self::new(text, span, body, false)
    }

    /// Compiles a text whose last lines end by `newline`.
    fn compile_lines(text: &str, span: &Span, syntax: &Syntax, newline: &str) -> Result<Self, TemplateError> {
        if syntax.is_plain(text) && syntax.newline_sequence == "\n" {
            return Ok(Self::plain(text, span));
        }
        let text = &*token::with_newlines(text);
        let body = parser::template(text, span, syntax)?;
        let newline = (newline != "\n").then(|| newline.into());
        Ok(Self { newline, ..Self::new(text, span, body, false) })
    }

    /// Compiles a bare expression, as `when`, `until` and `failed_when` hold it. An expression in `{{ }}` is taken too.
    pub fn expression(text: &str, span: &Span) -> Result<Self, TemplateError> {
        if text.trim_start().starts_with("{{") && text.trim_end().ends_with("}}") {
            let template = Self::compile(text.trim_end(), span, &Syntax::default())?;
            return Ok(Self { expression: true, ..template });
        }
        let text = &*token::with_newlines(text);
        let syntax = Syntax { keep_escapes: false, ..Syntax::default() };
        let body = parser::expression(text, span, &syntax).map_err(|error| match error.kind() {
            ErrorKind::Syntax(why) if !Self::is_plain(text) => {
                let place = error.span().unwrap_or(span).clone();
                TemplateError::syntax(format!("{NO_DELIMITERS}{why}"), place)
            }
            _ => error,
        })?;
        Ok(Self::new(text, span, body, true))
    }

    /// Compiles a condition: an expression, or a template that makes its text.
    pub fn conditional(text: &str, span: &Span) -> Result<Self, TemplateError> {
        if Self::is_all_template(text) {
            Self::compile(text.trim(), span, &Syntax::default())
        } else {
            Self::expression(text, span)
        }
    }

    /// Whether a text begins and ends with markers.
    pub fn is_all_template(text: &str) -> bool {
        let text = text.trim();
        ["{{", "{%", "{#"].iter().any(|marker| text.starts_with(marker))
            && ["}}", "%}", "#}"].iter().any(|marker| text.ends_with(marker))
    }

    fn new(text: &str, span: &Span, body: Vec<ast::Statement>, expression: bool) -> Self {
        let facts = names::collect(&body);
        Self {
            origin: Arc::new(evaluate::Origin { source: Str::from(text), span: span.clone() }),
            body,
            expression,
            mutates: facts.mutates,
            names: facts.free,
            words: facts.words,
            broken: None,
            is_encrypted: false,
            newline: None,
            place: OnceLock::new(),
        }
    }

    /// A text that is no template: whoever uses it gets the error.
    pub fn broken(text: &str, span: &Span, error: TemplateError) -> Self {
        Self { broken: Some(error), ..Self::new(text, span, Vec::new(), false) }
    }

    /// Whether it was written without markers, as an expression.
    pub fn is_expression(&self) -> bool {
        self.expression
    }

    /// An encrypted value: it means what it holds, which is no template, and is decrypted when it is first used.
    pub fn encrypted(text: &str, span: &Span) -> Self {
        Self { is_encrypted: true, ..Self::new(text, span, Vec::new(), false) }
    }

    /// Whether it is an encrypted value, and its source the ciphertext.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Why it cannot be evaluated, if it is no template.
    pub fn error(&self) -> Option<&TemplateError> {
        self.broken.as_ref()
    }

    /// Whether a text has no markers and so means itself.
    pub fn is_plain(text: &str) -> bool {
        !text.contains("{{") && !text.contains("{%") && !text.contains("{#")
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.origin.source
    }

    /// The text as it may be shown: hidden where it stands in an encrypted file.
    pub fn shown_source(&self) -> &str {
        if self.span().file.is_secret() { MASK } else { self.source() }
    }

    /// Where it begins.
    pub fn span(&self) -> &Span {
        &self.origin.span
    }

    /// The place of what it makes.
    fn place(&self) -> Place {
        *self.place.get_or_init(|| Place::new(self.span()))
    }

    /// Its value if it depends on nothing.
    pub fn constant(&self) -> Option<Value> {
        match &self.body[..] {
            _ if self.is_encrypted => None,
            [] => Some(Value::empty_text()),
            [ast::Statement::Text(text)] => Some(Value::Str(text.clone())),
            [ast::Statement::Print(ast::Expr { kind: ast::ExprKind::Const(value), .. })] => Some(value.clone()),
            _ => None,
        }
    }

    /// The variables it reads: names that it does not set itself. Functions such as `lookup` are among them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether it holds text of its own from a file that was encrypted, and so makes texts that are secrets.
    fn makes_secrets(&self) -> bool {
        self.span().file.is_secret() && !matches!(&self.body[..], [ast::Statement::Print(_)])
    }

    fn origin(&self) -> Arc<evaluate::Origin> {
        Arc::clone(&self.origin)
    }

    /// The value with the newlines that the template ended with, if it is text that has fewer.
    fn with_final_newlines(&self, value: Value) -> Value {
        let newline = self.newline.as_deref().unwrap_or("\n");
        let count = |text: &str, newline: &str| (text.len() - text.trim_end_matches(newline).len()) / newline.len();
        let wanted = count(self.source(), "\n");
        match &value {
            Value::Str(text) if !self.expression && wanted > count(text, newline) => {
                format!("{text}{}", newline.repeat(wanted - count(text, newline))).into()
            }
            _ => value,
        }
    }
}

/// Compiles a template file, whose first line may be a `#jinja2:` header that changes the syntax.
#[cfg(test)]
pub fn template_file(text: &str, span: &Span) -> Result<Template, TemplateError> {
    template_file_with(text, span, Syntax { keep_escapes: false, ..Syntax::default() })
}

/// Compiles a template file with a syntax of the task's own (`variable_start_string` and its kin) under the header.
pub fn template_file_with(text: &str, span: &Span, mut syntax: Syntax) -> Result<Template, TemplateError> {
    // The header changes all lines but the end of the last one.
    let newline = syntax.newline_sequence.clone();
    let (rest, header) = syntax.split_header(text, span)?;
    if !header {
        return Template::compile(rest, span, &syntax);
    }
    let span = Span { line: span.line + 1, column: 1, ..span.clone() };
    Template::compile_lines(rest, &span, &syntax, &newline)
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({:?} at {})", self.source(), self.span())
    }
}

/// A compiled template as a value.
impl From<Template> for Value {
    fn from(template: Template) -> Self {
        Self::Lazy(Arc::new(template))
    }
}

#[cfg(test)]
mod tests;
