//! Macros and `call` blocks.

use std::{fmt, sync::Arc};

use super::{
    super::{
        Arguments, TemplateError,
        ast::{Expr, ExprKind, Macro},
    },
    Frame, Origin, Output, Shared,
    inherit::Blocks,
    scope::Scope,
};
use crate::value::{Dict, Object, Str, Undefined, Value};

impl Frame<'_> {
    /// `{% call(…) name(…) %}`: the call with the body as `caller`.
    pub(super) fn call_block(&self, call: &Expr, caller: &Arc<Macro>) -> Result<Value, TemplateError> {
        let ExprKind::Call(callee, arguments) = &call.kind else {
            return Err(TemplateError::type_error("expected call"));
        };
        let name = match &callee.kind {
            ExprKind::Name(name) | ExprKind::Attribute(_, name) => name.clone(),
            _ => Str::from("object"),
        };
        let value = self.expr(callee)?;
        let result = match &value {
            Value::Object(object) => {
                let mut arguments = self.arguments(&name, None, arguments)?.evaluated()?;
                arguments.named.push((Str::from("caller"), Value::object(MacroObject::new(caller, self))));
                object.call(arguments)
            }
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            other => Err(TemplateError::type_error(format!("'{}' object is not callable", other.type_name()))),
        };
        result.map_err(|error| error.at(self.template.place(call.at)))
    }
}

/// A macro with the scope it was defined in.
pub(super) struct MacroObject {
    definition: Arc<Macro>,
    template: Arc<Origin>,
    scope: Arc<Scope>,
    root: Arc<Scope>,
    shared: Arc<Shared>,
    blocks: Arc<Blocks>,
}

impl MacroObject {
    pub(super) fn new(definition: &Arc<Macro>, frame: &Frame<'_>) -> Self {
        Self {
            definition: Arc::clone(definition),
            template: Arc::clone(&frame.template),
            scope: Arc::clone(&frame.scope),
            root: Arc::clone(&frame.root),
            shared: Arc::clone(&frame.shared),
            blocks: Arc::clone(&frame.blocks),
        }
    }

    /// The name as Python shows it.
    fn shown(&self) -> String {
        self.definition.name.as_ref().map_or_else(|| "None".to_owned(), |name| format!("'{name}'"))
    }

    /// Sets the parameters in the macro's own scope.
    fn bind(&self, frame: &Frame<'_>, arguments: Arguments<'_>) -> Result<(), TemplateError> {
        let Macro { parameters, defaults, uses_caller, uses_varargs, uses_kwargs, .. } = &*self.definition;
        let own = |value: Value| if frame.shared.copies { value.deep_copy() } else { value };
        let mut positional = arguments.positional.into_iter().map(own);
        let mut named = arguments.named;
        let first_default = parameters.len() - defaults.len();
        let mut given = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let by_name = named.iter().position(|(name, _)| name == parameter).map(|at| own(named.remove(at).1));
            let value = match (positional.next(), by_name) {
                (Some(_), Some(_)) => {
                    let name = self.shown();
                    let text = format!("macro {name} takes no keyword argument '{parameter}'");
                    return Err(TemplateError::type_error(text));
                }
                (value, by_name) => value.or(by_name),
            };
            // A default does not see what its own name means outside, nor parameters after it without a value.
            frame.scope.set(parameter, value.clone().unwrap_or_else(|| Value::undefined(parameter)));
            given.push(value.is_some());
        }
        for (index, parameter) in parameters.iter().enumerate().filter(|(index, _)| !given[*index]) {
            let value = match index.checked_sub(first_default) {
                Some(index) => frame.expr(&defaults[index])?,
                None => {
                    let hint = format!("parameter '{parameter}' was not provided");
                    Value::Undefined(Arc::new(Undefined::hint(hint)))
                }
            };
            frame.scope.set(parameter, value);
        }
        let caller = named.iter().position(|(name, _)| **name == *"caller").map(|at| named.remove(at).1);
        if *uses_caller {
            let missing = || Value::Undefined(Arc::new(Undefined::hint("No caller defined")));
            frame.scope.set(&Str::from("caller"), caller.unwrap_or_else(missing));
        } else if caller.is_some() {
            let text = format!(
                "macro {} was invoked with two values for the special caller argument. This is most likely a bug.",
                self.shown()
            );
            return Err(TemplateError::type_error(text));
        }
        let rest: Vec<Value> = positional.collect();
        if *uses_varargs {
            frame.scope.set(&Str::from("varargs"), Value::Tuple(rest.into()));
        } else if !rest.is_empty() {
            let text = format!("macro {} takes not more than {} argument(s)", self.shown(), parameters.len());
            return Err(TemplateError::type_error(text));
        }
        if *uses_kwargs {
            let dict: Dict = named.into_iter().collect();
            frame.scope.set(&Str::from("kwargs"), Value::Dict(dict));
        } else if let Some((name, _)) = named.first() {
            let text = format!("macro {} takes no keyword argument '{name}'", self.shown());
            return Err(TemplateError::type_error(text));
        }
        Ok(())
    }
}

impl fmt::Debug for MacroObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Object for MacroObject {
    fn type_name(&self) -> &'static str {
        "Macro"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match name {
            "name" => self.definition.name.clone().into(),
            "arguments" => Value::Tuple(self.definition.parameters.iter().cloned().map(Value::Str).collect()),
            "catch_kwargs" => Value::Bool(self.definition.uses_kwargs),
            "catch_varargs" => Value::Bool(self.definition.uses_varargs),
            "caller" => Value::Bool(self.definition.uses_caller),
            _ => return Ok(None),
        }))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let _deeper = self.shared.deeper()?;
        let frame = Frame {
            context: arguments.context,
            template: Arc::clone(&self.template),
            scope: Arc::new(Scope::below(&self.scope)),
            root: Arc::clone(&self.root),
            shared: Arc::clone(&self.shared),
            blocks: Arc::clone(&self.blocks),
            parent: Arc::default(),
        };
        self.bind(&frame, arguments)?;
        let mut out = Output::default();
        frame.body(&self.definition.body, &mut out)?;
        Ok(out.finish())
    }

    fn repr(&self) -> String {
        match &self.definition.name {
            Some(name) => format!("<Macro {}>", Value::Str(name.clone()).repr()),
            None => "<Macro anonymous>".to_owned(),
        }
    }
}
