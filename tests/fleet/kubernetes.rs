//! The playbooks of Kubernetes: hosts made ready for real, and a cluster of stand-ins.
//!
//! kubeadm, kubelet and kubectl are those of `tests/fleet/kubernetes`. The kernel is the
//! controller's: its modules are told to be built in, and nothing is swapped to.

use std::{fmt::Write, fs, process::Command};

use super::{hosts::Hosts, run::Finished, site::Site};

const THREE: [&str; 3] = ["kube-1", "kube-2", "kube-3"];
const FOUR: [&str; 4] = ["kube-1", "kube-2", "kube-3", "kube-4"];

/// What is broken by hand, and the tasks that mend it.
const EFFECTS: [(&str, &[&str]); 15] = [
    ("printf '/swapfile none swap sw 0 0\\n' >>/etc/fstab", &["Keep swap off after a restart"]),
    (
        "dpkg --purge --force-depends conntrack",
        &["Install what the kernel's modules are loaded with, and what kubeadm looks for"],
    ),
    ("rm /etc/modules-load.d/br_netfilter.conf", &["Load the kernel's modules now and at boot"]),
    ("sysctl --quiet --write net.ipv4.ip_forward=0", &["Set the kernel's parameters now and at boot"]),
    ("sed -i /ip6tables/d /etc/sysctl.d/99-kubernetes.conf", &["Set the kernel's parameters now and at boot"]),
    (
        "sed -i 's/SystemdCgroup = true/SystemdCgroup = false/' /etc/containerd/config.toml",
        &["Configure containerd with the cgroup driver of systemd", "Restart containerd"],
    ),
    ("systemctl stop containerd", &["Start containerd now and at boot"]),
    ("systemctl --quiet disable containerd", &["Start containerd now and at boot"]),
    ("rm /etc/crictl.yaml", &["Tell crictl where containerd is"]),
    ("rm /etc/apt/keyrings/kubernetes.asc", &["Install the repository's signing key", "Read the repository's lists"]),
    ("rm /etc/apt/preferences.d/kubernetes", &["Pin the version"]),
    ("dpkg --purge --force-hold kubeadm", &["Install Kubernetes", "Hold Kubernetes"]),
    ("apt-mark unhold kubelet", &["Hold Kubernetes"]),
    ("rm /etc/apt/sources.list.d/kubernetes.sources", &["Add the repository", "Read the repository's lists"]),
    ("systemctl --quiet disable kubelet", &["Start the kubelet now and at boot"]),
];

struct Cluster {
    hosts: Hosts,
    site: Site,
}

impl Cluster {
    fn boot() -> Self {
        let hosts = Hosts::boot_with_packages(&FOUR);
        let site = Site::new(&hosts);
        site.copy("playbooks");
        site.copy("inventories/kubernetes/group_vars");
        let packages = site.path().join("packages");
        let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fleet/kubernetes/pack");
        let packed = Command::new(pack).arg(&packages).args(["1.31.4", "1.32.1"]).status();
        assert!(packed.expect("bash is there").success(), "the stand-ins cannot be packed");
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("Linux has it");
        for host in FOUR {
            let root = hosts.root(host);
            let copied = Command::new("cp").arg("-r").arg(&packages).arg(root.join("srv/kubernetes")).status();
            assert!(copied.expect("cp is there").success(), "the stand-ins cannot be copied");
            let modules = root.join("lib/modules").join(release.trim());
            fs::create_dir_all(&modules).expect("root can write there");
            fs::write(modules.join("modules.builtin"), "kernel/overlay.ko\nkernel/br_netfilter.ko\n")
                .expect("root can write there");
        }
        let vars = fs::read_to_string(site.path().join("group_vars/all.yml")).expect("the site has it");
        let key =
            "{{ lookup('file', playbook_dir ~ '/../packages/v1.31/deb/Release.key', rstrip=false) | hash('sha256') }}";
        site.write(
            "inventories/kubernetes/group_vars/all.yml",
            format!(
                "{vars}kubernetes_repository: file:///srv/kubernetes/v{{{{ kubernetes_minor }}}}/deb/\n\
                 kubernetes_repository_key_checksum: \"sha256:{key}\"\n\
                 kubernetes_network_manifest: https://network.example/pods.yaml\n"
            ),
        );
        Self { hosts, site }
    }

