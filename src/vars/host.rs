//! What is known about one host: from the inventory, from its facts, and from the tasks it ran.

use std::sync::Arc;

use indexmap::IndexMap;
use parking_lot::RwLock;

use crate::value::{Dict, Value};

/// One host's variables. The layers are shared; each is filled by one kind of source.
#[derive(Default)]
pub struct HostVars {
    /// The host's name in the inventory.
    pub name: String,
    /// Inventory, `group_vars` and `host_vars`, merged in their order.
    pub inventory: Dict,
    /// `ansible_facts`: keys without the `ansible_` prefix.
    pub facts: Dict,
    /// What `include_vars` loaded: weaker than what is stored, stronger than a task's `vars`.
    pub included: Dict,
    /// What `set_fact` and `register` stored.
    pub stored: Dict,
}

impl HostVars {
    /// A host with what the inventory says about it.
    pub fn new(name: &str, inventory: Dict) -> Self {
        Self { name: name.to_owned(), inventory, ..Self::default() }
    }

    /// A host that the inventory does not have: an address, or the controller itself.
    pub fn outside(name: &str) -> Self {
        let inventory = Dict::new();
        if matches!(name, "localhost" | "127.0.0.1" | "::1") {
            inventory.insert("ansible_connection", "local");
        }
        Self::new(name, inventory)
    }
}

/// All hosts of a run, by name.
#[derive(Default)]
pub struct Hosts {
    hosts: RwLock<IndexMap<String, Arc<HostVars>>>,
    implicit: RwLock<IndexMap<String, Arc<HostVars>>>,
}

impl Hosts {
    /// Adds a host, or replaces it.
    pub fn insert(&self, host: HostVars) {
        self.hosts.write().insert(host.name.clone(), Arc::new(host));
    }

    /// Makes sure that a host is among the names: an implicit one becomes a usual one, with all that is
    /// known about it, an unknown one is added.
    pub fn list(&self, name: &str) {
        let mut hosts = self.hosts.write();
        if !hosts.contains_key(name) {
            let implicit = self.implicit.write().shift_remove(name);
            let host = implicit.unwrap_or_else(|| Arc::new(HostVars::new(name, Dict::new())));
            hosts.insert(name.to_owned(), host);
        }
    }

    /// Adds a host that exists without being named: it is not among the names.
    pub fn insert_implicit(&self, host: HostVars) {
        self.implicit.write().insert(host.name.clone(), Arc::new(host));
    }

    /// A host by name.
    pub fn get(&self, name: &str) -> Option<Arc<HostVars>> {
        self.hosts.read().get(name).cloned().or_else(|| self.implicit.read().get(name).cloned())
    }

    /// A host by name, one that the inventory does not have included.
    pub fn get_or_outside(&self, name: &str) -> Arc<HostVars> {
        self.get(name).unwrap_or_else(|| {
            let host = Arc::new(HostVars::outside(name));
            // Later tasks find what this one learns about it.
            Arc::clone(self.implicit.write().entry(name.to_owned()).or_insert(host))
        })
    }

    /// All names, in the order of the inventory.
    pub fn names(&self) -> Vec<Value> {
        self.hosts.read().keys().map(|name| Value::from(name.as_str())).collect()
    }
}
