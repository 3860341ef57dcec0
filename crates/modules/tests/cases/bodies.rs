//! Contents as arguments, and the controller that sends what a module asks for.

use std::{collections::HashMap, io::Read};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sutler_modules::kit::{Failure, engine, reader::hex};
use sutler_protocol::Content;

/// What the stand-in for the controller answers, by SHA-1.
#[derive(Default)]
pub struct Bodies(HashMap<String, Answer>);

enum Answer {
    Text(Vec<u8>),
    Missing,
    Unwanted,
}

/// A `content` of an entry of a tree, which is no text; another mapping is data.
fn is_content(value: &Value) -> bool {
    let kinds = ["inline", "asked", "asked_base64", "missing", "unwanted"];
    value.as_object().is_some_and(|map| map.keys().all(|key| kinds.contains(&key.as_str())))
}

impl Bodies {
    /// Turns every `_content` below `value` into what the controller sends, and keeps the answers.
    pub fn prepare(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.prepare(item)),
            Value::Object(map) => {
                for (key, value) in map {
                    if key == "_content" || key == "content" && is_content(value) {
                        *value = self.content(value);
                    } else {
                        self.prepare(value);
                    }
                }
            }
            _ => {}
        }
    }

    fn content(&mut self, value: &Value) -> Value {
        let (kind, text) = match value {
            Value::Object(map) => {
                map.iter().next().map(|(kind, text)| (kind.as_str(), text)).expect("a kind of content")
            }
            text => ("inline", text),
        };
        let text = text.as_str().expect("a content is text");
        let bytes = match kind {
            "asked_base64" => STANDARD.decode(text).expect("base64"),
            _ => text.as_bytes().to_vec(),
        };
        let sha1 = hex(&Sha1::digest(&bytes));
        let asked = Content { sha1: sha1.clone(), size: bytes.len() as u64, inline: None };
        let answer = match kind {
            "inline" => return json!(Content::inline(sha1, &bytes)),
            "asked" | "asked_base64" => Answer::Text(bytes),
            "missing" => Answer::Missing,
            "unwanted" => Answer::Unwanted,
            other => panic!("`{other}` is no kind of content"),
        };
        self.0.insert(sha1, answer);
        json!(asked)
    }
}

impl engine::Bodies for Bodies {
    fn open(&self, content: &Content) -> Result<Box<dyn Read + Send>, Failure> {
        match self.0.get(&content.sha1) {
            Some(Answer::Text(bytes)) => Ok(Box::new(std::io::Cursor::new(bytes.clone()))),
            Some(Answer::Missing) => Err(Failure::new("the controller cannot read it")),
            Some(Answer::Unwanted) | None => panic!("the module asked for a content that it does not need"),
        }
    }
}
