//! Where the inventory's variables of a host come from, in the order in which they count.

use std::borrow::Cow;

use indexmap::IndexMap;

use crate::source::{Diagnostic, Kind, Node};

use super::{Inventory, Vars, vars_files::Folders};

/// Variables from one place.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The kind of place.
    pub origin: Origin,
    /// The variables.
    pub vars: &'a Vars,
}

/// The kinds of places; what stands later here wins ("Understanding variable precedence" in the
/// Ansible manual), but `group_vars` of `all` count before `group_vars` of every other group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A group in an inventory source.
    Group,
    /// `group_vars` beside an inventory source.
    InventoryGroupVars,
    /// `group_vars` beside the playbook.
    PlaybookGroupVars,
    /// A host in an inventory source.
    Host,
    /// `host_vars` beside an inventory source.
    InventoryHostVars,
    /// `host_vars` beside the playbook.
    PlaybookHostVars,
}

impl Inventory {
    /// The variables of a host, those that win last: groups of the sources from `all` downwards,
    /// `group_vars/all`, the other `group_vars`, the host in the sources, `host_vars`. Empty layers are
    /// left out. Implicit hosts get the variables of `all` as well; unknown ones those, and their `host_vars`.
    ///
    /// Fails when a file of variables cannot be read.
    pub fn variable_layers(&self, host: &str) -> Result<Vec<Layer<'_>>, Diagnostic> {
        let mut layers = Layers(Vec::new());
        let all = &self.groups["all"];
        let groups: Vec<_> = self.groups_of(host).into_iter().filter(|group| group.name != "all").collect();
        for group in [all].iter().chain(&groups) {
            layers.push(Origin::Group, Some(&group.vars));
        }
        for (origin, folders) in self.folders(Origin::InventoryGroupVars, Origin::PlaybookGroupVars) {
            layers.push(origin, folders.group("all")?);
        }
        for (origin, folders) in self.folders(Origin::InventoryGroupVars, Origin::PlaybookGroupVars) {
            for group in &groups {
                layers.push(origin, folders.group(&group.name)?);
            }
        }
        layers.push(Origin::Host, self.host(host).map(|host| &host.vars));
        for (origin, folders) in self.folders(Origin::InventoryHostVars, Origin::PlaybookHostVars) {
            layers.push(origin, folders.host(host)?);
        }
        Ok(layers.0)
    }

    /// The variables of a host, of every name the one that counts; with `hash_behaviour=merge` mappings of
    /// several places are merged. Fails when a file of variables cannot be read.
    pub fn variables(&self, host: &str) -> Result<Merged<'_>, Diagnostic> {
        let layers = self.variable_layers(host)?;
        Ok(self.merge(layers.into_iter().map(|layer| layer.vars)))
    }

    /// The variables that the sources themselves give to a host and its groups.
    pub fn own_variables(&self, host: &str) -> Merged<'_> {
        let groups = self.groups_of(host).into_iter().map(|group| &group.vars);
        self.merge(groups.chain(self.host(host).map(|host| &host.vars)))
    }

    /// The variables that belong to a host and not to its groups. Fails when a file cannot be read.
    pub fn host_variables(&self, host: &str) -> Result<Merged<'_>, Diagnostic> {
        let layers = self.variable_layers(host)?;
        Ok(self.merge(layers.into_iter().filter(|layer| layer.origin >= Origin::Host).map(|layer| layer.vars)))
    }

    /// The variables that belong to a group. Fails when a file cannot be read.
    pub fn group_variables(&self, group: &str) -> Result<Merged<'_>, Diagnostic> {
        let Some(group) = self.group(group) else { return Ok(Merged::new()) };
        let mut layers = vec![&group.vars];
        for (_, folders) in self.folders(Origin::InventoryGroupVars, Origin::PlaybookGroupVars) {
            layers.extend(folders.group(&group.name)?);
        }
        let mut merged = self.merge(layers);
        if let Some(priority) = &group.priority_node {
            merged.insert("ansible_group_priority", Cow::Borrowed(priority));
        }
        Ok(merged)
    }

    fn merge<'a>(&self, layers: impl IntoIterator<Item = &'a Vars>) -> Merged<'a> {
        let mut merged = Merged::new();
        for (name, node) in layers.into_iter().flatten() {
            let known = merged.get(name.as_str()).filter(|_| self.merges_hashes);
            let node = known.and_then(|known| combined(known, node)).map_or(Cow::Borrowed(node), Cow::Owned);
            merged.insert(name, node);
        }
        merged
    }

    /// Whether a group has variables of its own, in the sources or in files; files that cannot be read count.
    pub fn has_group_vars(&self, group: &str) -> bool {
        let in_sources = self.groups.get(group).is_some_and(|group| !group.vars.is_empty());
        in_sources || self.files.inventory().chain(self.files.playbook()).any(|folders| folders.has_group(group))
    }

    fn folders(&self, inventory: Origin, playbook: Origin) -> impl Iterator<Item = (Origin, &Folders)> {
        let beside = self.files.inventory().map(move |folders| (inventory, folders));
        beside.chain(self.files.playbook().map(move |folders| (playbook, folders)))
    }
}

/// Variables by name.
pub type Merged<'a> = IndexMap<&'a str, Cow<'a, Node>>;

/// Two mappings as one, deeply; `None` if one of them is no mapping.
pub fn combined(low: &Node, high: &Node) -> Option<Node> {
    let mut entries = low.as_map()?.to_vec();
    for entry in high.as_map()? {
        match entries.iter_mut().find(|known| known.key.kind == entry.key.kind) {
            Some(known) => known.value = combined(&known.value, &entry.value).unwrap_or_else(|| entry.value.clone()),
            None => entries.push(entry.clone()),
        }
    }
    Some(Node::new(Kind::Map(entries), high.span.clone()))
}

struct Layers<'a>(Vec<Layer<'a>>);

impl<'a> Layers<'a> {
    fn push(&mut self, origin: Origin, vars: Option<&'a Vars>) {
        if let Some(vars) = vars.filter(|vars| !vars.is_empty()) {
            self.0.push(Layer { origin, vars });
        }
    }
}
