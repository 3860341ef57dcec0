//! Text as bytes and bytes as text, in the encodings that Python has, by its names of them.

use encoding_rs::{DecoderResult, Encoding};

use super::TemplateError;
use crate::source::escaped_byte;

/// An encoding of text.
#[derive(Clone, Copy)]
pub struct Codec {
    /// As errors name it.
    name: &'static str,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Utf8,
    /// Units of two or four bytes.
    Wide {
        /// How many bytes.
        bytes: usize,
        /// Whether the high byte comes first; `None` leaves that to a mark at the beginning.
        is_big: Option<bool>,
    },
    /// The first so many characters of Unicode, a byte each.
    First(u32),
    Table(&'static Encoding),
}

const MARK: &str = "\u{feff}";

impl Codec {
    /// The encoding of that name, with the liberties that Python takes.
    pub fn find(name: &str) -> Result<Self, TemplateError> {
        let plain = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
        let wide = |bytes, is_big| Form::Wide { bytes, is_big };
        let (name, form) = match plain.as_str() {
            "utf8" | "u8" | "utf" | "cp65001" => ("utf-8", Form::Utf8),
            "utf8sig" => ("utf-8-sig", Form::Utf8),
            "utf16" | "u16" => ("utf-16", wide(2, None)),
            "utf16le" => ("utf-16-le", wide(2, Some(false))),
            "utf16be" => ("utf-16-be", wide(2, Some(true))),
            "utf32" | "u32" => ("utf-32", wide(4, None)),
            "utf32le" => ("utf-32-le", wide(4, Some(false))),
            "utf32be" => ("utf-32-be", wide(4, Some(true))),
            "ascii" | "usascii" | "646" => ("ascii", Form::First(0x80)),
            "latin1" | "latin" | "l1" | "iso88591" | "8859" | "cp819" => ("latin-1", Form::First(0x100)),
            plain => {
                let unknown = || TemplateError::raised("LookupError", format!("unknown encoding: {name}"));
                let table = Encoding::for_label(label(plain).as_bytes()).ok_or_else(unknown)?;
                let name = match table.name() {
                    _ if table.is_single_byte() => "charmap",
                    "Big5" => "big5",
                    "EUC-JP" => "euc_jp",
                    "EUC-KR" => "euc_kr",
                    "GBK" => "gbk",
                    "Shift_JIS" => "shift_jis",
                    other => other,
                };
                (name, Form::Table(table))
            }
        };
        Ok(Self { name, form })
    }

    /// Whether it is UTF-8 without a mark.
    pub fn is_utf8(self) -> bool {
        self.name == "utf-8"
    }

    /// A text in this encoding; `errors` says, as in Python, what becomes of characters that it has not.
    pub fn encode(self, text: &str, errors: &str) -> Result<Vec<u8>, TemplateError> {
        match self.form {
            Form::Utf8 if self.is_utf8() => Ok(text.as_bytes().to_vec()),
            Form::Utf8 => Ok([MARK, text].concat().into_bytes()),
            Form::Wide { bytes, is_big } => {
                let mark = if is_big.is_none() { MARK } else { "" };
                let letters = mark.chars().chain(text.chars());
                Ok(widened(letters, bytes, is_big.unwrap_or(false)))
            }
            Form::First(limit) => self.by_letter(text, errors, |letter| {
                u8::try_from(letter).ok().filter(|byte| u32::from(*byte) < limit).map(|byte| vec![byte])
            }),
            Form::Table(table) => self.by_letter(text, errors, |letter| {
                let mut room = [0; 4];
                let (bytes, _, is_missing) = table.encode(letter.encode_utf8(&mut room));
                (!is_missing && !is_hole(table, letter)).then(|| bytes.into_owned())
            }),
        }
    }

