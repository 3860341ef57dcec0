//! Local time as Ansible's results print it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tz::TimeZone;

use super::Reader;

/// So many seconds, and none for less; a hundred years at most, so that they can be added to the present.
pub fn seconds(number: i64) -> Duration {
    const FOREVER: u64 = 100 * 365 * 86400;
    Duration::from_secs(u64::try_from(number).unwrap_or_default().min(FOREVER))
}

/// `2026-11-21 04:43:19.592164`: Python's `str(datetime)`, in the host's time zone.
pub fn local_time(host: &Reader, at: SystemTime) -> String {
    let micros = at.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_micros();
    format!("{}{}", local_second(host, at, ' '), fraction(micros))
}

/// `2026-11-21 04:43:19`, with `between` between day and time, in the host's time zone.
pub fn local_second(host: &Reader, at: SystemTime, between: char) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64;
    let seconds = seconds + offset(host.env("TZ").as_deref(), seconds);
    let (year, month, day) = date(seconds.div_euclid(86400));
    let second = seconds.rem_euclid(86400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
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

/// Seconds east of Greenwich at a second since 1970, as `TZ` says, or `/etc/localtime`; none where they say nothing.
fn offset(zone: Option<&str>, at: i64) -> i64 {
    let zone = zone.map_or_else(TimeZone::local, TimeZone::from_posix_tz);
    zone.ok().and_then(|zone| Some(zone.find_local_time_type(at).ok()?.ut_offset().into())).unwrap_or(0)
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
    fn offsets_are_those_of_the_zone() {
        // 1 January and 1 July 2026.
        let (winter, summer) = (1_767_225_600, 1_782_864_000);
        assert_eq!(offset(Some("<+0530>-5:30"), winter), 19_800);
        let berlin = Some("CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!((offset(berlin, winter), offset(berlin, summer)), (3600, 7200));
        assert_eq!(offset(Some(""), winter), 0);
        assert_eq!(offset(Some("No/Such"), winter), 0);
    }
}
