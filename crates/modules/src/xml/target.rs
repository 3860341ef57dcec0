//! What has to be there for an expression to find something, as far as the expression says how it looks.

use super::{
    editor::{Editor, Found, Trouble},
    tree::Id,
};

/// The last part of an expression, as what is to be made.
enum Part<'a> {
    /// An element with this text, for which these hold.
    Element(&'a str, Option<&'a str>, Vec<&'a str>),
    /// An attribute with this value.
    Attribute(&'a str, Option<&'a str>),
    /// This text.
    Text(&'a str),
}

impl Editor {
    /// Makes what an expression wants to find, seen from a node.
    pub fn make(&mut self, xpath: &str, here: Id) -> Result<(), Trouble> {
        let mut parts = Vec::new();
        let mut rest = xpath;
        while parts.is_empty() || !self.finds_nodes(rest, here)? {
            let Some((inner, part)) = split(rest) else {
                let tree = self.shown(here);
                return Err(Trouble::Said(format!(
                    "Can't process Xpath {rest} in order to spawn nodes! tree is {tree}"
                )));
            };
            parts.push((inner, part));
            rest = inner;
        }
        for (inner, part) in parts.into_iter().rev() {
            if self.finds_nodes(inner, here)? {
                self.make_part(inner, &part, here)?;
            }
        }
        Ok(())
    }

    fn make_part(&mut self, inner: &str, part: &Part, here: Id) -> Result<(), Trouble> {
        let found = self.find(inner, here)?;
        match part {
            Part::Element(name, text, conditions) => {
                let name = self.name(name)?;
                let element = self.document.add_element(name);
                if text.is_some() {
                    self.document.set_text(element, *text);
                }
                // There is one for all: it ends up in the last.
                for found in found {
                    self.document.append(found.having("extend")?, element);
                }
                for condition in conditions {
                    self.make(&format!("./{condition}"), element)?;
                }
            }
            Part::Attribute(name, value) => {
                let name = self.name(name)?;
                for found in found {
                    self.set_attribute(found.having("attrib")?, &name, value.unwrap_or_default())?;
                }
            }
            Part::Text(text) => {
                for found in found {
                    self.document.set_text(found.having("text")?, Some(text));
                }
            }
        }
        Ok(())
    }

    /// Removes what an expression finds.
    pub fn delete(&mut self, xpath: &str) -> Result<(), Trouble> {
        for found in self.find(xpath, self.root)? {
            match (self.first(xpath, self.root)?, &found) {
                (Some(Found::Attribute(..)), Found::Attribute(id, name)) => self.document.remove_attribute(*id, name),
                (Some(Found::Attribute(..) | Found::Text(_)), _) => {
                    return Err("Argument must be bytes or unicode, got 'NoneType'".into());
                }
                (Some(Found::Node(_)), _) => {
                    let id = found.as_argument("element")?;
                    self.document.parent_element(id).ok_or("'NoneType' object has no attribute 'remove'")?;
                    self.document.remove(id);
                }
                // What was removed took it along.
                (Some(Found::Letter) | None, _) => return Err("Impossible error".into()),
            }
        }
        Ok(())
    }
}

/// Cuts an expression in two: where the last part is, and that part. `None` when it does not say what to make.
fn split(xpath: &str) -> Option<(&str, Part<'_>)> {
    let xpath = xpath.trim();
    if xpath.contains('\n') {
        return None;
    }
    let (inner, last) = xpath.rsplit_once('/')?;
    if is_name(last) {
        return Some((inner, Part::Element(last, None, Vec::new())));
    }
    if let Some(name) = last.strip_prefix('@').filter(|name| is_name(name)) {
        return Some((inner, Part::Attribute(name, None)));
    }
    texts(xpath)
        .find_map(|(before, text)| {
            let (inner, name) = before.rsplit_once('/').filter(|(_, name)| is_name(name))?;
            Some((inner, Part::Element(name, Some(text), Vec::new())))
        })
        .or_else(|| {
            xpath.rmatch_indices("/@").find_map(|(at, mark)| {
                let (name, value) = xpath[at + mark.len()..].split_once('=').filter(|(name, _)| is_name(name))?;
                Some((&xpath[..at], Part::Attribute(name, Some(unquoted(value)?))))
            })
        })
        .or_else(|| {
            let before = xpath.strip_suffix(']')?;
            before.rmatch_indices('/').find_map(|(at, mark)| {
                let (name, conditions) = before[at + mark.len()..].split_once('[').filter(|(name, _)| is_name(name))?;
                let conditions = conditions.split(" and ").map(str::trim).collect();
                Some((&before[..at], Part::Element(name, None, conditions)))
            })
        })
        .or_else(|| texts(xpath).map(|(inner, text)| (inner, Part::Text(text))).next())
}

/// What is before `/text()='…'`, and the text in it, the last such place first.
fn texts(xpath: &str) -> impl Iterator<Item = (&str, &str)> {
    let marks = xpath.rmatch_indices("/text()=");
    marks.filter_map(|(at, mark)| Some((&xpath[..at], unquoted(&xpath[at + mark.len()..])?)))
}

fn unquoted(text: &str) -> Option<&str> {
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('\'').or_else(|| within('"'))
}

/// Whether it is `name` or `prefix:name`.
fn is_name(text: &str) -> bool {
    let is_plain = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '-')
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    match text.split_once(':') {
        Some((prefix, local)) => is_plain(prefix) && is_plain(local),
        None => is_plain(text),
    }
}
