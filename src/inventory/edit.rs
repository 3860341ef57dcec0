//! Changes to an inventory: while its sources are read, and by `add_host` and `group_by` during a run.

use indexmap::IndexSet;

use crate::{
    config::{Config, settings},
    source::{Diagnostic, Kind, Node, Span},
};

use super::{Group, Host, HostId, Inventory, Vars, address, host_range, layers::combined};

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// A group was to be below itself.
    #[error("the group `{0}` cannot be below itself")]
    Itself(String),
    /// The child holds the parent, directly or not.
    #[error("the group `{child}` cannot be below `{parent}`, which is below `{child}` itself")]
    Cycle {
        /// The group that was to hold the other.
        parent: String,
        /// The group that was to be held.
        child: String,
    },
    /// `ansible_group_priority` is no integer.
    #[error("`ansible_group_priority` must be an integer")]
    Priority,
}

impl Inventory {
    /// Adds a group unless it is there.
    pub fn add_group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(name.to_owned()).or_insert_with(|| Group::new(name))
    }

    /// Adds a host unless it is there; it is in no group until [`Inventory::settle`].
    pub fn add_host(&mut self, name: &str) -> HostId {
        let entry = self.hosts.entry(name.to_owned());
        let index = entry.index();
        entry.or_insert_with(|| Host::new(name));
        HostId::listed(index)
    }

    /// Puts a host into a group; both are added if they are not there.
    pub fn add_member(&mut self, group: &str, host: &str) {
        if self.add_group(group).hosts.insert(host.to_owned()) {
            self.add_host(host);
            self.hosts[host].groups.insert(group.to_owned());
        }
    }

    /// Puts a group below another; both are added if they are not there. Fails on a cycle.
    pub fn add_child(&mut self, parent: &str, child: &str) -> Result<(), InventoryError> {
        self.add_group(parent);
        self.add_group(child);
        if parent == child {
            return Err(InventoryError::Itself(child.to_owned()));
        }
        let loops = child == "all" || self.with_descendants(child).iter().any(|group| group.name == parent);
        if loops {
            return Err(InventoryError::Cycle { parent: parent.to_owned(), child: child.to_owned() });
        }
        self.groups[parent].children.insert(child.to_owned());
        self.groups[child].parents.insert(parent.to_owned());
        Ok(())
    }

    /// Puts a host into a group while a run goes on, and restores what [`Inventory::settle`] restores, at
    /// the cost of this host alone. Returns whether it was not directly in it.
    pub fn join(&mut self, group: &str, host: &str) -> bool {
        if self.groups.get(group).is_some_and(|group| group.hosts.contains(host)) {
            return false;
        }
        self.place(group);
        // An implicit host stays one: it is in the group, and not among `all`.
        if !self.hosts.contains_key(host)
            && let Some(implicit) = self.implicit.host_mut(host)
        {
            implicit.groups.insert(group.to_owned());
            return self.groups[group].hosts.insert(host.to_owned());
        }
        self.add_member(group, host);
        let joined = &mut self.hosts[host];
        let elsewhere = joined.groups.iter().any(|group| group != "all" && group != "ungrouped");
        if !elsewhere {
            self.add_member("ungrouped", host);
        } else if joined.groups.shift_remove("ungrouped") {
            self.groups["ungrouped"].hosts.shift_remove(host);
        }
        true
    }

    /// As [`Inventory::join`], among the members of the group where the inventory has the host: hosts that
    /// come into a group side by side are in the same order each time.
    pub fn join_in_order(&mut self, group: &str, host: &str) -> bool {
        let is_new = self.join(group, host);
        let place = |name: &str| self.hosts.get_index_of(name);
        if let (true, Some(own)) = (is_new, place(host)) {
            let members = &self.groups[group].hosts;
            let before = members.iter().rposition(|name| place(name).is_some_and(|other| other < own));
            let (from, to) = (members.len() - 1, before.map_or(0, |before| before + 1));
            self.groups[group].hosts.move_index(from, to.min(from));
        }
        is_new
    }

    /// Puts a group below another while a run goes on, as [`Inventory::join`] does for hosts. Returns
    /// whether it was not directly below it; fails on a cycle.
    pub fn nest(&mut self, parent: &str, child: &str) -> Result<bool, InventoryError> {
        if self.groups.get(parent).is_some_and(|parent| parent.children.contains(child)) {
            return Ok(false);
        }
        self.place(parent);
        self.add_child(parent, child)?;
        self.measure_depths();
        Ok(true)
    }

    /// Adds a group below `all` unless it is there.
    fn place(&mut self, group: &str) {
        if self.groups.contains_key(group) {
            return;
        }
        self.add_group(group).depth = 1;
        self.groups[group].parents.insert("all".to_owned());
        self.groups["all"].children.insert(group.to_owned());
    }

    /// Sets a variable of a host; one that is not there is added.
    pub fn set_host_var(&mut self, host: &str, name: &str, value: Node) {
        self.add_host(host);
        put(self.merges_hashes, &mut self.hosts[host].vars, name, value);
    }

    /// Sets a variable of a group; one that is not there is added. `ansible_group_priority` is the
    /// group's priority and no variable: fails when it is no integer.
    pub fn set_group_var(&mut self, group: &str, name: &str, value: Node) -> Result<(), InventoryError> {
        let merges = self.merges_hashes;
        let group = self.add_group(group);
        if name == "ansible_group_priority" {
            group.priority = integer(&value).ok_or(InventoryError::Priority)?;
            group.priority_node = Some(value);
        } else {
            put(merges, &mut group.vars, name, value);
        }
        Ok(())
    }

    /// Restores what holds between changes: groups without a parent are below `all`, hosts without a
    /// group are in `ungrouped` and others are not, depths are right. To be called after additions.
    pub fn settle(&mut self) {
        let orphans: Vec<String> = self
            .groups
            .values()
            .filter(|group| group.parents.is_empty() && group.name != "all")
            .map(|group| group.name.clone())
            .collect();
        for name in orphans {
            self.groups[&name].parents.insert("all".to_owned());
            self.groups["all"].children.insert(name);
        }
        for host in self.hosts.values_mut() {
            let elsewhere = host.groups.iter().any(|group| group != "all" && group != "ungrouped");
            if elsewhere {
                if host.groups.shift_remove("ungrouped") {
                    self.groups["ungrouped"].hosts.shift_remove(&host.name);
                }
            } else if host.groups.insert("ungrouped".to_owned()) {
                self.groups["ungrouped"].hosts.insert(host.name.clone());
            }
        }
        self.measure_depths();
    }
}

