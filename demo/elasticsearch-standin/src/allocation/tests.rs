//! What operators rely on, step by step on a clock of our own.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value};

use super::*;
use crate::indices::Counts;
use crate::version::Version;

/// Three data nodes, an index of three shards with one replica each, and a clock.
struct Model {
    nodes: BTreeMap<String, NodeInfo>,
    settings: DynamicSettings,
    disks: BTreeMap<String, Disk>,
    indices: BTreeMap<String, Index>,
    now: u64,
}

impl Model {
    fn started() -> Self {
        let nodes = ["a", "b", "c"].map(|name| (name.to_owned(), node(name, "8.15.3")));
        let indices = [("logs".to_owned(), Index::new(3, 1, 0))];
        let mut model = Self {
            nodes: nodes.into(),
            settings: DynamicSettings::default(),
            disks: BTreeMap::new(),
            indices: indices.into(),
            now: 0,
        };
        model.pass(5_000);
        assert_eq!(model.counts().active, 6);
        model
    }

    /// Lets time pass, with a turn of the master four times a second.
    fn pass(&mut self, millis: u64) {
        for _ in 0..millis / 250 {
            self.turn(self.nodes.clone());
            self.now += 250;
        }
    }

    fn turn(&mut self, nodes: BTreeMap<String, NodeInfo>) {
        let before = std::mem::replace(&mut self.nodes, nodes);
        let (settings, disks) = (&self.settings, self.disks.clone());
        Allocation { nodes: &self.nodes, settings, disks, now: self.now }.advance(&mut self.indices, &before);
    }

    fn stop(&mut self, name: &str) {
        let mut nodes = self.nodes.clone();
        nodes.remove(name);
        self.turn(nodes);
    }

    fn start(&mut self, name: &str, version: &str) {
        let mut nodes = self.nodes.clone();
        nodes.insert(name.to_owned(), node(name, version));
        self.turn(nodes);
    }

    fn set(&mut self, name: &str, value: &str) {
        let settings: Map<String, Value> = [(name.to_owned(), value.into())].into_iter().collect();
        self.settings.update(&settings, &Map::new());
    }

    fn write(&mut self, times: usize) {
        for _ in 0..times {
            self.indices.values_mut().flat_map(|index| &mut index.shards).for_each(Shard::write);
        }
    }

    fn flush(&mut self) {
        self.indices.values_mut().flat_map(|index| &mut index.shards).for_each(Shard::flush);
    }

    fn counts(&self) -> Counts {
        Counts::of(&self.indices, self.now)
    }

    fn copies_on(&self, name: &str) -> usize {
        self.indices.values().flat_map(|index| &index.shards).filter(|shard| shard.is_on(name)).count()
    }
}

fn node(name: &str, version: &str) -> NodeInfo {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9300));
    NodeInfo {
        id: name.to_owned(),
        session: crate::state::random_id(),
        version: Version::parse(version).unwrap(),
        name: name.to_owned(),
        roles: vec!["data".to_owned()],
        attributes: BTreeMap::new(),
        transport: address,
        http: address,
    }
}

fn disk(available: u64, writable: bool) -> Disk {
    Disk { total: 100, available, writable }
}

#[test]
fn copies_spread_and_no_two_of_a_shard_share_a_node() {
    let model = Model::started();
    assert_eq!(["a", "b", "c"].map(|name| model.copies_on(name)), [2, 2, 2]);
}

#[test]
fn a_node_that_returns_with_allocation_off_and_a_flush_finds_its_shards_waiting() {
    let mut model = Model::started();
    model.write(500);
    model.flush();
    model.set("cluster.routing.allocation.enable", "primaries");
    model.stop("a");
    model.pass(120_000);
    assert_eq!((model.counts().lost, model.counts().unassigned, model.copies_on("b")), (0, 2, 2));
    model.start("a", "8.15.3");
    model.set("cluster.routing.allocation.enable", "all");
    model.pass(1_000);
    assert_eq!((model.counts().active, model.copies_on("a")), (6, 2));
}

