//! The syntax tree of a template. It owns its content, so that templates live as long as anyone uses them.

use std::sync::Arc;

use super::Template;
use crate::value::{Str, Value};

/// A byte offset into the template's text.
pub(super) type At = u32;

/// An expression and where it begins.
#[derive(Debug)]
pub(super) struct Expr {
    pub at: At,
    /// How many levels of expressions it has, itself included.
    pub height: u16,
    pub kind: ExprKind,
}

impl Expr {
    pub(super) fn new(at: At, kind: ExprKind) -> Self {
        let height = kind.inner_height().saturating_add(1);
        Self { at, height, kind }
    }
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Const(Value),
    Name(Str),
    /// Text out of several pieces is a plain constant; this is `[…]`.
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `a < b <= c`: the first operand, then each operator with its operand.
    Compare(Box<Expr>, Vec<(Compare, Expr)>),
    /// `a ~ b ~ c`.
    Concat(Vec<Expr>),
    /// `then if condition else otherwise`.
    If(Box<If>),
    Attribute(Box<Expr>, Str),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Call(Box<Expr>, Arguments),
    /// A text literal that is a template itself, in a condition or a lookup's arguments.
    Embedded(Box<Template>),
    /// A filter; without a value inside `{% filter %}` and `{% set x | f %}`.
    Filter(Option<Box<Expr>>, Str, Arguments),
    /// A test, perhaps negated.
    Test(Box<Expr>, Str, Arguments, bool),
}

impl ExprKind {
    fn inner_height(&self) -> u16 {
        fn max<'e>(items: impl IntoIterator<Item = &'e Expr>) -> u16 {
            items.into_iter().map(|item| item.height).max().unwrap_or(0)
        }
        match self {
            Self::Const(_) | Self::Name(_) | Self::Embedded(_) => 0,
            Self::List(items) | Self::Tuple(items) | Self::Concat(items) => max(items),
            Self::Dict(entries) => max(entries.iter().flat_map(|(key, value)| [key, value])),
            Self::Unary(_, operand) | Self::Attribute(operand, _) => operand.height,
            Self::Binary(_, left, right) | Self::And(left, right) | Self::Or(left, right) | Self::Item(left, right) => {
                left.height.max(right.height)
            }
            Self::Compare(first, rest) => first.height.max(max(rest.iter().map(|(_, operand)| operand))),
            Self::If(inline) => max([&inline.condition, &inline.then].into_iter().chain(&inline.otherwise)),
            Self::Slice(object, bounds) => object.height.max(max(bounds.iter().flatten())),
            Self::Call(callee, arguments) => callee.height.max(arguments.height()),
            Self::Filter(value, _, arguments) => value.as_ref().map_or(0, |value| value.height).max(arguments.height()),
            Self::Test(value, _, arguments, _) => value.height.max(arguments.height()),
        }
    }
}

impl Arguments {
    fn height(&self) -> u16 {
        let named = self.named.iter().map(|(_, argument)| argument);
        let stars = self.star.iter().chain(&self.double_star).map(|argument| &**argument);
        self.positional.iter().chain(named).chain(stars).map(|argument| argument.height).max().unwrap_or(0)
    }
}

#[derive(Debug)]
pub(super) struct If {
    pub condition: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub positional: Vec<Expr>,
    pub named: Vec<(Str, Expr)>,
    pub star: Option<Box<Expr>>,
    pub double_star: Option<Box<Expr>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Minus,
    Plus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

/// What an assignment writes to.
#[derive(Debug)]
pub(super) enum Target {
    Name(Str),
    /// `ns.name`, only in `set`.
    Attribute(Str, Str),
    Tuple(Vec<Self>),
}

impl Target {
    /// Whether it sets this name.
    pub fn sets(&self, name: &str) -> bool {
        match self {
            Self::Name(own) => **own == *name,
            Self::Attribute(..) => false,
            Self::Tuple(targets) => targets.iter().any(|target| target.sets(name)),
        }
    }
}

/// A statement or a piece of text.
#[derive(Debug)]
pub(super) enum Statement {
    Text(Str),
    Print(Expr),
    /// `{% print a, b %}`.
    Several(Vec<Self>),
    If(Vec<(Expr, Vec<Self>)>, Vec<Self>),
    For(Arc<For>),
    Set(Target, Expr),
    /// `{% set x | filter %}…{% endset %}`.
    SetBlock(Target, Option<Expr>, Vec<Self>),
    With(Vec<(Target, Expr)>, Vec<Self>),
    Filter(Expr, Vec<Self>),
    Macro(Arc<Macro>),
    CallBlock(Expr, Arc<Macro>),
    Do(Expr),
    Break,
    Continue,
    Include(Include),
    Import(Expr, Str, bool),
    FromImport(Expr, Vec<(Str, Str)>, bool),
    Extends(Expr),
    Block(Arc<Block>),
    /// `{% autoescape %}`: the body alone counts.
    Scope(Vec<Self>),
}

#[derive(Debug)]
pub(super) struct For {
    pub target: Target,
    pub items: Expr,
    pub condition: Option<Expr>,
    pub recursive: bool,
    pub body: Vec<Statement>,
    pub otherwise: Vec<Statement>,
}

#[derive(Debug)]
pub(super) struct Include {
    pub name: Expr,
    pub ignore_missing: bool,
    pub with_context: bool,
}

#[derive(Debug)]
pub(super) struct Macro {
    pub name: Option<Str>,
    pub parameters: Vec<Str>,
    /// Defaults of the last parameters.
    pub defaults: Vec<Expr>,
    pub body: Vec<Statement>,
    pub uses_caller: bool,
    pub uses_varargs: bool,
    pub uses_kwargs: bool,
}

#[derive(Debug)]
pub(super) struct Block {
    pub name: Str,
    /// Whether it sees the names of the loops and blocks around it.
    pub scoped: bool,
    pub required: bool,
    pub body: Vec<Statement>,
}
