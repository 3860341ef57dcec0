//! Bytes that are no UTF-8 within a text: each is a character that nobody writes, and a byte again in a file.

/// The characters that stand for bytes begin here, in a plane for private use.
const FIRST: u32 = 0x0010_FE00;

/// Bytes as text, those that are no UTF-8 as characters of their own; `None` where there are no such bytes.
pub fn escape(bytes: &[u8]) -> Option<String> {
    if std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
    }
    Some(text)
}

/// The byte that a character stands for.
pub fn escaped_byte(letter: char) -> Option<u8> {
    u32::from(letter).checked_sub(FIRST).and_then(|byte| u8::try_from(byte).ok())
}

/// The bytes of a text in which some are escaped.
pub fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match escaped_byte(letter) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn bytes_come_back_as_they_were() {
        for bytes in [b"a \xe4 b".as_slice(), b"\xff\xfe", b"\xe4\xc3\xa4\xc3", b"\xf0\x9f\x98"] {
            let text = escape(bytes).unwrap();
            assert_eq!(unescape(&(text.clone() + "ä")), [bytes, "ä".as_bytes()].concat(), "{text}");
        }
        assert_eq!(escape("ä".as_bytes()), None);
        assert_eq!(unescape("plain ä"), "plain ä".as_bytes());
    }
}
