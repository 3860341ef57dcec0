//! Block devices with their partitions, and the links in `/dev/disk` that lead to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::host::Host;
use crate::kit::Fields;

/// Link names by device, for one kind of link.
type Links = BTreeMap<String, Vec<String>>;

/// `devices` and `device_links`.
pub fn collect(host: &Host) -> Fields {
    let links = [
        ("ids", links(host, "/dev/disk/by-id")),
        ("uuids", links(host, "/dev/disk/by-uuid")),
        ("labels", links(host, "/dev/disk/by-label")),
        ("masters", masters(host)),
    ];
    let names = host.names("/sys/block");
    let devices = names.iter().filter(|name| !name.starts_with("ram") && !name.starts_with("fd"));
    let devices: Fields = devices.map(|name| (name.clone(), device(host, name, &links))).collect();
    let all: Fields = links.iter().map(|(kind, links)| ((*kind).to_owned(), json!(links))).collect();
    Fields::from_iter([("devices".to_owned(), devices.into()), ("device_links".to_owned(), all.into())])
}

fn links(host: &Host, directory: &str) -> Links {
    let mut links = Links::new();
    for name in host.names(directory) {
        if let Some(device) = host.link_name(format!("{directory}/{name}")) {
            links.entry(device).or_default().push(name);
        }
    }
    links
}

/// Which devices are built from a device, as a volume from a disk.
fn masters(host: &Host) -> Links {
    let mut masters = Links::new();
    for master in host.names("/sys/block") {
        for slave in host.names(format!("/sys/block/{master}/slaves")) {
            masters.entry(slave).or_default().push(master.clone());
        }
    }
    masters
}

fn links_of(name: &str, links: &[(&str, Links)]) -> Value {
    links
        .iter()
        .map(|(kind, links)| ((*kind).to_owned(), json!(links.get(name).cloned().unwrap_or_default())))
        .collect()
}

fn device(host: &Host, name: &str, links: &[(&str, Links)]) -> Value {
    let directory = format!("/sys/block/{name}");
    let read = |file: &str| host.text(format!("{directory}/{file}"));
    let sector = read("queue/logical_block_size").filter(|size| !size.is_empty()).unwrap_or_else(|| "512".into());
    // Counted in units of 512 bytes, whatever the size of the device's own sectors.
    let sectors = host.number(format!("{directory}/size")).unwrap_or_default();
    let mut facts = json!({
        "vendor": read("device/vendor"),
        "model": read("device/model"),
        "sas_address": read("device/sas_address"),
        "sas_device_handle": read("device/sas_device_handle"),
        "removable": read("removable"),
        "rotational": read("queue/rotational"),
        "support_discard": read("queue/discard_granularity").unwrap_or_default(),
        "scheduler_mode": scheduler(&read("queue/scheduler").unwrap_or_default()),
        "sectors": sectors,
        "sectorsize": sector,
        "size": human_size(sectors as f64 * 512.0),
        "host": pci_device(host, &directory),
        "holders": holders(host, &directory),
        "links": links_of(name, links),
        "partitions": partitions(host, &directory, name, links),
        "virtual": 1,
    });
    if let Some(serial) = serial(host, &directory) {
        facts["serial"] = json!(serial);
    }
    if let Some(wwn) =
        read("device/wwid").or_else(|| read("wwid")).and_then(|wwid| Some(wwid.strip_prefix("naa.")?.to_owned()))
    {
        facts["wwn"] = json!(format!("0x{wwn}"));
    }
    facts
}

fn partitions(host: &Host, directory: &str, name: &str, links: &[(&str, Links)]) -> Value {
    let of_device = |part: &String| part.starts_with(name) && host.exists(format!("{directory}/{part}/start"));
    let partitions = host.names(directory).into_iter().filter(of_device).map(|part| {
        let path = format!("{directory}/{part}");
        let number = |file: &str| host.number(format!("{path}/{file}")).unwrap_or_default();
        let sectors = number("size");
        let sector = host.number(format!("{directory}/queue/logical_block_size")).unwrap_or(512);
        let uuid = links.iter().find(|(kind, _)| *kind == "uuids").and_then(|(_, uuids)| uuids.get(&part)?.first());
        let facts = json!({
            "links": links_of(&part, links),
            "start": number("start").to_string(),
            "sectors": sectors,
            "sectorsize": sector,
            "size": human_size(sectors as f64 * 512.0),
            "uuid": uuid,
            "holders": holders(host, &path),
        });
        (part, facts)
    });
    partitions.collect()
}

/// The volumes on a device, by their device mapper names where they have them.
fn holders(host: &Host, directory: &str) -> Vec<String> {
    let holders = host.names(format!("{directory}/holders")).into_iter();
    holders.map(|holder| host.text(format!("/sys/block/{holder}/dm/name")).unwrap_or(holder)).collect()
}

/// The scheduler in brackets, of all that the kernel lists.
fn scheduler(list: &str) -> String {
    let inside = list.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map(|(name, _)| name.to_owned()).unwrap_or_default()
}

/// What `lspci` calls the controller that the device is on; nothing without `lspci`.
fn pci_device(host: &Host, directory: &str) -> String {
    let Ok(path) = host.reader.link(directory) else { return String::new() };
    let path = path.to_string_lossy().into_owned();
    let is_address = |part: &&str| {
        let mut pieces = part.split([':', '.']);
        let lengths: Vec<usize> = pieces.by_ref().map(str::len).collect();
        matches!(lengths[..], [4, 2, 2, 1])
    };
    let Some(address) = path.split('/').rfind(is_address) else { return String::new() };
    let line = host.output("lspci", &["-D", "-s", address]).unwrap_or_default();
    line.lines().next().and_then(|line| line.split_once(' ')).map(|(_, name)| name.to_owned()).unwrap_or_default()
}

fn serial(host: &Host, directory: &str) -> Option<String> {
    // A SCSI disk's is page 80 of its vital product data: four bytes of header, then the text.
    let page = || {
        Some(
            String::from_utf8_lossy(host.reader.read(format!("{directory}/device/vpd_pg80")).ok()?.get(4..)?)
                .trim()
                .to_owned(),
        )
    };
    host.text(format!("{directory}/device/serial")).or_else(page).filter(|serial| !serial.is_empty())
}

/// A size as Ansible prints it: `256.00 GB`, in powers of 1024.
fn human_size(bytes: f64) -> String {
    let units = [("ZB", 70), ("EB", 60), ("PB", 50), ("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)];
    let unit = units.into_iter().find(|(_, power)| bytes >= 2_f64.powi(*power));
    unit.map_or_else(|| format!("{bytes:.2} Bytes"), |(name, power)| format!("{:.2} {name}", bytes / 2_f64.powi(power)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_1024() {
        assert_eq!(human_size(0.0), "0.00 Bytes");
        assert_eq!(human_size(20.0 * 1_048_576.0), "20.00 MB");
        assert_eq!(human_size(274_877_906_944.0), "256.00 GB");
    }

    #[test]
    fn the_scheduler_in_use_is_in_brackets() {
        assert_eq!(scheduler("none [mq-deadline] kyber"), "mq-deadline");
        assert_eq!(scheduler("none"), "");
    }
}
