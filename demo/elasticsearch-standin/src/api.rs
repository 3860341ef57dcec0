//! The part of the vendor's REST API that operators of a cluster use.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::VERSION;
use crate::cluster::Cluster;
use crate::state::{ClusterState, NodeInfo};
use crate::web::{self, Request, Response};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers HTTP until the process ends.
pub fn start(cluster: &Arc<Cluster>, listener: TcpListener) {
    let cluster = Arc::clone(cluster);
    std::thread::spawn(move || web::serve(&listener, move |request| answer(&cluster, request)));
}

fn answer(cluster: &Cluster, request: &Request) -> Response {
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    match (method, request.path.trim_end_matches('/')) {
        ("GET", "") => root(cluster),
        ("GET", "/_cluster/health") => health(cluster, request),
        ("GET", "/_cluster/settings") => with_master(cluster, request, |state| settings(&state, request)),
        ("PUT", "/_cluster/settings") => change_settings(cluster, request),
        ("GET", path) if path == "/_cluster/state" || path.starts_with("/_cluster/state/") => {
            with_master(cluster, request, |state| cluster_state(cluster, &state))
        }
        ("GET", "/_nodes" | "/_nodes/_all") => with_master(cluster, request, |state| nodes(cluster, &state)),
        ("GET", "/_nodes/_local") => with_master(cluster, request, |mut state| {
            state.nodes.retain(|id, _| *id == cluster.me.id);
            nodes(cluster, &state)
        }),
        ("GET", "/_cat/nodes") => {
            with_master(cluster, request, |state| table(request, &NODE_COLUMNS, &node_rows(&state)))
        }
        ("GET", "/_cat/health") => {
            with_master(cluster, request, |state| table(request, &HEALTH_COLUMNS, &[health_row(cluster, &state)]))
        }
        ("GET", "/_cat/master") => with_master(cluster, request, |mut state| {
            state.nodes.retain(|id, _| *id == state.master);
            table(request, &MASTER_COLUMNS, &master_rows(&state))
        }),
        _ => error(
            400,
            "illegal_argument_exception",
            &format!("no handler found for uri [{}] and method [{}] in the stand-in", request.path, request.method),
        ),
    }
}

fn root(cluster: &Cluster) -> Response {
    let uuid = cluster.state().map_or_else(|| "_na_".to_owned(), |state| state.uuid);
    ok(&json!({
        "name": cluster.me.name,
        "cluster_name": cluster.config.cluster_name,
        "cluster_uuid": uuid,
        "version": {
            "number": VERSION,
            "build_flavor": "stand-in",
            "build_type": "tar",
            "build_snapshot": false,
        },
        "tagline": "You Know, for Tests (this is a stand-in for Elasticsearch)",
    }))
}

/// Green: everyone who ever joined is there or said goodbye. Yellow: someone
/// is missing. Red: no master.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Status {
    Red,
    Yellow,
    Green,
}

impl Status {
    fn of(state: Option<&ClusterState>) -> Self {
        match state {
            None => Self::Red,
            Some(state) if state.missing.is_empty() => Self::Green,
            Some(_) => Self::Yellow,
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

    fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
        }
    }
}

fn health(cluster: &Cluster, request: &Request) -> Response {
    let status = match request.query.get("wait_for_status").map(|word| (word, Status::parse(word))) {
        Some((word, None)) => {
            return error(400, "illegal_argument_exception", &format!("unknown cluster health status [{word}]"));
        }
        Some((_, status)) => status,
        None => None,
    };
    let nodes = match request.query.get("wait_for_nodes").map(|text| (text, NodeCount::parse(text))) {
        Some((text, None)) => {
            return error(400, "illegal_argument_exception", &format!("cannot parse wait_for_nodes [{text}]"));
        }
        Some((_, nodes)) => nodes,
        None => None,
    };
    let limit = match timeout(request, "timeout") {
        Ok(limit) => limit,
        Err(response) => return *response,
    };
    let (state, accepted) = cluster.wait(limit, |state| {
        state.is_some_and(|now| {
            status.is_none_or(|wanted| Status::of(state) >= wanted)
                && nodes.is_none_or(|count| count.accepts(now.nodes.len()))
        })
    });
    let Some(state) = state else { return no_master() };
    let data = state.nodes.values().filter(|node| node.holds_data()).count();
    let body = json!({
        "cluster_name": cluster.config.cluster_name,
        "status": Status::of(Some(&state)).name(),
        "timed_out": !accepted,
        "number_of_nodes": state.nodes.len(),
        "number_of_data_nodes": data,
        "active_primary_shards": 0,
        "active_shards": 0,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    });
    json_response(if accepted { 200 } else { 408 }, &body)
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

fn settings(state: &ClusterState, request: &Request) -> Response {
    let shape = |settings: &std::collections::BTreeMap<String, Value>| {
        if request.query.get("flat_settings").is_some_and(|flag| flag != "false") {
            return json!(settings);
        }
        let mut root = Map::new();
        for (name, value) in settings {
            nest(&mut root, name, value);
        }
        Value::Object(root)
    };
    ok(&json!({
        "persistent": shape(&state.settings.persistent),
        "transient": shape(&state.settings.transient),
    }))
}

fn nest(into: &mut Map<String, Value>, name: &str, value: &Value) {
    if let Some((first, rest)) = name.split_once('.')
        && let Value::Object(inner) = into.entry(first).or_insert_with(|| json!({}))
    {
        nest(inner, rest, value);
        return;
    }
    into.insert(name.to_owned(), value.clone());
}

fn change_settings(cluster: &Cluster, request: &Request) -> Response {
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(body) => body,
        Err(problem) => return error(400, "parse_exception", &problem.to_string()),
    };
    let part = |name: &str| body.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let (persistent, transient) = (part("persistent"), part("transient"));
    if persistent.is_empty() && transient.is_empty() {
        return error(400, "action_request_validation_exception", "Validation Failed: 1: no settings to update;");
    }
    match cluster.change_settings(persistent.clone(), transient.clone()) {
        Ok(()) => ok(&json!({ "acknowledged": true, "persistent": persistent, "transient": transient })),
        Err(reason) => error(503, "master_not_discovered_exception", &reason),
    }
}

