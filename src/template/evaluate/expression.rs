//! Expressions.

use std::{cmp::Ordering, sync::Arc};

use super::{
    super::{
        Arguments, ErrorKind, TemplateError,
        ast::{self, Binary, Compare, Expr, ExprKind, Unary},
        environment::{find_word, short_name},
        method,
    },
    Frame,
    attribute::{attribute, item, slice},
};
use crate::value::{Dict, Key, Str, Undefined, Value};

/// Filters that look only at the outside of a container, or at one item of it: what they do not touch stays lazy.
const SHALLOW: [&str; 13] = [
    "default",
    "d",
    "length",
    "count",
    "first",
    "last",
    "mandatory",
    "type_debug",
    "ternary",
    "attr",
    "extract",
    "bool",
    "keys",
];

impl Frame<'_> {
    /// The value of an expression. It may be undefined; it is not lazy itself, though what it holds may be.
    pub(super) fn expr(&self, expr: &Expr) -> Result<Value, TemplateError> {
        self.expr_inner(expr).map_err(|error| match error.span() {
            Some(_) => error,
            None => error.at(self.template.place(expr.at)),
        })
    }

    fn expr_inner(&self, expr: &Expr) -> Result<Value, TemplateError> {
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Name(name) => self.name(name),
            ExprKind::List(items) => items.iter().map(|item| self.expr(item)).collect(),
            ExprKind::Tuple(items) => {
                Ok(Value::Tuple(items.iter().map(|item| self.expr(item)).collect::<Result<Vec<_>, _>>()?.into()))
            }
            ExprKind::Dict(entries) => {
                let dict = Dict::new();
                for (key, value) in entries {
                    dict.set(Key::new(self.expr(key)?)?, self.expr(value)?);
                }
                Ok(Value::Dict(dict))
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
                    if let Some(undefined) = value.missing() {
                        return Err(TemplateError::undefined(undefined));
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
                    None => Ok(Value::Undefined(Arc::new(Undefined::without_else()))),
                }
            }
            ExprKind::Attribute(object, name) => {
                let object = self.expr(object)?;
                self.context.resolve(&attribute(&object, name)?)
            }
            ExprKind::Item(object, index) => {
                let (object, index) = (self.expr(object)?, self.expr(index)?);
                self.context.resolve(&item(&object, &index)?)
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
            ExprKind::Call(callee, arguments) => self.call(callee, arguments),
            ExprKind::Embedded(template) => Frame { template: template.origin(), ..self.clone() }.run(template),
            ExprKind::Filter(value, name, arguments) => {
                let value = match value {
                    Some(value) => self.expr(value)?,
                    None => return Err(TemplateError::type_error("a filter without a value")),
                };
                self.filter(value, name, arguments)
            }
            ExprKind::Test(value, name, arguments, negated) => {
                let value = self.context.resolve_inside(&self.expr(value)?)?;
                let arguments = self.arguments(name, Some(value), arguments, true)?;
                Ok(Value::Bool(apply_test(arguments, name)? != *negated))
            }
        }
    }

    /// Applies a filter with the arguments of the tree.
    pub(super) fn filter(&self, value: Value, name: &Str, arguments: &ast::Arguments) -> Result<Value, TemplateError> {
        let deep = !SHALLOW.contains(&short_name(name));
        let value = if deep { self.context.resolve_inside(&value)? } else { value };
        let arguments = self.arguments(name, Some(value), arguments, deep)?;
        self.context.resolve(&apply_filter(arguments, name)?)
    }

    /// Applies a filter, or the filters of `{% filter a | b %}`, to a value.
    pub(super) fn filter_chain(&self, value: Value, chain: &Expr) -> Result<Value, TemplateError> {
        match &chain.kind {
            ExprKind::Filter(inner, name, arguments) => {
                let value = match inner {
                    Some(inner) => self.filter_chain(value, inner)?,
                    None => value,
                };
                self.filter(value, name, arguments).map_err(|error| error.at(self.template.place(chain.at)))
            }
            _ => self.expr(chain),
        }
    }

    fn compare(&self, first: &Expr, rest: &[(Compare, Expr)]) -> Result<Value, TemplateError> {
        let mut left = self.context.resolve_inside(&self.expr(first)?)?;
        for (operator, right) in rest {
            let right = self.context.resolve_inside(&self.expr(right)?)?;
            for side in [&left, &right] {
                if let Some(undefined) = side.missing() {
                    return Err(TemplateError::undefined(undefined));
                }
            }
            let order = |sign| left.python_cmp(&right, sign);
            let holds = match operator {
                Compare::Equal => left.python_eq(&right),
                Compare::Unequal => !left.python_eq(&right),
                Compare::Less => order("<")? == Some(Ordering::Less),
                Compare::LessEqual => matches!(order("<=")?, Some(Ordering::Less | Ordering::Equal)),
                Compare::Greater => order(">")? == Some(Ordering::Greater),
                Compare::GreaterEqual => matches!(order(">=")?, Some(Ordering::Greater | Ordering::Equal)),
                Compare::In => contains(&right, &left)?,
                Compare::NotIn => !contains(&right, &left)?,
            };
            if !holds {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn call(&self, callee: &Expr, arguments: &ast::Arguments) -> Result<Value, TemplateError> {
        if let ExprKind::Attribute(object, name) = &callee.kind {
            let object = self.expr(object)?;
            if method::exists(&object, name) {
                let object = if method::is_shallow(name) { object } else { self.context.resolve_inside(&object)? };
                let arguments = self.arguments(name, None, arguments, true)?;
                return self.context.resolve(&method::call(&object, name, arguments)?);
            }
            let value = self.context.resolve(&attribute(&object, name)?)?;
            return self.call_value(&value, name, arguments);
        }
        let name = match &callee.kind {
            ExprKind::Name(name) => name.clone(),
            _ => Str::from("object"),
        };
        let value = self.expr(callee)?;
        self.call_value(&value, &name, arguments)
    }

    fn call_value(&self, value: &Value, name: &Str, arguments: &ast::Arguments) -> Result<Value, TemplateError> {
        match value {
            Value::Object(object) => {
                let arguments = self.arguments(name, None, arguments, true)?;
                self.context.resolve(&object.call(arguments)?)
            }
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            other => Err(TemplateError::type_error(format!("'{}' object is not callable", other.type_name()))),
        }
    }

    /// Evaluates the arguments of a call; `first` stands before them.
    pub(super) fn arguments<'b>(
        &'b self,
        name: &'b str,
        first: Option<Value>,
        arguments: &ast::Arguments,
        deep: bool,
    ) -> Result<Arguments<'b>, TemplateError> {
        let value = |expr: &Expr| {
            let value = self.expr(expr)?;
            if deep { self.context.resolve_inside(&value) } else { Ok(value) }
        };
        let mut positional: Vec<Value> = first.into_iter().collect();
        for argument in &arguments.positional {
            positional.push(value(argument)?);
        }
        if let Some(star) = &arguments.star {
            positional.extend(value(star)?.iter()?);
        }
        let mut named = Vec::with_capacity(arguments.named.len());
        for (key, argument) in &arguments.named {
            named.push((key.clone(), value(argument)?));
        }
        if let Some(stars) = &arguments.double_star {
            let stars = value(stars)?;
            let Value::Dict(dict) = &stars else {
                return Err(TemplateError::type_error(format!(
                    "argument after ** must be a mapping, not {}",
                    stars.type_name()
                )));
            };
            for (key, value) in dict.entries() {
                let Some(key) = key.as_str() else { return Err(TemplateError::type_error("keywords must be strings")) };
                named.push((Str::from(key), value));
            }
        }
        Ok(Arguments { context: self.context, name, positional, named })
    }
}

