//! `strptime`: texts read as a format says. The format becomes a pattern, as in Python's `_strptime`.

use std::fmt::Write;

use fancy_regex::{Captures, Regex, escape};
use jiff::{Zoned, tz::Offset};

use super::{super::TemplateError, Date, day_of, field, iso::week_date, offset_of, ordinal};
use crate::value::Value;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
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
/// Letters of a short name.
const SHORT: usize = 3;

/// The directives of numbers, and what they match.
const NUMBERS: [(char, &str); 16] = [
    ('d', "3[0-1]|[1-2][0-9]|0[1-9]|[1-9]| [1-9]"),
    ('f', "[0-9]{1,6}"),
    ('G', "[0-9]{4}"),
    ('H', "2[0-3]|[0-1][0-9]|[0-9]"),
    ('I', "1[0-2]|0[1-9]|[1-9]"),
    ('j', "36[0-6]|3[0-5][0-9]|[1-2][0-9]{2}|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]"),
    ('m', "1[0-2]|0[1-9]|[1-9]"),
    ('M', "[0-5][0-9]|[0-9]"),
    ('S', "6[0-1]|[0-5][0-9]|[0-9]"),
    ('U', "5[0-3]|[0-4][0-9]|[0-9]"),
    ('u', "[1-7]"),
    ('V', "5[0-3]|0[1-9]|[1-4][0-9]|[0-9]"),
    ('W', "5[0-3]|[0-4][0-9]|[0-9]"),
    ('w', "[0-6]"),
    ('y', "[0-9]{2}"),
    ('Y', "[0-9]{4}"),
];
const OFFSET: &str = r"[+-][0-9]{2}:?[0-5][0-9](:?[0-5][0-9](\.[0-9]{1,6})?)?|(?-i:Z)";

/// A text in the form of a format.
pub(in crate::template) fn strptime(text: &Value, format: &Value) -> Result<Date, TemplateError> {
    let checked = |value: &Value, place: u8| match value {
        Value::Str(text) => Ok(text.clone()),
        other => {
            let found = if other.is_none() { "None" } else { other.type_name() };
            Err(TemplateError::type_error(format!("strptime() argument {place} must be str, not {found}")))
        }
    };
    let (text, format) = (checked(text, 1)?, checked(format, 2)?);
    let wrong = || {
        let (text, format) = (Value::Str(text.clone()).repr(), Value::Str(format.clone()).repr());
        TemplateError::value_error(format!("time data {text} does not match format {format}"))
    };
    let mut pattern = "\\A(?i:".to_owned();
    add(&mut pattern, &escaped(&format), &format)?;
    let pattern = Regex::new(&(pattern + ")")).map_err(|_| wrong())?;
    let found = pattern.captures(&*text).ok().flatten().ok_or_else(wrong)?;
    let end = found.get(0).map_or(0, |whole| whole.as_str().len());
    if end < text.len() {
        return Err(TemplateError::value_error(format!("unconverted data remains: {}", &text[end..]).trim_end()));
    }
    Fields(found).date()
}

