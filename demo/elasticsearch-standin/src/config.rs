//! A node's configuration: `elasticsearch.yml` and `-E`, checked as the vendor does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::version::Version;
use crate::yaml::{Settings, Value};
use crate::{Refusal, names, yaml};

/// Settings that are accepted, and mean nothing here unless [`Config`] has them.
const KNOWN: &[&str] = &[
    "cluster.name",
    "cluster.initial_master_nodes",
    "cluster.routing.allocation.awareness.attributes",
    "cluster.routing.allocation.disk.threshold_enabled",
    "cluster.routing.allocation.enable",
    "discovery.seed_hosts",
    "discovery.seed_providers",
    "discovery.type",
    "node.name",
    "node.roles",
    "network.host",
    "network.bind_host",
    "network.publish_host",
    "http.port",
    "http.host",
    "transport.port",
    "transport.host",
    "path.data",
    "path.logs",
    "path.repo",
    "bootstrap.memory_lock",
    "action.auto_create_index",
    "action.destructive_requires_name",
    "gateway.expected_data_nodes",
    "gateway.recover_after_data_nodes",
    "indices.memory.index_buffer_size",
    "ingest.geoip.downloader.enabled",
];

/// Families of settings whose members are not told apart.
const KNOWN_PREFIXES: &[&str] =
    &["node.attr.", "xpack.", "http.cors.", "http.max_", "thread_pool.", "indices.", "logger.", "reindex."];

const ROLES: &[&str] = &[
    "master",
    "data",
    "data_content",
    "data_hot",
    "data_warm",
    "data_cold",
    "data_frozen",
    "ingest",
    "ml",
    "remote_cluster_client",
    "transform",
    "voting_only",
];

/// What a node needs to know to start.
#[derive(Debug)]
pub struct Config {
    /// Only nodes of this cluster are spoken to.
    pub cluster_name: String,
    /// Unique in the cluster.
    pub node_name: String,
    /// In the order of the vendor's documentation; empty for a coordinating node.
    pub roles: Vec<String>,
    /// `node.attr.*`, without the prefix.
    pub attributes: Vec<(String, String)>,
    /// Where HTTP is answered.
    pub http_address: SocketAddr,
    /// Where other nodes connect to.
    pub transport_address: SocketAddr,
    /// What is told to other nodes: an address they can reach.
    pub publish_host: IpAddr,
    /// `HOST` or `HOST:PORT`, as written.
    pub seed_hosts: Vec<String>,
    /// Names of the nodes whose majority may elect the first master.
    pub initial_masters: Vec<String>,
    /// A cluster of this node alone.
    pub single_node: bool,
    /// Whether any setting says how nodes find each other.
    pub discovery_configured: bool,
    /// Where the node's identity and the cluster's settings are kept.
    pub data: PathBuf,
    /// Where the log is written.
    pub logs: PathBuf,
    /// What the archive says.
    pub version: Version,
}

/// Where `elasticsearch.yml` is: `ES_PATH_CONF`, or `config` beside `bin`.
pub fn folder() -> PathBuf {
    std::env::var_os("ES_PATH_CONF").map_or_else(|| home().join("config"), PathBuf::from)
}

/// The folder that the archive was unpacked to.
pub fn home() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.parent().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default()
}

impl Config {
    /// Reads the settings of `folder`; `overrides` win.
    pub fn load(folder: &Path, overrides: &[(String, String)]) -> Result<Self, Refusal> {
        let file = folder.join("elasticsearch.yml");
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Refusal::new(format!("cannot read [{}]: {error}", file.display())))?;
        let mut settings = yaml::settings(&text).map_err(|message| {
            Refusal::new(format!("SettingsException[Failed to load settings from [elasticsearch.yml]]: {message}"))
        })?;
        for (name, value) in overrides {
            settings.insert(name.clone(), Value::One(value.clone()));
        }
        Self::from_settings(&settings, &home()).map_err(Refusal::new)
    }

    fn from_settings(settings: &Settings, home: &Path) -> Result<Self, String> {
        refuse_unknown(settings)?;
        let one = |name: &str| one(settings, name);
        let host = one("network.host")?;
        let bind = address(one("network.bind_host")?.as_deref().or(host.as_deref()).unwrap_or("_local_"))?;
        let http_host = one("http.host")?.map_or(Ok(bind), |host| address(&host))?;
        let transport_host = one("transport.host")?.map_or(Ok(bind), |host| address(&host))?;
        let publish = match one("network.publish_host")? {
            Some(host) => address(&host)?,
            None => transport_host,
        };
        let single_node = match one("discovery.type")?.as_deref() {
            Some("single-node") => true,
            None | Some("multi-node") => false,
            Some(other) => return Err(format!("unknown discovery type [{other}]")),
        };
        let initial_masters = many(settings, "cluster.initial_master_nodes");
        if single_node && !initial_masters.is_empty() {
            return Err("setting [cluster.initial_master_nodes] is not allowed when [discovery.type] is set to \
                        [single-node]"
                .to_owned());
        }
        Ok(Self {
            cluster_name: one("cluster.name")?.unwrap_or_else(|| "elasticsearch".to_owned()),
            node_name: one("node.name")?.map_or_else(names::own_hostname, Ok)?,
            roles: roles(settings)?,
            attributes: attributes(settings),
            http_address: SocketAddr::new(http_host, port(settings, "http.port", 9200)?),
            transport_address: SocketAddr::new(transport_host, port(settings, "transport.port", 9300)?),
            publish_host: if publish.is_unspecified() { names::outward_address() } else { publish },
            seed_hosts: many(settings, "discovery.seed_hosts"),
            discovery_configured: single_node
                || ["discovery.seed_hosts", "discovery.seed_providers", "cluster.initial_master_nodes"]
                    .iter()
                    .any(|name| settings.contains_key(*name)),
            initial_masters,
            single_node,
            data: one("path.data")?.map_or_else(|| home.join("data"), PathBuf::from),
            logs: one("path.logs")?.map_or_else(|| home.join("logs"), PathBuf::from),
            version: Version::own(home),
        })
    }

    /// Whether the node may become master.
    pub fn master_eligible(&self) -> bool {
        self.roles.iter().any(|role| role == "master")
    }
}

