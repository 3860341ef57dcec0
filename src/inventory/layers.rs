//! Where the inventory's variables of a host come from, in the order in which they count.

use crate::source::Diagnostic;

use super::{Inventory, Vars, vars_files::Folders};

/// Variables from one place.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "where a variable comes from is for messages still to be written")]
pub struct Layer<'a> {
    /// The kind of place.
    pub origin: Origin,
    /// The group or host they belong to.
    pub name: &'a str,
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
    /// left out. Implicit hosts get the variables of `all` as well; unknown ones nothing else.
    ///
    /// Fails when a file of variables cannot be read.
    pub fn variable_layers(&self, host: &str) -> Result<Vec<Layer<'_>>, Diagnostic> {
        let mut layers = Layers(Vec::new());
        let all = &self.groups["all"];
        let groups: Vec<_> = self.groups_of(host).into_iter().filter(|group| group.name != "all").collect();
        for group in [all].iter().chain(&groups) {
            layers.push(Origin::Group, &group.name, Some(&group.vars));
        }
        for (origin, folders) in self.folders(Origin::InventoryGroupVars, Origin::PlaybookGroupVars) {
            layers.push(origin, &all.name, folders.group("all")?);
        }
        for (origin, folders) in self.folders(Origin::InventoryGroupVars, Origin::PlaybookGroupVars) {
            for group in &groups {
                layers.push(origin, &group.name, folders.group(&group.name)?);
            }
        }
        if let Some(host) = self.host(host) {
            layers.push(Origin::Host, &host.name, Some(&host.vars));
            for (origin, folders) in self.folders(Origin::InventoryHostVars, Origin::PlaybookHostVars) {
                layers.push(origin, &host.name, folders.host(&host.name)?);
            }
        }
        Ok(layers.0)
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

struct Layers<'a>(Vec<Layer<'a>>);

impl<'a> Layers<'a> {
    fn push(&mut self, origin: Origin, name: &'a str, vars: Option<&'a Vars>) {
        if let Some(vars) = vars.filter(|vars| !vars.is_empty()) {
            self.0.push(Layer { origin, name, vars });
        }
    }
}
