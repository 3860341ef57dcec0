//! One node's view of the cluster: who is there, who is master, what is published.
//!
//! Every node pings all it knows. Only the elected master changes the
//! [`ClusterState`]; the others follow what it sends with its pings. The first
//! master proposes the cluster's uuid; it is committed once a majority of the
//! voting nodes has accepted it. A node whose uuid is committed refuses nodes
//! of other clusters; until then it takes over what the elected master says.

mod election;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::allocation::Allocation;
use crate::change::{Change, Denial};
use crate::config::Config;
use crate::disk::Disk;
use crate::state::{ClusterState, Kept, NodeInfo, Rank, Store, random_id};
use crate::transport::{Ping, Reply, Request, ask, serve};
use crate::{Refusal, log, names};

/// Between two pings to the same node.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// A node not heard for so long is lost.
const LOST_AFTER: Duration = Duration::from_secs(3);
/// A change that the master made reaches this node within.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(5);
const DEFAULT_PORT: u16 = 9300;

/// A node of a cluster.
pub struct Cluster {
    /// How it was configured.
    pub config: Config,
    /// Itself, as others know it.
    pub me: NodeInfo,
    store: Store,
    view: Mutex<View>,
    changed: Condvar,
}

/// What the node believes now.
#[derive(Default)]
struct View {
    peers: BTreeMap<String, Peer>,
    /// Elections are numbered; this is the latest heard of.
    term: u64,
    /// Who got this node's vote in this term.
    vote: Option<String>,
    /// Who voted for this node in this term.
    votes: BTreeSet<String>,
    /// Rounds of pings since the term began or the vote was given.
    rounds: u32,
    /// This node's disk, as it was at the last round.
    disk: Option<Disk>,
    master: Option<String>,
    state: ClusterState,
    leaving: bool,
}

impl View {
    /// The state to answer from: the master's, of a cluster that has been formed.
    fn formed(&self) -> Option<&ClusterState> {
        Some(&self.state).filter(|state| state.committed && self.master.as_ref() == Some(&state.master))
    }

    /// The other nodes that are alive.
    fn present(&self) -> impl Iterator<Item = &NodeInfo> {
        self.peers.values().filter(|peer| peer.alive()).map(|peer| &peer.info)
    }
}

struct Peer {
    info: NodeInfo,
    disk: Disk,
    heard: Instant,
    master: Option<String>,
    rank: Rank,
}

impl Peer {
    fn alive(&self) -> bool {
        self.heard.elapsed() < LOST_AFTER
    }
}

impl Cluster {
    /// A node that has not spoken to anyone yet.
    pub fn open(config: Config) -> Result<Self, Refusal> {
        let (store, kept) = Store::open(&config)?;
        let me = NodeInfo {
            id: kept.node_id.clone(),
            session: random_id(),
            version: config.version,
            name: config.node_name.clone(),
            roles: config.roles.clone(),
            attributes: config.attributes.iter().cloned().collect(),
            transport: SocketAddr::new(config.publish_host, config.transport_address.port()),
            http: SocketAddr::new(config.publish_host, config.http_address.port()),
        };
        let view = Mutex::new(View { term: kept.term, vote: kept.vote, state: kept.state, ..Default::default() });
        Ok(Self { config, me, store, view, changed: Condvar::new() })
    }

    /// Begins to listen and to ping.
    pub fn start(self: &Arc<Self>, listener: TcpListener) {
        let cluster = Arc::clone(self);
        std::thread::spawn(move || serve(&cluster, &listener));
        let cluster = Arc::clone(self);
        std::thread::spawn(move || {
            while !cluster.lock().leaving {
                cluster.ping_all();
                std::thread::sleep(HEARTBEAT);
            }
        });
    }

    /// Says goodbye, so that nobody waits for this node.
    pub fn leave(&self) {
        let peers: Vec<SocketAddr> = {
            let mut view = self.lock();
            view.leaving = true;
            view.peers.values().filter(|peer| peer.alive()).map(|peer| peer.info.transport).collect()
        };
        let goodbye = Request::Leave(self.me.id.clone());
        std::thread::scope(|scope| {
            for address in &peers {
                // Who does not hear it will miss the next pings.
                scope.spawn(|| ask(*address, &goodbye));
            }
        });
    }

    /// The state to answer from, or nothing while no master is known.
    pub fn state(&self) -> Option<ClusterState> {
        self.lock().formed().cloned()
    }