#[test]
fn a_copy_that_was_not_flushed_takes_its_time() {
    let mut model = Model::started();
    model.write(500);
    model.stop("a");
    model.start("a", "8.15.3");
    model.pass(4_000);
    assert_eq!(model.counts().initializing, 2);
    model.pass(3_000);
    assert_eq!(model.counts().active, 6);
}

#[test]
fn with_allocation_on_the_shards_of_a_node_that_stays_away_move() {
    let mut model = Model::started();
    model.stop("a");
    model.pass(30_000);
    assert_eq!((model.counts().unassigned, model.counts().delayed), (2, 2));
    model.pass(35_000);
    assert_eq!((model.counts().active, model.copies_on("b") + model.copies_on("c")), (6, 6));
}

#[test]
fn two_nodes_away_lose_the_primaries_that_only_they_had_until_one_is_back() {
    let mut model = Model::started();
    model.set("cluster.routing.allocation.enable", "none");
    model.stop("a");
    model.stop("b");
    model.pass(1_000);
    assert!(model.counts().lost > 0);
    model.start("b", "8.15.3");
    model.pass(1_000);
    assert_eq!(model.counts().lost, 0);
}

#[test]
fn a_stale_copy_does_not_become_primary() {
    let mut model = Model::started();
    model.set("cluster.routing.allocation.enable", "primaries");
    model.stop("a");
    model.write(1);
    model.stop("b");
    model.stop("c");
    model.start("a", "8.15.3");
    model.pass(5_000);
    // The shard that was on `b` and `c` too, and the two of which `a` has the older copy.
    assert_eq!(model.counts().lost, 3);
}

#[test]
fn a_new_node_gets_its_share() {
    let mut model = Model::started();
    model.indices.insert("more".to_owned(), Index::new(3, 1, model.now));
    model.pass(5_000);
    model.start("d", "8.15.3");
    model.pass(10_000);
    assert_eq!(["a", "b", "c", "d"].map(|name| model.copies_on(name)), [3, 3, 3, 3]);
}

#[test]
fn a_replica_does_not_go_to_a_node_older_than_its_primarys() {
    let mut model = Model::started();
    model.nodes.values_mut().for_each(|node| node.version = Version::parse("8.16.0").unwrap());
    model.stop("a");
    model.start("a", "8.15.3");
    model.pass(5_000);
    assert_eq!(model.counts().unassigned, 2);
}

#[test]
fn an_excluded_node_is_emptied() {
    let mut model = Model::started();
    model.start("d", "8.15.3");
    model.set("cluster.routing.allocation.exclude._name", "a");
    model.pass(5_000);
    assert_eq!((model.copies_on("a"), model.counts().active), (0, 6));
}

#[test]
fn a_disk_that_takes_no_file_is_given_up_until_someone_asks_again() {
    let mut model = Model::started();
    model.set("cluster.routing.allocation.exclude._name", "b,c");
    model.disks.insert("a".to_owned(), disk(50, false));
    model.indices.insert("more".to_owned(), Index::new(1, 0, model.now));
    model.pass(5_000);
    let copy = model.indices["more"].shards[0].copies[0].clone();
    assert_eq!((copy.failures, copy.reason), (MAX_RETRIES, Reason::AllocationFailed));

    model.disks.insert("a".to_owned(), disk(50, true));
    model.pass(5_000);
    assert_eq!(model.counts().lost, 1);
    model.indices.get_mut("more").unwrap().shards[0].copies[0].failures = 0;
    model.pass(1_000);
    assert_eq!(model.counts().lost, 0);
}

#[test]
fn a_full_disk_blocks_writes_and_half_a_minute_with_room_frees_them() {
    let mut model = Model::started();
    model.disks.insert("a".to_owned(), disk(3, true));
    model.pass(1_000);
    assert!(model.indices["logs"].full());
    model.disks.insert("a".to_owned(), disk(50, true));
    model.pass(20_000);
    assert!(model.indices["logs"].full());
    model.pass(15_000);
    assert!(!model.indices["logs"].full());
}