fn cluster_state(cluster: &Cluster, state: &ClusterState) -> Response {
    let nodes: Map<String, Value> = state
        .nodes
        .values()
        .map(|node| {
            let text = json!({
                "name": node.name,
                "transport_address": node.transport.to_string(),
                "attributes": node.attributes,
                "roles": node.roles,
            });
            (node.id.clone(), text)
        })
        .collect();
    ok(&json!({
        "cluster_name": cluster.config.cluster_name,
        "cluster_uuid": state.uuid,
        "version": state.version,
        "master_node": state.master,
        "nodes": nodes,
    }))
}

fn nodes(cluster: &Cluster, state: &ClusterState) -> Response {
    let nodes: Map<String, Value> = state
        .nodes
        .values()
        .map(|node| {
            let text = json!({
                "name": node.name,
                "transport_address": node.transport.to_string(),
                "host": node.transport.ip().to_string(),
                "ip": node.transport.ip().to_string(),
                "version": VERSION,
                "roles": node.roles,
                "attributes": node.attributes,
                "http": { "publish_address": node.http.to_string() },
            });
            (node.id.clone(), text)
        })
        .collect();
    ok(&json!({
        "_nodes": { "total": nodes.len(), "successful": nodes.len(), "failed": 0 },
        "cluster_name": cluster.config.cluster_name,
        "nodes": nodes,
    }))
}

const NODE_COLUMNS: [&str; 5] = ["ip", "node.role", "master", "name", "version"];
const HEALTH_COLUMNS: [&str; 4] = ["cluster", "status", "node.total", "node.data"];
const MASTER_COLUMNS: [&str; 4] = ["id", "host", "ip", "node"];

fn node_rows(state: &ClusterState) -> Vec<Vec<String>> {
    let mut nodes: Vec<&NodeInfo> = state.nodes.values().collect();
    nodes.sort_by_key(|node| &node.name);
    nodes
        .into_iter()
        .map(|node| {
            let master = if node.id == state.master { "*" } else { "-" };
            vec![
                node.transport.ip().to_string(),
                role_letters(node),
                master.to_owned(),
                node.name.clone(),
                VERSION.to_owned(),
            ]
        })
        .collect()
}

fn health_row(cluster: &Cluster, state: &ClusterState) -> Vec<String> {
    vec![
        cluster.config.cluster_name.clone(),
        Status::of(Some(state)).name().to_owned(),
        state.nodes.len().to_string(),
        state.nodes.values().filter(|node| node.holds_data()).count().to_string(),
    ]
}

fn master_rows(state: &ClusterState) -> Vec<Vec<String>> {
    let row = |node: &NodeInfo| {
        let ip = node.transport.ip().to_string();
        vec![node.id.clone(), ip.clone(), ip, node.name.clone()]
    };
    state.nodes.values().map(row).collect()
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
        None => (0..columns.len()).collect(),
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

fn with_master(cluster: &Cluster, request: &Request, answer: impl Fn(ClusterState) -> Response) -> Response {
    let limit = match timeout(request, "master_timeout") {
        Ok(limit) => limit,
        Err(response) => return *response,
    };
    cluster.wait(limit, |state| state.is_some()).0.map_or_else(no_master, answer)
}

fn timeout(request: &Request, name: &str) -> Result<Duration, Box<Response>> {
    let Some(text) = request.query.get(name) else { return Ok(DEFAULT_TIMEOUT) };
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        _ => None,
    };
    match (digits.parse::<u64>(), unit) {
        (Ok(number), Some(unit)) => Ok(Duration::from_millis(number.saturating_mul(unit))),
        _ => Err(Box::new(error(
            400,
            "illegal_argument_exception",
            &format!("failed to parse setting [{name}] with value [{text}] as a time value"),
        ))),
    }
}

fn no_master() -> Response {
    error(503, "master_not_discovered_exception", "no master: fewer than half of the voting nodes were heard")
}

fn error(status: u16, kind: &str, reason: &str) -> Response {
    let cause = json!({ "type": kind, "reason": reason });
    json_response(
        status,
        &json!({ "error": { "root_cause": [cause], "type": kind, "reason": reason }, "status": status }),
    )
}

fn ok(body: &Value) -> Response {
    json_response(200, body)
}

fn json_response(status: u16, body: &Value) -> Response {
    let mut response = Response::text(status, "application/json", body.to_string());
    // Clients of the vendor's libraries refuse to speak to a server without it.
    response.headers.push(("X-elastic-product", "Elasticsearch".to_owned()));
    response
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
