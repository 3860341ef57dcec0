//! The distribution, its family, and what the Linux Standard Base says.

use std::collections::BTreeMap;

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// Distributions by family, under the names that `distribution` has for them; any other is its own family.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "RedHat",
        &[
            "RedHat",
            "RHEL",
            "Fedora",
            "CentOS",
            "Scientific",
            "SLC",
            "Ascendos",
            "CloudLinux",
            "PSBM",
            "OracleLinux",
            "OVS",
            "OEL",
            "Amazon",
            "Amzn",
            "Virtuozzo",
            "XenServer",
            "Alibaba",
            "EulerOS",
            "openEuler",
            "AlmaLinux",
            "Rocky",
            "TencentOS",
            "EuroLinux",
            "Kylin Linux Advanced Server",
            "MIRACLE",
        ],
    ),
    (
        "Debian",
        &[
            "Debian",
            "Ubuntu",
            "Raspbian",
            "Neon",
            "KDE neon",
            "Linux Mint",
            "Linux Mint Debian Edition",
            "SteamOS",
            "Devuan",
            "Kali",
            "Cumulus Linux",
            "Pop!_OS",
            "Parrot",
            "Pardus GNU/Linux",
            "Uos",
            "Deepin",
            "OSMC",
        ],
    ),
    (
        "Suse",
        &[
            "SuSE",
            "SLES",
            "SLED",
            "openSUSE",
            "openSUSE Tumbleweed",
            "SLES_SAP",
            "SUSE_LINUX",
            "openSUSE Leap",
            "ALP-Dolomite",
            "SL-Micro",
            "openSUSE MicroOS",
        ],
    ),
    ("Archlinux", &["Archlinux", "Antergos", "Manjaro"]),
    ("Mandrake", &["Mandrake", "Mandriva"]),
    ("Gentoo", &["Gentoo", "Funtoo"]),
    ("ClearLinux", &["Clear Linux OS", "Clear Linux Mix"]),
];

/// The files that tell distributions apart, in the order they are looked at, with the kind of
/// distribution that each stands for.
const FILES: &[(&str, &str)] = &[
    ("/etc/altlinux-release", "Altlinux"),
    ("/etc/oracle-release", "OracleLinux"),
    ("/etc/slackware-version", "Slackware"),
    ("/etc/centos-release", "CentOS"),
    ("/etc/redhat-release", "RedHat"),
    ("/etc/vmware-release", "VMwareESX"),
    ("/etc/openwrt_release", "OpenWrt"),
    ("/etc/os-release", "Amazon"),
    ("/etc/system-release", "Amazon"),
    ("/etc/alpine-release", "Alpine"),
    ("/etc/arch-release", "Archlinux"),
    ("/etc/os-release", "Archlinux"),
    ("/etc/os-release", "SUSE"),
    ("/etc/SuSE-release", "SUSE"),
    ("/etc/os-release", "Debian"),
    ("/etc/lsb-release", "Debian"),
    ("/etc/lsb-release", "Mandriva"),
    ("/etc/sourcemage-release", "SMGL"),
    ("/usr/lib/os-release", "ClearLinux"),
    ("/etc/coreos/update.conf", "Coreos"),
    ("/etc/os-release", "Flatcar"),
    ("/etc/os-release", "NA"),
];

/// What `/etc/os-release` says, by its keys (`man 5 os-release`).
struct Release {
    values: BTreeMap<String, String>,
    /// The code name that is in no file but the distribution's own.
    debian_version: Option<String>,
}

impl Release {
    fn read(host: &Host) -> Self {
        let text = host.text("/etc/os-release").or_else(|| host.text("/usr/lib/os-release")).unwrap_or_default();
        Self { values: assignments(&text), debian_version: host.text("/etc/debian_version") }
    }

    fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// The version with as many digits as the host knows.
    fn version(&self) -> String {
        match (self.value("ID"), &self.debian_version, self.value("VERSION_ID")) {
            // `VERSION_ID` has no minor version, and is missing before a release.
            ("debian", Some(version), _) => version.clone(),
            (_, _, "") => "NA".into(),
            (_, _, known) => known.to_owned(),
        }
    }

    fn code_name(&self) -> String {
        let version = self.value("VERSION");
        let is_name = |text: &&str| !text.is_empty() && !text.contains(|sign: char| sign.is_ascii_digit());
        let in_brackets = || version.split_once('(')?.1.split_once(')').map(|(name, _)| name).filter(is_name);
        let at_end = || version.split_once(',').map(|(_, name)| name.trim()).filter(is_name);
        let known = self.values.get("VERSION_CODENAME").cloned();
        known
            .or_else(|| in_brackets().or_else(at_end).map(str::to_owned))
            .or_else(|| self.values.get("UBUNTU_CODENAME").cloned())
            .unwrap_or_else(|| "NA".into())
    }

    /// The name for a distribution that no file but this one tells of.
    fn capitalised_id(&self) -> String {
        match self.value("ID") {
            "" => "OtherLinux".into(),
            "amzn" => "Amazon".into(),
            "rhel" => "RedHat".into(),
            id => id[..1].to_uppercase() + &id[1..],
        }
    }
}

/// What one file makes known.
struct Found {
    name: String,
    version: Option<String>,
    release: Option<String>,
    further: Vec<(&'static str, String)>,
}

impl Found {
    fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: None, release: None, further: Vec::new() }
    }

    fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    fn release(mut self, release: impl Into<String>) -> Self {
        self.release = Some(release.into());
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.further.push((name, value.into()));
        self
    }
}

