//! The order in which a name is looked up.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Foresight, HostVars,
    connected::{self, ConnectionValues, Seen},
    files::inventory_vars,
    groups::GroupNames,
    host::Hosts,
    hostvars::{AllHostVars, ScopeVars},
};
use crate::{
    playbook::{Role, Task, keywords::Vars},
    template::{Environment, Names},
    value::{Dict, List, Value},
};

/// What all hosts of a run share.
pub struct RunVars {
    /// Whether mappings of several layers are merged (`hash_behaviour`).
    pub merges: bool,
    /// Whether facts are variables too, as `ansible_…`.
    pub injects_facts: bool,
    /// `-e`: the strongest of all.
    pub extra: Dict,
    /// Every host.
    pub hosts: Hosts,
    /// Which host is in which group.
    pub groups: GroupNames,
    /// Names that the program itself gives, the same for every host and play.
    pub constants: BTreeMap<&'static str, Value>,
    /// What the command line and the settings say of connections.
    pub connections: ConnectionValues,
    /// Where templates find files, and which filters they have.
    pub environment: Arc<Environment>,
}

/// What all hosts share during one play.
#[derive(Default)]
pub struct PlayVars {
    /// `vars`, then `vars_prompt` and `vars_files` over them.
    pub vars: Dict,
    /// What every task sees of the play's roles: variables and defaults.
    pub exports: parking_lot::RwLock<Exports>,
    /// The names that follow from the play: `ansible_play_hosts` and its kin.
    pub constants: parking_lot::RwLock<BTreeMap<&'static str, Value>>,
    /// Hosts that `add_host` added while the batch ran.
    pub added: parking_lot::RwLock<Vec<String>>,
}

impl RunVars {
    /// A host that a task is delegated to. One that the inventory does not have is still one of `all`, and may have a
    /// file of `host_vars`; later tasks find what this one learns about it.
    pub fn delegate(&self, name: &str) -> Arc<HostVars> {
        self.hosts.get(name).unwrap_or_else(|| {
            let read = inventory_vars(&self.groups.inventory().read(), name);
            let host = read.map_or_else(|why| HostVars::unread(name, why), |vars| HostVars::new(name, vars));
            self.hosts.add_outside(host)
        })
    }
}

impl PlayVars {
    /// A batch begins: the hosts of the play are these.
    pub fn begin_batch(&self, hosts: Value) {
        self.added.write().clear();
        self.constants.write().insert("ansible_play_hosts_all", hosts);
    }

    /// A host was added while the play runs: it counts as one of it, though it does none of its tasks.
    pub fn add_host(&self, name: &str) {
        let mut constants = self.constants.write();
        let has = |list: &List| list.with(|hosts| hosts.iter().any(|host| host.as_str() == Some(name)));
        if constants.get("ansible_play_hosts_all").and_then(Value::as_list).is_some_and(has) {
            return;
        }
        for constant in ["ansible_play_hosts_all", "ansible_play_hosts"] {
            if let Some(Value::List(hosts)) = constants.get_mut(constant) {
                *hosts = List::new(hosts.to_vec().into_iter().chain([Value::from(name)]).collect());
            }
        }
        self.added.write().push(name.to_owned());
    }
}

/// How many layers of variables people fill, those of plays, roles, hosts and facts.
const LAYERS: usize = 14;

/// What every task of a play sees of its roles.
#[derive(Default)]
pub struct Exports {
    vars: Vars,
    defaults: Vars,
}

impl Exports {
    /// Adds the variables and defaults of a role, over those of others, unless they are its own affair.
    pub fn add(&mut self, role: &Role) {
        if role.is_private {
            return;
        }
        let copy = |from: &Arc<Vars>, to: &mut Vars| {
            to.extend(from.iter().map(|(name, value)| (name.clone(), value.clone())));
        };
        role.exported_vars().for_each(|vars| copy(vars, &mut self.vars));
        role.exported_defaults().for_each(|defaults| copy(defaults, &mut self.defaults));
    }
}

