//! Tasks in the background, and hosts that go away and come back.

use super::{
    hosts::Hosts,
    site::{OPS, PASSWORD, Site},
};

#[test]
fn a_task_in_the_background_runs_as_another_user_and_outlives_the_run() {
    let hosts = Hosts::boot(&["background"]);
    let site = Site::new(&hosts);
    site.host_vars("background", &format!("{OPS}ansible_become: yes\nansible_become_password: {PASSWORD}\n"));
    site.tasks(
        "- {name: waited for, shell: id -un; sleep 1, async: 30, poll: 1, register: waited}\n\
         - debug: msg=\"{{ waited.stdout }} {{ waited.finished }}\"\n\
         - {name: left alone, shell: sleep 2; id -un > /root/made; sleep 60, async: 100, poll: 0, register: left}\n\
         - {name: asked for, async_status: {jid: '{{ left.ansible_job_id }}'}, register: asked}\n\
         - debug: msg=\"{{ asked.finished }} {{ asked.started }}\"\n\
         - {name: too long, shell: sleep 30, async: 1, poll: 1, ignore_errors: yes, register: late}\n\
         - debug: msg=\"{{ late.msg }}\"\n",
    );
    site.run(&[]).ends_with(0).says(&["root True", "False True", "Timeout exceeded"]).never_says(PASSWORD);
    hosts.wait_for("background", "cat /root/made 2>/dev/null || true", "root\n");
    // The job that took too long was stopped, the other one goes on.
    hosts.wait_for("background", "pgrep -ax sleep | cut -d' ' -f2- || true", "sleep 60\n");
    // Another run knows of the jobs, and clears them away.
    site.tasks(
        "- {shell: ls /root/.ansible_async, register: jobs}\n\
         - {async_status: {jid: '{{ item }}'}, loop: '{{ jobs.stdout_lines }}'}\n\
         - {async_status: {jid: '{{ item }}', mode: cleanup}, loop: '{{ jobs.stdout_lines }}'}\n",
    );
    site.run(&[]).ends_with(0);
    assert_eq!(hosts.shell("background", "ls /root/.ansible_async"), "");
}

#[test]
fn a_host_that_reboots_is_waited_for_and_used_again() {
    let hosts = Hosts::boot(&["reboots", "stays"]);
    let site = Site::new(&hosts);
    site.host_vars("reboots", &format!("{OPS}ansible_become_password: {PASSWORD}\n"));
    site.tasks(
        "- {command: cat /proc/sys/kernel/random/boot_id, register: before}\n\
         - {shell: touch /run/before, become: yes}\n\
         - reboot:\n\
         \x20 become: yes\n  when: inventory_hostname == 'reboots'\n  register: rebooted\n\
         - {stat: {path: /run/before}, register: mark}\n\
         - debug: msg=\"{{ inventory_hostname }} {{ rebooted.rebooted | default(false) }} {{ mark.stat.exists }}\"\n",
    );
    site.run(&[]).ends_with(0).says(&["reboots True False", "stays False True"]);
}

#[test]
fn a_host_that_comes_back_late_is_waited_for() {
    let hosts = Hosts::boot(&["late", "never"]);
    let site = Site::new(&hosts);
    hosts.shell("late", "systemctl stop ssh.socket ssh; systemd-run sh -c 'sleep 4; systemctl start ssh'");
    hosts.shell("never", "systemctl stop ssh.socket ssh");
    site.tasks(
        "- wait_for_connection: {timeout: \"{{ 40 if inventory_hostname == 'late' else 3 }}\", sleep: 1, connect_timeout: 2}\n\
         - command: id -un\n",
    );
    site.run(&["-T", "2"])
        .ends_with(2)
        .says(&["fatal: [never]: FAILED!", "timed out waiting for ping"])
        .counts("late", "ok=2 changed=1")
        .counts("never", "failed=1");
}
