//! One node's view of the cluster: who is there, who is master, what is published.
//!
//! Every node pings all it knows. A master stays as long as it lives and hears
//! a majority of the voting nodes; otherwise the lowest name among the
//! master-eligible nodes of a majority becomes master. Only the master changes
//! the [`ClusterState`]; the others follow what it sends with its pings.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::config::Config;
use crate::state::{ClusterState, DynamicSettings, Kept, NodeInfo, Store, random_id};
use crate::transport::{Ping, Reply, Request, ask, serve};
use crate::{Refusal, log, names};

/// Between two pings to the same node.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// A node not heard for so long is lost.
const LOST_AFTER: Duration = Duration::from_secs(3);
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
    master: Option<String>,
    state: ClusterState,
    leaving: bool,
}

struct Peer {
    info: NodeInfo,
    heard: Instant,
    master: Option<String>,
}

impl Peer {
    fn alive(&self) -> bool {
        self.heard.elapsed() < LOST_AFTER
    }

    fn claims(&self) -> bool {
        self.master.as_ref() == Some(&self.info.id)
    }
}

impl Cluster {
    /// A node that has not spoken to anyone yet.
    pub fn open(config: Config) -> Result<Self, Refusal> {
        let (store, kept) = Store::open(&config)?;
        let me = NodeInfo {
            id: kept.node_id.clone(),
            name: config.node_name.clone(),
            roles: config.roles.clone(),
            attributes: config.attributes.iter().cloned().collect(),
            transport: SocketAddr::new(config.publish_host, config.transport_address.port()),
            http: SocketAddr::new(config.publish_host, config.http_address.port()),
        };
        let mut state =
            ClusterState { uuid: kept.cluster_uuid, version: kept.version, voting: kept.voting, ..Default::default() };
        state.settings.persistent = kept.persistent;
        let view = Mutex::new(View { state, ..Default::default() });
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
        let view = self.lock();
        view.master.is_some().then(|| view.state.clone())
    }

