//! Time zones: `TZif` files (RFC 9636) and the rules of `TZ` (POSIX.1-2017, 8.3).

/// A time zone: the changes that a file lists, and the rule for the time after them.
#[derive(Debug, Default)]
pub struct Zone {
    /// When a local time type starts, and which.
    changes: Vec<(i64, usize)>,
    /// Seconds east of UTC, and the abbreviation.
    types: Vec<(i32, String)>,
    rule: Option<Rule>,
}

/// A date and a time of day, without a zone.
#[derive(Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    /// Days since the year began, from 0.
    pub day_of_year: i64,
}

#[derive(Debug)]
struct Rule {
    standard: (i32, String),
    /// Summer time, when it starts and when it ends.
    summer: Option<((i32, String), Moment, Moment)>,
}

/// A moment in any year: the day, and seconds after its midnight by the clock in use before.
#[derive(Debug)]
struct Moment {
    day: Day,
    seconds: i64,
}

#[derive(Debug)]
enum Day {
    /// `Mm.w.d`.
    Weekday(i64, i64, i64),
    /// `Jn`: 1 to 365, 29 February never counted.
    Julian(i64),
    /// `n`: 0 to 365.
    OfYear(i64),
}

impl Zone {
    /// The zone in a `TZif` file.
    pub fn parse(file: &[u8]) -> Option<Self> {
        let version = *file.strip_prefix(b"TZif")?.first()?;
        let first = Header::parse(file)?;
        if version == 0 {
            return first.body(file.get(44..)?, 4);
        }
        // The first block is for readers of 32-bit times only.
        let second = file.get(44 + first.length(4)..)?;
        let header = Header::parse(second)?;
        let mut zone = header.body(second.get(44..)?, 8)?;
        let footer = second.get(44 + header.length(8)..).unwrap_or_default();
        zone.rule = std::str::from_utf8(footer).ok().and_then(|text| Rule::parse(text.trim()));
        Some(zone)
    }

    /// The zone of a `TZ` such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    pub fn from_rule(text: &str) -> Option<Self> {
        Some(Self { rule: Some(Rule::parse(text)?), ..Self::default() })
    }

    /// Seconds east of UTC, and the abbreviation, at a moment.
    pub fn at(&self, epoch: i64) -> (i32, &str) {
        let before = self.changes.partition_point(|(start, _)| *start <= epoch);
        let found = match (before.checked_sub(1).and_then(|i| self.changes.get(i)), &self.rule) {
            (_, Some(rule)) if before == self.changes.len() => Some(rule.at(epoch)),
            (Some((_, kind)), _) => self.types.get(*kind),
            (None, _) => self.types.first(),
        };
        found.map_or((0, "UTC"), |(offset, name)| (*offset, name.as_str()))
    }

    /// The abbreviation of summer time, as Python's `tzname[1]` has it: the one of January and
    /// July that lies further east; where there is no summer time, the only one there is.
    pub fn summer_name(&self, epoch: i64) -> &str {
        const YEAR: i64 = (365 * 24 + 6) * 3600;
        let january = epoch.div_euclid(YEAR) * YEAR;
        let (winter, summer) = (self.at(january), self.at(january + YEAR / 2));
        if winter.0 > summer.0 { winter.1 } else { summer.1 }
    }
}

struct Header {
    utc_flags: usize,
    standard_flags: usize,
    leaps: usize,
    changes: usize,
    types: usize,
    letters: usize,
}

impl Header {
    fn parse(block: &[u8]) -> Option<Self> {
        // More than the block has bytes is no count, and no sum of counts overflows.
        let count = |index: usize| {
            let count = usize::try_from(big_endian(block.get(20 + index * 4..24 + index * 4)?)).ok()?;
            (count <= block.len()).then_some(count)
        };
        Some(Self {
            utc_flags: count(0)?,
            standard_flags: count(1)?,
            leaps: count(2)?,
            changes: count(3)?,
            types: count(4)?,
            letters: count(5)?,
        })
    }

    fn length(&self, time: usize) -> usize {
        self.changes * (time + 1)
            + self.types * 6
            + self.letters
            + self.leaps * (time + 4)
            + self.standard_flags
            + self.utc_flags
    }

    fn body(&self, body: &[u8], time: usize) -> Option<Zone> {
        let kinds = body.get(self.changes * time..)?;
        let types = kinds.get(self.changes..)?;
        let letters = types.get(self.types * 6..)?.get(..self.letters)?;
        let name = |start: u8| -> Option<String> {
            let name = letters.get(usize::from(start)..)?.split(|letter| *letter == 0).next()?;
            Some(String::from_utf8_lossy(name).into_owned())
        };
        let changes = body.chunks_exact(time).take(self.changes).zip(kinds);
        Some(Zone {
            changes: changes.map(|(at, kind)| (big_endian(at), usize::from(*kind))).collect(),
            types: types
                .chunks_exact(6)
                .take(self.types)
                .map(|kind| Some((big_endian(&kind[..4]) as i32, name(kind[5])?)))
                .collect::<Option<_>>()?,
            rule: None,
        })
    }
}

