//! Tokens → syntax tree, with Jinja2's grammar.

mod expression;
mod statement;

use std::collections::HashSet;

use super::{
    Syntax, TemplateError,
    ast::{At, Expr, Statement},
    token::{self, Kind, Token},
};
use crate::{source::Span, value::Str};

/// Brackets and blocks nest no deeper than this: what is deeper is an attack on the stack.
const DEPTH: usize = 50;
/// Operators and filters follow each other no further than this, for the same reason.
const HEIGHT: usize = 200;

/// Parses a text with markers.
pub(super) fn template(text: &str, span: &Span, syntax: &Syntax) -> Result<Vec<Statement>, TemplateError> {
    let mut parser = Parser::new(text, span, false, syntax)?;
    let body = parser.body(&[])?;
    match parser.peek() {
        Kind::End => Ok(body),
        _ => Err(parser.unexpected()),
    }
}

/// Parses a text that is one expression; the result is the statement that prints it.
pub(super) fn expression(text: &str, span: &Span, syntax: &Syntax) -> Result<Vec<Statement>, TemplateError> {
    let mut parser = Parser::new(text, span, true, syntax)?;
    parser.embedded = true;
    let expr = parser.expr()?;
    match parser.peek() {
        Kind::End => Ok(vec![Statement::Print(expr)]),
        _ => Err(parser.error("chunk after expression")),
    }
}

struct Parser<'t> {
    tokens: Vec<Token>,
    next: usize,
    text: &'t str,
    span: &'t Span,
    depth: usize,
    /// How many `for` are open.
    loops: usize,
    /// What would close each open block, the innermost last.
    open: Vec<&'static [&'static str]>,
    /// The names of the blocks so far.
    blocks: HashSet<Str>,
    /// Whether text literals with markers are templates, as Ansible has it in conditions and lookups.
    embedded: bool,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, span: &'t Span, in_expression: bool, syntax: &Syntax) -> Result<Self, TemplateError> {
        let tokens = token::tokens(text, span, in_expression, syntax)?;
        let (open, blocks) = (Vec::new(), HashSet::new());
        Ok(Self { tokens, next: 0, text, span, depth: 0, loops: 0, open, blocks, embedded: false })
    }

    fn peek(&self) -> &Kind {
        &self.tokens[self.next].kind
    }

    fn peek_second(&self) -> &Kind {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)].kind
    }

    fn at(&self) -> At {
        self.tokens[self.next].at
    }

    /// Moves past a token; the last one, `End`, stays.
    fn advance(&mut self) -> Kind {
        let kind = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        kind
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Kind::Symbol(found) if *found == symbol)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Kind::Name(found) if **found == *name)
    }

    fn skip_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        if found {
            self.advance();
        }
        found
    }

    fn symbol(&mut self, symbol: &'static str) -> Result<(), TemplateError> {
        if self.skip_symbol(symbol) { Ok(()) } else { Err(self.expected(symbol)) }
    }

    fn keyword(&mut self, name: &'static str) -> Result<(), TemplateError> {
        if self.skip_name(name) { Ok(()) } else { Err(self.expected(name)) }
    }

    fn name(&mut self) -> Result<Str, TemplateError> {
        match self.peek() {
            Kind::Name(name) => {
                let name = name.clone();
                self.advance();
                Ok(name)
            }
            _ => Err(self.expected("name")),
        }
    }

    fn error(&self, message: impl Into<String>) -> TemplateError {
        self.error_at(message, self.at())
    }

    fn error_at(&self, message: impl Into<String>, at: At) -> TemplateError {
        TemplateError::syntax(message, token::place(self.text, self.span, at))
    }

    fn expected(&self, wanted: &str) -> TemplateError {
        match self.peek() {
            Kind::End => self.error(format!("unexpected end of template, expected '{wanted}'.")),
            found => self.error(format!("expected token '{wanted}', got '{}'", describe(found))),
        }
    }

    fn unexpected(&self) -> TemplateError {
        // Where a whole expression is missing, not a part of one.
        let before = self.next.checked_sub(1).map(|index| &self.tokens[index].kind);
        let is_whole = match (before, self.peek()) {
            (Some(Kind::VariableStart), _) => true,
            (Some(Kind::Name(name)), Kind::BlockEnd) => matches!(&**name, "if" | "elif" | "in" | "print"),
            (Some(Kind::Symbol(symbol)), Kind::BlockEnd) => *symbol == "=",
            _ => false,
        };
        if is_whole && matches!(self.peek(), Kind::VariableEnd | Kind::BlockEnd) {
            return self.error(format!("Expected an expression, got '{}'", describe(self.peek())));
        }
        self.error(format!("unexpected '{}'", describe(self.peek())))
    }

    /// Runs `parse` one level deeper.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, TemplateError>) -> Result<T, TemplateError> {
        if self.depth >= DEPTH {
            return Err(self.error("the template nests too deeply"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// An expression; fails if it is nested more deeply than an evaluator's stack holds.
    fn node(&self, at: At, kind: super::ast::ExprKind) -> Result<Expr, TemplateError> {
        let expr = Expr::new(at, kind);
        if usize::from(expr.height) > HEIGHT {
            return Err(self.error_at("the expression is too long", at));
        }
        Ok(expr)
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Data(_) => "template data".to_owned(),
        Kind::VariableStart => "begin of print statement".to_owned(),
        Kind::VariableEnd => "end of print statement".to_owned(),
        Kind::BlockStart => "begin of statement block".to_owned(),
        Kind::BlockEnd => "end of statement block".to_owned(),
        Kind::Name(name) => name.to_string(),
        Kind::Text(_) => "string".to_owned(),
        Kind::Number(number) => if number.type_name() == "float" { "float" } else { "integer" }.to_owned(),
        Kind::Symbol(symbol) => (*symbol).to_owned(),
        Kind::End => "end of template".to_owned(),
    }
}
