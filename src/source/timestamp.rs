//! YAML 1.1 timestamps, as ISO 8601 text.

use std::fmt::Write as _;

use jiff::civil::Date;

/// Whether a plain scalar is a date, or a date and a time, to the resolver.
pub fn is_timestamp(text: &str) -> bool {
    Parts::parse(text).is_some_and(|parts| parts.time.is_some() || text.len() == "2001-12-14".len())
}

/// The ISO 8601 text of a timestamp; fails with the reason when there is no such moment.
pub fn iso(text: &str) -> Result<String, String> {
    let parts = Parts::parse(text).ok_or_else(|| format!("`{text}` is not a timestamp"))?;
    let impossible = || format!("there is no such date or time as `{text}`");
    let [year, month, day] = parts.date;
    let date = i16::try_from(year)
        .ok()
        .filter(|year| *year > 0)
        .and_then(|year| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok())
        .ok_or_else(impossible)?;
    let Some(time) = parts.time else { return Ok(date.to_string()) };
    if time.clock[0] > 23 || time.clock[1] > 59 || time.clock[2] > 59 {
        return Err(impossible());
    }
    let mut out = format!("{date}T{:02}:{:02}:{:02}", time.clock[0], time.clock[1], time.clock[2]);
    if time.micros > 0 {
        let _ = write!(out, ".{:06}", time.micros);
    }
    if let Some((sign, hours, minutes)) = time.zone {
        if hours * 60 + minutes >= 24 * 60 {
            return Err(impossible());
        }
        let sign = if hours + minutes == 0 { '+' } else { sign };
        let _ = write!(out, "{sign}{:02}:{:02}", hours + minutes / 60, minutes % 60);
    }
    Ok(out)
}

struct Parts {
    date: [u32; 3],
    time: Option<Time>,
}

struct Time {
    clock: [u32; 3],
    micros: u32,
    zone: Option<(char, u32, u32)>,
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let year = digits(&mut rest, 4, 4)?;
        literal(&mut rest, '-')?;
        let month = digits(&mut rest, 1, 2)?;
        literal(&mut rest, '-')?;
        let day = digits(&mut rest, 1, 2)?;
        let time = if rest.is_empty() { None } else { Some(Time::parse(rest)?) };
        Some(Self { date: [year, month, day], time })
    }
}

impl Time {
    fn parse(text: &str) -> Option<Self> {
        let mut rest = match text.strip_prefix(['T', 't']) {
            Some(rest) => rest,
            None => blanks(text).filter(|rest| rest.len() < text.len())?,
        };
        let hour = digits(&mut rest, 1, 2)?;
        literal(&mut rest, ':')?;
        let minute = digits(&mut rest, 2, 2)?;
        literal(&mut rest, ':')?;
        let second = digits(&mut rest, 2, 2)?;
        let mut micros = 0;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let padded = format!("{:0<6}", &after[..end]);
            micros = padded[..6].parse().ok()?;
            rest = &after[end..];
        }
        rest = blanks(rest)?;
        let zone = match rest.chars().next() {
            None if rest.len() == text.len() => None,
            None => None,
            Some('Z') if rest.len() == 1 => Some(('+', 0, 0)),
            Some(sign @ ('+' | '-')) => {
                rest = &rest[1..];
                let hours = digits(&mut rest, 1, 2)?;
                let minutes = match literal(&mut rest, ':') {
                    Some(()) => digits(&mut rest, 2, 2)?,
                    None => 0,
                };
                rest.is_empty().then_some((sign, hours, minutes))?.into()
            }
            Some(_) => return None,
        };
        Some(Self { clock: [hour, minute, second], micros, zone })
    }
}

fn blanks(text: &str) -> Option<&str> {
    Some(text.trim_start_matches([' ', '\t']))
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    if count < least { None } else { head.parse().ok() }
}

fn literal(rest: &mut &str, wanted: char) -> Option<()> {
    *rest = rest.strip_prefix(wanted)?;
    Some(())
}
