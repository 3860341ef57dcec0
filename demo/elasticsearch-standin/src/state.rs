//! What a cluster agrees on, and the part of it that survives a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Refusal;
use crate::config::Config;
use crate::indices::Index;
use crate::version::Version;

/// One node, as others know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Made once, kept in `path.data`.
    pub id: String,
    /// Made anew with each start.
    pub session: String,
    /// What it runs.
    pub version: Version,
    /// `node.name`.
    pub name: String,
    /// `node.roles`.
    pub roles: Vec<String>,
    /// `node.attr.*`.
    pub attributes: BTreeMap<String, String>,
    /// Where other nodes connect to.
    pub transport: SocketAddr,
    /// Where it answers HTTP.
    pub http: SocketAddr,
}

impl NodeInfo {
    /// Whether it has the role.
    pub fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one == role)
    }

    /// Whether it holds data of any tier.
    pub fn holds_data(&self) -> bool {
        self.roles.iter().any(|role| role.starts_with("data"))
    }
}

/// What the elected master publishes to all nodes; only the master changes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterState {
    /// Proposed by the first master; empty before there was one.
    pub uuid: String,
    /// Whether a majority accepted the uuid, so that it stays.
    pub committed: bool,
    /// The term of the master that published this.
    pub term: u64,
    /// Grows with each change.
    pub version: u64,
    /// The id of the master that published this.
    pub master: String,
    /// Who has joined, by id.
    pub nodes: BTreeMap<String, NodeInfo>,
    /// Names of the nodes whose majority elects.
    pub voting: BTreeSet<String>,
    /// Settings made through the API.
    pub settings: DynamicSettings,
    /// By name.
    pub indices: BTreeMap<String, Index>,
}

impl ClusterState {
    /// How new this is.
    pub fn rank(&self) -> Rank {
        Rank { committed: self.committed, term: self.term, version: self.version }
    }

    /// The part that survives a restart: no nodes, no transient settings.
    pub fn lasting(&self) -> Self {
        let Self { uuid, committed, term, version, voting, settings, indices, .. } = self.clone();
        let settings = DynamicSettings { persistent: settings.persistent, ..Default::default() };
        Self { uuid, committed, term, version, voting, settings, indices, ..Default::default() }
    }
}

/// How new a state is; one with a committed uuid is newer than any without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    /// See [`ClusterState::committed`].
    pub committed: bool,
    /// See [`ClusterState::term`].
    pub term: u64,
    /// See [`ClusterState::version`].
    pub version: u64,
}

/// Settings made through the API, under their dotted names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DynamicSettings {
    /// These survive a restart of the whole cluster.
    pub persistent: BTreeMap<String, Value>,
    /// These do not.
    pub transient: BTreeMap<String, Value>,
}

impl DynamicSettings {
    /// Takes over what a request says; `null` removes a setting.
    pub fn update(&mut self, persistent: &Map<String, Value>, transient: &Map<String, Value>) {
        apply(&mut self.persistent, "", persistent);
        apply(&mut self.transient, "", transient);
    }
}

fn apply(settings: &mut BTreeMap<String, Value>, prefix: &str, changes: &Map<String, Value>) {
    for (name, value) in changes {
        let name = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => apply(settings, &format!("{name}."), inner),
            Value::Null => settings.retain(|one, _| one != &name && !wildcard(&name, one)),
            Value::String(_) | Value::Array(_) => {
                settings.insert(name, value.clone());
            }
            // The vendor keeps every scalar as a word.
            other => {
                settings.insert(name, Value::String(other.to_string()));
            }
        }
    }
}

fn wildcard(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').is_some_and(|prefix| name.starts_with(prefix))
}

/// What a node finds in `path.data` when it starts again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The node's id.
    pub node_id: String,
    /// The newest version that had the folder.
    #[serde(default)]
    pub opened_by: Version,
    /// The latest term that the node has heard of.
    pub term: u64,
    /// Who got its vote in that term.
    pub vote: Option<String>,
    /// What [`ClusterState::lasting`] left of the state it accepted last.
    pub state: ClusterState,
}

/// The file in `path.data`.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// Opens or creates `path.data`.
    pub fn open(config: &Config) -> Result<(Self, Kept), Refusal> {
        let folder = config.data.join("_state");
        fs::create_dir_all(&folder).map_err(|error| {
            Refusal::new(format!("Unable to access 'path.data' ({}): {error}", config.data.display()))
        })?;
        let store = Self { path: folder.join("node.json") };
        let mut kept = match fs::read(&store.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Refusal::new(format!("{} is damaged: {error}", store.path.display())))?,
            Err(_) => Kept::default(),
        };
        if kept.node_id.is_empty() {
            kept.node_id = random_id();
        }
        if kept.opened_by > config.version {
            let (newer, own) = (kept.opened_by, config.version);
            return Err(Refusal::new(format!("cannot downgrade a node from version [{newer}] to version [{own}]")));
        }
        kept.opened_by = config.version;
        store.save(&kept).map_err(|error| {
            Refusal::new(format!("Unable to access 'path.data' ({}): {error}", config.data.display()))
        })?;
        Ok((store, kept))
    }

    /// Replaces the file at once or not at all.
    pub fn save(&self, kept: &Kept) -> std::io::Result<()> {
        let new = self.path.with_extension("new");
        fs::write(&new, serde_json::to_vec_pretty(kept)?)?;
        fs::rename(&new, &self.path)
    }
}

/// Twenty-two letters, as the vendor's ids.
pub fn random_id() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = [0; 22];
    fs::File::open(Path::new("/dev/urandom"))
        .and_then(|mut file| file.read_exact(&mut bytes))
        .expect("the kernel provides /dev/urandom");
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])).collect()
}
