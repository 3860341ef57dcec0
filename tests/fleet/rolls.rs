//! An Elasticsearch cluster in use: restarted, upgraded, taken back, enlarged and healed, and a client that writes.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    cluster::{DATA, Demo, MASTERS, ask, request},
    dry_runs,
    hosts::Hosts,
};

const OLD: &str = "8.15.3";
const NEW: &str = "8.16.0";

/// Writes to any data node that answers, without a pause.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Writer {
    fn start(nodes: Vec<String>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut writes, mut failures) = (0, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                // As clients of Elasticsearch do: a node that stops, and closes the connection, is passed over.
                let answers = (0..nodes.len()).map(|at| &nodes[(writes + at) % nodes.len()]);
                let answer = { answers }
                    .filter_map(|node| request(node, "POST", "/logs/_doc?timeout=10s", "{}").ok())
                    .find(|answer| !answer.is_empty());
                writes += 1;
                if !answer.as_ref().is_some_and(|answer| answer.starts_with("HTTP/1.1 201 ")) {
                    failures.push(answer.unwrap_or_else(|| "no node answers".to_owned()));
                }
            }
            (writes, failures)
        });
        Self { stop, thread }
    }

    /// The test fails if a write did.
    fn finish(self) {
        let (writes, failures) = self.count();
        assert!(failures.is_empty() && writes > 50, "{writes} writes, and these failed: {failures:#?}");
    }

    /// How many writes there were, and what was answered to those that failed.
    fn count(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer does not panic")
    }
}

struct Cluster {
    hosts: Hosts,
    demo: Demo,
}

