//! What is found in a document and changed there, and how it fails: in lxml's and Python's words.

use serde_json::Value as Json;

use super::{
    cursor::is_letter,
    tree::{DOCUMENT, Document, Id, Kind, Name},
    writer::{Style, part, whole},
    xpath::{self, Item, Value},
};
use crate::kit::{Failure, args::python_type};

/// Why something could not be done.
pub enum Trouble {
    /// Python raised this.
    Raised(String),
    /// The module says this.
    Said(String),
}

impl Trouble {
    /// The task's failure, where nothing catches what was raised.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Raised(why) if why.is_empty() => Failure::new("Task failed: Module failed."),
            Self::Raised(why) => Failure::new(why).uncaught(),
            Self::Said(msg) => Failure::new(msg),
        }
    }

    /// The same, where what was raised becomes a message.
    pub fn told(self, msg: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Raised(why) => Self::Said(msg(why)),
            said @ Self::Said(_) => said,
        }
    }
}

impl From<&str> for Trouble {
    fn from(why: &str) -> Self {
        Self::Raised(why.to_owned())
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Raised(why)
    }
}

/// A document that is edited, and the namespaces of the task.
pub struct Editor {
    /// The document.
    pub document: Document,
    /// Its top element: paths that do not begin at the document begin there.
    pub root: Id,
    namespaces: Vec<(String, Json)>,
}

/// What lxml makes of text that it finds.
const FOUND_TEXT: &str = "lxml.etree._ElementUnicodeResult";

/// Something that an expression found, as Python sees it.
#[derive(Clone)]
pub enum Found {
    /// An element, a comment or an instruction.
    Node(Id),
    /// The text of a node.
    Text(Id),
    /// An element's attribute.
    Attribute(Id, Name),
    /// A letter of a text that is nowhere.
    Letter,
}

impl Found {
    /// The node; otherwise what Python says of text that has no such attribute.
    pub fn having(&self, attribute: &str) -> Result<Id, Trouble> {
        match self {
            Self::Node(id) => Ok(*id),
            other => Err(format!("'{}' object has no attribute '{attribute}'", other.class()).into()),
        }
    }

    /// The node; otherwise what lxml says of text as this argument.
    pub fn as_argument(&self, argument: &str) -> Result<Id, Trouble> {
        match self {
            Self::Node(id) => Ok(*id),
            other => Err(format!(
                "Argument '{argument}' has incorrect type (expected lxml.etree._Element, got {})",
                other.class()
            )
            .into()),
        }
    }

    fn class(&self) -> &'static str {
        if matches!(self, Self::Letter) { "str" } else { FOUND_TEXT }
    }
}

impl Editor {
    /// Of a document, with a task's namespaces.
    pub fn new(document: Document, namespaces: &serde_json::Map<String, Json>) -> Self {
        let root = document.root().unwrap_or(DOCUMENT);
        let namespaces = namespaces.iter().map(|(prefix, space)| (prefix.clone(), space.clone())).collect();
        Self { document, root, namespaces }
    }

    /// What an expression gives, seen from a node.
    pub fn evaluate(&self, xpath: &str, here: Id) -> Result<Value, Trouble> {
        let spaces: Result<Vec<_>, Trouble> = self
            .namespaces
            .iter()
            .map(|(prefix, space)| match space {
                _ if prefix.is_empty() => Err("empty namespace prefix is not supported in XPath".into()),
                Json::Null => Err("setting default namespace is not supported in XPath".into()),
                Json::String(space) if space.is_empty() => {
                    Err("setting default namespace is not supported in XPath".into())
                }
                space => Ok((prefix.clone(), self.text(space)?)),
            })
            .collect();
        Ok(xpath::evaluate(xpath, &self.document, here, &spaces?)?)
    }

    /// What Python goes through of what an expression finds.
    pub fn find(&self, xpath: &str, here: Id) -> Result<Vec<Found>, Trouble> {
        let not_iterable = |kind: &str| Err(format!("'{kind}' object is not iterable").into());
        let items = match self.evaluate(xpath, here)? {
            Value::Items(items) => items,
            Value::Text(text) => return Ok(text.chars().map(|_| Found::Letter).collect()),
            Value::Boolean(_) => return not_iterable("bool"),
            Value::Number(_) => return not_iterable("float"),
        };
        let found = |item: Item| match item {
            Item::Node(DOCUMENT) => None,
            Item::Node(id) if self.document.is_text(id) => Some(Found::Text(id)),
            Item::Node(id) => Some(Found::Node(id)),
            Item::Attribute(id, number) => {
                let attributes = &self.document.element(id)?.attributes;
                attributes.get(number).map(|(name, _)| Found::Attribute(id, name.clone()))
            }
        };
        Ok(items.into_iter().filter_map(found).collect())
    }

    /// The first that an expression finds.
    pub fn first(&self, xpath: &str, here: Id) -> Result<Option<Found>, Trouble> {
        let indexed = |kind: &str| Err(format!("'{kind}' object is not subscriptable").into());
        match self.evaluate(xpath, here)? {
            Value::Boolean(false) => Ok(None),
            Value::Boolean(true) => indexed("bool"),
            Value::Number(0.0) => Ok(None),
            Value::Number(_) => indexed("float"),
            _ => Ok(self.find(xpath, here)?.into_iter().next()),
        }
    }

    /// Whether an expression finds nodes, as far as the first one tells.
    pub fn finds_nodes(&self, xpath: &str, here: Id) -> Result<bool, Trouble> {
        Ok(matches!(self.first(xpath, here)?, Some(Found::Node(_))))
    }

    /// A document or a new element as messages have it.
    pub fn shown(&self, here: Id) -> String {
        let style = Style { pretty: true, ascii: true };
        let text = if here == self.root { whole(&self.document, style) } else { part(&self.document, here, style) };
        let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
        let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r");
        let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
        format!("b{quote}{escaped}{quote}")
    }

    /// A value as text that a document may have.
    pub fn text(&self, value: &Json) -> Result<String, Trouble> {
        let Json::String(text) = value else {
            return Err(format!("Argument must be bytes or unicode, got '{}'", python_type(value)).into());
        };
        if text.chars().all(is_letter) {
            return Ok(text.clone());
        }
        Err("All strings must be XML compatible: Unicode or ASCII, no NULL bytes or control characters".into())
    }

    /// The name that `prefix:name` or `name` means with the task's namespaces.
    pub fn name(&self, text: &str) -> Result<Name, Trouble> {
        let Some((prefix, local)) = text.split_once(':') else { return Ok(Name::parse(text)) };
        let space = self.namespaces.iter().find(|(other, _)| other == prefix).map(|(_, space)| space);
        let space = self.text(space.ok_or_else(|| format!("'{prefix}'"))?)?;
        Ok(Name { prefix: None, space: Some(space), local: local.to_owned() })
    }

    /// Sets an attribute of what has such.
    pub fn set_attribute(&mut self, id: Id, name: &Name, value: &str) -> Result<(), Trouble> {
        if !matches!(self.document.kind(id), Kind::Element(_)) {
            return Err("this element does not have children or attributes".into());
        }
        self.document.set_attribute(id, name, value);
        Ok(())
    }
}
