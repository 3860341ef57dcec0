//! A group of hosts and of other groups.

use indexmap::IndexSet;

use crate::source::Node;

use super::Vars;

/// One group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The groups directly below it, in the order of definition.
    pub children: IndexSet<String>,
    /// The hosts directly in it, in the order of definition.
    pub hosts: IndexSet<String>,
    /// Variables from inventory sources; those of `group_vars` are not among them.
    pub vars: Vars,
    /// `ansible_group_priority`: of groups equally deep the higher one wins; 1 unless given.
    pub priority: i64,
    /// That variable as it was written.
    pub(super) priority_node: Option<Node>,
    /// How far below `all` it is, along the longest way; `all` is 0. Variables of deeper groups win.
    pub depth: usize,
    /// The groups directly above it.
    pub(super) parents: IndexSet<String>,
}

impl Group {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            children: IndexSet::new(),
            hosts: IndexSet::new(),
            vars: Vars::new(),
            priority: 1,
            priority_node: None,
            depth: 0,
            parents: IndexSet::new(),
        }
    }
}
