//! The Elasticsearch playbook on six hosts, with the demo's stand-in.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::symlink,
};

use super::{
    downloads::Downloads,
    dry_runs,
    hosts::{self, Hosts},
    run::Finished,
    site::Site,
};

/// The demo's masters.
pub const MASTERS: [&str; 3] = ["es-master-1", "es-master-2", "es-master-3"];
/// The demo's data nodes.
pub const DATA: [&str; 3] = ["es-data-1", "es-data-2", "es-data-3"];

/// The demo, copied, for the hosts of this fleet.
pub struct Demo {
    pub site: Site,
    downloads: Downloads,
}

impl Demo {
    /// The hosts have to be up.
    pub fn copy() -> Self {
        let site = Site::empty();
        site.copy("inventories/demo");
        site.copy("playbooks");
        site.readdress("inventories/demo/hosts.ini");
        symlink(hosts::folder(), site.path().join(".fleet")).expect("a temporary folder can be written");
        Self { site, downloads: Downloads::stand_in() }
    }

    /// Runs the playbook.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.play("elasticsearch", arguments)
    }

    /// Runs another playbook for the same hosts.
    pub fn play(&self, playbook: &str, arguments: &[&str]) -> Finished {
        let url = format!("es_download_url={}", self.downloads.url("").trim_end_matches('/'));
        let playbook = format!("playbooks/{playbook}.yml");
        let mut all = vec!["playbook", "-i", "inventories/demo/", &playbook, "-e", &url];
        all.extend(arguments);
        self.site.sutler(&all)
    }
}

#[test]
fn one_command_makes_a_cluster_and_a_second_one_changes_nothing() {
    let hosts = Hosts::boot(&[MASTERS, DATA].concat());
    let demo = Demo::copy();

    dry_runs_predict_changes_on_fresh_hosts(&hosts, &demo);
    demo.run(&[]).ends_with(0);
    let health = ask(&hosts.address("es-master-1"), "/_cluster/health");
    assert!(health.contains(r#""status":"green""#) && health.contains(r#""number_of_nodes":6"#), "{health}");

    let again = demo.run(&[]);
    again.ends_with(0);
    for host in hosts.names() {
        assert!(!again.recap(host).contains("changed"), "{again}");
    }

    let vars = "inventories/demo/group_vars/es_data.yml";
    let text = fs::read_to_string(demo.site.path().join(vars)).expect("it was copied");
    assert!(text.contains("tier: hot"), "{text}");
    demo.site.write(vars, text.replace("tier: hot", "tier: warm"));
    let changed = demo.run(&[]);
    changed.ends_with(0);
    let data = DATA.map(str::to_owned).to_vec();
    assert_eq!(
        changed.changes(),
        [
            "Make a folder for this backup",
            "Back up the configuration and the unit",
            "Configure Elasticsearch",
            "restart elasticsearch",
        ]
        .map(|task| (format!("elasticsearch : {task}"), data.clone())),
        "{changed}"
    );
}

fn dry_runs_predict_changes_on_fresh_hosts(hosts: &Hosts, demo: &Demo) {
    dry_runs::change_nothing(hosts, &demo.site, &[], String::new, || {
        let run = demo.run(&["--check", "--diff"]);
        run.ends_with(0).says(&["+cluster.name: demo", "+Description=Elasticsearch 8.15.3"]);
        for host in hosts.names() {
            assert!(run.recap(host).contains("changed="), "{run}");
        }
        for playbook in ["check", "rolling-restart", "upgrade", "scale-out", "rollback", "heal"] {
            demo.play(&format!("elasticsearch-{playbook}"), &["--check"]).ends_with(0);
        }
    });
}

/// What a node answers to a GET, as its bytes come.
pub fn ask(address: &str, path: &str) -> String {
    request(address, "GET", path, "").expect("the node answers")
}

/// What a node answers; none if it cannot be reached.
pub fn request(address: &str, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((address, 9200))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
