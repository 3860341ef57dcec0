//! What is known about one host: from the inventory, from its facts, and from the tasks it ran.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use parking_lot::RwLock;

use super::fact_cache::{FactCache, Facts};
use crate::{
    source::Diagnostic,
    value::{Dict, Value},
};

/// One host's variables. The layers are shared; each is filled by one kind of source.
#[derive(Default)]
pub struct HostVars {
    /// The host's name in the inventory.
    pub name: String,
    /// Inventory, `group_vars` and `host_vars`, merged in their order.
    pub inventory: Dict,
    /// `ansible_facts`: keys without the `ansible_` prefix.
    pub facts: Dict,
    /// Those facts whose names have no such prefix: they are variables under these names as well.
    pub bare_facts: Dict,
    /// What `include_vars` loaded: weaker than what is stored, stronger than a task's `vars`.
    pub included: Dict,
    /// What `set_fact` and `register` stored.
    pub stored: Dict,
    /// Why what the inventory says about it cannot be read: who needs that fails.
    unread: RwLock<Option<Diagnostic>>,
}

/// Which variables an action sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layer {
    /// Those that `set_fact` and `register` set.
    #[default]
    Stored,
    /// Those, and facts that the cache keeps: `set_fact` with `cacheable`.
    StoredAndFact,
    /// Those of `include_vars`.
    Included,
}

impl HostVars {
    /// A host with what the inventory says about it.
    pub fn new(name: &str, inventory: Dict) -> Self {
        Self { name: name.to_owned(), inventory, ..Self::default() }
    }

    /// A host of which it is not known what the inventory says: a file for it is encrypted, and no password opens it.
    pub fn unread(name: &str, why: Diagnostic) -> Self {
        Self { name: name.to_owned(), unread: RwLock::new(Some(why)), ..Self::default() }
    }

    /// Fails if it is not known what the inventory says about it.
    pub fn known(&self) -> Result<(), Diagnostic> {
        self.unread.read().clone().map_or(Ok(()), Err)
    }

    /// Takes over what the inventory says about it now.
    pub fn reread(&self, inventory: Result<Dict, Diagnostic>) {
        match inventory {
            Ok(fresh) => {
                let fresh = fresh.with(Clone::clone);
                self.inventory.with_mut(|vars| *vars = fresh);
                *self.unread.write() = None;
            }
            Err(why) => *self.unread.write() = Some(why),
        }
    }
}

impl HostVars {
    /// Sets a variable.
    pub fn set(&self, layer: Layer, name: &str, value: Value) {
        match layer {
            Layer::Stored => self.stored.insert(name, value),
            Layer::Included => self.included.insert(name, value),
            Layer::StoredAndFact => {
                self.add_fact(name, value.clone());
                self.stored.insert(name, value);
            }
        }
    }

    /// Adds a fact under the name that a module gave it.
    pub fn add_fact(&self, name: &str, value: Value) {
        match name.strip_prefix("ansible_").filter(|_| name != "ansible_local") {
            Some(short) => self.facts.insert(short, value),
            None => {
                self.bare_facts.insert(name, value.clone());
                self.facts.insert(name, value);
            }
        }
    }

    /// Forgets all facts.
    pub fn clear_facts(&self) {
        self.facts.with_mut(IndexMap::clear);
        self.bare_facts.with_mut(IndexMap::clear);
    }

    /// All facts under the names that modules gave them; what is no data is left out.
    pub fn all_facts(&self) -> Facts {
        let mut facts = Facts::new();
        for (name, value) in self.facts.entries() {
            let name = name.value().to_str();
            let name = if self.bare_facts.contains(&name) { name } else { format!("ansible_{name}") };
            if let Ok(value) = value.to_json() {
                facts.insert(name, value);
            }
        }
        if facts.contains_key("module_setup") {
            // What Ansible asks for before it gathers facts again.
            facts.insert("_ansible_facts_gathered".into(), true.into());
        }
        facts
    }

    /// Whether facts were gathered, in this run or in one that the cache knows of.
    pub fn has_gathered_facts(&self) -> bool {
        ["module_setup", "_ansible_facts_gathered"].into_iter().any(|name| self.facts.contains(name))
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

    /// Forgets the hosts that are not among these names; the others get the order of the names.
    pub fn keep<'a>(&self, names: impl Iterator<Item = &'a str>) {
        let places: HashMap<&str, usize> = names.enumerate().map(|(place, name)| (name, place)).collect();
        let mut hosts = self.hosts.write();
        hosts.retain(|name, _| places.contains_key(name.as_str()));
        hosts.sort_by_cached_key(|name, _| places.get(name.as_str()).copied());
    }

    /// Adds a host that exists without being named: it is not among the names.
    pub fn insert_implicit(&self, host: HostVars) {
        self.implicit.write().insert(host.name.clone(), Arc::new(host));
    }

    /// A host by name.
    pub fn get(&self, name: &str) -> Option<Arc<HostVars>> {
        self.hosts.read().get(name).cloned().or_else(|| self.implicit.read().get(name).cloned())
    }

    /// Adds a host that the inventory does not have, or finds it where somebody else has added it meanwhile.
    pub fn add_outside(&self, host: HostVars) -> Arc<HostVars> {
        Arc::clone(self.implicit.write().entry(host.name.clone()).or_insert_with(|| Arc::new(host)))
    }

    /// Takes over the facts that a cache has, or forgets them there.
    ///
    /// Fails when a file of the cache is damaged.
    pub fn load_facts(&self, cache: &FactCache, flush: bool) -> Result<(), Diagnostic> {
        for host in self.hosts.read().values().chain(self.implicit.read().values()) {
            if flush {
                cache.forget(&host.name);
            } else if let Some(facts) = cache.load(&host.name)? {
                for (name, value) in facts {
                    host.add_fact(&name, Value::from_json(value));
                }
            }
        }
        Ok(())
    }

    /// All names, in the order of the inventory.
    pub fn names(&self) -> Vec<Value> {
        self.hosts.read().keys().map(|name| Value::from(name.as_str())).collect()
    }
}
