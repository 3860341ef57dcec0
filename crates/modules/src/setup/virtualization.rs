//! Whether the host is a virtual machine or a container, or runs such guests itself.

use std::collections::BTreeSet;

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// What was found so far; the first guest technology names the type.
#[derive(Default)]
struct Found {
    kind: Option<(&'static str, &'static str)>,
    guest: BTreeSet<&'static str>,
    host: BTreeSet<&'static str>,
}

impl Found {
    fn guest(&mut self, kind: &'static str) {
        self.guest.insert(kind);
        self.kind.get_or_insert((kind, "guest"));
    }

    fn host(&mut self, kind: &'static str) {
        self.host.insert(kind);
        self.kind.get_or_insert((kind, "host"));
    }
}

/// `virtualization_type`, `_role`, and every technology that was recognised.
pub fn collect(host: &Host) -> Fields {
    let mut found = Found::default();
    containers(host, &mut found);
    machines(host, &mut found);
    firmware(host, &mut found);
    processor(host, &mut found);
    hosts(host, &mut found);
    let (kind, role) = found.kind.unwrap_or(("NA", "NA"));
    let mut facts = Fields::new();
    facts.insert("virtualization_type".into(), json!(kind));
    facts.insert("virtualization_role".into(), json!(role));
    facts.insert("virtualization_tech_guest".into(), json!(found.guest));
    facts.insert("virtualization_tech_host".into(), json!(found.host));
    facts
}

fn containers(host: &Host, found: &mut Found) {
    let cgroups = host.text("/proc/1/cgroup").unwrap_or_default();
    let has = |mark: &str| cgroups.lines().any(|line| line.contains(mark));
    if has("/docker/") || has("/docker-") || host.exists("/.dockerenv") || host.exists("/.dockerinit") {
        found.guest("docker");
        found.guest.insert("container");
    }
    if has("/lxc/") || has("/machine.slice/machine-lxc") {
        found.guest("lxc");
        found.guest.insert("container");
    }
    if has("/system.slice/containerd.service") {
        found.guest("containerd");
    }
    let environment = host.text("/proc/1/environ").unwrap_or_default();
    for variable in environment.split('\0') {
        let Some(value) = variable.strip_prefix("container=") else { continue };
        match value {
            "lxc" | "lxc-libvirt" => found.guest("lxc"),
            "podman" => found.guest("podman"),
            _ => found.guest("container"),
        }
        found.guest.insert("container");
    }
    if host.exists("/proc/vz") && !host.exists("/proc/lve") {
        if host.exists("/proc/bc") { found.host("openvz") } else { found.guest("openvz") }
    }
    match host.text("/run/systemd/container").as_deref() {
        Some("systemd-nspawn") => {
            found.guest("systemd-nspawn");
            found.guest.insert("container");
        }
        Some("podman") => found.guest("podman"),
        _ => {}
    }
}

fn machines(host: &Host, found: &mut Found) {
    if host.exists("/proc/xen") {
        let is_host = host.text("/proc/xen/capabilities").is_some_and(|text| text.contains("control_d"));
        if is_host { found.host("xen") } else { found.guest("xen") }
    }
    for line in host.lines("/proc/self/status") {
        if let Some(context) = line.strip_prefix("VxID:").or_else(|| line.strip_prefix("s_context:")) {
            if context.trim() == "0" { found.host("linux_vserver") } else { found.guest("linux_vserver") }
        }
    }
}

fn firmware(host: &Host, found: &mut Found) {
    let read = |file: &str| host.text(format!("/sys/devices/virtual/dmi/id/{file}")).unwrap_or_default();
    let (product, bios, system) = (read("product_name"), read("bios_vendor"), read("sys_vendor"));
    let (family, board) = (read("product_family"), read("board_vendor"));
    if matches!(product.as_str(), "KVM" | "KVM Server" | "Bochs" | "AHV") || system == "QEMU" && bios != "Amazon EC2" {
        found.guest("kvm");
    } else if matches!(family.as_str(), "RHV" | "oVirt Node") || product == "RHEV Hypervisor" || product == "oVirt" {
        found.guest(if product == "RHEV Hypervisor" || family == "RHV" { "RHEV" } else { "oVirt" });
    } else if matches!(product.as_str(), "VMware Virtual Platform" | "VMware7,1" | "VMware20,1") {
        found.guest("VMware");
    } else if matches!(product.as_str(), "OpenStack Compute" | "OpenStack Nova") {
        found.guest("openstack");
    } else if bios == "Xen" {
        found.guest("xen");
    } else if bios == "innotek GmbH" {
        found.guest("virtualbox");
    } else if matches!(bios.as_str(), "Amazon EC2" | "DigitalOcean" | "Hetzner" | "Nutanix" | "Linode") {
        found.guest("kvm");
    } else if bios == "BHYVE" {
        found.guest("bhyve");
    } else if matches!(
        system.as_str(),
        "KubeVirt" | "Google" | "DigitalOcean" | "Hetzner" | "Nutanix" | "oVirt" | "Red Hat" | "Amazon EC2"
    ) || system.starts_with("Scaleway") && !product.is_empty()
    {
        found.guest("kvm");
    } else if system == "Microsoft Corporation" && product == "Virtual Machine" {
        found.guest("VirtualPC");
    } else if system == "Parallels Software International Inc." || board == "Parallels" {
        found.guest("parallels");
    }
}

fn processor(host: &Host, found: &mut Found) {
    for line in host.lines("/proc/cpuinfo") {
        let Some((key, value)) = line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else { continue };
        match (key, value) {
            ("model name", name) if name.contains("QEMU Virtual CPU") => found.guest("kvm"),
            ("vendor_id", "User Mode Linux") | ("model name", "UML") => found.guest("uml"),
            ("machine", name) if name.contains("CHRP IBM pSeries (emulated by qemu)") => found.guest("kvm"),
            ("vendor_id", "PowerVM Lx86") => found.guest("powervm_lx86"),
            ("vendor_id", "IBM/S390") => found.guest("PR/SM"),
            _ => {}
        }
    }
}

fn hosts(host: &Host, found: &mut Found) {
    let modules = host.lines("/proc/modules");
    let loaded = |name: &str| modules.iter().any(|line| line.split(' ').next() == Some(name));
    if loaded("kvm") || host.exists("/dev/kvm") {
        found.host("kvm");
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
    if loaded("virtio") {
        found.guest("kvm");
    }
}
