//! The Elasticsearch playbook on six hosts, with the demo's stand-in.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::symlink,
    path::Path,
};

use super::{
    downloads::Downloads,
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
        for folder in ["inventories/demo", "inventories/demo/group_vars", "playbooks", "templates"] {
            for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the demo is there") {
                let entry = entry.expect("the demo can be read");
                if entry.path().is_file() {
                    let text = fs::read_to_string(entry.path()).expect("the demo can be read");
                    let name = entry.file_name();
                    site.write(&format!("{folder}/{}", name.display()), text.replace("10.77.0.", "10.77.9."));
                }
            }
        }
        symlink(hosts::folder(), site.path().join(".fleet")).expect("a temporary folder can be written");
        Self { site, downloads: Downloads::stand_in() }
    }

    /// Runs the playbook.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let url = format!("es_download_url={}", self.downloads.url("").trim_end_matches('/'));
        let mut all = vec!["playbook", "-i", "inventories/demo/", "playbooks/elasticsearch.yml", "-e", &url];
        all.extend(arguments);
        self.site.sutler(&all)
    }
}

#[test]
fn one_command_makes_a_cluster_and_a_second_one_changes_nothing() {
    let hosts = Hosts::boot(&[MASTERS, DATA].concat());
    let demo = Demo::copy();

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
        [("Configure Elasticsearch".to_owned(), data.clone()), ("restart elasticsearch".to_owned(), data)],
        "{changed}"
    );
}

/// An HTTP answer, as its bytes come.
fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect((address, 9200)).expect("the node listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the node reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the node answers in text");
    answer
}
