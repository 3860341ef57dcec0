//! Characters as Python's methods of text class and change them (Unicode's tables, and Python's own rules).

use std::sync::LazyLock;

use fancy_regex::Regex;

fn table(class: &str) -> Regex {
    Regex::new(&format!("^{class}$")).expect("a class of Unicode")
}

fn is_in(class: &Regex, c: char) -> bool {
    class.is_match(c.encode_utf8(&mut [0; 4])).unwrap_or(false)
}

/// Characters that are digits but not decimal, such as `²`.
const DIGITS: [(char, char); 20] = [
    ('\u{b2}', '\u{b3}'),
    ('\u{b9}', '\u{b9}'),
    ('\u{1369}', '\u{1371}'),
    ('\u{19da}', '\u{19da}'),
    ('\u{2070}', '\u{2070}'),
    ('\u{2074}', '\u{2079}'),
    ('\u{2080}', '\u{2089}'),
    ('\u{2460}', '\u{2468}'),
    ('\u{2474}', '\u{247c}'),
    ('\u{2488}', '\u{2490}'),
    ('\u{24ea}', '\u{24ea}'),
    ('\u{24f5}', '\u{24fd}'),
    ('\u{24ff}', '\u{24ff}'),
    ('\u{2776}', '\u{277e}'),
    ('\u{2780}', '\u{2788}'),
    ('\u{278a}', '\u{2792}'),
    ('\u{10a40}', '\u{10a43}'),
    ('\u{10e60}', '\u{10e68}'),
    ('\u{11052}', '\u{1105a}'),
    ('\u{1f100}', '\u{1f10a}'),
];

/// Letters that stand for numbers.
const NUMBERS: [(char, char); 72] = [
    ('\u{3405}', '\u{3405}'),
    ('\u{3483}', '\u{3483}'),
    ('\u{382a}', '\u{382a}'),
    ('\u{3b4d}', '\u{3b4d}'),
    ('\u{4e00}', '\u{4e00}'),
    ('\u{4e03}', '\u{4e03}'),
    ('\u{4e07}', '\u{4e07}'),
    ('\u{4e09}', '\u{4e09}'),
    ('\u{4e5d}', '\u{4e5d}'),
    ('\u{4e8c}', '\u{4e8c}'),
    ('\u{4e94}', '\u{4e94}'),
    ('\u{4e96}', '\u{4e96}'),
    ('\u{4ebf}', '\u{4ec0}'),
    ('\u{4edf}', '\u{4edf}'),
    ('\u{4ee8}', '\u{4ee8}'),
    ('\u{4f0d}', '\u{4f0d}'),
    ('\u{4f70}', '\u{4f70}'),
    ('\u{5104}', '\u{5104}'),
    ('\u{5146}', '\u{5146}'),
    ('\u{5169}', '\u{5169}'),
    ('\u{516b}', '\u{516b}'),
    ('\u{516d}', '\u{516d}'),
    ('\u{5341}', '\u{5341}'),
    ('\u{5343}', '\u{5345}'),
    ('\u{534c}', '\u{534c}'),
    ('\u{53c1}', '\u{53c4}'),
    ('\u{56db}', '\u{56db}'),
    ('\u{58f1}', '\u{58f1}'),
    ('\u{58f9}', '\u{58f9}'),
    ('\u{5e7a}', '\u{5e7a}'),
    ('\u{5efe}', '\u{5eff}'),
    ('\u{5f0c}', '\u{5f0e}'),
    ('\u{5f10}', '\u{5f10}'),
    ('\u{62fe}', '\u{62fe}'),
    ('\u{634c}', '\u{634c}'),
    ('\u{67d2}', '\u{67d2}'),
    ('\u{6f06}', '\u{6f06}'),
    ('\u{7396}', '\u{7396}'),
    ('\u{767e}', '\u{767e}'),
    ('\u{8086}', '\u{8086}'),
    ('\u{842c}', '\u{842c}'),
    ('\u{8cae}', '\u{8cae}'),
    ('\u{8cb3}', '\u{8cb3}'),
    ('\u{8d30}', '\u{8d30}'),
    ('\u{9621}', '\u{9621}'),
    ('\u{9646}', '\u{9646}'),
    ('\u{964c}', '\u{964c}'),
    ('\u{9678}', '\u{9678}'),
    ('\u{96f6}', '\u{96f6}'),
    ('\u{f96b}', '\u{f96b}'),
    ('\u{f973}', '\u{f973}'),
    ('\u{f978}', '\u{f978}'),
    ('\u{f9b2}', '\u{f9b2}'),
    ('\u{f9d1}', '\u{f9d1}'),
    ('\u{f9d3}', '\u{f9d3}'),
    ('\u{f9fd}', '\u{f9fd}'),
    ('\u{20001}', '\u{20001}'),
    ('\u{20064}', '\u{20064}'),
    ('\u{200e2}', '\u{200e2}'),
    ('\u{20121}', '\u{20121}'),
    ('\u{2092a}', '\u{2092a}'),
    ('\u{20983}', '\u{20983}'),
    ('\u{2098c}', '\u{2098c}'),
    ('\u{2099c}', '\u{2099c}'),
    ('\u{20aea}', '\u{20aea}'),
    ('\u{20afd}', '\u{20afd}'),
    ('\u{20b19}', '\u{20b19}'),
    ('\u{22390}', '\u{22390}'),
    ('\u{22998}', '\u{22998}'),
    ('\u{23b1b}', '\u{23b1b}'),
    ('\u{2626d}', '\u{2626d}'),
    ('\u{2f890}', '\u{2f890}'),
];

