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
        "RedHat" => red_hat(host),
        "Debian" if host.exists("/usr/bin/apt-get") => "apt",
        "Altlinux" if found == "apt" => "apt_rpm",
        "Archlinux" if host.exists("/usr/bin/pacman") => "pacman",
        "Gentoo" if host.exists("/usr/bin/emerge") => "portage",
        "Suse" if host.exists("/usr/bin/zypper") => "zypper",
        _ => found,
    };
    Fields::from_iter([("pkg_mgr".to_owned(), json!(name))])
}

/// What `dnf` is decides, and nothing else counts: the programs of both generations may be there.
fn red_hat(host: &Host) -> &'static str {
    if host.exists("/run/ostree-booted") && host.exists("/usr/bin/rpm-ostree") {
        return "atomic_container";
    }
    let program = ["/usr/bin/dnf", "/usr/bin/microdnf"].into_iter().find(|path| host.exists(path));
    match program {
        Some(path) if host.reader.resolve(path).ends_with("dnf5") => "dnf5",
        Some(_) => "dnf",
        None => "unknown",
    }
}
