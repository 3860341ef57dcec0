//! Comparisons, and what is in what.

use std::cmp::Ordering;

use super::{
    super::{
        TemplateError,
        ast::{Compare, Expr},
    },
    Frame,
};
use crate::value::{Key, Value};

impl Frame<'_> {
    /// A chain of comparisons, which ends with the first that does not hold.
    pub(super) fn compare(&self, first: &Expr, rest: &[(Compare, Expr)]) -> Result<Value, TemplateError> {
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
}

/// Whether a value is one of some. It is not known where one of them, before it is found, is undefined.
fn is_among(value: &Value, items: &[Value]) -> Result<bool, TemplateError> {
    for item in items {
        if let Some(undefined) = item.missing() {
            return Err(TemplateError::undefined(undefined));
        }
        if item.python_eq(value) {
            return Ok(true);
        }
    }
    Ok(false)
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
        Value::List(list) => is_among(value, &list.to_vec()),
        Value::Object(object) => match object.contains(value)? {
            Some(found) => Ok(found),
            None => is_among(value, &container.iter()?),
        },
        Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
        Value::Tuple(items) => is_among(value, items),
        other => Err(TemplateError::type_error(format!("argument of type '{}' is not iterable", other.type_name()))),
    }
}
