//! A role: its variables, and where it stands in a play.
//!
//! Its tasks are not here: they are read into the blocks of whoever uses the role.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use super::keywords::Vars;
use crate::value::Value;

/// One use of a role, with the variables that its tasks see.
#[derive(Debug)]
pub struct Role {
    facts: RoleFacts,
    layers: OnceLock<Layers>,
}

/// The variables that a role's tasks see, the weakest first.
#[derive(Debug, Default)]
struct Layers {
    defaults: Vec<Arc<Vars>>,
    vars: Vec<Arc<Vars>>,
}

/// What is known of a role before its dependencies are.
#[derive(Debug, Default)]
pub struct RoleFacts {
    /// The name that is shown: the last part of a collection's role.
    pub name: String,
    /// The full name: `namespace.collection.role` for a collection's role.
    pub full_name: String,
    /// Its folder.
    pub path: PathBuf,
    /// Whether it has a folder for modules of its own, for what they import, or for action plugins.
    pub has_modules: bool,
    /// The collection it belongs to.
    pub collection: Option<String>,
    /// The roles that it was used by, the nearest first.
    pub parents: Vec<Arc<Role>>,
    /// Whether a task uses it: the roles around it are named in magic variables then.
    pub is_of_task: bool,
    /// Whether its variables are seen by its own tasks alone.
    pub is_private: bool,
    /// The full names of the roles it depends on.
    pub dependencies: Vec<String>,
    /// What makes two uses the same: a host runs each once, unless duplicates are allowed.
    pub key: String,
    /// Whether a host runs it as often as it is used.
    pub allows_duplicates: bool,
    /// `vars/`.
    pub own_vars: Arc<Vars>,
    /// `defaults/`.
    pub own_defaults: Arc<Vars>,
    /// `vars:` where the role is used.
    pub inline_vars: Arc<Vars>,
}

impl Deref for Role {
    type Target = RoleFacts;

    fn deref(&self) -> &RoleFacts {
        &self.facts
    }
}

impl Role {
    /// A role whose dependencies are still to be read.
    pub fn new(facts: RoleFacts) -> Self {
        Self { facts, layers: OnceLock::new() }
    }

    /// Puts the variables of dependencies under its own; done once, when they are read.
    pub fn depends_on(&self, dependencies: &[Arc<Self>]) {
        let mut layers = Layers::default();
        // Those of roles that use this one are weaker than those of its dependencies.
        for parent in self.parents.iter().rev() {
            layers.vars.push(Arc::clone(&parent.inline_vars));
            layers.vars.push(Arc::clone(&parent.own_vars));
        }
        for dependency in dependencies {
            let inner = dependency.layers();
            layers.defaults.extend(inner.defaults.iter().cloned());
            layers.vars.extend(inner.vars.iter().filter(|vars| !Arc::ptr_eq(vars, &dependency.inline_vars)).cloned());
        }
        for parent in self.parents.iter().rev() {
            layers.defaults.push(Arc::clone(&parent.own_defaults));
        }
        layers.defaults.push(Arc::clone(&self.own_defaults));
        layers.vars.push(Arc::clone(&self.own_vars));
        layers.vars.push(Arc::clone(&self.inline_vars));
        // A second call would come from a role that is read twice; the first one counts.
        let _ = self.layers.set(layers);
    }

    fn layers(&self) -> &Layers {
        self.layers.get_or_init(|| Layers {
            defaults: vec![Arc::clone(&self.own_defaults)],
            vars: vec![Arc::clone(&self.own_vars), Arc::clone(&self.inline_vars)],
        })
    }

    /// A variable of the role: `vars/`, those of dependencies and of roles around it.
    pub fn variable(&self, name: &str) -> Option<Value> {
        self.layers().vars.iter().rev().find_map(|vars| vars.get(name).cloned())
    }

    /// A default of the role.
    pub fn default_value(&self, name: &str) -> Option<Value> {
        self.layers().defaults.iter().rev().find_map(|vars| vars.get(name).cloned())
    }

    /// The names of all its variables and defaults.
    pub fn variable_names(&self) -> impl Iterator<Item = &String> {
        self.layers().vars.iter().chain(&self.layers().defaults).flat_map(|vars| vars.keys())
    }

    /// What all tasks of a play see of a role that is used in it: variables, weakest first.
    pub fn exported_vars(&self) -> impl Iterator<Item = &Arc<Vars>> {
        let of_uses: Vec<_> = self.parents.iter().map(|role| &role.inline_vars).chain([&self.inline_vars]).collect();
        self.layers().vars.iter().filter(move |vars| !of_uses.iter().any(|inline| Arc::ptr_eq(vars, inline)))
    }

    /// What all tasks of a play see of a role that is used in it: defaults, weakest first.
    pub fn exported_defaults(&self) -> impl Iterator<Item = &Arc<Vars>> {
        self.layers().defaults.iter()
    }
}
