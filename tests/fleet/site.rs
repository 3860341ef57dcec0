//! A folder with an inventory of some hosts and the files of one test.

use std::{fmt::Write, fs, path::Path, time::Duration};

use tempfile::TempDir;

use super::{
    hosts::{self, Hosts},
    run::{Finished, Running},
};

/// The password of the fleet's user `ops`.
pub const PASSWORD: &str = "ops-secret";

/// Variables that log in as `ops` with the password.
pub const OPS: &str = "ansible_user: ops\nansible_password: ops-secret\n";

/// Tasks that say who runs them: `is root`.
pub const WHO: &str = "- command: id -un\n  register: who\n- debug: msg=\"is {{ who.stdout }}\"\n";

/// No run of these tests takes longer, however slow the machine.
const LIMIT: Duration = Duration::from_mins(2);

/// Packages on several hosts, or ten restarts one after the other.
const LONG_LIMIT: Duration = Duration::from_mins(4);

/// The folder; it is removed at the end.
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// An inventory `hosts.ini` of the hosts, which log in as `admin` with the fleet's key.
    pub fn new(hosts: &Hosts) -> Self {
        let site = Self::empty();
        let mut inventory = String::new();
        for name in hosts.names() {
            let _ = writeln!(inventory, "{name} ansible_host={}", hosts.address(name));
        }
        site.write("hosts.ini", &inventory);
        let fleet = hosts::folder();
        let fleet = fleet.display();
        site.write(
            "group_vars/all.yml",
            format!(
                "ansible_user: admin\nansible_ssh_private_key_file: {fleet}/id_ed25519\n\
                 ansible_ssh_common_args: -o UserKnownHostsFile={fleet}/known_hosts\n"
            ),
        );
        site
    }

    /// Nothing in it.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and the folders it is in.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        let parent = path.parent().expect("a file is in a folder");
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, content)).expect("a temporary folder can be written");
    }

    /// Copies a folder of the repository, with all below it.
    pub fn copy(&self, folder: &str) {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the folder is there") {
            let entry = entry.expect("the folder can be read");
            let name = format!("{folder}/{}", entry.file_name().display());
            if entry.path().is_dir() {
                self.copy(&name);
            } else {
                self.write(&name, fs::read(entry.path()).expect("the file can be read"));
            }
        }
    }

    /// Gives the demo's hosts in a copied inventory the addresses that they have in this fleet.
    pub fn readdress(&self, inventory: &str) {
        let path = self.path().join(inventory);
        let text = fs::read_to_string(&path).expect("it was copied");
        let network = hosts::controller();
        let network = network.strip_suffix(".1").expect("the controller has the first address");
        self.write(inventory, text.replace("10.77.0.", &format!("{network}.")));
    }

    /// Variables of one host, which go before those of all.
    pub fn host_vars(&self, host: &str, vars: &str) {
        self.write(&format!("host_vars/{host}.yml"), vars);
    }

    /// Writes `play.yml`: a play on all hosts with no facts and these tasks, written from column 0.
    pub fn tasks(&self, tasks: &str) {
        let mut play = String::from("- hosts: all\n  gather_facts: no\n  tasks:\n");
        for line in tasks.lines() {
            let _ = writeln!(play, "  {line}");
        }
        self.write("play.yml", play);
    }

    /// Runs `sutler playbook -i hosts.ini play.yml` with further arguments.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).finish(LIMIT)
    }

    /// Begins to run it.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut all = vec!["playbook", "-i", "hosts.ini", "play.yml"];
        all.extend(arguments);
        Running::start(self.path(), &all)
    }

    /// Runs it without a terminal, with `input` on its standard input.
    pub fn pipe(&self, input: &str, arguments: &[&str]) -> Finished {
        self.write("input", input);
        let input = fs::File::open(self.path().join("input")).expect("it was just written");
        let mut all = vec!["playbook", "-i", "hosts.ini", "play.yml"];
        all.extend(arguments);
        Running::start_without_terminal(self.path(), &all, input.into()).finish(LIMIT)
    }

    /// Runs one of the copied playbooks that install and restart.
    pub fn play(&self, inventory: &str, playbook: &str, arguments: &[&str]) -> Finished {
        let playbook = format!("playbooks/{playbook}.yml");
        let mut all = vec!["playbook", "-i", inventory, &playbook];
        all.extend(arguments);
        Running::start(self.path(), &all).finish(LONG_LIMIT)
    }

    /// Runs sutler in the folder with these arguments and no others.
    pub fn sutler(&self, arguments: &[&str]) -> Finished {
        Running::start(self.path(), arguments).finish(LIMIT)
    }
}
