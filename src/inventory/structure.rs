//! Who is above and below whom.

use std::collections::HashSet;

use super::{Group, Inventory};

impl Inventory {
    /// A group and those below it, level by level, each once; nothing for an unknown name.
    pub(super) fn with_descendants(&self, name: &str) -> Vec<&Group> {
        self.walk(name, |group| &group.children)
    }

    /// A group and those above it, nearest first, each once; nothing for an unknown name.
    pub fn with_ancestors(&self, name: &str) -> Vec<&Group> {
        self.walk(name, |group| &group.parents)
    }

    /// All groups that a host is in, `all` among them, in the order in which their variables count:
    /// by depth, then priority, then name.
    pub(super) fn groups_of(&self, host: &str) -> Vec<&Group> {
        let Some(host) = self.host(host) else { return Vec::new() };
        let mut seen = HashSet::new();
        let mut groups: Vec<&Group> = Vec::new();
        for direct in &host.groups {
            groups
                .extend(self.walk(direct, |group| &group.parents).into_iter().filter(|group| seen.insert(&group.name)));
        }
        groups.sort_by(|a, b| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
        groups
    }

    fn walk<'a>(&'a self, name: &str, next: impl Fn(&'a Group) -> &'a indexmap::IndexSet<String>) -> Vec<&'a Group> {
        let mut found: Vec<&Group> = self.groups.get(name).into_iter().collect();
        let mut seen: HashSet<&str> = found.iter().map(|group| group.name.as_str()).collect();
        let mut done = 0;
        while let Some(group) = found.get(done).copied() {
            done += 1;
            found.extend(next(group).iter().filter(|name| seen.insert(name)).map(|name| &self.groups[name]));
        }
        found
    }

    /// Sets every group's depth to the length of the longest way from `all`.
    pub(super) fn measure_depths(&mut self) {
        for group in self.groups.values_mut() {
            group.depth = 0;
        }
        let mut waiting: Vec<usize> = self.groups.values().map(|group| group.parents.len()).collect();
        let mut ready: Vec<usize> = (0..waiting.len()).filter(|index| waiting[*index] == 0).collect();
        while let Some(index) = ready.pop() {
            let depth = self.groups[index].depth + 1;
            for child in self.groups[index].children.clone() {
                let Some(below) = self.groups.get_index_of(&child) else { continue };
                self.groups[below].depth = self.groups[below].depth.max(depth);
                waiting[below] -= 1;
                if waiting[below] == 0 {
                    ready.push(below);
                }
            }
        }
    }
}
