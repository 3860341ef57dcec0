//! The lists of packages that apt fetched: how old they are, and fetching them again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{
    apt::order::patient,
    kit::{Failure, Program, Reader, Writer, clock::seconds},
};

/// Ubuntu's `update-notifier` touches it after each update that succeeded.
const STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
const LISTS: &str = "/var/lib/apt/lists";

/// How often a failed update is tried again, and how long apt may be busy.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often it is tried.
    pub retries: i64,
    /// The longest pause between two tries, in seconds.
    pub max_delay: i64,
    /// How long locks are waited for.
    pub lock_timeout: Duration,
}

/// When the lists were fetched, in seconds since 1970; 0 when there are none.
pub fn updated_at(host: &Reader) -> u64 {
    fetched_at(host).as_secs()
}

fn fetched_at(host: &Reader) -> Duration {
    let time = |path: &str| {
        let meta = host.stat(path).ok().flatten()?;
        meta.raw().modified().ok()?.duration_since(UNIX_EPOCH).ok()
    };
    time(STAMP).or_else(|| time(LISTS)).unwrap_or_default()
}

/// Whether they are older than so many seconds; those of this very second are older than 0.
pub fn are_older(host: &Reader, seconds: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    fetched_at(host).saturating_add(Duration::from_secs(seconds.max(0) as u64)) < now
}

/// Fetches them.
pub fn update(host: &mut Writer, patience: Patience) -> Result<(), Failure> {
    let program = Program::new(host.required("apt-get")?).args(["-o", "quiet=0", "update"]).plain_locale();
    // Without a terminal apt would keep its remarks to itself.
    let (mut problems, mut notes) = (String::new(), Vec::new());
    for attempt in 0..patience.retries {
        let finished = patient(patience.lock_timeout, || host.run(&program))?;
        let err = finished.err();
        if finished.success() && !err.contains("W: Some index files failed to download") {
            return Ok(());
        }
        notes.extend(complaints(&err, &["E", "W"]));
        problems = notes.join(", ");
        // What apt only remarks on is told with the next failure, as by its library.
        notes = complaints(&err, &["N"]);
        if attempt + 1 < patience.retries {
            pause(host, attempt, patience.max_delay);
        }
    }
    let why = if problems.is_empty() { "unknown reason" } else { &problems };
    Err(failed(patience.retries, why))
}

/// The failure of all tries.
pub fn failed(retries: i64, why: &str) -> Failure {
    Failure::new(format!("Failed to update apt cache after {retries} retries: {why}"))
}

/// Lines of those levels that apt wrote, in the words of its library.
pub fn complaints(err: &str, levels: &[&str]) -> Vec<String> {
    let lines = err.lines().filter_map(|line| line.split_once(": ").filter(|(level, _)| levels.contains(level)));
    lines.map(|(level, text)| format!("{}:{text}", if level == "N" { "W" } else { level })).collect()
}

/// Twice as long after each failure, up to `longest` seconds, and up to a second more: hosts that failed together
/// do not come back together.
fn pause(host: &Reader, attempt: i64, longest: i64) {
    let exponential = 1_i64.checked_shl(u32::try_from(attempt).unwrap_or(62).min(62)).unwrap_or(i64::MAX);
    let now = SystemTime::now();
    let jitter = now.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    let end = now + seconds(exponential.min(longest)) + Duration::from_nanos(jitter.into());
    while SystemTime::now() < end && !host.is_cancelled() {
        std::thread::sleep(Duration::from_millis(50));
    }
}
