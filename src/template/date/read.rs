//! Dates as they stand in files.

use jiff::{civil::DateTime, tz::Offset};

use super::Date;

impl Date {
    /// Reads what stands in a file: what ISO 8601 calls a date, a time, or both with or without an offset.
    pub fn read(text: &str) -> Option<Self> {
        let Some((day, clock)) = text.split_once('T') else {
            return if text.contains(':') {
                Some(Self { is_written: true, ..Self::clock(text.parse().ok()?, None) })
            } else {
                Some(Self { is_written: true, ..Self::day(text.parse().ok()?) })
            };
        };
        let (clock, offset) = match clock.find(['+', '-']) {
            Some(at) => (&clock[..at], Some(offset(&clock[at..])?)),
            None => (clock, None),
        };
        let at = DateTime::from_parts(day.parse().ok()?, clock.parse().ok()?);
        Some(Self { is_written: true, ..Self::with_offset(at, offset) })
    }
}

/// `+HH:MM`, and seconds behind it.
pub(super) fn offset(text: &str) -> Option<Offset> {
    let mut parts = text.get(1..)?.split(':');
    let mut number = |end: i32| {
        let part = parts.next()?;
        part.parse().ok().filter(|number| part.len() == 2 && (0..end).contains(number))
    };
    let seconds: i32 = number(24)? * 3600 + number(60)? * 60 + number(60).unwrap_or(0);
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}
