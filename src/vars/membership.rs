//! What `add_host`, `group_by` and `meta: refresh_inventory` change while a run goes on: groups, and
//! what the inventory says about hosts. Only what changes is computed again.

use parking_lot::RwLockWriteGuard;

use super::{RunVars, files::inventory_vars};
use crate::{
    inventory::{Added, Inventory, InventoryError, Vars},
    source::Diagnostic,
    template::plain_value,
    vault,
};

impl RunVars {
    /// Adds a host, or what is said about one that is there: groups and variables, which are data and no
    /// templates. Returns whether anything changed.
    ///
    /// Fails when a file of variables cannot be read.
    pub fn add_host(&self, name: &str, groups: &[String], vars: Vars) -> Result<bool, Diagnostic> {
        let mut inventory = self.groups.inventory().write();
        let is_new = inventory.host(name).is_none_or(|host| host.implicit);
        let mut changed = is_new;
        if is_new {
            inventory.add_host(name);
            // Hosts that were added come before those of the sources, as in Ansible.
            inventory.join("all", name);
            self.groups.joined(&inventory, "all", name);
        }
        for group in groups {
            if inventory.join(group, name) {
                changed = true;
                self.groups.joined(&inventory, group, name);
            }
        }
        inventory.keep(Added::Host { name: name.to_owned(), groups: groups.to_vec(), vars: vars.clone() });
        for (variable, value) in vars {
            let known = inventory.host(name).and_then(|host| host.vars.get(&variable)).map(plain_value);
            changed |= known.is_none_or(|known| !known.python_eq(&plain_value(&value)));
            inventory.set_host_var(name, &variable, value);
        }
        if is_new {
            self.hosts.list(name);
        }
        let inventory = RwLockWriteGuard::downgrade(inventory);
        if changed {
            self.reread(&inventory, name)?;
        }
        Ok(changed)
    }

    /// Puts a host into a group, and that below its parents. Returns whether anything changed.
    ///
    /// Fails when a group would be below itself, or a file of variables cannot be read.
    pub fn group_by(&self, host: &str, group: &str, parents: &[String]) -> Result<bool, GroupByError> {
        let mut inventory = self.groups.inventory().write();
        let mut changed = inventory.join_in_order(group, host);
        let mut members = Vec::new();
        for parent in parents {
            if inventory.nest(parent, group)? {
                changed = true;
                self.groups.forget();
                members = inventory.hosts_of(group);
            }
        }
        if changed {
            let (host, group) = (host.to_owned(), group.to_owned());
            inventory.keep(Added::Member { host, group, parents: parents.to_vec() });
        }
        if changed {
            self.groups.joined(&inventory, group, host);
        }
        let inventory = RwLockWriteGuard::downgrade(inventory);
        // Most groups of this kind have no variables: then no host has others than before.
        if changed
            && inventory
                .with_ancestors(group)
                .iter()
                .any(|group| group.name != "all" && inventory.has_group_vars(&group.name))
        {
            self.reread(&inventory, host)?;
            for member in members {
                self.reread(&inventory, &inventory[member].name)?;
            }
        }
        Ok(changed)
    }

    /// `meta: refresh_inventory`: reads the sources again.
    ///
    /// Fails when a source cannot be read.
    pub fn refresh_inventory(&self) -> Result<(), Diagnostic> {
        let mut inventory = self.groups.inventory().write();
        inventory.refresh()?;
        self.groups.forget();
        let inventory = RwLockWriteGuard::downgrade(inventory);
        for host in inventory.hosts() {
            self.hosts.list(&host.name);
            match inventory_vars(&inventory, &host.name) {
                Err(why) if !vault::is_refusal(&why) => return Err(why),
                read => self.hosts.get(&host.name).iter().for_each(|known| known.reread(read.clone())),
            }
        }
        self.hosts.keep(inventory.hosts().map(|host| host.name.as_str()));
        Ok(())
    }

    /// Takes over what the inventory now says about a host.
    fn reread(&self, inventory: &Inventory, name: &str) -> Result<(), Diagnostic> {
        let Some(host) = self.hosts.get(name) else { return Ok(()) };
        host.reread(Ok(inventory_vars(inventory, name)?));
        Ok(())
    }
}

/// Why a host cannot be put into a group.
#[derive(Debug, thiserror::Error)]
pub enum GroupByError {
    /// The groups cannot be so.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// A file of variables cannot be read.
    #[error("{}", .0.message)]
    Variables(Box<Diagnostic>),
}

