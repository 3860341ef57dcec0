//! `service_mgr`, and what the running systemd is.

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// The first process, or what the host's files say where that is no more than `init`.
pub fn collect(host: &Host) -> Fields {
    let first = host.text("/proc/1/comm").filter(|name| !name.is_empty());
    let first = first.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned());
    // A shell as the first process is a container's: it says nothing.
    let first = first.filter(|name| name != "init" && !name.ends_with("sh"));
    let name = first.unwrap_or_else(|| by_files(host).to_owned());
    let name = match name.as_str() {
        "procd" => "openwrt_init",
        "runit-init" => "runit",
        "svscan" => "svc",
        "openrc-init" => "openrc",
        other => other,
    };
    Fields::from_iter([("service_mgr".to_owned(), json!(name))])
}

fn by_files(host: &Host) -> &'static str {
    let is_systemd = || {
        host.reader.which("systemctl").is_some()
            && ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"].iter().any(|path| host.exists(path))
    };
    let is_systemd_offline = || host.link_name("/sbin/init").is_some_and(|name| name == "systemd");
    if is_systemd() {
        "systemd"
    } else if host.reader.which("initctl").is_some() && host.exists("/etc/init") {
        "upstart"
    } else if host.exists("/sbin/openrc") {
        "openrc"
    } else if host.reader.which("systemctl").is_some() && is_systemd_offline() {
        "systemd"
    } else if host.exists("/etc/init.d") {
        "sysvinit"
    } else if host.exists("/etc/dinit.d") {
        "dinit"
    } else {
        "service"
    }
}

/// `systemd`: its version and what it was built with, where it is the running init.
pub fn systemd(host: &Host) -> Fields {
    let is_running = host.exists("/run/systemd/system");
    let text = if is_running { host.output("systemctl", &["--version"]) } else { None };
    let Some(text) = text else { return Fields::new() };
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| line.split_whitespace().nth(1)?.parse::<i64>().ok());
    let features = lines.next().unwrap_or_default();
    Fields::from_iter([("systemd".to_owned(), json!({ "version": version, "features": features }))])
}
