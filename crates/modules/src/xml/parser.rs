//! Reads XML as libxml2 does: the same tree, and the same words for what is wrong.

use super::{
    cursor::{Cursor, Fault, is_blank, is_letter},
    decode::decode,
    doctype::Doctype,
    tree::{DOCUMENT, Document, Element, Id, Kind, Name, XML_NAMESPACE},
};

/// How deep elements may be in each other.
const DEPTH: usize = 256;

/// How deep entities may be in each other.
const ENTITY_DEPTH: usize = 40;

/// How many bytes entities may become.
const ENTITIES: usize = 10 << 20;

/// What is kept of a document.
#[derive(Clone, Copy)]
pub struct Options {
    /// White space between elements.
    pub blanks: bool,
    /// That text was in a CDATA section.
    pub sections: bool,
}

/// Reads a document.
pub fn parse(bytes: &[u8], options: Options) -> Result<Document, Fault> {
    let text = decode(bytes)?;
    let mut reader = Reader { document: Document::new(), options, depth: 0, entities: Vec::new(), expanded: 0 };
    reader.whole(&mut Cursor::new(&text))?;
    Ok(reader.document)
}

/// What white space is in an element.
#[derive(Clone, Copy, PartialEq)]
enum Space {
    /// Not known yet.
    Open,
    /// Text, since there was text.
    Text,
    /// `xml:space` says so.
    Kept,
    /// `xml:space` says otherwise.
    Dropped,
}

struct Reader {
    document: Document,
    options: Options,
    depth: usize,
    /// Those that are being read.
    entities: Vec<String>,
    /// How many bytes they were.
    expanded: usize,
}

impl Reader {
    fn whole(&mut self, cursor: &mut Cursor) -> Result<(), Fault> {
        if cursor.is_done() {
            return Err(cursor.fault("Document is empty"));
        }
        if cursor.rest().starts_with("<?xml") && cursor.rest()[5..].starts_with(is_blank) {
            self.declaration(cursor)?;
        }
        self.between(cursor, true)?;
        if !cursor.rest().starts_with('<') {
            return Err(cursor.fault("Start tag expected, '<' not found"));
        }
        self.element(cursor, DOCUMENT, Space::Open)?;
        self.between(cursor, false)?;
        if cursor.is_done() { Ok(()) } else { Err(cursor.fault("Extra content at the end of the document")) }
    }

    fn declaration(&mut self, cursor: &mut Cursor) -> Result<(), Fault> {
        cursor.skip("<?xml".len());
        cursor.blanks();
        let version = Self::setting(cursor, "version");
        let version = version.ok_or_else(|| cursor.fault("Malformed declaration expecting version"))?;
        if !version.starts_with("1.") {
            return Err(cursor.fault(format!("Unsupported version '{version}'")));
        }
        version.clone_into(&mut self.document.version);
        for name in ["encoding", "standalone"] {
            if !cursor.blanks() && !cursor.rest().starts_with("?>") {
                return Err(cursor.fault("Blank needed here"));
            }
            if Self::setting(cursor, name).is_none() {
                break;
            }
        }
        Self::setting(cursor, "standalone");
        cursor.blanks();
        if cursor.eat("?>") { Ok(()) } else { Err(cursor.fault("parsing XML declaration: '?>' expected")) }
    }

