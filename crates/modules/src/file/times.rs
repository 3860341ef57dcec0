//! Access and modification times as arguments.

use std::time::{Duration, SystemTime};

use super::{File, State};
use crate::kit::{Failure, Program, Reader};

/// The times that a path should have.
pub struct Times {
    /// Of last access.
    pub accessed: Time,
    /// Of last modification.
    pub modified: Time,
}

/// A time that a path should have.
#[derive(Clone, Copy)]
pub enum Time {
    /// What it has.
    Preserve,
    /// The time of the task.
    Now(SystemTime),
    /// Another time.
    At(SystemTime),
}

impl Time {
    /// The time to set, if one is.
    pub fn time(self) -> Option<SystemTime> {
        match self {
            Self::Preserve => None,
            Self::Now(time) | Self::At(time) => Some(time),
        }
    }

    /// The time to set, unless that is now.
    pub fn fixed(self) -> Option<SystemTime> {
        match self {
            Self::At(time) => Some(time),
            _ => None,
        }
    }

    fn parse(text: Option<&str>, format: &str, default: Self, host: &Reader) -> Result<Self, Failure> {
        match text {
            None => Ok(default),
            Some("preserve") => Ok(Self::Preserve),
            Some("now") => Ok(Self::Now(SystemTime::now())),
            Some(text) => parse_local(text, format, host).map(Self::At),
        }
    }
}

impl Times {
    /// From the arguments.
    pub fn parse(file: &File, state: State, host: &Reader) -> Result<Self, Failure> {
        let default = if state == State::Touch { Time::Now(SystemTime::now()) } else { Time::Preserve };
        let time = |text: &Option<String>, format| Time::parse(text.as_deref(), format, default, host);
        Ok(Self {
            accessed: time(&file.access_time, &file.access_time_format)?,
            modified: time(&file.modification_time, &file.modification_time_format)?,
        })
    }
}

/// A date in the host's time zone. The zone's rules are asked of `date`: they may come from
/// `/etc/localtime` or `TZ`, and have changed over the years.
fn parse_local(text: &str, format: &str, host: &Reader) -> Result<SystemTime, Failure> {
    let why = |why: String| {
        Failure::new(format!("Error while obtaining timestamp for time {text} using format {format}: {why}"))
    };
    let date = Date::parse(text, format).map_err(why)?;
    let program = Program::new("date").args(["-d", &date.to_string(), "+%s"]).plain_locale();
    let finished = host.query(&program)?;
    let seconds: i64 = finished.out().trim().parse().map_err(|_| why(finished.err().trim().to_owned()))?;
    let span = Duration::from_secs(seconds.unsigned_abs());
    Ok(if seconds < 0 { SystemTime::UNIX_EPOCH - span } else { SystemTime::UNIX_EPOCH + span })
}

/// The fields of `time.strptime` that make a date.
struct Date {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    day_of_year: Option<u32>,
    afternoon: Option<bool>,
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

impl Date {
    /// Missing fields are those of 1 January 1900, as in Python.
    fn parse(text: &str, format: &str) -> Result<Self, String> {
        let mut letters = format.chars();
        while letters.any(|letter| letter == '%') {
            match letters.next() {
                None => return Err(format!("stray % in format '{format}'")),
                Some(code) if "YymdHIMSfbBaApjzcxX%".contains(code) => {}
                Some(unknown) => return Err(format!("'{unknown}' is a bad directive in format '{format}'")),
            }
        }
        let mut date =
            Self { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0, day_of_year: None, afternoon: None };
        let rest = date.fill(text, format);
        let rest = rest.ok_or_else(|| format!("time data '{text}' does not match format '{format}'"))?;
        if let Some(afternoon) = date.afternoon {
            date.hour = date.hour % 12 + if afternoon { 12 } else { 0 };
        }
        if !rest.is_empty() {
            return Err(format!("unconverted data remains: {rest}"));
        }
        date.settle()
    }

    /// The day of the year becomes one of a month, which has to have it.
    fn settle(mut self) -> Result<Self, String> {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let length = |month| match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if let Some(day) = self.day_of_year {
            (self.month, self.day) = (1, day);
            while self.month < 12 && self.day > length(self.month) {
                self.day -= length(self.month);
                self.month += 1;
            }
        }
        if self.day > length(self.month) { Err("day is out of range for month".into()) } else { Ok(self) }
    }