/// Applies a filter by name; the value is the first argument.
pub(in crate::template) fn apply_filter(arguments: Arguments<'_>, name: &str) -> Result<Value, TemplateError> {
    let filters = &arguments.context.environment.vocabulary().filters;
    match find_word(filters, name) {
        Some(filter) => filter(arguments),
        None => Err(unknown("filter", name, filters.keys().copied())),
    }
}

/// Applies a test by name; the value is the first argument.
pub(in crate::template) fn apply_test(arguments: Arguments<'_>, name: &str) -> Result<bool, TemplateError> {
    let tests = &arguments.context.environment.vocabulary().tests;
    match find_word(tests, name) {
        Some(test) => test(arguments),
        None => Err(unknown("test", name, tests.keys().copied())),
    }
}

/// An error about an unknown word, with the nearest known one.
pub(in crate::template) fn unknown<'n>(
    what: &'static str,
    name: &str,
    known: impl Iterator<Item = &'n str>,
) -> TemplateError {
    let suggestion = known
        .map(|known| {
            // A filter of a collection is often called by its last name only.
            let last = if name.contains('.') { known } else { known.rsplit('.').next().unwrap_or(known) };
            (strsim::damerau_levenshtein(last, short_name(name)), known)
        })
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
        .map(|(_, known)| known.to_owned());
    TemplateError::new(ErrorKind::Unknown { what, name: name.to_owned(), suggestion })
}

/// The truth of a value; undefined is an error.
pub(in crate::template) fn truth(value: &Value) -> Result<bool, TemplateError> {
    match value.missing() {
        Some(undefined) => Err(TemplateError::undefined(undefined)),
        None => Ok(value.is_truthy()),
    }
}

/// `value in container`.
pub(in crate::template) fn contains(container: &Value, value: &Value) -> Result<bool, TemplateError> {
    match container {
        Value::Str(text) => match value {
            Value::Str(part) => Ok(text.contains(&**part)),
            other => Err(TemplateError::type_error(format!(
                "'in <string>' requires string as left operand, not {}",
                other.type_name()
            ))),
        },
        Value::Dict(dict) => match value {
            Value::Str(key) => Ok(dict.contains(key)),
            other => {
                let key = Key::new(other.clone())?;
                Ok(dict.with(|entries| entries.contains_key(&key)))
            }
        },
        Value::List(list) => Ok(list.to_vec().iter().any(|item| item.python_eq(value))),
        Value::Object(object) => match object.contains(value)? {
            Some(found) => Ok(found),
            None => Ok(container.iter()?.iter().any(|item| item.python_eq(value))),
        },
        Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
        Value::Tuple(items) => Ok(items.iter().any(|item| item.python_eq(value))),
        other => Err(TemplateError::type_error(format!("argument of type '{}' is not iterable", other.type_name()))),
    }
}
