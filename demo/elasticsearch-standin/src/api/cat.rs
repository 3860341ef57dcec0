//! `_cat`: the same for people, as tables.

use serde_json::{Map, Value, json};

use super::{Response, health::Status, ok, with_master};
use crate::cluster::{Cluster, now};
use crate::indices::{Counts, Phase};
use crate::state::{ClusterState, NodeInfo};
use crate::web::Request;

const NODES: [&str; 5] = ["ip", "node.role", "master", "name", "version"];
const HEALTH: [&str; 9] = ["cluster", "status", "node.total", "node.data", "shards", "pri", "relo", "init", "unassign"];
const MASTER: [&str; 4] = ["id", "host", "ip", "node"];
const SHARDS: [&str; 8] = ["index", "shard", "prirep", "state", "docs", "ip", "node", "unassigned.reason"];
/// What `_cat/shards` shows unless asked for more.
const SHARDS_SHOWN: usize = 7;
const INDICES: [&str; 6] = ["health", "status", "index", "pri", "rep", "docs.count"];
const ALLOCATION: [&str; 5] = ["shards", "disk.percent", "disk.avail", "ip", "node"];

/// Answers `/_cat/NAME`, if there is such a table.
pub fn answer(cluster: &Cluster, name: &str, request: &Request) -> Option<Response> {
    let rows = match name {
        "nodes" => |_: &Cluster, state: &ClusterState| (&NODES[..], node_rows(state)),
        "health" => |cluster: &Cluster, state: &ClusterState| (&HEALTH[..], vec![health_row(cluster, state)]),
        "master" => |_: &Cluster, state: &ClusterState| (&MASTER[..], master_rows(state)),
        "shards" => |_: &Cluster, state: &ClusterState| (&SHARDS[..], shard_rows(state)),
        "indices" => |_: &Cluster, state: &ClusterState| (&INDICES[..], index_rows(state)),
        "allocation" => |cluster: &Cluster, state: &ClusterState| (&ALLOCATION[..], allocation_rows(cluster, state)),
        _ => return None,
    };
    Some(with_master(cluster, request, |state| {
        let (columns, rows) = rows(cluster, &state);
        table(request, columns, &rows)
    }))
}

fn node_rows(state: &ClusterState) -> Vec<Vec<String>> {
    let row = |node: &NodeInfo| {
        let master = if node.id == state.master { "*" } else { "-" };
        vec![ip(node), role_letters(node), master.to_owned(), node.name.clone(), node.version.to_string()]
    };
    sorted(state).into_iter().map(row).collect()
}

fn health_row(cluster: &Cluster, state: &ClusterState) -> Vec<String> {
    let counts = Counts::of(&state.indices, now());
    let words = [cluster.config.cluster_name.clone(), Status::of(&counts).name().to_owned()];
    let data = state.nodes.values().filter(|node| node.holds_data()).count();
    let numbers = [
        state.nodes.len(),
        data,
        counts.active,
        counts.primaries,
        counts.relocating,
        counts.initializing,
        counts.unassigned,
    ];
    words.into_iter().chain(numbers.map(|number| number.to_string())).collect()
}

fn master_rows(state: &ClusterState) -> Vec<Vec<String>> {
    let row = |node: &NodeInfo| vec![node.id.clone(), ip(node), ip(node), node.name.clone()];
    state.nodes.get(&state.master).map(row).into_iter().collect()
}

fn shard_rows(state: &ClusterState) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (name, index) in &state.indices {
        for (number, shard) in index.shards.iter().enumerate() {
            for copy in &shard.copies {
                let node = copy.node.as_ref().and_then(|id| state.nodes.get(id));
                let target = copy.target.as_ref().and_then(|id| state.nodes.get(id));
                let place = match (node, target) {
                    (Some(node), Some(target)) => {
                        format!("{} -> {} {} {}", node.name, ip(target), target.id, target.name)
                    }
                    (Some(node), None) => node.name.clone(),
                    _ => String::new(),
                };
                let unassigned = copy.phase == Phase::Unassigned;
                rows.push(vec![
                    name.clone(),
                    number.to_string(),
                    if copy.primary { "p" } else { "r" }.to_owned(),
                    copy.phase.name().to_owned(),
                    if copy.active() { shard.writes.to_string() } else { String::new() },
                    node.map(ip).unwrap_or_default(),
                    place,
                    if unassigned { copy.reason.name() } else { "" }.to_owned(),
                ]);
            }
        }
    }
    rows
}

