//! Which names a template reads, found without evaluating it.

use std::collections::BTreeSet;

use super::ast::{Arguments, Expr, ExprKind, Statement, Target};
use crate::value::Str;

/// Methods that change a list or dict in place.
const MUTATORS: [&str; 11] =
    ["append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse", "update", "setdefault"];

/// What is known of a template before it is evaluated.
pub(super) struct Facts {
    /// Whether it calls a method that may change a variable in place.
    pub mutates: bool,
    /// Names that it reads and does not set.
    pub free: Vec<Str>,
}

#[derive(Default)]
struct Walker {
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
    Facts { mutates: walker.mutates, free: free.cloned().collect() }
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

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Text(_) | Statement::Break | Statement::Continue => {}
            Statement::Print(expr) | Statement::Do(expr) | Statement::Extends(expr) => self.expr(expr),
            Statement::If(branches, otherwise) => {
                for (condition, body) in branches {
                    self.expr(condition);
                    self.body(body);
                }
                self.body(otherwise);
            }
            Statement::For(repeat) => {
                self.target(&repeat.target);
                self.expr(&repeat.items);
                repeat.condition.iter().for_each(|condition| self.expr(condition));
                self.body(&repeat.body);
                self.body(&repeat.otherwise);
            }
            Statement::Set(target, expr) => {
                self.target(target);
                self.expr(expr);
            }
            Statement::SetBlock(target, filter, body) => {
                self.target(target);
                filter.iter().for_each(|filter| self.expr(filter));
                self.body(body);
            }
            Statement::With(assignments, body) => {
                for (target, expr) in assignments {
                    self.target(target);
                    self.expr(expr);
                }
                self.body(body);
            }
            Statement::Filter(filter, body) => {
                self.expr(filter);
                self.body(body);
            }
            Statement::Macro(definition) | Statement::CallBlock(_, definition) => {
                if let Statement::CallBlock(call, _) = statement {
                    self.expr(call);
                }
                self.set.extend(definition.name.clone());
                self.set.extend(definition.parameters.iter().cloned());
                definition.defaults.iter().for_each(|default| self.expr(default));
                self.body(&definition.body);
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
            Statement::Block(block) => self.body(&block.body),
            Statement::Scope(body) => self.body(body),
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
                self.expr(&inline.condition);
                self.expr(&inline.then);
                inline.otherwise.iter().for_each(|otherwise| self.expr(otherwise));
            }
            ExprKind::Embedded(template) => self.body(&template.body),
            ExprKind::Attribute(object, _) => self.expr(object),
            ExprKind::Item(object, index) => {
                self.expr(object);
                self.expr(index);
            }
            ExprKind::Slice(object, bounds) => {
                self.expr(object);
                bounds.iter().flatten().for_each(|bound| self.expr(bound));
            }
            ExprKind::Call(callee, arguments) => {
                if let ExprKind::Attribute(_, method) = &callee.kind {
                    self.mutates |= MUTATORS.contains(&&**method);
                }
                self.expr(callee);
                self.arguments(arguments);
            }
            ExprKind::Filter(value, _, arguments) => {
                value.iter().for_each(|value| self.expr(value));
                self.arguments(arguments);
            }
            ExprKind::Test(value, _, arguments, _) => {
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
