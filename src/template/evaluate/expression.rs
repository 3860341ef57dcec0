//! Expressions.

use std::{cmp::Ordering, sync::Arc};

use super::{
    super::{
        Arguments, ErrorKind, TemplateError,
        ast::{self, Binary, Compare, Expr, ExprKind, Unary},
        environment::{find_word, short_name},
        method, names,
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

/// Filters and tests of `ansible.builtin` that look at all that their arguments hold.
const WHOLE: [&str; 46] = [
    "b64encode",
    "capitalize",
    "center",
    "checksum",
    "difference",
    "e",
    "escape",
    "forceescape",
    "format",
    "hash",
    "intersect",
    "lower",
    "md5",
    "pprint",
    "quote",
    "regex_escape",
    "regex_findall",
    "regex_replace",
    "regex_search",
    "replace",
    "safe",
    "sha1",
    "string",
    "striptags",
    "title",
    "to_uuid",
    "trim",
    "upper",
    "urlize",
    "wordcount",
    "all",
    "any",
    "contains",
    "eq",
    "equalto",
    "ge",
    "gt",
    "in",
    "le",
    "lt",
    "match",
    "ne",
    "regex",
    "search",
    "subset",
    "superset",
];

/// Functions and methods that look at all that their arguments hold.
const WHOLE_CALLS: [&str; 13] = [
    "cycler",
    "dict",
    "lookup",
    "namespace",
    "q",
    "query",
    "count",
    "extend",
    "format",
    "index",
    "join",
    "remove",
    "update",
];

/// Whether a filter or test looks at all that its arguments hold; those of collections do.
fn reads_whole(name: &str) -> bool {
    let short = short_name(name);
    WHOLE.contains(&short) || short.contains('.')
}

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

    /// The names in an expression that have a value by now.
    fn values(&self, expr: &Expr) -> Vec<(Str, Value)> {
        let value = |name: &Str| self.scope.get(name).or_else(|| self.shared.names.lock().get(name).cloned());
        let data = |value: &Value| !matches!(value, Value::Undefined(_) | Value::Object(_));
        names::of(expr).into_iter().filter_map(|name| value(&name).filter(data).map(|value| (name, value))).collect()
    }

    /// What a call, filter, test or variable gave: an error waits, with its place, until someone uses the value.
    fn caught(&self, result: Result<Value, TemplateError>, expr: &Expr) -> Value {
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
                if is_failure(&value) {
                    let asks = short_name(name) == "vault_encrypted";
                    return Ok(if asks && is_sealed(&value) { Value::Bool(!*negated) } else { value });
                }
                let tests = &self.context.environment.vocabulary().tests;
                let Some(test) = find_word(tests, name) else {
                    return Err(unknown("test", name, tests.keys().copied()));
                };
                let arguments = self.arguments(name, Some(value), arguments)?;
                // `string` as a test asks only for the type.
                let whole = reads_whole(name) && short_name(name) != "string";
                let arguments = arguments.evaluated().and_then(|arguments| arguments.defined(whole));
                let result = arguments.and_then(test).map(|holds| Value::Bool(holds != *negated));
                Ok(self.caught(result, expr))
            }
        }
    }

    /// Applies a filter with the arguments of the tree.
    pub(super) fn filter(
        &self,
        value: Value,
        name: &Str,
        arguments: &ast::Arguments,
        expr: &Expr,
    ) -> Result<Value, TemplateError> {
        if is_failure(&value) {
            return Ok(value);
        }
        let filters = &self.context.environment.vocabulary().filters;
        let Some(filter) = find_word(filters, name) else {
            return Err(unknown("filter", name, filters.keys().copied()));
        };
        let arguments = self.arguments(name, Some(value), arguments)?;
        let arguments = if SHALLOW.contains(&short_name(name)) {
            Ok(arguments)
        } else {
            arguments.evaluated().and_then(|arguments| arguments.defined(reads_whole(name)))
        };
        let result = arguments.and_then(filter).and_then(|value| self.context.resolve(&value));
        let result = if self.shared.copies { result.map(|value| value.deep_copy()) } else { result };
        Ok(self.caught(result, expr))
    }

    /// Applies a filter, or the filters of `{% filter a | b %}`, to a value.
    pub(super) fn filter_chain(&self, value: Value, chain: &Expr) -> Result<Value, TemplateError> {
        match &chain.kind {
            ExprKind::Filter(inner, name, arguments) => {
                let value = match inner {
                    Some(inner) => self.filter_chain(value, inner)?,
                    None => value,
                };
                self.filter(value, name, arguments, chain).map_err(|error| error.at(self.template.place(chain.at)))
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

    fn call(&self, callee: &Expr, arguments: &ast::Arguments, expr: &Expr) -> Result<Value, TemplateError> {
        if let ExprKind::Attribute(object, name) = &callee.kind {
            let object = self.expr(object)?;
            if method::exists(&object, name) {
                let mut arguments = self.arguments(name, None, arguments)?;
                if self.shared.copies {
                    arguments.copy();
                }
                let arguments = arguments.evaluated().and_then(|arguments| arguments.whole_if(&WHOLE_CALLS));
                let result = arguments.and_then(|arguments| method::call(&object, name, arguments));
                let result = result.and_then(|value| self.context.resolve(&value));
                // What a call takes and returns is not the same list or dict as what it was called with.
                let copied = self.shared.copies && **name != *"setdefault";
                return Ok(self.caught(if copied { result.map(|value| value.deep_copy()) } else { result }, expr));
            }
            let value = self.caught(self.context.resolve(&attribute(&object, name)?), callee);
            return self.call_value(&value, name, arguments, expr);
        }
        let name = match &callee.kind {
            ExprKind::Name(name) => name.clone(),
            _ => Str::from("object"),
        };
        let value = self.expr(callee)?;
        self.call_value(&value, &name, arguments, expr)
    }

    fn call_value(
        &self,
        value: &Value,
        name: &Str,
        arguments: &ast::Arguments,
        expr: &Expr,
    ) -> Result<Value, TemplateError> {
        let mut arguments = self.arguments(name, None, arguments)?;
        if self.shared.copies {
            arguments.copy();
        }
        let result = match value {
            Value::Object(object) => {
                let arguments = arguments.evaluated().and_then(|arguments| arguments.whole_if(&WHOLE_CALLS));
                let result = arguments.and_then(|arguments| object.call(arguments));
                result.and_then(|value| self.context.resolve(&value))
            }
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            other => Err(TemplateError::type_error(format!("'{}' object is not callable", other.type_name()))),
        };
        Ok(self.caught(result, expr))
    }

    /// Evaluates the arguments of a call; `first` stands before them.
    pub(super) fn arguments<'b>(
        &'b self,
        name: &'b str,
        first: Option<Value>,
        arguments: &ast::Arguments,
    ) -> Result<Arguments<'b>, TemplateError> {
        let mut positional: Vec<Value> = first.into_iter().collect();
        for argument in &arguments.positional {
            positional.push(self.expr(argument)?);
        }
        if let Some(star) = &arguments.star {
            positional.extend(self.context.resolve_inside(&self.expr(star)?)?.iter()?);
        }
        let mut named = Vec::with_capacity(arguments.named.len());
        for (key, argument) in &arguments.named {
            named.push((key.clone(), self.expr(argument)?));
        }
        if let Some(stars) = &arguments.double_star {
            let stars = self.context.resolve_inside(&self.expr(stars)?)?;
            let Value::Dict(dict) = &stars else {
                return Err(TemplateError::type_error(format!(
                    "argument after ** must be a mapping, not {}",
                    stars.type_name()
                )));
            };
            for (key, value) in dict.entries() {
                let Some(key) = key.as_str() else { return Err(TemplateError::type_error("keywords must be strings")) };
                if named.iter().any(|(known, _)| **known == *key) {
                    let text = format!("{name}() got multiple values for keyword argument '{key}'");
                    return Err(TemplateError::type_error(text));
                }
                named.push((Str::from(key), value));
            }
        }
        Ok(Arguments { context: self.context, name, positional, named })
    }
}

