//! Elections, message by message, and a cluster of six on loopback.

use std::net::{IpAddr, Ipv4Addr};

use tempfile::TempDir;

use super::*;
use crate::version::Version;

const MASTERS: [&str; 3] = ["es-master-1", "es-master-2", "es-master-3"];
const ALL: [&str; 6] = ["es-master-1", "es-master-2", "es-master-3", "es-data-1", "es-data-2", "es-data-3"];
/// More rounds of pings than any cluster needs that forms at all.
const ENOUGH_ROUNDS: usize = 40;

fn config(name: &str, folder: &TempDir) -> Config {
    let role = if name.starts_with("es-data") { "data" } else { "master" };
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Config {
        cluster_name: "test".to_owned(),
        node_name: name.to_owned(),
        roles: vec![role.to_owned()],
        attributes: Vec::new(),
        http_address: anywhere,
        transport_address: anywhere,
        publish_host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        seed_hosts: Vec::new(),
        initial_masters: if role == "master" { MASTERS.map(str::to_owned).to_vec() } else { Vec::new() },
        single_node: false,
        discovery_configured: true,
        data: folder.path().join(name),
        logs: folder.path().to_path_buf(),
        version: Version::parse("8.15.3").unwrap(),
    }
}

/// A node without a network; opened again, it is the same node after a restart.
fn node(name: &str, folder: &TempDir) -> Cluster {
    Cluster::open(config(name, folder)).ok().expect("the folder is writable")
}

/// What a ping from one node to the other does, answer included.
fn exchange(from: &Cluster, to: &Cluster) -> Result<(), String> {
    to.hear(from.ping())?;
    from.hear(to.ping())
}

/// Lets all speak to all until they follow one master; the cluster's uuid.
fn settle(nodes: &[&Cluster]) -> Result<String, String> {
    for _ in 0..ENOUGH_ROUNDS {
        for from in nodes {
            for to in nodes.iter().filter(|to| to.me.id != from.me.id) {
                exchange(from, to)?;
            }
            from.end_round();
        }
        let states: Vec<_> = nodes.iter().filter_map(|node| node.state()).collect();
        if let Some(first) = states.first()
            && states.len() == nodes.len()
            && states.iter().all(|state| state == first && state.nodes.len() == nodes.len())
        {
            return Ok(first.uuid.clone());
        }
    }
    Err("the nodes do not agree".to_owned())
}

fn committed(node: &Cluster) -> Option<String> {
    Some(node.lock().state.clone()).filter(|state| state.committed).map(|state| state.uuid)
}

/// The same node after an upgrade.
fn upgraded(name: &str, folder: &TempDir) -> Cluster {
    let version = Version::parse("8.16.0").unwrap();
    Cluster::open(Config { version, ..config(name, folder) }).ok().expect("the folder is writable")
}

#[test]
fn the_last_old_member_stays_and_leads() {
    let folder = TempDir::new().unwrap();
    let mut nodes = MASTERS.map(|name| node(name, &folder));
    settle(&nodes.each_ref()).unwrap();
    let leader = nodes[0].ping().master;
    for index in 0..nodes.len() {
        if Some(&nodes[index].me.id) != leader.as_ref() {
            nodes[index] = upgraded(MASTERS[index], &folder);
            settle(&nodes.each_ref()).unwrap();
        }
    }
    // Those that know that all others are newer hear it once more.
    settle(&nodes.each_ref()).unwrap();
    assert!(nodes.iter().all(|node| node.ping().master == leader));
}

#[test]
fn two_nodes_that_stand_at_once_form_one_cluster() {
    let folder = TempDir::new().unwrap();
    let [one, two, three] = MASTERS.map(|name| node(name, &folder));
    // Both hear a majority, and of the other nothing yet.
    let early = three.ping();
    two.hear(early.clone()).unwrap();
    one.hear(early).unwrap();
    assert_eq!((committed(&one), committed(&two)), (None, None));
    settle(&[&one, &two, &three]).unwrap();
}

#[test]
fn a_vote_is_given_once_in_a_term_and_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let [one, two, three] = MASTERS.map(|name| node(name, &folder));
    let early = three.ping();
    two.hear(early.clone()).unwrap();
    one.hear(early).unwrap();
    three.hear(two.ping()).unwrap();
    let three = { node(&three.me.name, &folder) };
    exchange(&one, &three).unwrap();
    assert_eq!(three.ping().vote, Some(two.me.id.clone()));
    assert_eq!((one.ping().master, one.ping().term), (None, 1));
}