    /// Waits until `accept` likes the state or the time is over; what it is
    /// then, and whether it was accepted.
    pub fn wait(
        &self,
        limit: Duration,
        accept: impl Fn(Option<&ClusterState>) -> bool,
    ) -> (Option<ClusterState>, bool) {
        let (view, result) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |view| !accept(view.formed()))
            .expect("no thread panics while it holds the view");
        (view.formed().cloned(), !result.timed_out())
    }

    /// Changes the state, here or at the master; a refusal is for the client.
    pub fn change(&self, change: Change) -> Result<(), Denial> {
        let master = {
            let mut view = self.lock();
            match view.formed().map(|state| state.master.clone()) {
                None => return Err(Denial::no_master("no master is known")),
                Some(id) if id == self.me.id => return self.change_here(&mut view, change).map(drop),
                Some(id) => view.peers.get(&id).map(|peer| peer.info.transport),
            }
        };
        let Some(master) = master else { return Err(Denial::no_master("the master is not heard")) };
        // A write is of no use to who asks this node next.
        let is_write = matches!(change, Change::Write { .. });
        match ask(master, &Request::Change(change)) {
            Ok(Reply::Changed(_)) if is_write => Ok(()),
            Ok(Reply::Changed(version)) => {
                self.wait(PUBLISHED_WITHIN, |state| state.is_some_and(|state| state.version >= version));
                Ok(())
            }
            Ok(Reply::Denied(denial)) => Err(denial),
            Ok(_) => Err(Denial::no_master("the master gave the wrong answer")),
            Err(error) => Err(Denial::no_master(&format!("the master does not answer: {error}"))),
        }
    }

    fn change_here(&self, view: &mut View, change: Change) -> Result<u64, Denial> {
        let mut next = view.state.clone();
        change.apply(&mut next, now())?;
        self.commit(view, next);
        Ok(view.state.version)
    }

    /// The disks of all nodes, by id, as far as they were told.
    pub fn disks(&self) -> BTreeMap<String, Disk> {
        self.known_disks(&self.lock())
    }

    fn known_disks(&self, view: &View) -> BTreeMap<String, Disk> {
        let own = view.disk.map(|disk| (self.me.id.clone(), disk));
        view.peers
            .iter()
            .filter(|(_, peer)| peer.alive())
            .map(|(id, peer)| (id.clone(), peer.disk))
            .chain(own)
            .collect()
    }

    /// What another node asks; nothing is said once this one is leaving.
    pub fn answer(&self, request: Request) -> Option<Reply> {
        if self.lock().leaving {
            return None;
        }
        Some(match request {
            Request::Ping(ping) => match self.hear(*ping) {
                Ok(()) => Reply::Pong(Box::new(self.ping())),
                Err(reason) => Reply::Refused(reason),
            },
            Request::Leave(id) => {
                self.forget(&id);
                Reply::Done
            }
            Request::Change(change) => {
                let mut view = self.lock();
                if !self.leads(&view) {
                    return Some(Reply::Denied(Denial::no_master("the node is not master any more")));
                }
                self.change_here(&mut view, change).map_or_else(Reply::Denied, Reply::Changed)
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        self.view.lock().expect("no thread panics while it holds the view")
    }

    fn ping(&self) -> Ping {
        let view = self.lock();
        Ping {
            cluster: self.config.cluster_name.clone(),
            from: self.me.clone(),
            term: view.term,
            vote: view.vote.clone(),
            master: view.master.clone(),
            rank: view.state.rank(),
            disk: view.disk.unwrap_or(Disk::UNKNOWN),
            state: self.leads(&view).then(|| view.state.clone()),
            uuid: if view.state.committed { view.state.uuid.clone() } else { String::new() },
        }
    }

    fn ping_all(&self) {
        let addresses = self.addresses();
        let request = Request::Ping(Box::new(self.ping()));
        let replies: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = addresses.iter().map(|address| scope.spawn(|| ask(*address, &request))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()?.ok()).collect()
        });
        for reply in replies {
            let heard = match reply {
                Reply::Pong(ping) => self.hear(*ping),
                Reply::Refused(reason) => Err(reason),
                Reply::Done | Reply::Changed(_) | Reply::Denied(_) => Ok(()),
            };
            if let Err(reason) = heard {
                log::line("WARN", &self.me.name, &reason);
            }
        }
        self.end_round();
    }

    fn end_round(&self) {
        let disk = Disk::of(&self.config.data);
        let mut view = self.lock();
        view.disk = Some(disk);
        view.rounds = view.rounds.saturating_add(1);
        self.elect(&mut view);
    }

    /// Everyone worth a ping: seeds, and whoever was heard of.
    fn addresses(&self) -> BTreeSet<SocketAddr> {
        let mut addresses: BTreeSet<_> = self.config.seed_hosts.iter().filter_map(|seed| seed_address(seed)).collect();
        let view = self.lock();
        addresses.extend(view.peers.values().map(|peer| peer.info.transport));
        addresses.extend(view.state.nodes.values().map(|node| node.transport));
        addresses.remove(&self.me.transport);
        addresses
    }

    fn hear(&self, ping: Ping) -> Result<(), String> {
        if ping.cluster != self.config.cluster_name {
            return Err(format!(
                "handshake with [{}] failed: remote cluster name [{}] does not match local cluster name [{}]",
                ping.from.name, ping.cluster, self.config.cluster_name
            ));
        }
        if ping.from.id == self.me.id {
            return Ok(());
        }
        let mut view = self.lock();
        if view.state.committed && !ping.uuid.is_empty() && ping.uuid != view.state.uuid {
            return Err(format!(
                "[{}] belongs to a cluster with another uuid [{}]: this node previously joined [{}]",
                ping.from.name, ping.uuid, view.state.uuid
            ));
        }
        self.refuse_older(&view.state, &ping.from)?;
        let (info, disk, master) = (ping.from.clone(), ping.disk, ping.master.clone());
        let peer = Peer { info, disk, heard: Instant::now(), master, rank: ping.rank };
        view.peers.insert(ping.from.id.clone(), peer);
        self.consider(&mut view, &ping);
        if let Some(state) = ping.state
            && view.master.as_ref() == Some(&ping.from.id)
            && state.rank() >= view.state.rank()
            && state != view.state
        {
            self.take_over(&mut view, state);
        }
        self.elect(&mut view);
        Ok(())
    }

    /// A node that is older than all members may not join; one that is a member stays.
    fn refuse_older(&self, state: &ClusterState, node: &NodeInfo) -> Result<(), String> {
        if state.nodes.get(&node.id).is_some_and(|member| member.version == node.version) {
            return Ok(());
        }
        let oldest = state.nodes.values().map(|one| one.version).min();
        match oldest.filter(|oldest| state.committed && *oldest > node.version && self.me.version > node.version) {
            Some(oldest) => Err(format!(
                "node version [{}] of [{}] may not join a cluster comprising only nodes of version [{oldest}] or \
                 greater",
                node.version, node.name
            )),
            None => Ok(()),
        }
    }

    /// The state is now this one, here and in `path.data`.
    fn take_over(&self, view: &mut View, state: ClusterState) {
        if state.committed && !view.state.committed {
            log::line("INFO", &self.me.name, &format!("cluster UUID set to [{}]", state.uuid));
        }
        view.state = state;
        self.keep(view);
        self.changed.notify_all();
    }

    fn forget(&self, id: &str) {
        let mut view = self.lock();
        let name = view.peers.remove(id).map(|peer| peer.info.name);
        view.votes.remove(id);
        view.state.nodes.remove(id);
        // As the vendor: three voting nodes are kept, so that two still decide.
        if let Some(name) = name.filter(|_| view.state.voting.len() > 3) {
            view.state.voting.remove(&name);
        }
        if view.master.as_deref() == Some(id) {
            view.master = None;
        }
        self.elect(&mut view);
        self.changed.notify_all();
    }

    /// The master's turn: brings this next state up to date, and keeps and publishes what changed.
    fn commit(&self, view: &mut View, mut next: ClusterState) {
        if next.uuid.is_empty() {
            next.uuid = random_id();
        }
        // Within a term the uuid does not change: whoever has a state of this term has accepted it.
        next.committed |=
            self.majority(view, |node| view.peers.get(&node.id).is_none_or(|peer| peer.rank.term == view.term));
        next.term = view.term;
        next.master.clone_from(&self.me.id);
        let present = view.present().chain([&self.me]).map(|node| (node.id.clone(), node.clone())).collect();
        let before = std::mem::replace(&mut next.nodes, present);
        if next.voting.is_empty() {
            next.voting.extend(self.config.initial_masters.iter().cloned());
        }
        // Who has voted for this master may vote for good.
        let voters = next.nodes.values().filter(|node| node.is("master") && view.votes.contains(&node.id));
        let new: Vec<String> = voters
            .filter(|node| !next.voting.iter().any(|name| election::matches(name, node)))
            .map(|node| node.name.clone())
            .collect();
        next.voting.extend(new);
        let (disks, now) = (self.known_disks(view), now());
        let allocation = Allocation { nodes: &next.nodes, settings: &next.settings, disks, now };
        allocation.advance(&mut next.indices, &before);
        if next != view.state {
            next.version += 1;
            self.take_over(view, next);
        }
    }

    fn keep(&self, view: &View) {
        let kept = Kept {
            node_id: self.me.id.clone(),
            opened_by: self.me.version,
            term: view.term,
            vote: view.vote.clone(),
            state: view.state.lasting(),
        };
        if let Err(error) = self.store.save(&kept) {
            log::line("ERROR", &self.me.name, &format!("cannot write to path.data: {error}"));
        }
    }
}

fn seed_address(seed: &str) -> Option<SocketAddr> {
    if let Ok(address) = seed.parse() {
        return Some(address);
    }
    let (host, port) = match seed.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port.parse().ok()?),
        _ => (seed, DEFAULT_PORT),
    };
    Some(SocketAddr::new(names::resolve(host.trim_matches(['[', ']']))?, port))
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
