//! Hosts that cannot be reached or trusted: the others go on, and the run ends with 4.

use std::{fmt::Write, fs, process::Command, time::Duration};

use super::{
    hosts::{self, Hosts},
    site::Site,
};

/// Bytes of a file that takes seconds to copy.
const BIG: u64 = 1 << 30;

const WRITE_A_FILE: &str = "- copy: {content: done, dest: /home/admin/done}\n";

#[test]
fn a_host_that_is_down_does_not_stop_the_others() {
    let hosts = Hosts::boot(&["down-off", "down-on"]);
    let site = Site::new(&hosts);
    site.tasks(WRITE_A_FILE);
    hosts.kill("down-off");
    let run = site.run(&["-T", "3"]);
    run.ends_with(4)
        .says(&["fatal: [down-off]: UNREACHABLE!", &hosts.address("down-off"), "help: check that the host is up"])
        .counts("down-off", "unreachable=1")
        .counts("down-on", "ok=1 changed=1");
    assert_eq!(hosts.shell("down-on", "cat /home/admin/done"), "done");
}

#[test]
fn a_host_whose_cable_is_cut_is_given_up_after_the_timeout() {
    let hosts = Hosts::boot(&["cable-cut", "cable-ok"]);
    let site = Site::new(&hosts);
    site.tasks(WRITE_A_FILE);
    hosts.cut("cable-cut");
    let run = site.run(&["-T", "2"]);
    run.ends_with(4).says(&["fatal: [cable-cut]: UNREACHABLE!"]);
    run.counts("cable-cut", "unreachable=1").counts("cable-ok", "ok=1 changed=1");
}

