//! Indices, their shards, and the copies of these: what there is, without a judgement of where it should be.
//!
//! No document is kept. A shard counts what was written to it, and how much of
//! that the copy on each node's disk holds: after a flush, all of it. What a copy
//! lacks has to be brought over when it comes back, and that takes its time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A copy is given up after so many failures (`index.allocation.max_retries`).
pub const MAX_RETRIES: u32 = 5;
/// The block that a disk over the flood stage sets, and that stops writes.
pub const FULL_BLOCK: &str = "index.blocks.read_only_allow_delete";

/// One index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Under their whole names: `index.number_of_replicas`.
    pub settings: BTreeMap<String, String>,
    /// By number.
    pub shards: Vec<Shard>,
    /// Since when no disk is full any more, in milliseconds since 1970, while the block is set.
    pub calm_since: Option<u64>,
}

/// One shard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// How much was written, in documents.
    pub writes: u64,
    /// How much of that the copy on a node's disk holds, by the node's id.
    pub stores: BTreeMap<String, u64>,
    /// Nodes whose copy may become the primary.
    pub in_sync: BTreeSet<String>,
    /// The primary and its replicas.
    pub copies: Vec<Copy>,
}

/// One copy of a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// Whether it is the primary.
    pub primary: bool,
    /// What it is doing.
    pub phase: Phase,
    /// The id of the node it is on.
    pub node: Option<String>,
    /// While it moves: the id of the node it moves to.
    pub target: Option<String>,
    /// When the recovery on `node` or `target` ends, in milliseconds since 1970.
    pub ready: u64,
    /// Why it is, or was, unassigned.
    pub reason: Reason,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// The id of the node it was on.
    pub left: Option<String>,
    /// How often it failed in a row.
    pub failures: u32,
}

/// What a copy is doing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// On no node.
    Unassigned,
    /// Being recovered.
    Initializing,
    /// Serving.
    Started,
    /// Serving, and being copied to another node.
    Relocating,
}

impl Phase {
    /// As the vendor writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unassigned => "UNASSIGNED",
            Self::Initializing => "INITIALIZING",
            Self::Started => "STARTED",
            Self::Relocating => "RELOCATING",
        }
    }
}

/// Why a copy became unassigned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reason {
    /// The index is new.
    IndexCreated,
    /// There are more replicas than before.
    ReplicaAdded,
    /// Its node is gone, or was started anew.
    NodeLeft,
    /// Its node could not write it.
    AllocationFailed,
}

impl Reason {
    /// As the vendor writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::IndexCreated => "INDEX_CREATED",
            Self::ReplicaAdded => "REPLICA_ADDED",
            Self::NodeLeft => "NODE_LEFT",
            Self::AllocationFailed => "ALLOCATION_FAILED",
        }
    }
}

impl Index {
    /// An index of no documents, on no node yet.
    pub fn new(shards: usize, replicas: usize, now: u64) -> Self {
        let mut index = Self::default();
        index.settings.insert("index.number_of_shards".to_owned(), shards.to_string());
        index.settings.insert("index.number_of_replicas".to_owned(), replicas.to_string());
        let copies = || {
            let primary = Copy::new(true, Reason::IndexCreated, now);
            std::iter::once(primary).chain((0..replicas).map(|_| Copy::new(false, Reason::IndexCreated, now))).collect()
        };
        index.shards = (0..shards).map(|_| Shard { copies: copies(), ..Default::default() }).collect();
        index
    }

    /// Gives each shard so many replicas.
    pub fn replicate(&mut self, replicas: usize, now: u64) {
        for shard in &mut self.shards {
            // The primary first, then what serves: the rest goes first.
            shard.copies.sort_by_key(|copy| (!copy.primary, !copy.active()));
            shard.copies.truncate(replicas + 1);
            while shard.copies.len() < replicas + 1 {
                shard.copies.push(Copy::new(false, Reason::ReplicaAdded, now));
            }
        }
    }

    /// Whether a full disk stops writes to it.
    pub fn full(&self) -> bool {
        self.settings.get(FULL_BLOCK).is_some_and(|value| value == "true")
    }

    /// How long a copy waits for its node to come back (`index.unassigned.node_left.delayed_timeout`).
    pub fn delay(&self) -> Duration {
        let text = self.settings.get("index.unassigned.node_left.delayed_timeout");
        text.and_then(|text| duration(text)).unwrap_or(Duration::from_mins(1))
    }
}

impl Shard {
    /// The primary.
    pub fn primary(&self) -> Option<&Copy> {
        self.copies.iter().find(|copy| copy.primary)
    }

