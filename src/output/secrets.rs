//! What must never be printed: passwords, wherever they stand in a text.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use serde_json::{Map, Value};

use crate::source::{Diagnostic, MASK};

/// A shorter secret is masked where it is the whole of a text, but not searched for inside of one:
/// a mask for every `1` would hide the output, and tell the secret.
const SHORTEST: usize = 4;

/// The secrets of a run; clones share them.
#[derive(Clone, Default)]
pub struct Secrets {
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
struct Known {
    /// What is searched for, the longest first: a secret that contains another one is masked as a whole.
    long: Vec<String>,
    short: Vec<String>,
}

impl Drop for Known {
    fn drop(&mut self) {
        self.long.iter_mut().chain(&mut self.short).for_each(zeroize::Zeroize::zeroize);
    }
}

/// What programs and filters commonly make of a text.
fn other_forms(secret: &str) -> Vec<String> {
    let in_json = Value::from(secret).to_string();
    let in_url = |keeps: &[u8]| -> String {
        let encode = |byte: &u8| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) || keeps.contains(byte) => {
                char::from(*byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        };
        secret.as_bytes().iter().map(encode).collect()
    };
    let mut forms = vec![
        in_json.trim_start_matches('"').trim_end_matches('"').to_owned(),
        secret.replace('\'', "'\"'\"'"),
        in_url(b""),
        in_url(b"/"),
    ];
    if secret.len() >= SHORTEST {
        forms.push(base64::engine::general_purpose::STANDARD.encode(secret));
    }
    forms
}

impl Secrets {
    /// Masks `secret` from now on: itself, each of its lines, and as it stands in JSON, between quotes of a shell, in a
    /// URL and in Base64.
    pub fn add(&self, secret: &str) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if secret.is_empty() || known.long.iter().chain(&known.short).any(|old| old == secret) {
            return;
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let lines = secret.lines().map(|line| line.trim().to_owned());
        for form in lines.chain([secret.to_owned()]).chain(other_forms(secret)).filter(|form| !form.is_empty()) {
            let known = if form.len() < SHORTEST { &mut known.short } else { &mut known.long };
            if !known.contains(&form) {
                known.push(form);
            }
        }
        known.long.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Masks the secrets in a text.
    pub fn mask(&self, text: &mut String) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.short.iter().any(|secret| secret == text.trim()) {
            MASK.clone_into(text);
        }
        for secret in &known.long {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
    }

    /// Masks the secrets in all names, texts and numbers of a result.
    pub fn mask_map(&self, map: &mut Map<String, Value>) {
        let masked = |name: &String| {
            let mut masked = name.clone();
            self.mask(&mut masked);
            masked
        };
        if map.keys().any(|name| masked(name) != *name) {
            *map = std::mem::take(map).into_iter().map(|(name, value)| (masked(&name), value)).collect();
        }
        map.values_mut().for_each(|value| self.mask_value(value));
    }

    fn mask_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask(text),
            Value::Number(number) => {
                let text = number.to_string();
                let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
                if known.long.contains(&text) {
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

    #[test]
    fn what_is_commonly_made_of_a_secret_is_masked() {
        let secrets = Secrets::default();
        secrets.add("pa'ss w0rd/+");
        for form in
            ["echo 'pa'\"'\"'ss w0rd/+'", "?t=pa%27ss%20w0rd%2F%2B", "?t=pa%27ss%20w0rd/%2B", "cGEnc3MgdzByZC8r"]
        {
            let mut text = form.to_owned();
            secrets.mask(&mut text);
            assert!(text.contains(MASK) && !text.contains("w0rd"), "{form}: {text}");
        }
    }

    #[test]
    fn lines_escapes_and_numbers_are_found_too() {
        let secrets = Secrets::default();
        secrets.add("first line\nsecond line");
        secrets.add(r#"a"b\c"#);
        secrets.add("12345");
        let mut result = json!({ "a": "the second line", "b": r#"{"p": "a\"b\\c"}"#, "c": 12345, "d": 1234, "x12345": [r#"a"b\c"#] });
        secrets.mask_map(result.as_object_mut().unwrap());
        let expected = json!({ "a": "the ********", "b": r#"{"p": "********"}"#, "c": "********", "d": 1234, "x********": ["********"] });
        assert_eq!(result, expected);
    }
}
