//! An XML document as a tree: elements with their namespaces, text, and what stands between them.
//!
//! The text after an element belongs to that element and goes where it goes, as in lxml.

use std::collections::BTreeSet;

use super::doctype::Doctype;

/// A node's place in its document; it stays the same wherever the node is moved.
pub type Id = usize;

/// The node that everything is below.
pub const DOCUMENT: Id = 0;

/// The namespace of `xml:lang` and the like.
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Prefixes that namespaces get when nothing declares them.
const KNOWN_PREFIXES: [(&str, &str); 9] = [
    (XML_NAMESPACE, "xml"),
    ("http://www.w3.org/1999/xhtml", "html"),
    ("http://www.w3.org/1999/XSL/Transform", "xsl"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"),
    ("http://schemas.xmlsoap.org/wsdl/", "wsdl"),
    ("http://www.w3.org/2001/XMLSchema", "xs"),
    ("http://www.w3.org/2001/XMLSchema-instance", "xsi"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://codespeak.net/lxml/objectify/pytype", "py"),
];

/// The name of an element or attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// How the document abbreviates the namespace.
    pub prefix: Option<String>,
    /// The namespace.
    pub space: Option<String>,
    /// The name in it.
    pub local: String,
}

impl Name {
    /// From `{namespace}name`, or a name without a namespace.
    pub fn parse(text: &str) -> Self {
        let (space, local) = match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((space, local)) => (Some(space.to_owned()).filter(|space| !space.is_empty()), local),
            None => (None, text),
        };
        Self { prefix: None, space, local: local.to_owned() }
    }

    /// As `{namespace}name`.
    pub fn full(&self) -> String {
        match &self.space {
            Some(space) => format!("{{{space}}}{}", self.local),
            None => self.local.clone(),
        }
    }

    /// As the document has it: `prefix:name`.
    pub fn written(&self) -> String {
        match &self.prefix {
            Some(prefix) => format!("{prefix}:{}", self.local),
            None => self.local.clone(),
        }
    }

    /// Whether it means the same, however it is written.
    pub fn is(&self, other: &Self) -> bool {
        self.space == other.space && self.local == other.local
    }
}

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// The namespaces that it declares, by prefix; `None` is the default one.
    pub declared: Vec<(Option<String>, String)>,
    /// Its attributes.
    pub attributes: Vec<(Name, String)>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// What everything is below.
    Document,
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
    /// Text in a CDATA section.
    Cdata(String),
    /// A comment.
    Comment(String),
    /// An instruction for a program: its target, and what it says.
    Instruction(String, Option<String>),
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is below; `None` for the document, and for what is not in its place yet.
    pub parent: Option<Id>,
    /// What is below it.
    pub children: Vec<Id>,
    /// What it is.
    pub kind: Kind,
}

/// A document.
#[derive(Clone, Debug)]
pub struct Document {
    nodes: Vec<Node>,
    /// The version of XML.
    pub version: String,
    /// The document type.
    pub doctype: Option<Doctype>,
    /// How many children of the document stand before its type.
    pub before_doctype: usize,
    /// How many prefixes were made up.
    prefixes: usize,
}

impl Document {
    /// An empty one.
    pub fn new() -> Self {
        let top = Node { parent: None, children: Vec::new(), kind: Kind::Document };
        Self { nodes: vec![top], version: "1.0".into(), doctype: None, before_doctype: 0, prefixes: 0 }
    }

    /// A node.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// What a node is.
    pub fn kind(&self, id: Id) -> &Kind {
        &self.nodes[id].kind
    }

    /// What a node is, to change it.
    pub fn kind_mut(&mut self, id: Id) -> &mut Kind {
        &mut self.nodes[id].kind
    }

