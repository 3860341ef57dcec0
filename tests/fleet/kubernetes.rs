//! The playbooks of Kubernetes: hosts made ready for real, and a cluster of stand-ins.
//!
//! kubeadm, kubelet and kubectl are those of `tests/fleet/kubernetes`. The kernel is the
//! controller's: its modules are told to be built in, and nothing is swapped to.

use std::{fs, process::Command};

use super::{dry_runs, hosts::Hosts, run::Finished, site::Site};

const THREE: [&str; 3] = ["kube-1", "kube-2", "kube-3"];
const FIVE: [&str; 5] = ["kube-1", "kube-2", "kube-3", "kube-5", "kube-6"];
const ALL: [&str; 6] = ["kube-1", "kube-2", "kube-3", "kube-4", "kube-5", "kube-6"];

/// What is broken by hand, and the tasks that mend it.
const EFFECTS: [(&str, &[&str]); 33] = [
    ("printf '/swapfile none swap sw 0 0\\n' >>/etc/fstab", &[KEEP_SWAP_OFF]),
    ("printf '\\t/dev/sdb2\\tnone\\tswap' >>/etc/fstab", &[KEEP_SWAP_OFF]),
    ("dpkg --purge --force-depends conntrack", &[INSTALL_TOOLS]),
    ("dpkg --purge --force-depends ebtables", &[INSTALL_TOOLS]),
    ("dpkg --purge --force-depends ethtool", &[INSTALL_TOOLS]),
    ("dpkg --purge --force-depends iptables", &[INSTALL_TOOLS]),
    ("dpkg --purge --force-depends kmod", &[INSTALL_TOOLS]),
    ("dpkg --purge --force-depends socat", &[INSTALL_TOOLS]),
    ("rm /etc/modules-load.d/overlay.conf", &[LOAD_MODULES]),
    ("rm /etc/modules-load.d/br_netfilter.conf", &[LOAD_MODULES]),
    ("sysctl --quiet --write net.ipv4.ip_forward=0", &[SET_PARAMETERS]),
    ("sysctl --quiet --write net.bridge.bridge-nf-call-iptables=0", &[SET_PARAMETERS]),
    ("sysctl --quiet --write net.bridge.bridge-nf-call-ip6tables=0", &[SET_PARAMETERS]),
    ("sed -i '/ip6tables/d; /ip_forward/d' /etc/sysctl.d/99-kubernetes.conf", &[SET_PARAMETERS]),
    ("rm /etc/sysctl.d/99-kubernetes.conf", &[SET_PARAMETERS]),
    ("dpkg --purge --force-depends runc", &["Install containerd"]),
    (
        "rm -r /etc/containerd",
        &["Create the folder of containerd's settings", CONFIGURE_CONTAINERD, RESTART_CONTAINERD],
    ),
    (
        "sed -i 's/SystemdCgroup = true/SystemdCgroup = false/' /etc/containerd/config.toml",
        &[CONFIGURE_CONTAINERD, RESTART_CONTAINERD],
    ),
    ("chmod 0600 /etc/containerd/config.toml", &[CONFIGURE_CONTAINERD, RESTART_CONTAINERD]),
    ("systemctl stop containerd", &["Start containerd now and at boot"]),
    ("systemctl --quiet disable containerd", &["Start containerd now and at boot"]),
    ("rm /etc/crictl.yaml", &["Tell crictl where containerd is"]),
    ("chmod 0600 /etc/crictl.yaml", &["Tell crictl where containerd is"]),
    ("rm /etc/apt/keyrings/kubernetes.asc", &[INSTALL_KEY, READ_LISTS]),
    ("echo another >/etc/apt/keyrings/kubernetes.asc", &[INSTALL_KEY, READ_LISTS]),
    ("rm /etc/apt/sources.list.d/kubernetes.sources", &["Add the repository", READ_LISTS]),
    ("rm /etc/apt/preferences.d/kubernetes", &["Pin the version"]),
    ("dpkg --purge --force-hold kubeadm", &["Install Kubernetes", "Hold Kubernetes"]),
    ("dpkg --purge --force-hold --force-depends kubectl", &["Install Kubernetes", "Hold Kubernetes"]),
    ("dpkg --purge --force-hold --force-depends kubelet", &["Install Kubernetes", "Hold Kubernetes"]),
    ("apt-mark unhold kubeadm kubectl kubelet", &["Hold Kubernetes"]),
    ("systemctl stop kubelet", &[START_KUBELET]),
    ("systemctl --quiet disable kubelet", &[START_KUBELET]),
];
const KEEP_SWAP_OFF: &str = "Keep swap off after a restart";
const INSTALL_TOOLS: &str = "Install what the kernel's modules are loaded with, and what kubeadm looks for";
const LOAD_MODULES: &str = "Load the kernel's modules now and at boot";
const SET_PARAMETERS: &str = "Set the kernel's parameters now and at boot";
const CONFIGURE_CONTAINERD: &str = "Configure containerd with the cgroup driver of systemd";
const RESTART_CONTAINERD: &str = "Restart containerd";
const INSTALL_KEY: &str = "Install the repository's signing key";
const READ_LISTS: &str = "Read the repository's lists";
const START_KUBELET: &str = "Start the kubelet now and at boot";

