//! What ansible-core did in a case, kept beside the case's file, and how it is compared with what we do.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{LazyLock, Mutex, PoisonError},
};

use fancy_regex::Regex;
use serde_json::{Map, Value, json};

use crate::{
    case::Case,
    compare::compare,
    host::{self, Kind},
    oracle, units,
};

/// Return values that say nothing of what a module does.
const APART: [&str; 8] = [
    "invocation",
    "warnings",
    "deprecations",
    "exception",
    "start",
    "end",
    "delta",
    "ansible_facts.discovered_interpreter_python",
];

/// Runs a case on its host: compares it with its recording, or records it where there is an oracle.
pub fn run(case: &Case, kind: Kind) -> Result<(), String> {
    let recording = oracle::program().is_some();
    let input = json!({ "module": case.module, "body": case.body, "oracle": recording });
    let report: Value = serde_json::from_str(&host::run(kind, &case.file, &input.to_string())?)
        .map_err(|e| format!("the report of the host: {e}"))?;
    if recording {
        return record(case, &report);
    }
    let mut problems: Vec<String> = report["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| line.as_str().unwrap_or("").to_owned())
        .collect();
    match recorded(case)? {
        Some(wanted) => problems.extend(differences(case, kept(&wanted), kept(&report))),
        None => problems.push("is not recorded: run it with ORACLE=…/ansible-playbook".into()),
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// The parts of a report that are compared, without what is never the same twice.
fn kept(report: &Value) -> Value {
    let mut kept = Map::new();
    for step in ["check", "run", "again"] {
        kept.insert(step.into(), result(&report[step]));
    }
    for part in ["tree", "look"] {
        kept.insert(part.into(), neutral(&report[part]));
    }
    Value::Object(kept)
}

fn result(result: &Value) -> Value {
    let mut result = neutral(result);
    for path in APART {
        remove(&mut result, path);
    }
    if result["ansible_facts"].as_object().is_some_and(Map::is_empty) {
        remove(&mut result, "ansible_facts");
    }
    let shown = shown_diffs(&result["diff"]);
    remove(&mut result, "diff");
    if !shown.is_empty() {
        result["diff"] = shown.into();
    }
    if let Some(properties) = result.get_mut("status").and_then(Value::as_object_mut) {
        units::settle(properties);
    }
    // Where Ansible kept what it sent; and failures show no diff.
    if result["src"] == "TEMPORARY" {
        remove(&mut result, "src");
    }
    if result["failed"] == true {
        remove(&mut result, "diff");
    }
    if let Some(fields) = result.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("_ansible") && !name.ends_with("_lines"));
        for name in ["failed", "changed"] {
            fields.entry(name).or_insert(json!(false));
        }
    }
    result
}

/// The diffs of a result, without those that show nothing.
fn shown_diffs(diff: &Value) -> Vec<Value> {
    let all = match diff {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let all = all.into_iter().map(|mut diff| {
        // Where Ansible had a template's result before it sent it.
        if diff["after_header"] == "TEMPORARY" {
            remove(&mut diff, "after_header");
        }
        diff
    });
    let shows = |diff: &Value| diff.get("before") != diff.get("after") || diff.get("prepared").is_some();
    all.filter(shows).collect()
}

/// The value with names of temporary files and backups that are the same in each run.
fn neutral(value: &Value) -> Value {
    match value {
        Value::String(text) => neutral_text(text).into(),
        Value::Array(items) => items.iter().map(neutral).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (neutral_text(key), neutral(value))).collect(),
        other => other.clone(),
    }
}

/// What is otherwise in each run, and what stands for it.
static NEUTRAL: LazyLock<[(Regex, &str); 12]> = LazyLock::new(|| {
    [
        (r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~", ".N.TIME~"),
        // The day of a password's last change (`man 5 shadow`).
        (r"(?m)^([^:\n]+:[^:\n]*):\d{5}((:[^:\n]*){6})$", "$1:DAY$2"),
        (r"\(ansible\.(builtin|legacy)\.(\w+)\) module", "($2) module"),
        (r"\(Reading database \.\.\. \d+ files", "(Reading database ... N files"),
        (r"(127\.0\.0\.\d|localhost):\d{4,5}\b", "$1:PORT"),
        (r"/[^\s]*/\.sutler-\w{6}\b", "TEMPORARY"),
        (r#"/root/\.ansible/tmp/[^\s"']*"#, "TEMPORARY"),
        (r"/[^\s']*/\.ansible_tmp[a-z0-9_]{8}[^\s']*", "TEMPORARY"),
        // A set, in another order each time.
        (r"Valid booleans include: .*", "Valid booleans include: …"),
        // Python has some of these paths as bytes.
        (r"\bb'TEMPORARY'", "'TEMPORARY'"),
        (r"(/ansible\.)\w{8}'$", "$1RANDOM'"),
        // A line of Python's own source.
        (r" \(_ssl\.c:\d+\)", ""),
    ]
    .map(|(pattern, with)| (Regex::new(pattern).expect("a pattern"), with))
});

fn neutral_text(text: &str) -> String {
    NEUTRAL.iter().fold(text.to_owned(), |text, (regex, with)| match regex.is_match(&text) {
        Ok(true) => regex.replace_all(&text, *with).into_owned(),
        _ => text,
    })
}

fn differences(case: &Case, mut wanted: Value, mut given: Value) -> Vec<String> {
    let mut problems = Vec::new();
    for path in case.body.get("volatile").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        for path in steps(path) {
            remove(&mut wanted, &path);
            remove(&mut given, &path);
        }
    }
    if case.body.contains_key("predicts") && !hold_to_the_run(&mut wanted, &given) {
        problems.push("is said to predict what Ansible's check run does not, and does not".into());
    }
    for path in case.body.get("differs").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        let differs = |path: String| remove(&mut wanted, &path) != remove(&mut given, &path);
        if steps(path).into_iter().map(differs).filter(|differs| *differs).count() == 0 {
            problems.push(format!("{path}: is said to differ from Ansible, and does not"));
        }
    }
    problems.extend(compare("Ansible", &wanted, Some(&given)));
    let paths = given["tree"].as_object().into_iter().flatten();
    let more = paths.filter(|(path, _)| wanted["tree"].get(path.as_str()).is_none());
    problems.extend(more.map(|(path, entry)| format!("tree: {path} is {entry}, and untouched by Ansible")));
    if !problems.is_empty() {
        problems.push(format!("the first run returned {}", given["run"]));
    }
    problems
}

/// Where our check run differs from Ansible's, it has to say what Ansible's first run then did. Whether it differs.
fn hold_to_the_run(wanted: &mut Value, given: &Value) -> bool {
    let run = wanted["run"].clone();
    let mut differs = false;
    for (name, value) in wanted["check"].as_object_mut().into_iter().flatten() {
        if given["check"].get(name) != Some(value) {
            differs = true;
            *value = run.get(name).cloned().unwrap_or_else(|| json!("(absent)"));
        }
    }
    differs
}

/// A path in the results of all three runs, when it begins with `each.`.
fn steps(path: &str) -> Vec<String> {
    match path.strip_prefix("each.") {
        Some(rest) => ["check", "run", "again"].map(|step| format!("{step}.{rest}")).to_vec(),
        None => vec![path.to_owned()],
    }
}

/// Takes what a path of keys leads to out of a value. The key of a file in the tree may hold dots.
fn remove(value: &mut Value, path: &str) -> Option<Value> {
    if let Value::Array(items) = value {
        return items.iter_mut().filter_map(|item| remove(item, path)).last();
    }
    let map = value.as_object_mut()?;
    if let Some(found) = map.shift_remove(path) {
        return Some(found);
    }
    let key = map.keys().filter(|key| path.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.')));
    let key = key.max_by_key(|key| key.len())?.clone();
    remove(map.get_mut(&key)?, &path[key.len() + 1..])
}

fn place(case: &Case) -> PathBuf {
    case.file.with_extension("ansible.json")
}

type Recordings = BTreeMap<String, Value>;

fn load(case: &Case) -> Result<Recordings, String> {
    match std::fs::read_to_string(place(case)) {
        Ok(text) => serde_json::from_str(&text).map_err(|e| format!("{}: {e}", place(case).display())),
        Err(_) => Ok(Recordings::new()),
    }
}

/// What ansible-core did in a case; `None` when that is not known.
pub fn recorded(case: &Case) -> Result<Option<Value>, String> {
    Ok(load(case)?.remove(&case.name))
}

fn record(case: &Case, report: &Value) -> Result<(), String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all = load(case)?;
    all.insert(case.name.clone(), kept(report));
    let text = serde_json::to_string_pretty(&all).map_err(|e| e.to_string())?;
    std::fs::write(place(case), text + "\n").map_err(|e| e.to_string())
}
