//! Statements.

use std::sync::Arc;

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
use crate::value::{Undefined, Value};

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
                let value = self.expr(expr).and_then(|value| self.context.resolve_inside(&value));
                match value.map_err(|error| error.at(self.template.place(expr.at))) {
                    Ok(value) => out.push(value, || self.template.place(expr.at)),
                    Err(error) if error.is_undefined() && self.context.shown.is_some() => out.miss(error),
                    Err(error) => return Err(error),
                }
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
                let (value, flow) = self.capture(body)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
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
                let (content, flow) = self.capture(body)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
                out.push(self.filter_chain(content, filter)?, || self.template.place(filter.at));
            }
            Statement::Macro(definition) => {
                if let Some(name) = &definition.name {
                    self.scope.set(name, Value::object(MacroObject::new(definition, self)));
                }
            }
            Statement::CallBlock(call, caller) => {
                out.push(self.call_block(call, caller)?, || self.template.place(call.at));
            }
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
                    let mut value = super::attribute(&module, imported)?;
                    if value.is_undefined() {
                        let line = self.template.place(name.at).line;
                        let hint = format!(
                            "the template {} (imported on line {line}) does not export the requested name '{imported}'",
                            self.expr(name)?.repr(),
                        );
                        value = Value::Undefined(Arc::new(Undefined::hint(hint)));
                    }
                    self.scope.set(alias, value);
                }
            }
            Statement::Extends(name) => self.extend(name)?,
            Statement::Block(block) => self.block(block, out)?,
            Statement::Several(body) => return self.body(body, out),
            Statement::Scope(body) => return self.inner().body(body, out),
        }
        Ok(Flow::Next)
    }

    /// What a body prints, in a scope of its own, and how it ended.
    fn capture(&self, body: &[Statement]) -> Result<(Value, Flow), TemplateError> {
        let mut out = Output::default();
        let flow = self.within(Scope::below(&self.scope)).body(body, &mut out)?;
        Ok((out.finish(), flow))
    }

    /// Sets a target; a tuple takes the items of the value apart.
    pub(super) fn assign(&self, target: &Target, value: Value) -> Result<(), TemplateError> {
        match target {
            Target::Name(name) => self.scope.set(name, value),
            Target::Attribute(name, attribute) => match self.name(name)? {
                Value::Object(object) => object.set_attribute(attribute, value)?,
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
