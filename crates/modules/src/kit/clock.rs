//! Local time as Ansible's results print it.

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{Program, Reader};

/// So many seconds, and none for less; a hundred years at most, so that they can be added to the present.
pub fn seconds(number: i64) -> Duration {
    const FOREVER: u64 = 100 * 365 * 86400;
    Duration::from_secs(u64::try_from(number).unwrap_or_default().min(FOREVER))
}

/// `2026-11-21 04:43:19.592164`: Python's `str(datetime)`, in the host's time zone.
pub fn local_time(host: &Reader, at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() as i64 + offset(host);
    let (year, month, day) = date(seconds.div_euclid(86400));
    let second = seconds.rem_euclid(86400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{}", fraction(since.subsec_micros()))
}

/// `0:00:00.004587`: Python's `str(timedelta)`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let days = match seconds / 86400 {
        0 => String::new(),
        1 => "1 day, ".into(),
        days => format!("{days} days, "),
    };
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{days}{hour}:{minute:02}:{second:02}{}", fraction(duration.subsec_micros()))
}

fn fraction(micros: u32) -> String {
    if micros == 0 { String::new() } else { format!(".{micros:06}") }
}

/// Seconds east of Greenwich, from `date`: libc is not asked, and rules are in more places than one.
fn offset(host: &Reader) -> i64 {
    static HELPER: OnceLock<i64> = OnceLock::new();
    let ask = || {
        let output = host.query(&Program::new("date").arg("+%z")).map(|finished| finished.out());
        parse_offset(output.unwrap_or_default().trim()).unwrap_or(0)
    };
    if host.sets_env("TZ") { ask() } else { *HELPER.get_or_init(ask) }
}

fn parse_offset(text: &str) -> Option<i64> {
    let (sign, digits) = text.split_at_checked(1)?;
    let number: i64 = digits.parse().ok()?;
    let seconds = (number / 100) * 3600 + (number % 100) * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// Year, month and day of a day counted from 1970-01-01 (proleptic Gregorian).
pub fn date(days: i64) -> (i64, i64, i64) {
    // Eras of 400 years that begin on 1 March of year 0: the leap day comes last.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let cases = [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (20_778, (2026, 11, 21)), (-1, (1969, 12, 31))];
        for (days, wanted) in cases {
            assert_eq!(date(days), wanted);
        }
    }

    #[test]
    fn spans_are_those_of_python() {
        assert_eq!(span(Duration::from_micros(4587)), "0:00:00.004587");
        assert_eq!(span(Duration::from_secs(3661)), "1:01:01");
        assert_eq!(span(Duration::from_secs(2 * 86400 + 1)), "2 days, 0:00:01");
    }

    #[test]
    fn offsets_are_read() {
        assert_eq!(parse_offset("+0530"), Some(19_800));
        assert_eq!(parse_offset("-0330"), Some(-12_600));
        assert_eq!(parse_offset(""), None);
    }
}
