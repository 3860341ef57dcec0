//! What confines processes on this host: capabilities, SELinux, `AppArmor`, FIPS mode, chroot.

use std::os::unix::fs::MetadataExt;

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// The kernel's capabilities by number (`man 7 capabilities`).
const CAPABILITIES: &[&str] = &[
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Whether the process lacks capabilities, and which it has, in the words of `capsh --print`.
pub fn capabilities(host: &Host) -> Fields {
    let lines = host.lines("/proc/self/status");
    let set = |name: &str| {
        let value = lines.iter().find_map(|line| line.strip_prefix(name));
        value.and_then(|value| u64::from_str_radix(value.trim(), 16).ok())
    };
    let (Some(effective), Some(inheritable), Some(permitted)) = (set("CapEff:"), set("CapInh:"), set("CapPrm:")) else {
        return Fields::new();
    };
    let last = host.number("/proc/sys/kernel/cap_last_cap").unwrap_or(40);
    let count = usize::try_from(last + 1).unwrap_or(CAPABILITIES.len());
    let text = capability_text(effective, inheritable, permitted, count);
    let mut facts = Fields::new();
    if text == "=ep" {
        facts.insert("system_capabilities_enforced".into(), json!("False"));
        facts.insert("system_capabilities".into(), json!([]));
    } else {
        let listed = text.split('=').nth(1).unwrap_or_default();
        let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
        facts.insert("system_capabilities_enforced".into(), json!("True"));
        facts.insert("system_capabilities".into(), json!(listed));
    }
    facts
}

/// The sets as `cap_to_text(3)` writes them: what most capabilities have, then the exceptions.
fn capability_text(effective: u64, inheritable: u64, permitted: u64, count: usize) -> String {
    let state = |bit: usize| {
        let has = |set: u64| usize::from(set >> bit & 1 == 1);
        has(effective) | has(inheritable) << 1 | has(permitted) << 2
    };
    let mut frequency = [0; 8];
    (0..count.min(64)).for_each(|bit| frequency[state(bit)] += 1);
    let common =
        (0..8).rev().fold(7, |best, candidate| if frequency[candidate] >= frequency[best] { candidate } else { best });
    let letters = |state: usize| -> String {
        [(1, 'e'), (2, 'i'), (4, 'p')].iter().filter(|(bit, _)| state & bit != 0).map(|(_, letter)| *letter).collect()
    };
    let mut parts = if common == 0 { Vec::new() } else { vec![format!("={}", letters(common))] };
    for wanted in (0..8).rev().filter(|state| *state != common && frequency[*state] > 0) {
        let names: Vec<String> = (0..count.min(64)).filter(|bit| state(*bit) == wanted).map(name_of).collect();
        let (added, removed) = (letters(wanted & !common), letters(common & !wanted));
        let sign = if parts.is_empty() { '=' } else { '+' };
        let added = if added.is_empty() { added } else { format!("{sign}{added}") };
        let removed = if removed.is_empty() { removed } else { format!("-{removed}") };
        parts.push(format!("{}{added}{removed}", names.join(",")));
    }
    if parts.is_empty() { "=".into() } else { parts.join(" ") }
}

fn name_of(bit: usize) -> String {
    CAPABILITIES.get(bit).map_or_else(|| bit.to_string(), |name| format!("cap_{name}"))
}

/// `selinux`: its status, and what policy is loaded and configured.
pub fn selinux(host: &Host) -> Fields {
    let mut facts = Fields::new();
    let config = |name: &str| {
        let lines = host.lines("/etc/selinux/config");
        lines.iter().find_map(|line| Some(line.trim().strip_prefix(name)?.strip_prefix('=')?.trim().to_owned()))
    };
    if let Some(enforcing) = host.text("/sys/fs/selinux/enforce") {
        facts.insert("status".into(), json!("enabled"));
        facts.insert("mode".into(), json!(if enforcing == "1" { "enforcing" } else { "permissive" }));
        facts.insert("config_mode".into(), json!(config("SELINUX").unwrap_or_else(|| "unknown".into())));
        facts.insert("type".into(), json!(config("SELINUXTYPE").unwrap_or_else(|| "unknown".into())));
        let version = host.number("/sys/fs/selinux/policyvers");
        facts.insert("policyvers".into(), version.map_or(json!("unknown"), |version| json!(version)));
    } else {
        facts.insert("status".into(), json!("disabled"));
    }
    Fields::from_iter([("selinux".to_owned(), facts.into())])
}

/// `apparmor`: whether the kernel has it.
pub fn apparmor(host: &Host) -> Fields {
    let status = if host.exists("/sys/kernel/security/apparmor") { "enabled" } else { "disabled" };
    Fields::from_iter([("apparmor".to_owned(), json!({ "status": status }))])
}

/// `fips`: whether the kernel restricts cryptography to what FIPS 140 approves.
pub fn fips(host: &Host) -> Fields {
    let is_on = host.text("/proc/sys/crypto/fips_enabled").is_some_and(|text| text == "1");
    Fields::from_iter([("fips".to_owned(), json!(is_on))])
}

/// `is_chroot`: whether `/` is another directory than the first process has.
pub fn chroot(host: &Host) -> Fields {
    let identity = |path: &str| host.reader.stat(path).ok().flatten().map(|meta| (meta.raw().dev(), meta.raw().ino()));
    let is_chroot = host.reader.env("debian_chroot").is_some_and(|name| !name.is_empty())
        || match (identity("/"), identity("/proc/1/root/.")) {
            (Some(ours), Some(first)) => ours != first,
            // Another user's process does not show its root: the number of a file system's root tells.
            (Some((_, inode)), None) => inode != usual_root(host),
            _ => false,
        };
    Fields::from_iter([("is_chroot".to_owned(), json!(is_chroot))])
}

/// The inode number that the root directory of this kind of file system has.
fn usual_root(host: &Host) -> u64 {
    let lines = host.lines("/proc/self/mounts");
    let mut kind = lines.iter().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        (fields.next() == Some("/")).then(|| fields.next().map(str::to_owned))?
    });
    match kind.next_back().as_deref() {
        Some("btrfs") => 256,
        Some("xfs") => 128,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_read_as_capsh_prints_them() {
        let all = (1 << 41) - 1;
        let text = |set| capability_text(set, 0, set, 41);
        assert_eq!(text(all), "=ep");
        assert_eq!(text(all & !(1 << 24)), "=ep cap_sys_resource-ep");
        assert_eq!(text(1 | 1 << 5), "cap_chown,cap_kill=ep");
        assert_eq!(text(0), "=");
    }
}
