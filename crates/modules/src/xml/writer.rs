//! XML as lxml writes it.

use std::fmt::Write;

use super::{
    doctype::Doctype,
    tree::{DOCUMENT, Document, Element, Id, Kind},
};

/// How many elements in each other are indented, each more than the one around it.
const INDENTED: usize = 30;

/// How it is written.
#[derive(Clone, Copy, Default)]
pub struct Style {
    /// A line for each element, as far as there is no text between them.
    pub pretty: bool,
    /// Numbers for letters that ASCII does not have.
    pub ascii: bool,
}

/// A whole document, with the line that says so.
pub fn declared(document: &Document, pretty: bool) -> String {
    let text = whole(document, Style { pretty, ascii: false });
    format!("<?xml version='{}' encoding='UTF-8'?>\n{text}", document.version)
}

/// A whole document without that line.
pub fn whole(document: &Document, style: Style) -> String {
    let mut writer = Writer { document, style, out: String::new() };
    for (number, id) in document.node(DOCUMENT).children.iter().enumerate() {
        if number == document.before_doctype {
            writer.doctype();
        }
        writer.line(*id);
    }
    writer.out
}

/// One node with what is below it.
pub fn part(document: &Document, id: Id, style: Style) -> String {
    let mut writer = Writer { document, style, out: String::new() };
    writer.line(id);
    writer.out
}

struct Writer<'a> {
    document: &'a Document,
    style: Style,
    out: String,
}

impl Writer<'_> {
    fn line(&mut self, id: Id) {
        self.node(id, 0, self.style.pretty);
        if self.style.pretty {
            self.out.push('\n');
        }
    }

    /// Only where it is that of the top element.
    fn doctype(&mut self) {
        let root = self.document.root().and_then(|root| self.document.element(root));
        let is_meant = |doctype: &&Doctype| root.is_some_and(|root| root.name.local == doctype.name);
        if let Some(doctype) = self.document.doctype.as_ref().filter(is_meant) {
            self.out.push_str(&doctype.to_string());
        }
    }

    fn node(&mut self, id: Id, level: usize, pretty: bool) {
        match self.document.kind(id) {
            Kind::Document => {}
            Kind::Element(element) => self.element(id, element, level, pretty),
            Kind::Text(text) => self.escaped(text, false),
            Kind::Cdata(text) => {
                // An end of a section in it is cut in two.
                let text = text.replace("]]>", "]]]]><![CDATA[>");
                let _ = write!(self.out, "<![CDATA[{text}]]>");
            }
            Kind::Comment(text) => {
                let _ = write!(self.out, "<!--{text}-->");
            }
            Kind::Instruction(target, text) => {
                let text = text.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
                let _ = write!(self.out, "<?{target}{text}?>");
            }
        }
    }

    fn element(&mut self, id: Id, element: &Element, level: usize, pretty: bool) {
        let name = element.name.written();
        let _ = write!(self.out, "<{name}");
        for (prefix, space) in &element.declared {
            let prefix = prefix.as_ref().map(|prefix| format!(":{prefix}")).unwrap_or_default();
            let _ = write!(self.out, " xmlns{prefix}=\"");
            self.escaped(space, true);
            self.out.push('"');
        }
        for (name, value) in &element.attributes {
            let _ = write!(self.out, " {}=\"", name.written());
            self.escaped(value, true);
            self.out.push('"');
        }
        let children = &self.document.node(id).children;
        if children.is_empty() {
            self.out.push_str("/>");
            return;
        }
        self.out.push('>');
        let pretty = pretty && !children.iter().any(|child| self.document.is_text(*child));
        let indent =
            |level: usize| if pretty { format!("\n{}", "  ".repeat(level.min(INDENTED))) } else { String::new() };
        for child in children {
            self.out.push_str(&indent(level + 1));
            self.node(*child, level + 1, pretty);
        }
        self.out.push_str(&indent(level));
        let _ = write!(self.out, "</{name}>");
    }

    fn escaped(&mut self, text: &str, is_attribute: bool) {
        for letter in text.chars() {
            match letter {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '"' if is_attribute => self.out.push_str("&quot;"),
                '\n' | '\t' if !is_attribute => self.out.push(letter),
                '\n' | '\t' | '\r' => {
                    let _ = write!(self.out, "&#{};", u32::from(letter));
                }
                _ if self.style.ascii && !letter.is_ascii() => {
                    let _ = write!(self.out, "&#{};", u32::from(letter));
                }
                _ => self.out.push(letter),
            }
        }
    }
}
