//! Calls of functions, macros and methods.

use super::{
    super::{
        Arguments, TemplateError,
        ast::{self, Expr, ExprKind},
        method,
    },
    Frame,
    attribute::attribute,
};
use crate::value::{Str, Value};

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

impl Frame<'_> {
    /// Calls what the callee is, or the method that it names.
    pub(super) fn call(&self, callee: &Expr, arguments: &ast::Arguments, expr: &Expr) -> Result<Value, TemplateError> {
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