    fn setting<'a>(cursor: &mut Cursor<'a>, name: &str) -> Option<&'a str> {
        cursor.eat(name).then_some(())?;
        cursor.blanks();
        cursor.eat("=").then_some(())?;
        cursor.blanks();
        cursor.literal()
    }

    /// What may stand before or after the top element.
    fn between(&mut self, cursor: &mut Cursor, is_before: bool) -> Result<(), Fault> {
        loop {
            cursor.blanks();
            if self.remark(cursor, DOCUMENT)? {
                continue;
            }
            if !is_before || self.document.doctype.is_some() || !cursor.eat("<!DOCTYPE") {
                return Ok(());
            }
            self.document.doctype = Some(Doctype::parse(cursor)?);
            self.document.before_doctype = self.document.node(DOCUMENT).children.len();
        }
    }

    /// A comment or an instruction, if it is next.
    fn remark(&mut self, cursor: &mut Cursor, parent: Id) -> Result<bool, Fault> {
        let kind = if cursor.eat("<!--") {
            let text = cursor.take_until("--").ok_or_else(|| cursor.fault("Comment not terminated"))?;
            if !cursor.eat(">") {
                let left = cursor.rest().len() + "--".len();
                return Err(cursor.fault_before(left, format!("Double hyphen within comment: <!--{text}")));
            }
            Kind::Comment(text.to_owned())
        } else if cursor.eat("<?") {
            let target = cursor.name().ok_or_else(|| cursor.fault("xmlParsePI : no target name"))?;
            if target == "xml" {
                return Err(cursor.fault("XML declaration allowed only at the start of the document"));
            }
            cursor.blanks();
            let never = format!("ParsePI: PI {target} never end ...");
            let text = cursor.take_until("?>").ok_or_else(|| cursor.fault(never))?;
            Kind::Instruction(target.to_owned(), Some(text.to_owned()).filter(|text| !text.is_empty()))
        } else {
            return Ok(false);
        };
        let id = self.document.add(kind);
        self.document.push(parent, id);
        Ok(true)
    }

    fn element(&mut self, cursor: &mut Cursor, parent: Id, space: Space) -> Result<(), Fault> {
        if self.depth > DEPTH {
            return Err(cursor.fault(format!("Excessive depth in document: {DEPTH} use XML_PARSE_HUGE option")));
        }
        let start = cursor.rest().len();
        cursor.skip(1);
        let written = cursor.name().ok_or_else(|| cursor.fault("StartTag: invalid element name"))?;
        let id = self.document.add(Kind::Document);
        self.document.push(parent, id);
        let element = self.start_tag(cursor, id, written)?;
        let own =
            element.attributes.iter().find(|(name, _)| name.written() == "xml:space").map(|(_, how)| how.as_str());
        let space = match (own, space) {
            (Some("preserve"), _) => Space::Kept,
            (Some("default"), _) => Space::Dropped,
            (_, Space::Text) => Space::Open,
            (_, inherited) => inherited,
        };
        *self.document.kind_mut(id) = Kind::Element(element);
        if cursor.eat("/>") {
            return Ok(());
        }
        if !cursor.eat(">") {
            let line = cursor.line_before(start);
            return Err(cursor.fault(format!("Couldn't find end of Start Tag {written} line {line}")));
        }
        self.depth += 1;
        self.content(cursor, id, space)?;
        self.depth -= 1;
        if cursor.is_done() {
            let line = cursor.line_before(start);
            return Err(cursor.fault(format!("Premature end of data in tag {written} line {line}")));
        }
        cursor.skip("</".len());
        let end = cursor.name().unwrap_or_default();
        cursor.blanks();
        if !cursor.eat(">") {
            return Err(cursor.fault("expected '>'"));
        }
        if end == written {
            return Ok(());
        }
        let line = cursor.line_before(start);
        Err(cursor.fault(format!("Opening and ending tag mismatch: {written} line {line} and {end}")))
    }

    /// Reads what is up to the end of a start tag.
    fn start_tag(&mut self, cursor: &mut Cursor, id: Id, written: &str) -> Result<Element, Fault> {
        let mut element = Element { name: split(written), declared: Vec::new(), attributes: Vec::new() };
        let ends =
            |cursor: &Cursor| cursor.is_done() || cursor.rest().starts_with('>') || cursor.rest().starts_with("/>");
        cursor.blanks();
        while !ends(cursor) {
            let name = cursor.name().ok_or_else(|| cursor.fault("error parsing attribute name"))?;
            cursor.blanks();
            if !cursor.eat("=") {
                return Err(cursor.fault(format!("Specification mandates value for attribute {name}")));
            }
            cursor.blanks();
            let value = self.value(cursor)?;
            let name = split(name);
            match (name.prefix.as_deref(), name.local.as_str()) {
                (Some("xmlns"), prefix) => declare(cursor, &mut element, Some(prefix), value)?,
                (None, "xmlns") => declare(cursor, &mut element, None, value)?,
                _ => element.attributes.push((name, value)),
            }
            if !cursor.blanks() && !ends(cursor) {
                return Err(cursor.fault("attributes construct error"));
            }
        }
        self.name_spaces(cursor, id, &mut element)?;
        Ok(element)
    }

    /// Finds the namespaces of an element's names.
    fn name_spaces(&mut self, cursor: &Cursor, id: Id, element: &mut Element) -> Result<(), Fault> {
        // Its own declarations count.
        let bare = Element { attributes: Vec::new(), ..element.clone() };
        *self.document.kind_mut(id) = Kind::Element(bare);
        let find = |prefix: Option<&str>| self.document.space_of(id, prefix).map(str::to_owned);
        let local = element.name.local.clone();
        for number in 0..element.attributes.len() {
            let name = &mut element.attributes[number].0;
            if let Some(prefix) = name.prefix.clone() {
                let own = &name.local;
                let none = || cursor.fault(format!("Namespace prefix {prefix} for {own} on {local} is not defined"));
                name.space = Some(find(Some(&prefix)).ok_or_else(none)?);
            }
            let (before, rest) = element.attributes.split_at(number);
            let name = &rest[0].0;
            if let Some((other, _)) = before.iter().find(|(other, _)| other.is(name)) {
                return Err(cursor.fault(match &name.space {
                    Some(space) if other.prefix != name.prefix => {
                        format!("Namespaced Attribute {} in '{space}' redefined", name.local)
                    }
                    _ => format!("Attribute {} redefined", name.written()),
                }));
            }
        }
        element.name.space = find(element.name.prefix.as_deref());
        match &element.name.prefix {
            Some(prefix) if element.name.space.is_none() => {
                Err(cursor.fault(format!("Namespace prefix {prefix} on {local} is not defined")))
            }
            _ => Ok(()),
        }
    }

    fn value(&mut self, cursor: &mut Cursor) -> Result<String, Fault> {
        let quote = cursor.peek().filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.ok_or_else(|| cursor.fault("AttValue: \" or ' expected"))?;
        cursor.skip(1);
        let mut value = String::new();
        self.value_until(cursor, Some(quote), &mut value)?;
        if cursor.eat(&quote.to_string()) { Ok(value) } else { Err(cursor.fault("AttValue: ' expected")) }
    }

    fn value_until(&mut self, cursor: &mut Cursor, quote: Option<char>, value: &mut String) -> Result<(), Fault> {
        loop {
            let text =
                cursor.take_while(|letter| !matches!(letter, '<' | '&') && Some(letter) != quote && is_letter(letter));
            value.extend(text.chars().map(|letter| if is_blank(letter) { ' ' } else { letter }));
            match cursor.peek() {
                Some('<') => return Err(cursor.fault("Unescaped '<' not allowed in attributes values")),
                Some('&') if cursor.rest().starts_with("&#") => value.push(character(cursor)?),
                Some('&') => match self.reference(cursor)? {
                    Reference::Letter(letter) => value.push(letter),
                    Reference::Entity(name, text) => {
                        self.within(cursor, &name, &text, |reader, inner| reader.value_until(inner, None, value))?;
                    }
                },
                Some(letter) if Some(letter) != quote => {
                    return Err(cursor.fault("invalid character in attribute value"));
                }
                _ => return Ok(()),
            }
        }
    }

    fn content(&mut self, cursor: &mut Cursor, parent: Id, mut space: Space) -> Result<(), Fault> {
        while !cursor.is_done() && !cursor.rest().starts_with("</") {
            if cursor.eat("<![CDATA[") {
                let rest = cursor.rest();
                let text = cursor.take_until("]]>");
                let text = text.ok_or_else(|| {
                    let shown: String = rest.chars().take(rest.chars().count().saturating_sub(2)).collect();
                    cursor.fault(format!("CData section not finished\n{shown}"))
                })?;
                if self.options.sections {
                    let id = self.document.add(Kind::Cdata(text.to_owned()));
                    self.document.push(parent, id);
                } else {
                    self.document.push_text(parent, text);
                }
            } else if self.remark(cursor, parent)? {
            } else if cursor.rest().starts_with('<') {
                self.element(cursor, parent, space)?;
            } else if cursor.rest().starts_with("&#") {
                let letter = character(cursor)?;
                self.document.push_text(parent, letter.encode_utf8(&mut [0; 4]));
            } else if cursor.rest().starts_with('&') {
                match self.reference(cursor)? {
                    Reference::Letter(letter) => self.document.push_text(parent, letter.encode_utf8(&mut [0; 4])),
                    Reference::Entity(name, text) => {
                        self.within(cursor, &name, &text, |reader, inner| reader.content(inner, parent, Space::Kept))?;
                    }
                }
            } else {
                space = self.text(cursor, parent, space)?;
            }
        }
        Ok(())
    }

    /// Reads text; what white space is after it.
    fn text(&mut self, cursor: &mut Cursor, parent: Id, space: Space) -> Result<Space, Fault> {
        let rest = cursor.rest();
        let text = cursor.take_while(|letter| !matches!(letter, '<' | '&') && is_letter(letter));
        if let Some(end) = text.find("]]>") {
            return Err(cursor.fault_before(rest.len() - end, "Sequence ']]>' not allowed in content"));
        }
        match cursor.peek() {
            Some('\u{fffe}' | '\u{ffff}') => {
                let code = cursor.peek().map_or(0, u32::from);
                return Err(cursor.fault(format!("Char 0x{code:X} out of allowed range")));
            }
            Some(letter) if !matches!(letter, '<' | '&') => {
                return Err(cursor.fault(format!("PCDATA invalid Char value {}", u32::from(letter))));
            }
            _ => {}
        }
        if !self.options.blanks && text.chars().all(is_blank) && self.is_between(cursor, parent, space) {
            return Ok(space);
        }
        self.document.push_text(parent, text);
        let is_told = !self.options.blanks && space == Space::Open && text.starts_with(is_blank);
        Ok(if is_told { Space::Text } else { space })
    }

    /// Whether white space before the cursor only sets off elements.
    fn is_between(&self, cursor: &Cursor, parent: Id, space: Space) -> bool {
        if matches!(space, Space::Text | Space::Kept) {
            return false;
        }
        let name = self.document.element(parent).map(|element| element.name.written());
        let declared = self.document.doctype.as_ref().zip(name).and_then(|(doctype, name)| doctype.elements.get(&name));
        if let Some(is_mixed) = declared {
            return !is_mixed;
        }
        let children = &self.document.node(parent).children;
        let is_text = |id: Option<&Id>| id.is_some_and(|id| matches!(self.document.kind(*id), Kind::Text(_)));
        let is_all_there_is = children.is_empty() && cursor.rest().starts_with("</");
        cursor.rest().starts_with('<') && !is_all_there_is && !is_text(children.last()) && !is_text(children.first())
    }

    fn reference(&mut self, cursor: &mut Cursor) -> Result<Reference, Fault> {
        cursor.skip(1);
        let name = cursor.name().ok_or_else(|| cursor.fault("xmlParseEntityRef: no name"))?;
        if !cursor.eat(";") {
            return Err(cursor.fault("EntityRef: expecting ';'"));
        }
        let letter = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let entities = self.document.doctype.as_ref().map(|doctype| &doctype.entities);
                let text = entities.and_then(|entities| entities.get(name));
                let none = || cursor.fault(format!("Entity '{name}' not defined"));
                return Ok(Reference::Entity(name.to_owned(), text.ok_or_else(none)?.clone()));
            }
        };
        Ok(Reference::Letter(letter))
    }

    /// Reads an entity's text in place of its name.
    fn within(
        &mut self,
        cursor: &Cursor,
        name: &str,
        text: &str,
        read: impl FnOnce(&mut Self, &mut Cursor) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.expanded += text.len();
        let is_circle = self.entities.len() >= ENTITY_DEPTH || self.entities.iter().any(|open| open == name);
        if is_circle || self.expanded > ENTITIES {
            return Err(cursor.fault("Detected an entity reference loop"));
        }
        self.entities.push(name.to_owned());
        let mut inner = Cursor::new(text);
        read(self, &mut inner).map_err(Fault::of_entity)?;
        self.entities.pop();
        if inner.is_done() { Ok(()) } else { Err(inner.fault("chunk is not well balanced").of_entity()) }
    }
}

