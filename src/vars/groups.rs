//! `groups` and `group_names`, computed once for all hosts.

use indexmap::IndexMap;

use super::scope::text_list;
use crate::{
    inventory::Inventory,
    value::{Dict, Value},
};

/// Which host is in which group.
#[derive(Default)]
pub struct GroupNames {
    groups: Dict,
    of_host: IndexMap<String, Value>,
}

impl GroupNames {
    /// The groups of an inventory.
    pub fn new(inventory: &Inventory) -> Self {
        let groups = inventory
            .groups()
            .map(|group| {
                (
                    group.name.clone(),
                    text_list(inventory.hosts_of(&group.name).into_iter().map(|id| &inventory[id].name)),
                )
            })
            .collect();
        let of_host =
            inventory.hosts().map(|host| (host.name.clone(), text_list(inventory.group_names(&host.name)))).collect();
        Self { groups, of_host }
    }

    /// Every group with the names of its hosts.
    pub fn as_dict(&self) -> Dict {
        self.groups.clone()
    }

    /// The groups a host is in, `all` left out, sorted.
    pub fn of_host(&self, host: &str) -> Value {
        // A host outside the inventory, the implicit localhost, is in none.
        self.of_host.get(host).cloned().unwrap_or_else(|| text_list([""; 0]))
    }
}
