//! Statements.

use super::{
    super::{
        TemplateError,
        ast::{Statement, Target},
    },
    Frame, Output,
    definition::MacroObject,
    expression::truth,
    scope::Scope,
};
use crate::value::Value;

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// At its end.
    Next,
    /// At a `break`.
    Break,
    /// At a `continue`.
    Continue,
}

impl Frame<'_> {
    pub(super) fn body(&self, body: &[Statement], out: &mut Output) -> Result<Flow, TemplateError> {
        for statement in body {
            let flow = self.statement(statement, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&self, statement: &Statement, out: &mut Output) -> Result<Flow, TemplateError> {
        match statement {
            Statement::Text(text) => out.push_text(text),
            Statement::Print(expr) => {
                let print = |value: Value| out.push(self.context.resolve_inside(&value)?);
                self.expr(expr).and_then(print).map_err(|error| error.at(self.template.place(expr.at)))?;
            }
            Statement::Do(expr) => {
                self.expr(expr)?;
            }
            Statement::If(branches, otherwise) => {
                for (condition, body) in branches {
                    let value = self.expr(condition)?;
                    if truth(&value).map_err(|error| error.at(self.template.place(condition.at)))? {
                        return self.body(body, out);
                    }
                }
                return self.body(otherwise, out);
            }
            Statement::For(repeat) => self.repeat(repeat, out)?,
            Statement::Set(target, expr) => {
                let value = self.expr(expr)?;
                self.assign(target, value).map_err(|error| error.at(self.template.place(expr.at)))?;
            }
            Statement::SetBlock(target, filter, body) => {
                let value = self.capture(body)?;
                let value = match filter {
                    Some(filter) => self.filter_chain(value, filter)?,
                    None => value,
                };
                self.assign(target, value)?;
            }
            Statement::With(assignments, body) => {
                let inner = self.inner();
                for (target, expr) in assignments {
                    let value = self.expr(expr)?;
                    inner.assign(target, value)?;
                }
                return inner.body(body, out);
            }
            Statement::Filter(filter, body) => {
                let text = match self.capture(body)? {
                    Value::None => Value::empty_text(),
                    other => other,
                };
                out.push(self.filter_chain(text, filter)?)?;
            }
            Statement::Macro(definition) => {
                if let Some(name) = &definition.name {
                    self.scope.set(name, Value::object(MacroObject::new(definition, self)));
                }
            }
            Statement::CallBlock(call, caller) => out.push(self.call_block(call, caller)?)?,
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Include(include) => self.include(include, out)?,
            Statement::Import(name, alias, with_context) => {
                let module = self.import(name, *with_context)?;
                self.scope.set(alias, module);
            }
            Statement::FromImport(name, imports, with_context) => {
                let module = self.import(name, *with_context)?;
                for (imported, alias) in imports {
                    let value = super::attribute(&module, imported)?;
                    self.scope.set(alias, value);
                }
            }
            // Only at the top of a template, where `render` sees it first.
            Statement::Extends(_) => {}
            Statement::Block(block) => self.block(block, out)?,
            Statement::Scope(body) => return self.inner().body(body, out),
        }
        Ok(Flow::Next)
    }

    /// What a body prints, in a scope of its own.
    pub(super) fn capture(&self, body: &[Statement]) -> Result<Value, TemplateError> {
        let mut out = Output::default();
        self.within(Scope::below(&self.scope)).body(body, &mut out)?;
        Ok(out.finish())
    }

    /// Sets a target; a tuple takes the items of the value apart.
    pub(super) fn assign(&self, target: &Target, value: Value) -> Result<(), TemplateError> {
        match target {
            Target::Name(name) => self.scope.set(name, value),
            Target::Attribute(name, attribute) => match self.name(name)? {
                Value::Object(object) => object.set_attribute(attribute, value)?,
                Value::Undefined(undefined) => return Err(TemplateError::undefined(&undefined)),
                _ => return Err(TemplateError::type_error("cannot assign attribute on non-namespace object")),
            },
            Target::Tuple(targets) => {
                let items = match &value {
                    Value::Undefined(undefined) => return Err(TemplateError::undefined(undefined)),
                    Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                        let found = value.type_name();
                        return Err(TemplateError::type_error(format!("cannot unpack non-iterable {found} object")));
                    }
                    other => other.iter()?,
                };
                if items.len() < targets.len() {
                    let (wanted, got) = (targets.len(), items.len());
                    let text = format!("not enough values to unpack (expected {wanted}, got {got})");
                    return Err(TemplateError::value_error(text));
                }
                if items.len() > targets.len() {
                    let text = format!("too many values to unpack (expected {})", targets.len());
                    return Err(TemplateError::value_error(text));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, self.context.resolve(&item)?)?;
                }
            }
        }
        Ok(())
    }
}
