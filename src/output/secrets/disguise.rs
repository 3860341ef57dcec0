//! The ways of writing a text that show it all the same: escapes, quotes, folded lines, URLs, HTML.
//!
//! What is searched is the text as its readers would see it, so that secrets are kept once and not in every form.

use std::ops::Range;

/// How often a text is unescaped: JSON within JSON, and its representation in Python.
const DEPTH: usize = 3;

/// A text as a reader of its notation sees it, and where each part of it stands.
struct View {
    text: String,
    /// Without gaps, from the beginning on; the last one is literal.
    pieces: Vec<Piece>,
}

struct Piece {
    /// Where it begins in the view.
    at: usize,
    /// Where it begins in the text.
    origin: usize,
    /// Whether it is written as it reads.
    is_literal: bool,
}

impl View {
    /// What a notation makes of a text: `read` appends what stands at the beginning of a rest, which begins with one
    /// of `marks`, and returns how many bytes it read, 0 if it is no mark after all. `None` if the text reads as it
    /// is written.
    fn new(text: &str, marks: &[char], read: impl Fn(&str, &mut String) -> usize) -> Option<Self> {
        let mut view = Self { text: String::new(), pieces: Vec::new() };
        // What is written as it reads from here on, and the next place to look at.
        let (mut literal, mut at) = (0, 0);
        while let Some(found) = text[at..].find(marks) {
            at += found;
            let before = view.text.len();
            let length = read(&text[at..], &mut view.text);
            if length == 0 {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            let read = view.text.split_off(before);
            view.push(literal, &text[literal..at], true);
            view.push(at, &read, false);
            at += length;
            literal = at;
        }
        if view.pieces.is_empty() {
            return None;
        }
        view.push(literal, &text[literal..], true);
        Some(view)
    }

    fn push(&mut self, origin: usize, text: &str, is_literal: bool) {
        self.pieces.push(Piece { at: self.text.len(), origin, is_literal });
        self.text.push_str(text);
    }

    /// Where a part of the view stands in the text.
    fn origin(&self, part: Range<usize>) -> Range<usize> {
        let first = &self.pieces[self.pieces.partition_point(|piece| piece.at <= part.start).saturating_sub(1)];
        let last = self.pieces.partition_point(|piece| piece.at < part.end).saturating_sub(1);
        let end = match &self.pieces[last] {
            piece if piece.is_literal => piece.origin + (part.end - piece.at),
            _ => self.pieces[last + 1].origin,
        };
        first.origin + if first.is_literal { part.start - first.at } else { 0 }..end
    }
}

/// Searches a text as the readers of several notations see it: `search` gives the parts of such a reading, `found`
/// takes where they stand in the text.
pub fn each_reading(text: &str, search: impl Fn(&str) -> Vec<Range<usize>>, mut found: impl FnMut(Range<usize>)) {
    let mut levels: Vec<View> = Vec::new();
    loop {
        let current = levels.last().map_or(text, |view| &view.text);
        let outwards = |range| levels.iter().rev().fold(range, |range, view| view.origin(range));
        let readings = [
            View::new(current, &['\n', '\''], unfold),
            View::new(current, &['%', '+'], percent),
            View::new(current, &['&'], entity),
        ];
        for view in readings.iter().flatten() {
            search(&view.text).into_iter().for_each(|part| found(outwards(view.origin(part))));
        }
        if levels.len() == DEPTH {
            return;
        }
        let Some(view) = View::new(current, &['\\'], unescape) else { return };
        search(&view.text).into_iter().for_each(|part| found(outwards(view.origin(part))));
        levels.push(view);
    }
}

/// Escapes of JSON, Python's representations, YAML's double quotes and of shells.
fn unescape(text: &str, to: &mut String) -> usize {
    let Some(letter) = text[1..].chars().next() else { return 0 };
    let number = |digits: usize| hexadecimal(text.get(2..2 + digits)?);
    let coded = |digits: usize| number(digits).and_then(char::from_u32).map(|letter| (letter, 2 + digits));
    let (read, length) = match letter {
        'n' => ('\n', 2),
        't' => ('\t', 2),
        'r' => ('\r', 2),
        'b' => ('\u{8}', 2),
        'f' => ('\u{c}', 2),
        'a' => ('\u{7}', 2),
        'v' => ('\u{b}', 2),
        'e' => ('\u{1b}', 2),
        '0' => ('\0', 2),
        'N' => ('\u{85}', 2),
        '_' => ('\u{a0}', 2),
        'L' => ('\u{2028}', 2),
        'P' => ('\u{2029}', 2),
        'x' => coded(2).unwrap_or((letter, 2)),
        'U' => coded(8).unwrap_or((letter, 2)),
        'u' => coded(4).or_else(|| pair(text).map(|letter| (letter, 12))).unwrap_or((letter, 2)),
        // The line goes on in the next one.
        '\n' => return text.len() - text[2..].trim_start_matches([' ', '\t']).len(),
        other => (other, 1 + other.len_utf8()),
    };
    to.push(read);
    length
}

/// The letter of two surrogates, `\ud83d\ude00`.
fn pair(text: &str) -> Option<char> {
    let unit = |at: usize| hexadecimal(text.get(at..at + 4)?).and_then(|unit| u16::try_from(unit).ok());
    if text.get(6..8)? != "\\u" {
        return None;
    }
    char::decode_utf16([unit(2)?, unit(8)?]).next()?.ok()
}

fn hexadecimal(digits: &str) -> Option<u32> {
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// What YAML breaks at blanks, into lines of more indentation, and quotes within single quotes of YAML and of a shell.
fn unfold(text: &str, to: &mut String) -> usize {
    if text.starts_with('\'') {
        let quote = ["'\"'\"'", "'\\''", "''"].into_iter().find(|quote| text.starts_with(quote));
        return quote.map_or(0, |quote| {
            to.push('\'');
            quote.len()
        });
    }
    let rest = text.trim_start_matches(['\n', ' ', '\t']);
    let blank = &text[..text.len() - rest.len()];
    match blank.matches('\n').count() {
        // A line of its own.
        1 if blank.len() == 1 => return 0,
        1 => to.push(' '),
        lines => (1..lines).for_each(|_| to.push('\n')),
    }
    blank.len()
}

/// Bytes in a URL, and a blank in a query.
fn percent(text: &str, to: &mut String) -> usize {
    if text.starts_with('+') {
        to.push(' ');
        return 1;
    }
    let byte = |index: usize| {
        let code = text.get(3 * index..3 * index + 3)?.strip_prefix('%')?;
        hexadecimal(code).and_then(|byte| u8::try_from(byte).ok())
    };
    let length = match byte(0) {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..) => 4,
        _ => 1,
    };
    let bytes: Option<Vec<u8>> = (0..length).map(byte).collect();
    let Some(letter) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else { return 0 };
    to.push_str(&letter);
    3 * length
}

/// Letters that HTML writes otherwise.
fn entity(text: &str, to: &mut String) -> usize {
    let Some((name, _)) = text[1..].split_once(';').filter(|(name, _)| name.len() <= 8) else { return 0 };
    let letter = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.strip_prefix('#').and_then(|code| {
            let code = code.strip_prefix(['x', 'X']).map_or_else(|| code.parse().ok(), hexadecimal);
            code.and_then(char::from_u32)
        }),
    };
    let Some(letter) = letter else { return 0 };
    to.push(letter);
    name.len() + 2
}