    fn by_letter(
        self,
        text: &str,
        errors: &str,
        bytes: impl Fn(char) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, TemplateError> {
        let mut out = Vec::with_capacity(text.len());
        for (at, letter) in text.chars().enumerate() {
            match (bytes(letter).or_else(|| Some(vec![escaped_byte(letter)?])), errors) {
                (Some(bytes), _) => out.extend(bytes),
                (None, "ignore") => {}
                (None, "replace") => out.push(b'?'),
                (None, "xmlcharrefreplace") => out.extend(format!("&#{};", u32::from(letter)).bytes()),
                (None, "backslashreplace") => out.extend(escaped(letter).bytes()),
                (None, "strict") => {
                    let count = text.chars().skip(at).take_while(|letter| bytes(*letter).is_none()).count();
                    let what = match count {
                        1 => format!("character '{}' in position {at}", escaped(letter)),
                        count => format!("characters in position {at}-{}", at + count - 1),
                    };
                    let text = format!("'{}' codec can't encode {what}: {}", self.name, self.complaint());
                    return Err(TemplateError::raised("UnicodeEncodeError", text));
                }
                (None, other) => {
                    let text = format!("unknown error handler name '{other}'");
                    return Err(TemplateError::raised("LookupError", text));
                }
            }
        }
        Ok(out)
    }

    /// The text of these bytes; with `replace` and `ignore` in `errors`, whatever they are.
    pub fn decode(self, bytes: &[u8], errors: &str) -> Result<String, TemplateError> {
        let mut out = String::new();
        let mut at = 0;
        let bytes = if self.name == "utf-8-sig" { bytes.strip_prefix(MARK.as_bytes()).unwrap_or(bytes) } else { bytes };
        while let Some(wrong) = self.decode_some(bytes, at, &mut out) {
            match errors {
                "ignore" => {}
                "replace" => out.push(char::REPLACEMENT_CHARACTER),
                _ => {
                    let what = match wrong.count {
                        1 => format!("byte 0x{:02x} in position {}", bytes[wrong.at], wrong.at),
                        count => format!("bytes in position {}-{}", wrong.at, wrong.at + count - 1),
                    };
                    let text = format!("'{}' codec can't decode {what}: {}", self.name, wrong.why);
                    return Err(TemplateError::raised("UnicodeDecodeError", text));
                }
            }
            at = wrong.at + wrong.count;
        }
        Ok(out)
    }

    /// Adds the text of the bytes from `at` on, to the first that are none.
    fn decode_some(self, bytes: &[u8], at: usize, out: &mut String) -> Option<Wrong> {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let (read, count, why) = match self.form {
            Form::Utf8 => utf8(rest, out)?,
            Form::First(limit) => {
                let read = rest.iter().take_while(|byte| u32::from(**byte) < limit).count();
                out.extend(rest[..read].iter().map(|byte| char::from(*byte)));
                (read, usize::from(read < rest.len()), self.complaint())
            }
            Form::Wide { bytes: width, is_big } => {
                let (rest, skipped, is_big) = match (is_big, at) {
                    (Some(is_big), _) => (rest, 0, is_big),
                    (None, 0) if begins(rest, width, true) => (&rest[width..], width, true),
                    (None, 0) if begins(rest, width, false) => (&rest[width..], width, false),
                    (None, _) => (rest, 0, begins(bytes, width, true)),
                };
                let (read, count, why) = narrowed(rest, width, is_big, out);
                (read + skipped, count, why)
            }
            Form::Table(table) => decode_by(table, rest, out, self.complaint()),
        };
        (count > 0).then_some(Wrong { at: at + read, count, why })
    }

    /// What is wrong with a character or byte that the encoding has not.
    fn complaint(self) -> &'static str {
        match self.form {
            Form::First(0x80) => "ordinal not in range(128)",
            Form::First(_) => "ordinal not in range(256)",
            Form::Table(table) if !table.is_single_byte() => "illegal multibyte sequence",
            _ => "character maps to <undefined>",
        }
    }
}

/// Bytes that are no text.
struct Wrong {
    at: usize,
    count: usize,
    why: &'static str,
}

/// The label that browsers have for an encoding of Python's.
fn label(plain: &str) -> String {
    let numbered = plain.strip_prefix("iso8859").or_else(|| plain.strip_prefix("8859"));
    if let Some(number) = numbered.filter(|number| !matches!(*number, "9" | "11" | "12")) {
        return format!("iso-8859-{number}");
    }
    match plain {
        "latin2" | "l2" => "iso-8859-2",
        "latin3" | "l3" => "iso-8859-3",
        "latin4" | "l4" => "iso-8859-4",
        "cyrillic" => "iso-8859-5",
        "arabic" => "iso-8859-6",
        "greek" => "iso-8859-7",
        "hebrew" => "iso-8859-8",
        "latin6" | "l6" => "iso-8859-10",
        "latin7" | "l7" => "iso-8859-13",
        "latin8" | "l8" => "iso-8859-14",
        "latin9" | "l9" => "iso-8859-15",
        "latin10" | "l10" => "iso-8859-16",
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        "ibm866" | "cp866" | "866" => "ibm866",
        "macroman" | "macintosh" => "macintosh",
        "cp874" | "windows874" => "windows-874",
        "gbk" | "cp936" | "936" | "ms936" => "gbk",
        "gb18030" => "gb18030",
        "big5" | "big5tw" | "csbig5" => "big5",
        "eucjp" | "ujis" => "euc-jp",
        "shiftjis" | "sjis" | "cp932" | "932" | "ms932" => "shift_jis",
        "euckr" | "cp949" | "949" | "uhc" => "euc-kr",
        other => {
            let number = other.strip_prefix("cp125").or_else(|| other.strip_prefix("windows125"));
            let number = number.or_else(|| other.strip_prefix("125")).filter(|number| number.len() == 1);
            return number.map(|number| format!("windows-125{number}")).unwrap_or_default();
        }
    }
    .to_owned()
}

/// Whether a character is one of those that browsers put where a code page of Windows has none.
fn is_hole(table: &'static Encoding, letter: char) -> bool {
    table.name().starts_with("windows-") && ('\u{80}'..='\u{9f}').contains(&letter)
}

fn widened(letters: impl Iterator<Item = char>, bytes: usize, is_big: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for letter in letters {
        if bytes == 4 {
            let code = u32::from(letter);
            out.extend(if is_big { code.to_be_bytes() } else { code.to_le_bytes() });
        } else {
            let mut units = [0; 2];
            let units = letter.encode_utf16(&mut units);
            out.extend(units.iter().flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }));
        }
    }
    out
}

