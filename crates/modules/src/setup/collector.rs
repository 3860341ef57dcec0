//! The collectors, and how they are run: each in a thread of its own, for a limited time, so that
//! one that hangs or fails takes nothing from the others.

use std::{sync::mpsc::channel, thread, time::Instant};

use super::{
    date_time, devices, distribution, dmi, host::Host, interfaces, local, lvm, memory, mounts, package_program,
    platform, processor, python, security, service, session, ssh_keys, storage_names, virtualization,
};
use crate::kit::Fields;

/// Facts that are asked for under one name.
pub struct Collector {
    /// Its name in `gather_subset`.
    pub name: &'static str,
    /// The names of single facts that ask for it as well.
    pub facts: &'static [&'static str],
    /// The collectors whose facts come with it.
    pub with: &'static [&'static str],
    /// Part of `min`.
    pub is_minimal: bool,
    /// What it does; the parts run side by side.
    pub parts: &'static [fn(&Host) -> Fields],
}

const fn minimal(
    name: &'static str,
    facts: &'static [&'static str],
    parts: &'static [fn(&Host) -> Fields],
) -> Collector {
    Collector { name, facts, with: &[], is_minimal: true, parts }
}

const fn further(
    name: &'static str,
    facts: &'static [&'static str],
    with: &'static [&'static str],
    parts: &'static [fn(&Host) -> Fields],
) -> Collector {
    Collector { name, facts, with, is_minimal: false, parts }
}

/// Every collector; `facter` and `ohai` can be asked for and have nothing to say.
pub static COLLECTORS: &[Collector] = &[
    // Those that may start a program come first: the others run meanwhile.
    minimal("local", &[], &[local::collect]),
    minimal("python", &["python_version"], &[python::collect]),
    further("systemd", &[], &[], &[service::systemd]),
    further(
        "hardware",
        &["processor", "processor_cores", "processor_count", "mounts", "devices"],
        &["platform"],
        &[lvm::collect, mounts::collect, devices::collect, processor::collect, memory::collect, dmi::collect],
    ),
    further(
        "network",
        &["interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"],
        &["platform", "distribution"],
        &[interfaces::collect],
    ),
    minimal(
        "platform",
        &["system", "kernel", "kernel_version", "machine", "architecture", "machine_id"],
        &[platform::collect, platform::names],
    ),
    minimal(
        "distribution",
        &["distribution_version", "distribution_release", "distribution_major_version", "os_family"],
        &[distribution::collect],
    ),
    minimal("lsb", &[], &[distribution::lsb]),
    Collector { with: &["distribution"], ..minimal("pkg_mgr", &[], &[package_program::collect]) },
    Collector { with: &["platform", "distribution"], ..minimal("service_mgr", &[], &[service::collect]) },
    minimal("date_time", &[], &[date_time::collect]),
    minimal("env", &[], &[session::environment]),
    minimal(
        "user",
        &[
            "user_id",
            "user_uid",
            "user_gid",
            "user_gecos",
            "user_dir",
            "user_shell",
            "real_user_id",
            "effective_user_id",
            "effective_group_ids",
        ],
        &[session::user],
    ),
    minimal("dns", &[], &[interfaces::dns]),
    minimal("cmdline", &[], &[platform::command_line]),
    minimal("fips", &[], &[security::fips]),
    minimal("selinux", &[], &[security::selinux]),
    minimal("apparmor", &[], &[security::apparmor]),
    minimal("caps", &["system_capabilities", "system_capabilities_enforced"], &[security::capabilities]),
    minimal(
        "ssh_pub_keys",
        &[
            "ssh_host_pub_keys",
            "ssh_host_key_dsa_public",
            "ssh_host_key_rsa_public",
            "ssh_host_key_ecdsa_public",
            "ssh_host_key_ed25519_public",
        ],
        &[ssh_keys::collect],
    ),
    further(
        "virtual",
        &["virtualization_type", "virtualization_role", "virtualization_tech_guest", "virtualization_tech_host"],
        &[],
        &[virtualization::collect],
    ),
    further("chroot", &["is_chroot"], &[], &[security::chroot]),
    further("loadavg", &[], &[], &[memory::load]),
    further("iscsi", &[], &[], &[storage_names::iscsi]),
    further("nvme", &[], &[], &[storage_names::nvme]),
    further("fibre_channel_wwn", &[], &[], &[storage_names::fibre_channel]),
    further("facter", &[], &[], &[]),
    further("ohai", &[], &[], &[]),
];

/// The facts of the chosen collectors, as far as they were found in time.
pub fn collect(host: &Host, chosen: &[&'static Collector]) -> Fields {
    let deadline = Instant::now() + host.timeout;
    let (sender, found) = channel();
    for part in chosen.iter().flat_map(|collector| collector.parts) {
        let (host, sender) = (host.clone(), sender.clone());
        let work = move || {
            // Nobody listens any more when this took too long.
            let _ = sender.send(part(&host));
        };
        // A host that cannot start another thread still gets the other facts.
        let _ = thread::Builder::new().stack_size(512 << 10).spawn(work);
    }
    drop(sender);
    let mut facts = Fields::new();
    while let Ok(part) = found.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        facts.extend(part);
    }
    facts
}
