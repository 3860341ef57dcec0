//! Which hosts, groups and variables of an inventory are printed, in which shape.

use std::borrow::Cow;

use indexmap::{IndexMap, IndexSet};

use crate::{
    cli::tree::Tree,
    inventory::{Group, HostId, Inventory},
    source::{Diagnostic, Entry, Kind, Node, Span},
    template::node_from_value,
    value::Dict,
    vault,
};

/// An inventory and what of it is printed.
pub struct Shown<'a> {
    inventory: &'a Inventory,
    extra: Vec<(String, Node)>,
    /// Whether variables stay where they were written; else hosts have all of theirs.
    pub exports: bool,
    /// The only hosts that are printed, if there is a limit.
    pub limit: Option<IndexSet<HostId>>,
}

type Entries<'a> = Vec<(String, Tree<'a>)>;

impl<'a> Shown<'a> {
    /// All of an inventory, with the variables of the command line.
    pub fn new(inventory: &'a Inventory, extra: &Dict) -> Self {
        let span = Span::outside("-e", "");
        let entries = extra.entries().into_iter();
        let extra = entries
            .map(|(name, value)| (name.value().to_str(), masked_node(&node_from_value(&value, &span, Kind::Str))))
            .collect();
        Self { inventory, extra, exports: false, limit: None }
    }

    /// The inventory.
    pub fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// A host's variables by name.
    pub fn host_vars(&self, host: &str) -> Result<IndexMap<&'a str, Cow<'a, Node>>, Diagnostic> {
        let vars = if self.exports { self.inventory.host_variables(host)? } else { self.inventory.variables(host)? };
        Ok(masked(vars))
    }

    /// What `-e` adds to every host.
    pub fn extra(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.extra.iter().filter(|_| !self.exports).map(|(name, node)| (name.as_str(), node))
    }

