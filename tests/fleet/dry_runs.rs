//! Dry runs: what `--check` leaves as it is.

use std::{collections::BTreeSet, process::Command};

use super::{hosts::Hosts, site::Site};

/// Of each service that runs, what its start, its reload and its restart change; the kernel's parameters that
/// playbooks set; what is mounted and swapped to.
const RUNNING: &str = r"
    systemctl list-units --type=service --state=running --no-legend --plain | awk '$1 !~ /@/ { print $1 }' |
        xargs systemctl show --property=Id,InvocationID,StateChangeTimestampMonotonic | paste - - - -
    grep -s '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/bridge/* /proc/swaps /proc/mounts || true";

/// What is beside the playbooks, without the fleet's folder and the program's own.
const BESIDE: &str = r"
    find . \( -path ./.fleet -o -path ./.ansible \) -prune -o -printf '%p %y %m %l\n'
    find . \( -path ./.fleet -o -path ./.ansible \) -prune -o -type f -exec sha256sum {} +";

/// The test fails if these runs changed a file or a service of any host, a file beside the playbooks, or what
/// `state` tells. Left out are folders that programs at work write all the time.
#[track_caller]
pub fn change_nothing(hosts: &Hosts, site: &Site, busy: &[&str], state: impl Fn() -> String, runs: impl FnOnce()) {
    let files = || -> Vec<(String, String)> {
        let on_hosts = hosts.names().map(|host| {
            let files = hosts.snapshot_without(host, busy);
            (host.to_owned(), files + &hosts.shell(host, RUNNING))
        });
        let beside = Command::new("sh").args(["-c", BESIDE]).current_dir(site.path()).output().expect("sh is there");
        let beside = String::from_utf8_lossy(&beside.stdout).into_owned();
        on_hosts.chain([("the controller".to_owned(), beside)]).collect()
    };
    let before = files();
    // Not while all files are read: a cluster may elect another leader on a disk that is that busy.
    let told = state();
    runs();
    assert_eq!(differences(&told, &state()), Vec::<String>::new(), "the cluster is not as it was");
    for ((place, before), (_, after)) in before.iter().zip(&files()) {
        assert_eq!(differences(before, after), Vec::<String>::new(), "{place} is not as it was");
    }
}

/// Lines that only one of two texts has.
pub fn differences(before: &str, after: &str) -> Vec<String> {
    let only = |one: &str, other: &str, sign: char| -> Vec<String> {
        let known: BTreeSet<&str> = other.lines().collect();
        one.lines().filter(|line| !known.contains(line)).map(|line| format!("{sign}{line}")).collect()
    };
    [only(before, after, '-'), only(after, before, '+')].concat()
}
