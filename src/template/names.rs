//! Which names a template reads, found without evaluating it.

use std::collections::BTreeSet;

use super::ast::{Arguments, At, Expr, ExprKind, Statement, Target};
use crate::value::{Str, Value};

/// Methods that change a list or dict in place.
const MUTATORS: [&str; 11] =
    ["append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse", "update", "setdefault"];

/// What is known of a template before it is evaluated.
pub(super) struct Facts {
    /// Filters and tests that it uses, but for those that an `if` may leave out.
    pub words: Vec<Word>,
    /// Whether it calls a method that may change a variable in place.
    pub mutates: bool,
    /// Names that it reads and does not set.
    pub free: Vec<Str>,
}

/// A filter or test, and where it stands.
pub(super) struct Word {
    pub is_test: bool,
    pub name: Str,
    pub at: At,
}

#[derive(Default)]
struct Walker {
    words: Vec<Word>,
    /// Whether the walk is directly inside an `if`.
    soft: bool,
    read: BTreeSet<Str>,
    set: BTreeSet<Str>,
    mutates: bool,
}

/// Reads the whole template. A name that is set anywhere in it counts as its own.
pub(super) fn collect(body: &[Statement]) -> Facts {
    let mut walker = Walker::default();
    walker.body(body);
    let own = ["loop", "self", "super", "caller", "varargs", "kwargs"];
    let free = walker.read.iter().filter(|name| !walker.set.contains(*name) && !own.contains(&&***name));
    let free = free.cloned().collect();
    Facts { mutates: walker.mutates, free, words: walker.words }
}

/// The names that an expression reads, in the order of the alphabet.
pub(super) fn of(expr: &Expr) -> Vec<Str> {
    let mut walker = Walker::default();
    walker.expr(expr);
    walker.read.into_iter().collect()
}

/// Whether a body reads a name anywhere.
pub(super) fn reads(body: &[Statement], name: &str) -> bool {
    let mut walker = Walker::default();
    walker.body(body);
    walker.read.contains(&Str::from(name))
}

impl Walker {
    fn body(&mut self, body: &[Statement]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    /// A body with a scope of its own.
    fn inner(&mut self, body: &[Statement]) {
        let outside = std::mem::replace(&mut self.soft, false);
        self.body(body);
        self.soft = outside;
    }

    fn word(&mut self, is_test: bool, name: &Str, at: At) {
        if !self.soft {
            self.words.push(Word { is_test, name: name.clone(), at });
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Text(_) | Statement::Break | Statement::Continue => {}
            Statement::Print(expr) | Statement::Do(expr) | Statement::Extends(expr) => self.expr(expr),
            Statement::If(branches, otherwise) => {
                let outside = std::mem::replace(&mut self.soft, true);
                for (condition, body) in branches {
                    self.expr(condition);
                    self.body(body);
                }
                self.body(otherwise);
                self.soft = outside;
            }
            Statement::For(repeat) => {
                self.target(&repeat.target);
                self.expr(&repeat.items);
                repeat.condition.iter().for_each(|condition| self.expr(condition));
                self.inner(&repeat.body);
                self.inner(&repeat.otherwise);
            }
            Statement::Set(target, expr) => {
                self.target(target);
                self.expr(expr);
            }
            Statement::SetBlock(target, filter, body) => {
                self.target(target);
                filter.iter().for_each(|filter| self.expr(filter));
                self.inner(body);
            }
            Statement::With(assignments, body) => {
                for (target, expr) in assignments {
                    self.target(target);
                    self.expr(expr);
                }
                self.inner(body);
            }
            Statement::Filter(filter, body) => {
                self.expr(filter);
                self.inner(body);
            }
            Statement::Macro(definition) | Statement::CallBlock(_, definition) => {
                if let Statement::CallBlock(call, _) = statement {
                    self.expr(call);
                }
                self.set.extend(definition.name.clone());
                self.set.extend(definition.parameters.iter().cloned());
                definition.defaults.iter().for_each(|default| self.expr(default));
                self.inner(&definition.body);
            }
            Statement::Include(include) => self.expr(&include.name),
            Statement::Import(name, alias, _) => {
                self.expr(name);
                self.set.insert(alias.clone());
            }
            Statement::FromImport(name, imports, _) => {
                self.expr(name);
                self.set.extend(imports.iter().map(|(_, alias)| alias.clone()));
            }
            Statement::Block(block) => self.inner(&block.body),
            Statement::Several(body) => self.body(body),
            Statement::Scope(body) => self.inner(body),
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(name) => {
                self.set.insert(name.clone());
            }
            Target::Attribute(name, _) => {
                self.read.insert(name.clone());
            }
            Target::Tuple(targets) => targets.iter().for_each(|target| self.target(target)),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Const(_) => {}
            ExprKind::Name(name) => {
                self.read.insert(name.clone());
            }
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => {
                items.iter().for_each(|item| self.expr(item));
            }
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Unary(_, operand) => self.expr(operand),
            ExprKind::Binary(_, left, right) | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Compare(first, rest) => {
                self.expr(first);
                rest.iter().for_each(|(_, operand)| self.expr(operand));
            }
            ExprKind::If(inline) => {
                let outside = std::mem::replace(&mut self.soft, true);
                self.expr(&inline.condition);
                self.expr(&inline.then);
                inline.otherwise.iter().for_each(|otherwise| self.expr(otherwise));
                self.soft = outside;
            }
            // It checks its own words.
            ExprKind::Embedded(template) => {
                let outside = std::mem::replace(&mut self.soft, true);
                self.body(&template.body);
                self.soft = outside;
            }
            ExprKind::Attribute(object, name) => {
                self.mutates |= MUTATORS.contains(&&**name);
                self.expr(object);
            }
            ExprKind::Item(object, index) => {
                self.mutates |= matches!(&index.kind, ExprKind::Const(Value::Str(name)) if MUTATORS.contains(&&**name));
                self.expr(object);
                self.expr(index);
            }
            ExprKind::Slice(object, bounds) => {
                self.expr(object);
                bounds.iter().flatten().for_each(|bound| self.expr(bound));
            }
            ExprKind::Call(callee, arguments) => {
                // What is called without a name may be any method.
                self.mutates |= !matches!(callee.kind, ExprKind::Attribute(..) | ExprKind::Name(_));
                self.expr(callee);
                self.arguments(arguments);
            }
            ExprKind::Filter(value, name, arguments) => {
                self.mutates |= **name == *"attr";
                self.word(false, name, expr.at);
                value.iter().for_each(|value| self.expr(value));
                self.arguments(arguments);
            }
            ExprKind::Test(value, name, arguments, _) => {
                self.word(true, name, expr.at);
                self.expr(value);
                self.arguments(arguments);
            }
        }
    }

    fn arguments(&mut self, arguments: &Arguments) {
        arguments.positional.iter().for_each(|argument| self.expr(argument));
        arguments.named.iter().for_each(|(_, argument)| self.expr(argument));
        arguments.star.iter().chain(&arguments.double_star).for_each(|argument| self.expr(argument));
    }
}
