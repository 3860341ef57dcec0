//! `pkg_mgr`: the name of the host's package manager.

use serde_json::json;

use super::{distribution, host::Host};
use crate::kit::Fields;

/// Programs and the package managers they belong to; of those that are there, the last counts.
const PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/rpm-ostree", "atomic_container"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/yum", "yum"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/sbin/urpmi", "urpmi"),
    ("/usr/bin/pacman", "pacman"),
    ("/bin/opkg", "opkg"),
    ("/usr/pkg/bin/pkgin", "pkgin"),
    ("/opt/local/bin/pkgin", "pkgin"),
    ("/opt/tools/bin/pkgin", "pkgin"),
    ("/opt/local/bin/port", "macports"),
    ("/usr/local/bin/brew", "homebrew"),
    ("/opt/homebrew/bin/brew", "homebrew"),
    ("/sbin/apk", "apk"),
    ("/usr/sbin/swlist", "swdepot"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/bin/swupd", "swupd"),
    ("/usr/sbin/sorcery", "sorcery"),
];

/// The package manager, preferring the one that is native to the distribution.
pub fn collect(host: &Host) -> Fields {
    let found = PROGRAMS.iter().rev().find(|(path, _)| host.exists(path)).map_or("unknown", |(_, name)| name);
    let facts = distribution::collect(host);
    let text = |name: &str| facts.get(name).and_then(|fact| fact.as_str()).unwrap_or_default().to_owned();
    let name = match text("os_family").as_str() {
        "RedHat" => red_hat(host, &text("distribution"), &text("distribution_major_version"), found),
        "Debian" if host.exists("/usr/bin/apt-get") => "apt",
        "Altlinux" if found == "apt" => "apt_rpm",
        "Archlinux" if host.exists("/usr/bin/pacman") => "pacman",
        "Gentoo" if host.exists("/usr/bin/emerge") => "portage",
        "Suse" if host.exists("/usr/bin/zypper") => "zypper",
        _ => found,
    };
    Fields::from_iter([("pkg_mgr".to_owned(), json!(name))])
}

fn red_hat<'a>(host: &Host, distribution: &str, major: &str, found: &'a str) -> &'a str {
    if host.exists("/run/ostree-booted") && host.exists("/usr/bin/rpm-ostree") {
        return "atomic_container";
    }
    let major: u32 = major.parse().unwrap_or(u32::MAX);
    let has = |path: &str| host.exists(path);
    match distribution {
        "Fedora" if major >= 41 && has("/usr/bin/dnf5") => "dnf5",
        "Fedora" if major < 23 && has("/usr/bin/yum") => "yum",
        "Amazon" if major < 2022 && has("/usr/bin/yum") => "yum",
        "Fedora" | "Amazon" if has("/usr/bin/dnf-3") => "dnf",
        _ if major < 8 && has("/usr/bin/yum") => "yum",
        _ if has("/usr/bin/dnf-3") => "dnf",
        _ if has("/usr/bin/dnf5") => "dnf5",
        _ => found,
    }
}
