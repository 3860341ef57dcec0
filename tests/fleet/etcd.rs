//! The playbooks of etcd on real members, and a client that does not notice.

use std::{fs, thread, time::Duration};

use super::{dry_runs, hosts::Hosts, run::Finished, site::Site};

mod client;
use client::{Load, Members};

/// The playbooks, copied, with an inventory of this fleet's hosts.
struct Cluster {
    hosts: Hosts,
    site: Site,
}

impl Cluster {
    fn boot(names: &[&str]) -> Self {
        let hosts = Hosts::boot_with_packages(names);
        let site = Site::new(&hosts);
        site.copy("playbooks");
        site.copy("inventories/etcd/group_vars");
        let vars = fs::read_to_string(site.path().join("group_vars/all.yml")).expect("the site has it");
        site.write("inventories/etcd/group_vars/all.yml", vars);
        Self { hosts, site }
    }

    /// From now on the cluster should be these members.
    fn inventory(&self, members: &[&str]) -> &Self {
        let hosts: String =
            members.iter().map(|name| format!("{name} ansible_host={}\n", self.hosts.address(name))).collect();
        self.site.write("inventories/etcd/hosts.ini", format!("[etcd]\n{hosts}"));
        self
    }

    fn run(&self, playbook: &str, arguments: &[&str]) -> Finished {
        self.site.play("inventories/etcd/", playbook, arguments)
    }

    fn members(&self, names: &[&str]) -> Members {
        let addresses: Vec<String> = names.iter().map(|name| self.hosts.address(name)).collect();
        Members::new(&addresses, &self.site.path().join(".etcd/demo/pki"))
    }

    /// etcdctl on the first host.
    fn etcdctl(&self, arguments: &str) -> String {
        self.hosts.shell("etcd-1", &etcdctl(arguments))
    }

    /// The same, again until it succeeds: members have to know each other for some seconds.
    fn etcdctl_in_time(&self, arguments: &str) -> String {
        let command = etcdctl(arguments);
        self.hosts.shell("etcd-1", &format!("for _ in $(seq 30); do {command} && exit; sleep 1; done; exit 1"))
    }
}

fn etcdctl(arguments: &str) -> String {
    let tls = "--cacert /etc/etcd/tls/ca.crt --cert /etc/etcd/tls/member.crt --key /etc/etcd/tls/member.key";
    format!("ETCDCTL_API=3 etcdctl {tls} --endpoints https://127.0.0.1:2379 {arguments}")
}

const THREE: [&str; 3] = ["etcd-1", "etcd-2", "etcd-3"];
const PLAYBOOKS: [&str; 4] = ["etcd", "etcd-rolling-restart", "etcd-backup", "etcd-restore"];
const FIVE: [&str; 5] = ["etcd-1", "etcd-2", "etcd-3", "etcd-4", "etcd-5"];

#[test]
fn a_cluster_of_etcd_is_rolled_stopped_saved_restored_and_grown_while_it_serves() {
    let cluster = Cluster::boot(&FIVE);
    cluster.inventory(&THREE);

    dry_runs_change_nothing(&cluster, &PLAYBOOKS.map(|playbook| (playbook, &[][..])));
    cluster.run("etcd", &[]).ends_with(0);
    cluster.run("etcd", &[]).changed_nothing();
    cluster.run("etcd", &["--check"]).changed_nothing();

    rolls_lose_nothing(&cluster);
    no_roll_begins_in_a_cluster_that_is_not_well(&cluster);
    // A program that ends at once, and one that runs and serves nobody.
    let ends = "[Service]\nExecStartPre=/bin/false\n";
    a_member_that_does_not_come_back_stops_the_roll(&cluster, ends, "Unable to restart service etcd");
    let idles = "[Service]\nType=simple\nExecStart=\nExecStart=/bin/sleep infinity\n";
    a_member_that_does_not_come_back_stops_the_roll(&cluster, idles, "context deadline exceeded");
    members_that_are_down_are_mended(&cluster);
    what_was_saved_is_restored(&cluster);
    damaged_snapshots_are_refused(&cluster);
    dry_runs_change_nothing(&cluster, &PLAYBOOKS.map(|playbook| (playbook, &[][..])));
    let changed = ["-e", "etcd_snapshot_count=7", "-e", "etcd_renew_days=400"];
    dry_runs_change_nothing(&cluster, &[("etcd", &changed), ("etcd-restore", &["-e", "etcd_restore_confirm=demo"])]);

    cluster.inventory(&FIVE);
    dry_runs_change_nothing(&cluster, &[("etcd", &[])]);
    cluster.run("etcd", &[]).ends_with(0);
    cluster.run("etcd", &[]).changed_nothing();
    assert_eq!(cluster.etcdctl("member list").matches("started").count(), 5);
    five_are_rolled_too(&cluster);
}

