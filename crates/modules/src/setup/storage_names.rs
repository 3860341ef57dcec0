//! The names by which storage networks know this host.

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// `iscsi_iqn`: the initiator's name, empty when there is none.
pub fn iscsi(host: &Host) -> Fields {
    let text = host.text("/etc/iscsi/initiatorname.iscsi").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("InitiatorName="));
    Fields::from_iter([("iscsi_iqn".to_owned(), json!(name.unwrap_or_default()))])
}

/// `hostnqn`: the name of this `NVMe` host, empty when there is none.
pub fn nvme(host: &Host) -> Fields {
    let lines = host.lines("/etc/nvme/hostnqn");
    let name = lines.iter().map(|line| line.trim()).find(|line| line.starts_with("nqn."));
    Fields::from_iter([("hostnqn".to_owned(), json!(name.unwrap_or_default()))])
}

/// `fibre_channel_wwn`: the names of its ports, in hexadecimal.
pub fn fibre_channel(host: &Host) -> Fields {
    let ports = host.names("/sys/class/fc_host").into_iter();
    let names = ports.filter_map(|port| host.text(format!("/sys/class/fc_host/{port}/port_name")));
    let names: Vec<String> = names.map(|name| name.trim_start_matches("0x").to_owned()).collect();
    Fields::from_iter([("fibre_channel_wwn".to_owned(), json!(names))])
}