/// Applies a filter by name; the value is the first argument.
pub(in crate::template) fn apply_filter(arguments: Arguments<'_>, name: &str) -> Result<Value, TemplateError> {
    not_failed(&arguments)?;
    let filters = &arguments.context.environment.vocabulary().filters;
    match find_word(filters, name) {
        Some(filter) => filter(arguments),
        None => Err(unknown("filter", name, filters.keys().copied())),
    }
}

/// Applies a test by name; the value is the first argument.
pub(in crate::template) fn apply_test(arguments: Arguments<'_>, name: &str) -> Result<bool, TemplateError> {
    not_failed(&arguments)?;
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

/// Fails for lists and dicts that stand in each other more deeply than a stack holds.
fn not_too_deep(value: Value) -> Result<Value, TemplateError> {
    if value.height() > DEPTH {
        return Err(TemplateError::raised("RecursionError", "maximum recursion depth exceeded"));
    }
    Ok(value)
}

/// Fails if an error stands in place of the value that a filter or test is for.
fn not_failed(arguments: &Arguments<'_>) -> Result<(), TemplateError> {
    match arguments.positional.first() {
        Some(Value::Undefined(undefined)) if undefined.is_failure() => Err(TemplateError::undefined(undefined)),
        _ => Ok(()),
    }
}

/// Whether an error stands in place of the value that is not about something undefined.
fn is_failure(value: &Value) -> bool {
    matches!(value, Value::Undefined(undefined) if undefined.is_failure())
}

/// Whether the value is an encrypted one that cannot be decrypted.
fn is_sealed(value: &Value) -> bool {
    let Value::Undefined(undefined) = value else { return false };
    undefined.cause.as_ref().is_some_and(|cause| matches!(cause.kind(), ErrorKind::Encrypted(_)))
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
