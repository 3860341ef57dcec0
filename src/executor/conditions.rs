//! `when`, `changed_when`, `failed_when` and `until` on a host.

use crate::{
    playbook::Condition,
    source::Span,
    template::{ErrorKind, TemplateError},
    vars::Scope,
};

/// The first of some conditions that does not hold.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// As it was written: text, or `false`.
    pub written: serde_json::Value,
}

/// Checks conditions in order; stops at the first that does not hold.
pub fn first_unmet(conditions: &[Condition], scope: &Scope) -> Result<Option<Unmet>, (TemplateError, Option<Span>)> {
    for condition in conditions {
        match condition {
            Condition::Constant(true) => {}
            Condition::Constant(false) => return Ok(Some(Unmet { written: false.into() })),
            Condition::NoText(value) if !scope.context().environment.allow_broken_conditionals => {
                return Err((TemplateError::new(ErrorKind::NoText), Some(value.span.clone())));
            }
            Condition::NoText(value) if !value.value.is_truthy() => {
                return Ok(Some(Unmet { written: condition.written().into() }));
            }
            Condition::NoText(_) => {}
            Condition::Expression(template, span) => {
                let holds = scope.context().condition(template).map_err(|error| (error, Some(span.clone())))?;
                if !holds {
                    return Ok(Some(Unmet { written: template.source().into() }));
                }
            }
        }
    }
    Ok(None)
}

/// Whether all of them hold.
pub fn all_hold(conditions: &[Condition], scope: &Scope) -> Result<bool, (TemplateError, Option<Span>)> {
    first_unmet(conditions, scope).map(|unmet| unmet.is_none())
}