/// Whether bytes begin with a byte order mark.
fn begins(bytes: &[u8], width: usize, is_big: bool) -> bool {
    bytes.starts_with(&widened(MARK.chars(), width, is_big))
}

/// Adds the text of units; how many bytes that were, how many behind them are none, and why.
fn narrowed(bytes: &[u8], width: usize, is_big: bool, out: &mut String) -> (usize, usize, &'static str) {
    let number = |unit: &[u8]| {
        let add = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        if is_big { unit.iter().fold(0, add) } else { unit.iter().rev().fold(0, add) }
    };
    let mut read = 0;
    while let Some(unit) = bytes.get(read..read + width) {
        let code = number(unit);
        let is_half = width == 2 && (0xd800..0xdc00).contains(&code);
        let low = bytes.get(read + width..read + 2 * width).filter(|_| is_half).map(number);
        let low = low.filter(|low| (0xdc00..0xe000).contains(low));
        let (code, taken) = match low {
            Some(low) => (0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00), 2 * width),
            None => (code, width),
        };
        let Some(letter) = char::from_u32(code) else { return (read, width, "illegal encoding") };
        out.push(letter);
        read += taken;
    }
    (read, bytes.len() - read, "truncated data")
}

/// Adds the text of UTF-8; `None` where all of it is.
fn utf8(bytes: &[u8], out: &mut String) -> Option<(usize, usize, &'static str)> {
    let chunk = bytes.utf8_chunks().next()?;
    out.push_str(chunk.valid());
    let read = chunk.valid().len();
    if chunk.invalid().is_empty() {
        return None;
    }
    let error = std::str::from_utf8(&bytes[read..]).err()?;
    let is_lead = (0xc2..=0xf4).contains(&bytes[read]);
    Some(match error.error_len() {
        None => (read, bytes.len() - read, "unexpected end of data"),
        Some(count) if is_lead => (read, count, "invalid continuation byte"),
        Some(_) => (read, 1, "invalid start byte"),
    })
}

fn decode_by(
    table: &'static Encoding,
    bytes: &[u8],
    out: &mut String,
    why: &'static str,
) -> (usize, usize, &'static str) {
    // A byte is a character where a table has holes.
    let is_hole_at = |byte: &u8| {
        matches!(byte, 0x80..=0x9f) && table.decode_without_bom_handling(&[*byte]).0.contains(|c| is_hole(table, c))
    };
    let hole = if table.name().starts_with("windows-") { bytes.iter().position(is_hole_at) } else { None };
    let bytes = &bytes[..hole.unwrap_or(bytes.len())];
    let mut decoder = table.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(4 * bytes.len() + 16);
    let mut text = String::with_capacity(room);
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    out.push_str(&text);
    match result {
        DecoderResult::Malformed(count, after) => {
            let (count, after) = (usize::from(count), usize::from(after));
            (read - count - after, count, why)
        }
        _ => (read, usize::from(hole.is_some()), why),
    }
}

