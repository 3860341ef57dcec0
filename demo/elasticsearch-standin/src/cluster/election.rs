//! Who is master: at most one node in a term, by the votes of a majority.
//!
//! A node has one vote in a term, keeps it in `path.data` and tells it with
//! every ping. It votes only for a node whose state is no older than its own,
//! so what a majority has accepted outlives every master. While a majority of
//! the voting nodes follows nobody, the one with the newest state, then with
//! the lowest name, stands for election in the next term.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{Cluster, View};
use crate::log;
use crate::state::NodeInfo;
use crate::transport::Ping;

/// An election is over after so many rounds of pings, whoever won.
const ELECTION_ROUNDS: u32 = 6;

impl View {
    /// Begins a term: nobody has voted, nobody leads.
    fn enter(&mut self, term: u64) {
        self.term = term;
        self.vote = None;
        self.votes.clear();
        self.master = None;
        self.rounds = 0;
    }
}

impl Cluster {
    /// Whether this node is the master.
    pub(super) fn leads(&self, view: &View) -> bool {
        view.master.as_ref() == Some(&self.me.id)
    }

    /// Takes from a ping the term, the speaker's vote and whom to follow, and may vote.
    pub(super) fn consider(&self, view: &mut View, ping: &Ping) {
        let before = (view.term, view.vote.clone());
        if ping.term > view.term {
            view.enter(ping.term);
        }
        if ping.term < view.term {
            return;
        }
        let speaker = Some(&ping.from.id);
        if ping.vote.as_ref() == Some(&self.me.id) {
            view.votes.insert(ping.from.id.clone());
        }
        if view.vote.is_none() && ping.vote.as_ref() == speaker && ping.rank >= view.state.rank() {
            view.vote.clone_from(&ping.vote);
            view.rounds = 0;
        }
        let follows = view.master.clone();
        if ping.master.as_ref() == speaker {
            view.master.clone_from(&ping.master);
        } else if view.master.as_ref() == speaker {
            view.master = None;
        }
        if view.master != follows {
            self.announce(view);
        }
        if (view.term, &view.vote) != (before.0, &before.1) {
            self.keep(view);
        }
    }

    /// Brings the node's belief about the master up to date; the master then does its turn.
    pub(super) fn elect(&self, view: &mut View) {
        if view.leaving {
            return;
        }
        let before = view.master.clone();
        view.master = self.master(view);
        if view.master.is_none() && self.should_stand(view) {
            view.enter(view.term + 1);
            view.vote = Some(self.me.id.clone());
            self.keep(view);
            log::line("INFO", &self.me.name, &format!("stands for election in term {}", view.term));
            view.master = self.master(view);
        }
        if view.master != before {
            self.announce(view);
        }
        if self.leads(view) {
            let next = view.state.clone();
            self.commit(view, next);
        }
    }

    /// This node if it is elected and heard, or whom it follows while that one lives.
    fn master(&self, view: &View) -> Option<String> {
        let me = Some(&self.me.id);
        if view.vote.as_ref() == me
            && self.majority(view, |node| node.id == self.me.id || view.votes.contains(&node.id))
        {
            return me.cloned();
        }
        view.master.clone().filter(|id| view.peers.get(id).is_some_and(super::Peer::alive))
    }

    fn should_stand(&self, view: &View) -> bool {
        let follows_nobody = |node: &NodeInfo| view.peers.get(&node.id).is_none_or(|peer| peer.master.is_none());
        if view.vote.is_some() && view.rounds < ELECTION_ROUNDS || !self.majority(view, follows_nobody) {
            return false;
        }
        let rank = |node: &NodeInfo| view.peers.get(&node.id).map_or(view.state.rank(), |peer| peer.rank);
        let best = self
            .voters(view)
            .filter(|node| follows_nobody(node))
            .min_by_key(|node| (Reverse(rank(node)), &node.name, &node.id));
        self.config.single_node || best.is_some_and(|node| node.id == self.me.id)
    }

    /// Whether more than half of the voting nodes are heard and accepted; this node is always heard.
    pub(super) fn majority(&self, view: &View, accept: impl Fn(&NodeInfo) -> bool) -> bool {
        if !self.config.master_eligible() {
            return false;
        }
        self.config.single_node || self.voters(view).filter(|node| accept(node)).count() > self.voting(view).len() / 2
    }

    /// This node and the live ones, as far as they vote.
    fn voters<'v>(&'v self, view: &'v View) -> impl Iterator<Item = &'v NodeInfo> {
        let voting = self.voting(view);
        view.present()
            .chain([&self.me])
            .filter(move |node| node.is("master") && voting.iter().any(|name| matches(name, node)))
    }

    /// The names that the cluster agreed on; before that, the configured ones.
    fn voting<'v>(&'v self, view: &'v View) -> BTreeSet<&'v String> {
        if view.state.voting.is_empty() {
            self.config.initial_masters.iter().collect()
        } else {
            view.state.voting.iter().collect()
        }
    }

    fn announce(&self, view: &View) {
        let text = match &view.master {
            None => "master not discovered or elected yet".to_owned(),
            Some(id) if *id == self.me.id => {
                format!("elected-as-master in term {}, {} nodes heard", view.term, view.peers.len() + 1)
            }
            Some(id) => {
                let name = view.peers.get(id).map_or(id.as_str(), |peer| &peer.info.name);
                format!("master node changed, current [{name}]")
            }
        };
        log::line("INFO", &self.me.name, &text);
        self.changed.notify_all();
    }
}

/// Voting nodes are named by name or by address.
pub(super) fn matches(name: &str, node: &NodeInfo) -> bool {
    name == node.name || name == node.transport.ip().to_string() || name == node.transport.to_string()
}
