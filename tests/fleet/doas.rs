//! Other users through doas, as Debian has it.

use super::{
    hosts::Hosts,
    site::{OPS, PASSWORD, Site, WHO},
};

/// Writes the rules of a host.
fn permit(hosts: &Hosts, host: &str, rules: &str) {
    hosts.shell(host, &format!("printf '{rules}\\n' > /etc/doas.conf && chmod 600 /etc/doas.conf"));
}

const DOAS: &str = "ansible_become: yes\nansible_become_method: doas\n";

#[test]
fn doas_works_without_a_password_where_its_rules_say_so() {
    let hosts = Hosts::boot(&["doas-root", "doas-other"]);
    for host in hosts.names() {
        permit(&hosts, host, "permit nopass admin");
    }
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("doas-root", DOAS);
    site.host_vars("doas-other", &format!("{DOAS}ansible_become_user: ops\nansible_become_password: not-asked-for\n"));
    let run = site.run(&[]);
    run.ends_with(0).says(&["is root", "is ops"]).never_says("not-asked-for");
}

#[test]
fn doas_asks_for_a_password_and_says_when_it_is_wrong_or_missing() {
    let hosts = Hosts::boot(&["doas-right", "doas-wrong", "doas-missing"]);
    for host in hosts.names() {
        permit(&hosts, host, "permit ops");
    }
    let site = Site::new(&hosts);
    site.tasks("- copy: {content: done, dest: /root/done}\n");
    site.host_vars("doas-right", &format!("{OPS}{DOAS}ansible_become_password: ops-secret\n"));
    site.host_vars("doas-wrong", &format!("{OPS}{DOAS}ansible_become_password: canary-35\n"));
    site.host_vars("doas-missing", &format!("{OPS}{DOAS}"));
    let run = site.run(&["-vvv"]);
    run.ends_with(2)
        .says(&[
            "fatal: [doas-wrong]: FAILED!",
            "error: wrong doas password for root",
            "fatal: [doas-missing]: FAILED!",
            "error: doas needs a password to become root",
            "help: give it with `-K` or `ansible_become_password`",
        ])
        .counts("doas-right", "ok=1 changed=1")
        .counts("doas-wrong", "failed=1")
        .counts("doas-missing", "failed=1")
        .never_says("canary-35")
        .never_says(PASSWORD);
    assert_eq!(hosts.shell("doas-right", "stat -c '%U %s' /root/done"), "root 4\n");
}

#[test]
fn doas_without_a_rule_for_the_user_is_told_apart_from_a_wrong_password() {
    let hosts = Hosts::boot(&["doas-no-rule", "doas-no-file", "doas-absent"]);
    permit(&hosts, "doas-no-rule", "permit nopass root");
    hosts.shell("doas-absent", "rm /usr/bin/doas");
    let site = Site::new(&hosts);
    site.tasks(WHO);
    for host in hosts.names() {
        site.host_vars(host, DOAS);
    }
    let run = site.run(&[]);
    run.ends_with(2)
        .says(&[
            "fatal: [doas-no-rule]: FAILED!",
            "error: doas does not permit becoming root: doas: Operation not permitted",
            "help: permit it in /etc/doas.conf on the host",
            "fatal: [doas-no-file]: FAILED!",
            "doas is not enabled, /etc/doas.conf: No such file or directory",
            "fatal: [doas-absent]: FAILED!",
            "help: install doas on the host",
        ])
        .counts("doas-no-rule", "failed=1")
        .counts("doas-no-file", "failed=1")
        .counts("doas-absent", "failed=1");
}