    /// From now on these are the hosts; the first three are control planes.
    fn inventory(&self, names: &[&str]) {
        let mut inventory = "[kubernetes_control_planes]\n".to_owned();
        for (number, name) in names.iter().enumerate() {
            let _ = writeln!(inventory, "{name} ansible_host={}", self.hosts.address(name));
            if number == 2 {
                inventory.push_str("[kubernetes_workers]\n");
            }
        }
        inventory.push_str("[kubernetes:children]\nkubernetes_control_planes\nkubernetes_workers\n");
        self.site.write("inventories/kubernetes/hosts.ini", inventory);
    }

    fn run(&self, playbook: &str, arguments: &[&str]) -> Finished {
        self.site.play("inventories/kubernetes/", &format!("kubernetes-{playbook}"), arguments)
    }

    /// What kubectl tells of a node.
    fn node(&self, name: &str) -> String {
        let kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf get node";
        self.hosts.shell("kube-1", &format!("{kubectl} {name} --output json"))
    }
}

#[test]
fn bare_hosts_become_nodes_are_mended_and_upgraded_one_at_a_time() {
    let cluster = Cluster::boot();
    cluster.inventory(&THREE);

    let before = cluster.hosts.snapshot("kube-2");
    cluster.run("cluster", &["--check"]).ends_with(0);
    let after = cluster.hosts.snapshot("kube-2");
    let written: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
    assert!(before == after, "a dry run wrote {written:?}");

    cluster.run("node", &[]).ends_with(0);
    cluster.run("node", &[]).changed_nothing();
    each_effect_is_mended_and_nothing_else(&cluster);

    cluster.run("cluster", &[]).ends_with(0);
    cluster.run("cluster", &[]).changed_nothing();
    cluster.run("cluster", &["--check"]).changed_nothing();
    a_new_node_joins_and_no_secret_is_shown(&cluster);
    an_upgrade_stops_at_the_node_that_does_not_come_back(&cluster);
}

fn each_effect_is_mended_and_nothing_else(cluster: &Cluster) {
    for (broken, tasks) in EFFECTS {
        cluster.hosts.shell("kube-2", broken);
        let run = cluster.run("node", &[]);
        let expected: Vec<_> =
            tasks.iter().map(|task| (format!("kubernetes : {task}"), vec!["kube-2".to_owned()])).collect();
        assert_eq!(run.ends_with(0).changes(), expected, "after {broken}\n{run}");
    }
    cluster.run("node", &["--check"]).changed_nothing();
}

fn a_new_node_joins_and_no_secret_is_shown(cluster: &Cluster) {
    cluster.inventory(&FOUR);
    let run = cluster.run("cluster", &["-vvv"]);
    let changes = run.ends_with(0).changes();
    assert!(changes.iter().all(|(_, hosts)| hosts.iter().all(|host| host.starts_with("kube-4"))), "{changes:?}");
    for secret in cluster.hosts.shell("kube-1", "ls /var/lib/kubernetes-standin/tokens").lines() {
        run.never_says(secret);
    }
    assert!(cluster.node("kube-4").contains(r#""type":"Ready","status":"True""#));
    let planes = FOUR.map(|node| cluster.hosts.shell(node, "ls /etc/kubernetes").contains("admin.conf"));
    assert_eq!(planes, [true, true, true, false]);
}

fn an_upgrade_stops_at_the_node_that_does_not_come_back(cluster: &Cluster) {
    let folder = "/etc/systemd/system/kubelet.service.d";
    let broken =
        format!("mkdir {folder}; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >{folder}/broken.conf");
    cluster.hosts.shell("kube-3", &broken);
    let upgrade = ["-e", "kubernetes_version=1.32.1", "-e", "kubernetes_gate_retries=5"];
    let run = cluster.run("cluster", &upgrade);
    run.ends_with(2).says(&["Wait until the node is ready with the new version"]);
    assert!(run.recap("kube-3").contains("failed=1"), "{run}");
    for (node, version, cordoned) in
        [("kube-2", "v1.32.1", false), ("kube-3", "v1.31.4", true), ("kube-4", "v1.31.4", false)]
    {
        let told = cluster.node(node);
        let expected = [format!(r#""kubeletVersion":"{version}""#), format!(r#""unschedulable":{cordoned}"#)];
        assert!(expected.iter().all(|text| told.contains(text)), "{node}: {told}");
    }

    cluster.hosts.shell("kube-3", &format!("rm -r {folder}; systemctl daemon-reload; systemctl restart kubelet"));
    cluster.run("cluster", &upgrade[..2]).ends_with(0);
    cluster.run("cluster", &upgrade[..2]).changed_nothing();
    for node in FOUR {
        let told = cluster.node(node);
        assert!(told.contains(r#""kubeletVersion":"v1.32.1""#) && told.contains(r#""unschedulable":false"#), "{told}");
    }
}