/// `distribution`, `distribution_*` and `os_family`.
pub fn collect(host: &Host) -> Fields {
    let release = Release::read(host);
    let mut facts = Fields::new();
    let mut found = Found::named(release.capitalised_id());
    for (path, variety) in FILES {
        let Some(text) = host.text(path) else { continue };
        if let Some(known) = look_at(host, variety, path, &text, &release) {
            found = known;
            facts.insert("distribution_file_path".into(), json!(path));
            facts.insert("distribution_file_variety".into(), json!(variety));
            // These need not have any content, and are not read.
            if !matches!(*path, "/etc/arch-release" | "/etc/vmware-release") {
                facts.insert("distribution_file_parsed".into(), json!(true));
            }
            break;
        }
    }
    let version = found.version.unwrap_or_else(|| release.version());
    let code_name = found.release.unwrap_or_else(|| release.code_name());
    let family = FAMILIES.iter().find(|(_, members)| members.contains(&found.name.as_str()));
    facts.insert("os_family".into(), json!(family.map_or(found.name.as_str(), |(family, _)| family)));
    facts.insert("distribution_major_version".into(), json!(version.split('.').next()));
    facts.insert("distribution_version".into(), json!(version));
    facts.insert("distribution_release".into(), json!(code_name));
    facts.insert("distribution".into(), json!(found.name));
    facts.extend(found.further.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    facts
}

/// What a file of a kind of distribution says; `None` when it belongs to another kind.
fn look_at(host: &Host, variety: &str, path: &str, text: &str, release: &Release) -> Option<Found> {
    match variety {
        "RedHat" | "OracleLinux" | "Altlinux" | "SMGL" => named_in_file(variety, text),
        "CentOS" => centos(text),
        "Slackware" => {
            let version = text.split_whitespace().nth(1).filter(|_| text.contains("Slackware"))?;
            Some(Found::named("Slackware").version(version))
        }
        "VMwareESX" => Some(Found::named("VMwareESX")),
        "OpenWrt" => openwrt(text),
        "Amazon" => amazon(path, text),
        "Alpine" => Some(Found::named("Alpine").version(text).release("NA")),
        "Archlinux" => archlinux(path, text),
        "SUSE" => suse(host, path, text, release),
        "Debian" => debian(text, release),
        "Mandriva" if text.contains("Mandriva") => {
            let values = assignments(text);
            let value = |key: &str| values.get(key).cloned().unwrap_or_default();
            Some(Found::named("Mandriva").version(value("DISTRIB_RELEASE")).release(value("DISTRIB_CODENAME")))
        }
        "ClearLinux" if text.contains("clearlinux") || text.contains("clear-linux") => {
            let values = assignments(text);
            let value = |key: &str| values.get(key).cloned().unwrap_or_default();
            Some(Found::named(value("NAME")).version(value("VERSION_ID")).release(value("ID")))
        }
        "Coreos" => Some(Found::named("CoreOS")),
        "Flatcar" if text.to_lowercase().contains("flatcar") => {
            Some(Found::named("Flatcar").version(release.value("VERSION")))
        }
        "NA" => Some(Found::named(match release.value("NAME") {
            "" => release.capitalised_id(),
            name => name.to_owned(),
        })),
        _ => None,
    }
}

/// Release files that begin with the distribution's name.
fn named_in_file(variety: &str, text: &str) -> Option<Found> {
    let mark = match variety {
        "OracleLinux" => "Oracle Linux",
        "RedHat" => "Red Hat",
        "SMGL" => "Source Mage GNU/Linux",
        _ => "ALT",
    };
    if text.contains(mark) {
        return Some(Found::named(variety).with("distribution_file_search_string", mark));
    }
    let found = Found::named(text.split_whitespace().next()?);
    // "CentOS Linux release 7.9.2009 (Core)" has the minor version that `VERSION_ID` lacks.
    let version =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    Some(match version.filter(|_| found.name == "CentOS") {
        Some(version) => found.version(version.split('.').take(2).collect::<Vec<_>>().join(".")),
        None => found,
    })
}

fn centos(text: &str) -> Option<Found> {
    if text.contains("CentOS Stream") {
        return Some(Found::named("CentOS").release("Stream"));
    }
    if text.contains("TencentOS Server") {
        return Some(Found::named("TencentOS"));
    }
    None
}

fn openwrt(text: &str) -> Option<Found> {
    let values = assignments(text);
    let value = |key: &str| values.get(key).cloned().unwrap_or_default();
    let mut found = Found::named("OpenWrt").version(value("DISTRIB_RELEASE"));
    found.release = values.get("DISTRIB_CODENAME").cloned();
    text.contains("OpenWrt").then_some(found)
}

fn amazon(path: &str, text: &str) -> Option<Found> {
    if !text.contains("Amazon") {
        return None;
    }
    let version = if path == "/etc/os-release" {
        assignments(text).get("VERSION_ID").cloned().unwrap_or_else(|| "NA".into())
    } else {
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("NA").to_owned()
    };
    let minor = version.split_once('.').map_or("NA", |(_, minor)| minor).to_owned();
    Some(Found::named("Amazon").version(version).release("NA").with("distribution_minor_version", minor))
}

fn archlinux(path: &str, text: &str) -> Option<Found> {
    if path == "/etc/arch-release" {
        return Some(Found::named("Archlinux"));
    }
    text.contains("Arch Linux").then(|| Found::named("Archlinux"))
}

fn suse(host: &Host, path: &str, text: &str, release: &Release) -> Option<Found> {
    let lower = text.to_lowercase();
    let (is_open, is_enterprise) = (lower.contains("open"), lower.contains("enterprise"));
    if !lower.contains("suse") {
        return None;
    }
    if path != "/etc/os-release" {
        let values = assignments(text);
        let mut found = Found::named(match () {
            () if is_open => text.split_whitespace().next()?,
            () if is_enterprise && text.contains("Server") => "SLES",
            () if is_enterprise && text.contains("Desktop") => "SLED",
            () => "SUSE",
        });
        found.release = values.get(if is_open { "CODENAME" } else { "PATCHLEVEL" }).cloned();
        let pack = found.release.as_ref().filter(|_| !is_open);
        found.version = pack.map(|pack| format!("{}.{pack}", release.version()));
        return Some(found);
    }
    let version = release.value("VERSION_ID");
    let product = host.link_name("/etc/products.d/baseproduct").unwrap_or_default();
    let name = match (release.value("NAME"), release.value("VARIANT_ID")) {
        (_, "server-sap" | "sles-sap") => "SLES_SAP",
        (_, "transactional") => "SL-Micro",
        (_, "") if product.ends_with("SLES_SAP.prod") => "SLES_SAP",
        (_, "") if product.ends_with("SL-Micro.prod") => "SL-Micro",
        (name, _) => name,
    };
    let mut found = Found::named(name).version(version);
    let pack = version.split_once('.').map_or(if is_open { "" } else { "0" }, |(_, pack)| pack);
    found.release = (is_open || is_enterprise).then(|| pack.to_owned());
    Some(found)
}

fn debian(text: &str, release: &Release) -> Option<Found> {
    let id = release.value("ID");
    let is = |name: &str| text.contains(name);
    let plain = |name: &str| Some(Found::named(name));
    match () {
        () if is("LMDE") && !is("Mint") => plain("Linux Mint Debian Edition"),
        () if id == "linuxmint" || is("Linux Mint") => plain("Linux Mint"),
        () if is("Kali") => plain("Kali"),
        () if is("Devuan") => plain("Devuan"),
        () if is("Parrot") => plain("Parrot"),
        () if is("Cumulus") => Some(Found::named("Cumulus Linux").release(release.value("VERSION"))),
        () if is("SteamOS") => plain("SteamOS"),
        () if is("UOS") || is("uos") => plain("Uos"),
        () if is("Deepin") || is("deepin") => plain("Deepin"),
        () if is("Ubuntu") => plain("Ubuntu"),
        () if is("Debian") || is("Raspbian") => {
            let found = Found::named("Debian");
            Some(match release.debian_version.as_deref().and_then(|version| version.split_once('.')) {
                Some((_, minor)) => found.with("distribution_minor_version", minor),
                None => found,
            })
        }
        () => None,
    }
}

/// Shell-like assignments, quotes removed.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned())).collect()
}

