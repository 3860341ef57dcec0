//! What must never be printed: passwords, and what is derived from them in any text.

use std::sync::{Arc, RwLock};

use serde_json::{Map, Value};

use crate::source::Diagnostic;

/// Secrets shorter than this are not searched for: masking every `1` would hide the output, and
/// tell the secret.
const SHORTEST: usize = 4;

const MASK: &str = "********";

/// The secrets of a run; clones share them.
#[derive(Clone, Default)]
pub struct Secrets {
    known: Arc<RwLock<Vec<String>>>,
}

impl Secrets {
    /// Masks `secret` from now on.
    pub fn add(&self, secret: &str) {
        let mut known = self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if secret.len() >= SHORTEST && !known.iter().any(|old| old == secret) {
            known.push(secret.to_owned());
            // A secret that contains another one is masked as a whole.
            known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// Masks the secrets in a text.
    pub fn mask(&self, text: &mut String) {
        let known = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for secret in known.iter() {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
    }

    /// Masks the secrets in all texts of a result.
    pub fn mask_map(&self, map: &mut Map<String, Value>) {
        for (_, value) in map.iter_mut() {
            self.mask_value(value);
        }
    }

    fn mask_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            Value::Object(map) => self.mask_map(map),
            _ => {}
        }
    }

    /// Masks the secrets in an error's texts. An excerpt that shows one is left out.
    pub fn mask_diagnostic(&self, diagnostic: &mut Diagnostic) {
        self.mask(&mut diagnostic.message);
        diagnostic.notes.iter_mut().chain(&mut diagnostic.help).chain(&mut diagnostic.label).for_each(|t| self.mask(t));
        let wording = &mut diagnostic.ansible;
        wording.message.iter_mut().chain(&mut wording.help).for_each(|text| self.mask(text));
        wording.contexts.iter_mut().for_each(|context| self.mask(&mut context.value));
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
        assert_eq!(result, json!({ "cmd": ["login", "--password=********"], "x": { "y": "******** x" } }));
    }
}
