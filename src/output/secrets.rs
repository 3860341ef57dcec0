//! What must never be printed: passwords, wherever they stand in a text.

mod disguise;

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::source::{Diagnostic, MASK};

/// A shorter secret is masked where it is the whole of a text, but not searched for inside of one:
/// a mask for every `1` would hide the output, and tell the secret.
const SHORTEST: usize = 4;
/// A form in Base64 is searched for from this length on: a shorter one may stand anywhere.
const INNER: usize = 6;

/// The secrets of a run; clones share them.
#[derive(Clone, Default)]
pub struct Secrets {
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
struct Known {
    /// What is searched for, by its first bytes; the longest first.
    long: HashMap<Start, Vec<String>>,
    /// A bit for each hash of these first bytes: most places of a text are none of them.
    starts: Vec<u64>,
    /// What is masked where it is the whole of a text.
    whole: Vec<String>,
    /// Whether one of them has a letter that is written otherwise in some notations.
    has_marks: bool,
}

/// The first bytes of what is searched for.
type Start = [u8; SHORTEST];

/// How many bits tell apart the first bytes: 8 KiB of them.
const BITS: u32 = 16;

/// The bit of these first bytes: a word's index, and a mask.
fn bit(start: Start) -> (usize, u64) {
    // Fibonacci hashing: the upper bits of a product with 2^32 / phi.
    let hash = u32::from_le_bytes(start).wrapping_mul(0x9e37_79b9) >> (32 - BITS);
    (hash as usize / 64, 1 << (hash % 64))
}

impl Known {
    fn add(&mut self, text: &str) {
        let Some(start) = text.as_bytes().first_chunk() else {
            return self.add_whole(text);
        };
        let like = self.long.entry(*start).or_default();
        if !like.iter().any(|old| old == text) {
            let at = like.partition_point(|old| old.len() >= text.len());
            like.insert(at, text.to_owned());
        }
        self.starts.resize(1 << (BITS - 6), 0);
        let (word, bit) = bit(*start);
        self.starts[word] |= bit;
    }

    fn add_whole(&mut self, text: &str) {
        if !self.whole.iter().any(|old| old == text) {
            self.whole.push(text.to_owned());
        }
    }

    /// Whether this is searched for.
    fn has(&self, text: &str) -> bool {
        let like = text.as_bytes().first_chunk().and_then(|start| self.long.get(start));
        like.is_some_and(|like| like.iter().any(|secret| secret == text))
    }

    /// Where secrets stand in a text; places may overlap.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let at = |(at, window): (usize, &[u8])| {
            let start: Start = window.try_into().ok()?;
            let (word, bit) = bit(start);
            if self.starts[word] & bit == 0 {
                return None;
            }
            let rest = &text.as_bytes()[at..];
            let secret = self.long.get(&start)?.iter().find(|secret| rest.starts_with(secret.as_bytes()))?;
            Some(at..at + secret.len())
        };
        text.as_bytes().windows(SHORTEST).enumerate().filter_map(at).collect()
    }

    /// The text with its secrets masked; `None` if there are none.
    fn masked(&self, text: &str) -> Option<String> {
        if self.whole.iter().any(|secret| secret == text.trim()) {
            return Some(MASK.to_owned());
        }
        if self.long.is_empty() {
            return None;
        }
        let mut places = self.find(text);
        if self.has_marks {
            disguise::each_reading(text, |reading| self.find(reading), |place| places.push(place));
        }
        if places.is_empty() {
            return None;
        }
        places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for place in places {
            if place.start >= end {
                masked.push_str(&text[end..place.start]);
                masked.push_str(MASK);
            }
            end = end.max(place.end);
        }
        masked.push_str(&text[end..]);
        Some(masked)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.long.values_mut().flatten().chain(&mut self.whole).for_each(zeroize::Zeroize::zeroize);
    }
}