impl From<Diagnostic> for GroupByError {
    fn from(error: Diagnostic) -> Self {
        Self::Variables(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use parking_lot::RwLock;

    use super::*;
    use crate::{
        source::{Kind, Node, Span},
        template::{Environment, Names},
        value::{Dict, Value},
        vars::{GroupNames, Hosts, Scope, host_vars},
    };

    /// A run over an inventory in a folder with the given files.
    fn run(files: &[(&str, &str)]) -> (Arc<RunVars>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let source = folder.path().join("hosts").to_str().unwrap().to_owned();
        let inventory =
            Arc::new(RwLock::new(Inventory::load(&[source], &crate::inventory::Reading::default()).unwrap()));
        let hosts = Hosts::default();
        for host in inventory.read().hosts() {
            hosts.insert(host_vars(&inventory.read(), host).unwrap());
        }
        hosts.insert_implicit(host_vars(&inventory.read(), inventory.read().host("localhost").unwrap()).unwrap());
        let run = RunVars {
            injects_facts: true,
            merges: false,
            extra: Dict::new(),
            hosts,
            groups: GroupNames::new(&inventory),
            constants: BTreeMap::new(),
            connections: BTreeMap::new(),
            environment: Arc::new(Environment::new(folder.path().to_owned())),
        };
        (Arc::new(run), folder)
    }

    fn seen(run: &Arc<RunVars>, host: &str, name: &str) -> String {
        let scope = Scope::of_host(run, &run.hosts.get(host).unwrap());
        scope.lookup(name).map_or_else(|| "-".to_owned(), |value| value.to_str())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn text(text: &str) -> Node {
        Node::new(Kind::Unsafe(text.to_owned()), Span::outside("test", text))
    }

    const HOSTS: &[(&str, &str)] =
        &[("hosts", "[web]\na\nb\n"), ("group_vars/late.yml", "late: 1\n"), ("group_vars/above.yml", "above: 2\n")];

    #[test]
    fn added_hosts_stand_first_and_have_the_variables_of_their_groups() {
        let (run, _folder) = run(HOSTS);
        let vars = [("own".to_owned(), text("{{ x }}"))].into_iter().collect::<Vars>();
        assert!(run.add_host("new", &names(&["late", "other"]), vars.clone()).unwrap());
        assert_eq!(
            seen(&run, "a", "groups"),
            "{'all': ['new', 'a', 'b'], 'ungrouped': [], 'web': ['a', 'b'], 'late': ['new'], 'other': ['new']}"
        );
        assert_eq!(seen(&run, "new", "group_names"), "['late', 'other']");
        assert_eq!((seen(&run, "new", "late"), seen(&run, "new", "own")), ("1".into(), "{{ x }}".into()));
        assert!(!run.add_host("new", &names(&["late"]), vars).unwrap());
        assert!(run.add_host("new", &[], [("own".to_owned(), text("y"))].into_iter().collect()).unwrap());
        assert_eq!(seen(&run, "new", "own"), "y");
    }

    #[test]
    fn a_host_without_a_group_is_ungrouped() {
        let (run, _folder) = run(HOSTS);
        assert!(run.add_host("new", &[], Vars::new()).unwrap());
        assert_eq!(seen(&run, "new", "group_names"), "['ungrouped']");
        assert!(run.group_by("new", "web", &names(&["all"])).unwrap());
        assert_eq!(seen(&run, "new", "group_names"), "['web']");
        assert_eq!(seen(&run, "a", "groups"), "{'all': ['new', 'a', 'b'], 'ungrouped': [], 'web': ['a', 'b', 'new']}");
    }

    #[test]
    fn group_by_gives_variables_of_the_group_and_of_those_above() {
        let (run, _folder) = run(HOSTS);
        assert_eq!(seen(&run, "a", "group_names"), "['web']");
        assert!(run.group_by("a", "late", &names(&["above"])).unwrap());
        assert!(!run.group_by("a", "late", &names(&["above"])).unwrap());
        assert!(!run.group_by("a", "web", &names(&["all"])).unwrap());
        assert_eq!(seen(&run, "a", "group_names"), "['above', 'late', 'web']");
        assert_eq!((seen(&run, "a", "late"), seen(&run, "a", "above")), ("1".into(), "2".into()));
        assert_eq!((seen(&run, "b", "late"), seen(&run, "b", "above")), ("-".into(), "-".into()));
        let error = run.group_by("a", "above", &names(&["late"])).unwrap_err();
        assert_eq!(error.to_string(), "the group `above` cannot be below `late`, which is below `above` itself");
    }

    #[test]
    fn an_implicit_host_is_in_its_groups_and_not_in_all() {
        let (run, _folder) = run(HOSTS);
        assert!(run.group_by("localhost", "control", &names(&["all"])).unwrap());
        assert_eq!(
            seen(&run, "localhost", "groups"),
            "{'all': ['a', 'b'], 'ungrouped': [], 'web': ['a', 'b'], 'control': ['localhost']}"
        );
        assert_eq!(seen(&run, "localhost", "group_names"), "['control']");
        assert_eq!(seen(&run, "localhost", "ansible_connection"), "local");
    }

    #[test]
    fn a_refresh_keeps_what_plays_added_and_nothing_else() {
        let (run, folder) = run(HOSTS);
        run.add_host("new", &names(&["made"]), Vars::new()).unwrap();
        let fact = run.hosts.get("a").unwrap();
        fact.stored.insert("kept", Value::Bool(true));
        std::fs::write(folder.path().join("hosts"), "[web]\na v=1\nc\n").unwrap();
        run.refresh_inventory().unwrap();
        assert_eq!(
            seen(&run, "a", "groups"),
            "{'all': ['new', 'a', 'c'], 'ungrouped': [], 'web': ['a', 'c'], 'made': ['new']}"
        );
        assert_eq!((seen(&run, "a", "v"), seen(&run, "a", "kept")), ("1".into(), "True".into()));
        assert_eq!(seen(&run, "c", "group_names"), "['web']");
        assert!(run.hosts.get("b").is_none());
        std::fs::write(folder.path().join("hosts"), "[web\n").unwrap();
        assert!(run.refresh_inventory().is_err());
        assert_eq!(seen(&run, "a", "v"), "1");
    }

    /// Ten keys for a thousand hosts: what changes is computed again, and no more.
    #[test]
    fn many_groups_of_many_hosts_are_cheap() {
        let hosts: String = (0..1000).map(|index| format!("host{index}\n")).collect();
        let (run, _folder) = run(&[("hosts", &hosts)]);
        let begun = std::time::Instant::now();
        for key in 0..10 {
            for host in 0..1000 {
                run.group_by(&format!("host{host}"), &format!("key{key}"), &names(&["all"])).unwrap();
            }
            assert_eq!(seen(&run, "host7", "groups").matches("'host7'").count(), 2 + key);
        }
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    }
}