impl Cluster {
    fn boot() -> Self {
        let hosts = Hosts::boot(&[&MASTERS[..], &DATA[..], &["es-data-4", "es-data-5"]].concat());
        let demo = Demo::copy();
        demo.run(&[]).ends_with(0);
        let cluster = Self { hosts, demo };
        // The fleet's hosts share this machine's disk, however full it is.
        let marks = r#"{"low": "99%", "high": "99%", "flood_stage": "100%"}"#;
        cluster.set(&format!(r#"{{"cluster.routing.allocation.disk.watermark": {marks}}}"#));
        cluster.master("PUT", "/logs", r#"{"settings": {"number_of_shards": 3, "number_of_replicas": 1}}"#);
        cluster
    }

    fn master(&self, method: &str, path: &str, body: &str) -> String {
        let answer = request(&self.hosts.address("es-master-1"), method, path, body).expect("the master answers");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{method} {path}: {answer}");
        answer
    }

    fn set(&self, settings: &str) {
        self.master("PUT", "/_cluster/settings", &format!(r#"{{"persistent": {settings}}}"#));
    }

    fn writer(&self) -> Writer {
        Writer::start(DATA.map(|name| self.hosts.address(name)).to_vec())
    }

    /// How many nodes have the old version, and how many the new one.
    fn count_of_versions(&self) -> (usize, usize) {
        let nodes = ask(&self.hosts.address("es-master-1"), "/_cat/nodes?h=name,version");
        (nodes.matches(OLD).count(), nodes.matches(NEW).count())
    }

    /// Makes an index of a shard that no node can write. A node tells the master of its disk
    /// only now and then, so that the shard may start before it is known.
    fn gives_up(&self, index: &str) {
        let given_up = |line: &str| line.split_whitespace().eq([index, "ALLOCATION_FAILED"]);
        for _ in 0..30 {
            self.master("PUT", &format!("/{index}?timeout=4s"), r#"{"settings": {"number_of_replicas": 0}}"#);
            if self.master("GET", "/_cat/shards?h=index,unassigned.reason", "").lines().any(given_up) {
                return;
            }
            self.master("DELETE", &format!("/{index}"), "");
        }
        panic!("no shard of {index} is given up");
    }

    /// What a dry run must not change: settings, the elected master, members.
    fn state(&self) -> String {
        ["/_cluster/settings", "/_cat/master?h=node", "/_cat/nodes?h=name,version"]
            .map(|path| self.master("GET", path, "").split_once("\r\n\r\n").expect("it has a body").1.to_owned())
            .join("\n")
    }

    /// On a busy machine a node may be missed for a moment, and its shards with it.
    #[track_caller]
    fn is_green_with(&self, nodes: usize) {
        let wanted = format!("wait_for_status=green&wait_for_nodes={nodes}&timeout=30s");
        self.master("GET", &format!("/_cluster/health?{wanted}"), "");
    }
}

#[test]
fn a_cluster_in_use_is_changed_node_by_node_and_loses_no_write() {
    let cluster = Cluster::boot();
    let demo = &cluster.demo;
    demo.play("elasticsearch-rolling-restart", &["-e", "es_heap=lots"]).ends_with(2).says(&["es_heap as 512m or 16g"]);

    dry_runs_change_nothing(&cluster);
    a_wrong_order_loses_writes(&cluster);

    let writer = cluster.writer();
    restarts_data_then_masters_then_the_elected_one(&cluster);
    demo.play("elasticsearch-rolling-restart", &["-e", "es_restart_unchanged=no"]).changed_nothing();

    let version = format!("es_version={NEW}");
    takes_back_what_did_not_start(&cluster, &version);
    empties_a_node_that_others_can_fill(&cluster);
    goes_only_forward_from_the_only_copy(&cluster, &version);

    let address = cluster.hosts.address("es-data-4");
    let added = format!(r#"{{"es_new_nodes": [{{"name": "es-data-4", "address": "{address}"}}]}}"#);
    demo.play("elasticsearch-scale-out", &["-e", &version, "-e", &added]).ends_with(0);
    cluster.is_green_with(7);
    let shards = ask(&address, "/_cat/shards");
    assert!(shards.contains("es-data-4"), "{shards}");
    cluster.demo.play("elasticsearch-scale-out", &["-e", &version, "-e", &added]).changed_nothing();
    writer.finish();

    heal(&cluster, &version);
    tells_of_full_disks(&cluster, &version);
    takes_in_what_the_inventory_has(&cluster, &version);
}

fn dry_runs_change_nothing(cluster: &Cluster) {
    let demo = &cluster.demo;
    let added = format!(
        r#"{{"es_new_nodes": [{{"name": "es-data-4", "address": "{}"}}]}}"#,
        cluster.hosts.address("es-data-4")
    );
    let version = format!("es_version={NEW}");
    dry_runs::change_nothing(
        &cluster.hosts,
        &demo.site,
        &["/var/lib/elasticsearch"],
        || cluster.state(),
        || {
            for playbook in ["elasticsearch", "elasticsearch-check", "elasticsearch-heal", "elasticsearch-rollback"] {
                demo.play(playbook, &["--check"]).changed_nothing();
            }
            demo.play("elasticsearch-rolling-restart", &["--check"]).ends_with(0);
            demo.play("elasticsearch-rolling-restart", &["--check", "-e", r#"{"es_settings": {"a": 1}}"#]).ends_with(0);
            demo.play("elasticsearch-upgrade", &["--check", "-e", &version]).ends_with(0);
            demo.play("elasticsearch-scale-out", &["--check", "-e", &added]).ends_with(0);
        },
    );
}

/// Two data nodes at once: some shards have no copy then.
fn a_wrong_order_loses_writes(cluster: &Cluster) {
    let wrong = "- hosts: es_data\n  become: yes\n  gather_facts: no\n  serial: 2\n  tasks:\n    - systemd: { name: elasticsearch, state: stopped }\n    - pause: { seconds: 13 }\n    - systemd: { name: elasticsearch, state: started }\n";
    cluster.demo.site.write("playbooks/wrong.yml", wrong);
    let writer = cluster.writer();
    cluster.demo.play("wrong", &["--limit", "es-data-1,es-data-2"]).ends_with(0);
    let (_, failures) = writer.count();
    assert!(failures.iter().any(|failure| failure.starts_with("HTTP/1.1 503 ")), "{failures:#?}");
    cluster.is_green_with(6);
}

fn restarts_data_then_masters_then_the_elected_one(cluster: &Cluster) {
    // A node that is down is one that the roll begins with.
    cluster.hosts.shell("es-data-3", "systemctl stop elasticsearch");
    let answer = cluster.master("GET", "/_cat/master?h=node", "");
    let elected = answer.lines().last().expect("a master is elected").trim();
    let roll = cluster.demo.play("elasticsearch-rolling-restart", &[]);
    let masters = MASTERS.into_iter().filter(|master| *master != elected);
    let order: Vec<&str> =
        ["es-data-3", "es-data-1", "es-data-2"].into_iter().chain(masters).chain([elected]).collect();
    assert_eq!(roll.ends_with(0).hosts_of("elasticsearch : Start the node"), order, "{roll}");
    // Off and on again, and the node that was down had nothing to turn off.
    let mut set = roll.hosts_of("elasticsearch : Set the allocation of shards");
    set.sort();
    assert_eq!(set, ["es-data-1", "es-data-1", "es-data-2", "es-data-2", "es-data-3"], "{roll}");
    cluster.is_green_with(6);
}

/// The first node does not start with what the upgrade gives it.
fn takes_back_what_did_not_start(cluster: &Cluster, version: &str) {
    let demo = &cluster.demo;
    let broken = ["-e", version, "-e", r#"{"es_settings": {"node.nmae": "a"}, "es_node_wait": 8}"#];
    let stopped = demo.play("elasticsearch-upgrade", &broken);
    stopped.ends_with(2).says(&["did not get through: Wait until the node has joined", "NO MORE HOSTS LEFT"]);
    assert_eq!(cluster.count_of_versions(), (5, 0));
    demo.play("elasticsearch-rollback", &[]).ends_with(0);
    cluster.is_green_with(6);
    demo.play("elasticsearch-rollback", &[]).changed_nothing();
    let mistyped = demo.play("elasticsearch-rollback", &["-e", "es_rollback_to=20200101T000000"]);
    mistyped.ends_with(2).says(&["no node has a backup 20200101T000000"]);
}

/// One node has the newer version, the others have all of its shards.
fn empties_a_node_that_others_can_fill(cluster: &Cluster) {
    let demo = &cluster.demo;
    let first = "inventories/demo/host_vars/es-data-1.yml";
    demo.site.write(first, format!("es_version: {NEW}\n"));
    demo.play("elasticsearch-upgrade", &[]).ends_with(0);
    demo.site.write(first, "{}\n");
    assert_eq!(cluster.count_of_versions(), (5, 1));
    let quick = ["-e", "es_node_wait=12"];
    let refused = demo.play("elasticsearch-rollback", &quick);
    refused.ends_with(2).says(&["with es_rollback_empties_data=yes, and a copy of every shard on other nodes"]);
    let leave = [&quick[..], &["-e", "es_rollback_empties_data=yes"]].concat();
    demo.play("elasticsearch-rollback", &leave).ends_with(0);
    assert_eq!(cluster.count_of_versions(), (6, 0));
    cluster.is_green_with(6);
    let kept = cluster.hosts.shell("es-data-1", "ls -d /var/lib/elasticsearch.2*");
    assert_eq!(kept.lines().count(), 1, "{kept}");
    demo.play("elasticsearch-rollback", &[]).changed_nothing();
}

/// The second node does not start: the first one, of the newer version, has primaries by then.
fn goes_only_forward_from_the_only_copy(cluster: &Cluster, version: &str) {
    let demo = &cluster.demo;
    demo.play("elasticsearch-upgrade", &["-e", version, "--check"]).ends_with(0);
    assert_eq!(cluster.count_of_versions(), (6, 0));

    let second = "inventories/demo/host_vars/es-data-2.yml";
    demo.site.write(second, "es_settings: { node.nmae: a }\n");
    let stopped = demo.play("elasticsearch-upgrade", &["-e", version, "-e", "es_node_wait=12"]);
    stopped.ends_with(2).says(&["es-data-2 did not get through: Wait until the node has joined"]);
    assert_eq!(cluster.count_of_versions(), (4, 1));

    let back = demo.play("elasticsearch-rollback", &[]);
    back.ends_with(2).says(&["es-data-1 has the only copy of logs[", "Only forward is a way"]);
    assert_eq!(cluster.count_of_versions(), (5, 1));

    demo.site.write(second, "{}\n");
    let backups = "/var/backups/elasticsearch";
    cluster.hosts.shell("es-data-3", &format!("mkdir -p {backups}/20200101T000000 {backups}/20200102T000000"));
    demo.play("elasticsearch-upgrade", &["-e", version, "-e", "es_backups_kept=2"]).ends_with(0);
    let kept = cluster.hosts.shell("es-data-3", &format!("ls {backups}"));
    assert_eq!((kept.lines().count(), kept.contains("20200101")), (2, false), "{kept}");
    assert_eq!(cluster.count_of_versions(), (0, 6));
    cluster.is_green_with(6);
    demo.play("elasticsearch-upgrade", &["-e", version]).changed_nothing();
    demo.play("elasticsearch-rollback", &[]).ends_with(2).says(&["Every node runs a newer version"]);
}

/// A node is down, allocation was left off, an index is blocked, and a shard was given up.
fn heal(cluster: &Cluster, version: &str) {
    let arguments = ["-e", version, "-e", "es_heal_wait=20"];
    cluster.demo.play("elasticsearch-heal", &arguments).changed_nothing();

    cluster.hosts.shell("es-data-1", "systemctl stop elasticsearch");
    cluster.set(r#"{"cluster.routing.allocation.enable": "primaries"}"#);
    cluster.master("PUT", "/logs/_settings", r#"{"index.blocks.read_only_allow_delete": true}"#);
    // No node can write the new shard.
    let data = [&DATA[..], &["es-data-4"]].concat();
    let indices = "/var/lib/elasticsearch/indices";
    for node in &data {
        cluster.hosts.shell(node, &format!("chown root {indices}; rm -f {indices}/.probe"));
    }
    cluster.gives_up("lost");
    let run = cluster.demo.play("elasticsearch-heal", &arguments);
    run.ends_with(2).says(&["The cluster is red", "lost[0] primary, ALLOCATION_FAILED"]);

    for node in &data {
        cluster.hosts.shell(node, &format!("chown elasticsearch {indices}"));
    }
    cluster.demo.play("elasticsearch-heal", &arguments).ends_with(0);
    cluster.is_green_with(7);
    cluster.demo.play("elasticsearch-heal", &["-e", version, "--check"]).changed_nothing();
    let written = request(&cluster.hosts.address("es-data-1"), "POST", "/logs/_doc", "{}").expect("it is back");
    assert!(written.starts_with("HTTP/1.1 201 "), "{written}");
    cluster.demo.play("elasticsearch-heal", &arguments).changed_nothing();
}

/// What is over the flood stage blocks writes until there is room.
fn tells_of_full_disks(cluster: &Cluster, version: &str) {
    let arguments = ["-e", version, "-e", "es_heal_wait=20"];
    let marks = |mark: &str| {
        cluster.set(&format!(
            r#"{{"cluster.routing.allocation.disk.watermark": {{"low": "{mark}", "high": "{mark}", "flood_stage": "{mark}"}}}}"#
        ));
    };
    let blocked = || ask(&cluster.hosts.address("es-master-1"), "/logs/_settings").contains("read_only_allow_delete");
    marks("1%");
    let end = Instant::now() + Duration::from_secs(30);
    while !blocked() {
        assert!(Instant::now() < end, "a full disk blocks its indices");
        thread::sleep(Duration::from_millis(200));
    }
    let run = cluster.demo.play("elasticsearch-heal", &arguments);
    run.ends_with(2).says(&["% full; watermarks are 1, 1, 1 %", "% full: delete or move indices", "writes to logs"]);
    assert!(blocked(), "the block stays as long as the disks are full");

    marks("100%");
    cluster.demo.play("elasticsearch-heal", &arguments).ends_with(0);
    assert!(!blocked(), "{run}");
}

fn takes_in_what_the_inventory_has(cluster: &Cluster, version: &str) {
    let demo = &cluster.demo;
    let path = "inventories/demo/hosts.ini";
    let inventory = fs::read_to_string(demo.site.path().join(path)).expect("it was copied");
    let added = ["es-data-4", "es-data-5"].map(|name| format!("{name} ansible_host={}\n", cluster.hosts.address(name)));
    demo.site.write(path, inventory.replace("[es_data]\n", &format!("[es_data]\n{}", added.concat())));
    let run = demo.play("elasticsearch-scale-out", &["-e", version]);
    assert!(run.ends_with(0).changes().iter().all(|(_, hosts)| hosts == &["es-data-5"]), "{run}");
    cluster.is_green_with(8);
    demo.play("elasticsearch-scale-out", &["-e", version]).changed_nothing();
}
