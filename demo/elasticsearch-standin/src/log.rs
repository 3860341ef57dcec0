//! The log, in the vendor's line format, to the terminal (or journal) and to `path.logs`.

#![allow(clippy::print_stdout)]

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Refusal;
use crate::config::Config;

static FILE: OnceLock<Mutex<File>> = OnceLock::new();

/// From now on, lines go to `path.logs` too.
pub fn to_file(config: &Config) -> Result<(), Refusal> {
    let path = config.logs.join(format!("{}.log", config.cluster_name));
    let file = std::fs::create_dir_all(&config.logs)
        .and_then(|()| File::options().create(true).append(true).open(&path))
        .map_err(|error| Refusal::new(format!("AccessDeniedException: {}: {error}", path.display())))?;
    FILE.get_or_init(|| Mutex::new(file));
    Ok(())
}

/// One line: when, how bad, which node, what.
pub fn line(level: &str, who: &str, message: &str) {
    plain(&format!("[{}][{level:<5}][{who}] {message}", now()));
}

/// A text without decoration.
pub fn plain(text: &str) {
    println!("{text}");
    if let Some(file) = FILE.get()
        && let Ok(mut file) = file.lock()
    {
        // A full disk must not end the node.
        let _ = writeln!(file, "{text}");
    }
}

/// The time in UTC, as `2024-10-09T12:34:56,789`.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02},{:03}",
        second / 3600,
        second / 60 % 60,
        second % 60,
        since.subsec_millis()
    )
}

/// The date of a day counted from 1970-01-01.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_361), (2025, 9, 30));
    }
}
