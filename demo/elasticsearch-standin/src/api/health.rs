//! `_cluster/health`: how well the cluster does, at once or as soon as it does well enough.

use serde_json::json;

use super::{Response, error, json_response, no_master, timeout};
use crate::cluster::{Cluster, now};
use crate::indices::Counts;
use crate::state::ClusterState;
use crate::web::Request;

/// Green: every copy of every shard serves. Yellow: every primary does. Red: some primary does not.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub enum Status {
    Red,
    Yellow,
    Green,
}

impl Status {
    pub fn of(counts: &Counts) -> Self {
        let missing = counts.unassigned + counts.initializing - counts.relocating;
        match (counts.lost, missing) {
            (0, 0) => Self::Green,
            (0, _) => Self::Yellow,
            _ => Self::Red,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "red" => Some(Self::Red),
            "yellow" => Some(Self::Yellow),
            "green" => Some(Self::Green),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
        }
    }
}

/// What a client waits for.
struct Wanted {
    status: Option<Status>,
    nodes: Option<NodeCount>,
    nothing_moves: bool,
    nothing_starts: bool,
}

impl Wanted {
    fn parse(request: &Request) -> Result<Self, Box<Response>> {
        let refuse = |reason: String| Box::new(error(400, "illegal_argument_exception", &reason));
        let query = |name: &str| request.query.get(name);
        let flag = |name: &str| query(name).is_some_and(|value| value != "false");
        let status = query("wait_for_status")
            .map(|word| Status::parse(word).ok_or_else(|| refuse(format!("unknown cluster health status [{word}]"))));
        let nodes = query("wait_for_nodes")
            .map(|text| NodeCount::parse(text).ok_or_else(|| refuse(format!("cannot parse wait_for_nodes [{text}]"))));
        Ok(Self {
            status: status.transpose()?,
            nodes: nodes.transpose()?,
            nothing_moves: flag("wait_for_no_relocating_shards"),
            nothing_starts: flag("wait_for_no_initializing_shards"),
        })
    }

    fn accepts(&self, state: &ClusterState) -> bool {
        let counts = Counts::of(&state.indices, now());
        self.status.is_none_or(|wanted| Status::of(&counts) >= wanted)
            && self.nodes.is_none_or(|count| count.accepts(state.nodes.len()))
            && !(self.nothing_moves && counts.relocating > 0)
            && !(self.nothing_starts && counts.initializing > 0)
    }
}

pub fn health(cluster: &Cluster, request: &Request) -> Response {
    let (wanted, limit) = match (Wanted::parse(request), timeout(request, "timeout")) {
        (Ok(wanted), Ok(limit)) => (wanted, limit),
        (Err(response), _) | (_, Err(response)) => return *response,
    };
    let (state, accepted) = cluster.wait(limit, |state| state.is_some_and(|state| wanted.accepts(state)));
    let Some(state) = state else { return no_master() };
    let counts = Counts::of(&state.indices, now());
    let all = counts.active + counts.unassigned + counts.initializing - counts.relocating;
    let body = json!({
        "cluster_name": cluster.config.cluster_name,
        "status": Status::of(&counts).name(),
        "timed_out": !accepted,
        "number_of_nodes": state.nodes.len(),
        "number_of_data_nodes": state.nodes.values().filter(|node| node.holds_data()).count(),
        "active_primary_shards": counts.primaries,
        "active_shards": counts.active,
        "relocating_shards": counts.relocating,
        "initializing_shards": counts.initializing,
        "unassigned_shards": counts.unassigned,
        "delayed_unassigned_shards": counts.delayed,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": percent(counts.active, all),
    });
    json_response(if accepted { 200 } else { 408 }, &body)
}

fn percent(part: usize, all: usize) -> f64 {
    // No cluster has 2⁵³ shards.
    #[allow(clippy::cast_precision_loss)]
    if all == 0 { 100.0 } else { 100.0 * part as f64 / all as f64 }
}

type Compare = fn(&usize, &usize) -> bool;

/// `6`, `>=6`, `ge(6)` and so on.
#[derive(Clone, Copy)]
struct NodeCount {
    compare: Compare,
    count: usize,
}

impl NodeCount {
    fn parse(text: &str) -> Option<Self> {
        let forms: [(&str, &str, Compare); 9] = [
            (">=", "", usize::ge),
            ("<=", "", usize::le),
            (">", "", usize::gt),
            ("<", "", usize::lt),
            ("ge(", ")", usize::ge),
            ("le(", ")", usize::le),
            ("gt(", ")", usize::gt),
            ("lt(", ")", usize::lt),
            ("", "", usize::eq),
        ];
        forms.into_iter().find_map(|(before, after, compare)| {
            let count = text.strip_prefix(before)?.strip_suffix(after)?.parse().ok()?;
            Some(Self { compare, count })
        })
    }

    fn accepts(self, nodes: usize) -> bool {
        (self.compare)(&nodes, &self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::NodeCount;

    #[test]
    fn node_counts_are_compared_as_asked() {
        let accepts = |text, nodes| NodeCount::parse(text).unwrap().accepts(nodes);
        assert!(accepts("6", 6) && !accepts("6", 5));
        assert!(accepts(">=6", 7) && !accepts("<6", 6));
        assert!(accepts("ge(6)", 6) && !accepts("gt(6)", 6));
        assert!(NodeCount::parse("six").is_none());
    }
}