/// The names that a task sees on a host.
#[derive(Clone)]
pub struct Scope {
    run: Arc<RunVars>,
    play: Option<Arc<PlayVars>>,
    host: Arc<HostVars>,
    /// `vars_files` whose names depend on the host.
    files: Option<Dict>,
    task: Option<Arc<Task>>,
    /// Parameters of the includes around the task, the outermost first.
    parameters: Arc<[Arc<Vars>]>,
    /// Loop variables and the like: stronger than all.
    bound: Vec<(String, Value)>,
    /// Who watches an evaluation before its turn.
    foresight: Option<Arc<Foresight>>,
    /// What it sees of its connection.
    seen: Seen,
    /// What a template file is evaluated in, where that is not what the task is.
    environment: Option<Arc<Environment>>,
}

impl Scope {
    /// The scope of a host, outside of any play: what `hostvars` shows.
    pub fn of_host(run: &Arc<RunVars>, host: &Arc<HostVars>) -> Self {
        Self {
            run: Arc::clone(run),
            play: None,
            host: Arc::clone(host),
            files: None,
            task: None,
            parameters: Arc::default(),
            bound: Vec::new(),
            foresight: None,
            seen: Seen::default(),
            environment: None,
        }
    }

    /// The same for a task whose turn has not come.
    #[must_use]
    pub fn watched_by(mut self, foresight: &Arc<Foresight>) -> Self {
        self.foresight = Some(Arc::clone(foresight));
        self
    }

    /// The scope of a host in a play.
    #[must_use]
    pub fn in_play(mut self, play: &Arc<PlayVars>) -> Self {
        self.play = Some(Arc::clone(play));
        self
    }

    /// With the variables of files that are this host's in the play.
    #[must_use]
    pub fn with_files(mut self, files: Option<Dict>) -> Self {
        self.files = files;
        self
    }

    /// The scope of a task; `parameters` come from the includes around it, the outermost first.
    #[must_use]
    pub fn in_task(mut self, task: &Arc<Task>, parameters: Arc<[Arc<Vars>]>) -> Self {
        self.task = Some(Arc::clone(task));
        self.parameters = parameters;
        self
    }

    /// The scope of the same task with another host's variables: what a delegated task connects by.
    #[must_use]
    pub fn delegated_to(&self, name: &str) -> Self {
        Self { host: self.run.delegate(name), seen: Seen::Nothing, ..self.clone() }
    }

    /// The scope of the task's conditions and arguments: with what is known of its connection.
    #[must_use]
    pub fn planned(mut self) -> Self {
        self.seen = Seen::Planned;
        self
    }

    /// The scope of what the task does, when it is connected.
    #[must_use]
    pub fn made(mut self) -> Self {
        self.seen = Seen::Made;
        self
    }

    /// The scope without what is known of the connection: what leads to it.
    #[must_use]
    pub fn unconnected(&self) -> Self {
        Self { seen: Seen::Nothing, ..self.clone() }
    }

    /// Adds a name that is stronger than all others.
    pub fn bind(&mut self, name: &str, value: Value) {
        self.bound.push((name.to_owned(), value));
    }

    /// The host.
    pub fn host(&self) -> &Arc<HostVars> {
        &self.host
    }

    /// The task.
    pub(super) fn task(&self) -> Option<&Task> {
        self.task.as_deref()
    }

    /// What the command line and the settings say of connections.
    pub(super) fn connection_values(&self) -> &ConnectionValues {
        &self.run.connections
    }

