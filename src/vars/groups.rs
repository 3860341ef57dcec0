//! `groups` and `group_names`: computed when a template asks, and again only where `add_host`,
//! `group_by` or `meta: refresh_inventory` changed something.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexSet;
use parking_lot::RwLock;

use super::scope::text_list;
use crate::{
    inventory::Inventory,
    value::{Dict, Value},
};

/// Which host is in which group, as templates see it.
pub struct GroupNames {
    inventory: Arc<RwLock<Inventory>>,
    known: RwLock<Known>,
}

/// What was computed, and which of it no longer holds. The lock of the inventory is taken first.
#[derive(Default)]
struct Known {
    groups: Dict,
    stale: Stale,
    of_host: HashMap<String, Value>,
}

#[derive(Default)]
enum Stale {
    #[default]
    Everything,
    Groups(IndexSet<String>),
}

impl Stale {
    fn has(&self, group: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Groups(groups) => groups.contains(group),
        }
    }
}

impl GroupNames {
    /// The groups of an inventory, which may change.
    pub fn new(inventory: &Arc<RwLock<Inventory>>) -> Self {
        Self { inventory: Arc::clone(inventory), known: RwLock::default() }
    }

    /// The inventory itself.
    pub fn inventory(&self) -> &RwLock<Inventory> {
        &self.inventory
    }

    /// Every group with the names of its hosts, as it is now.
    pub fn as_dict(&self) -> Dict {
        if let Known { groups, stale: Stale::Groups(stale), .. } = &*self.known.read()
            && stale.is_empty()
        {
            return groups.clone();
        }
        let inventory = self.inventory.read();
        let mut known = self.known.write();
        let groups = inventory.groups().map(|group| {
            let kept = if known.stale.has(&group.name) { None } else { known.groups.get(&group.name) };
            let hosts = || text_list(inventory.hosts_of(&group.name).into_iter().map(|id| &inventory[id].name));
            (group.name.as_str(), kept.unwrap_or_else(hosts))
        });
        // A dict of its own: who holds the former one keeps what it said.
        known.groups = groups.collect();
        known.stale = Stale::Groups(IndexSet::new());
        known.groups.clone()
    }

    /// The groups a host is in, `all` left out, sorted.
    pub fn of_host(&self, host: &str) -> Value {
        if let Some(names) = self.known.read().of_host.get(host) {
            return names.clone();
        }
        let inventory = self.inventory.read();
        let names = text_list(inventory.group_names(host));
        self.known.write().of_host.insert(host.to_owned(), names.clone());
        names
    }

    /// A host came into a group.
    pub fn joined(&self, inventory: &Inventory, group: &str, host: &str) {
        let mut known = self.known.write();
        if let Stale::Groups(stale) = &mut known.stale {
            stale.extend(inventory.with_ancestors(group).into_iter().map(|group| group.name.clone()));
            stale.insert("ungrouped".to_owned());
        }
        known.of_host.remove(host);
    }

    /// Groups changed their place, or the inventory was read again.
    pub fn forget(&self) {
        *self.known.write() = Known::default();
    }
}
