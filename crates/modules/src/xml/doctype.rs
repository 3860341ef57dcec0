//! The document type: what it declares of entities and elements, and as lxml writes it.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

use super::{
    cursor::{Cursor, Fault},
    parser::character,
};

const WRONG: &str = "internal error: xmlParseInternalSubset: error detected in Markup declaration\n";
/// How deep entities of the document type may be in each other.
const DEPTH: usize = 20;

/// A document type.
#[derive(Clone, Debug, Default)]
pub struct Doctype {
    /// The top element's name.
    pub name: String,
    /// The texts of entities.
    pub entities: BTreeMap<String, String>,
    /// Elements that are declared, and whether text may be in them.
    pub elements: BTreeMap<String, bool>,
    place: String,
    parameters: BTreeMap<String, String>,
    notations: Vec<String>,
    declarations: Vec<String>,
    /// Whether anything is declared: remarks alone are not written.
    declares: bool,
}

impl Display for Doctype {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<!DOCTYPE {}{}", self.name, self.place)?;
        if self.declares {
            f.write_str(" [\n")?;
            self.notations.iter().chain(&self.declarations).try_for_each(|text| f.write_str(text))?;
            f.write_str("]")?;
        }
        f.write_str(">\n")
    }
}

impl Doctype {
    /// Reads what follows `<!DOCTYPE`.
    pub fn parse(cursor: &mut Cursor) -> Result<Self, Fault> {
        cursor.blanks();
        let name = cursor.name().ok_or_else(|| cursor.fault("xmlParseDocTypeDecl : no DOCTYPE name !"))?.to_owned();
        cursor.blanks();
        let place = place(cursor).unwrap_or_default();
        let mut doctype = Self { name, place, ..Self::default() };
        cursor.blanks();
        if cursor.eat("[") {
            doctype.subset(cursor, 0)?;
            if !cursor.eat("]") {
                return Err(wrong(cursor));
            }
            cursor.blanks();
        }
        if cursor.eat(">") { Ok(doctype) } else { Err(cursor.fault("DOCTYPE improperly terminated")) }
    }

    fn subset(&mut self, cursor: &mut Cursor, depth: usize) -> Result<(), Fault> {
        loop {
            cursor.blanks();
            if cursor.is_done() || cursor.rest().starts_with(']') {
                return Ok(());
            }
            let text = cursor.rest();
            self.declaration(cursor, depth).ok_or_else(|| cursor.fault_before(text.len(), WRONG))?;
            let remark = &text[..text.len() - cursor.rest().len()];
            if remark.starts_with("<!--") || remark.starts_with("<?") {
                self.declarations.push(remark.to_owned());
            }
        }
    }

    /// Reads one; `None` when it is wrong.
    fn declaration(&mut self, cursor: &mut Cursor, depth: usize) -> Option<()> {
        if cursor.eat("<!--") {
            cursor.take_until("-->")?;
        } else if cursor.eat("<?") {
            cursor.take_until("?>")?;
        } else if cursor.eat("%") {
            let name = cursor.plain_name()?;
            let text = self.parameters.get(name).cloned().filter(|_| cursor.eat(";") && depth < DEPTH)?;
            self.subset(&mut Cursor::new(&text), depth + 1).ok()?;
        } else {
            cursor.eat("<!").then_some(())?;
            match cursor.plain_name()? {
                "ELEMENT" => self.element(cursor)?,
                "ATTLIST" => self.attributes(cursor)?,
                "ENTITY" => self.entity(cursor)?,
                "NOTATION" => {
                    let name = word(cursor)?;
                    cursor.blanks();
                    let place = place(cursor)?;
                    self.notations.push(format!("<!NOTATION {name}{place} >\n"));
                }
                _ => return None,
            }
            cursor.blanks();
            cursor.eat(">").then_some(())?;
            self.declares = true;
        }
        Some(())
    }

    fn element(&mut self, cursor: &mut Cursor) -> Option<()> {
        let name = word(cursor)?;
        cursor.blanks();
        let content = cursor.take_while(|letter| letter != '>' && letter != '<');
        let is_mixed = content.starts_with("ANY") || content.contains("#PCDATA");
        self.elements.insert(name.to_owned(), is_mixed);
        self.declarations.push(format!("<!ELEMENT {name} {}>\n", spaced(content)));
        Some(())
    }

    fn attributes(&mut self, cursor: &mut Cursor) -> Option<()> {
        let element = word(cursor)?;
        loop {
            cursor.blanks();
            let Some(name) = cursor.name() else { return Some(()) };
            cursor.blanks();
            let mut kind = cursor.take_while(|letter| letter.is_ascii_uppercase()).to_owned();
            cursor.blanks();
            if cursor.rest().starts_with('(') {
                let choices = spaced(cursor.take_until(")")?);
                kind = format!("{kind}{}{choices})", if kind.is_empty() { "" } else { " " });
                cursor.blanks();
            }
            let mut default = String::new();
            if cursor.rest().starts_with('#') {
                default = format!(" {}", cursor.take_while(|letter| letter == '#' || letter.is_ascii_uppercase()));
                cursor.blanks();
            }
            if !matches!(default.as_str(), " #REQUIRED" | " #IMPLIED") {
                default = format!("{default} {}", quoted(cursor.literal()?));
            }
            self.declarations.push(format!("<!ATTLIST {element} {name} {kind}{default}>\n"));
        }
    }

    fn entity(&mut self, cursor: &mut Cursor) -> Option<()> {
        cursor.blanks();
        let is_parameter = cursor.eat("%");
        let name = word(cursor)?;
        cursor.blanks();
        let value = match place(cursor) {
            Some(mut place) => {
                cursor.blanks();
                if cursor.eat("NDATA") {
                    place = format!("{place} NDATA {}", word(cursor)?);
                }
                place
            }
            None => {
                let text = cursor.literal()?;
                let known = if is_parameter { &mut self.parameters } else { &mut self.entities };
                // The first declaration counts.
                known.entry(name.to_owned()).or_insert(expanded(text)?);
                format!(" {}", quoted(text))
            }
        };
        let mark = if is_parameter { "% " } else { "" };
        self.declarations.push(format!("<!ENTITY {mark}{name}{value}>\n"));
        Some(())
    }
}

fn wrong(cursor: &Cursor) -> Fault {
    cursor.fault(WRONG)
}

fn word<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.blanks();
    cursor.name()
}

/// Where something outside of the document is: ` SYSTEM "file"`, or ` PUBLIC "name" "file"`.
fn place(cursor: &mut Cursor) -> Option<String> {
    let kind = ["SYSTEM", "PUBLIC"].into_iter().find(|kind| cursor.eat(kind))?;
    let mut text = format!(" {kind}");
    loop {
        cursor.blanks();
        match cursor.literal() {
            Some(part) => text = format!("{text} {}", quoted(part)),
            None => return Some(text),
        }
    }
}

fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}

/// What may be in an element, or what an attribute may be.
fn spaced(text: &str) -> String {
    let bare: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    bare.replace(',', " , ").replace('|', " | ")
}

/// The text of an entity: letters by number are those letters. None where it holds parameters, which multiply.
fn expanded(text: &str) -> Option<String> {
    if text.contains('%') {
        return None;
    }
    let mut cursor = Cursor::new(text);
    let mut out = String::new();
    while !cursor.is_done() {
        out.push_str(cursor.take_while(|letter| letter != '&'));
        if cursor.rest().starts_with("&#") {
            out.push(character(&mut cursor).ok()?);
        } else if cursor.eat("&") {
            out.push('&');
        }
    }
    Some(out)
}