/// A format whose letters mean themselves in a pattern, and whose blanks any blanks.
fn escaped(format: &str) -> String {
    let mut out = String::new();
    for letter in format.chars() {
        match letter {
            _ if letter.is_whitespace() && out.ends_with("\\s+") => {}
            _ if letter.is_whitespace() => out.push_str("\\s+"),
            '\\' | '.' | '^' | '$' | '*' | '+' | '?' | '(' | ')' | '{' | '}' | '[' | ']' | '|' => {
                out.extend(['\\', letter]);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Adds an escaped part of a format to the pattern, each directive as a group of its name.
fn add(pattern: &mut String, part: &str, format: &str) -> Result<(), TemplateError> {
    let mut letters = part.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            pattern.push(letter);
            continue;
        }
        let Some(directive) = letters.next() else {
            return Err(TemplateError::value_error(format!("stray % in format '{format}'")));
        };
        let numbers = NUMBERS.iter().find(|(name, _)| *name == directive);
        let group = match directive {
            '%' => {
                pattern.push('%');
                continue;
            }
            'c' => {
                add(pattern, "%a\\s+%b\\s+%d\\s+%H:%M:%S\\s+%Y", format)?;
                continue;
            }
            'x' => {
                add(pattern, "%m/%d/%y", format)?;
                continue;
            }
            'X' => {
                add(pattern, "%H:%M:%S", format)?;
                continue;
            }
            'a' => short(&WEEKDAYS),
            'A' => longest_first(WEEKDAYS.map(str::to_owned).to_vec()),
            'b' => short(&MONTHS),
            'B' => longest_first(MONTHS.map(str::to_owned).to_vec()),
            'p' => "am|pm".to_owned(),
            'z' => OFFSET.to_owned(),
            'Z' => longest_first(zones()),
            _ => match numbers {
                Some((_, numbers)) => (*numbers).to_owned(),
                None => {
                    // What is escaped behind the sign counts as the sign itself.
                    let directive = if directive == '\\' { '%' } else { directive };
                    let text = format!("'{directive}' is a bad directive in format '{format}'");
                    return Err(TemplateError::value_error(text));
                }
            },
        };
        if pattern.contains(&format!("(?P<{directive}>")) {
            let text = format!("redefinition of group name '{directive}'");
            return Err(TemplateError::raised("re.error", text));
        }
        let _ = write!(pattern, "(?P<{directive}>{group})");
    }
    Ok(())
}

fn short(names: &[&str]) -> String {
    names.iter().map(|name| &name[..SHORT]).collect::<Vec<_>>().join("|")
}

fn longest_first(mut names: Vec<String>) -> String {
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    names.iter().map(|name| escape(name).into_owned()).collect::<Vec<_>>().join("|")
}

/// The names of zones that are known: those of UTC and of this machine.
fn zones() -> Vec<String> {
    let now = Zoned::now();
    let mut names = vec!["utc".to_owned(), "gmt".to_owned()];
    for month in [1, 7] {
        let name = now.with().month(month).day(1).build().ok();
        names.extend(name.map(|time| time.strftime("%Z").to_string().to_lowercase()));
    }
    names
}

/// What the directives found.
struct Fields<'a>(Captures<'a, str>);

impl Fields<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        Some(self.0.name(name)?.as_str())
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim_start().parse().ok()
    }

    /// The place of a short or long name in a list, from 0.
    fn named(&self, short: &str, long: &str, names: &[&str]) -> Option<i64> {
        let found = self.text(short).or_else(|| self.text(long))?.to_lowercase();
        let place = names.iter().position(|name| found.get(..SHORT) == Some(&name[..SHORT]))?;
        i64::try_from(place).ok()
    }

    fn year(&self) -> Option<i64> {
        let short = |year: i64| if year <= 68 { 2000 + year } else { 1900 + year };
        self.number("Y").or_else(|| self.number("y").map(short))
    }

    /// The day of the week, from Monday's 0.
    fn weekday(&self) -> Option<i64> {
        self.named("a", "A", &WEEKDAYS)
            .or_else(|| self.number("w").map(|day| (day + 6) % 7))
            .or_else(|| self.number("u").map(|day| day - 1))
    }

    fn hour(&self) -> i64 {
        let half = |hour: i64| match self.text("p") {
            Some(half) if half.eq_ignore_ascii_case("pm") => hour % 12 + 12,
            _ => hour % 12,
        };
        self.number("H").or_else(|| self.number("I").map(half)).unwrap_or(0)
    }

    fn offset(&self) -> Result<Option<Offset>, TemplateError> {
        let Some(text) = self.text("z") else { return Ok(None) };
        if text == "Z" {
            return Ok(Some(Offset::UTC));
        }
        let (sign, rest) = text.split_at(1);
        let parts = rest.split('.').next().unwrap_or_default();
        let colons = parts.matches(':').count();
        let digits = parts.replace(':', "");
        if colons == 1 && digits.len() > 4 && rest[2..].starts_with(':') {
            return Err(TemplateError::value_error(format!("Inconsistent use of : in {text}")));
        }
        let number = |from: usize| digits.get(from..from + 2).and_then(|part| part.parse::<i64>().ok()).unwrap_or(0);
        let seconds = number(0) * 3600 + number(2) * 60 + number(4);
        offset_of(if sign == "-" { -seconds } else { seconds }).map(Some)
    }

    fn date(&self) -> Result<Date, TemplateError> {
        self.check_weeks()?;
        let day = self.day()?;
        let micros = self.text("f").map_or(0, |digits| format!("{digits:0<6}").parse().unwrap_or(0));
        let number = |name: &str| self.number(name).unwrap_or(0);
        let clock = field::clock([self.hour(), number("M"), number("S"), micros])?;
        Ok(Date::with_offset(day.to_datetime(clock), self.offset()?))
    }

    /// Fails for directives of ISO 8601's weeks that do not make a date.
    fn check_weeks(&self) -> Result<(), TemplateError> {
        let has = |name: &str| self.text(name).is_some();
        let week = "a weekday directive ('%A', '%a', '%w', or '%u').";
        let text = match (has("G"), has("V"), self.weekday().is_some()) {
            (true, true, true) if has("j") => {
                "Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' instead."
                    .to_owned()
            }
            (true, true, true) => return Ok(()),
            (true, ..) => format!("ISO year directive '%G' must be used with the ISO week directive '%V' and {week}"),
            (false, true, _) if has("U") || has("W") => return Ok(()),
            (false, true, false) => {
                format!("ISO week directive '%V' must be used with the ISO year directive '%G' and {week}")
            }
            (false, true, true) => "ISO week directive '%V' is incompatible with the year directive '%Y'. Use the ISO \
                                    year '%G' instead."
                .to_owned(),
            (false, false, _) => return Ok(()),
        };
        Err(TemplateError::value_error(text))
    }

    fn day(&self) -> Result<jiff::civil::Date, TemplateError> {
        let year = self.year().unwrap_or(1900);
        let (weekday, week) = (self.weekday(), self.number("W").or_else(|| self.number("U")));
        let of_year = match (self.number("j"), weekday, week, self.number("G")) {
            (Some(day), ..) => Some(day),
            (None, Some(weekday), Some(week), _) => Some(day_of_week(year, week, weekday, self.text("W").is_some())?),
            (None, Some(weekday), None, Some(year)) => {
                let week = self.number("V").unwrap_or(0);
                return week_date(year, week, weekday + 1)
                    .ok_or_else(|| TemplateError::value_error(format!("Invalid week: {week}")));
            }
            _ => None,
        };
        match of_year {
            Some(day) => day_of(ordinal(field::day(year, 1, 1)?) + day - 1),
            None => {
                let month = self.number("m").or_else(|| self.named("b", "B", &MONTHS).map(|place| place + 1));
                field::day(year, month.unwrap_or(1), self.number("d").unwrap_or(1))
            }
        }
    }
}

/// The day of the year for a week, counted from the first Monday or Sunday, and a day of it from Monday's 0.
fn day_of_week(year: i64, week: i64, weekday: i64, is_from_monday: bool) -> Result<i64, TemplateError> {
    let first = i64::from(field::day(year, 1, 1)?.weekday().to_monday_zero_offset());
    let (first, weekday) = if is_from_monday { (first, weekday) } else { ((first + 1) % 7, (weekday + 1) % 7) };
    Ok(if week == 0 { 1 + weekday - first } else { 1 + (7 - first) % 7 + 7 * (week - 1) + weekday })
}
