//! `_cluster/allocation/explain`: why a copy of a shard is not where one would want it.

use serde_json::{Value, json};

use super::{Response, error, ok};
use crate::allocation::Allocation;
use crate::cluster::{Cluster, now};
use crate::indices::{Copy, Index, Phase, Shard};
use crate::state::{ClusterState, NodeInfo};
use crate::web::Request;

/// Explains the copy that the request names, or the first that is unassigned.
pub fn explain(cluster: &Cluster, state: &ClusterState, request: &Request) -> Response {
    let wanted: Value = match serde_json::from_slice(&request.body) {
        _ if request.body.is_empty() => Value::Null,
        Ok(body) => body,
        Err(problem) => return error(400, "parse_exception", &problem.to_string()),
    };
    let is_wanted = |name: &str, number: usize, copy: &Copy| {
        if wanted.is_null() {
            return copy.phase == Phase::Unassigned;
        }
        wanted["index"] == *name && wanted["shard"] == number && wanted["primary"] == copy.primary
    };
    let copies = state.indices.iter().flat_map(|(name, index)| {
        let shards = index.shards.iter().enumerate();
        shards.flat_map(move |(number, shard)| shard.copies.iter().map(move |copy| (name, index, number, shard, copy)))
    });
    match { copies }.find(|(name, _, number, _, copy)| is_wanted(name, *number, copy)) {
        Some((name, index, number, shard, copy)) => {
            let allocation =
                Allocation { nodes: &state.nodes, settings: &state.settings, disks: cluster.disks(), now: now() };
            let mut body = describe(state, copy);
            body["index"] = name.as_str().into();
            body["shard"] = number.into();
            if copy.phase == Phase::Unassigned {
                judge(&mut body, &allocation, index, shard, copy);
            }
            ok(&body)
        }
        None => error(
            400,
            "illegal_argument_exception",
            "No shard was specified in the request which means the response should explain a randomly-chosen \
             unassigned shard, but there are no unassigned shards in this cluster.",
        ),
    }
}

fn describe(state: &ClusterState, copy: &Copy) -> Value {
    let mut body = json!({ "primary": copy.primary, "current_state": copy.phase.name().to_lowercase() });
    if let Some(node) = copy.node.as_ref().and_then(|id| state.nodes.get(id)) {
        body["current_node"] = json!({ "id": node.id, "name": node.name });
    }
    if copy.phase == Phase::Unassigned {
        body["unassigned_info"] = json!({
            "reason": copy.reason.name(),
            "failed_allocation_attempts": copy.failures,
        });
    }
    body
}

/// Whether it can be allocated now, and what each node says to that.
fn judge(body: &mut Value, allocation: &Allocation, index: &Index, shard: &Shard, copy: &Copy) {
    let old_primary = copy.primary && !shard.in_sync.is_empty();
    let mut possible = false;
    let nodes: Vec<Value> = allocation
        .data_nodes()
        .map(|node| {
            let veto = allocation.veto(shard, copy.primary, node);
            let has_it = !old_primary || shard.in_sync.contains(&node.id);
            possible |= veto.is_none() && has_it;
            decision(
                node,
                has_it,
                veto.map(|veto| {
                    json!([{
                        "decider": veto.decider, "decision": "NO", "explanation": veto.explanation,
                    }])
                }),
            )
        })
        .collect();
    let (can, why) = if copy.delayed(index, allocation.now) {
        ("allocation_delayed", "the copy waits for the node that left to return")
    } else if possible {
        ("yes", "can allocate the shard")
    } else if old_primary && !shard.in_sync.iter().any(|id| allocation.nodes.contains_key(id)) {
        ("no_valid_shard_copy", "cannot allocate because all found copies of the shard are either stale or corrupt")
    } else {
        ("no", "cannot allocate because allocation is not permitted to any of the nodes")
    };
    body["can_allocate"] = can.into();
    body["allocate_explanation"] = why.into();
    body["node_allocation_decisions"] = nodes.into();
}

fn decision(node: &NodeInfo, has_it: bool, deciders: Option<Value>) -> Value {
    let decision = if has_it && deciders.is_none() { "yes" } else { "no" };
    json!({ "node_id": node.id, "node_name": node.name, "node_decision": decision, "deciders": deciders })
}
