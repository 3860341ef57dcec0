//! `_nodes`: what each node says of itself.

use serde_json::{Map, Value, json};

use super::{Response, ok};
use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::state::{ClusterState, NodeInfo};

/// All nodes, each as `describe` tells it.
pub fn list(cluster: &Cluster, state: &ClusterState, describe: impl Fn(&NodeInfo) -> Value) -> Response {
    let nodes: Map<String, Value> = state.nodes.values().map(|node| (node.id.clone(), describe(node))).collect();
    ok(&json!({
        "_nodes": { "total": nodes.len(), "successful": nodes.len(), "failed": 0 },
        "cluster_name": cluster.config.cluster_name,
        "nodes": nodes,
    }))
}

/// For `_nodes`.
pub fn info(node: &NodeInfo) -> Value {
    json!({
        "name": node.name,
        "transport_address": node.transport.to_string(),
        "host": node.transport.ip().to_string(),
        "ip": node.transport.ip().to_string(),
        "version": node.version.to_string(),
        "roles": node.roles,
        "attributes": node.attributes,
        "http": { "publish_address": node.http.to_string() },
    })
}

/// For `_nodes/stats/fs`.
pub fn disk(node: &NodeInfo, disk: Option<&Disk>) -> Value {
    let bytes = disk.map(|disk| {
        json!({
            "total_in_bytes": disk.total,
            "free_in_bytes": disk.available,
            "available_in_bytes": disk.available,
        })
    });
    json!({
        "name": node.name,
        "host": node.transport.ip().to_string(),
        "ip": node.transport.ip().to_string(),
        "roles": node.roles,
        "fs": { "total": bytes },
    })
}
