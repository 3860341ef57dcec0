//! Other users through sudo: with a password, with a wrong one, with none.

use super::{
    hosts::Hosts,
    site::{OPS, PASSWORD, Site, WHO},
};

#[test]
fn a_task_becomes_root_or_somebody_else_with_a_password() {
    let hosts = Hosts::boot(&["become-root", "become-other"]);
    let site = Site::new(&hosts);
    site.tasks(&format!("{WHO}- copy: {{content: mine, dest: /var/tmp/mine, mode: '0600'}}\n"));
    let password = "ansible_become: yes\nansible_become_password: ops-secret\n";
    site.host_vars("become-root", &format!("{OPS}{password}"));
    site.host_vars("become-other", &format!("{OPS}{password}ansible_become_user: admin\n"));
    let run = site.run(&[]);
    run.ends_with(0).says(&["is root", "is admin"]).never_says(PASSWORD);
    let owner = |host: &str| hosts.shell(host, "stat -c '%U %a %s' /var/tmp/mine");
    assert_eq!((owner("become-root"), owner("become-other")), ("root 600 4\n".into(), "admin 600 4\n".into()));
    site.run(&[]).ends_with(0).counts("become-other", "ok=3 changed=1");
}

#[test]
fn a_password_that_sudo_does_not_ask_for_is_left_alone() {
    let hosts = Hosts::boot(&["become-unasked"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("become-unasked", "ansible_become: yes\nansible_become_password: not-asked-for\n");
    site.run(&[]).ends_with(0).says(&["is root"]);
}

#[test]
fn a_raw_command_becomes_another_user_too() {
    let hosts = Hosts::boot(&["become-raw"]);
    let site = Site::new(&hosts);
    site.host_vars("become-raw", &format!("{OPS}ansible_become_password: ops-secret\n"));
    site.tasks(
        "- raw: id -u; echo told >&2; exit 3\n  become: yes\n  register: raw\n  failed_when: no\n\
         \x20 loop: \"{{ range(20) | list }}\"\n\
         - debug: msg=\"ended with {{ raw.results | map(attribute='rc') | unique }}, \
         {{ raw.results | map(attribute='stdout') | map('trim') | unique }}, \
         {{ raw.results | map(attribute='stderr') | map('trim') | unique }}\"\n",
    );
    site.run(&[]).ends_with(0).says(&["ended with [3], ['0'], ['told']"]).never_says(PASSWORD);
    assert_eq!(hosts.shell("become-raw", "find / -xdev -name '*sutler*' 2>/dev/null || true"), "");
}

#[test]
fn a_user_who_does_not_exist_cannot_be_become() {
    let hosts = Hosts::boot(&["become-nobody"]);
    let site = Site::new(&hosts);
    site.tasks("- command: id\n  become: yes\n  become_user: nobody-here\n");
    site.run(&[]).ends_with(2).says(&[
        "fatal: [become-nobody]: FAILED!",
        "sudo does not permit becoming nobody-here",
        "unknown user",
    ]);
}

#[test]
fn a_become_program_that_is_missing_is_a_failure_that_says_so() {
    let hosts = Hosts::boot(&["become-without"]);
    hosts.shell("become-without", "rm /usr/bin/sudo");
    let site = Site::new(&hosts);
    site.tasks("- command: id\n  become: yes\n");
    site.run(&[]).ends_with(2).says(&[
        "fatal: [become-without]: FAILED!",
        "sudo ended with status 127",
        "help: install sudo on the host",
    ]);
}

#[test]
fn an_unprivileged_user_is_become_without_a_password() {
    let hosts = Hosts::boot(&["become-ops"]);
    let site = Site::new(&hosts);
    hosts.shell("become-ops", "chmod 700 /home/admin");
    site.tasks(&format!("{WHO}- copy: {{content: mine, dest: /home/ops/mine}}\n- shell: pwd > ~/place\n"));
    site.run(&["-b", "--become-user", "ops"]).ends_with(0).says(&["is ops"]);
    assert_eq!(hosts.shell("become-ops", "stat -c %U /home/ops/mine; cat /home/ops/place"), "ops\n/home/ops\n");
}

#[test]
fn wrong_and_missing_sudo_passwords_are_failures_that_say_so() {
    let hosts = Hosts::boot(&["sudo-wrong", "sudo-missing", "sudo-right"]);
    let site = Site::new(&hosts);
    site.tasks("- copy: {content: done, dest: /root/done}\n  become: yes\n");
    site.host_vars("sudo-wrong", &format!("{OPS}ansible_become_password: canary-31\n"));
    site.host_vars("sudo-missing", OPS);
    site.host_vars("sudo-right", &format!("{OPS}ansible_become_password: ops-secret\n"));
    let run = site.run(&["-vvv"]);
    run.ends_with(2)
        .says(&[
            "fatal: [sudo-wrong]: FAILED!",
            "error: wrong sudo password for root",
            "fatal: [sudo-missing]: FAILED!",
            "error: sudo needs a password to become root",
            "help: give it with `-K` or `ansible_become_password`",
        ])
        .counts("sudo-wrong", "failed=1")
        .counts("sudo-missing", "failed=1")
        .counts("sudo-right", "ok=1 changed=1")
        .never_says("canary-31")
        .never_says(PASSWORD);
    for host in ["sudo-wrong", "sudo-missing"] {
        assert_eq!(hosts.shell(host, "ls -A /root | grep done || true"), "");
    }
}

#[test]
fn a_user_whom_sudo_does_not_know_is_told_so() {
    let hosts = Hosts::boot(&["sudo-no-rule"]);
    hosts.shell("sudo-no-rule", "rm /etc/sudoers.d/ops");
    let site = Site::new(&hosts);
    site.tasks("- command: id\n  become: yes\n");
    site.host_vars("sudo-no-rule", &format!("{OPS}ansible_become_password: ops-secret\n"));
    site.run(&[]).ends_with(2).says(&["sudo does not permit becoming root", "help: add the user to sudoers"]);
}
