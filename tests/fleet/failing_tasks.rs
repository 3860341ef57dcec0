//! Tasks that fail on a host: a message to act on, and nothing half-written.

use std::fmt::Write;

use super::{downloads::Downloads, hosts::Hosts, site::Site};

/// Bytes that do not compress, the same each time (xorshift64).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..length.div_ceil(8)).flat_map(step).take(length).collect()
}

/// What is in a folder of a host, with sizes.
fn list(hosts: &Hosts, host: &str, folder: &str) -> String {
    hosts.shell(host, &format!("cd {folder} && find . -mindepth 1 -printf '%P %s\\n' | sort"))
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_copy_keeps_the_old_file() {
    let hosts = Hosts::boot(&["disk-full", "disk-large"]);
    hosts.tiny_disk("disk-full", "/srv/small", "2M");
    for host in ["disk-full", "disk-large"] {
        hosts.shell(host, "mkdir -p /srv/small && echo old > /srv/small/big.bin");
    }
    let site = Site::new(&hosts);
    site.write("files/big.bin", noise(8 << 20));
    site.tasks("- copy: {src: big.bin, dest: /srv/small/big.bin}\n  become: yes\n- command: id\n");
    let run = site.run(&[]);
    run.ends_with(2)
        .says(&["fatal: [disk-full]: FAILED!", "No space left on device", "/srv/small"])
        .counts("disk-full", "failed=1")
        .counts("disk-large", "ok=2 changed=2");
    // No temporary file, and the old content.
    assert_eq!(list(&hosts, "disk-full", "/srv/small"), "big.bin 4\n");
    assert_eq!(hosts.shell("disk-full", "cat /srv/small/big.bin"), "old\n");
    assert_eq!(list(&hosts, "disk-large", "/srv/small"), "big.bin 8388608\n");

    // The session survives: the next task of the same run would have worked, and so does a new run.
    site.tasks("- copy: {content: small, dest: /srv/small/big.bin}\n  become: yes\n");
    site.run(&["--limit", "disk-full"]).ends_with(0).counts("disk-full", "ok=1 changed=1");
}

#[test]
fn a_download_that_is_missing_or_wrong_leaves_no_file() {
    let hosts = Hosts::boot(&["fetch-missing", "fetch-wrong", "fetch-right"]);
    let site = Site::new(&hosts);
    site.write("served/tool", "a tool\n");
    let downloads = Downloads::serve(&site.path().join("served"));
    let wrong = format!("sha256:{}", "0".repeat(64));
    site.host_vars("fetch-missing", &format!("url: {}\nsum: ''\n", downloads.url("no-such-tool")));
    site.host_vars("fetch-wrong", &format!("url: {}\nsum: {wrong}\n", downloads.url("tool")));
    // `printf 'a tool\n' | sha256sum`
    let right = "sha256:99e29f83703d695b9d2e446c6992c279ddb30a42bdd32a51f7b3e7c294d9198c";
    site.host_vars("fetch-right", &format!("url: {}\nsum: {right}\n", downloads.url("tool")));
    site.tasks(
        "- file: {path: /home/admin/bin, state: directory}\n\
         - get_url: {url: '{{ url }}', checksum: '{{ sum }}', dest: /home/admin/bin/tool}\n",
    );
    let run = site.run(&[]);
    run.ends_with(2)
        .says(&[
            "fatal: [fetch-missing]: FAILED!",
            "HTTP Error 404",
            &downloads.url("no-such-tool"),
            "fatal: [fetch-wrong]: FAILED!",
            "did not match",
            &"0".repeat(64),
        ])
        .counts("fetch-missing", "ok=1 changed=1 failed=1")
        .counts("fetch-wrong", "ok=1 changed=1 failed=1")
        .counts("fetch-right", "ok=2 changed=2");
    for (host, files) in [("fetch-missing", ""), ("fetch-wrong", ""), ("fetch-right", "tool 7\n")] {
        assert_eq!(list(&hosts, host, "/home/admin/bin"), files, "{host}");
    }
}

#[test]
fn a_truncated_archive_is_refused_and_not_half_unpacked() {
    let hosts = Hosts::boot(&["archive-short", "archive-whole"]);
    let site = Site::new(&hosts);
    site.write("tree/tool/first", noise(100_000));
    site.write("tree/tool/second", noise(100_000));
    let pack = "mkdir files && tar -C tree -czf files/whole.tar.gz tool && head -c 150000 files/whole.tar.gz > files/short.tar.gz";
    let packed = std::process::Command::new("sh").args(["-c", pack]).current_dir(site.path()).status();
    assert!(packed.expect("the shell is there").success());
    site.host_vars("archive-short", "archive: short.tar.gz\n");
    site.host_vars("archive-whole", "archive: whole.tar.gz\n");
    site.tasks(
        "- file: {path: /home/admin/tools, state: directory}\n\
         - unarchive: {src: '{{ archive }}', dest: /home/admin/tools}\n",
    );
    let run = site.run(&[]);
    run.ends_with(2)
        .says(&["fatal: [archive-short]: FAILED!", "short.tar.gz"])
        .counts("archive-short", "ok=1 changed=1 failed=1")
        .counts("archive-whole", "ok=2 changed=2");
    assert_eq!(list(&hosts, "archive-short", "/home/admin/tools"), "");
    let whole = hosts.shell("archive-whole", "find /home/admin/tools -type f -size 100000c | wc -l");
    assert_eq!(whole, "2\n");
}

#[test]
fn an_undefined_variable_is_named_with_its_place_in_the_template() {
    let hosts = Hosts::boot(&["undefined", "defined"]);
    let site = Site::new(&hosts);
    site.write("templates/app.conf.j2", "# app\nport = {{ app_port }}\n");
    site.host_vars("defined", "app_port: 80\n");
    site.tasks("- template: {src: app.conf.j2, dest: /home/admin/app.conf}\n- command: id\n");
    let run = site.run(&[]);
    run.ends_with(2)
        .says(&["fatal: [undefined]: FAILED!", "'app_port' is undefined", "app.conf.j2:2:11", "port = {{ app_port }}"])
        .counts("undefined", "failed=1")
        .counts("defined", "ok=2 changed=2");
    assert_eq!(hosts.shell("undefined", "ls /home/admin"), "");
}

#[test]
fn many_failures_in_a_loop_are_one_failed_task_that_shows_each_item() {
    let hosts = Hosts::boot(&["loop-fails"]);
    let site = Site::new(&hosts);
    let mut tasks = String::from("- command: test {{ item }} = b\n  loop: [a, b, c]\n  changed_when: no\n");
    let _ = writeln!(tasks, "- command: id");
    site.tasks(&tasks);
    site.run(&[])
        .ends_with(2)
        .says(&["failed: [loop-fails] (item=a)", "ok: [loop-fails] => (item=b)", "failed: [loop-fails] (item=c)"])
        .counts("loop-fails", "failed=1");
}
