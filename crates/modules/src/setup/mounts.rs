//! Mounted file systems. Each is asked in a thread of its own: a server that does not answer
//! costs that mount its sizes, and nothing else.

use std::{
    collections::BTreeMap,
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::host::Host;
use crate::kit::Fields;

/// What is left of the collector's time when the mounts' own is over.
const RESERVE: Duration = Duration::from_millis(300);

/// The file systems on devices and servers, as `/proc/self/mounts` lists them.
pub fn collect(host: &Host) -> Fields {
    let deadline = Instant::now() + host.timeout.saturating_sub(RESERVE);
    let binds = binds(&host.lines("/proc/self/mountinfo"));
    let uuids = uuids(host);
    // The last mount at a place hides those before it.
    let mut order: Vec<String> = Vec::new();
    let mut mounts: BTreeMap<String, Fields> = BTreeMap::new();
    for line in host.lines("/proc/self/mounts") {
        let Some(mount) = describe(&line, &binds, &uuids) else { continue };
        let place = mount["mount"].as_str().unwrap_or_default().to_owned();
        if !order.contains(&place) {
            order.push(place.clone());
        }
        mounts.insert(place, mount);
    }
    let (sender, sizes) = channel();
    for place in &order {
        let (place, sender) = (place.clone(), sender.clone());
        let ask = move || drop(sender.send((place.clone(), size(&place))));
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(ask);
    }
    drop(sender);
    let mut unanswered: Vec<&String> = order.iter().collect();
    while let Ok((place, size)) = sizes.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        unanswered.retain(|waiting| **waiting != place);
        mounts.entry(place).or_default().extend(size);
    }
    for place in unanswered {
        let note = json!("Timed out while attempting to get extra information.");
        mounts.entry(place.clone()).or_default().insert("note".into(), note);
    }
    let list: Vec<Value> = order.iter().filter_map(|place| mounts.remove(place)).map(Value::Object).collect();
    Fields::from_iter([("mounts".to_owned(), list.into())])
}

fn describe(line: &str, binds: &[(String, String)], uuids: &BTreeMap<String, String>) -> Option<Fields> {
    let fields: Vec<String> = line.split_whitespace().map(unescape).collect();
    let [device, mount, fstype, options, dump, passno, ..] = fields.as_slice() else { return None };
    let is_remote = device.contains(":/");
    if !(device.starts_with(['/', '\\']) || is_remote) || fstype == "none" {
        return None;
    }
    let is_bound = binds.iter().any(|(place, source)| place == mount && (source == device || fstype == "btrfs"));
    let is_marked = options.split(',').any(|option| option == "bind");
    let options = if is_bound && !is_marked { format!("{options},bind") } else { options.clone() };
    let number = |text: &String| text.parse::<i64>().unwrap_or_default();
    let facts = json!({
        "mount": mount,
        "device": device,
        "fstype": fstype,
        "options": options,
        "dump": number(dump),
        "passno": number(passno),
        "uuid": uuids.get(device).map_or("N/A", String::as_str),
    });
    match facts {
        Value::Object(facts) => Some(facts),
        _ => None,
    }
}

/// Places where something other than a file system's own root is mounted, with its device.
fn binds(mountinfo: &[String]) -> Vec<(String, String)> {
    let parts = |line: &String| {
        let (place, device) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let root = place.next()?;
        let mount = unescape(place.next()?);
        (root != "/").then(|| Some((mount, unescape(device.split(' ').nth(1)?))))?
    };
    mountinfo.iter().filter_map(parts).collect()
}

/// UUIDs by device, and by the names that volumes have in `/dev/mapper`.
fn uuids(host: &Host) -> BTreeMap<String, String> {
    let mut uuids = BTreeMap::new();
    for uuid in host.names("/dev/disk/by-uuid") {
        let Some(device) = host.link_name(format!("/dev/disk/by-uuid/{uuid}")) else { continue };
        if let Some(volume) = host.text(format!("/sys/block/{device}/dm/name")) {
            uuids.insert(format!("/dev/mapper/{volume}"), uuid.clone());
        }
        uuids.insert(format!("/dev/{device}"), uuid);
    }
    uuids
}

/// Sizes in bytes and blocks; may wait for ever.
pub fn size(place: &str) -> Fields {
    let Ok(stat) = rustix::fs::statvfs(place) else { return Fields::new() };
    let numbers = [
        ("size_total", stat.f_frsize * stat.f_blocks),
        ("size_available", stat.f_frsize * stat.f_bavail),
        ("block_size", stat.f_bsize),
        ("block_total", stat.f_blocks),
        ("block_available", stat.f_bavail),
        ("block_used", stat.f_blocks.saturating_sub(stat.f_bavail)),
        ("inode_total", stat.f_files),
        ("inode_available", stat.f_favail),
        ("inode_used", stat.f_files.saturating_sub(stat.f_favail)),
    ];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), json!(number))).collect()
}

/// A field of the kernel's tables, where white space and backslashes are octal.
fn unescape(field: &str) -> String {
    let mut text = Vec::new();
    let mut rest = field.as_bytes();
    while let [first, after @ ..] = rest {
        let octal = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                text.push(byte);
                rest = &after[3..];
            }
            None => {
                text.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_devices_and_servers_are_mounts() {
        let mount = |line| describe(line, &[], &BTreeMap::new());
        assert!(mount("proc /proc proc rw 0 0").is_none());
        assert!(mount("tmpfs /run tmpfs rw 0 0").is_none());
        assert_eq!(mount("srv:/home /home nfs4 rw,hard 0 0").unwrap()["device"], "srv:/home");
        assert_eq!(mount("/dev/sda1 /a\\040b ext4 rw 1 2").unwrap()["mount"], "/a b");
    }

    #[test]
    fn a_part_of_a_file_system_is_a_bind_mount() {
        let info = ["30 1 8:1 / / rw - ext4 /dev/sda1 rw".into(), "31 1 8:1 /x /y\\040z rw - ext4 /dev/sda1 rw".into()];
        let binds = binds(&info);
        assert_eq!(binds, [("/y z".to_owned(), "/dev/sda1".to_owned())]);
        let mount = describe("/dev/sda1 /y\\040z ext4 rw 0 0", &binds, &BTreeMap::new()).unwrap();
        assert_eq!(mount["options"], "rw,bind");
    }
}
