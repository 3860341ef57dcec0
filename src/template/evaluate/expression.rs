//! Expressions.

use std::sync::Arc;

use super::{
    super::{
        TemplateError,
        ast::{Binary, Expr, ExprKind, Unary},
        names,
    },
    Frame,
    attribute::{attribute, item, slice},
};
use crate::value::{Dict, Key, Str, Undefined, Value};

/// Lists and dicts stand in each other no deeper than this.
const DEPTH: u16 = 300;

impl Frame<'_> {
    /// The value of an expression. It may be undefined; it is not lazy itself, though what it holds may be.
    pub(super) fn expr(&self, expr: &Expr) -> Result<Value, TemplateError> {
        self.expr_inner(expr).map_err(|error| self.placed(error, expr))
    }

    /// An error with its place and the values that led to it, unless it has a place.
    fn placed(&self, error: TemplateError, expr: &Expr) -> TemplateError {
        match error.span() {
            Some(_) => error,
            None => error.at(self.template.place(expr.at)).with_values(self.values(expr)),
        }
    }

    /// The line of its template in which an expression stands.
    fn line(&self, expr: &Expr) -> usize {
        let before = self.template.source.get(..expr.at as usize).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    /// The names in an expression that have a value by now.
    fn values(&self, expr: &Expr) -> Vec<(Str, Value)> {
        let value = |name: &Str| self.scope.get(name).or_else(|| self.shared.names.lock().get(name).cloned());
        let data = |value: &Value| !matches!(value, Value::Undefined(_) | Value::Object(_));
        names::of(expr).into_iter().filter_map(|name| value(&name).filter(data).map(|value| (name, value))).collect()
    }

    /// What a call, filter, test or variable gave: an error waits, with its place, until someone uses the value.
    pub(super) fn caught(&self, result: Result<Value, TemplateError>, expr: &Expr) -> Value {
        let error = match result {
            Ok(Value::Undefined(undefined)) if undefined.cause.is_none() && !undefined.is_silent() => {
                TemplateError::undefined(&undefined)
            }
            Ok(value) => match not_too_deep(value) {
                Ok(value) => return value,
                Err(error) => error,
            },
            Err(error) => error,
        };
        Value::Undefined(Arc::new(Undefined::caused_by(self.placed(error, expr))))
    }

    fn expr_inner(&self, expr: &Expr) -> Result<Value, TemplateError> {
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Name(name) => Ok(self.caught(self.name(name), expr)),
            ExprKind::List(items) => {
                items.iter().map(|item| self.expr(item)).collect::<Result<Value, _>>().and_then(not_too_deep)
            }
            ExprKind::Tuple(items) => {
                let items = items.iter().map(|item| self.expr(item)).collect::<Result<Vec<_>, _>>()?;
                not_too_deep(Value::Tuple(items.into()))
            }
            ExprKind::Dict(entries) => {
                let dict = Dict::new();
                for (key, value) in entries {
                    dict.set(Key::new(self.expr(key)?)?, self.expr(value)?);
                }
                not_too_deep(Value::Dict(dict))
            }
            ExprKind::Unary(operator, operand) => {
                let value = self.expr(operand)?;
                match operator {
                    Unary::Not => Ok(Value::Bool(!truth(&value)?)),
                    Unary::Minus => value.negate(),
                    Unary::Plus => value.plus(),
                }
            }
            ExprKind::Binary(operator, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                if let Value::Undefined(undefined) = &left {
                    return Err(TemplateError::undefined(undefined));
                }
                match operator {
                    Binary::Add => left.add(&right),
                    Binary::Subtract => left.subtract(&right),
                    Binary::Multiply => left.multiply(&right),
                    Binary::Divide => left.divide(&right),
                    Binary::FloorDivide => left.floor_divide(&right),
                    Binary::Modulo => left.modulo(&self.context.resolve_inside(&right)?),
                    Binary::Power => left.power(&right),
                }
            }
            ExprKind::And(left, right) => {
                let value = self.expr(left)?;
                if truth(&value)? { self.expr(right) } else { Ok(value) }
            }
            ExprKind::Or(left, right) => {
                let value = self.expr(left)?;
                if truth(&value)? { Ok(value) } else { self.expr(right) }
            }
            ExprKind::Compare(first, rest) => self.compare(first, rest),
            ExprKind::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    let value = self.context.resolve_inside(&self.expr(part)?)?;
                    if let Some(undefined) = value.missing_inside() {
                        return Err(TemplateError::undefined(&undefined));
                    }
                    text.push_str(&value.to_str());
                }
                Ok(text.into())
            }
            ExprKind::If(inline) => {
                if truth(&self.expr(&inline.condition)?)? {
                    return self.expr(&inline.then);
                }
                match &inline.otherwise {
                    Some(otherwise) => self.expr(otherwise),
                    None => Ok(Value::Undefined(Arc::new(Undefined::without_else(self.line(expr))))),
                }
            }
            ExprKind::Attribute(object, name) => {
                let object = self.expr(object)?;
                let value = attribute(&object, name)?;
                Ok(self.caught(self.context.resolve(&value), expr))
            }
            ExprKind::Item(object, index) => {
                let (object, index) = (self.expr(object)?, self.expr(index)?);
                let value = item(&object, &index)?;
                Ok(self.caught(self.context.resolve(&value), expr))
            }
            ExprKind::Slice(object, bounds) => {
                let object = self.expr(object)?;
                let mut values = [None, None, None];
                for (value, bound) in values.iter_mut().zip(bounds.iter()) {
                    *value = match bound {
                        Some(bound) => Some(self.expr(bound)?),
                        None => None,
                    };
                }
                slice(&object, &values)
            }
            ExprKind::Call(callee, arguments) => self.call(callee, arguments, expr),
            ExprKind::Embedded(template) => Frame { template: template.origin(), ..self.clone() }.run(template),
            ExprKind::Filter(value, name, arguments) => {
                let value = match value {
                    Some(value) => self.expr(value)?,
                    None => return Err(TemplateError::type_error("a filter without a value")),
                };
                self.filter(value, name, arguments, expr)
            }
            ExprKind::Test(value, name, arguments, negated) => {
                let value = self.expr(value)?;
                self.test(value, name, arguments, *negated, expr)
            }
        }
    }
}

/// Fails for lists and dicts that stand in each other more deeply than a stack holds.
fn not_too_deep(value: Value) -> Result<Value, TemplateError> {
    if value.height() > DEPTH {
        return Err(TemplateError::raised("RecursionError", "maximum recursion depth exceeded"));
    }
    Ok(value)
}

/// The truth of a value; undefined is an error.
pub(in crate::template) fn truth(value: &Value) -> Result<bool, TemplateError> {
    match value.missing() {
        Some(undefined) => Err(TemplateError::undefined(undefined)),
        None => Ok(value.is_truthy()),
    }
}