fn index_rows(state: &ClusterState) -> Vec<Vec<String>> {
    let row = |(name, index): (&String, &crate::indices::Index)| {
        let alone = [(name.clone(), index.clone())].into();
        let setting = |setting: &str| index.settings.get(setting).cloned().unwrap_or_default();
        vec![
            Status::of(&Counts::of(&alone, now())).name().to_owned(),
            "open".to_owned(),
            name.clone(),
            setting("index.number_of_shards"),
            setting("index.number_of_replicas"),
            index.shards.iter().map(|shard| shard.writes).sum::<u64>().to_string(),
        ]
    };
    state.indices.iter().map(row).collect()
}

fn allocation_rows(cluster: &Cluster, state: &ClusterState) -> Vec<Vec<String>> {
    let disks = cluster.disks();
    let row = |node: &NodeInfo| {
        let copies = state.indices.values().flat_map(|index| &index.shards).flat_map(|shard| &shard.copies);
        let disk = disks.get(&node.id);
        vec![
            copies.filter(|copy| copy.node.as_ref() == Some(&node.id)).count().to_string(),
            disk.map(|disk| format!("{:.0}", disk.used())).unwrap_or_default(),
            disk.map(|disk| format!("{}b", disk.available)).unwrap_or_default(),
            ip(node),
            node.name.clone(),
        ]
    };
    sorted(state).into_iter().filter(|node| node.holds_data()).map(row).collect()
}

fn sorted(state: &ClusterState) -> Vec<&NodeInfo> {
    let mut nodes: Vec<&NodeInfo> = state.nodes.values().collect();
    nodes.sort_by_key(|node| &node.name);
    nodes
}

fn ip(node: &NodeInfo) -> String {
    node.transport.ip().to_string()
}

/// As the vendor abbreviates roles, sorted; `-` for a coordinating node.
fn role_letters(node: &NodeInfo) -> String {
    let letter = |role: &String| match role.as_str() {
        "data" => 'd',
        "data_content" => 's',
        "data_hot" => 'h',
        "data_warm" => 'w',
        "data_cold" => 'c',
        "data_frozen" => 'f',
        "ingest" => 'i',
        "master" => 'm',
        "ml" => 'l',
        "remote_cluster_client" => 'r',
        "transform" => 't',
        _ => 'v',
    };
    let mut letters: Vec<char> = node.roles.iter().map(letter).collect();
    letters.sort_unstable();
    if letters.is_empty() { "-".to_owned() } else { letters.into_iter().collect() }
}

/// A `_cat` answer: `h` picks columns, `v` adds their names, `format=json`.
fn table(request: &Request, columns: &[&str], rows: &[Vec<String>]) -> Response {
    let picked: Vec<usize> = match request.query.get("h").filter(|names| !names.is_empty()) {
        None => (0..columns.len().min(if columns == SHARDS { SHARDS_SHOWN } else { usize::MAX })).collect(),
        Some(names) => names.split(',').filter_map(|name| columns.iter().position(|one| *one == name)).collect(),
    };
    if request.query.get("format").is_some_and(|format| format == "json") {
        let rows: Vec<Map<String, Value>> = rows
            .iter()
            .map(|row| picked.iter().map(|at| (columns[*at].to_owned(), Value::from(row[*at].clone()))).collect())
            .collect();
        return ok(&json!(rows));
    }
    let heading: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let heading = request.query.get("v").is_some_and(|flag| flag != "false").then_some(&heading);
    let lines: Vec<Vec<&str>> =
        heading.into_iter().chain(rows).map(|row| picked.iter().map(|at| row[*at].as_str()).collect()).collect();
    let widths: Vec<usize> =
        (0..picked.len()).map(|at| lines.iter().map(|line| line[at].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join(" ").trim_end());
        text.push('\n');
    }
    Response::text(200, "text/plain; charset=UTF-8", text)
}