#[test]
fn a_uuid_that_no_majority_accepted_gives_way() {
    let folder = TempDir::new().unwrap();
    let [one, two, three] = MASTERS.map(|name| node(name, &folder));
    exchange(&two, &one).unwrap();
    two.hear(one.ping()).unwrap();
    one.hear(two.ping()).unwrap();
    let proposed = one.lock().state.uuid.clone();
    assert_eq!((one.ping().master, proposed.len()), (Some(one.me.id.clone()), 22));
    assert!(one.state().is_none());

    // The elected node is gone before anyone has heard its proposal.
    let [two, three] = [&two, &three].map(|survivor| node(&survivor.me.name, &folder));
    let uuid = settle(&[&two, &three]).unwrap();
    assert_ne!(uuid, proposed);
    let one = node("es-master-1", &folder);
    assert_eq!(settle(&[&one, &two, &three]), Ok(uuid));
}

#[test]
fn a_uuid_that_a_majority_accepted_outlives_its_master() {
    let folder = TempDir::new().unwrap();
    let [one, two, three] = MASTERS.map(|name| node(name, &folder));
    exchange(&two, &one).unwrap();
    two.hear(one.ping()).unwrap();
    exchange(&two, &one).unwrap();
    exchange(&two, &one).unwrap();
    let uuid = committed(&one).unwrap();

    let [two, three] = [&two, &three].map(|survivor| node(&survivor.me.name, &folder));
    assert_eq!(settle(&[&two, &three]), Ok(uuid));
}

#[test]
fn nodes_of_two_clusters_refuse_each_other() {
    let folder = TempDir::new().unwrap();
    let [left, right] = ["left", "right"].map(|name| {
        let config = Config { initial_masters: vec![name.to_owned()], ..config(name, &folder) };
        Cluster::open(config).ok().expect("the folder is writable")
    });
    left.end_round();
    right.end_round();
    let [left_uuid, right_uuid] = [&left, &right].map(|node| committed(node).unwrap());
    assert_eq!(
        left.hear(right.ping()).unwrap_err(),
        format!(
            "[right] belongs to a cluster with another uuid [{right_uuid}]: this node previously joined [{left_uuid}]"
        )
    );
}

/// Messages are delayed, overtaken and lost, nodes restart, as a seed says:
/// never are two uuids committed, and all agree once messages arrive again.
#[test]
fn whatever_happens_to_messages_one_cluster_is_formed() {
    for seed in 1..=100 {
        let folder = TempDir::new().unwrap();
        let mut nodes = ALL.map(|name| node(name, &folder));
        let mut sent: Vec<(usize, Ping)> = Vec::new();
        let mut chance = Chance(seed);
        for _ in 0..300 {
            let at = chance.below(nodes.len());
            match chance.below(40) {
                0 => nodes[at] = node(ALL[at], &folder),
                1..4 => nodes[at].end_round(),
                4..22 => sent.push((chance.below(nodes.len()), nodes[at].ping())),
                _ if sent.is_empty() => {}
                choice => {
                    let (to, ping) = sent.swap_remove(chance.below(sent.len()));
                    if choice > 24 {
                        nodes[to].hear(ping).unwrap();
                    }
                }
            }
            let uuids: BTreeSet<_> = nodes.iter().filter_map(committed).collect();
            assert!(uuids.len() <= 1, "seed {seed}: {uuids:?}");
        }
        settle(&nodes.each_ref()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

/// Numbers that look random and are the same in each run (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("it is below a usize")
    }
}

#[test]
fn six_nodes_on_loopback_form_one_cluster_whoever_starts_first() {
    let folder = TempDir::new().unwrap();
    let hosts = [1, 2, 3, 4, 5, 6].map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 9, last)));
    let listeners = hosts.map(|host| TcpListener::bind((host, 0)).unwrap());
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let seeds: Vec<String> = addresses[..3].iter().map(ToString::to_string).collect();
    let nodes: Vec<_> = ALL
        .iter()
        .zip(addresses)
        .map(|(name, address)| {
            let config = Config {
                transport_address: address,
                publish_host: address.ip(),
                seed_hosts: seeds.clone(),
                ..config(name, &folder)
            };
            Arc::new(Cluster::open(config).ok().expect("the folder is writable"))
        })
        .collect();
    for (node, listener) in nodes.iter().zip(listeners).rev() {
        node.start(listener);
        // The next one misses the first pings.
        std::thread::sleep(Duration::from_millis(100));
    }
    let all_there = |state: Option<&ClusterState>| state.is_some_and(|state| state.nodes.len() == ALL.len());
    let uuids: BTreeSet<_> = nodes
        .iter()
        .map(|node| match node.wait(Duration::from_mins(1), all_there) {
            (Some(state), true) => state.uuid,
            (state, _) => panic!("{} sees {state:?}", node.me.name),
        })
        .collect();
    assert_eq!(uuids.len(), 1);
    nodes.iter().for_each(|node| node.leave());
}
