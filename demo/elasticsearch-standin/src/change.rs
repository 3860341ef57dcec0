//! What clients ask of the master: changes of the cluster's state, and why one is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::indices::{Copy, Index};
use crate::state::ClusterState;

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Change {
    /// Settings of the cluster.
    Settings {
        /// To keep.
        persistent: Map<String, Value>,
        /// Until the cluster restarts.
        transient: Map<String, Value>,
    },
    /// A new index.
    Create {
        /// Its name.
        index: String,
        /// Under their whole names.
        settings: BTreeMap<String, Option<String>>,
    },
    /// An index less.
    Delete(String),
    /// Settings of these indices; nothing removes a setting.
    Adjust {
        /// Their names.
        indices: Vec<String>,
        /// Under their whole names.
        settings: BTreeMap<String, Option<String>>,
    },
    /// All that was written to these indices goes to the disks.
    Flush(Vec<String>),
    /// Copies that were given up are tried again.
    Retry,
    /// A document more.
    Write {
        /// Where to.
        index: String,
        /// Any number; it picks the shard.
        document: usize,
    },
}

/// Why not: as the vendor tells a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denial {
    /// The HTTP status.
    pub status: u16,
    /// As `index_not_found_exception`.
    pub kind: String,
    /// A sentence.
    pub reason: String,
}

impl Denial {
    /// Puts the parts together.
    pub fn new(status: u16, kind: &str, reason: impl Into<String>) -> Self {
        Self { status, kind: kind.to_owned(), reason: reason.into() }
    }

    /// There is no master to ask.
    pub fn no_master(reason: &str) -> Self {
        Self::new(503, "master_not_discovered_exception", reason)
    }

    /// There is no such index.
    pub fn no_index(name: &str) -> Self {
        Self::new(404, "index_not_found_exception", format!("no such index [{name}]"))
    }

    /// Whether the same may work soon.
    pub fn passes(&self) -> bool {
        self.status == 503
    }
}

impl Change {
    /// Does it, at the master.
    pub fn apply(self, state: &mut ClusterState, now: u64) -> Result<(), Denial> {
        match self {
            Self::Settings { persistent, transient } => state.settings.update(&persistent, &transient),
            Self::Create { index, settings } => create(state, index, settings, now)?,
            Self::Delete(name) => drop(state.indices.remove(&name).ok_or_else(|| Denial::no_index(&name))?),
            Self::Adjust { indices, settings } => {
                for name in indices {
                    adjust(state.indices.get_mut(&name).ok_or_else(|| Denial::no_index(&name))?, &settings, now)?;
                }
            }
            Self::Flush(names) => {
                let indices = state.indices.iter_mut().filter(|(name, _)| names.contains(name));
                indices.flat_map(|(_, index)| &mut index.shards).for_each(crate::indices::Shard::flush);
            }
            Self::Retry => {
                let shards = state.indices.values_mut().flat_map(|index| &mut index.shards);
                shards.flat_map(|shard| &mut shard.copies).for_each(|copy| copy.failures = 0);
            }
            Self::Write { index, document } => write(state, &index, document)?,
        }
        Ok(())
    }
}

fn create(
    state: &mut ClusterState,
    name: String,
    settings: BTreeMap<String, Option<String>>,
    now: u64,
) -> Result<(), Denial> {
    if state.indices.contains_key(&name) {
        let reason = format!("index [{name}] already exists");
        return Err(Denial::new(400, "resource_already_exists_exception", reason));
    }
    let shards = count(&settings, "index.number_of_shards")?.unwrap_or(1);
    let replicas = count(&settings, "index.number_of_replicas")?.unwrap_or(1);
    let mut index = Index::new(shards, replicas, now);
    adjust(&mut index, &settings, now)?;
    state.indices.insert(name, index);
    Ok(())
}

fn adjust(index: &mut Index, settings: &BTreeMap<String, Option<String>>, now: u64) -> Result<(), Denial> {
    if let Some(replicas) = count(settings, "index.number_of_replicas")? {
        index.replicate(replicas, now);
    }
    for (name, value) in settings {
        match value {
            Some(value) => drop(index.settings.insert(name.clone(), value.clone())),
            None => drop(index.settings.remove(name)),
        }
    }
    Ok(())
}

fn count(settings: &BTreeMap<String, Option<String>>, name: &str) -> Result<Option<usize>, Denial> {
    let Some(text) = settings.get(name).and_then(Option::as_ref) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let reason = format!("Failed to parse value [{text}] for setting [{name}]");
        Denial::new(400, "illegal_argument_exception", reason)
    })
}

fn write(state: &mut ClusterState, name: &str, document: usize) -> Result<(), Denial> {
    let index = state.indices.get_mut(name).ok_or_else(|| Denial::no_index(name))?;
    if index.full() {
        let reason = format!(
            "index [{name}] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has \
             read-only-allow-delete block];"
        );
        return Err(Denial::new(429, "cluster_block_exception", reason));
    }
    let number = document % index.shards.len().max(1);
    match index.shards.get_mut(number) {
        Some(shard) if shard.primary().is_some_and(Copy::active) => shard.write(),
        _ => {
            let reason = format!("[{name}][{number}] primary shard is not active");
            return Err(Denial::new(503, "unavailable_shards_exception", reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indices::{FULL_BLOCK, Phase};

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, Option<String>> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
    }

    fn with_logs() -> ClusterState {
        let mut state = ClusterState::default();
        let create = Change::Create { index: "logs".to_owned(), settings: BTreeMap::new() };
        create.clone().apply(&mut state, 0).unwrap();
        assert_eq!(create.apply(&mut state, 0).unwrap_err().kind, "resource_already_exists_exception");
        state
    }

    fn write(state: &mut ClusterState, index: &str) -> Result<(), u16> {
        let write = Change::Write { index: index.to_owned(), document: 0 };
        write.apply(state, 0).map_err(|denial| denial.status)
    }

    #[test]
    fn a_write_wants_an_index_a_primary_and_room() {
        let mut state = with_logs();
        assert_eq!(write(&mut state, "other"), Err(404));
        assert_eq!(write(&mut state, "logs"), Err(503));
        state.indices.get_mut("logs").unwrap().shards[0].copies[0].phase = Phase::Started;
        assert_eq!(write(&mut state, "logs"), Ok(()));
        let indices = vec!["logs".to_owned()];
        Change::Adjust { indices, settings: settings(&[(FULL_BLOCK, "true")]) }.apply(&mut state, 0).unwrap();
        assert_eq!(write(&mut state, "logs"), Err(429));
    }

    #[test]
    fn replicas_come_and_go_with_the_setting() {
        let mut state = with_logs();
        for (replicas, copies) in [("2", 3), ("0", 1)] {
            let settings = settings(&[("index.number_of_replicas", replicas)]);
            Change::Adjust { indices: vec!["logs".to_owned()], settings }.apply(&mut state, 0).unwrap();
            let shard = &state.indices["logs"].shards[0];
            assert_eq!((shard.copies.len(), shard.primary().is_some()), (copies, true));
        }
    }
}
