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
    let incomplete = demo.run(&["-e", "es_cluster_name="]);
    incomplete.ends_with(2).says(&["`es_cluster_name` is not set"]);
    assert!(hosts.names().all(|host| incomplete.recap(host) == "failed=1"), "nothing is done before: {incomplete}");
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

/// The first play says what is missing, and connects nowhere; the second would connect.
#[test]
fn each_environment_has_what_is_required() {
    let site = Site::empty();
    site.copy("playbooks");
    for (environment, nodes) in [("dev", 1), ("staging", 3), ("prod", 6)] {
        site.copy(&format!("inventories/{environment}"));
        let inventory = format!("inventories/{environment}/");
        let nowhere = ["-e", "ansible_host=127.0.0.1 ansible_port=1"];
        let run = site.play(&inventory, "elasticsearch-check", &nowhere);
        let recap = run.ends_with(4).stdout.rsplit_once("PLAY RECAP ").expect("it has one").1;
        assert_eq!(recap.matches(" : ok=3 ").count(), nodes, "{run}");
        assert_eq!(recap.matches(&format!(".{environment}.")).count(), nodes, "{run}");

        let masters =
            site.play(&inventory, "elasticsearch-check", &[&nowhere[..], &["-e", "es_min_masters=7"]].concat());
        masters.ends_with(2).says(&[&format!("{environment} has "), "it needs an odd number of masters, 7 or more"]);
    }
}

/// As in the inventories staging and dev: every host is a master and a data node, and there is one host alone.
#[test]
fn clusters_whose_hosts_are_all_things_are_rolled_too() {
    let hosts = Hosts::boot(&MASTERS);
    let demo = Demo::copy();
    for nodes in [&MASTERS[..1], &MASTERS[..]] {
        let lines: String =
            { nodes.iter() }.map(|name| format!("{name} ansible_host={}\n", hosts.address(name))).collect();
        let inventory =
            format!("[es_masters]\n{lines}[es_data]\n{lines}[elasticsearch:children]\nes_masters\nes_data\n");
        demo.site.write("inventories/demo/hosts.ini", inventory);
        let name = format!("es_cluster_name=demo-{}", nodes.len());
        let arguments = ["-e", &name, "-e", r#"{"es_min_masters": 1, "es_min_data": 1}"#];
        demo.play("elasticsearch", &arguments).ends_with(0);
        demo.play("elasticsearch", &arguments).changed_nothing();
        let roll = demo.play("elasticsearch-rolling-restart", &arguments);
        assert_eq!(
            roll.ends_with(0).stdout.matches("TASK [elasticsearch : Stop the node]").count(),
            nodes.len(),
            "{roll}"
        );
        let health = ask(&hosts.address(nodes[0]), "/_cluster/health");
        let whole = format!(r#""number_of_nodes":{}"#, nodes.len());
        assert!(health.contains(r#""status":"green""#) && health.contains(&whole), "{health}");
        for node in nodes {
            hosts.shell(
                node,
                "systemctl stop elasticsearch; rm -r /var/lib/elasticsearch /etc/systemd/system/elasticsearch.service",
            );
        }
    }
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
