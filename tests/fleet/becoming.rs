//! Other users: with a password, with a wrong one, with none; and what must never be printed.

use crate::{hosts::Hosts, site::Site};

/// The password of the fleet's user `ops`.
const PASSWORD: &str = "ops-secret";

/// Logs in as `ops` with the password.
const OPS: &str = "ansible_user: ops\nansible_password: ops-secret\n";

const WHO: &str = "- command: id -un\n  register: who\n- debug: msg=\"is {{ who.stdout }}\"\n";

#[test]
fn a_password_logs_in() {
    let Some(hosts) = Hosts::boot(&["login-right", "login-wrong"]) else { return };
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("login-right", OPS);
    site.host_vars("login-wrong", "ansible_user: ops\nansible_password: canary-27\nansible_ssh_private_key_file: ''\n");
    let run = site.run(&["-vvv"]);
    run.ends_with(4)
        .says(&["is ops", "fatal: [login-wrong]: UNREACHABLE!", "ops@", "was refused: ", "password"])
        .counts("login-right", "ok=2 changed=1")
        .counts("login-wrong", "unreachable=1")
        .never_says("canary-27")
        .never_says(PASSWORD);
}

#[test]
fn a_task_becomes_root_or_somebody_else_with_a_password() {
    let Some(hosts) = Hosts::boot(&["become-root", "become-other"]) else { return };
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
fn an_unprivileged_user_is_become_without_a_password() {
    let Some(hosts) = Hosts::boot(&["become-ops"]) else { return };
    let site = Site::new(&hosts);
    site.tasks(&format!("{WHO}- copy: {{content: mine, dest: /home/ops/mine}}\n"));
    site.run(&["-b", "--become-user", "ops"]).ends_with(0).says(&["is ops"]);
    assert_eq!(hosts.shell("become-ops", "stat -c %U /home/ops/mine"), "ops\n");
}

#[test]
fn wrong_and_missing_sudo_passwords_are_failures_that_say_so() {
    let Some(hosts) = Hosts::boot(&["sudo-wrong", "sudo-missing", "sudo-right"]) else { return };
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
    let Some(hosts) = Hosts::boot(&["sudo-no-rule"]) else { return };
    hosts.shell("sudo-no-rule", "rm /etc/sudoers.d/ops");
    let site = Site::new(&hosts);
    site.tasks("- command: id\n  become: yes\n");
    site.host_vars("sudo-no-rule", &format!("{OPS}ansible_become_password: ops-secret\n"));
    site.run(&[]).ends_with(2).says(&["sudo does not permit becoming root", "help: add the user to sudoers"]);
}

#[test]
fn secrets_are_never_printed() {
    let Some(hosts) = Hosts::boot(&["secret"]) else { return };
    let site = Site::new(&hosts);
    site.host_vars(
        "secret",
        &format!("{OPS}ansible_become_password: ops-secret\napi_token: canary-45\ntokens: [canary-46, canary-47]\n"),
    );
    site.tasks(
        "- shell: cat > /home/ops/out; echo {{ api_token }}\n  args: {stdin: '{{ api_token }}'}\n  no_log: yes\n\
         - command: echo {{ item }}\n  loop: '{{ tokens }}'\n  no_log: yes\n\
         - copy: {content: '{{ api_token }}', dest: /home/ops/token}\n  no_log: yes\n\
         - command: test {{ api_token }} = other\n  no_log: yes\n  ignore_errors: yes\n\
         - command: echo {{ ansible_password }}\n  become: yes\n",
    );
    let run = site.run(&["-vvv", "--diff"]);
    run.ends_with(0).says(&["the output has been hidden", "changed: [secret]"]);
    for secret in [PASSWORD, "canary-45", "canary-46", "canary-47"] {
        run.never_says(secret);
    }
    assert_eq!(hosts.shell("secret", "cat /home/ops/token"), "canary-45");
}
