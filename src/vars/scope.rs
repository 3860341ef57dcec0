//! The order in which a name is looked up.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

use super::{
    HostVars,
    groups::GroupNames,
    host::Hosts,
    hostvars::{AllHostVars, ScopeVars},
};
use crate::{
    playbook::keywords::Vars,
    template::{Environment, Names},
    value::{Dict, List, Value},
};

/// What all hosts of a run share.
pub struct RunVars {
    /// `-e`: the strongest of all.
    pub extra: Dict,
    /// Every host.
    pub hosts: Hosts,
    /// Which host is in which group.
    pub groups: GroupNames,
    /// Names that the program itself gives, the same for every host and play.
    pub constants: BTreeMap<&'static str, Value>,
    /// Where templates find files, and which filters they have.
    pub environment: Arc<Environment>,
}

/// What all hosts share during one play.
#[derive(Default)]
pub struct PlayVars {
    /// `vars`, then `vars_files` over them.
    pub vars: Dict,
    /// The names that follow from the play: `ansible_play_hosts` and its kin.
    pub constants: parking_lot::RwLock<BTreeMap<&'static str, Value>>,
}

/// The names that a task sees on a host.
#[derive(Clone)]
pub struct Scope {
    run: Arc<RunVars>,
    play: Option<Arc<PlayVars>>,
    host: Arc<HostVars>,
    /// `vars` of blocks and the task, the outermost first.
    task: Vec<Arc<Vars>>,
    /// Loop variables and the like: stronger than all.
    bound: Vec<(String, Value)>,
}

impl Scope {
    /// The scope of a host, outside of any play: what `hostvars` shows.
    pub fn of_host(run: &Arc<RunVars>, host: &Arc<HostVars>) -> Self {
        Self { run: Arc::clone(run), play: None, host: Arc::clone(host), task: Vec::new(), bound: Vec::new() }
    }

    /// The scope of a host in a play.
    #[must_use]
    pub fn in_play(mut self, play: &Arc<PlayVars>) -> Self {
        self.play = Some(Arc::clone(play));
        self
    }

    /// The scope of a task with these `vars`, the outermost first.
    #[must_use]
    pub fn in_task(mut self, vars: &[Arc<Vars>]) -> Self {
        self.task = vars.to_vec();
        self
    }

    /// The scope of the same task with another host's variables: what a delegated task connects by.
    #[must_use]
    pub fn delegated_to(&self, name: &str) -> Self {
        let host = self.run.hosts.get(name).unwrap_or_else(|| Arc::new(HostVars::outside(name)));
        Self { host, ..self.clone() }
    }

    /// Adds a name that is stronger than all others.
    pub fn bind(&mut self, name: &str, value: Value) {
        self.bound.push((name.to_owned(), value));
    }

    /// The host.
    pub fn host(&self) -> &Arc<HostVars> {
        &self.host
    }

    /// What evaluates templates in this scope.
    pub fn context(&self) -> crate::template::Context<'_> {
        crate::template::Context::new(self, &self.run.environment)
    }

    /// A variable, evaluated; `None` if there is none.
    pub fn resolve(&self, name: &str) -> Result<Option<Value>, crate::template::TemplateError> {
        Names::lookup(self, name).map(|value| self.context().resolve_deep(&value)).transpose()
    }

    /// The names that follow from where a task runs; nothing can override them.
    fn magic(&self, name: &str) -> Option<Value> {
        match name {
            "inventory_hostname" => Some(Value::from(self.host.name.as_str())),
            "inventory_hostname_short" => Some(Value::from(short_name(&self.host.name))),
            "group_names" => Some(self.run.groups.of_host(&self.host.name)),
            "groups" => Some(Value::Dict(self.run.groups.as_dict())),
            "hostvars" => Some(Value::object(AllHostVars::new(&self.run))),
            "ansible_facts" => Some(Value::Dict(self.host.facts.clone())),
            "vars" => Some(Value::object(ScopeVars::new(self.clone()))),
            "omit" => Some(Value::omit()),
            _ => {
                let of_play = self.play.as_ref().and_then(|play| play.constants.read().get(name).cloned());
                of_play.or_else(|| self.run.constants.get(name).cloned())
            }
        }
    }

    /// A fact by the name that it is injected under.
    fn fact(&self, name: &str) -> Option<Value> {
        if name == "ansible_local" {
            return self.host.facts.get("ansible_local").or_else(|| self.host.facts.get("local"));
        }
        self.host.facts.get(name.strip_prefix("ansible_")?)
    }
}

impl Names for Scope {
    /// The precedence, strongest first.
    fn lookup(&self, name: &str) -> Option<Value> {
        let bound = || self.bound.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let task = || self.task.iter().rev().find_map(|vars| vars.get(name).cloned());
        let play = || self.play.as_ref().and_then(|play| play.vars.get(name));
        bound()
            .or_else(|| self.magic(name))
            .or_else(|| self.run.extra.get(name))
            .or_else(|| self.host.stored.get(name))
            .or_else(|| self.host.included.get(name))
            .or_else(task)
            .or_else(play)
            .or_else(|| self.fact(name))
            .or_else(|| self.host.inventory.get(name))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.bound.iter().map(|(name, _)| name.clone()).collect();
        let layers = [&self.run.extra, &self.host.stored, &self.host.included, &self.host.inventory];
        for layer in layers.into_iter().chain(self.play.as_ref().map(|play| &play.vars)) {
            names.extend(layer.keys().iter().filter_map(|key| key.as_str().map(str::to_owned)));
        }
        names.extend(self.task.iter().flat_map(|vars| vars.keys().cloned()));
        names.extend(self.host.facts.keys().iter().filter_map(|key| key.as_str().map(|key| format!("ansible_{key}"))));
        let magic = [
            "inventory_hostname",
            "inventory_hostname_short",
            "group_names",
            "groups",
            "hostvars",
            "ansible_facts",
            "omit",
        ];
        names.extend(magic.map(str::to_owned));
        names.extend(self.run.constants.keys().map(|name| (*name).to_owned()));
        names.extend(
            self.play
                .iter()
                .flat_map(|play| play.constants.read().keys().copied().map(str::to_owned).collect::<Vec<_>>()),
        );
        names.sort();
        names.dedup();
        names
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.host.name)
    }
}

/// The part before the first dot; an address stays whole.
fn short_name(name: &str) -> &str {
    match name.parse::<std::net::IpAddr>() {
        Ok(_) => name,
        Err(_) => name.split('.').next().unwrap_or(name),
    }
}

/// A list of texts.
pub fn text_list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
    Value::List(texts.into_iter().map(|text| Value::from(text.as_ref())).collect::<List>())
}

/// A path as a value.
pub fn path_value(path: impl Into<PathBuf>) -> Value {
    Value::from(path.into().to_string_lossy().as_ref())
}
