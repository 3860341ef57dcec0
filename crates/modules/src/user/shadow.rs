//! What `/etc/shadow` and `/etc/login.defs` say (`man 5 shadow`).

use crate::kit::{Failure, Reader, clock};

/// A user's entry.
#[derive(Debug, Default)]
pub struct Shadow {
    /// Whether there is an entry.
    pub is_there: bool,
    /// The hashed password; `!` before it locks it.
    pub password: String,
    /// Days between changes: at least, at most.
    pub min: i64,
    /// See `min`.
    pub max: i64,
    /// Days of warning before the password has to be changed.
    pub warn: i64,
    /// Days from then until the account is closed.
    pub inactive: i64,
    /// The day the account ends; -1 when it does not.
    pub expires: i64,
}

impl Shadow {
    /// What a new user has.
    pub fn fresh() -> Self {
        Self { is_there: true, password: "!".into(), min: -1, max: -1, warn: -1, inactive: -1, expires: -1 }
    }

    /// The entry of a user; an empty one for users without.
    pub fn of(name: &str, host: &Reader) -> Result<Self, Failure> {
        let text = host.read_text("/etc/shadow")?.unwrap_or_default();
        let line = text.lines().find(|line| line.split(':').next() == Some(name)).unwrap_or_default();
        let fields: Vec<&str> = line.split(':').collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(-1);
        Ok(Self {
            is_there: !line.is_empty(),
            password: fields.get(1).copied().unwrap_or_default().to_owned(),
            min: number(3),
            max: number(4),
            warn: number(5),
            inactive: number(6),
            // For an account without an entry, that it does not end is yet to be said.
            expires: if line.is_empty() { 0 } else { number(7) },
        })
    }
}

/// The mode of a new home directory.
pub fn home_mode(umask: Option<&str>, host: &Reader) -> Result<u32, Failure> {
    let octal = |text: &str| u32::from_str_radix(text.trim(), 8).ok();
    if let Some(umask) = umask.and_then(octal) {
        return Ok(0o777 & !umask);
    }
    let text = host.read_text("/etc/login.defs")?.unwrap_or_default();
    let value = |name: &str| {
        let mut words = text.lines().map(str::split_whitespace);
        words.find_map(|mut words| (words.next() == Some(name)).then(|| words.next().and_then(octal)).flatten())
    };
    Ok(value("HOME_MODE").unwrap_or_else(|| 0o777 & !value("UMASK").unwrap_or(0o022)))
}

/// A day since 1970 as `YYYY-MM-DD`.
pub fn date(day: i64) -> String {
    let (year, month, day) = clock::date(day);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_are_dates() {
        for (day, text) in [(0, "1970-01-01"), (20_833, "2027-01-15"), (19_782, "2024-02-29"), (11_016, "2000-02-29")] {
            assert_eq!(date(day), text);
        }
    }
}