fn is_between(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Whether `repr()` shows the character as it is; blanks other than the space are escaped.
pub(crate) fn is_printable(c: char) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| table(r"[\p{C}\p{Z}]"));
    if c.is_ascii() { !c.is_ascii_control() } else { !is_in(&OTHER, c) }
}

pub(super) fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Regex> = LazyLock::new(|| table(r"\p{L}"));
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(&LETTER, c) }
}

pub(super) fn is_decimal(c: char) -> bool {
    static DECIMAL: LazyLock<Regex> = LazyLock::new(|| table(r"\p{Nd}"));
    if c.is_ascii() { c.is_ascii_digit() } else { is_in(&DECIMAL, c) }
}

pub(super) fn is_digit(c: char) -> bool {
    is_decimal(c) || is_between(&DIGITS, c)
}

pub(super) fn is_numeric(c: char) -> bool {
    c.is_numeric() || is_between(&NUMBERS, c)
}

/// Whether the character is a capital with a small letter, such as `ǅ`.
pub(super) fn is_title(c: char) -> bool {
    static TITLE: LazyLock<Regex> = LazyLock::new(|| table(r"\p{Lt}"));
    !c.is_ascii() && is_in(&TITLE, c)
}

/// Whether a character has a case, for `title`.
pub(super) fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || is_title(c)
}

/// The character as a word begins with it.
pub(super) fn titled(c: char, out: &mut String) {
    match c {
        '\u{1c4}'..='\u{1c6}' => out.push('\u{1c5}'),
        '\u{1c7}'..='\u{1c9}' => out.push('\u{1c8}'),
        '\u{1ca}'..='\u{1cc}' => out.push('\u{1cb}'),
        '\u{1f1}'..='\u{1f3}' => out.push('\u{1f2}'),
        // Georgian has capitals for whole texts only.
        '\u{10d0}'..='\u{10ff}' => out.push(c),
        '\u{1f80}'..='\u{1faf}' => out.extend(char::from_u32(c as u32 | 8)),
        '\u{1fb3}' | '\u{1fbc}' => out.push('\u{1fbc}'),
        '\u{1fc3}' | '\u{1fcc}' => out.push('\u{1fcc}'),
        '\u{1ff3}' | '\u{1ffc}' => out.push('\u{1ffc}'),
        '\u{1fb2}' => out.push_str("\u{1fba}\u{345}"),
        '\u{1fb4}' => out.push_str("\u{386}\u{345}"),
        '\u{1fb7}' => out.push_str("\u{391}\u{342}\u{345}"),
        '\u{1fc2}' => out.push_str("\u{1fca}\u{345}"),
        '\u{1fc4}' => out.push_str("\u{389}\u{345}"),
        '\u{1fc7}' => out.push_str("\u{397}\u{342}\u{345}"),
        '\u{1ff2}' => out.push_str("\u{1ffa}\u{345}"),
        '\u{1ff4}' => out.push_str("\u{38f}\u{345}"),
        '\u{1ff7}' => out.push_str("\u{3a9}\u{342}\u{345}"),
        '\u{149}' => out.push_str("\u{2bc}N"),
        _ => {
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}

/// The text for comparisons without case.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ı' | '\u{13a0}'..='\u{13f5}' => out.push(c),
            'ẞ' => out.push_str("ss"),
            '\u{13f8}'..='\u{13fd}' => out.extend(char::from_u32(c as u32 - 8)),
            '\u{ab70}'..='\u{abbf}' => out.extend(char::from_u32(c as u32 - 0xab70 + 0x13a0)),
            c => out.extend(c.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    out
}
