//! What plays add to an inventory, kept for when its sources are read again.

use super::{Inventory, Vars};

/// One thing that a play added.
#[derive(Clone, Debug)]
pub enum Added {
    /// A host, or more that is said about one (`add_host`).
    Host {
        /// Its name.
        name: String,
        /// The groups that it is put into.
        groups: Vec<String>,
        /// Its variables.
        vars: Vars,
    },
    /// A host in a group (`group_by`).
    Member {
        /// The host.
        host: String,
        /// The group.
        group: String,
        /// The groups above the group.
        parents: Vec<String>,
    },
}

impl Inventory {
    /// Keeps what was added.
    pub fn keep(&mut self, added: Added) {
        self.added.push(added);
    }

    /// Adds once more what plays added to another inventory; hosts of its sources that are gone join no group.
    pub(super) fn add_again(&mut self, added: Vec<Added>) {
        for one in &added {
            match one {
                Added::Host { name, groups, vars } => {
                    self.add_host(name);
                    for group in std::iter::once("all").chain(groups.iter().map(String::as_str)) {
                        self.join(group, name);
                    }
                    for (variable, value) in vars {
                        self.set_host_var(name, variable, value.clone());
                    }
                }
                Added::Member { host, group, parents } if self.host(host).is_some() => {
                    self.join_in_order(group, host);
                    for parent in parents {
                        // Where the sources have the groups the other way round now, they count.
                        let _ = self.nest(parent, group);
                    }
                }
                Added::Member { .. } => {}
            }
        }
        self.added = added;
    }
}
