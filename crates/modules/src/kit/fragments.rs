//! Fragments of a file, put together: `assemble`, on the host and on the controller.

use std::path::Path;

use fancy_regex::Regex;

use super::{Failure, regex};

/// Which files of a directory are fragments, and what has come together of them.
pub struct Fragments {
    pattern: Option<Regex>,
    ignores_hidden: bool,
    delimiter: Option<Vec<u8>>,
    content: Vec<u8>,
    is_begun: bool,
    /// The last fragment did not end its line.
    is_open: bool,
}

impl Fragments {
    /// Nothing yet. `pattern` is looked for in names; `delimiter` goes between two fragments.
    pub fn new(pattern: Option<&str>, ignores_hidden: bool, delimiter: Option<&str>) -> Result<Self, Failure> {
        let pattern = pattern.map(|text| {
            regex::compile(text, false)
                .map_err(|failure| Failure::new(format!("Invalid Regexp ({}) in \"{text}\"", failure.msg)))
        });
        let delimiter = delimiter.filter(|text| !text.is_empty()).map(unescaped);
        Ok(Self {
            pattern: pattern.transpose()?,
            ignores_hidden,
            delimiter,
            content: Vec::new(),
            is_begun: false,
            is_open: false,
        })
    }

    /// Whether the file is a fragment, by its name and type.
    pub fn take(&self, path: &Path) -> Result<bool, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let matches = self.pattern.as_ref().map_or(Ok(true), |pattern| pattern.is_match(name.as_ref()))?;
        Ok(matches && !(self.ignores_hidden && name.starts_with('.')) && path.is_file())
    }

    /// Adds a fragment. One that does not end with a line break, as an empty one, gets it from the next.
    pub fn push(&mut self, fragment: &[u8]) {
        if self.is_open {
            self.content.push(b'\n');
        }
        if let Some(delimiter) = self.delimiter.as_ref().filter(|_| self.is_begun) {
            self.content.extend_from_slice(delimiter);
            if !delimiter.ends_with(b"\n") {
                self.content.push(b'\n');
            }
        }
        self.content.extend_from_slice(fragment);
        self.is_begun = true;
        self.is_open = !fragment.ends_with(b"\n");
    }

    /// The file.
    pub fn into_content(self) -> Vec<u8> {
        self.content
    }
}

/// The escapes of Python's byte strings: `\n`, `\t`, `\x41`, `\101` and their kin.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let (byte, length) = match after {
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'r', ..] => (b'\r', 1),
            [b'a', ..] => (7, 1),
            [b'b', ..] => (8, 1),
            [b'f', ..] => (12, 1),
            [b'v', ..] => (11, 1),
            [quote @ (b'\\' | b'\'' | b'"'), ..] => (*quote, 1),
            [b'x', digits @ ..] => match number(digits, 2, 16) {
                Some((byte, 2)) => (byte, 3),
                _ => (b'\\', 0),
            },
            digits => number(digits, 3, 8).unwrap_or((b'\\', 0)),
        };
        out.push(byte);
        rest = &after[length..];
    }
    out
}

/// The number at the beginning, of so many digits at most, and how many it has.
fn number(text: &[u8], most: usize, radix: u32) -> Option<(u8, usize)> {
    let count = text.iter().take(most).take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let digits = std::str::from_utf8(&text[..count]).ok()?;
    Some((u32::from_str_radix(digits, radix).ok()? as u8, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_have_pythons_escapes() {
        let cases: [(&str, &[u8]); 5] =
            [("a\\n", b"a\n"), ("\\x41\\102\\\\n", b"AB\\n"), ("\\q\\x4", b"\\q\\x4"), ("\\", b"\\"), ("\\0", b"\0")];
        for (text, wanted) in cases {
            assert_eq!(unescaped(text), wanted, "{text}");
        }
    }

    #[test]
    fn fragments_never_share_a_line() {
        let mut fragments = Fragments::new(None, false, Some("--")).unwrap();
        for fragment in ["a", "b\n", "", "c"] {
            fragments.push(fragment.as_bytes());
        }
        assert_eq!(fragments.into_content(), b"a\n--\nb\n--\n\n--\nc");
    }
}