    /// What evaluates templates in this scope.
    pub fn context(&self) -> crate::template::Context<'_> {
        crate::template::Context::new(self, self.environment())
    }

    fn environment(&self) -> &Environment {
        let of_task = || self.task.as_ref().map(|task| &task.origin.environment);
        self.environment.as_ref().or_else(of_task).unwrap_or(&self.run.environment)
    }

    /// The same scope for what stands in a template file.
    #[must_use]
    pub fn in_template(self, file: &Path) -> Self {
        let environment = Arc::new(self.environment().in_template(file));
        Self { environment: Some(environment), ..self }
    }

    /// A variable, evaluated; `None` if there is none.
    pub fn resolve(&self, name: &str) -> Result<Option<Value>, crate::template::TemplateError> {
        Names::lookup(self, name).map(|value| self.context().resolve_deep(&value)).transpose()
    }

    /// The names that follow from where a task runs; nothing can override them.
    fn magic(&self, name: &str) -> Option<Value> {
        match name {
            // Nobody in particular: what a play's own keywords see.
            "inventory_hostname" | "inventory_hostname_short" if self.host.name.is_empty() => None,
            "inventory_hostname" => Some(Value::from(self.host.name.as_str())),
            "inventory_hostname_short" => Some(Value::from(short_name(&self.host.name))),
            "group_names" => Some(self.run.groups.of_host(&self.host.name)),
            "groups" => Some(Value::Dict(self.run.groups.as_dict())),
            "hostvars" => Some(Value::object(AllHostVars::new(&self.run))),
            "ansible_facts" => Some(Value::Dict(self.host.facts.clone())),
            "vars" => Some(Value::object(ScopeVars::own(self.unconnected()))),
            "omit" => Some(Value::omit()),
            "ansible_delegated_vars" => self.delegated_vars(),
            _ => {
                if let Some(value) = self.role_magic(name) {
                    return Some(value);
                }
                let of_play = self.play.as_ref().and_then(|play| play.constants.read().get(name).cloned());
                of_play.or_else(|| self.run.constants.get(name).cloned())
            }
        }
    }

    /// The variables of the host that a task is delegated to, by its name.
    fn delegated_vars(&self) -> Option<Value> {
        let setting = self.task.as_ref()?.keywords.setting("delegate_to")?;
        let name =
            self.context().resolve_deep(&setting.value).ok().filter(|name| !name.is_none() && !name.is_omit())?;
        let mut scope = self.delegated_to(&name.to_str());
        // The task is still the one of its own host.
        scope.bind("inventory_hostname", Value::from(self.host.name.as_str()));
        if self.seen != Seen::Nothing {
            self.add_unsaid(&mut scope);
        }
        let vars = Dict::new();
        vars.insert(name.to_str(), Value::object(ScopeVars::new(scope)));
        Some(Value::Dict(vars))
    }

    /// The names that follow from the role of the task.
    fn role_magic(&self, name: &str) -> Option<Value> {
        let task = self.task.as_ref()?;
        if name == "environment" {
            return Some(task.keywords.environment.iter().map(|part| part.value.clone()).collect());
        }
        if name == "ansible_search_path" {
            let search = &self.environment().search_paths;
            return Some(text_list(search.iter().map(|path| path.to_string_lossy())));
        }
        let role = task.origin.role.as_ref()?;
        Some(match name {
            "role_name" => Value::from(role.name.as_str()),
            "ansible_role_name" => Value::from(role.full_name.as_str()),
            "role_path" => path_value(std::path::absolute(&role.path).unwrap_or_else(|_| role.path.clone())),
            "role_uuid" => Value::from(format!("{:p}", Arc::as_ptr(role))),
            "ansible_collection_name" => role.collection.as_deref().map_or(Value::None, Value::from),
            "ansible_parent_role_names" if role.is_of_task && !role.parents.is_empty() => {
                text_list(role.parents.iter().map(|parent| &parent.full_name))
            }
            "ansible_parent_role_paths" if role.is_of_task && !role.parents.is_empty() => {
                text_list(role.parents.iter().map(|parent| parent.path.to_string_lossy()))
            }
            _ => return None,
        })
    }

    /// The values that a name has in the layers that people fill, the strongest first.
    fn layers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Value> + 'a {
        (0..LAYERS).filter_map(move |layer| self.layer(layer, name))
    }

    /// The value that a name has in one of the layers; 0 is the strongest one.
    fn layer(&self, layer: usize, name: &str) -> Option<Value> {
        let innermost = |layers: &[Arc<Vars>]| layers.iter().rev().find_map(|vars| vars.get(name).cloned());
        let task = self.task.as_deref();
        let role = task.and_then(|task| task.origin.role.as_deref());
        let exports = || self.play.as_ref().map(|play| play.exports.read());
        match layer {
            0 => self.run.extra.get(name),
            1 => innermost(&self.parameters),
            2 => innermost(&task?.keywords.params),
            3 => self.host.stored.get(name),
            4 => self.host.included.get(name),
            5 => innermost(&task?.keywords.vars),
            6 => role?.variable(name),
            7 => exports()?.vars.get(name).cloned(),
            8 => self.files.as_ref()?.get(name),
            9 => self.play.as_ref()?.vars.get(name),
            10 => self.fact(name),
            11 => self.host.inventory.get(name),
            12 => role?.default_value(name),
            _ => exports()?.defaults.get(name).cloned(),
        }
    }

    /// A fact by the name that it is injected under.
    fn fact(&self, name: &str) -> Option<Value> {
        if !self.run.injects_facts {
            return None;
        }
        if name == "ansible_local" {
            return self.host.facts.get("ansible_local").or_else(|| self.host.facts.get("local"));
        }
        match name.strip_prefix("ansible_") {
            Some(short) => self.host.facts.get(short),
            None => self.host.bare_facts.get(name),
        }
    }
}

