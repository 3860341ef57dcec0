//! Hosts with another CPU than the controller's.

use std::fs;

use super::{
    hosts::Hosts,
    site::{Site, WHO},
};

/// What the host's `uname` says: no helper is built for it.
const MACHINE: &str = "riscv64";

#[test]
fn a_host_with_another_cpu_says_how_to_build_a_helper_and_takes_one_from_the_directory() {
    let hosts = Hosts::boot(&["cpu-other", "cpu-same"]);
    let site = Site::new(&hosts);
    site.tasks(WHO);
    let other =
        format!("printf '#!/bin/sh\\necho {MACHINE}\\n' > /usr/local/bin/uname && chmod 755 /usr/local/bin/uname");
    hosts.shell("cpu-other", &other);

    let place = format!("{}/.local/share/sutler/helpers/sutler-helper-{MACHINE}", site.path().display());
    let run = site.run(&[]);
    run.ends_with(2)
        .says(&[
            "fatal: [cpu-other]: FAILED!",
            &format!("there is no helper for the CPU {MACHINE}"),
            "cargo build -p sutler-helper --profile helper",
            &format!("--target {MACHINE}-unknown-linux-gnu"),
            &format!("put it at {place}"),
        ])
        .counts("cpu-other", "failed=1")
        .counts("cpu-same", "ok=2 changed=1");

    // The host can run the usual helper, whatever its `uname` says: as good as one for its CPU.
    let cached = fs::read_dir(hosts.root("cpu-same").join("var/tmp/sutler-1000")).expect("the helper is kept there");
    let cached: Vec<_> = cached.map(|entry| entry.expect("the folder can be read").path()).collect();
    let [helper] = cached.as_slice() else { panic!("not one helper: {cached:?}") };
    let mut bytes = fs::read(helper).expect("root reads it");
    // Bytes behind a program's end change its hash and nothing else.
    bytes.extend(b"for another CPU");
    site.write(&format!(".local/share/sutler/helpers/sutler-helper-{MACHINE}"), &bytes);
    site.run(&["-b"]).ends_with(0).says(&["is root"]).counts("cpu-other", "ok=2 changed=1");
    let running =
        hosts.shell("cpu-other", "tail -qc 15 /var/tmp/sutler-1000/* /var/tmp/sutler-0/* 2>/dev/null || true");
    assert!(running.contains("for another CPU"), "{running}");
}
