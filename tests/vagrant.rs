//! The machines of `vagrant/`, as far as that can be seen without them: the inventory has each with
//! its address, and the playbook's variables.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `sutler playbook -i vagrant/inventory.ini` with these arguments, and gives what it prints.
fn playbook(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sutler"));
    command.current_dir(root()).args(["playbook", "-i", "vagrant/inventory.ini"]).args(arguments).env("NO_COLOR", "1");
    let output = command.output().expect("sutler was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// The names and addresses in the Vagrantfile.
fn machines() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("vagrant/Vagrantfile")).expect("it is there");
    let pairs = text.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" => "));
    pairs.map(|(name, address)| (name.trim_matches('"').to_owned(), address.trim_matches('"').to_owned())).collect()
}

#[test]
fn the_playbook_takes_every_machine_and_no_other_host() {
    let listed = playbook(&["playbooks/elasticsearch.yml", "--list-hosts"]);
    let (_, hosts) = listed.rsplit_once("hosts (6):\n").expect("six hosts in the last play");
    let mut hosts: Vec<&str> = hosts.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    hosts.sort_unstable();
    assert_eq!(hosts, machines().keys().collect::<Vec<_>>());
}

#[test]
fn the_inventory_has_the_addresses_of_the_vagrantfile() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let play = folder.path().join("show.yml");
    let text = "- {hosts: all, gather_facts: no, tasks: [{debug: {msg: 'at {{ ansible_host }} {{ es_address }} in {{ ansible_ssh_common_args }}'}}]}\n";
    fs::write(&play, text).expect("a temporary folder can be written");
    let shown = playbook(&[play.to_str().expect("a temporary path is UTF-8")]);
    let known = root().join("vagrant/.vagrant/known_hosts");
    for (name, address) in machines() {
        let line = format!(
            "ok: [{name}] => {{\n    \"msg\": \"at {address} {address} in -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={}\"",
            known.display()
        );
        assert!(shown.contains(&line), "no `{line}` in {shown}");
    }
}

#[test]
fn the_playbook_has_nothing_to_warn_of() {
    playbook(&["playbooks/elasticsearch.yml", "--syntax-check", "--strict"]);
}
