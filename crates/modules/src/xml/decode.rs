//! The bytes of a document as text.

use super::cursor::{Cursor, Fault};

/// What Windows has where Latin-1 has control characters; 0 is nothing.
const WINDOWS: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0, 0,
    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0, 0x17e, 0x178,
];

/// What Latin-9 has in place of letters of Latin-1.
const LATIN_9: [(u8, char); 8] =
    [(0xa4, '€'), (0xa6, 'Š'), (0xa8, 'š'), (0xb4, 'Ž'), (0xb8, 'ž'), (0xbc, 'Œ'), (0xbd, 'œ'), (0xbe, 'Ÿ')];

/// The text, with line ends as XML has them.
///
/// # Errors
/// Bytes that the encoding does not have, and encodings other than UTF-8, UTF-16, ASCII, Latin-1, Latin-9 and Windows-1252.
pub fn decode(bytes: &[u8]) -> Result<String, Fault> {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes)?,
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes)?,
        [0, b'<', 0, _, ..] => wide(bytes, u16::from_be_bytes)?,
        [b'<', 0, _, 0, ..] => wide(bytes, u16::from_le_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest)?,
        _ => match encoding(bytes) {
            Some((name, end)) => of_bytes(bytes, &name, end)?,
            None => utf8(bytes)?,
        },
    };
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

/// The encoding that the first line names, and where that ends.
fn encoding(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.strip_prefix(b"<?xml")?.windows(2).position(|two| two == b"?>")?;
    let line = std::str::from_utf8(&bytes[..end + 5]).ok()?;
    let at = line.find("encoding")?;
    let after = line[at + 8..].trim_start().strip_prefix('=')?.trim_start();
    let mut cursor = Cursor::new(after);
    let name = cursor.literal()?;
    Some((name.to_owned(), line.len() - cursor.rest().len()))
}

fn of_bytes(bytes: &[u8], name: &str, end: usize) -> Result<String, Fault> {
    let latin = |letter: &u8| char::from(*letter);
    Ok(match name.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => utf8(bytes)?,
        "iso-8859-1" | "latin1" | "latin-1" | "iso8859-1" => bytes.iter().map(latin).collect(),
        "iso-8859-15" | "latin-9" | "iso8859-15" => {
            let letter =
                |byte: &u8| LATIN_9.iter().find(|(other, _)| other == byte).map_or(latin(byte), |(_, letter)| *letter);
            bytes.iter().map(letter).collect()
        }
        "windows-1252" | "cp1252" => {
            let code = |byte: &u8| WINDOWS.get(usize::from(byte.wrapping_sub(0x80))).copied();
            let letter = |byte: &u8| match code(byte) {
                Some(code) => char::from_u32(code.into()).filter(|letter| *letter != '\0').unwrap_or('\u{fffd}'),
                None => latin(byte),
            };
            bytes.iter().map(letter).collect()
        }
        _ => {
            let text = String::from_utf8_lossy(bytes);
            let mut cursor = Cursor::new(&text);
            cursor.skip(end);
            return Err(cursor.fault(format!("Unsupported encoding {name}")));
        }
    })
}

fn utf8(bytes: &[u8]) -> Result<String, Fault> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let (good, bad) = bytes.split_at(error.valid_up_to());
        let good = String::from_utf8_lossy(good);
        let mut cursor = Cursor::new(&good);
        cursor.skip(good.len());
        let shown: Vec<String> = bad.iter().chain(&[0; 4]).take(4).map(|byte| format!("0x{byte:02X}")).collect();
        cursor.fault(format!("Input is not proper UTF-8, indicate encoding !\nBytes: {}", shown.join(" ")))
    })
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let text: String = char::decode_utf16(pairs.iter().copied().map(unit)).map_while(Result::ok).collect();
    if text.encode_utf16().count() == pairs.len() {
        return Ok(text);
    }
    let mut cursor = Cursor::new(&text);
    cursor.skip(text.len());
    Err(cursor.fault("Input is no UTF-16"))
}