    /// What is left of the text behind all fields.
    fn fill<'a>(&mut self, text: &'a str, format: &str) -> Option<&'a str> {
        let mut rest = text;
        let mut codes = format.chars();
        while let Some(code) = codes.next() {
            rest = match code {
                '%' => self.field(codes.next()?, rest)?,
                space if space.is_whitespace() => {
                    codes = codes.as_str().trim_start().chars();
                    rest.strip_prefix(char::is_whitespace)?.trim_start()
                }
                letter => rest.strip_prefix(|found: char| found.eq_ignore_ascii_case(&letter))?,
            };
        }
        Some(rest)
    }

    fn field<'a>(&mut self, code: char, text: &'a str) -> Option<&'a str> {
        let rest = match code {
            'Y' => number(text, 4, 4, 0..=9999, &mut self.year)?,
            'y' => {
                let rest = number(text, 2, 2, 0..=99, &mut self.year)?;
                self.year += if self.year < 69 { 2000 } else { 1900 };
                rest
            }
            'm' => number(text, 1, 2, 1..=12, &mut self.month)?,
            'd' => number(text, 1, 2, 1..=31, &mut self.day)?,
            'H' => number(text, 1, 2, 0..=23, &mut self.hour)?,
            'I' => number(text, 1, 2, 1..=12, &mut self.hour)?,
            'M' => number(text, 1, 2, 0..=59, &mut self.minute)?,
            'S' => number(text, 1, 2, 0..=61, &mut self.second)?,
            'f' => number(text, 1, 6, 0..=999_999, &mut 0)?,
            'b' | 'B' => {
                let (month, rest) = named(text, &MONTHS)?;
                self.month = month;
                rest
            }
            'a' | 'A' => named(text, &DAYS)?.1,
            'p' => {
                let (half, rest) = named(text, &["am", "pm"])?;
                self.afternoon = Some(half == 2);
                rest
            }
            'j' => {
                let mut day = 0;
                let rest = number(text, 1, 3, 1..=366, &mut day)?;
                self.day_of_year = Some(day);
                rest
            }
            // A zone is read, and does not count.
            'z' => match text.strip_prefix(['+', '-']) {
                Some(zone) => {
                    let minutes = number(zone, 2, 2, 0..=99, &mut 0)?;
                    number(minutes.strip_prefix(':').unwrap_or(minutes), 2, 2, 0..=59, &mut 0)?
                }
                None => text.strip_prefix('Z')?,
            },
            'c' => self.fill(text, "%a %b %d %H:%M:%S %Y")?,
            'x' => self.fill(text, "%m/%d/%y")?,
            'X' => self.fill(text, "%H:%M:%S")?,
            '%' => text.strip_prefix('%')?,
            _ => return None,
        };
        Some(rest)
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn number<'a>(
    text: &'a str,
    least: usize,
    most: usize,
    range: std::ops::RangeInclusive<u32>,
    field: &mut u32,
) -> Option<&'a str> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    // `%m%d` may be written without leading zeros: fewer digits are tried when more are too large.
    (least..=digits).rev().find_map(|length| {
        let value = text[..length].parse().ok().filter(|value| range.contains(value))?;
        *field = value;
        Some(&text[length..])
    })
}

/// A name, whole or by its first three letters, and its place counted from one.
fn named<'a>(text: &'a str, names: &[&str]) -> Option<(u32, &'a str)> {
    let lower = text.to_lowercase();
    names.iter().zip(1..).find_map(|(name, place)| {
        let short = &name[..name.len().min(3)];
        let found = [*name, short].into_iter().find(|name| lower.starts_with(name))?;
        Some((place, text.get(found.len()..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn dates_are_read_as_by_strptime() {
        let cases = [
            ("202001020304.05", "%Y%m%d%H%M.%S", Some("2020-01-02 03:04:05")),
            ("2020-1-2", "%Y-%m-%d", Some("2020-01-02 00:00:00")),
            ("2 Feb 21 12:30 AM", "%d %b %y %I:%M %p", Some("2021-02-02 00:30:00")),
            ("Monday, 7 September 2026", "%A, %d %B %Y", Some("2026-09-07 00:00:00")),
            ("2021-060", "%Y-%j", Some("2021-03-01 00:00:00")),
            ("Wed Feb  3 04:05:06 2021", "%c", Some("2021-02-03 04:05:06")),
            ("2021-02-03t04:05+01:00", "%Y-%m-%dT%H:%M%z", Some("2021-02-03 04:05:00")),
            ("20210203", "%Y %m %d", None),
            ("20210229", "%Y%m%d", None),
            ("20201302", "%Y%m%d", None),
            ("2020-01-02x", "%Y-%m-%d", None),
            ("rubbish", "%Y%m%d%H%M.%S", None),
        ];
        for (text, format, date) in cases {
            assert_eq!(Date::parse(text, format).ok().map(|date| date.to_string()).as_deref(), date, "{text}");
        }
    }
}