/// A secret in Base64, alone and in a longer text, wherever it begins there.
fn in_base64(secret: &str) -> impl Iterator<Item = String> {
    let forms = (0..3).flat_map(|before| {
        let text = STANDARD.encode([&[0; 3][..before], secret.as_bytes()].concat());
        // Digits of six bits that are the secret's alone, and those at the end of a text.
        let (start, end) = ((8 * before).div_ceil(6), 8 * (before + secret.len()) / 6);
        [text[start..].to_owned(), text[start..end].to_owned()]
    });
    let forms = forms.filter(|form| form.len() >= INNER);
    forms.flat_map(|form| {
        let in_url = form.contains(['+', '/']).then(|| form.replace('+', "-").replace('/', "_"));
        [Some(form), in_url].into_iter().flatten()
    })
}

impl Secrets {
    /// Masks `secret` from now on: itself, as it stands in JSON, YAML, HTML, a URL, between quotes of a shell or of
    /// Python, and in Base64. Fewer than four bytes are masked where they are the whole of a text.
    pub fn add(&self, secret: &str) {
        if secret.is_empty() || self.known.read().unwrap_or_else(PoisonError::into_inner).has(secret) {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.add(secret);
        if secret.len() >= SHORTEST {
            known.has_marks |= !secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
            in_base64(secret).for_each(|form| known.add(&form));
        }
    }

    /// Masks `secret` from now on where it is the whole of a text.
    pub fn add_whole(&self, secret: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).add_whole(secret);
    }

    /// Masks the secrets in a text.
    pub fn mask(&self, text: &mut String) {
        if let Some(masked) = self.masked(text) {
            *text = masked;
        }
    }

