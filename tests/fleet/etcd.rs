//! The playbooks of etcd on real members, and a client that does not notice.

use std::fs;

use super::{hosts::Hosts, run::Finished, site::Site};

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
        let tls = "--cacert /etc/etcd/tls/ca.crt --cert /etc/etcd/tls/member.crt --key /etc/etcd/tls/member.key";
        self.hosts
            .shell("etcd-1", &format!("ETCDCTL_API=3 etcdctl {tls} --endpoints https://127.0.0.1:2379 {arguments}"))
    }
}

const THREE: [&str; 3] = ["etcd-1", "etcd-2", "etcd-3"];
const FIVE: [&str; 5] = ["etcd-1", "etcd-2", "etcd-3", "etcd-4", "etcd-5"];

#[test]
fn a_cluster_of_etcd_is_rolled_stopped_saved_restored_and_grown_while_it_serves() {
    let cluster = Cluster::boot(&FIVE);
    cluster.inventory(&THREE);

    dry_runs_write_nothing(&cluster);
    cluster.run("etcd", &[]).ends_with(0);
    cluster.run("etcd", &[]).changed_nothing();
    cluster.run("etcd", &["--check"]).changed_nothing();

    rolls_lose_nothing(&cluster);
    // A program that ends at once, and one that runs and serves nobody.
    let ends = "[Service]\nExecStartPre=/bin/false\n";
    a_member_that_does_not_come_back_stops_the_roll(&cluster, ends, "Unable to restart service etcd");
    let idles = "[Service]\nType=simple\nExecStart=\nExecStart=/bin/sleep infinity\n";
    a_member_that_does_not_come_back_stops_the_roll(&cluster, idles, "context deadline exceeded");
    members_that_are_down_are_mended(&cluster);
    what_was_saved_is_restored(&cluster);
    dry_runs_write_nothing(&cluster);

    cluster.inventory(&FIVE).run("etcd", &[]).ends_with(0);
    cluster.run("etcd", &[]).changed_nothing();
    assert_eq!(cluster.etcdctl("member list").matches("started").count(), 5);
    five_are_rolled_too(&cluster);
}

fn dry_runs_write_nothing(cluster: &Cluster) {
    // A cluster that serves writes its data all the time.
    let settings = |snapshot: &str| -> Vec<String> {
        snapshot.lines().filter(|line| !line.contains("/var/lib/etcd/")).map(str::to_owned).collect()
    };
    let before = settings(&cluster.hosts.snapshot("etcd-1"));
    for playbook in ["etcd", "etcd-rolling-restart", "etcd-backup", "etcd-restore"] {
        cluster.run(playbook, &["--check"]).ends_with(0);
    }
    let after = settings(&cluster.hosts.snapshot("etcd-1"));
    let written: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(before == after, "a dry run wrote {written:?}");
}

/// On how many hosts a task changed something.
fn changed_hosts(run: &Finished, task: &str) -> usize {
    run.changes().iter().filter(|(name, _)| name == task).map(|(_, hosts)| hosts.len()).sum()
}

fn rolls_lose_nothing(cluster: &Cluster) {
    let load = Load::start(&cluster.members(&THREE));
    let restart = cluster.run("etcd-rolling-restart", &[]);
    let change = cluster.run("etcd", &["-e", "etcd_snapshot_count=20000"]);
    let tally = load.end();

    // One handover: the leader came last.
    for run in [restart.ends_with(0), change.ends_with(0)] {
        assert_eq!(changed_hosts(run, "etcd : Restart etcd"), 3, "{run}");
        assert_eq!(changed_hosts(run, "etcd : Hand the leadership to another member"), 1, "{run}");
    }
    assert!(tally.failures.is_empty(), "{tally}\n{:?}", tally.failures);
    assert!(tally.operations > 500 && tally.fewest_healthy == 2, "{tally}");
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

    assert_eq!(changed_hosts(roll.ends_with(0), "etcd : Restart etcd"), 5, "{roll}");
    assert_eq!(changed_hosts(&roll, "etcd : Hand the leadership to another member"), 1, "{roll}");
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
    }
}