/// What a name between `&` and `;` stands for.
enum Reference {
    Letter(char),
    /// An entity: its name and text.
    Entity(String, String),
}

/// Reads a letter by its number: `&#10;`, `&#xa;`.
pub fn character(cursor: &mut Cursor) -> Result<char, Fault> {
    cursor.skip("&#".len());
    let radix = if cursor.eat("x") { 16 } else { 10 };
    let digits = cursor.take_while(|letter| letter.is_digit(radix));
    cursor.eat(";");
    let code = u32::from_str_radix(digits, radix).unwrap_or(0);
    let letter = char::from_u32(code).filter(|letter| is_letter(*letter));
    letter.ok_or_else(|| cursor.fault(format!("xmlParseCharRef: invalid xmlChar value {code}")))
}

fn split(written: &str) -> Name {
    let (prefix, local) = match written.split_once(':') {
        Some((prefix, local)) if !prefix.is_empty() && !local.is_empty() => (Some(prefix.to_owned()), local),
        _ => (None, written),
    };
    Name { prefix, space: None, local: local.to_owned() }
}

fn declare(cursor: &Cursor, element: &mut Element, prefix: Option<&str>, space: String) -> Result<(), Fault> {
    let is_xml = space == XML_NAMESPACE;
    let wrong = match prefix {
        Some("xml") if !is_xml => "xml namespace prefix mapped to wrong URI".to_owned(),
        Some("xml") => return Ok(()),
        Some("xmlns") => "redefinition of the xmlns prefix is forbidden".to_owned(),
        Some(prefix) if space.is_empty() => format!("xmlns:{prefix}: Empty XML namespace is not allowed"),
        Some(_) if is_xml => "xml namespace URI mapped to wrong prefix".to_owned(),
        None if is_xml => "xml namespace URI cannot be the default namespace".to_owned(),
        _ => {
            element.declared.push((prefix.map(str::to_owned), space));
            return Ok(());
        }
    };
    Err(cursor.fault(wrong))
}
