//! `--check --diff` predicts, and writes nothing.

use super::{
    cluster::{DATA, Demo, MASTERS},
    hosts::Hosts,
};

#[test]
fn a_dry_run_predicts_changes_and_leaves_six_hosts_as_they_are() {
    let hosts = Hosts::boot(&[MASTERS, DATA].concat());
    let demo = Demo::copy();
    let snapshots = || -> Vec<String> { hosts.names().map(|host| hosts.snapshot(host)).collect() };

    let before = snapshots();
    let run = demo.run(&["--check", "--diff"]);
    run.ends_with(0).says(&["+cluster.name: demo", "+Description=Elasticsearch 8.15.3"]);
    for host in hosts.names() {
        assert!(run.recap(host).contains("changed="), "{run}");
    }
    for ((host, before), after) in hosts.names().zip(&before).zip(&snapshots()) {
        assert_eq!(differences(before, after), Vec::<String>::new(), "{host} is not as it was");
    }
}

/// Lines that only one of two sorted snapshots has.
fn differences(before: &str, after: &str) -> Vec<String> {
    let only = |one: &str, other: &str, sign: char| -> Vec<String> {
        let known: std::collections::BTreeSet<&str> = other.lines().collect();
        one.lines().filter(|line| !known.contains(line)).map(|line| format!("{sign}{line}")).collect()
    };
    [only(before, after, '-'), only(after, before, '+')].concat()
}
