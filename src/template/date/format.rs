//! `strftime` as the C library has it in the locale `C`.

use jiff::civil::DateTime;

use super::local_seconds;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Letters of a short name.
const SHORT: usize = 3;

/// What is written.
#[derive(Clone, Copy)]
pub(in crate::template) struct Moment<'a> {
    /// What a clock shows.
    pub at: DateTime,
    /// How far the clock is ahead of UTC, in seconds; `None` where `%z` is nothing.
    pub offset: Option<i64>,
    /// What `%Z` is.
    pub zone: &'a str,
    /// What `%f` is, where that is a directive.
    pub micros: Option<i64>,
}

/// How a directive is written, as its flags say.
#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    /// `_`, `-` or `0`.
    padding: Option<char>,
    is_upper: bool,
    is_swapped: bool,
    width: usize,
}

impl Style {
    fn number(self, number: i64, digits: usize, padding: char) -> String {
        let sign = if number < 0 { "-" } else { "" };
        let text = number.unsigned_abs().to_string();
        let width = self.width.max(digits).saturating_sub(sign.len());
        match self.padding.unwrap_or(padding) {
            '-' => format!("{sign}{text}"),
            '_' => format!("{:>1$}", format!("{sign}{text}"), width + sign.len()),
            _ => format!("{sign}{text:0>width$}"),
        }
    }

    fn text(self, text: &str) -> String {
        let text = if self.is_upper { text.to_uppercase() } else { text.to_owned() };
        let width = self.width;
        if self.padding == Some('0') { format!("{text:0>width$}") } else { format!("{text:>width$}") }
    }
}

/// A moment in a format.
pub(in crate::template) fn written(format: &str, moment: Moment<'_>) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let (style, modifier, directive) = read(behind);
        let Some(directive) = directive else {
            out.push_str(&rest[at..]);
            return out;
        };
        let length = behind.len() - directive.len();
        let letter = directive.chars().next().unwrap_or_default();
        let end = at + 1 + length + letter.len_utf8();
        match directive_text(letter, modifier, style, moment) {
            Some(text) => out.push_str(&text),
            // What is no directive stays as it is.
            None => out.push_str(&rest[at..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The flags, the width and the modifier of a directive, and what follows them; `None` where nothing does.
fn read(text: &str) -> (Style, Option<char>, Option<&str>) {
    let mut style = Style::default();
    let mut rest = text;
    while let Some(flag) = rest.chars().next().filter(|flag| "_-0^#".contains(*flag)) {
        match flag {
            '^' => style.is_upper = true,
            '#' => style.is_swapped = true,
            _ => style.padding = Some(flag),
        }
        rest = &rest[1..];
    }
    let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    style.width = rest[..digits].parse().unwrap_or(0).min(1000);
    rest = &rest[digits..];
    let modifier = rest.chars().next().filter(|letter| matches!(letter, 'E' | 'O'));
    rest = &rest[usize::from(modifier.is_some())..];
    (style, modifier, Some(rest).filter(|rest| !rest.is_empty()))
}

fn directive_text(letter: char, modifier: Option<char>, style: Style, moment: Moment<'_>) -> Option<String> {
    match modifier {
        Some('E') if !"cCxXyY".contains(letter) => return None,
        Some('O') if !"bBdehHIklmMSuUVwWy".contains(letter) => return None,
        _ => {}
    }
    let at = moment.at;
    let (year, of_year) = (i64::from(at.year()), i64::from(at.day_of_year()));
    let weekday = i64::from(at.weekday().to_sunday_zero_offset());
    let week = at.date().iso_week_date();
    let hour = i64::from(at.hour());
    let half = (hour + 11) % 12 + 1;
    let number = |number: i64, digits: usize| Some(style.number(number, digits, '0'));
    let spaced = |number: i64| Some(style.number(number, 2, '_'));
    let name = |name: &str| Some(Style { is_upper: style.is_upper || style.is_swapped, ..style }.text(name));
    let parts = |format: &str| Some(style.text(&written(format, moment)));
    let is_late = hour >= 12;
    match letter {
        '%' => Some("%".to_owned()),
        'n' => Some("\n".to_owned()),
        't' => Some("\t".to_owned()),
        'a' => name(&WEEKDAYS[weekday as usize][..SHORT]),
        'A' => name(WEEKDAYS[weekday as usize]),
        'b' | 'h' => name(&MONTHS[at.month() as usize - 1][..SHORT]),
        'B' => name(MONTHS[at.month() as usize - 1]),
        'c' => parts("%a %b %e %H:%M:%S %Y"),
        'C' => number(year.div_euclid(100), 1),
        'd' => number(at.day().into(), 2),
        'D' | 'x' => parts("%m/%d/%y"),
        'e' => spaced(at.day().into()),
        // It is Python's own, and has no flags.
        'f' => moment.micros.filter(|_| style == Style::default()).map(|micros| format!("{micros:06}")),
        'F' => parts("%Y-%m-%d"),
        'g' => number(i64::from(week.year()).rem_euclid(100), 2),
        'G' => number(week.year().into(), 1),
        'H' => number(hour, 2),
        'I' => number(half, 2),
        'j' => number(of_year, 3),
        'k' => spaced(hour),
        'l' => spaced(half),
        'm' => number(at.month().into(), 2),
        'M' => number(at.minute().into(), 2),
        'p' if style.is_swapped => Some(style.text(if is_late { "pm" } else { "am" })),
        'p' => Some(style.text(if is_late { "PM" } else { "AM" })),
        'P' => Some(style.text(if is_late { "pm" } else { "am" })),
        'r' => parts("%I:%M:%S %p"),
        'R' => parts("%H:%M"),
        's' => number(local_seconds(at, false), 1),
        'S' => number(at.second().into(), 2),
        'T' | 'X' => parts("%H:%M:%S"),
        'u' => number((weekday + 6) % 7 + 1, 1),
        'U' => number((of_year + 6 - weekday) / 7, 2),
        'V' => number(week.week().into(), 2),
        'w' => number(weekday, 1),
        'W' => number((of_year + 6 - (weekday + 6) % 7) / 7, 2),
        'y' => number(year.rem_euclid(100), 2),
        'Y' => number(year, 1),
        'z' => Some(moment.offset.map_or_else(String::new, |offset| offset_text(offset, style))),
        'Z' if style.is_swapped => Some(style.text(&moment.zone.to_lowercase())),
        'Z' => Some(style.text(moment.zone)),
        _ => None,
    }
}

/// `+HHMM`, with seconds where there are some.
fn offset_text(offset: i64, style: Style) -> String {
    let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    let clock = offset / 3600 * 100 + offset / 60 % 60;
    let seconds = if offset % 60 == 0 { String::new() } else { format!("{:02}", offset % 60) };
    format!("{sign}{}{seconds}", style.number(clock, 4, '0'))
}