fn dry_runs_change_nothing(cluster: &Cluster, runs: &[(&str, &[&str])]) {
    let state = || {
        let members = "member list 2>/dev/null; true";
        let leader =
            "endpoint status --cluster --write-out fields 2>/dev/null | grep -E '\"(Leader|RaftTerm|MemberID)\"'; true";
        cluster.etcdctl(members) + &cluster.etcdctl(leader)
    };
    dry_runs::change_nothing(&cluster.hosts, &cluster.site, &["/var/lib/etcd"], state, || {
        for (playbook, arguments) in runs {
            cluster.run(playbook, &[&["--check"], *arguments].concat()).ends_with(0);
        }
    });
}

fn rolls_lose_nothing(cluster: &Cluster) {
    let load = Load::start(&cluster.members(&THREE));
    let restart = cluster.run("etcd-rolling-restart", &[]);
    let change = cluster.run("etcd", &["-e", "etcd_snapshot_count=20000"]);
    // These certificates end sooner than that.
    let renewal = cluster.run("etcd", &["-e", "etcd_snapshot_count=20000", "-e", "etcd_renew_days=400"]);
    let tally = load.end();

    // One handover, by the last: the leader.
    for run in [restart.ends_with(0), change.ends_with(0), renewal.ends_with(0)] {
        let restarted = run.hosts_of("etcd : Restart etcd");
        assert_eq!(restarted.len(), 3, "{run}");
        assert_eq!(run.hosts_of("etcd : Hand the leadership to another member"), restarted[2..], "{run}");
    }
    let renewed = renewal.hosts_of("etcd : Make the member's key and certificate");
    assert_eq!(renewed, THREE.map(|host| format!("{host} -> localhost")), "{renewal}");
    cluster.run("etcd", &["-e", "etcd_snapshot_count=20000"]).changed_nothing();
    assert!(tally.failures.is_empty(), "{tally}\n{:?}", tally.failures);
    assert!(tally.operations > 500 && tally.fewest_healthy == 2, "{tally}");
}

/// An alarm, and a member that the inventory does not have, hold the roll before its first restart.
fn no_roll_begins_in_a_cluster_that_is_not_well(cluster: &Cluster) {
    let quick = ["-e", "etcd_gate_retries=2"];
    cluster.inventory(&FIVE[2..]);
    cluster.run("etcd-rolling-restart", &quick).ends_with(2).says(&["run etcd.yml"]);
    cluster.inventory(&THREE);

    let member = cluster.etcdctl_in_time("member add stranger --peer-urls=https://10.255.255.1:2380 --learner");
    let stranger = { member.lines().filter_map(|line| line.strip_prefix("Member ")) }
        .find_map(|line| line.split_whitespace().next());
    let held = cluster.run("etcd-rolling-restart", &quick);
    assert_eq!(held.ends_with(2).hosts_of("etcd : Restart etcd"), [""; 0], "{held}");
    cluster.etcdctl(&format!("member remove {}", stranger.expect("it was added")));

    // Less than the database has.
    let small = ["-e", "etcd_quota_backend_bytes=16384"];
    cluster.run("etcd", &small);
    cluster.etcdctl("put over the-quota >/dev/null 2>&1; true");
    assert!(cluster.etcdctl("alarm list").contains("NOSPACE"));
    let held = cluster.run("etcd-rolling-restart", &[&quick[..], &small].concat());
    assert_eq!(held.ends_with(2).hosts_of("etcd : Restart etcd"), [""; 0], "{held}");
    cluster.etcdctl("alarm disarm");
    cluster.run("etcd", &[]).ends_with(0);
    cluster.etcdctl("alarm disarm");
    cluster.run("etcd", &[]).changed_nothing();
}

fn a_member_that_does_not_come_back_stops_the_roll(cluster: &Cluster, unit: &str, says: &str) {
    let folder = "/etc/systemd/system/etcd.service.d";
    for host in THREE {
        cluster.hosts.shell(host, &format!("mkdir -p {folder}; printf '{unit}' >{folder}/broken.conf"));
    }
    let load = Load::start(&cluster.members(&THREE));
    let roll = cluster.run("etcd-rolling-restart", &["-e", "etcd_gate_retries=5"]);
    let tally = load.end();

    roll.ends_with(2).says(&[says]);
    let failed = THREE.iter().filter(|host| roll.recap(host).contains("failed=1")).count();
    assert_eq!((failed, roll.stdout.matches("TASK [etcd : Restart etcd]").count()), (1, 1), "{roll}");
    assert!(tally.failures.is_empty() && tally.fewest_healthy == 2, "{tally}\n{:?}", tally.failures);

    for host in THREE {
        cluster.hosts.shell(host, &format!("rm -r {folder}"));
    }
    cluster.run("etcd-rolling-restart", &[]).ends_with(0);
}

