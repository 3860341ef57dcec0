//! Two sets of hosts behind a balancer: releases are switched, shifted and taken back, and no request fails.

use std::{os::unix::fs::symlink, thread};

use super::{
    hosts::{self, Hosts},
    run::Finished,
    site::Site,
};

/// In the order of the inventory's addresses.
const HOSTS: [&str; 5] = ["lb-1", "blue-1", "blue-2", "green-1", "green-2"];

struct Fleet {
    hosts: Hosts,
    site: Site,
}

impl Fleet {
    fn boot() -> Self {
        let hosts = Hosts::boot_with_packages(&HOSTS);
        let site = Site::empty();
        site.copy("inventories/web");
        site.copy("playbooks");
        site.readdress("inventories/web/hosts.ini");
        symlink(hosts::folder(), site.path().join(".fleet")).expect("a temporary folder can be written");
        Self { hosts, site }
    }

    fn play(&self, playbook: &str, release: &str, arguments: &[&str]) -> Finished {
        let (playbook, release) = (format!("playbooks/{playbook}.yml"), format!("app_release={release}"));
        let mut all = vec!["playbook", "-i", "inventories/web/", &playbook, "-e", &release];
        all.extend(arguments);
        self.site.sutler(&all)
    }

    /// Which release a client gets.
    fn served(&self) -> String {
        self.hosts.shell("lb-1", "curl --silent --fail http://127.0.0.1/").trim().to_owned()
    }

    /// While this is done, clients send requests without a pause, over lasting connections and over new ones.
    fn under_load(&self, action: impl FnOnce()) {
        let load = |lasting: &'static str| {
            let address = self.hosts.address("lb-1");
            let command = format!("nice ab -q {lasting} -l -c 2 -t 600 -n 99999999 http://{address}/ 2>&1 || true");
            move || self.hosts.shell("lb-1", &command)
        };
        thread::scope(|scope| {
            let loads = ["-k", ""].map(|lasting| scope.spawn(load(lasting)));
            let stop = Stop(&self.hosts);
            self.hosts.wait_for("lb-1", "pgrep -c -x ab || true", "2\n");
            action();
            drop(stop);
            for figures in loads.map(|load| load.join().expect("ab runs")) {
                let failed = figures.lines().find(|line| line.starts_with("Failed requests:")).unwrap_or_default();
                let bad = figures.contains("Non-2xx") || figures.contains("Write errors");
                assert!(failed.ends_with(" 0") && !bad, "{figures}");
            }
        });
    }
}

/// Ends the load, also when the test fails; its figures are printed then.
struct Stop<'h>(&'h Hosts);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.shell("lb-1", "pkill -INT -x ab || true");
    }
}

#[test]
fn releases_are_switched_shifted_and_taken_back_without_a_failed_request() {
    let fleet = Fleet::boot();
    for playbook in ["blue-green", "canary"] {
        fleet.play(playbook, "1", &["--check"]).ends_with(0);
    }
    fleet.play("blue-green", "1", &[]).ends_with(0);
    fleet.play("blue-green", "1", &[]).changed_nothing();
    fleet.hosts.shell("lb-1", "apt-get install -y -q apache2-utils curl");
    fleet.play("blue-green", "2", &[]).ends_with(0);

    fleet.under_load(|| {
        for release in ["1", "2"] {
            fleet.play("blue-green", release, &[]).ends_with(0);
            assert_eq!(fleet.served(), format!("release {release}"));
        }

        let canary = ["-e", "canary_soak=1", "-e", "canary_requests=50"];
        fleet.play("canary", "3", &canary).ends_with(0);
        assert_eq!(fleet.served(), "release 3");
        fleet.play("canary", "3", &[]).changed_nothing();

        // A host of the new release stops in the middle of a step.
        thread::scope(|scope| {
            let run = scope.spawn(|| fleet.play("canary", "4", &["-e", "canary_soak=6"]));
            fleet.hosts.wait_for("lb-1", "grep -c 'weight [1-9]' /etc/haproxy/haproxy.cfg", "4\n");
            fleet.hosts.shell("blue-1", "systemctl stop nginx");
            let run = run.join().expect("the run ends");
            run.ends_with(2).says(&["these hosts are down: blue-1", "release 4 was taken back"]);
        });
        assert_eq!(fleet.served(), "release 3");
        fleet.play("blue-green", "3", &["--check"]).ends_with(0);
    });
}