/// `lsb`: what `lsb_release` prints, or the file that it would read; empty without either.
pub fn lsb(host: &Host) -> Fields {
    let has_program = host.reader.which("lsb_release").is_some();
    let (id, release, codename, description) = if has_program {
        let Release { values, .. } = Release::read(host);
        let file = assignments(&host.text("/etc/lsb-release").unwrap_or_default());
        let value = |distributed: &str, standard: &str| {
            file.get(distributed).or_else(|| values.get(standard)).cloned().unwrap_or_default()
        };
        let id = file.get("DISTRIB_ID").cloned().unwrap_or_else(|| Release::read(host).capitalised_id());
        let release = value("DISTRIB_RELEASE", "VERSION_ID");
        (id, release, value("DISTRIB_CODENAME", "VERSION_CODENAME"), value("DISTRIB_DESCRIPTION", "PRETTY_NAME"))
    } else {
        let file = assignments(&host.text("/etc/lsb-release").unwrap_or_default());
        let value = |key: &str| file.get(key).cloned().unwrap_or_default();
        (value("DISTRIB_ID"), value("DISTRIB_RELEASE"), value("DISTRIB_CODENAME"), value("DISTRIB_DESCRIPTION"))
    };
    let named = [("id", &id), ("release", &release), ("codename", &codename), ("description", &description)];
    let mut lsb: Fields =
        named.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, v)| (name.to_owned(), json!(v))).collect();
    if !release.is_empty() {
        lsb.insert("major_release".into(), json!(release.split('.').next()));
    }
    Fields::from_iter([("lsb".to_owned(), lsb.into())])
}