fn members_that_are_down_are_mended(cluster: &Cluster) {
    for down in [&THREE[..2], &THREE[..]] {
        for host in down {
            cluster.hosts.shell(host, "systemctl stop etcd");
        }
        if down.len() == THREE.len() {
            cluster.run("etcd-backup", &[]).ends_with(2).says(&["nothing was backed up"]);
        }
        cluster.run("etcd-rolling-restart", &[]).ends_with(0);
        assert_eq!(cluster.etcdctl("endpoint health --cluster 2>&1").matches("is healthy").count(), 3);
    }
}

fn five_are_rolled_too(cluster: &Cluster) {
    let load = Load::start(&cluster.members(&FIVE));
    let roll = cluster.run("etcd-rolling-restart", &[]);
    let tally = load.end();

    let restarted = roll.ends_with(0).hosts_of("etcd : Restart etcd");
    assert_eq!(restarted.len(), 5, "{roll}");
    assert_eq!(roll.hosts_of("etcd : Hand the leadership to another member"), restarted[4..], "{roll}");
    assert!(tally.failures.is_empty() && tally.fewest_healthy == 4, "{tally}\n{:?}", tally.failures);
}

fn what_was_saved_is_restored(cluster: &Cluster) {
    cluster.etcdctl("put kept yes");
    for keep in ["etcd_backup_keep=0", "etcd_backup_fetch_keep=seven"] {
        cluster.run("etcd-backup", &["-e", keep]).ends_with(2).says(&["are numbers from 1"]);
    }
    cluster.run("etcd-backup", &[]).ends_with(0);
    cluster.etcdctl("del kept");

    let drill = cluster.run("etcd-restore", &[]);
    drill.ends_with(0).says(&["restores what was saved at revision"]);
    assert_eq!(cluster.etcdctl("get kept"), "");

    cluster.run("etcd-restore", &["-e", "etcd_restore_confirm=demo"]).ends_with(0);
    assert_eq!(cluster.etcdctl("get kept"), "kept\nyes\n");
    cluster.run("etcd", &[]).changed_nothing();
}

fn damaged_snapshots_are_refused(cluster: &Cluster) {
    for _ in 0..3 {
        // Its name is the second when it was made.
        thread::sleep(Duration::from_secs(1));
        cluster.run("etcd-backup", &["-e", "etcd_backup_keep=2", "-e", "etcd_backup_fetch_keep=1"]).ends_with(0);
    }
    let kept = THREE.map(|host| cluster.hosts.shell(host, "find /var/backups/etcd -name '*.db' | wc -l"));
    assert_eq!(kept.iter().max().map(String::as_str), Some("2\n"), "{kept:?}");

    let folder = cluster.site.path().join(".etcd/demo/backups");
    let mut copies: Vec<_> =
        { fs::read_dir(&folder).expect("it was made") }.map(|file| file.expect("it is read").path()).collect();
    copies.sort();
    let [snapshot, _, note] = &copies[..] else { panic!("one snapshot in three files is kept, not {copies:?}") };
    let (bytes, text) = (fs::read(snapshot).expect("it is there"), fs::read_to_string(note).expect("it is there"));
    let mut damaged = bytes.clone();
    damaged[4096] ^= 1;
    fs::write(snapshot, damaged).expect("it is ours");
    cluster
        .run("etcd-restore", &["-e", "etcd_restore_confirm=demo"])
        .ends_with(2)
        .says(&["Check the snapshot's checksum"]);
    fs::write(snapshot, bytes).expect("it is ours");

    let key = r#""content_sha256": ""#;
    fs::write(note, text.replace(key, &format!("{key}0"))).expect("it is ours");
    let refused = cluster.run("etcd-restore", &["-e", "etcd_restore_confirm=demo"]);
    refused.ends_with(2).says(&["restores something else than what was saved"]);
    assert_eq!(refused.hosts_of("etcd : Stop all members"), [""; 0], "{refused}");
    fs::write(note, text).expect("it is ours");
    cluster.run("etcd-restore", &[]).ends_with(0);
}

#[test]
#[ignore = "takes minutes; the figures are for people: --ignored --nocapture"]
fn ten_rolls_in_a_row_lose_nothing() {
    let cluster = Cluster::boot(&THREE);
    cluster.inventory(&THREE).run("etcd", &[]).ends_with(0);
    for round in 1..=10 {
        let load = Load::start(&cluster.members(&THREE));
        cluster.run("etcd-rolling-restart", &[]).ends_with(0);
        cluster.run("etcd", &["-e", &format!("etcd_snapshot_count={}", 20000 + round)]).ends_with(0);
        let tally = load.end();
        #[expect(clippy::print_stdout, reason = "the figures are the point")]
        {
            println!("{round}: {tally}");
        }
        assert!(tally.failures.is_empty() && tally.fewest_healthy == 2, "{tally}\n{:?}", tally.failures);
        assert!(tally.operations as f64 >= 200.0 * tally.time.as_secs_f64(), "{tally}");
    }
}
