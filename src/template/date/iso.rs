//! `fromisoformat`: the forms of ISO 8601 that Python 3.11 reads.

use jiff::{
    civil::{self, ISOWeekDate, Time, Weekday},
    tz::Offset,
};

use super::{super::TemplateError, field};

/// A time of day with its offset from UTC.
pub(super) type Clock = (Time, Option<Offset>);

/// What is wrong with a text.
pub(super) enum Wrong {
    /// It has none of the forms.
    Form,
    /// A number in it is beyond its limits.
    Number(TemplateError),
}

impl From<TemplateError> for Wrong {
    fn from(error: TemplateError) -> Self {
        Self::Number(error)
    }
}

/// `date.fromisoformat`.
pub(super) fn date(text: &str) -> Result<civil::Date, Wrong> {
    match text.len() {
        7 | 8 | 10 => day(text),
        _ => Err(Wrong::Form),
    }
}

/// `time.fromisoformat`.
pub(super) fn time(text: &str) -> Result<Clock, Wrong> {
    clock(text.strip_prefix('T').unwrap_or(text))
}

/// `datetime.fromisoformat`: a day, and a time behind any letter.
pub(super) fn date_time(text: &str) -> Result<(civil::Date, Clock), Wrong> {
    let end = end_of_day(text.as_bytes()).ok_or(Wrong::Form)?;
    let day = day(text.get(..end).ok_or(Wrong::Form)?)?;
    let mut rest = text.get(end..).ok_or(Wrong::Form)?.chars();
    Ok((day, if rest.next().is_none() { (Time::midnight(), None) } else { clock(rest.as_str())? }))
}

/// Where the day ends. Any letter may follow it, so that some texts can be read in two ways.
fn end_of_day(text: &[u8]) -> Option<usize> {
    let is_digit = |place: usize| text.get(place).is_some_and(u8::is_ascii_digit);
    match (text.len(), text.get(4), text.get(5)) {
        (..7, ..) => None,
        (7, ..) => Some(7),
        (length, Some(b'-'), Some(b'W')) => match text.get(8) {
            Some(b'-') if length == 9 => None,
            Some(b'-') if is_digit(10) => Some(8),
            Some(b'-') => Some(10),
            _ => Some(8),
        },
        (_, Some(b'-'), _) => Some(10),
        (length, Some(b'W'), _) => {
            let end = (7..length).find(|place| !is_digit(*place)).unwrap_or(length);
            Some(if end < 9 { end } else { 7 + end % 2 })
        }
        _ => Some(8),
    }
}

/// So many digits as a number.
fn number(text: &mut &[u8], digits: usize) -> Result<i64, Wrong> {
    let (front, rest) = text.split_at_checked(digits).ok_or(Wrong::Form)?;
    *text = rest;
    front.iter().try_fold(0, |sum, digit| {
        if digit.is_ascii_digit() { Ok(sum * 10 + i64::from(digit - b'0')) } else { Err(Wrong::Form) }
    })
}

/// Takes a letter off the front, if it is there.
fn skip(text: &mut &[u8], letter: u8) -> bool {
    let rest = text.strip_prefix(&[letter]);
    *text = rest.unwrap_or(text);
    rest.is_some()
}

/// `YYYY-MM-DD` and `YYYY-Www-D`, where the day of the week may be missing, with or without hyphens.
fn day(text: &str) -> Result<civil::Date, Wrong> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    let has_hyphens = skip(&mut rest, b'-');
    if !skip(&mut rest, b'W') {
        let month = number(&mut rest, 2)?;
        if has_hyphens && !skip(&mut rest, b'-') {
            return Err(Wrong::Form);
        }
        let day = number(&mut rest, 2)?;
        return if rest.is_empty() { Ok(field::day(year, month, day)?) } else { Err(Wrong::Form) };
    }
    let week = number(&mut rest, 2)?;
    let mut weekday = 1;
    if !rest.is_empty() {
        if has_hyphens && !skip(&mut rest, b'-') {
            return Err(Wrong::Form);
        }
        weekday = number(&mut rest, 1)?;
    }
    if rest.is_empty() { week_date(year, week, weekday).ok_or(Wrong::Form) } else { Err(Wrong::Form) }
}

/// The day of a week of a year, as ISO 8601 counts them.
pub(super) fn week_date(year: i64, week: i64, weekday: i64) -> Option<civil::Date> {
    let weekday = Weekday::from_monday_one_offset(i8::try_from(weekday).ok()?).ok()?;
    let date = ISOWeekDate::new(i16::try_from(year).ok()?, i8::try_from(week).ok()?, weekday).ok()?.date();
    (date.year() >= 1).then_some(date)
}

/// A time, and an offset behind a sign, or `Z`.
fn clock(text: &str) -> Result<Clock, Wrong> {
    let zone = text.find(['+', '-', 'Z']);
    let (fields, is_whole) = fields(&text[..zone.unwrap_or(text.len())], zone.is_some())?;
    let offset = match zone.map(|at| &text[at..]) {
        None if !is_whole => return Err(Wrong::Form),
        None => None,
        Some("Z") => Some(Offset::UTC),
        Some(zone) if zone.starts_with('Z') => return Err(Wrong::Form),
        Some(zone) => Some(offset(zone)?),
    };
    Ok((field::clock(fields)?, offset))
}

/// An offset behind its sign.
fn offset(text: &str) -> Result<Offset, Wrong> {
    let ([hours, minutes, seconds, micros], is_whole) = fields(&text[1..], false)?;
    if !is_whole || micros != 0 {
        return Err(Wrong::Form);
    }
    let seconds = hours * 3600 + minutes * 60 + seconds;
    Ok(super::offset_of(if text.starts_with('-') { -seconds } else { seconds })?)
}

/// Hours, minutes, seconds and microseconds, of which those at the end may be missing, with or without colons; and
/// whether that is all there is. Where an offset follows, Python passes over what is left.
fn fields(text: &str, is_followed: bool) -> Result<([i64; 4], bool), Wrong> {
    let mut rest = text.as_bytes();
    let mut fields = [0; 4];
    let mut has_colons = false;
    for (place, field) in fields.iter_mut().take(3).enumerate() {
        *field = number(&mut rest, 2)?;
        let Some((letter, behind)) = rest.split_first() else { return Ok((fields, true)) };
        if place == 0 {
            has_colons = *letter == b':';
        }
        if behind.is_empty() {
            return Ok((fields, is_followed));
        }
        match letter {
            b':' if has_colons => rest = behind,
            b'.' | b',' => {
                rest = behind;
                break;
            }
            _ if has_colons => return Err(Wrong::Form),
            _ => {}
        }
    }
    let digits = rest.len().min(6);
    fields[3] = number(&mut rest, digits)? * 10_i64.pow(6 - digits as u32);
    Ok((fields, is_followed || rest.iter().all(u8::is_ascii_digit)))
}
