//! `hostvars` and `vars`: other scopes as mappings, evaluated entry by entry when asked.

use std::{fmt, sync::Arc};

use super::{RunVars, Scope};
use crate::{
    template::{Names, TemplateError},
    value::{Dict, Object, Shape, Value},
};

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
        Ok(host.map(|host| Value::object(ScopeVars::new(Scope::of_host(&self.0, &host)))))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.0.hosts.names()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.hosts.names().len())
    }
}

/// The names of a scope as a mapping.
pub struct ScopeVars(Scope);

impl ScopeVars {
    /// The names of `scope`.
    pub fn new(scope: Scope) -> Self {
        Self(scope)
    }
}

impl fmt::Debug for ScopeVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the variables of {:?}", self.0)
    }
}

impl Object for ScopeVars {
    fn type_name(&self) -> &'static str {
        "HostVarsVars"
    }

    fn shape(&self) -> Shape {
        Shape::Mapping
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, TemplateError> {
        key.as_str().map_or(Ok(None), |name| self.0.resolve(name))
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.0.names().into_iter().map(Value::from).collect()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.names().len())
    }

    /// A plain copy, without what contains all hosts again.
    fn plain(&self) -> Result<Value, TemplateError> {
        let copy = Dict::new();
        for name in self.0.names() {
            if !matches!(name.as_str(), "hostvars" | "vars" | "omit")
                && let Some(value) = self.0.resolve(&name)?
            {
                copy.insert(name, value);
            }
        }
        Ok(Value::Dict(copy))
    }
}
