//! `hostvars` and `vars`: other scopes as mappings, evaluated entry by entry when asked.

use std::{fmt, sync::Arc};

use super::{RunVars, Scope};
use crate::{
    template::{Arguments, Names, TemplateError},
    value::{Dict, Object, Shape, Undefined, Value},
};

/// The methods of a mapping that nobody can write to.
const METHODS: [&str; 4] = ["get", "items", "keys", "values"];

/// `hostvars`: every host's variables by its name.
pub struct AllHostVars(Arc<RunVars>);

impl AllHostVars {
    /// The hosts of a run.
    pub fn new(run: &Arc<RunVars>) -> Self {
        Self(Arc::clone(run))
    }
}

impl fmt::Debug for AllHostVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hostvars")
    }
}

impl Object for AllHostVars {
    fn type_name(&self) -> &'static str {
        "HostVars"
    }

    fn shape(&self) -> Shape {
        Shape::Mapping
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        let host = key.as_str().and_then(|name| self.0.hosts.get(name));
        let Some(host) = host else {
            let missing = Undefined::hint(format!("hostvars[{}]", key.repr()));
            return Ok(Some(Value::Undefined(Arc::new(missing))));
        };
        host.known().map_err(|why| TemplateError::raised("AnsibleError", why.ansible_message()))?;
        Ok(Some(Value::object(ScopeVars::new(Scope::of_host(&self.0, &host)))))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.0.hosts.names()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.hosts.names().len())
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        call_method(self, name, arguments)
    }

    /// Every host with its variables, which are evaluated when they are used.
    fn plain(&self) -> Result<Value, TemplateError> {
        let copy = Dict::new();
        for name in self.0.hosts.names() {
            if let Some(vars) = self.item(&name)? {
                copy.set_value(name, vars)?;
            }
        }
        Ok(Value::Dict(copy))
    }
}

/// The names of a scope as a mapping.
pub struct ScopeVars {
    scope: Scope,
    /// Whether it is what a task sees itself, where `hostvars` is a name.
    is_own: bool,
}

impl ScopeVars {
    /// The names of `scope`, as another host's.
    pub fn new(scope: Scope) -> Self {
        Self { scope, is_own: false }
    }

    /// `vars`: the names that a task itself sees.
    pub fn own(scope: Scope) -> Self {
        Self { scope, is_own: true }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.scope.names().into_iter().filter(|name| self.has(name))
    }

    /// Whether a name is one of the mapping's: `omit` is none, and what holds the mapping again neither.
    fn has(&self, name: &str) -> bool {
        !matches!(name, "omit" | "vars") && (self.is_own || !matches!(name, "hostvars" | "environment"))
    }

    /// A variable with all in it that can be evaluated; what cannot be is undefined.
    fn value(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let value = Names::lookup(&self.scope, name).filter(|_| self.has(name));
        value.map(|value| self.scope.context().resolve_inside(&value)).transpose()
    }
}

impl fmt::Debug for ScopeVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the variables of {:?}", self.scope)
    }
}

impl Object for ScopeVars {
    fn type_name(&self) -> &'static str {
        if self.is_own { "dict" } else { "HostVarsVars" }
    }

    fn shape(&self) -> Shape {
        Shape::Mapping
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        key.as_str().map_or(Ok(None), |name| self.value(name))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.names().map(Value::from).collect()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.names().count())
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call_method(&self, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        call_method(self, name, arguments)
    }

    /// A plain copy, without what contains it again.
    fn plain(&self) -> Result<Value, TemplateError> {
        let copy = Dict::new();
        for name in self.names() {
            if let Some(value) = self.value(&name)? {
                copy.insert(name, value);
            }
        }
        Ok(Value::Dict(copy))
    }
}

/// Calls one of [`METHODS`]. Of all values, those that cannot be evaluated are undefined.
fn call_method(object: &dyn Object, name: &str, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    if name == "get" {
        let [key, default] = arguments.bind_any(["key", "default"])?;
        let key = key.unwrap_or(Value::None);
        return Ok(object.item(&key)?.or(default).unwrap_or(Value::None));
    }
    let [] = arguments.bind([])?;
    let keys = object.iterate()?.unwrap_or_default();
    let value = |key: &Value| match object.item(key) {
        Ok(value) => value.unwrap_or(Value::None),
        Err(error) => Value::Undefined(Arc::new(Undefined::caused_by(error))),
    };
    Ok(match name {
        "keys" => keys.into(),
        "values" => keys.iter().map(value).collect(),
        _ => keys.iter().map(|key| Value::Tuple([key.clone(), value(key)].into())).collect(),
    })
}
