//! Other users through su, which reads its password from a terminal.

use super::{
    hosts::Hosts,
    site::{PASSWORD, Site, WHO},
};

#[test]
fn su_takes_the_password_of_the_other_user() {
    let hosts = Hosts::boot(&["su-right", "su-wrong", "su-missing", "su-unasked"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    let su = "ansible_become: yes\nansible_become_method: su\nansible_become_user: ops\n";
    site.host_vars("su-right", &format!("{su}ansible_become_password: ops-secret\n"));
    site.host_vars("su-wrong", &format!("{su}ansible_become_password: canary-33\n"));
    site.host_vars("su-missing", su);
    // Root becomes anybody without being asked.
    site.host_vars("su-unasked", &format!("{su}ansible_user: root\nansible_become_password: canary-34\n"));
    let run = site.run(&["-vvv"]);
    run.ends_with(2)
        .says(&[
            "ok: [su-right] => {\n    \"msg\": \"is ops\"",
            "ok: [su-unasked] => {\n    \"msg\": \"is ops\"",
            "fatal: [su-wrong]: FAILED!",
            "error: wrong su password for ops",
            "fatal: [su-missing]: FAILED!",
            "error: su needs a password to become ops",
        ])
        .counts("su-right", "ok=2 changed=1")
        .counts("su-unasked", "ok=2 changed=1")
        .counts("su-wrong", "failed=1")
        .counts("su-missing", "failed=1");
    for secret in ["canary-33", "canary-34", PASSWORD] {
        run.never_says(secret);
    }
}

#[test]
fn a_raw_command_keeps_its_terminal_until_it_ends() {
    let hosts = Hosts::boot(&["su-raw", "su-raw-unasked"]);
    let site = Site::new(&hosts);
    let su = "ansible_become: yes\nansible_become_method: su\nansible_become_user: ops\n";
    site.host_vars("su-raw", &format!("{su}ansible_become_password: ops-secret\n"));
    site.host_vars("su-raw-unasked", &format!("{su}ansible_user: root\n"));
    // It reads all of its input, which has none.
    site.tasks("- raw: cat; sleep 1; whoami; exit 3\n  register: raw\n  failed_when: no\n- debug: msg=\"{{ raw.stdout | trim }} {{ raw.rc }}\"\n");
    let run = site.run(&[]);
    run.ends_with(0)
        .says(&["ok: [su-raw] => {\n    \"msg\": \"ops 3\"", "ok: [su-raw-unasked] => {\n    \"msg\": \"ops 3\""]);
}