/// A character as Python escapes it in ASCII.
pub fn escaped(letter: char) -> String {
    match u32::from(letter) {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Codec;

    /// Text, encoding and bytes, as Python has them.
    const PAIRS: [(&str, &str, &[u8]); 12] = [
        ("aä€", "utf-8", b"a\xc3\xa4\xe2\x82\xac"),
        ("ä", "utf-8-sig", b"\xef\xbb\xbf\xc3\xa4"),
        ("aä", "UTF-16", b"\xff\xfea\x00\xe4\x00"),
        ("a\u{1f600}", "utf_16_be", b"\x00a\xd8=\xde\x00"),
        ("ä", "utf-32-le", b"\xe4\x00\x00\x00"),
        ("aä", "latin-1", b"a\xe4"),
        ("€ä", "iso8859-15", b"\xa4\xe4"),
        ("€ä", "latin9", b"\xa4\xe4"),
        ("€ä", "cp1252", b"\x80\xe4"),
        ("Жё", "koi8-r", b"\xf6\xa3"),
        ("日本", "shift_jis", b"\x93\xfa\x96{"),
        ("中文", "gbk", b"\xd6\xd0\xce\xc4"),
    ];

    #[test]
    fn text_and_bytes_are_one_another() {
        for (text, name, bytes) in PAIRS {
            let codec = Codec::find(name).unwrap();
            assert_eq!(codec.encode(text, "strict").unwrap(), bytes, "{name}");
            assert_eq!(codec.decode(bytes, "strict").unwrap(), text, "{name}");
        }
    }

    #[test]
    fn errors_are_those_of_python() {
        let encode = |text: &str, name: &str| Codec::find(name)?.encode(text, "strict").map(|_| ());
        let decode = |bytes: &[u8], name: &str| Codec::find(name)?.decode(bytes, "strict").map(|_| ());
        for (result, error) in [
            (encode("x", "nope"), "unknown encoding: nope"),
            (
                encode("aä", "ascii"),
                "'ascii' codec can't encode character '\\xe4' in position 1: ordinal not in range(128)",
            ),
            (
                encode("aäöb", "ascii"),
                "'ascii' codec can't encode characters in position 1-2: ordinal not in range(128)",
            ),
            (
                encode("€", "latin1"),
                "'latin-1' codec can't encode character '\\u20ac' in position 0: ordinal not in range(256)",
            ),
            (
                encode("日", "cp1252"),
                "'charmap' codec can't encode character '\\u65e5' in position 0: character maps to <undefined>",
            ),
            (
                decode(b"a\xe4", "ascii"),
                "'ascii' codec can't decode byte 0xe4 in position 1: ordinal not in range(128)",
            ),
            (
                decode(b"a\xe4b", "utf-8"),
                "'utf-8' codec can't decode byte 0xe4 in position 1: invalid continuation byte",
            ),
            (decode(b"a\xe4", "utf-8"), "'utf-8' codec can't decode byte 0xe4 in position 1: unexpected end of data"),
            (decode(b"\xff", "utf-8"), "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
            (
                decode(b"a\x81", "cp1252"),
                "'charmap' codec can't decode byte 0x81 in position 1: character maps to <undefined>",
            ),
            (decode(b"a\x00b", "utf-16-le"), "'utf-16-le' codec can't decode byte 0x62 in position 2: truncated data"),
        ] {
            assert_eq!(result.unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn what_is_wrong_is_replaced_or_left_out() {
        let utf8 = Codec::find("utf8").unwrap();
        assert_eq!(utf8.decode(b"a\xe4b\xff", "replace").unwrap(), "a\u{fffd}b\u{fffd}");
        assert_eq!(utf8.decode(b"a\xe4b\xff", "ignore").unwrap(), "ab");
        let ascii = Codec::find("ascii").unwrap();
        assert_eq!(ascii.encode("aä", "xmlcharrefreplace").unwrap(), b"a&#228;");
        assert_eq!(ascii.encode("aä", "backslashreplace").unwrap(), b"a\\xe4");
        assert_eq!(ascii.decode(b"a\xe4", "replace").unwrap(), "a\u{fffd}");
    }
}