    /// Whether the node has a copy, or is getting one.
    pub fn is_on(&self, node: &str) -> bool {
        self.copies.iter().any(|copy| [&copy.node, &copy.target].into_iter().flatten().any(|id| id == node))
    }

    /// What the copy on a node's disk lacks, in documents.
    pub fn lacks(&self, node: &str) -> u64 {
        self.writes - self.stores.get(node).copied().unwrap_or(0).min(self.writes)
    }

    /// One document more: on every copy that serves, and only these stay in sync.
    pub fn write(&mut self) {
        self.writes += 1;
        self.in_sync = self.serving();
    }

    /// What was written is on the disks of the copies that serve.
    pub fn flush(&mut self) {
        for node in self.serving() {
            self.stores.insert(node, self.writes);
        }
    }

    /// The ids of the nodes whose copies serve.
    pub fn serving(&self) -> BTreeSet<String> {
        self.copies.iter().filter(|copy| copy.active()).filter_map(|copy| copy.node.clone()).collect()
    }

    /// Copies on nodes that are gone are unassigned; a replica that serves follows a lost primary.
    pub fn lose(&mut self, gone: impl Fn(&str) -> bool, now: u64) {
        for copy in &mut self.copies {
            if copy.target.as_deref().is_some_and(&gone) {
                copy.target = None;
                copy.phase = Phase::Started;
            }
            if copy.node.as_deref().is_some_and(&gone) {
                copy.unassign(Reason::NodeLeft, now);
            }
        }
        let heir = self.copies.iter().position(|copy| !copy.primary && copy.active());
        if let Some(heir) = heir.filter(|_| !self.primary().is_some_and(Copy::active)) {
            self.copies.iter_mut().for_each(|copy| copy.primary = false);
            self.copies[heir].primary = true;
        }
    }

    /// Once every copy serves, what lies on other disks is removed.
    pub fn tidy(&mut self) {
        if self.copies.iter().all(|copy| copy.phase == Phase::Started) {
            let serving = self.serving();
            self.stores.retain(|node, _| serving.contains(node));
            self.in_sync = serving;
        }
    }
}

impl Copy {
    fn new(primary: bool, reason: Reason, since: u64) -> Self {
        let (phase, node, target, left) = (Phase::Unassigned, None, None, None);
        Self { primary, phase, node, target, ready: 0, reason, since, left, failures: 0 }
    }

    /// Whether it serves.
    pub fn active(&self) -> bool {
        matches!(self.phase, Phase::Started | Phase::Relocating)
    }

    /// Takes it off its node.
    pub fn unassign(&mut self, reason: Reason, now: u64) {
        self.phase = Phase::Unassigned;
        self.left = self.node.take();
        self.target = None;
        self.reason = reason;
        self.since = now;
    }
}

/// How many copies do what.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Primaries that serve.
    pub primaries: usize,
    /// Copies that serve.
    pub active: usize,
    /// Those of them that move.
    pub relocating: usize,
    /// Copies being recovered.
    pub initializing: usize,
    /// Copies on no node.
    pub unassigned: usize,
    /// Those of them that wait for their node.
    pub delayed: usize,
    /// Primaries that do not serve.
    pub lost: usize,
}

impl Counts {
    /// Counts over all indices.
    pub fn of(indices: &BTreeMap<String, Index>, now: u64) -> Self {
        let mut counts = Self::default();
        for index in indices.values() {
            for copy in index.shards.iter().flat_map(|shard| &shard.copies) {
                counts.primaries += usize::from(copy.primary && copy.active());
                counts.lost += usize::from(copy.primary && !copy.active());
                counts.active += usize::from(copy.active());
                counts.relocating += usize::from(copy.phase == Phase::Relocating);
                counts.initializing += usize::from(matches!(copy.phase, Phase::Initializing | Phase::Relocating));
                counts.unassigned += usize::from(copy.phase == Phase::Unassigned);
                counts.delayed += usize::from(copy.delayed(index, now));
            }
        }
        counts
    }
}

impl Copy {
    /// Whether it waits for its node to come back.
    pub fn delayed(&self, index: &Index, now: u64) -> bool {
        let waits = self.phase == Phase::Unassigned && !self.primary && self.reason == Reason::NodeLeft;
        waits && u128::from(now.saturating_sub(self.since)) < index.delay().as_millis()
    }
}

/// Reads `500ms`, `30s`, `1m` or `0`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number = digits.parse::<u64>().ok()?;
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" if number == 0 => 1,
        _ => return None,
    };
    Some(Duration::from_millis(number.saturating_mul(unit)))
}
