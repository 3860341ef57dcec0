//! Where copies of shards go: the rules of the vendor's "cluster-level shard allocation".
//!
//! The elected master calls [`Allocation::advance`] with each of its turns.

use std::collections::BTreeMap;

use crate::disk::Disk;
use crate::indices::{Copy, FULL_BLOCK, Index, MAX_RETRIES, Phase, Reason, Shard};
use crate::state::{DynamicSettings, NodeInfo};

/// A recovery of nothing takes so long, in milliseconds.
const RECOVERY: u64 = 200;
/// Each document that has to be brought over adds so much, in milliseconds.
const PER_DOCUMENT: u64 = 10;
/// No recovery takes longer, in milliseconds.
const LONGEST_RECOVERY: u64 = 8_000;
/// A node recovers so many copies at once (`node_concurrent_recoveries`).
const RECOVERIES_PER_NODE: usize = 2;
/// Between two looks at the disks (`cluster.info.update.interval`), in milliseconds.
const DISK_INTERVAL: u64 = 30_000;

/// What decides where a copy may be.
pub struct Allocation<'c> {
    /// Who is there, by id.
    pub nodes: &'c BTreeMap<String, NodeInfo>,
    /// Settings made through the API.
    pub settings: &'c DynamicSettings,
    /// Each node's disk, by id, as far as it was told.
    pub disks: BTreeMap<String, Disk>,
    /// In milliseconds since 1970.
    pub now: u64,
}

/// Why a copy may not be on a node: the vendor's name of the rule, and a sentence.
#[derive(Debug, PartialEq)]
pub struct Veto {
    /// As `disk_threshold`.
    pub decider: &'static str,
    /// What an operator reads.
    pub explanation: String,
}

/// What a node has to do.
#[derive(Clone, Copy, Default)]
struct Load {
    copies: usize,
    recoveries: usize,
}

