//! rsync between real hosts: from the controller and to it, as root, with a password, and between two hosts.

use std::fs;

use super::{
    hosts::Hosts,
    site::{OPS, PASSWORD, Site},
};

/// A site with some files, and two hosts with rsync.
fn site(hosts: &Hosts) -> Site {
    for host in hosts.names() {
        hosts.shell(host, "apt-get update -q >/dev/null && apt-get install -qy rsync >/dev/null");
    }
    let site = Site::new(hosts);
    site.write("files/tree/a", "one\n");
    site.write("files/tree/sub/b", "two\n");
    site
}

#[test]
fn trees_go_to_hosts_and_come_back() {
    let hosts = Hosts::boot_with_packages(&["sync-1", "sync-2"]);
    let site = site(&hosts);

    site.tasks("- synchronize: {src: tree/, dest: /home/admin/tree, delete: yes}\n");
    site.run(&["--check"]).ends_with(0).counts("sync-1", "ok=1 changed=1");
    assert_eq!(hosts.shell("sync-1", "ls /home/admin"), "");
    site.run(&[]).ends_with(0).counts("sync-2", "ok=1 changed=1");
    site.run(&[]).ends_with(0).counts("sync-2", "ok=1");
    hosts.shell("sync-2", "touch /home/admin/tree/more");
    site.run(&[]).ends_with(0).counts("sync-1", "ok=1").counts("sync-2", "ok=1 changed=1");
    let list = "cd /home/admin/tree && find . -type f | sort | xargs cat && stat -c %U sub/b";
    assert_eq!(hosts.shell("sync-2", list), "one\ntwo\nadmin\n");

    // As root, by sudo on the host.
    site.tasks("- synchronize: {src: tree, dest: /srv, owner: no}\n  become: yes\n");
    site.run(&[]).ends_with(0).counts("sync-1", "ok=1 changed=1");
    assert_eq!(hosts.shell("sync-1", "cat /srv/tree/sub/b; stat -c %U /srv/tree/a"), "two\nroot\n");

    // With a password, which is told to nobody.
    site.host_vars("sync-1", OPS);
    site.tasks("- synchronize: {src: tree/a, dest: /home/ops/a}\n  register: r\n- debug: msg=\"ran {{ r.cmd }}\"\n");
    let run = site.run(&["--limit", "sync-1", "-e", "ansible_ssh_private_key_file="]);
    run.ends_with(0).says(&["ops@"]).never_says(PASSWORD).counts("sync-1", "ok=2 changed=1");
    assert_eq!(hosts.shell("sync-1", "cat /home/ops/a"), "one\n");
    site.host_vars("sync-1", "");

    site.tasks("- synchronize: {mode: pull, src: /srv/tree/, dest: 'got/{{ inventory_hostname }}/'}\n");
    fs::create_dir(site.path().join("got")).expect("a folder can be made");
    site.run(&[]).ends_with(0).counts("sync-1", "ok=1 changed=1");
    assert_eq!(fs::read_to_string(site.path().join("got/sync-1/sub/b")).ok().as_deref(), Some("two\n"));

    site.tasks("- synchronize: {src: tree/, dest: /root/tree}\n");
    site.run(&[]).ends_with(2).says(&["Permission denied"]).counts("sync-1", "failed=1");
}

#[test]
fn trees_go_from_host_to_host() {
    let hosts = Hosts::boot_with_packages(&["sync-a", "sync-b"]);
    let site = site(&hosts);
    let keys = "sudo -u admin ssh-keygen -q -t ed25519 -N '' -f /home/admin/.ssh/id_ed25519 && cat /home/admin/.ssh/id_ed25519.pub";
    let key = hosts.shell("sync-a", keys);
    hosts.shell("sync-b", &format!("echo '{}' >>/home/admin/.ssh/authorized_keys", key.trim()));
    hosts.shell("sync-a", "sudo -u admin mkdir /home/admin/tree && echo a | sudo -u admin tee /home/admin/tree/x");
    let play = "- synchronize: {src: /home/admin/tree/, dest: /home/admin/copy, private_key: ~/.ssh/id_ed25519}\n\
                \x20 delegate_to: sync-a\n";
    site.tasks(play);
    site.run(&["--limit", "sync-b"]).ends_with(0).says(&["sync-b -> sync-a"]).counts("sync-b", "ok=1 changed=1");
    site.run(&["--limit", "sync-b"]).ends_with(0).counts("sync-b", "ok=1");
    assert_eq!(hosts.shell("sync-b", "cat /home/admin/copy/x"), "a\n");

    // Two paths of one host.
    site.run(&["--limit", "sync-a"]).ends_with(0).counts("sync-a", "ok=1 changed=1");
    assert_eq!(hosts.shell("sync-a", "cat /home/admin/copy/x"), "a\n");
}