    /// An element; `None` when the node is none.
    pub fn element(&self, id: Id) -> Option<&Element> {
        match self.kind(id) {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    fn element_mut(&mut self, id: Id) -> Option<&mut Element> {
        match self.kind_mut(id) {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// What the node is below; nothing for what stands at the top.
    pub fn parent_element(&self, id: Id) -> Option<Id> {
        self.nodes[id].parent.filter(|parent| *parent != DOCUMENT)
    }

    /// The top element.
    pub fn root(&self) -> Option<Id> {
        self.nodes[DOCUMENT].children.iter().copied().find(|id| self.element(*id).is_some())
    }

    /// Whether it is text, in a CDATA section or not.
    pub fn is_text(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Text(_) | Kind::Cdata(_))
    }

    /// The elements, comments and instructions below a node.
    pub fn items(&self, id: Id) -> Vec<Id> {
        self.nodes[id].children.iter().copied().filter(|child| !self.is_text(*child)).collect()
    }

    /// All below a node, itself first.
    pub fn walk(&self, top: Id) -> Vec<Id> {
        let mut all = Vec::new();
        let mut open = vec![top];
        while let Some(id) = open.pop() {
            all.push(id);
            open.extend(self.nodes[id].children.iter().rev());
        }
        all
    }

    /// Adds a node that is nowhere yet.
    pub fn add(&mut self, kind: Kind) -> Id {
        self.nodes.push(Node { parent: None, children: Vec::new(), kind });
        self.nodes.len() - 1
    }

    /// Adds an element that is nowhere yet; a namespace is declared on it.
    pub fn add_element(&mut self, mut name: Name) -> Id {
        let declared = name.space.iter().map(|space| (Some(known_prefix(space)), space.clone())).collect::<Vec<_>>();
        name.prefix = declared.first().and_then(|(prefix, _)| prefix.clone());
        let declared = declared.into_iter().filter(|(_, space)| space != XML_NAMESPACE).collect();
        self.add(Kind::Element(Element { name, declared, attributes: Vec::new() }))
    }

    /// Adds all nodes of another document; its top element is nowhere then.
    pub fn adopt(&mut self, other: Self) -> Option<Id> {
        let (offset, root) = (self.nodes.len(), other.root());
        self.nodes.extend(other.nodes.into_iter().map(|node| Node {
            parent: node.parent.filter(|parent| *parent != DOCUMENT).map(|parent| parent + offset),
            children: node.children.iter().map(|child| child + offset).collect(),
            kind: node.kind,
        }));
        root.map(|root| root + offset)
    }

    /// Puts a node as it is at the end of what is below another.
    pub fn push(&mut self, parent: Id, child: Id) {
        self.nodes[child].parent = Some(parent);
        self.nodes[parent].children.push(child);
    }

    /// Adds text at the end of what is below a node, to the text that ends it if there is one.
    pub fn push_text(&mut self, parent: Id, text: &str) {
        let last = self.nodes[parent].children.last().copied();
        if let Some(Kind::Text(before)) = last.map(|last| self.kind_mut(last)) {
            before.push_str(text);
        } else {
            let text = self.add(Kind::Text(text.to_owned()));
            self.push(parent, text);
        }
    }

    /// Moves a node to the end of what is below another. What is no element can have nothing below it.
    pub fn append(&mut self, parent: Id, child: Id) {
        let end = self.nodes[parent].children.len();
        self.place(parent, child, |children| children.len().min(end));
    }

    /// Moves a node before the item with that number below another; to the end when there is none.
    pub fn insert(&mut self, parent: Id, number: usize, child: Id) {
        let before = self.items(parent).get(number).copied();
        self.place(parent, child, |children| {
            before.and_then(|before| children.iter().position(|id| *id == before)).unwrap_or(children.len())
        });
    }

    fn place(&mut self, parent: Id, child: Id, at: impl FnOnce(&[Id]) -> usize) {
        let moved = self.remove(child);
        if self.element(parent).is_none() {
            return;
        }
        let at = at(&self.nodes[parent].children);
        self.nodes[parent].children.splice(at..at, moved.iter().copied());
        moved.iter().for_each(|id| self.nodes[*id].parent = Some(parent));
        self.settle(child);
    }

    /// Takes a node out of its place, and the text after it; returns both.
    pub fn remove(&mut self, id: Id) -> Vec<Id> {
        let Some(parent) = self.nodes[id].parent.take() else { return vec![id] };
        let children = &self.nodes[parent].children;
        let Some(start) = children.iter().position(|child| *child == id) else { return vec![id] };
        let tail = children[start + 1..].iter().take_while(|child| self.is_text(**child)).count();
        let removed: Vec<Id> = self.nodes[parent].children.drain(start..=start + tail).collect();
        removed.iter().for_each(|id| self.nodes[*id].parent = None);
        removed
    }

    /// Whether text follows a node.
    pub fn has_tail(&self, id: Id) -> bool {
        let siblings = self.nodes[id].parent.map(|parent| &self.nodes[parent].children);
        let after = siblings.and_then(|siblings| siblings.iter().skip_while(|other| **other != id).nth(1));
        after.is_some_and(|after| self.is_text(*after))
    }

    /// The text that an element begins with, or what a comment or an instruction says.
    pub fn text(&self, id: Id) -> Option<String> {
        match self.kind(id) {
            Kind::Comment(text) => Some(text.clone()),
            Kind::Instruction(_, text) => Some(text.clone().unwrap_or_default()),
            Kind::Text(text) | Kind::Cdata(text) => Some(text.clone()),
            Kind::Document | Kind::Element(_) => {
                let leading = self.leading_text(id);
                (!leading.is_empty()).then(|| leading.iter().filter_map(|id| self.text(*id)).collect())
            }
        }
    }

    /// Sets it.
    pub fn set_text(&mut self, id: Id, text: Option<&str>) {
        match self.kind_mut(id) {
            Kind::Comment(old) => text.unwrap_or_default().clone_into(old),
            Kind::Instruction(_, old) => *old = text.map(str::to_owned),
            _ => {
                let count = self.leading_text(id).len();
                let new = text.map(|text| self.add(Kind::Text(text.to_owned())));
                new.iter().for_each(|new| self.nodes[*new].parent = Some(id));
                self.nodes[id].children.splice(..count, new);
            }
        }
    }

    fn leading_text(&self, id: Id) -> Vec<Id> {
        self.nodes[id].children.iter().copied().take_while(|child| self.is_text(*child)).collect()
    }

    /// An attribute's value.
    pub fn attribute(&self, id: Id, name: &Name) -> Option<&str> {
        let found = self.element(id)?.attributes.iter().find(|(other, _)| other.is(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Sets an attribute.
    pub fn set_attribute(&mut self, id: Id, name: &Name, value: &str) {
        let prefix = name.space.as_deref().map(|space| self.prefix_at(id, space));
        let Some(element) = self.element_mut(id) else { return };
        match element.attributes.iter_mut().find(|(other, _)| other.is(name)) {
            Some((_, old)) => value.clone_into(old),
            None => element.attributes.push((Name { prefix, ..name.clone() }, value.to_owned())),
        }
    }

    /// Removes an attribute.
    pub fn remove_attribute(&mut self, id: Id, name: &Name) {
        if let Some(element) = self.element_mut(id) {
            element.attributes.retain(|(other, _)| !other.is(name));
        }
    }

    /// The namespace that a prefix, or none, means at a node.
    pub fn space_of(&self, id: Id, prefix: Option<&str>) -> Option<&str> {
        if prefix == Some("xml") {
            return Some(XML_NAMESPACE);
        }
        let declares = |id: Id| {
            let declared = &self.element(id)?.declared;
            declared.iter().find(|(other, _)| other.as_deref() == prefix).map(|(_, space)| space.as_str())
        };
        self.ancestry(id).into_iter().find_map(declares).filter(|space| !space.is_empty())
    }

    /// The namespaces that what a node is in declares, those that it declares anew left out.
    pub fn inherited(&self, id: Id) -> BTreeSet<&str> {
        let all = self.ancestry(id).into_iter().skip(1).filter_map(|id| self.element(id));
        let prefixes: BTreeSet<_> = all.flat_map(|element| &element.declared).map(|(prefix, _)| prefix).collect();
        let own = |prefix: &Option<String>| {
            self.element(id).is_some_and(|element| element.declared.iter().any(|(other, _)| other == prefix))
        };
        prefixes.into_iter().filter(|prefix| !own(prefix)).filter_map(|p| self.space_of(id, p.as_deref())).collect()
    }

    fn ancestry(&self, id: Id) -> Vec<Id> {
        std::iter::successors(Some(id), |id| self.nodes[*id].parent).collect()
    }

    /// How a node abbreviates a namespace; attributes cannot be in the default one.
    fn prefix_for(&self, id: Id, space: &str, is_attribute: bool) -> Option<Option<String>> {
        if space == XML_NAMESPACE {
            return Some(Some("xml".into()));
        }
        let elements = self.ancestry(id).into_iter().filter_map(|id| self.element(id));
        let mut declared = elements.flat_map(|element| &element.declared);
        let fits = |(prefix, other): &&(Option<String>, String)| {
            other == space && (prefix.is_some() || !is_attribute) && self.space_of(id, prefix.as_deref()) == Some(space)
        };
        declared.find(fits).map(|(prefix, _)| prefix.clone())
    }

    /// The prefix of a namespace for attributes, declared at the node if it has to be.
    fn prefix_at(&mut self, id: Id, space: &str) -> String {
        if let Some(Some(prefix)) = self.prefix_for(id, space, true) {
            return prefix;
        }
        let is_placed = self.ancestry(id).last() == Some(&DOCUMENT);
        let mut number = if is_placed { self.prefixes } else { 0 };
        let mut prefix =
            KNOWN_PREFIXES.iter().find(|(known, _)| *known == space).map(|(_, prefix)| (*prefix).to_owned());
        let free = loop {
            let candidate = prefix.take().unwrap_or_else(|| {
                number += 1;
                format!("ns{}", number - 1)
            });
            if self.space_of(id, Some(&candidate)).is_none() {
                break candidate;
            }
        };
        if is_placed {
            self.prefixes = number;
        }
        if let Some(element) = self.element_mut(id) {
            element.declared.push((Some(free.clone()), space.to_owned()));
        }
        free
    }

    /// Makes names mean the same where a node is now: what is declared around it is not declared again.
    fn settle(&mut self, top: Id) {
        for id in self.walk(top) {
            let Some(parent) = self.nodes[id].parent else { continue };
            let Some(element) = self.element(id) else { continue };
            let kept = element.declared.iter().filter(|(_, space)| self.prefix_for(parent, space, false).is_none());
            let kept: Vec<_> = kept.cloned().collect();
            let mut names = vec![element.name.clone()];
            names.extend(element.attributes.iter().map(|(name, _)| name.clone()));
            if let Some(element) = self.element_mut(id) {
                element.declared = kept;
            }
            for (number, name) in names.iter_mut().enumerate() {
                let Some(space) = name.space.clone() else { continue };
                let is_attribute = number > 0;
                let is_known = (name.prefix.is_some() || !is_attribute)
                    && self.space_of(id, name.prefix.as_deref()) == Some(space.as_str());
                if !is_known {
                    let found = self.prefix_for(id, &space, is_attribute);
                    name.prefix = found.unwrap_or_else(|| Some(self.prefix_at(id, &space)));
                }
            }
            let mut names = names.into_iter();
            if let Some(element) = self.element_mut(id) {
                element.name = names.next().unwrap_or_else(|| element.name.clone());
                element.attributes.iter_mut().zip(names).for_each(|((old, _), new)| *old = new);
            }
        }
    }

    /// The path of an element, a comment or an instruction, as XPath.
    pub fn path(&self, id: Id) -> String {
        let step = |id: &Id| {
            let (name, is_like): (String, Box<dyn Fn(&Kind) -> bool>) = match self.kind(*id) {
                Kind::Element(Element { name, .. }) if name.space.is_some() && name.prefix.is_none() => {
                    ("*".into(), Box::new(|other| matches!(other, Kind::Element(_))))
                }
                Kind::Element(element) => {
                    let name = element.name.clone();
                    let like = move |other: &Kind| matches!(other, Kind::Element(other) if other.name.local == name.local && other.name.prefix == name.prefix);
                    (element.name.written(), Box::new(like))
                }
                Kind::Comment(_) => ("comment()".into(), Box::new(|other| matches!(other, Kind::Comment(_)))),
                Kind::Instruction(target, _) => {
                    let own = target.clone();
                    let like = move |other: &Kind| matches!(other, Kind::Instruction(target, _) if *target == own);
                    (format!("processing-instruction('{target}')"), Box::new(like))
                }
                Kind::Document | Kind::Text(_) | Kind::Cdata(_) => return String::new(),
            };
            let siblings =
                self.nodes[*id].parent.map(|parent| self.nodes[parent].children.as_slice()).unwrap_or_default();
            let alike: Vec<&Id> = siblings.iter().filter(|other| is_like(self.kind(**other))).collect();
            match alike.iter().position(|other| *other == id) {
                Some(at) if alike.len() > 1 => format!("/{name}[{}]", at + 1),
                _ => format!("/{name}"),
            }
        };
        self.ancestry(id).iter().rev().map(step).collect()
    }
}

fn known_prefix(space: &str) -> String {
    KNOWN_PREFIXES.iter().find(|(known, _)| *known == space).map_or("ns0", |(_, prefix)| prefix).to_owned()
}