    /// A host's variables.
    pub fn host(&self, host: &str) -> Result<Tree<'a>, Diagnostic> {
        let mut entries = trees(self.host_vars(host)?);
        for (name, node) in self.extra() {
            entries.retain(|(known, _)| known != name);
            entries.push((name.to_owned(), Tree::Made(node.clone())));
        }
        Ok(Tree::Map(entries))
    }

    fn hosts_of(&self, group: &'a Group) -> Vec<&'a str> {
        let shows = |name: &&str| {
            self.limit.as_ref().is_none_or(|limit| self.inventory.host_id(name).is_some_and(|id| limit.contains(&id)))
        };
        // What is in `all` alone is in `ungrouped`.
        let hosts = group.hosts.iter().filter(|_| group.name != "all").map(String::as_str);
        hosts.filter(shows).collect()
    }

    fn group_vars(&self, group: &str) -> Result<Entries<'a>, Diagnostic> {
        if self.exports { Ok(trees(masked(self.inventory.group_variables(group)?))) } else { Ok(Vec::new()) }
    }

    /// As inventory scripts print it: every group by its name, and the variables of hosts in `_meta`.
    pub fn list(&self) -> Result<Tree<'a>, Diagnostic> {
        let mut hostvars = Vec::new();
        for host in self.inventory.hosts() {
            let id = self.inventory.host_id(&host.name);
            if self.limit.as_ref().is_some_and(|limit| id.is_none_or(|id| !limit.contains(&id))) {
                continue;
            }
            let vars = self.host(&host.name)?;
            if !matches!(&vars, Tree::Map(entries) if entries.is_empty()) {
                hostvars.push((host.name.clone(), vars));
            }
        }
        let profile = Node::new(Kind::Str("inventory_legacy".to_owned()), Span::outside("inventory", ""));
        let meta = vec![("hostvars".to_owned(), Tree::Map(hostvars)), ("profile".to_owned(), Tree::Made(profile))];
        let mut entries = vec![("_meta".to_owned(), Tree::Map(meta))];
        for group in self.inventory.groups() {
            let mut shown = Vec::new();
            if !group.children.is_empty() {
                shown.push(("children".to_owned(), Tree::Names(group.children.iter().cloned().collect())));
            }
            let hosts = self.hosts_of(group);
            if !hosts.is_empty() {
                shown.push(("hosts".to_owned(), Tree::Names(hosts.into_iter().map(str::to_owned).collect())));
            }
            let vars = self.group_vars(&group.name)?;
            if !vars.is_empty() {
                shown.push(("vars".to_owned(), Tree::Map(vars)));
            }
            if !shown.is_empty() {
                entries.push((group.name.clone(), Tree::Map(shown)));
            }
        }
        Ok(Tree::Map(entries))
    }

    /// As a YAML inventory: groups inside groups.
    pub fn nested(&self) -> Result<Tree<'a>, Diagnostic> {
        let all = self.inventory.group("all").map(|all| self.nested_group(all, &mut Seen::default())).transpose()?;
        let entries = all.unwrap_or_default();
        let top = if entries.is_empty() { Vec::new() } else { vec![("all".to_owned(), Tree::Map(entries))] };
        Ok(Tree::Map(top))
    }

    fn nested_group(&self, group: &'a Group, seen: &mut Seen<'a>) -> Result<Entries<'a>, Diagnostic> {
        let mut children = Vec::new();
        for child in group.children.iter().filter_map(|name| self.inventory.group(name)) {
            if !seen.groups.insert(&child.name) {
                children.push((child.name.clone(), Tree::Map(Vec::new())));
                continue;
            }
            let entries = self.nested_group(child, seen)?;
            if !entries.is_empty() {
                children.push((child.name.clone(), Tree::Map(entries)));
            }
        }
        let mut shown = Vec::new();
        if !children.is_empty() {
            shown.push(("children".to_owned(), Tree::Map(children)));
        }
        shown.extend(self.hosts_with_vars(group, seen)?);
        let vars = self.group_vars(&group.name)?;
        if !vars.is_empty() {
            shown.push(("vars".to_owned(), Tree::Map(vars)));
        }
        Ok(shown)
    }

    /// The entry `hosts` of a group; a host has its variables where it stands first.
    fn hosts_with_vars(&self, group: &'a Group, seen: &mut Seen<'a>) -> Result<Option<(String, Tree<'a>)>, Diagnostic> {
        let mut hosts = Vec::new();
        for host in self.hosts_of(group) {
            let vars = if seen.hosts.insert(host) { self.host(host)? } else { Tree::Map(Vec::new()) };
            hosts.push((host.to_owned(), vars));
        }
        Ok((!hosts.is_empty()).then(|| ("hosts".to_owned(), Tree::Map(hosts))))
    }

    /// As a TOML inventory: a table for every group.
    pub fn tables(&self) -> Result<Tree<'a>, Diagnostic> {
        let mut tables = Vec::new();
        let all = self.inventory.group("all");
        all.map(|all| self.group_tables(all, &mut Seen::default(), &mut tables)).transpose()?;
        Ok(Tree::Map(tables))
    }

    fn group_tables(&self, group: &'a Group, seen: &mut Seen<'a>, tables: &mut Entries<'a>) -> Result<(), Diagnostic> {
        let mut shown = Vec::new();
        // Everything is below `all` anyway.
        if !group.children.is_empty() && group.name != "all" {
            shown.push(("children".to_owned(), Tree::Names(group.children.iter().cloned().collect())));
        }
        shown.extend(self.hosts_with_vars(group, seen)?);
        let vars = self.group_vars(&group.name)?;
        if !vars.is_empty() {
            shown.push(("vars".to_owned(), Tree::Map(vars)));
        }
        if !shown.is_empty() {
            tables.push((group.name.clone(), Tree::Map(shown)));
        }
        for child in group.children.iter().filter_map(|name| self.inventory.group(name)) {
            if seen.groups.insert(&child.name) {
                self.group_tables(child, seen, tables)?;
            }
        }
        Ok(())
    }
}

/// What was printed already.
#[derive(Default)]
struct Seen<'a> {
    groups: IndexSet<&'a str>,
    hosts: IndexSet<&'a str>,
}

/// Variables without what was decrypted, which is printed nowhere.
fn masked<'a>(mut vars: IndexMap<&'a str, Cow<'a, Node>>) -> IndexMap<&'a str, Cow<'a, Node>> {
    // What holds no secret stays the same node: YAML refers to one that stands twice.
    for node in vars.values_mut() {
        let masked = masked_node(node);
        if masked != **node {
            *node = Cow::Owned(masked);
        }
    }
    vars
}

fn masked_node(node: &Node) -> Node {
    let masked = |text: &String| {
        let mut text = text.clone();
        vault::current().secrets().mask(&mut text);
        text
    };
    let kind = match &node.kind {
        Kind::Str(text) => Kind::Str(masked(text)),
        Kind::Unsafe(text) => Kind::Unsafe(masked(text)),
        Kind::List(items) => Kind::List(items.iter().map(masked_node).collect()),
        Kind::Map(entries) => {
            let entry = |entry: &Entry| Entry { key: entry.key.clone(), value: masked_node(&entry.value) };
            Kind::Map(entries.iter().map(entry).collect())
        }
        other => other.clone(),
    };
    Node::new(kind, node.span.clone())
}

fn trees<'a>(vars: IndexMap<&'a str, Cow<'a, Node>>) -> Entries<'a> {
    let tree = |node| match node {
        Cow::Borrowed(node) => Tree::Node(node),
        Cow::Owned(node) => Tree::Made(node),
    };
    vars.into_iter().map(|(name, node)| (name.to_owned(), tree(node))).collect()
}
