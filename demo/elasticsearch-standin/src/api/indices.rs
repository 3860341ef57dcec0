//! Indices: made, set, written to, flushed, counted and deleted. No document is kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{Response, acknowledged, denied, error, json_response, nest, ok, timeout, with_master};
use crate::change::{Change, Denial};
use crate::cluster::Cluster;
use crate::indices::{Copy, Index, Shard};
use crate::state::ClusterState;
use crate::web::Request;

/// Between two tries of a write that waits for its primary or a master.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// Answers what is asked of one index, of some or of all, if it is something known.
pub fn answer(cluster: &Cluster, method: &str, path: &str, request: &Request) -> Option<Response> {
    let (target, action) = match path.trim_start_matches('/').split_once('/') {
        Some((target, action)) => (target, action),
        None if path.starts_with("/_") => ("_all", path.trim_start_matches('/')),
        None => (path.trim_start_matches('/'), ""),
    };
    if target.starts_with('_') && target != "_all" {
        return None;
    }
    Some(match (method, action) {
        ("PUT", "") => create(cluster, target, request),
        ("DELETE", "") => finish(cluster.change(Change::Delete(target.to_owned()))),
        ("PUT", "_settings") => adjust(cluster, target, request),
        ("GET", "_settings") => on(cluster, target, request, |state, names| show_settings(state, names, request)),
        ("GET" | "POST", "_flush") => flush(cluster, target, request),
        ("GET" | "POST", "_count") => on(cluster, target, request, count),
        ("POST", "_doc") => write(cluster, target, request),
        _ => return None,
    })
}

/// The names that `a,b`, `logs-*`, `*` or `_all` stand for.
fn names(state: &ClusterState, target: &str) -> Result<Vec<String>, Denial> {
    let mut names = Vec::new();
    for word in target.split(',') {
        let prefix = if word == "_all" { Some("") } else { word.strip_suffix('*') };
        match prefix {
            Some(prefix) => names.extend(state.indices.keys().filter(|name| name.starts_with(prefix)).cloned()),
            None if state.indices.contains_key(word) => names.push(word.to_owned()),
            None => return Err(Denial::no_index(word)),
        }
    }
    Ok(names)
}

fn on(
    cluster: &Cluster,
    target: &str,
    request: &Request,
    answer: impl Fn(&ClusterState, Vec<String>) -> Response,
) -> Response {
    with_master(cluster, request, |state| match names(&state, target) {
        Ok(names) => answer(&state, names),
        Err(denial) => denied(&denial),
    })
}

fn finish(result: Result<(), Denial>) -> Response {
    result.map_or_else(|denial| denied(&denial), |()| acknowledged())
}

/// The settings of a request, under their whole names: `{"index": {"a": 1}}`, `{"index.a": 1}` and `{"a": 1}` alike.
fn settings(request: &Request) -> Result<BTreeMap<String, Option<String>>, Box<Response>> {
    let body: Value = match serde_json::from_slice(&request.body) {
        _ if request.body.is_empty() => json!({}),
        Ok(body) => body,
        Err(problem) => return Err(Box::new(error(400, "parse_exception", &problem.to_string()))),
    };
    let mut found = BTreeMap::new();
    flatten("", body.get("settings").unwrap_or(&body), &mut found);
    let whole = |name: String| if name.starts_with("index.") { name } else { format!("index.{name}") };
    Ok(found.into_iter().map(|(name, value)| (whole(name), value)).collect())
}

fn flatten(name: &str, value: &Value, into: &mut BTreeMap<String, Option<String>>) {
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                flatten(&if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, value, into);
            }
        }
        Value::Null => drop(into.insert(name.to_owned(), None)),
        Value::String(text) => drop(into.insert(name.to_owned(), Some(text.clone()))),
        other => drop(into.insert(name.to_owned(), Some(other.to_string()))),
    }
}

fn create(cluster: &Cluster, name: &str, request: &Request) -> Response {
    let (settings, limit) = match (settings(request), timeout(request, "timeout")) {
        (Ok(settings), Ok(limit)) => (settings, limit),
        (Err(response), _) | (_, Err(response)) => return *response,
    };
    if let Err(denial) = cluster.change(Change::Create { index: name.to_owned(), settings }) {
        return denied(&denial);
    }
    let serves = |index: &Index| index.shards.iter().all(|shard| shard.primary().is_some_and(Copy::active));
    let (_, started) =
        cluster.wait(limit, |state| state.is_some_and(|state| state.indices.get(name).is_none_or(serves)));
    ok(&json!({ "acknowledged": true, "shards_acknowledged": started, "index": name }))
}

fn adjust(cluster: &Cluster, target: &str, request: &Request) -> Response {
    let settings = match settings(request) {
        Ok(settings) => settings,
        Err(response) => return *response,
    };
    on(cluster, target, request, |_, indices| {
        finish(cluster.change(Change::Adjust { indices, settings: settings.clone() }))
    })
}

fn show_settings(state: &ClusterState, names: Vec<String>, request: &Request) -> Response {
    let flat = request.query.get("flat_settings").is_some_and(|flag| flag != "false");
    let shown = |name: String| {
        let mut shown = Map::new();
        for (setting, value) in &state.indices[&name].settings {
            let value = Value::from(value.as_str());
            if flat {
                shown.insert(setting.clone(), value);
            } else {
                nest(&mut shown, setting, &value);
            }
        }
        (name, json!({ "settings": shown }))
    };
    ok(&Value::Object(names.into_iter().map(shown).collect()))
}

fn flush(cluster: &Cluster, target: &str, request: &Request) -> Response {
    on(cluster, target, request, |state, names| {
        let copies: Vec<&Copy> =
            names.iter().flat_map(|name| &state.indices[name].shards).flat_map(|shard| &shard.copies).collect();
        let (total, serving) = (copies.len(), copies.iter().filter(|copy| copy.active()).count());
        match cluster.change(Change::Flush(names.clone())) {
            Ok(()) => ok(&json!({ "_shards": { "total": total, "successful": serving, "failed": 0 } })),
            Err(denial) => denied(&denial),
        }
    })
}

fn count(state: &ClusterState, names: Vec<String>) -> Response {
    let shards: Vec<&Shard> = names.iter().flat_map(|name| &state.indices[name].shards).collect();
    let serving = shards.iter().filter(|shard| shard.copies.iter().any(Copy::active)).count();
    if serving < shards.len() {
        return error(503, "search_phase_execution_exception", "not all shards have a copy that serves");
    }
    ok(&json!({
        "count": shards.iter().map(|shard| shard.writes).sum::<u64>(),
        "_shards": { "total": shards.len(), "successful": serving, "skipped": 0, "failed": 0 },
    }))
}

/// A write waits for its primary, and for a master, as long as the client allows.
fn write(cluster: &Cluster, index: &str, request: &Request) -> Response {
    static DOCUMENT: AtomicUsize = AtomicUsize::new(0);
    let limit = match timeout(request, "timeout") {
        Ok(limit) => limit,
        Err(response) => return *response,
    };
    let (index, document) = (index.to_owned(), DOCUMENT.fetch_add(1, Ordering::Relaxed));
    let end = Instant::now() + limit;
    loop {
        match cluster.change(Change::Write { index: index.clone(), document }) {
            Ok(()) => return json_response(201, &json!({ "_index": index, "result": "created" })),
            Err(denial) if denial.passes() && Instant::now() < end => std::thread::sleep(TRY_AGAIN),
            Err(denial) => return denied(&denial),
        }
    }
}