    /// Waits until `accept` likes the state or the time is over; what it is
    /// then, and whether it was accepted.
    pub fn wait(
        &self,
        limit: Duration,
        accept: impl Fn(Option<&ClusterState>) -> bool,
    ) -> (Option<ClusterState>, bool) {
        let visible = |view: &View| view.master.is_some().then(|| view.state.clone());
        let (view, result) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |view| !accept(visible(view).as_ref()))
            .expect("no thread panics while it holds the view");
        (visible(&view), !result.timed_out())
    }

    /// Changes settings, here or at the master; the error is for the client.
    pub fn change_settings(&self, persistent: Map<String, Value>, transient: Map<String, Value>) -> Result<(), String> {
        let master = {
            let mut view = self.lock();
            match view.master.clone() {
                None => return Err("master_not_discovered_exception".to_owned()),
                Some(id) if id == self.me.id => {
                    let mut settings = view.state.settings.clone();
                    settings.update(&persistent, &transient);
                    self.commit(&mut view, settings);
                    return Ok(());
                }
                Some(id) => view.peers.get(&id).map(|peer| peer.info.transport),
            }
        };
        let Some(master) = master else { return Err("master_not_discovered_exception".to_owned()) };
        match ask(master, &Request::Settings { persistent, transient }) {
            Ok(Reply::Done) => Ok(()),
            Ok(Reply::Refused(reason)) => Err(reason),
            Ok(Reply::Pong(_)) => Err("the master gave the wrong answer".to_owned()),
            Err(error) => Err(format!("the master does not answer: {error}")),
        }
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
            Request::Settings { persistent, transient } => {
                if self.lock().master.as_ref() != Some(&self.me.id) {
                    return Some(Reply::Refused("not_master_exception".to_owned()));
                }
                self.change_settings(persistent, transient).map_or_else(Reply::Refused, |()| Reply::Done)
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        self.view.lock().expect("no thread panics while it holds the view")
    }

    fn ping(&self) -> Ping {
        let view = self.lock();
        let leads = view.master.as_ref() == Some(&self.me.id);
        Ping {
            cluster: self.config.cluster_name.clone(),
            from: self.me.clone(),
            master: view.master.clone(),
            state: leads.then(|| view.state.clone()),
            uuid: view.state.uuid.clone(),
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
                Reply::Done => Ok(()),
            };
            if let Err(reason) = heard {
                log::line("WARN", &self.me.name, &reason);
            }
        }
        let mut view = self.lock();
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
        if !ping.uuid.is_empty() && !view.state.uuid.is_empty() && ping.uuid != view.state.uuid {
            return Err(format!(
                "[{}] belongs to a cluster with another uuid [{}]: this node previously joined [{}]",
                ping.from.name, ping.uuid, view.state.uuid
            ));
        }
        let id = ping.from.id.clone();
        view.peers.insert(id.clone(), Peer { info: ping.from, heard: Instant::now(), master: ping.master });
        self.elect(&mut view);
        if let Some(state) = ping.state
            && view.master.as_ref() == Some(&id)
            && (state.version > view.state.version || state.master != view.state.master)
        {
            view.state = state;
            self.keep(&view);
            self.changed.notify_all();
        }
        Ok(())
    }

    fn forget(&self, id: &str) {
        let mut view = self.lock();
        let name = view.peers.remove(id).map(|peer| peer.info.name);
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

    fn elect(&self, view: &mut View) {
        if view.leaving {
            return;
        }
        let before = view.master.clone();
        let claimant = view
            .peers
            .values()
            .filter(|peer| peer.alive() && peer.claims())
            .map(|peer| (&peer.info.name, &peer.info.id))
            .min();
        let lead = self.majority(view) && self.lowest(view);
        view.master = match (&view.master, claimant) {
            // Two masters, after a partition: the lower name stays.
            (Some(id), Some((name, other))) if *id == self.me.id && *name < self.me.name => Some(other.clone()),
            (Some(id), _) if *id == self.me.id => self.majority(view).then(|| id.clone()),
            (_, Some((_, other))) => Some(other.clone()),
            (_, None) => lead.then(|| self.me.id.clone()),
        };
        if view.master != before {
            self.announce(view);
        }
        if view.master.as_ref() == Some(&self.me.id) {
            let settings = view.state.settings.clone();
            self.commit(view, settings);
        }
    }

    /// Whether this node hears more than half of the voting nodes, itself among them.
    fn majority(&self, view: &View) -> bool {
        if !self.config.master_eligible() {
            return false;
        }
        if self.config.single_node {
            return true;
        }
        let voting: BTreeSet<&String> = if view.state.voting.is_empty() {
            self.config.initial_masters.iter().collect()
        } else {
            view.state.voting.iter().collect()
        };
        let heard = self.eligible(view).filter(|node| voting.iter().any(|name| matches(name, node))).count();
        heard > voting.len() / 2
    }

    fn lowest(&self, view: &View) -> bool {
        self.eligible(view).all(|node| (&self.me.name, &self.me.id) <= (&node.name, &node.id))
    }

    /// This node and the live ones, as far as they may become master.
    fn eligible<'v>(&'v self, view: &'v View) -> impl Iterator<Item = &'v NodeInfo> {
        view.peers
            .values()
            .filter(|peer| peer.alive())
            .map(|peer| &peer.info)
            .chain([&self.me])
            .filter(|node| node.is("master"))
    }

    fn announce(&self, view: &View) {
        let text = match &view.master {
            None => "master not discovered or elected yet".to_owned(),
            Some(id) if *id == self.me.id => format!("elected-as-master, {} nodes heard", view.peers.len() + 1),
            Some(id) => {
                let name = view.peers.get(id).map_or(id.as_str(), |peer| &peer.info.name);
                format!("master node changed, current [{name}]")
            }
        };
        log::line("INFO", &self.me.name, &text);
        self.changed.notify_all();
    }

    /// The master's turn: brings the state up to date, and keeps and publishes what changed.
    fn commit(&self, view: &mut View, settings: DynamicSettings) {
        let mut next = ClusterState { settings, ..view.state.clone() };
        if next.uuid.is_empty() {
            next.uuid = random_id();
        }
        next.master.clone_from(&self.me.id);
        let present: BTreeMap<String, NodeInfo> = view
            .peers
            .values()
            .filter(|peer| peer.alive())
            .map(|peer| &peer.info)
            .chain([&self.me])
            .map(|node| (node.id.clone(), node.clone()))
            .collect();
        let lost = std::mem::replace(&mut next.nodes, present);
        next.missing.extend(lost);
        next.missing.retain(|id, _| !next.nodes.contains_key(id));
        if next.voting.is_empty() {
            next.voting.extend(self.config.initial_masters.iter().cloned());
        }
        let voters = next.nodes.values().filter(|node| node.is("master"));
        let new: Vec<String> = voters
            .filter(|node| !next.voting.iter().any(|name| matches(name, node)))
            .map(|node| node.name.clone())
            .collect();
        next.voting.extend(new);
        if next != view.state {
            next.version += 1;
            view.state = next;
            self.keep(view);
            self.changed.notify_all();
        }
    }

    fn keep(&self, view: &View) {
        let kept = Kept {
            node_id: self.me.id.clone(),
            cluster_uuid: view.state.uuid.clone(),
            version: view.state.version,
            voting: view.state.voting.clone(),
            persistent: view.state.settings.persistent.clone(),
        };
        if let Err(error) = self.store.save(&kept) {
            log::line("ERROR", &self.me.name, &format!("cannot write to path.data: {error}"));
        }
    }
}

/// Voting nodes are named by name or by address.
fn matches(name: &str, node: &NodeInfo) -> bool {
    name == node.name || name == node.transport.ip().to_string() || name == node.transport.to_string()
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
