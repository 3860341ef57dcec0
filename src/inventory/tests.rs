//! Inventories against what ansible-core makes of them, and against the expected texts of errors.
//!
//! A case is a folder of `tests/inventory`; `tests/inventory/oracle.py` says what is in it. With `BLESS=1`
//! the texts of errors and warnings are written instead of compared.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use serde_json::{Map, Value, json};

use super::{Inventory, Limit, Pattern, Reading};
use crate::source::{Kind, Node};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    cases
}

fn load(case: &Path) -> Result<Inventory, crate::source::Diagnostic> {
    let sources: Vec<String> = match fs::read_to_string(case.join("sources")) {
        Ok(listed) => listed.lines().map(str::to_owned).collect(),
        Err(_) => fs::read_dir(case)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("hosts"))
            .collect(),
    };
    let place = |source: String| {
        if source.contains(',') { source } else { case.join(source).to_string_lossy().into_owned() }
    };
    let sources: Vec<String> = sources.into_iter().map(place).collect();
    let play = case.join("play");
    read(&sources, play.exists().then_some(play.as_path()))
}

fn read(sources: &[String], playbook_dir: Option<&Path>) -> Result<Inventory, crate::source::Diagnostic> {
    let playbook_dir = playbook_dir.map(Path::to_owned);
    Inventory::load(sources, &Reading { playbook_dir, ..Reading::default() })
}

fn json(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Int(value) => json!(value),
        Kind::BigInt(value) => serde_json::from_str(&value.to_string()).unwrap(),
        Kind::Float(value) => json!(value),
        Kind::Str(text) | Kind::Timestamp(text) | Kind::Vault(text) => json!(text),
        Kind::Unsafe(text) => json!({ "__ansible_unsafe": text }),
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(entries) => {
            let key = |key: &Node| key.as_str().map_or_else(|| json(key).to_string(), str::to_owned);
            Value::Object(entries.iter().map(|entry| (key(&entry.key), json(&entry.value))).collect())
        }
    }
}

/// The form of `ansible-inventory --list`.
fn list(inventory: &Inventory) -> Result<Value, crate::source::Diagnostic> {
    let mut hostvars = Map::new();
    for host in inventory.hosts() {
        let mut vars = Map::new();
        for layer in inventory.variable_layers(&host.name)? {
            vars.extend(layer.vars.iter().map(|(name, value)| (name.clone(), json(value))));
        }
        if !vars.is_empty() {
            hostvars.insert(host.name.clone(), Value::Object(vars));
        }
    }
    let mut out = Map::new();
    for group in inventory.groups() {
        let mut shown = Map::new();
        if !group.children.is_empty() {
            shown.insert("children".to_owned(), group.children.iter().cloned().collect());
        }
        if !group.hosts.is_empty() && group.name != "all" {
            shown.insert("hosts".to_owned(), group.hosts.iter().cloned().collect());
        }
        if !shown.is_empty() {
            out.insert(group.name.clone(), Value::Object(shown));
        }
    }
    out.insert("_meta".to_owned(), json!({ "hostvars": hostvars }));
    Ok(Value::Object(out))
}

/// Infinity is no JSON, but Python's.
fn read_list(case: &Path) -> Option<Value> {
    let text = fs::read_to_string(case.join("list.json")).ok()?;
    Some(serde_json::from_str(&text.replace(": Infinity", ": null")).unwrap())
}

#[test]
fn hosts_groups_and_variables_are_those_of_ansible() {
    for case in cases() {
        let Some(expected) = read_list(&case) else { continue };
        let found = load(&case).and_then(|inventory| list(&inventory));
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        if let (Value::Object(expected), Value::Object(found)) = (&expected, &found) {
            for key in expected.keys().chain(found.keys()) {
                assert_eq!(found.get(key), expected.get(key), "{}: {key}", case.display());
            }
        }
    }
}

#[test]
fn patterns_select_what_they_select_in_ansible() {
    for case in cases() {
        let Ok(lines) = fs::read_to_string(case.join("select.txt")) else { continue };
        let inventory = load(&case).unwrap();
        for line in lines.lines() {
            let pattern = line.split(" => ").next().unwrap();
            let selection = inventory.select(&Pattern::parse(pattern).unwrap());
            let hosts: Vec<&str> = selection.hosts.iter().map(|id| inventory[*id].name.as_str()).collect();
            let ignored = selection.warnings.iter().filter_map(|warning| warning.message.split("ignoring: ").nth(1));
            let mut found = format!("{pattern} => {}", hosts.join(" "));
            for name in ignored {
                found.extend([" !", name]);
            }
            assert_eq!(found, line, "{}", case.display());
        }
    }
}