struct Cluster {
    hosts: Hosts,
    site: Site,
}

impl Cluster {
    fn boot() -> Self {
        let hosts = Hosts::boot_with_packages(&ALL);
        let site = Site::new(&hosts);
        site.copy("playbooks");
        site.copy("inventories/kubernetes/group_vars");
        let packages = site.path().join("packages");
        let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fleet/kubernetes/pack");
        let packed = Command::new(pack).arg(&packages).args(["1.31.4", "1.32.1"]).status();
        assert!(packed.expect("bash is there").success(), "the stand-ins cannot be packed");
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("Linux has it");
        for host in ALL {
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

    /// From now on these are the hosts.
    fn inventory(&self, control_planes: &[&str], workers: &[&str]) {
        let hosts = |names: &[&str]| -> String {
            { names.iter() }.map(|name| format!("{name} ansible_host={}\n", self.hosts.address(name))).collect()
        };
        let inventory = format!(
            "[kubernetes_control_planes]\n{}[kubernetes_workers]\n{}\
             [kubernetes:children]\nkubernetes_control_planes\nkubernetes_workers\n",
            hosts(control_planes),
            hosts(workers),
        );
        self.site.write("inventories/kubernetes/hosts.ini", inventory);
    }

    fn run(&self, playbook: &str, arguments: &[&str]) -> Finished {
        self.site.play("inventories/kubernetes/", &format!("kubernetes-{playbook}"), arguments)
    }

    fn dry_runs_change_nothing(&self, runs: &[(&str, &[&str])]) {
        let busy = ["/var/lib/kubernetes-standin", "/var/lib/containerd"];
        let state = "cd /var/lib/kubernetes-standin 2>/dev/null && ls tokens keys && find nodes ! -name seen && cat nodes/*/version; true";
        dry_runs::change_nothing(
            &self.hosts,
            &self.site,
            &busy,
            || self.hosts.shell("kube-1", state),
            || {
                for (playbook, arguments) in runs {
                    self.run(playbook, &[&["--check"], *arguments].concat()).ends_with(0);
                }
            },
        );
    }

    /// No token and no key that was ever made is in what was printed, nor in a log of any host.
    fn shows_no_secret(&self, printed: &str) {
        let folder = "/var/lib/kubernetes-standin";
        let secrets = self.hosts.shell("kube-1", &format!("ls {folder}/tokens {folder}/keys | grep -v -e : -e '^$'"));
        assert!(secrets.lines().count() >= 2, "{secrets}");
        for secret in secrets.lines() {
            assert!(!printed.contains(secret), "it says `{secret}`\n{printed}");
        }
        for host in ALL {
            let logs =
                "{ journalctl --no-pager --output=export; cat /var/log/*.log 2>/dev/null; } | grep -F -f /root/secrets";
            self.hosts.shell(host, &format!("cat >/root/secrets <<'E'\n{secrets}E\n! {logs} && rm /root/secrets"));
        }
    }

    /// Hosts that have what administers the cluster.
    fn control_planes(&self) -> Vec<&str> {
        let has = |host: &&str| self.hosts.shell(host, "ls /etc/kubernetes 2>/dev/null; true").contains("admin.conf");
        ALL.into_iter().filter(has).collect()
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
    cluster.inventory(&THREE, &[]);

    cluster.dry_runs_change_nothing(&[("node", &[]), ("cluster", &[])]);
    cluster.run("node", &[]).ends_with(0);
    cluster.run("node", &[]).changed_nothing();
    each_effect_is_mended_and_nothing_else(&cluster);

    cluster.shows_no_secret(&cluster.run("cluster", &["-vvvv", "--diff"]).ends_with(0).to_string());
    cluster.run("cluster", &[]).changed_nothing();
    a_new_node_joins(&cluster);
    cluster.run("node", &["--check"]).changed_nothing();
    cluster.run("cluster", &["--check"]).changed_nothing();
    cluster.dry_runs_change_nothing(&[
        ("node", &[]),
        ("cluster", &[]),
        ("cluster", &["-e", "kubernetes_version=1.32.1"]),
    ]);
    only_the_next_version_is_taken(&cluster);
    an_upgrade_stops_at_a_node_that_does_not_come_through(&cluster);
    control_planes_join_later(&cluster);
}

fn each_effect_is_mended_and_nothing_else(cluster: &Cluster) {
    // Notes of dpkg, apt and containerd, and lines that were added and are comments now.
    let apart = ["/var/lib/dpkg", "/var/lib/apt", "/var/lib/containerd", "/var/cache", "/etc/fstab"];
    let before = cluster.hosts.snapshot_without("kube-2", &apart);
    for (broken, tasks) in EFFECTS {
        cluster.hosts.shell("kube-2", broken);
        let run = cluster.run("node", &[]);
        let expected: Vec<_> =
            tasks.iter().map(|task| (format!("kubernetes : {task}"), vec!["kube-2".to_owned()])).collect();
        assert_eq!(run.ends_with(0).changes(), expected, "after {broken}\n{run}");
        let after = cluster.hosts.snapshot_without("kube-2", &apart);
        assert_eq!(dry_runs::differences(&before, &after), Vec::<String>::new(), "after {broken}\n{run}");
    }
    assert!(
        cluster
            .hosts
            .shell("kube-2", "cat /etc/fstab")
            .ends_with("# /swapfile none swap sw 0 0\n# \t/dev/sdb2\tnone\tswap")
    );
    cluster.run("node", &["--check"]).changed_nothing();
}

fn a_new_node_joins(cluster: &Cluster) {
    cluster.inventory(&THREE, &["kube-4"]);
    // Its token is too old as soon as it is made.
    let late = cluster.run("cluster", &["-vvvv", "--diff", "-e", "kubernetes_token_ttl=0m"]);
    cluster.shows_no_secret(&late.ends_with(2).to_string());
    assert!(late.recap("kube-4").contains("failed=1"), "{late}");

    let run = cluster.run("cluster", &["-vvvv", "--diff"]);
    let changes = run.ends_with(0).changes();
    assert!(changes.iter().all(|(_, hosts)| hosts.iter().all(|host| host.starts_with("kube-4"))), "{changes:?}");
    cluster.shows_no_secret(&run.to_string());
    assert!(cluster.node("kube-4").contains(r#""type":"Ready","status":"True""#));
    assert_eq!(cluster.control_planes(), THREE);
}

fn only_the_next_version_is_taken(cluster: &Cluster) {
    for version in ["1.30.9", "1.33.0"] {
        let refused = cluster.run("cluster", &["-e", &format!("kubernetes_version={version}")]);
        refused
            .ends_with(2)
            .says(&["kube-1 runs 1.31.4. kubernetes_version may be that, or newer, by one minor version"]);
        assert_eq!(refused.changes(), [], "{refused}");
    }
}

fn control_planes_join_later(cluster: &Cluster) {
    cluster.inventory(&FIVE, &["kube-4"]);
    let version = ["-vvvv", "--diff", "-e", "kubernetes_version=1.32.1"];
    let run = cluster.run("cluster", &version);
    cluster.shows_no_secret(&run.ends_with(0).to_string());
    assert_eq!(cluster.control_planes(), FIVE);
    cluster.run("cluster", &version).changed_nothing();
}

fn an_upgrade_stops_at_a_node_that_does_not_come_through(cluster: &Cluster) {
    let folder = "/etc/systemd/system/kubelet.service.d";
    let broken =
        format!("mkdir {folder}; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >{folder}/broken.conf");
    cluster.hosts.shell("kube-3", &broken);
    let upgrade = ["-e", "kubernetes_version=1.32.1", "-e", "kubernetes_gate_retries=5"];
    // Pods of the node before that one have to stay, for a while.
    let budget = "/var/lib/kubernetes-standin/nodes/kube-2/budget";
    cluster.hosts.shell("kube-1", &format!("touch {budget}"));
    let held = cluster.run("cluster", &upgrade);
    held.ends_with(2).says(&["cannot evict pod as it would violate the pod's disruption budget"]);
    let told = cluster.node("kube-2");
    assert!(told.contains(r#""kubeletVersion":"v1.31.4""#) && told.contains(r#""unschedulable":true"#), "{told}");
    cluster.hosts.shell("kube-1", &format!("rm {budget}"));
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
    for node in &ALL[..4] {
        let told = cluster.node(node);
        assert!(told.contains(r#""kubeletVersion":"v1.32.1""#) && told.contains(r#""unschedulable":false"#), "{told}");
    }
}
