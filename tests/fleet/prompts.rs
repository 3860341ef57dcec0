//! Passwords that are asked for on a terminal.

use super::{
    hosts::Hosts,
    site::{PASSWORD, Site, WHO},
    terminal::Terminal,
};

#[test]
fn passwords_are_asked_for_without_showing_them() {
    let hosts = Hosts::boot(&["prompt"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("prompt", "ansible_user: ops\nansible_ssh_private_key_file: ''\n");
    let mut terminal = Terminal::start(&site, &["-k", "-K", "-b", "-vvv"]);
    terminal.answer("SSH password: ", PASSWORD);
    terminal.answer("BECOME password[defaults to SSH password]: ", PASSWORD);
    terminal.finish().ends_with(0).says(&["is root"]).never_says(PASSWORD);
}

#[test]
fn an_empty_become_password_is_the_one_to_log_in_with() {
    let hosts = Hosts::boot(&["prompt-empty"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("prompt-empty", "ansible_user: ops\nansible_ssh_private_key_file: ''\n");
    let mut terminal = Terminal::start(&site, &["-kKb"]);
    terminal.answer("SSH password: ", PASSWORD);
    terminal.answer("BECOME password[defaults to SSH password]: ", "");
    terminal.finish().ends_with(0).says(&["is root"]).never_says(PASSWORD);
}

#[test]
fn wrong_answers_are_refused_and_not_shown() {
    let hosts = Hosts::boot(&["prompt-wrong"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("prompt-wrong", "ansible_user: ops\nansible_ssh_private_key_file: ''\n");
    let mut terminal = Terminal::start(&site, &["-k", "-vvv"]);
    terminal.answer("SSH password: ", "canary-36");
    terminal.finish().ends_with(4).says(&["UNREACHABLE!", "was refused: "]).never_says("canary-36");

    site.host_vars("prompt-wrong", "ansible_user: ops\nansible_password: ops-secret\n");
    let mut terminal = Terminal::start(&site, &["-K", "-b", "-vvv"]);
    terminal.answer("BECOME password: ", "canary-37");
    terminal.finish().ends_with(2).says(&["wrong sudo password for root"]).never_says("canary-37");
}

#[test]
fn without_a_terminal_the_password_is_read_from_standard_input() {
    let hosts = Hosts::boot(&["prompt-pipe"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    site.host_vars("prompt-pipe", "ansible_user: ops\nansible_ssh_private_key_file: ''\n");
    let run = site.pipe("ops-secret\n", &["-k"]);
    run.ends_with(0).says(&["SSH password: ", "is ops"]).never_says(PASSWORD);
    site.pipe("", &["-k"]).ends_with(1).says(&["error: there is nobody to ask for the SSH password"]);
}
