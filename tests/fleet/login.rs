//! Logging in with a password, whichever way the server asks for it.

use super::{
    hosts::Hosts,
    site::{OPS, PASSWORD, Site, WHO},
};

#[test]
fn a_password_logs_in() {
    let hosts = Hosts::boot(&["login-right", "login-wrong"]);
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
fn a_server_that_only_asks_questions_gets_the_password_as_its_answer() {
    let hosts = Hosts::boot(&["ask-right", "ask-wrong"]);
    for host in hosts.names() {
        // The first value that sshd reads holds: this file comes before the others.
        hosts.shell(
            host,
            "printf 'PasswordAuthentication no\\nKbdInteractiveAuthentication yes\\nUsePAM yes\\n' \
             > /etc/ssh/sshd_config.d/ask.conf && systemctl restart ssh",
        );
        let methods = hosts.shell(host, "sshd -T | grep -e ^passwordauth -e ^kbdinteractiveauth | sort");
        assert_eq!(methods, "kbdinteractiveauthentication yes\npasswordauthentication no\n");
    }
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("ask-right", &format!("{OPS}ansible_ssh_private_key_file: ''\n"));
    site.host_vars("ask-wrong", "ansible_user: ops\nansible_password: canary-28\nansible_ssh_private_key_file: ''\n");
    let run = site.run(&["-vvv"]);
    run.ends_with(4)
        .says(&["is ops", "fatal: [ask-wrong]: UNREACHABLE!", "was refused: ", "keyboard-interactive (refused)"])
        .counts("ask-right", "ok=2 changed=1")
        .counts("ask-wrong", "unreachable=1")
        .never_says("canary-28")
        .never_says(PASSWORD);
}
