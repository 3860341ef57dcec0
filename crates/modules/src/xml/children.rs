//! Elements that a task gives: as XML, or as names with texts and attributes.

use serde_json::Value as Json;

use super::{
    cursor::{STRING, is_name},
    editor::{Editor, Found, Trouble},
    parser::{Options, parse},
    tree::{Id, Name},
    writer::{Style, part},
};
use crate::kit::args::{plain_text, python_repr, python_type};

/// Where children are added.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// Below what is found, at the end.
    Below,
    /// Before the first that is found.
    Before,
    /// After the last that is found.
    After,
}

impl Editor {
    /// Adds children to what an expression finds; nothing where it finds no nodes.
    pub fn add_children(&mut self, xpath: &str, given: &[Json], is_xml: bool, place: Place) -> Result<(), Trouble> {
        if !self.finds_nodes(xpath, self.root)? {
            return Ok(());
        }
        let found = self.find(xpath, self.root)?;
        let children = self.children(given, is_xml)?;
        if place == Place::Below {
            for parent in found {
                let parent = parent.having("extend")?;
                children.iter().for_each(|child| self.document.append(parent, *child));
            }
            return Ok(());
        }
        let beside = if place == Place::Before { found.first() } else { found.last() };
        let Some(beside) = beside else { return Ok(()) };
        let beside = beside.as_argument("child")?;
        let parent = self.document.parent_element(beside).ok_or("'NoneType' object has no attribute 'index'")?;
        let at = self.document.items(parent).iter().position(|item| *item == beside).unwrap_or_default();
        let first = at + usize::from(place == Place::After);
        for (number, child) in children.into_iter().enumerate() {
            self.document.insert(parent, first + number, child);
        }
        Ok(())
    }

    /// Makes children all that there is below what an expression finds, but for the text before them.
    pub fn set_children(&mut self, xpath: &str, given: &[Json], is_xml: bool) -> Result<(), Trouble> {
        let found = self.find(xpath, self.root)?;
        let children = self.children(given, is_xml)?;
        let wanted: Vec<String> = children.iter().map(|child| self.written(*child)).collect();
        for parent in found {
            let parent = match parent.having("remove") {
                Ok(parent) => parent,
                Err(why) => return self.refused(&parent, children.len(), why),
            };
            let items = self.document.items(parent);
            let is_same = |(item, wanted): (&Id, &String)| {
                !self.document.has_tail(*item)
                    && self.document.inherited(*item).is_empty()
                    && self.written(*item) == *wanted
            };
            if items.len() == wanted.len() && items.iter().zip(&wanted).all(is_same) {
                continue;
            }
            for item in items {
                self.document.remove(item);
            }
            children.iter().for_each(|child| self.document.append(parent, *child));
        }
        Ok(())
    }

    /// What Python says of text that children are to be set of: it is a list of its letters.
    fn refused(&self, text: &Found, wanted: usize, why: Trouble) -> Result<(), Trouble> {
        let letters = match text {
            Found::Text(id) => self.document.text(*id).unwrap_or_default().chars().count(),
            Found::Attribute(id, name) => self.document.attribute(*id, name).unwrap_or_default().chars().count(),
            Found::Node(_) | Found::Letter => 1,
        };
        match (letters, wanted) {
            (0, 0) => Ok(()),
            (0, _) => Err(text.having("extend").err().unwrap_or(why)),
            (letters, wanted) if letters == wanted => Err("Type 'str' cannot be serialized.".into()),
            _ => Err(why),
        }
    }

    fn written(&self, id: Id) -> String {
        part(&self.document, id, Style::default())
    }

    fn children(&mut self, given: &[Json], is_xml: bool) -> Result<Vec<Id>, Trouble> {
        given.iter().map(|child| if is_xml { self.of_xml(child) } else { self.of_value(child) }).collect()
    }

    fn of_xml(&mut self, given: &Json) -> Result<Id, Trouble> {
        let text = if given.is_array() || given.is_object() { python_repr(given) } else { plain_text(given) };
        let options = Options { blanks: true, sections: false };
        let wrong = |why: String| Trouble::Said(format!("Error while parsing child element: {why}"));
        let child = parse(text.as_bytes(), options).map_err(|fault| wrong(fault.of(STRING)))?;
        self.document.adopt(child).ok_or_else(|| wrong("there is no element".into()))
    }

    fn of_value(&mut self, given: &Json) -> Result<Id, Trouble> {
        let (name, value) = match given {
            Json::String(name) => (name, &Json::Null),
            Json::Object(map) if map.len() > 1 => {
                return Err(Trouble::Said("Can only create children from hashes with one key".into()));
            }
            Json::Object(map) => map.iter().next().ok_or("")?,
            other => {
                let kind = python_type(other);
                let msg = "Children must be either strings or hashes.";
                return Err(Trouble::Said(format!("Invalid child type: <class '{kind}'>. {msg}")));
            }
        };
        let element = self.document.add_element(valid(name, "tag")?);
        match value {
            Json::Null => {}
            Json::Object(parts) => {
                for (name, value) in parts {
                    self.add_part(element, name, value)?;
                }
            }
            other => {
                let text = self.text(other)?;
                self.document.set_text(element, Some(&text));
            }
        }
        Ok(element)
    }

    /// Adds a text (`+value`), children (`_`) or an attribute.
    fn add_part(&mut self, element: Id, name: &str, value: &Json) -> Result<(), Trouble> {
        match (name, value) {
            ("+value" | "_", Json::Null) => {}
            ("+value", value) => {
                let text = self.text(value)?;
                self.document.set_text(element, Some(&text));
            }
            ("_", Json::Array(given)) => {
                for child in self.children(given, false)? {
                    self.document.append(element, child);
                }
            }
            ("_", other) => {
                let kind = python_type(other);
                return Err(Trouble::Said(format!("Invalid children type: <class '{kind}'>, must be list.")));
            }
            (name, value) => {
                let name = valid(name, "attribute")?;
                let value = self.text(value)?;
                self.document.set_attribute(element, &name, &value);
            }
        }
        Ok(())
    }
}

/// A name as lxml takes it: without a namespace, or as `{namespace}name`.
pub fn valid(text: &str, kind: &str) -> Result<Name, Trouble> {
    let name = Name::parse(text);
    if name.local.is_empty() {
        return Err(format!("Empty {kind} name").into());
    }
    if is_name(&name.local) { Ok(name) } else { Err(format!("Invalid {kind} name '{}'", name.local).into()) }
}
