//! The vendor's start-up checks that a playbook has to satisfy.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::config::Config;
use crate::{EXIT_CHECK, Refusal, log};

/// "Maximum map count check" in the vendor's manual.
const MIN_MAP_COUNT: u64 = 262_144;
/// "File descriptor check".
const MIN_OPEN_FILES: u64 = 65_535;

/// The node never runs as root.
pub fn refuse_root() -> Result<(), Refusal> {
    let me = std::fs::metadata("/proc/self").map_err(|error| Refusal::new(format!("cannot read /proc: {error}")))?;
    if me.uid() == 0 {
        return Err(Refusal::new("fatal exception while booting Elasticsearch: can not run elasticsearch as root"));
    }
    Ok(())
}

/// Failures stop a node that others can reach, and are warnings on loopback.
pub fn run(config: &Config) -> Result<(), Refusal> {
    let failures: Vec<String> = [map_count(), open_files(), discovery(config)].into_iter().flatten().collect();
    if failures.is_empty() {
        return Ok(());
    }
    if config.transport_address.ip().is_loopback() || config.single_node {
        for failure in failures {
            log::line("WARN", &config.node_name, &failure);
        }
        return Ok(());
    }
    let count = failures.len();
    let mut lines = vec![format!(
        "node validation exception: [{count}] bootstrap checks failed. You must address the points described in the \
         following [{count}] lines before starting Elasticsearch."
    )];
    for (at, failure) in failures.iter().enumerate() {
        lines.push(format!("bootstrap check failure [{}] of [{count}]: {failure}", at + 1));
    }
    Err(Refusal { lines, code: EXIT_CHECK })
}

fn map_count() -> Option<String> {
    let have: u64 = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()?;
    (have < MIN_MAP_COUNT).then(|| {
        format!("max virtual memory areas vm.max_map_count [{have}] is too low, increase to at least [{MIN_MAP_COUNT}]")
    })
}

fn open_files() -> Option<String> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    let mut limits = line.split_whitespace().skip(3);
    let (have, ceiling): (u64, u64) = (limits.next()?.parse().ok()?, limits.next()?.parse().ok()?);
    // In a container, the machine below may allow no more; the service did what it could.
    if have == ceiling && inside_container() {
        return None;
    }
    (have < MIN_OPEN_FILES).then(|| {
        format!(
            "max file descriptors [{have}] for elasticsearch process is too low, increase to at least [{MIN_OPEN_FILES}]"
        )
    })
}

fn inside_container() -> bool {
    Path::new("/run/systemd/container").exists()
}

fn discovery(config: &Config) -> Option<String> {
    (!config.discovery_configured).then(|| {
        "the default discovery settings are unsuitable for production use; at least one of [discovery.seed_hosts, \
         discovery.seed_providers, cluster.initial_master_nodes] must be configured"
            .to_owned()
    })
}
