//! Processors, from `/proc/cpuinfo`.

use std::collections::BTreeMap;

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// What one pass over `/proc/cpuinfo` counts.
#[derive(Default)]
struct Count {
    names: Vec<String>,
    flags: Option<Vec<String>>,
    processors: usize,
    /// Cores by socket.
    sockets: BTreeMap<String, i64>,
    siblings: i64,
    cores: i64,
}

/// The processors' names, and how many sockets, cores and threads there are.
pub fn collect(host: &Host) -> Fields {
    let count = count(&host.lines("/proc/cpuinfo"));
    let mut facts = Fields::new();
    facts.insert("processor".into(), json!(count.names));
    if let Some(flags) = &count.flags {
        facts.insert("flags".into(), json!(flags));
    }
    let usable = usable();
    if count.processors > 0 || count.sockets.is_empty() {
        let sockets = if count.sockets.is_empty() { count.processors.max(1) } else { count.sockets.len() } as i64;
        let cores = count.sockets.values().next().copied().unwrap_or(1).max(1);
        let threads = if count.cores > 0 && count.siblings > 0 { (count.siblings / count.cores).max(1) } else { 1 };
        facts.insert("processor_count".into(), json!(sockets));
        facts.insert("processor_cores".into(), json!(cores));
        facts.insert("processor_threads_per_core".into(), json!(threads));
        facts.insert("processor_vcpus".into(), json!(sockets * cores * threads));
    }
    facts.insert("processor_nproc".into(), json!(usable));
    facts
}

/// How many processors this process may run on.
fn usable() -> u32 {
    rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count())
}

fn count(lines: &[String]) -> Count {
    let mut count = Count::default();
    let mut socket = None;
    for line in lines {
        let Some((key, value)) = line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else { continue };
        match key {
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" => count.names.push(value.to_owned()),
            "processor" => {
                count.names.push(value.to_owned());
                count.processors += 1;
                socket = None;
            }
            "flags" | "Features" if count.flags.is_none() => {
                count.flags = Some(value.split_whitespace().map(str::to_owned).collect());
            }
            "physical id" => {
                count.sockets.entry(value.to_owned()).or_insert(1);
                socket = Some(value.to_owned());
            }
            "siblings" => count.siblings = value.parse().unwrap_or_default(),
            "cpu cores" => {
                count.cores = value.parse().unwrap_or_default();
                if let Some(socket) = &socket {
                    count.sockets.insert(socket.clone(), count.cores);
                }
            }
            "# processors" => count.processors = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts_of(text: &str) -> (usize, Vec<String>, serde_json::Value) {
        let count = count(&text.lines().map(str::to_owned).collect::<Vec<_>>());
        (count.processors, count.names, json!(count.sockets))
    }

    #[test]
    fn an_arm_machine_has_processors_without_sockets() {
        let text = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\n\nprocessor\t: 1\n";
        assert_eq!(facts_of(text), (2, vec!["0".into(), "1".into()], json!({})));
    }

    #[test]
    fn a_pc_has_cores_by_socket() {
        let one = "vendor_id: A\nmodel name: B\nphysical id: 0\nsiblings: 4\ncpu cores: 2\n";
        let text = format!("processor: 0\n{one}\nprocessor: 1\n{one}");
        let (processors, names, sockets) = facts_of(&text);
        assert_eq!((processors, names.len(), sockets), (2, 6, json!({ "0": 2 })));
    }
}