#[test]
fn messages_are_as_written_down() {
    for case in cases() {
        let path = ["error.txt", "ours.txt"].map(|name| case.join(name)).into_iter().find(|path| path.exists());
        let Some(path) = path else { continue };
        let loaded = load(&case).and_then(|inventory| {
            list(&inventory)?;
            Ok(inventory.warnings().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let found = loaded.unwrap_or_else(|error| error.to_string());
        let found = found.replace(&format!("{}/", case.display()), "") + "\n";
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, found).unwrap();
        } else {
            assert_eq!(found, fs::read_to_string(&path).unwrap(), "{}", path.display());
        }
    }
}

#[test]
fn hosts_added_during_a_run_are_found_with_their_groups() {
    let mut inventory = read(&["a,b".to_owned()], None).unwrap();
    let before = inventory.host_id("b").unwrap();
    inventory.add_member("new", "c");
    inventory.add_member("new", "a");
    inventory.add_child("parent", "new").unwrap();
    inventory.settle();
    assert_eq!(inventory[before].name, "b");
    assert_eq!(inventory.group_names("c"), ["new", "parent"]);
    assert_eq!(inventory.group_names("b"), ["ungrouped"]);
    assert_eq!(inventory.group("new").unwrap().depth, 2);
    let names = |pattern: &str| {
        let selection = inventory.select(&Pattern::parse(pattern).unwrap());
        selection.hosts.iter().map(|id| inventory[*id].name.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("parent"), "c a");
    assert_eq!(names("all"), "b c a");
}

#[test]
fn hosts_that_join_side_by_side_have_one_order() {
    let mut inventory = read(&["a,b,c,d".to_owned()], None).unwrap();
    for host in ["c", "a", "d", "b", "a"] {
        inventory.join_in_order("new", host);
    }
    let members: Vec<&str> = inventory.group("new").unwrap().hosts.iter().map(String::as_str).collect();
    assert_eq!(members, ["a", "b", "c", "d"]);
}

#[test]
fn localhost_needs_no_inventory() {
    let inventory = read(&["a,".to_owned()], None).unwrap();
    let host = inventory.host("localhost").unwrap();
    assert!(host.implicit);
    assert_eq!(host.vars["ansible_connection"].as_str(), Some("local"));
    assert!(inventory.group_names("localhost").is_empty());
    let named = read(&["localhost,".to_owned()], None).unwrap();
    assert!(!named.host("localhost").unwrap().implicit);
    assert!(named.select(&Pattern::parse("nope").unwrap()).hosts.is_empty());
}

#[test]
fn a_limit_file_holds_one_pattern_a_line() {
    let inventory = read(&["a,b,c,d".to_owned()], None).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "a\n\nb:c\n").unwrap();
    let limit = Limit { pattern: Some(format!("@{},!c", file.path().display())), shard: None };
    let selection = inventory.select_within(&Pattern::parse("all").unwrap(), &limit).unwrap();
    assert_eq!(selection.hosts.len(), 2);
    let missing = Pattern::parse_limit("@/nowhere").unwrap_err().to_string();
    assert!(missing.starts_with("error: cannot read the limit file `/nowhere`"), "{missing}");
    let wrong = Pattern::parse("~(").unwrap_err().to_string();
    assert!(wrong.starts_with("error: `(` in a host pattern is no regular expression"), "{wrong}");
}

#[test]
fn shards_share_the_hosts_out_and_keep_them() {
    let mut inventory = read(&["a,b,c,d,e".to_owned()], None).unwrap();
    let part = |inventory: &Inventory, pattern: &str, limit: Option<&str>, shard: &str| {
        let limit = Limit { pattern: limit.map(str::to_owned), shard: Some(shard.parse().unwrap()) };
        let selection = inventory.select_within(&Pattern::parse(pattern).unwrap(), &limit).unwrap();
        selection.hosts.iter().map(|id| inventory[*id].name.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(["1/2", "2/2"].map(|shard| part(&inventory, "all", None, shard)), ["a c e", "b d"]);
    assert_eq!(part(&inventory, "c:d:e", None, "2/2"), "d");
    assert_eq!(part(&inventory, "all", Some("c:d:e"), "2/2"), "d");
    assert_eq!(part(&inventory, "all", None, "3/6"), "c");
    assert_eq!(part(&inventory, "all", None, "6/6"), "");
    assert_eq!(part(&inventory, "localhost", None, "2/2"), "localhost");
    // A host that a play adds goes to a part, and moves no other.
    inventory.add_member("new", "f");
    inventory.add_member("new", "a");
    inventory.settle();
    assert_eq!(["1/2", "2/2"].map(|shard| part(&inventory, "all", None, shard)), ["c e a", "b d f"]);
}

/// Prints how long a large inventory takes: `cargo test --release -p sutler large_inventory -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stderr, reason = "a measurement")]
fn large_inventory() {
    use std::fmt::Write as _;
    let mut text = String::from("[all:vars]\nntp=pool\n");
    for group in 0..20 {
        let _ = writeln!(text, "[g{group}:vars]\nx={group}\n[g{group}]");
        for host in 0..50 {
            let _ = writeln!(
                text,
                "h{group}-{host} ansible_host=10.0.{group}.{host} rack=r{host} weight=1.5 tags='[1, 2]'"
            );
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hosts");
    fs::write(&path, text).unwrap();
    fs::create_dir(dir.path().join("host_vars")).unwrap();
    for host in 0..50 {
        fs::write(dir.path().join(format!("host_vars/h1-{host}.yml")), "a: 1\n").unwrap();
    }
    let start = Instant::now();
    let inventory = read(&[path.to_string_lossy().into_owned()], None).unwrap();
    let loaded = start.elapsed();
    let layers: usize = inventory.hosts().map(|host| inventory.variable_layers(&host.name).unwrap().len()).sum();
    let selected = inventory.select(&Pattern::parse("all:!g3").unwrap()).hosts.len();
    eprintln!(
        "{} hosts in {loaded:?}; {layers} layers and {selected} selected after {:?}",
        inventory.hosts().len(),
        start.elapsed()
    );
}