impl Names for Scope {
    /// The precedence, strongest first.
    fn lookup(&self, name: &str) -> Option<Value> {
        if let Some(foresight) = &self.foresight {
            foresight.read(name);
        }
        let bound = || self.bound.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let mut layers = self.layers(name);
        let strongest = bound().or_else(|| self.magic(name)).or_else(|| layers.next());
        let strongest = strongest.or_else(|| self.connected(name, self.seen))?;
        if self.run.merges && matches!(strongest, Value::Dict(_)) && self.magic(name).is_none() {
            return Some(layers.fold(strongest, |over, under| merged(&over, under)));
        }
        Some(strongest)
    }

    fn is_in_turn(&self) -> bool {
        if let Some(foresight) = &self.foresight {
            foresight.wait();
        }
        self.foresight.is_none()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.bound.iter().map(|(name, _)| name.clone()).collect();
        let host = &self.host;
        let layers = [&self.run.extra, &host.stored, &host.included, &host.bare_facts, &host.inventory];
        for layer in layers.into_iter().chain(self.play.as_ref().map(|play| &play.vars)) {
            names.extend(layer.keys().iter().filter_map(|key| key.as_str().map(str::to_owned)));
        }
        if let Some(task) = &self.task {
            let layers = task.keywords.vars.iter().chain(&task.keywords.params).chain(self.parameters.iter());
            names.extend(layers.flat_map(|vars| vars.keys().cloned()));
            names.extend(task.origin.role.iter().flat_map(|role| role.variable_names().cloned()));
            names.push("environment".to_owned());
        }
        if let Some(play) = &self.play {
            let exports = play.exports.read();
            names.extend(exports.vars.keys().chain(exports.defaults.keys()).cloned());
        }
        let files = self.files.iter().flat_map(Dict::keys);
        names.extend(files.filter_map(|key| key.as_str().map(str::to_owned)));
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
        names.extend(connected::names(self, self.seen).map(str::to_owned));
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

/// A mapping over another one, mappings in them merged as well.
pub fn merged(over: &Value, under: Value) -> Value {
    let (Value::Dict(over), Value::Dict(under)) = (over, &under) else { return over.clone() };
    let all = under.copy();
    for (key, value) in over.entries() {
        let value = match all.get_value(key.value()) {
            Some(below) => merged(&value, below),
            None => value,
        };
        all.set(key, value);
    }
    Value::Dict(all)
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
