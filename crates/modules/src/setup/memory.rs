//! Memory, swap, uptime and load.

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// Memory and swap in MiB, and the uptime in seconds.
pub fn collect(host: &Host) -> Fields {
    let lines = host.lines("/proc/meminfo");
    let mib = |name: &str| -> i64 {
        let value = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib: i64 = value.and_then(|v| v.split_whitespace().next()?.parse().ok()).unwrap_or_default();
        kib / 1024
    };
    let (total, free) = (mib("MemTotal"), mib("MemFree"));
    let without_cache = free + mib("Buffers") + mib("Cached");
    let (swap, swap_free) = (mib("SwapTotal"), mib("SwapFree"));
    let mut facts = Fields::new();
    if !lines.is_empty() {
        facts.insert("memtotal_mb".into(), json!(total));
        facts.insert("memfree_mb".into(), json!(free));
        facts.insert("swaptotal_mb".into(), json!(swap));
        facts.insert("swapfree_mb".into(), json!(swap_free));
        let all = json!({
            "real": { "total": total, "used": total - free, "free": free },
            "nocache": { "free": without_cache, "used": total - without_cache },
            "swap": { "total": swap, "free": swap_free, "used": swap - swap_free, "cached": mib("SwapCached") },
        });
        facts.insert("memory_mb".into(), all);
    }
    if let Some(seconds) = host.text("/proc/uptime").and_then(|text| text.split('.').next()?.parse::<i64>().ok()) {
        facts.insert("uptime_seconds".into(), json!(seconds));
    }
    facts
}

/// The load averages of the last 1, 5 and 15 minutes.
pub fn load(_: &Host) -> Fields {
    // The kernel counts in 1/65536; `/proc/loadavg` is rounded.
    let loads = rustix::system::sysinfo().loads;
    let averages = ["1m", "5m", "15m"].into_iter().zip(loads);
    let averages: Fields =
        averages.map(|(name, load)| (name.to_owned(), json!(load as f64 / f64::from(1 << 16)))).collect();
    Fields::from_iter([("loadavg".to_owned(), averages.into())])
}
