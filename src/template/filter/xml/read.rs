//! Well-formed XML as a dict: attributes as `@name`, text beside them as `#text`, repeated elements as a list.

use super::{ATTRIBUTE, TEXT, push};
use crate::value::{Dict, Value};

/// How deep elements may nest.
const DEPTH: usize = 500;

/// The document that a text is; `None` if it is not well-formed, or defines entities of its own.
pub(super) fn document(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    if text.contains(|letter: char| letter < ' ' && letter != '\n' && letter != '\t') {
        return None;
    }
    let mut reader = Reader { rest: &text };
    if reader.rest.starts_with("<?xml") {
        reader.until("?>")?;
    }
    reader.between()?;
    if reader.takes("<!DOCTYPE") {
        reader.document_type()?;
        reader.between()?;
    }
    let root = Dict::new();
    reader.element(&root)?;
    reader.between()?;
    reader.rest.is_empty().then(|| root.into())
}

struct Reader<'t> {
    rest: &'t str,
}

/// An element whose end is not read yet.
struct Open<'t> {
    name: &'t str,
    /// Its attributes and elements.
    parts: Dict,
    text: String,
}

impl<'t> Reader<'t> {
    fn takes(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// What comes before a word, which is passed over as well.
    fn until(&mut self, word: &str) -> Option<&'t str> {
        let (before, rest) = self.rest.split_once(word)?;
        self.rest = rest;
        Some(before)
    }

    fn blanks(&mut self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t', '\n']);
        let found = rest.len() < self.rest.len();
        self.rest = rest;
        found
    }

    /// Passes over a comment, whose begin is read.
    fn comment(&mut self) -> Option<()> {
        self.until("--")?;
        self.takes(">").then_some(())
    }

    /// Blanks, comments and instructions.
    fn between(&mut self) -> Option<()> {
        loop {
            self.blanks();
            if self.takes("<!--") {
                self.comment()?;
            } else if self.takes("<?") {
                self.instruction()?;
            } else {
                return Some(());
            }
        }
    }

    fn instruction(&mut self) -> Option<()> {
        let text = self.until("?>")?;
        let name = text.split([' ', '\t', '\n']).next().unwrap_or_default();
        (is_name(name) && !name.eq_ignore_ascii_case("xml")).then_some(())
    }

    /// A document type, in which no entity is defined.
    fn document_type(&mut self) -> Option<()> {
        let end = self.rest.find(['[', '>'])?;
        let has_parts = self.rest[end..].starts_with('[');
        self.rest = &self.rest[end + 1..];
        if has_parts {
            let parts = self.until("]")?;
            self.blanks();
            if parts.contains("<!ENTITY") || !self.takes(">") {
                return None;
            }
        }
        Some(())
    }

    fn name(&mut self) -> Option<&'t str> {
        let end = self.rest.find(|letter| !is_of_name(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        is_name(name).then_some(name)
    }

    /// One element with all that is in it, added to a dict.
    fn element(&mut self, root: &Dict) -> Option<()> {
        let mut open: Vec<Open<'t>> = Vec::new();
        loop {
            if self.takes("<!--") {
                self.comment()?;
            } else if self.takes("<![CDATA[") {
                let text = self.until("]]>")?;
                open.last_mut()?.text.push_str(text);
            } else if self.takes("<?") {
                self.instruction()?;
            } else if self.takes("</") {
                let done = open.pop()?;
                let is_end = self.name()? == done.name;
                self.blanks();
                if !is_end || !self.takes(">") {
                    return None;
                }
                push(open.last().map_or(root, |parent| &parent.parts), done.name, done.value());
            } else if self.takes("<") {
                let element = Open { name: self.name()?, parts: Dict::new(), text: String::new() };
                if self.attributes(&element.parts)? {
                    push(open.last().map_or(root, |parent| &parent.parts), element.name, element.value());
                } else if open.len() < DEPTH {
                    open.push(element);
                } else {
                    return None;
                }
            } else {
                let text = &self.rest[..self.rest.find('<')?];
                self.rest = &self.rest[text.len()..];
                if text.contains("]]>") {
                    return None;
                }
                open.last_mut()?.text.push_str(&plain(text)?);
            }
            if open.is_empty() {
                return Some(());
            }
        }
    }

    /// The attributes up to the end of a tag; whether it is an element without content.
    fn attributes(&mut self, parts: &Dict) -> Option<bool> {
        loop {
            let has_blanks = self.blanks();
            if self.takes("/>") {
                return Some(true);
            }
            if self.takes(">") {
                return Some(false);
            }
            if !has_blanks {
                return None;
            }
            let name = format!("{ATTRIBUTE}{}", self.name()?);
            self.blanks();
            if !self.takes("=") {
                return None;
            }
            self.blanks();
            let quote = if self.takes("'") { "'" } else { self.takes("\"").then_some("\"")? };
            let value = self.until(quote)?;
            if value.contains('<') || parts.get(&name).is_some() {
                return None;
            }
            parts.insert(name.as_str(), plain(&value.replace(['\n', '\t'], " "))?);
        }
    }
}

impl Open<'_> {
    /// What stands for the element: its text, if that is all it has.
    fn value(self) -> Value {
        let text = self.text.trim();
        match (self.parts.is_empty(), text.is_empty()) {
            (true, true) => Value::None,
            (true, false) => text.into(),
            (false, true) => self.parts.into(),
            (false, false) => {
                push(&self.parts, TEXT, text.into());
                self.parts.into()
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '_' | ':') || !letter.is_ascii())
        && name.chars().all(is_of_name)
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':' | '-' | '.') || !letter.is_ascii()
}

/// A text with what its references stand for.
fn plain(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => match name.strip_prefix('#')?.strip_prefix('x') {
                Some(digits) => number(digits, 16)?,
                None => number(&name[1..], 10)?,
            },
        });
        out.push_str(rest);
    }
    Some(out)
}