impl Allocation<'_> {
    /// Takes one step: losses, ended recoveries, new assignments, moves, blocks.
    pub fn advance(&self, indices: &mut BTreeMap<String, Index>, before: &BTreeMap<String, NodeInfo>) {
        let gone = |id: &str| {
            let session = |nodes: &BTreeMap<String, NodeInfo>| nodes.get(id).map(|node| node.session.clone());
            session(self.nodes).is_none() || session(self.nodes) != session(before)
        };
        for shard in indices.values_mut().flat_map(|index| &mut index.shards) {
            shard.lose(gone, self.now);
            self.finish(shard);
            shard.tidy();
        }
        let mut load = self.load(indices);
        for index in indices.values_mut() {
            for at in 0..index.shards.len() {
                self.assign(index, at, &mut load);
                self.move_away(index, at, &mut load);
            }
            self.block_if_full(index);
        }
        self.rebalance(indices, &mut load);
    }

    /// The first rule that forbids a copy of this shard on this node.
    pub fn veto(&self, shard: &Shard, primary: bool, node: &NodeInfo) -> Option<Veto> {
        let new = primary && shard.in_sync.is_empty();
        let enable = self.setting("cluster.routing.allocation.enable", "all");
        let allowed = match enable {
            "all" => true,
            "primaries" => primary,
            "new_primaries" => new,
            _ => false,
        };
        let source = shard.primary().and_then(|copy| self.nodes.get(copy.node.as_ref()?));
        let limit = self.percent("low", 85.0);
        let used = self.disks.get(&node.id).map_or(0.0, Disk::used);
        let failures = shard.copies.iter().filter(|copy| copy.primary == primary).map(|copy| copy.failures).max();
        let rules = [
            (
                failures >= Some(MAX_RETRIES),
                "max_retry",
                format!(
                    "shard has exceeded the maximum number of retries [{MAX_RETRIES}] on failed allocation attempts - \
                 manually call [POST /_cluster/reroute?retry_failed] to retry"
                ),
            ),
            (
                !allowed,
                "enable",
                format!(
                    "{} allocations are allowed due to cluster setting [cluster.routing.allocation.enable={enable}]",
                    if enable == "none" { "no" } else { "only some" }
                ),
            ),
            (shard.is_on(&node.id), "same_shard", "a copy of this shard is already allocated to this node".to_owned()),
            (
                self.excluded(node),
                "filter",
                "node matches cluster setting [cluster.routing.allocation.exclude]".to_owned(),
            ),
            (
                !new && source.is_some_and(|source| source.version > node.version),
                "node_version",
                format!(
                    "cannot allocate shard to node with version [{}]: it is older than the primary's",
                    node.version
                ),
            ),
            (
                !new && self.watches_disks() && used >= limit,
                "disk_threshold",
                format!(
                    "the node is above the low watermark cluster setting \
                 [cluster.routing.allocation.disk.watermark.low={limit}%], having less than the minimum required free \
                 space, actual used: [{used:.1}%]"
                ),
            ),
        ];
        rules.into_iter().find(|rule| rule.0).map(|(_, decider, explanation)| Veto { decider, explanation })
    }

    /// The nodes that hold data.
    pub fn data_nodes(&self) -> impl Iterator<Item = &NodeInfo> {
        self.nodes.values().filter(|node| node.holds_data())
    }

    /// A setting made through the API, or its default.
    fn setting<'s>(&'s self, name: &str, default: &'s str) -> &'s str {
        let DynamicSettings { persistent, transient } = self.settings;
        transient.get(name).or_else(|| persistent.get(name)).and_then(|value| value.as_str()).unwrap_or(default)
    }

    fn percent(&self, watermark: &str, default: f64) -> f64 {
        let text = self.setting(&format!("cluster.routing.allocation.disk.watermark.{watermark}"), "");
        match text.strip_suffix('%') {
            Some(number) => number.parse().unwrap_or(default),
            None => text.parse::<f64>().map_or(default, |ratio| ratio * 100.0),
        }
    }

    fn watches_disks(&self) -> bool {
        self.setting("cluster.routing.allocation.disk.threshold_enabled", "true") == "true"
    }

    fn excluded(&self, node: &NodeInfo) -> bool {
        let ip = node.transport.ip().to_string();
        [("_name", &node.name), ("_ip", &ip), ("_host", &ip)].into_iter().any(|(attribute, value)| {
            let words = self.setting(&format!("cluster.routing.allocation.exclude.{attribute}"), "");
            words.split(',').any(|word| word.trim() == value)
        })
    }

    fn load(&self, indices: &BTreeMap<String, Index>) -> BTreeMap<String, Load> {
        let mut load: BTreeMap<String, Load> =
            self.data_nodes().map(|node| (node.id.clone(), Load::default())).collect();
        for copy in indices.values().flat_map(|index| &index.shards).flat_map(|shard| &shard.copies) {
            for id in [&copy.node, &copy.target].into_iter().flatten() {
                let node = load.entry(id.clone()).or_default();
                node.copies += 1;
                node.recoveries += usize::from(matches!(copy.phase, Phase::Initializing | Phase::Relocating));
            }
        }
        load
    }

    fn recovered_at(&self, shard: &Shard, node: &str) -> u64 {
        self.now + LONGEST_RECOVERY.min(RECOVERY + PER_DOCUMENT.saturating_mul(shard.lacks(node)))
    }

    /// Recoveries whose time has come: they worked where the disk takes a file.
    fn finish(&self, shard: &mut Shard) {
        let primary = shard.primary().is_some_and(Copy::active);
        for copy in &mut shard.copies {
            let recovering = matches!(copy.phase, Phase::Initializing | Phase::Relocating) && copy.ready <= self.now;
            let Some(id) = copy.target.clone().or_else(|| copy.node.clone()).filter(|_| recovering) else { continue };
            if !self.disks.get(&id).is_none_or(|disk| disk.writable) {
                copy.failures += 1;
                if copy.target.take().is_some() {
                    copy.phase = Phase::Started;
                } else {
                    copy.unassign(Reason::AllocationFailed, self.now);
                }
                continue;
            }
            // A replica is made from its primary.
            if !copy.primary && !primary {
                copy.unassign(Reason::NodeLeft, self.now);
                continue;
            }
            if let Some(source) = copy.target.take().and_then(|target| copy.node.replace(target)) {
                shard.stores.remove(&source);
                shard.in_sync.remove(&source);
            }
            copy.phase = Phase::Started;
            copy.failures = 0;
            shard.stores.insert(id.clone(), shard.writes);
            shard.in_sync.insert(id);
        }
    }

    fn assign(&self, index: &mut Index, number: usize, load: &mut BTreeMap<String, Load>) {
        for at in 0..index.shards[number].copies.len() {
            let shard = &index.shards[number];
            let copy = &shard.copies[at];
            if copy.phase != Phase::Unassigned {
                continue;
            }
            let node = if copy.primary && !shard.in_sync.is_empty() {
                self.survivor(shard)
            } else if copy.primary || shard.primary().is_some_and(|primary| primary.phase == Phase::Started) {
                let mut nodes = self.candidates(shard, copy.primary, load);
                if copy.delayed(index, self.now) {
                    nodes.retain(|id| shard.stores.contains_key(*id));
                }
                nodes.first().map(|id| (*id).clone())
            } else {
                None
            };
            let Some(node) = node else { continue };
            let ready = self.recovered_at(shard, &node);
            let entry = load.entry(node.clone()).or_default();
            entry.copies += 1;
            entry.recoveries += 1;
            let copy = &mut index.shards[number].copies[at];
            (copy.phase, copy.node, copy.ready) = (Phase::Initializing, Some(node), ready);
        }
    }

    /// A primary comes back on a node that has it, whatever the settings say, and nowhere else.
    fn survivor(&self, shard: &Shard) -> Option<String> {
        let failed = shard.primary().is_none_or(|copy| copy.failures >= MAX_RETRIES);
        let present = shard.in_sync.iter().filter(|id| self.nodes.contains_key(*id) && !failed);
        present.max_by_key(|id| shard.stores.get(*id)).cloned()
    }

    /// Nodes that may take a copy now: those that have it on their disks first, then the emptiest.
    fn candidates(&self, shard: &Shard, primary: bool, load: &BTreeMap<String, Load>) -> Vec<&String> {
        let busy = |node: &&NodeInfo| load.get(&node.id).is_some_and(|load| load.recoveries >= RECOVERIES_PER_NODE);
        let mut nodes: Vec<&NodeInfo> =
            self.data_nodes().filter(|node| !busy(node) && self.veto(shard, primary, node).is_none()).collect();
        let copies = |node: &NodeInfo| load.get(&node.id).map_or(0, |load| load.copies);
        nodes.sort_by_key(|node| (!shard.stores.contains_key(&node.id), copies(node), &node.name));
        nodes.into_iter().map(|node| &node.id).collect()
    }

    /// Off a node that is excluded or above the high watermark.
    fn move_away(&self, index: &mut Index, number: usize, load: &mut BTreeMap<String, Load>) {
        let high = self.percent("high", 90.0);
        let must_go = |id: &str| {
            let full = self.watches_disks() && self.disks.get(id).is_some_and(|disk| disk.used() >= high);
            full || self.nodes.get(id).is_some_and(|node| self.excluded(node))
        };
        for at in 0..index.shards[number].copies.len() {
            let shard = &index.shards[number];
            let copy = &shard.copies[at];
            if copy.phase != Phase::Started || !copy.node.as_deref().is_some_and(must_go) {
                continue;
            }
            if let Some(target) = self.candidates(shard, copy.primary, load).first().map(|id| (*id).clone()) {
                self.relocate(&mut index.shards[number], at, target, load);
            }
        }
    }

    fn relocate(&self, shard: &mut Shard, at: usize, target: String, load: &mut BTreeMap<String, Load>) {
        let ready = self.recovered_at(shard, &target);
        let entry = load.entry(target.clone()).or_default();
        entry.copies += 1;
        entry.recoveries += 1;
        let copy = &mut shard.copies[at];
        (copy.phase, copy.target, copy.ready) = (Phase::Relocating, Some(target), ready);
    }

    /// One copy at a time from the fullest node to one with two fewer, while every copy serves.
    fn rebalance(&self, indices: &mut BTreeMap<String, Index>, load: &mut BTreeMap<String, Load>) {
        let all_started = |index: &Index| {
            index.shards.iter().flat_map(|shard| &shard.copies).all(|copy| copy.phase == Phase::Started)
        };
        if self.setting("cluster.routing.rebalance.enable", "all") != "all" || !indices.values().all(all_started) {
            return;
        }
        let copies = |id: &str| load.get(id).map_or(0, |load| load.copies);
        let mut found: Option<(usize, String, usize, usize, String)> = None;
        for (name, index) in &*indices {
            for (number, shard) in index.shards.iter().enumerate() {
                for (at, copy) in shard.copies.iter().enumerate() {
                    let Some(node) = &copy.node else { continue };
                    let targets = self.candidates(shard, copy.primary, load);
                    let Some(target) = targets.into_iter().find(|id| copies(id) + 2 <= copies(node)) else { continue };
                    let gain = copies(node) - copies(target);
                    if found.as_ref().is_none_or(|(best, ..)| gain > *best) {
                        found = Some((gain, name.clone(), number, at, target.clone()));
                    }
                }
            }
        }
        let Some((_, name, number, at, target)) = found else { return };
        if let Some(index) = indices.get_mut(&name) {
            self.relocate(&mut index.shards[number], at, target, load);
        }
    }

    /// A disk over the flood stage blocks the indices on it; half a minute below the high watermark frees them.
    fn block_if_full(&self, index: &mut Index) {
        let nodes: Vec<&String> =
            index.shards.iter().flat_map(|shard| &shard.copies).filter_map(|copy| copy.node.as_ref()).collect();
        let over = |limit: f64| {
            self.watches_disks() && nodes.iter().any(|id| self.disks.get(*id).is_some_and(|disk| disk.used() >= limit))
        };
        if over(self.percent("flood_stage", 95.0)) {
            index.settings.insert(FULL_BLOCK.to_owned(), "true".to_owned());
        }
        if !index.full() || over(self.percent("high", 90.0)) {
            index.calm_since = None;
        } else if self.now >= *index.calm_since.get_or_insert(self.now) + DISK_INTERVAL {
            index.settings.remove(FULL_BLOCK);
            index.calm_since = None;
        }
    }
}

#[cfg(test)]
mod tests;
