//! Two sets of hosts behind a balancer: releases are switched, shifted and taken back, and no request fails.

use std::{fs, os::unix::fs::symlink, thread};

use super::{
    dry_runs,
    hosts::{self, Hosts},
    run::Finished,
    site::Site,
};

/// In the order of the inventory's addresses; the last one is not in it.
const HOSTS: [&str; 6] = ["lb-1", "blue-1", "blue-2", "green-1", "green-2", "lb-2"];

/// Whether blue gets 5 % of the requests, more or less, of which there are enough to say so.
const FIVE_PERCENT: &str = r#"curl --silent 'http://127.0.0.1:8404/stats;csv' |
    awk -F, '$1 == "app" && $2 ~ /-/ { all += $8; if ($2 ~ /^blue/) blue += $8 }
        END { print (all > 500 && blue > 0.03 * all && blue < 0.07 * all) }'"#;

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

    fn dry_runs_change_nothing(&self, release: &str) {
        dry_runs::change_nothing(&self.hosts, &self.site, &[], String::new, || {
            for playbook in ["blue-green", "canary"] {
                self.play(playbook, release, &["--check"]).ends_with(0);
            }
        });
    }

    /// From now on these hosts answer so to requests that name this host; nothing: as the playbook wants it.
    fn answer(&self, hosts: &[&str], name: &str, answer: &str) {
        let server = format!("server {{ listen 8080; server_name {name}; location / {{ return {answer}; }} }}");
        let file = "/etc/nginx/conf.d/test.conf";
        for host in hosts {
            let make = if answer.is_empty() { format!("rm {file}") } else { format!("cat >{file} <<'E'\n{server}\nE") };
            self.hosts.shell(host, &format!("{make}\nsystemctl reload nginx"));
        }
    }

    /// The weights of both blue hosts and both green ones, as the balancer has them.
    fn shares(&self) -> String {
        let weights =
            "curl --silent 'http://127.0.0.1:8404/stats;csv' | awk -F, '$1 == \"app\" && $2 ~ /-/ { print $19 }'";
        self.hosts.shell("lb-1", weights).trim().replace('\n', " ")
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
    fleet.dry_runs_change_nothing("1");
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
            fleet.hosts.wait_for("lb-1", FIVE_PERCENT, "1\n");
            fleet.hosts.shell("blue-1", "systemctl stop nginx");
            let run = run.join().expect("the run ends");
            run.ends_with(2).says(&["these hosts are down: blue-1", "release 4 was taken back"]);
        });
        assert_eq!(fleet.served(), "release 3");
        fleet.dry_runs_change_nothing("5");
    });

    // Green is live, and blue idle.
    no_gate_opens_for_a_release_that_is_not_well(&fleet);
    a_canary_whose_requests_fail_is_taken_back(&fleet);
    a_balancer_that_no_client_uses_takes_the_release_back_on_all(&fleet);
}

fn no_gate_opens_for_a_release_that_is_not_well(fleet: &Fleet) {
    let balancer = fleet.hosts.address("lb-1");
    let blue = fleet.hosts.address("blue-2");
    let quick = ["-e", "canary_soak=0"];
    for (hosts, name, answer, says) in [
        (&["blue-2"][..], &blue, "503", "do not answer with release 5 at /health: blue-2; nothing was switched"),
        (&["blue-2"], &blue, r#"200 "5.0\n""#, "do not answer with release 5 at /health: blue-2; nothing was switched"),
        // Each host is well, and clients get something else.
        (
            &["blue-1", "blue-2"],
            &balancer,
            r#"200 "4\n""#,
            "clients did not get the release from blue; all traffic is on green",
        ),
    ] {
        fleet.answer(hosts, name, answer);
        let before = fleet.shares();
        fleet.play("blue-green", "5", &quick).ends_with(2).says(&[says]);
        assert_eq!((fleet.served().as_str(), fleet.shares()), ("release 3", before));
        fleet.answer(hosts, name, "");
    }
    for wrong in ["canary_steps=[5,50]", "canary_steps=[50,25,100]", "canary_requests=0"] {
        let wrong = format!(r#"{{"{}}}"#, wrong.replacen('=', r#"": "#, 1));
        fleet.play("canary", "5", &["-e", &wrong]).ends_with(2).says(&["canary_steps are percentages that grow"]);
    }
    fleet.play("blue-green", "../5", &[]).ends_with(2).says(&["say which release"]);
}

fn a_canary_whose_requests_fail_is_taken_back(fleet: &Fleet) {
    let balancer = fleet.hosts.address("lb-1");
    fleet.answer(&["blue-1", "blue-2"], &balancer, "500");
    let stop = Stop(&fleet.hosts);
    fleet.hosts.shell("lb-1", &format!("systemd-run --quiet ab -q -r -c 2 -t 600 -n 99999999 http://{balancer}/"));
    let run =
        fleet.play("canary", "5", &["-e", r#"{"canary_steps": [5, 100], "canary_soak": 3, "canary_requests": 50}"#]);
    drop(stop);
    run.ends_with(2).says(&["release 5 was taken back:", "requests failed at 5 %", "All traffic is on green again"]);
    fleet.answer(&["blue-1", "blue-2"], &balancer, "");
    assert_eq!((fleet.served().as_str(), fleet.shares().as_str()), ("release 3", "0 0 256 256"));
}

fn a_balancer_that_no_client_uses_takes_the_release_back_on_all(fleet: &Fleet) {
    let second = fleet.hosts.address("lb-2");
    let inventory = fs::read_to_string(fleet.site.path().join("inventories/web/hosts.ini")).expect("it was copied");
    let two = inventory.replace("[balancers]\n", &format!("[balancers]\nlb-2 ansible_host={second}\n"));
    fleet.site.write("inventories/web/hosts.ini", two);
    // A new balancer does as those that are there.
    let joined = fleet.play("blue-green", "3", &[]);
    assert!(joined.ends_with(0).changes().iter().all(|(_, hosts)| hosts == &["lb-2"]), "{joined}");
    fleet.play("blue-green", "3", &[]).changed_nothing();
    fleet.hosts.shell("lb-2", "sed -i 's/live: green/live: blue/' /etc/haproxy/haproxy.cfg");
    fleet
        .play("blue-green", "3", &[])
        .ends_with(2)
        .says(&["the balancers disagree about which set is live: blue, green"]);
    fleet.play("blue-green", "3", &["-e", "lb_live=green"]).ends_with(0);
    fleet.play("blue-green", "3", &[]).changed_nothing();
    fleet.under_load(|| {
        let run = fleet.play("canary", "5", &["-e", "canary_soak=1", "-e", "canary_wait=5"]);
        run.ends_with(2).says(&["at 5 % lb-2 saw 0 requests, and wants 20"]);
        assert_eq!(fleet.shares(), "0 0 256 256");
    });
    assert_eq!(fleet.served(), "release 3");
}