#[test]
fn a_key_that_the_host_does_not_accept_is_named() {
    let hosts = Hosts::boot(&["key-wrong", "key-right"]);
    let site = Site::new(&hosts);
    site.tasks(WRITE_A_FILE);
    let key = site.path().join("other_key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.expect("ssh-keygen is there").success());
    site.host_vars("key-wrong", &format!("ansible_ssh_private_key_file: {}\n", key.display()));
    let run = site.run(&[]);
    run.ends_with(4)
        .says(&["fatal: [key-wrong]: UNREACHABLE!", "admin@", "was refused: ", "other_key", "help: give a key with"])
        .counts("key-wrong", "unreachable=1")
        .counts("key-right", "ok=1 changed=1");
    assert_eq!(hosts.shell("key-wrong", "ls -A /var/tmp /home/ops /home/admin | grep -e done -e sutler || true"), "");
}

#[test]
fn a_changed_host_key_is_refused_with_its_line_in_known_hosts() {
    let hosts = Hosts::boot(&["hostkey-new", "hostkey-same"]);
    let site = Site::new(&hosts);
    site.tasks(WRITE_A_FILE);
    // The new host gets the keys of the other one in the file: lines 3 and 4 of four.
    let known = fs::read_to_string(hosts::folder().join("known_hosts")).expect("the fleet writes it");
    let same: Vec<&str> = known.lines().filter(|line| line.starts_with("hostkey-same,")).collect();
    let mut changed = String::from("# keys of two hosts\n");
    for line in &same {
        let (_, key) = line.split_once(' ').expect("names, a type, a key");
        let _ = writeln!(changed, "{line}\n{} {key}", hosts.address("hostkey-new"));
    }
    site.write("known_hosts", changed);
    let file = site.path().join("known_hosts");
    let args = format!("ansible_ssh_common_args: -o UserKnownHostsFile={}\n", file.display());
    site.host_vars("hostkey-new", &args);
    site.host_vars("hostkey-same", &args);
    let run = site.run(&[]);
    run.ends_with(4)
        .says(&[
            "fatal: [hostkey-new]: UNREACHABLE!",
            &format!("the host key of {} has changed: {} line ", hosts.address("hostkey-new"), file.display()),
            &format!("ssh-keygen -R '{}' -f {}", hosts.address("hostkey-new"), file.display()),
        ])
        .counts("hostkey-new", "unreachable=1")
        .counts("hostkey-same", "ok=1 changed=1");
    assert!(run.stdout.contains("known_hosts line 3 ") || run.stdout.contains("known_hosts line 5 "), "{run}");
}

#[test]
fn an_unknown_host_key_is_refused_unless_new_ones_are_accepted() {
    let hosts = Hosts::boot(&["hostkey-unknown"]);
    let site = Site::new(&hosts);
    site.tasks(WRITE_A_FILE);
    site.write("known_hosts", "");
    let file = site.path().join("known_hosts");
    let args = format!("-o UserKnownHostsFile={}", file.display());
    site.host_vars("hostkey-unknown", &format!("ansible_ssh_common_args: {args}\n"));
    site.run(&[]).ends_with(4).says(&[
        "the host key of ",
        " is not known (",
        "SHA256:",
        "help: verify the fingerprint",
    ]);

    site.host_vars(
        "hostkey-unknown",
        &format!("ansible_ssh_common_args: {args} -o StrictHostKeyChecking=accept-new\n"),
    );
    site.run(&[]).ends_with(0);
    // From now on the file knows it.
    site.host_vars("hostkey-unknown", &format!("ansible_ssh_common_args: {args}\n"));
    site.run(&[]).ends_with(0);
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_a_task_ends_by_keepalive() {
    let hosts = Hosts::boot(&["middle-cut", "middle-ok"]);
    let site = Site::new(&hosts);
    let fleet = hosts::folder();
    site.host_vars(
        "middle-cut",
        &format!(
            "ansible_ssh_common_args: -o UserKnownHostsFile={}/known_hosts -o ServerAliveInterval=1 -o ServerAliveCountMax=2\n\
             wait: begun > /run/begin; sleep 600\n",
            fleet.display()
        ),
    );
    site.host_vars("middle-ok", "wait: nothing\n");
    site.tasks("- shell: echo {{ wait }}\n- copy: {content: done, dest: /home/admin/done}\n");
    hosts.shell("middle-cut", "mkfifo -m 0666 /run/begin");

    let running = site.start(&[]);
    assert_eq!(hosts.shell("middle-cut", "timeout 30 cat /run/begin"), "begun\n");
    hosts.cut("middle-cut");
    let run = running.finish(Duration::from_secs(20));
    run.ends_with(4)
        .says(&["fatal: [middle-cut]: UNREACHABLE!", "help: "])
        .counts("middle-cut", "unreachable=1")
        .counts("middle-ok", "ok=2 changed=2");

    // Plugged in again, the host takes the same tasks as if nothing had been.
    hosts.mend("middle-cut");
    site.host_vars("middle-cut", "wait: again\n");
    site.run(&[]).ends_with(0).counts("middle-cut", "ok=2 changed=2");
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_a_copy_leaves_the_old_file() {
    let hosts = Hosts::boot(&["copy-cut", "copy-ok"]);
    let site = Site::new(&hosts);
    let fleet = hosts::folder();
    let keepalive = format!(
        "ansible_ssh_common_args: -o UserKnownHostsFile={}/known_hosts -o ServerAliveInterval=1 -o ServerAliveCountMax=2\n",
        fleet.display()
    );
    // Big enough to be still on its way when the cable is pulled: zeros that take no room here.
    site.write("files/big.bin", "");
    let big = fs::File::options().write(true).open(site.path().join("files/big.bin")).expect("it was just written");
    big.set_len(BIG).expect("a file can be longer than what is in it");
    site.host_vars("copy-cut", &format!("{keepalive}src: big.bin\n"));
    site.write("files/small.bin", "new\n");
    site.host_vars("copy-ok", "src: small.bin\n");
    site.tasks("- copy: {src: '{{ src }}', dest: /srv/app/file.bin}\n- command: id\n");
    for host in hosts.names() {
        hosts.shell(
            host,
            "install -d -o admin /srv/app && echo old > /srv/app/file.bin && chown admin /srv/app/file.bin",
        );
    }

    let running = site.start(&[]);
    let begun = "timeout 60 sh -c 'until find /srv/app -name .sutler-\\* -size +1024k | grep .; do sleep 0.02; done'";
    assert!(hosts.shell("copy-cut", begun).starts_with("/srv/app/.sutler-"));
    hosts.cut("copy-cut");
    let run = running.finish(Duration::from_secs(30));
    run.ends_with(4)
        .says(&[
            "fatal: [copy-cut]: UNREACHABLE!",
            "the connection was lost during copy",
            "help: run again: what is done stays done",
        ])
        .counts("copy-cut", "unreachable=1")
        .counts("copy-ok", "ok=2 changed=2");
    assert_eq!(hosts.shell("copy-ok", "cat /srv/app/file.bin"), "new\n");

    // As soon as the host hears that the other side has gone, the helper ends and tidies up.
    hosts.mend("copy-cut");
    hosts.shell("copy-cut", "timeout 60 sh -c 'while pgrep sutler-helper >/dev/null; do sleep 0.1; done'");
    assert_eq!(hosts.shell("copy-cut", "cd /srv/app && find . -type f -printf '%P %s\\n'"), "file.bin 4\n");
    assert_eq!(hosts.shell("copy-cut", "cat /srv/app/file.bin"), "old\n");
    site.host_vars("copy-cut", "src: small.bin\n");
    site.run(&[]).ends_with(0).counts("copy-cut", "ok=2 changed=2");
}