/// A signed number of four or eight bytes.
fn big_endian(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let standard = zone_name(&mut rest)?;
        let offset = -(time(&mut rest)? as i32);
        if rest.is_empty() {
            return Some(Self { standard: (offset, standard), summer: None });
        }
        let name = zone_name(&mut rest)?;
        let summer = if rest.starts_with(',') || rest.is_empty() { offset + 3600 } else { -(time(&mut rest)? as i32) };
        let rest = if rest.is_empty() { ",M3.2.0,M11.1.0" } else { rest };
        let (start, end) = rest.strip_prefix(',')?.split_once(',')?;
        let summer = ((summer, name), Moment::parse(start)?, Moment::parse(end)?);
        Some(Self { standard: (offset, standard), summer: Some(summer) })
    }

    fn at(&self, epoch: i64) -> &(i32, String) {
        let Some((summer, start, end)) = &self.summer else { return &self.standard };
        let year = Civil::from_epoch(epoch + i64::from(self.standard.0)).year;
        let start = start.in_year(year) - i64::from(self.standard.0);
        let end = end.in_year(year) - i64::from(summer.0);
        let is_summer = if start < end { (start..end).contains(&epoch) } else { !(end..start).contains(&epoch) };
        if is_summer { summer } else { &self.standard }
    }
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let (day, seconds) = match text.split_once('/') {
            Some((day, mut clock)) => (day, time(&mut clock)?),
            None => (text, 7200),
        };
        let day = if let Some(weekday) = day.strip_prefix('M') {
            let mut numbers = weekday.split('.').map(str::parse::<i64>);
            Day::Weekday(numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?)
        } else if let Some(day) = day.strip_prefix('J') {
            Day::Julian(day.parse().ok()?)
        } else {
            Day::OfYear(day.parse().ok()?)
        };
        Some(Self { day, seconds })
    }

    /// Seconds since 1970 by the local clock.
    fn in_year(&self, year: i64) -> i64 {
        let days = match self.day {
            Day::Weekday(month, week, weekday) => {
                let first = days_from_civil(year, month, 1);
                let mut day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                let next =
                    if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) };
                // The fifth is the last there is.
                while day >= next {
                    day -= 7;
                }
                day
            }
            Day::Julian(day) => days_from_civil(year, 1, 1) + day - 1 + i64::from(is_leap(year) && day >= 60),
            Day::OfYear(day) => days_from_civil(year, 1, 1) + day,
        };
        days * 86_400 + self.seconds
    }
}

fn zone_name(rest: &mut &str) -> Option<String> {
    let (name, after) = match rest.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
    };
    *rest = after;
    (name.len() >= 3).then(|| name.to_owned())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn time(rest: &mut &str) -> Option<i64> {
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '-' | ':')).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts: Vec<i64> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let scales = [3600, 60, 1];
    Some(sign * parts.iter().zip(scales).map(|(part, scale)| part * scale).sum::<i64>())
}

impl Civil {
    /// The date and time of seconds since 1970.
    pub fn from_epoch(epoch: i64) -> Self {
        let (days, seconds) = (epoch.div_euclid(86_400), epoch.rem_euclid(86_400));
        // Years that start in March make 29 February the last day of one.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let day_of_year = days - days_from_civil(year, 1, 1);
        Self { year, month, day, hour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60, day_of_year }
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_time_starts_and_ends_when_the_rule_says() {
        let berlin = Zone::from_rule("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(berlin.at(1_774_745_999), (3600, "CET")); // 2026-03-29 00:59:59 UTC
        assert_eq!(berlin.at(1_774_746_000), (7200, "CEST"));
        assert_eq!(berlin.at(1_792_889_999), (7200, "CEST")); // 2026-10-25 00:59:59 UTC
        assert_eq!(berlin.at(1_792_890_000), (3600, "CET"));
    }

    #[test]
    fn the_south_has_summer_in_january() {
        let sydney = Zone::from_rule("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        assert_eq!(sydney.at(1_767_225_600), (39_600, "AEDT"));
        assert_eq!(sydney.summer_name(1_767_225_600), "AEDT");
        assert_eq!(Zone::from_rule("<-03>3").unwrap().at(0), (-10_800, "-03"));
        assert_eq!(Zone::default().at(0), (0, "UTC"));
    }

    #[test]
    fn a_file_that_is_cut_is_no_zone() {
        assert!(Zone::parse(b"TZif").is_none());
        assert!(Zone::parse(b"").is_none());
        assert!(Zone::parse(&[b"TZif2".as_slice(), &[0xff; 60]].concat()).is_none());
    }

    #[test]
    fn dates_come_from_seconds() {
        let day = Civil::from_epoch(951_782_400); // 2000-02-29
        assert_eq!((day.year, day.month, day.day, day.day_of_year), (2000, 2, 29, 59));
        let before = Civil::from_epoch(-1);
        assert_eq!((before.year, before.month, before.day, before.hour), (1969, 12, 31, 23));
    }
}