    fn masked(&self, text: &str) -> Option<String> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).masked(text)
    }

    /// Masks the secrets in all names, texts and numbers of a result.
    pub fn mask_map(&self, map: &mut Map<String, Value>) {
        if map.keys().any(|name| self.masked(name).is_some()) {
            let masked = |(name, value): (String, Value)| (self.masked(&name).unwrap_or(name), value);
            *map = std::mem::take(map).into_iter().map(masked).collect();
        }
        map.values_mut().for_each(|value| self.mask_value(value));
    }

    fn mask_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask(text),
            Value::Number(number) => {
                let text = number.to_string();
                if self.known.read().unwrap_or_else(PoisonError::into_inner).has(&text) {
                    *value = MASK.into();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            Value::Object(map) => self.mask_map(map),
            _ => {}
        }
    }

    /// Masks the secrets in an error: in its texts, and in the lines of the file that it shows.
    pub fn mask_diagnostic(&self, diagnostic: &mut Diagnostic) {
        diagnostic.mask(&|text| self.mask(text));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let secrets = Secrets::default();
        secrets.add("hunter2");
        secrets.add("hunter2-long");
        secrets.add("x");
        let mut result = json!({ "cmd": ["login", "--password=hunter2-long"], "x": { "y": "hunter2 x" } });
        secrets.mask_map(result.as_object_mut().unwrap());
        assert_eq!(result, json!({ "cmd": ["login", "--password=********"], "********": { "y": "******** x" } }));
    }

    #[test]
    fn a_short_secret_is_masked_where_nothing_else_stands() {
        let secrets = Secrets::default();
        secrets.add("ab1");
        secrets.add("");
        let mut result = json!({ "cmd": ["login", "ab1", "ab1c", ""], "msg": "ab1\n" });
        secrets.mask_map(result.as_object_mut().unwrap());
        assert_eq!(result, json!({ "cmd": ["login", "********", "ab1c", ""], "msg": "********" }));
    }

    #[track_caller]
    fn masks(secret: &str, text: &str, expected: &str) {
        let secrets = Secrets::default();
        secrets.add(secret);
        let mut masked = text.to_owned();
        secrets.mask(&mut masked);
        assert_eq!(masked, expected);
    }

    #[test]
    fn what_is_commonly_made_of_a_secret_is_masked() {
        let secret = "pa'ss w0rd/+";
        masks(secret, "echo 'pa'\"'\"'ss w0rd/+'", "echo '********'");
        masks(secret, "echo 'pa'\\''ss w0rd/+'", "echo '********'");
        masks(secret, "?t=pa%27ss%20w0rd%2F%2B&u=1", "?t=********&u=1");
        masks(secret, "?t=pa%27ss+w0rd%2f%2b", "?t=********");
        masks(secret, "?t=pa%27ss%20w0rd/%2B", "?t=********");
        masks(secret, "<p>pa&#39;ss w0rd/+ &amp; x</p>", "<p>******** &amp; x</p>");
        masks(secret, r"^pa'ss\ w0rd/\+$", "^********$");
        masks("größe😀", "q=gr%C3%B6%C3%9Fe%F0%9F%98%80.", "q=********.");
    }

    #[test]
    fn escapes_of_json_python_and_yaml_are_read() {
        masks("pässw😀rt", r#"["p\u00e4ssw\ud83d\ude00rt"]"#, r#"["********"]"#);
        masks("pässw😀rt", r#"- "p\xE4ssw\U0001F600rt""#, r#"- "********""#);
        masks("a'b\"c\x1b[0m", r#"['a\'b"c\x1b[0m']"#, "['********']");
        masks("a'b\"c\x08", r#"{"k": "a'b\"c\b"}"#, r#"{"k": "********"}"#);
        masks("a\"b\\c", r#"{"p": "a\"b\\c"}"#, r#"{"p": "********"}"#);
        masks("a\"b\\c", r#"["{\"p\": \"a\\\"b\\\\c\"}"]"#, r#"["{\"p\": \"********\"}"]"#);
        masks("one\ntwo\tthree", r#"{"k": "{\"x\": \"one\\ntwo\\tthree\"}"}"#, r#"{"k": "{\"x\": \"********\"}"}"#);
    }

    #[test]
    fn lines_that_yaml_folds_are_one_text() {
        let secret = "one two  three it's four";
        masks(secret, "a: one two  three\n  it's four\nb: 1", "a: ********\nb: 1");
        masks(secret, "a: 'one two  three\n    it''s four'", "a: '********'");
        masks(secret, "a: \"one two \\\n  \\ three it's four\"", "a: \"********\"");
        masks("one\ntwo", "'one\n\n  two'", "'********'");
        masks("one two", "one\ntwo", "one\ntwo");
    }

    #[test]
    fn base64_shows_a_secret_wherever_it_begins() {
        masks("hunter2!", "aHVudGVyMiE=", "********");
        for (before, masked) in
            [("user:", "dXNlcjp********"), ("user!!:", "dXNlciEhOm********"), ("abc", "YWJj********")]
        {
            masks("hunter2!", &STANDARD.encode(format!("{before}hunter2!")), masked);
        }
        masks("hunter2!", &STANDARD.encode("user:hunter2!\n"), "dXNlcjp********Qo=");
        masks("\u{3ff}\u{3ff}\u{3ff}x", "z7_Pv8-_eA==", "********");
    }

    #[test]
    fn secrets_that_overlap_are_masked_as_one() {
        let secrets = Secrets::default();
        secrets.add("abcd");
        secrets.add("cdefgh");
        let mut text = "1abcdefgh2abcd3".to_owned();
        secrets.mask(&mut text);
        assert_eq!(text, "1********2********3");
    }

    #[test]
    fn numbers_are_found_where_they_are_long() {
        let secrets = Secrets::default();
        secrets.add("123456");
        secrets.add_whole("8080");
        let mut result = json!({ "c": 123_456, "d": 1_234_567, "x123456": ["8080"], "port": 8080, "at": "port 8080" });
        secrets.mask_map(result.as_object_mut().unwrap());
        let expected =
            json!({ "c": "********", "d": 1_234_567, "x********": ["********"], "port": 8080, "at": "port 8080" });
        assert_eq!(result, expected);
    }

    #[test]
    fn no_text_is_too_odd() {
        let secrets = Secrets::default();
        secrets.add("é!secret");
        let parts = [
            "\\",
            "\\u",
            "\\ud83d",
            "\\x",
            "%",
            "%C3",
            "%zz",
            "&",
            "&#",
            "&#x110000;",
            "'",
            "\n",
            " ",
            "é",
            "😀",
            "\\\n",
        ];
        for first in parts {
            for second in parts {
                for third in parts {
                    let mut text = format!("{first}{second}é!secret{third}{first}");
                    secrets.mask(&mut text);
                    assert!(!text.contains("secret"), "{text}");
                }
            }
        }
    }
}
