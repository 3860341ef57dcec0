//! Which hosts there are, in which groups, with which variables: from INI, YAML, directories, scripts
//! and `host,list` texts, with the `group_vars` and `host_vars` beside them.
//!
//! Nothing here opens a connection or evaluates a template: variables stay nodes with their positions.

mod added;
mod address;
mod constructed;
mod edit;
mod generator;
mod glob;
mod group;
mod host;
mod host_range;
mod ini;
mod keyed_group;
mod layers;
mod limit;
mod options;
mod pattern;
mod script;
mod select;
mod shell_words;
mod structure;
mod toml;
mod vars_files;
mod yaml;
mod load;

use std::{path::PathBuf, sync::Arc};

use indexmap::{IndexMap, IndexSet};

use crate::{
    config::{Config, settings},
    source::{Diagnostic, Node},
    value::Dict,
};

pub use added::Added;
pub use address::split_port;
pub use edit::InventoryError;
pub use group::Group;
pub use host::{Host, HostId};
pub use limit::{Limit, Shard};
pub use load::NOTHING;
pub use pattern::Pattern;
pub use select::Selection;

use host::Implicit;
use vars_files::{Rules, VarsFiles};

/// Variables by name, in the order of the file.
pub type Vars = IndexMap<String, Node>;

/// The hosts and groups of a run.
///
/// The groups `all` and `ungrouped` are always there. `localhost`, `127.0.0.1` and `::1` are hosts even
/// where no source names them (see [`Inventory::host`]), but belong to no group then.
#[derive(Debug)]
pub struct Inventory {
    hosts: IndexMap<String, Host>,
    groups: IndexMap<String, Group>,
    implicit: Implicit,
    /// The sources as they were asked for.
    given: Vec<String>,
    /// What they are read with.
    reading: Reading,
    /// The sources as they were found.
    sources: Vec<PathBuf>,
    files: VarsFiles,
    merges_hashes: bool,
    warnings: Vec<Diagnostic>,
    odd_names: IndexSet<String>,
    /// What plays added.
    added: Vec<Added>,
}

/// What sources are read with.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The folder whose `group_vars` and `host_vars` count too.
    pub playbook_dir: Option<PathBuf>,
    /// `-e`, which constructed groups may see.
    pub extra: Dict,
    /// The settings.
    pub config: Arc<Config>,
    /// Whether broken sources are passed over where the settings do not say, as in Ansible.
    pub is_lenient: bool,
}

impl Inventory {
    /// An inventory with nothing in it.
    fn new(reading: &Reading) -> Self {
        let config = &reading.config;
        let merges_hashes = config.get(&settings::running::DEFAULT_HASH_BEHAVIOUR) == "merge";
        let endings = config.get(&settings::inventory::YAML_FILENAME_EXTENSIONS);
        let mut groups = ["all", "ungrouped"].map(Group::new);
        groups[0].children.insert("ungrouped".to_owned());
        groups[1].parents.insert("all".to_owned());
        Self {
            hosts: IndexMap::new(),
            groups: groups.map(|group| (group.name.clone(), group)).into_iter().collect(),
            implicit: Implicit::default(),
            given: Vec::new(),
            reading: reading.clone(),
            sources: Vec::new(),
            files: VarsFiles::new(Rules { endings, merges: merges_hashes }),
            merges_hashes,
            warnings: Vec::new(),
            odd_names: IndexSet::new(),
            added: Vec::new(),
        }
    }

    /// Reads the sources in their order; what a later one says about a host or group is added to what
    /// earlier ones said, and its variables win. A source is the path of a file or directory, or names
    /// with a comma among them.
    ///
    /// Fails when a source is missing or is not understood, unless the settings say that it is passed over.
    pub fn load(sources: &[String], reading: &Reading) -> Result<Self, Diagnostic> {
        load::sources(sources, reading)
    }

    /// The hosts in the order in which they were first named, without the implicit ones.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.values()
    }

    /// A host by name; `localhost`, `127.0.0.1` and `::1` even if no source names them.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name).or_else(|| self.implicit.host(name))
    }

    /// The handle of a host, as [`Inventory::host`] finds it.
    pub fn host_id(&self, name: &str) -> Option<HostId> {
        self.hosts.get_index_of(name).map(HostId::listed).or_else(|| self.implicit.id(name))
    }

    /// The groups in the order in which they were first named; `all` and `ungrouped` come first.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values()
    }

    /// A group by name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The files, directories and texts it was read from, as given.
    pub fn sources(&self) -> &[PathBuf] {
        &self.sources
    }

    /// What is probably not meant in the sources and in the files of variables read so far.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.warnings.iter().chain(self.files.warnings())
    }

    /// The hosts of a group and of the groups below it, nearer groups first, each host once.
    pub fn hosts_of(&self, group: &str) -> Vec<HostId> {
        let mut members: IndexSet<HostId> = IndexSet::new();
        // What `group_by` puts into a group may be an implicit host; `all` never has one.
        let implicit = |name: &str| self.implicit.id(name).filter(|_| group != "all");
        for group in self.with_descendants(group) {
            let listed = |name: &str| self.hosts.get_index_of(name).map(HostId::listed);
            members.extend(group.hosts.iter().filter_map(|name| listed(name).or_else(|| implicit(name))));
        }
        members.into_iter().collect()
    }

    /// The names of all groups that a host is in, directly or not, sorted, without `all`.
    pub fn group_names(&self, host: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self.groups_of(host).iter().map(|group| group.name.as_str()).collect();
        names.retain(|name| *name != "all");
        names.sort_unstable();
        names
    }
}

impl std::ops::Index<HostId> for Inventory {
    type Output = Host;

    /// The host of a handle that this inventory gave out; hosts are never removed.
    fn index(&self, id: HostId) -> &Host {
        match id.position() {
            Ok(listed) => &self.hosts[listed],
            Err(implicit) => self.implicit.at(implicit),
        }
    }
}

#[cfg(test)]
mod tests;
