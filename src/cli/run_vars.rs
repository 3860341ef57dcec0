//! The variables of a run that neither the inventory nor a play sets.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use parking_lot::RwLock;

use crate::{
    config::{
        Config,
        settings::{connection, inventory, running},
    },
    executor::{ConnectionDefaults, Options},
    inventory::Inventory,
    library, playbook,
    template::Environment,
    value::{Dict, Value},
    vars::{self, GroupNames, RunVars},
};

/// What all templates of a run see, beside the variables of their host and play.
pub fn run_vars(
    shared: &Arc<RwLock<Inventory>>,
    options: &Options,
    hosts: vars::Hosts,
    extra: Dict,
    folder: &Path,
    sources: &[String],
    environment: Option<Arc<Environment>>,
) -> Arc<RunVars> {
    let of_hosts = shared.read();
    let mut constants: BTreeMap<&'static str, Value> = BTreeMap::new();
    constants.insert("ansible_check_mode", Value::Bool(options.check));
    constants.insert("ansible_diff_mode", Value::Bool(options.diff));
    constants.insert("ansible_playbook_python", vars::path_value(library::controller_python().to_owned()));
    constants.insert("ansible_forks", Value::Int(options.forks as i64));
    constants.insert("ansible_verbosity", Value::Int(i64::from(options.verbosity)));
    constants.insert("ansible_run_tags", vars::text_list(options.tags.only()));
    constants.insert("ansible_skip_tags", vars::text_list(options.tags.skipped()));
    constants.insert("ansible_version", ansible_version());
    constants.insert("ansible_inventory_sources", vars::text_list(inventory_sources(sources, &options.config)));
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let config_file = options.config.file().map_or(Value::None, |file| vars::path_value(absolute(file)));
    constants.insert("ansible_config_file", config_file);
    // A play knows that of its own playbook.
    constants.insert("playbook_dir", vars::path_value(absolute(folder)));
    if let Some(limit) = &options.limit.pattern {
        constants.insert("ansible_limit", Value::from(limit.as_str()));
    }
    if let Some(source) = of_hosts.sources().first() {
        let path = std::path::absolute(source).unwrap_or_else(|_| source.clone());
        let directory = if path.is_dir() { path.clone() } else { path.parent().unwrap_or(&path).to_owned() };
        constants.insert("inventory_dir", vars::path_value(directory));
        constants.insert("inventory_file", vars::path_value(path));
    }
    Arc::new(RunVars {
        merges: options.config.get(&running::DEFAULT_HASH_BEHAVIOUR) == "merge",
        injects_facts: options.config.get(&running::INJECT_FACTS_AS_VARS),
        extra,
        hosts,
        groups: GroupNames::new(shared),
        constants,
        connections: connection_values(&options.connection),
        environment: environment.unwrap_or_else(|| Arc::new(Environment::new(absolute(folder)))),
    })
}

/// The sources as they were named, files and folders by their whole path; the usual one, there or not, where none is.
fn inventory_sources(sources: &[String], config: &Config) -> Vec<String> {
    if sources.is_empty() {
        let usual = config.get(&inventory::DEFAULT_HOST_LIST);
        return usual.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    }
    let shown = |source: &String| match std::path::absolute(source) {
        Ok(path) if !source.contains(',') => path.to_string_lossy().into_owned(),
        _ => source.clone(),
    };
    sources.iter().map(shown).collect()
}

/// What is said of all connections, under the variables that say it for a host.
fn connection_values(defaults: &ConnectionDefaults) -> vars::ConnectionValues {
    let config = &defaults.config;
    let transport = config.get(&connection::DEFAULT_TRANSPORT);
    let user = defaults.user.clone().or_else(|| config.get(&connection::DEFAULT_REMOTE_USER));
    let key_file = defaults.key_file.clone().or_else(|| config.get(&connection::DEFAULT_PRIVATE_KEY_FILE));
    let timeout =
        defaults.timeout.map_or_else(|| config.value("DEFAULT_TIMEOUT").clone(), |seconds| Value::Int(seconds as i64));
    [
        ("transport", Value::from(transport.as_str())),
        ("ansible_connection", Value::from(defaults.kind.as_deref().unwrap_or(&transport))),
        ("ansible_user", user.map_or(Value::None, Value::from)),
        ("ansible_port", config.get(&connection::DEFAULT_REMOTE_PORT).map_or(Value::None, Value::Int)),
        ("ansible_private_key_file", key_file.map_or(Value::None, vars::path_value)),
        ("ansible_shell_executable", Value::from(config.get(&connection::DEFAULT_EXECUTABLE))),
        ("ansible_pipelining", config.value("ANSIBLE_PIPELINING").clone()),
        ("ansible_module_compression", config.value("DEFAULT_MODULE_COMPRESSION").clone()),
        ("ansible_timeout", timeout),
    ]
    .into()
}

/// The language version that playbooks ask for.
fn ansible_version() -> Value {
    let version = Dict::new();
    version.insert("full", playbook::LANGUAGE);
    version.insert("string", playbook::LANGUAGE);
    for (name, number) in [("major", 2), ("minor", 19), ("revision", 14)] {
        version.insert(name, Value::Int(number));
    }
    Value::Dict(version)
}
