//! The part of the vendor's REST API that operators of a cluster use.

mod cat;
mod explain;
mod health;
mod indices;
mod nodes;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::change::{Change, Denial};
use crate::cluster::Cluster;
use crate::indices::duration;
use crate::state::ClusterState;
use crate::web::{self, Request, Response};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers HTTP until the process ends.
pub fn start(cluster: &Arc<Cluster>, listener: TcpListener) {
    let cluster = Arc::clone(cluster);
    std::thread::spawn(move || web::serve(&listener, move |request| answer(&cluster, request)));
}

fn answer(cluster: &Cluster, request: &Request) -> Response {
    let method = if request.method == "HEAD" { "GET" } else { &request.method };
    let path = request.path.trim_end_matches('/');
    match (method, path) {
        ("GET", "") => root(cluster),
        ("GET", "/_cluster/health") => health::health(cluster, request),
        ("GET", "/_cluster/settings") => with_master(cluster, request, |state| settings(&state, request)),
        ("PUT", "/_cluster/settings") => change_settings(cluster, request),
        ("POST", "/_cluster/reroute") => reroute(cluster, request),
        ("GET" | "POST", "/_cluster/allocation/explain") => {
            with_master(cluster, request, |state| explain::explain(cluster, &state, request))
        }
        ("GET", path) if path == "/_cluster/state" || path.starts_with("/_cluster/state/") => {
            with_master(cluster, request, |state| cluster_state(cluster, &state))
        }
        ("GET", "/_nodes" | "/_nodes/_all") => {
            with_master(cluster, request, |state| nodes::list(cluster, &state, nodes::info))
        }
        ("GET", "/_nodes/_local") => with_master(cluster, request, |mut state| {
            state.nodes.retain(|id, _| *id == cluster.me.id);
            nodes::list(cluster, &state, nodes::info)
        }),
        ("GET", "/_nodes/stats" | "/_nodes/stats/fs") => with_master(cluster, request, |state| {
            let disks = cluster.disks();
            nodes::list(cluster, &state, |node| nodes::disk(node, disks.get(&node.id)))
        }),
        _ => path
            .strip_prefix("/_cat/")
            .filter(|_| method == "GET")
            .and_then(|name| cat::answer(cluster, name, request))
            .or_else(|| indices::answer(cluster, method, path, request))
            .unwrap_or_else(|| unknown(request)),
    }
}

fn unknown(request: &Request) -> Response {
    error(
        400,
        "illegal_argument_exception",
        &format!("no handler found for uri [{}] and method [{}] in the stand-in", request.path, request.method),
    )
}

fn root(cluster: &Cluster) -> Response {
    let uuid = cluster.state().map_or_else(|| "_na_".to_owned(), |state| state.uuid);
    ok(&json!({
        "name": cluster.me.name,
        "cluster_name": cluster.config.cluster_name,
        "cluster_uuid": uuid,
        "version": {
            "number": cluster.config.version.to_string(),
            "build_flavor": "stand-in",
            "build_type": "tar",
            "build_snapshot": false,
        },
        "tagline": "You Know, for Tests (this is a stand-in for Elasticsearch)",
    }))
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
    let change = Change::Settings { persistent: persistent.clone(), transient: transient.clone() };
    match cluster.change(change) {
        Ok(()) => ok(&json!({ "acknowledged": true, "persistent": persistent, "transient": transient })),
        Err(denial) => denied(&denial),
    }
}

/// No commands are known, only that copies which were given up are tried again.
fn reroute(cluster: &Cluster, request: &Request) -> Response {
    if !request.body.is_empty() {
        return error(400, "illegal_argument_exception", "the stand-in moves no shard by command");
    }
    if request.query.get("retry_failed").is_none_or(|flag| flag == "false") {
        return acknowledged();
    }
    cluster.change(Change::Retry).map_or_else(|denial| denied(&denial), |()| acknowledged())
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

fn with_master(cluster: &Cluster, request: &Request, answer: impl Fn(ClusterState) -> Response) -> Response {
    let limit = match timeout(request, "master_timeout") {
        Ok(limit) => limit,
        Err(response) => return *response,
    };
    cluster.wait(limit, |state| state.is_some()).0.map_or_else(no_master, answer)
}

fn timeout(request: &Request, name: &str) -> Result<Duration, Box<Response>> {
    let Some(text) = request.query.get(name) else { return Ok(DEFAULT_TIMEOUT) };
    duration(text).ok_or_else(|| {
        let reason = format!("failed to parse setting [{name}] with value [{text}] as a time value");
        Box::new(error(400, "illegal_argument_exception", &reason))
    })
}

fn denied(denial: &Denial) -> Response {
    error(denial.status, &denial.kind, &denial.reason)
}

fn acknowledged() -> Response {
    ok(&json!({ "acknowledged": true }))
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