/// A name of a group with `_` for everything that cannot stand in the name of a variable.
pub(super) fn valid_name(name: &str) -> String {
    let valid = |(at, c): (usize, char)| c == '_' || c.is_alphanumeric() && !(at == 0 && c.is_numeric());
    name.chars().enumerate().map(|(at, c)| if valid((at, c)) { c } else { '_' }).collect()
}

impl Inventory {
    /// Does to names of groups that cannot be variables what the settings say (`force_valid_group_names`).
    pub(super) fn check_group_names(&mut self, config: &Config) {
        let choice = config.get(&settings::inventory::TRANSFORM_INVALID_GROUP_CHARS);
        let odd = self.groups.keys().filter(|name| valid_name(name) != **name && !self.odd_names.contains(*name));
        let odd: Vec<String> = odd.cloned().collect();
        let done = match choice.as_str() {
            "always" | "silently" => {
                odd.iter().for_each(|name| self.rename_group(name, &valid_name(name)));
                "automatically replaced"
            }
            _ => "not replaced",
        };
        self.odd_names.extend(odd.iter().cloned());
        if matches!(choice.as_str(), "always" | "never") && !odd.is_empty() {
            let joint = if choice == "never" { "but" } else { "and" };
            let message = format!("Invalid characters were found in group names {joint} {done}");
            let wording = format!("{message}, use -vvvv to see details");
            let help = "use letters, digits and `_`, or set `force_valid_group_names` in ansible.cfg";
            self.warnings.push(Diagnostic::warning(message).worded(wording).note(odd.join(", ")).help(help));
        }
    }

    /// Gives a group another name; if there is a group of that name already, it gets all that this one had.
    fn rename_group(&mut self, from: &str, to: &str) {
        let Some(index) = self.groups.get_index_of(from) else { return };
        let Some(old) = self.groups.shift_remove(from) else { return };
        let renamed = |names: &mut IndexSet<String>| {
            if let Some(at) = names.get_index_of(from) {
                names.shift_remove(from);
                names.shift_insert(at.min(names.len()), to.to_owned());
            }
        };
        self.groups.values_mut().for_each(|group| {
            renamed(&mut group.children);
            renamed(&mut group.parents);
        });
        self.hosts.values_mut().for_each(|host| renamed(&mut host.groups));
        match self.groups.get_mut(to) {
            Some(group) => {
                group.hosts.extend(old.hosts);
                group.children.extend(old.children);
                group.parents.extend(old.parents);
                group.vars.extend(old.vars);
            }
            None => {
                self.groups.shift_insert(index, to.to_owned(), Group { name: to.to_owned(), ..old });
            }
        }
    }
}

/// Sets a variable; with `hash_behaviour` a mapping goes over the one that is there.
fn put(merges: bool, vars: &mut Vars, name: &str, value: Node) {
    let known = vars.get(name).filter(|_| merges);
    let both = known.and_then(|known| combined(known, &value));
    vars.insert(name.to_owned(), both.unwrap_or(value));
}

fn integer(value: &Node) -> Option<i64> {
    match &value.kind {
        Kind::Int(number) => Some(*number),
        Kind::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Inventory {
    /// Adds the hosts of one line of a source, ranges and a port in `pattern` allowed, each with `vars`.
    pub(super) fn add_hosts(
        &mut self,
        pattern: &str,
        group: &str,
        span: &Span,
        vars: &[(String, Node)],
    ) -> Result<(), Diagnostic> {
        let (names, port) = address::split_port(pattern);
        let names = if names.parse::<std::net::Ipv6Addr>().is_ok() {
            vec![names.to_owned()]
        } else {
            host_range::expand(names).map_err(|reason| Diagnostic::error(reason).at(span))?
        };
        for name in names {
            self.add_member(group, &name);
            let host = &mut self.hosts[&name];
            if host.source.is_none() {
                host.source = self.sources.last().cloned();
            }
            if let Some(port) = port {
                self.set_port(&name, port, span);
            }
            for (variable, value) in vars {
                put(self.merges_hashes, &mut self.hosts[&name].vars, variable, value.clone());
            }
        }
        Ok(())
    }

    /// Sets the port of a host that is there, and `ansible_port` with it.
    pub(super) fn set_port(&mut self, host: &str, port: u16, span: &Span) {
        let host = &mut self.hosts[host];
        host.port = Some(port);
        host.vars.insert("ansible_port".to_owned(), Node::new(Kind::Int(port.into()), span.clone()));
    }
}
