//! Names that a template sets itself.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::value::{Str, Value};

/// Names set in one block of a template, over those of the blocks around it.
#[derive(Default)]
pub(super) struct Scope {
    names: Mutex<Vec<(Str, Value)>>,
    outer: Option<Arc<Self>>,
}

impl Scope {
    /// An empty scope inside another.
    pub(super) fn below(outer: &Arc<Self>) -> Self {
        Self { names: Mutex::default(), outer: Some(Arc::clone(outer)) }
    }

    /// The value of a name in this scope or one around it.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(current) = scope {
            if let Some((_, value)) = current.names.lock().iter().find(|(known, _)| **known == *name) {
                return Some(value.clone());
            }
            scope = current.outer.as_deref();
        }
        None
    }

    /// Sets a name in this scope.
    pub(super) fn set(&self, name: &Str, value: Value) {
        let mut names = self.names.lock();
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => names.push((name.clone(), value)),
        }
    }

    /// A scope with all names that this one sees now.
    pub(super) fn copy(&self) -> Self {
        let copy = self.outer.as_ref().map_or_else(Self::default, |outer| outer.copy());
        for (name, value) in self.own() {
            copy.set(&name, value);
        }
        copy
    }

    /// Takes a name out of this scope.
    pub(super) fn hide(&self, name: &str) {
        self.names.lock().retain(|(known, _)| **known != *name);
    }

    /// The names set in this scope itself.
    pub(super) fn own(&self) -> Vec<(Str, Value)> {
        self.names.lock().clone()
    }
}