fn refuse_unknown(settings: &Settings) -> Result<(), String> {
    for name in settings.keys() {
        let known = KNOWN.contains(&name.as_str())
            || KNOWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix) && name.len() > prefix.len());
        if !known {
            let near = KNOWN.iter().find(|known| distance(known, name) <= 3);
            return Err(match near {
                Some(near) => format!("unknown setting [{name}] did you mean [{near}]?"),
                None => format!(
                    "unknown setting [{name}] please check that any required plugins are installed, or check the \
                     breaking changes documentation for removed settings"
                ),
            });
        }
    }
    Ok(())
}

/// How many letters differ (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

fn one(settings: &Settings, name: &str) -> Result<Option<String>, String> {
    match settings.get(name) {
        None => Ok(None),
        Some(Value::One(value)) if value.is_empty() || value == "null" => Ok(None),
        Some(Value::One(value)) => Ok(Some(value.clone())),
        Some(Value::Many(values)) if values.len() == 1 => Ok(values.first().cloned()),
        Some(Value::Many(_)) => Err(format!("Found list type value for setting [{name}] but did not expect a list")),
    }
}

/// A list, or words with commas between them.
fn many(settings: &Settings, name: &str) -> Vec<String> {
    match settings.get(name) {
        None => Vec::new(),
        Some(Value::Many(values)) => values.clone(),
        Some(Value::One(text)) => {
            text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
    }
}

fn port(settings: &Settings, name: &str, default: u16) -> Result<u16, String> {
    one(settings, name)?.map_or(Ok(default), |text| {
        let first = text.split('-').next().unwrap_or_default();
        first.parse().map_err(|_| format!("Failed to parse value [{text}] for setting [{name}]"))
    })
}

fn address(host: &str) -> Result<IpAddr, String> {
    match host {
        "_local_" | "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        "_site_" | "_global_" => Ok(names::outward_address()),
        _ if host.starts_with('_') => Err(format!("No interface for network host [{host}] in the stand-in")),
        _ => names::resolve(host).ok_or_else(|| format!("failed to resolve host [{host}]")),
    }
}

fn roles(settings: &Settings) -> Result<Vec<String>, String> {
    if !settings.contains_key("node.roles") {
        return Ok(ROLES.iter().filter(|role| **role != "voting_only").map(|role| (*role).to_owned()).collect());
    }
    let given = many(settings, "node.roles");
    if let Some(unknown) = given.iter().find(|role| !ROLES.contains(&role.as_str())) {
        return Err(format!("unknown role [{unknown}]"));
    }
    Ok(ROLES.iter().filter(|role| given.iter().any(|one| one == *role)).map(|role| (*role).to_owned()).collect())
}

fn attributes(settings: &Settings) -> Vec<(String, String)> {
    settings
        .iter()
        .filter_map(|(name, value)| match value {
            Value::One(value) => Some((name.strip_prefix("node.attr.")?.to_owned(), value.clone())),
            Value::Many(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        Config::from_settings(&yaml::settings(text)?, Path::new("/opt/elasticsearch"))
    }

    #[test]
    fn defaults_are_the_vendors() {
        let config = read("node.name: a\n").unwrap();
        assert_eq!(config.cluster_name, "elasticsearch");
        assert_eq!(config.http_address.to_string(), "127.0.0.1:9200");
        assert_eq!(config.transport_address.port(), 9300);
        assert_eq!(config.data, Path::new("/opt/elasticsearch/data"));
        assert!(config.master_eligible());
    }

    #[test]
    fn a_misspelt_setting_is_refused_with_the_nearest_name() {
        assert_eq!(read("node.nmae: a\n").unwrap_err(), "unknown setting [node.nmae] did you mean [node.name]?");
    }

    #[test]
    fn an_unknown_role_is_refused() {
        assert_eq!(read("node.roles: [mastre]\n").unwrap_err(), "unknown role [mastre]");
    }

    #[test]
    fn a_list_where_one_value_belongs_is_refused() {
        assert!(read("cluster.name: [a, b]\n").unwrap_err().contains("did not expect a list"));
    }

    #[test]
    fn seed_hosts_are_a_list_or_words_with_commas() {
        let config = read("node.name: a\ndiscovery.seed_hosts: 10.0.0.1, 10.0.0.2:9301\n").unwrap();
        assert_eq!(config.seed_hosts, ["10.0.0.1", "10.0.0.2:9301"]);
    }
}
