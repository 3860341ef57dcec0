//! `xml`: elements and attributes of XML files.

mod children;
mod cursor;
mod decode;
mod doctype;
mod editor;
pub mod parser;
mod target;
pub mod tree;
mod writer;
mod xpath;

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use sutler_protocol::Arguments;

use crate::{
    choice,
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Reader, Writer, file_args::Attributes,
        state::AbsentPresent as State,
    },
};
use children::{Place, valid};
use editor::{Editor, Found, Trouble};
use parser::{Options, parse};
use tree::Document;
use writer::declared;

choice! {
    /// What is read of elements.
    enum Content {
        /// Their attributes.
        Attribute = "attribute",
        /// Their texts.
        Text = "text",
    }
}

choice! {
    /// How children are given.
    enum InputType {
        /// As XML.
        Xml = "xml",
        /// As names, texts and attributes.
        Yaml = "yaml",
    }
}

/// Sets, reads and removes elements and attributes of an XML file.
///
/// What an expression does not find is made, as far as the expression says how it looks: names, attributes
/// with values, and `text()` with a text. The file is written in UTF-8; what is not meant stays as it is, but
/// for the blanks in tags. White space alone is no change.
///
/// ```yaml
/// - xml:
///     path: /srv/app/web.xml
///     xpath: /web-app/session-config/session-timeout
///     value: "30"
/// - xml:
///     path: /srv/app/server.xml
///     xpath: /Server/Service/Connector[@port='8080']
///     attribute: maxThreads
///     value: "200"
///     pretty_print: true
/// - xml:
///     path: /srv/app/context.xml
///     xpath: /Context
///     add_children:
///     - Resource:
///         name: jdbc/db
///         _:
///         - description: The database
/// - xml:
///     path: /srv/app/pom.xml
///     xpath: /m:project/m:version
///     namespaces:
///       m: http://maven.apache.org/POM/4.0.0
///     content: text
///   register: version
/// ```
#[derive(Args)]
#[args(
    one_of("path", "xmlstring"),
    required_by("add_children", "xpath"),
    required_by("attribute", "value"),
    required_by("content", "xpath"),
    required_by("set_children", "xpath"),
    required_by("value", "xpath"),
    required_if("count", "True", "xpath"),
    required_if("print_match", "True", "xpath"),
    required_if("insertbefore", "True", "xpath"),
    required_if("insertafter", "True", "xpath"),
    exclusive("add_children", "content", "count", "print_match", "set_children", "value"),
    exclusive("path", "xmlstring"),
    exclusive("insertbefore", "insertafter")
)]
pub struct Xml {
    /// The file.
    #[arg(alias = "dest", alias = "file")]
    path: Option<PathBuf>,
    /// XML that stands for a file; what it became is returned as `xmlstring`.
    xmlstring: Option<String>,
    /// What is meant, as XPath 1.0.
    xpath: Option<String>,
    /// Namespaces by the prefixes that `xpath` and `attribute` have for them.
    #[arg(default = "{}")]
    namespaces: Arguments,
    /// Whether what is meant should be there.
    #[arg(default = "present", alias = "ensure")]
    state: State,
    /// The attribute that `value` is for; without it the text.
    attribute: Option<Value>,
    /// The value of the attribute or the text: a text, quoted where YAML would see a number.
    value: Option<Value>,
    /// Children to add to what is meant.
    add_children: Option<Vec<Value>>,
    /// Children that are to be all there are.
    set_children: Option<Vec<Value>>,
    /// Returns how many nodes are meant, as `count`.
    #[arg(default = false)]
    count: bool,
    /// Says where what is meant is.
    #[arg(default = false)]
    print_match: bool,
    /// Writes a line for each element.
    #[arg(default = false)]
    pretty_print: bool,
    /// Returns the attributes or the texts of what is meant, as `matches`.
    content: Option<Content>,
    /// How children are given.
    #[arg(default = "yaml")]
    input_type: InputType,
    /// Keeps a copy of the file that is changed, beside it, under a name with the time; that name is
    /// returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// Makes CDATA sections plain text.
    #[arg(default = false)]
    strip_cdata_tags: bool,
    /// Adds children before the first that is meant, beside it.
    #[arg(default = false)]
    insertbefore: bool,
    /// Adds children after the last that is meant, beside it.
    #[arg(default = false)]
    insertafter: bool,
}

/// What the file is to be; nothing for XML that is no file's.
pub struct Plan(Option<(PathBuf, Vec<u8>)>);

impl Module for Xml {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let bytes = self.source(host)?;
        let options = Options { blanks: !self.pretty_print, sections: !self.strip_cdata_tags };
        let document = parse(&bytes, options).map_err(|fault| {
            let file = self.path.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
            let shown = self.path.as_ref().map_or("xml_string".into(), |path| path.to_string_lossy());
            let why = fault.of(file.as_deref().unwrap_or(cursor::STRING));
            Failure::new(format!("Error while parsing document: {shown} ({why})"))
        })?;
        if let Some(xpath) = &self.xpath {
            let wrong = |why| Failure::new(format!("Syntax error in xpath expression: {xpath} ({why})"));
            xpath::check(xpath).map_err(wrong)?;
        }
        let before = document.clone();
        let mut editor = Editor::new(document, &self.namespaces);
        let fields = self.asked(&editor).transpose().map_err(Trouble::into_failure)?;
        if fields.is_none() && !self.edit(&mut editor).map_err(Trouble::into_failure)? {
            return self.reformatted(host, &bytes, &before);
        }
        let changes = match fields {
            Some(fields) => Changes::none().with_all(fields),
            None => self.changes(host, &before, &editor.document)?,
        };
        let actions = json!({ "xpath": self.xpath, "namespaces": self.namespaces, "state": self.state.as_str() });
        Ok(self.returning(changes.with("actions", actions), &editor.document))
    }

    fn apply(&self, Plan(file): Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        if let (Some((target, content)), Some(path)) = (file, &self.path) {
            if self.backup {
                fields.insert("backup_file".into(), json!(host.backup(path)?.to_string_lossy()));
            }
            host.write(&target, content.into(), &Attributes::default())?;
        }
        Ok(fields)
    }
}

impl Xml {
    fn source(&self, host: &Reader) -> Result<Vec<u8>, Failure> {
        match (&self.path, &self.xmlstring) {
            (_, Some(text)) if !text.is_empty() => Ok(text.clone().into_bytes()),
            (Some(path), _) if path.is_file() => host.read(path),
            (Some(path), _) => Err(Failure::new(format!("The target XML source '{}' does not exist.", path.display()))),
            (None, _) => {
                let why = "stat: path should be string, bytes, os.PathLike or integer, not NoneType";
                Err(Failure::new(why).uncaught())
            }
        }
    }

    /// What the task asks of the document, where it changes nothing.
    fn asked(&self, editor: &Editor) -> Option<Result<Fields, Trouble>> {
        let xpath = self.xpath.as_deref()?;
        match self.content {
            _ if self.print_match => Some(self.places(editor, xpath)),
            _ if self.count => Some(self.counted(editor, xpath)),
            Some(content) => Some(self.contents(editor, xpath, content)),
            None => None,
        }
    }

    fn places(&self, editor: &Editor, xpath: &str) -> Result<Fields, Trouble> {
        let found = editor.find(xpath, editor.root)?;
        let paths: Result<Vec<String>, Trouble> =
            found.iter().map(|found| Ok(editor.document.path(found.as_argument("element")?))).collect();
        let paths: Vec<String> = paths?.iter().map(|path| json!(path).to_string()).collect();
        let msg = format!("selector '{xpath}' match: [{}]", paths.join(", "));
        Ok(fields([("matches", json!([])), ("msg", json!(msg))]))
    }

    /// As in Ansible, an expression that begins with a slash is looked for anywhere.
    fn counted(&self, editor: &Editor, xpath: &str) -> Result<Fields, Trouble> {
        let count = match editor.evaluate(&format!("count(/{xpath})"), editor.root)? {
            xpath::Value::Number(count) => count as u64,
            _ => 0,
        };
        Ok(fields([("count", json!(count)), ("msg", json!(format!("found {count} nodes")))]))
    }

    fn contents(&self, editor: &Editor, xpath: &str, content: Content) -> Result<Fields, Trouble> {
        if !editor.finds_nodes(xpath, editor.root)? {
            return Err(Trouble::Said(format!("Xpath {xpath} does not reference a node!")));
        }
        let attribute = if content == Content::Text { "tag" } else { "keys" };
        let read = |found: &Found| {
            let id = found.having(attribute)?;
            let element = editor.document.element(id).ok_or(
                "Key of type 'cython_function_or_method' is not JSON serializable by the 'module_legacy_m2c' profile.",
            )?;
            let told = match content {
                Content::Text => json!(editor.document.text(id)),
                Content::Attribute => {
                    element.attributes.iter().map(|(name, value)| (name.full(), json!(value))).collect()
                }
            };
            Ok(Value::Object(Map::from_iter([(element.name.full(), told)])))
        };
        let matches: Result<Vec<Value>, Trouble> = editor.find(xpath, editor.root)?.iter().map(read).collect();
        let matches = matches?;
        let count = matches.len();
        Ok(fields([("count", json!(count)), ("matches", json!(matches)), ("msg", json!(count))]))
    }

    /// Makes the document what the task wants; whether the task wants anything.
    fn edit(&self, editor: &mut Editor) -> Result<bool, Trouble> {
        let xpath = self.xpath.as_deref();
        let is_xml = self.input_type == InputType::Xml;
        if self.state == State::Absent {
            let none = || Trouble::from("Argument must be bytes or unicode, got 'NoneType'");
            let deleted = xpath.ok_or_else(none).and_then(|xpath| editor.delete(xpath));
            let shown = xpath.unwrap_or("None");
            deleted.map_err(|why| why.told(|why| format!("Couldn't delete xpath target: {shown} ({why})")))?;
            return Ok(true);
        }
        let Some(xpath) = xpath else { return Ok(false) };
        if let Some(children) = &self.set_children {
            editor.set_children(xpath, children, is_xml)?;
        } else if let Some(children) = self.add_children.as_ref().filter(|children| !children.is_empty()) {
            let place = match (self.insertbefore, self.insertafter) {
                (true, _) => Place::Before,
                (_, true) => Place::After,
                _ => Place::Below,
            };
            editor.add_children(xpath, children, is_xml, place)?;
        } else if let Some(value) = &self.value {
            self.set(editor, xpath, value)?;
        } else if !editor.finds_nodes(xpath, editor.root)? {
            editor.make(xpath, editor.root)?;
        }
        Ok(true)
    }

    /// Sets the text or an attribute of what an expression finds.
    fn set(&self, editor: &mut Editor, xpath: &str, value: &Value) -> Result<(), Trouble> {
        let made = match editor.finds_nodes(xpath, editor.root) {
            Ok(true) => Ok(()),
            Ok(false) => editor.make(xpath, editor.root),
            Err(why) => Err(why),
        };
        made.map_err(|why| {
            let tree = editor.shown(editor.root);
            let has_spaces = editor.document.element(editor.root).is_some_and(|root| !root.declared.is_empty());
            let hint = if has_spaces && !xpath.contains(':') {
                "XML document has namespace(s) defined, but no namespace prefix(es) used in xpath!\n"
            } else {
                ""
            };
            why.told(|why| format!("{hint}Xpath {xpath} causes a failure: {why}\n  -- tree is {tree}"))
        })?;
        if !editor.finds_nodes(xpath, editor.root)? {
            let tree = editor.shown(editor.root);
            return Err(Trouble::Said(format!("Xpath {xpath} does not reference a node! tree is {tree}")));
        }
        let attribute = self.attribute.as_ref().filter(|attribute| **attribute != "");
        for found in editor.find(xpath, editor.root)? {
            let Some(attribute) = attribute else {
                let id = found.having("text")?;
                let text = editor.text(value)?;
                if editor.document.text(id).unwrap_or_default() != text {
                    editor.document.set_text(id, Some(&text));
                }
                continue;
            };
            let id = found.having("get")?;
            let attribute = editor.text(attribute)?;
            if attribute.matches(':').count() > 1 {
                return Err("too many values to unpack (expected 2)".into());
            }
            let name = editor.name(&attribute)?;
            valid(&name.local, "attribute")?;
            let value = editor.text(value)?;
            editor.set_attribute(id, &name, &value)?;
        }
        Ok(())
    }

    /// What is to be done to make one document of another. White space between elements makes no difference.
    fn changes(&self, host: &Reader, before: &Document, after: &Document) -> Result<Changes<Plan>, Failure> {
        if without_blanks(before) == without_blanks(after) {
            return Ok(Changes::none());
        }
        let plan = self.plan(host, declared(after, self.pretty_print));
        Ok(Changes::of(plan).with_diff(Diff::new(declared(before, true), declared(after, true))))
    }

    /// What is to be done when the task wants nothing but a line for each element.
    fn reformatted(&self, host: &Reader, bytes: &[u8], document: &Document) -> Result<Changes<Plan>, Failure> {
        if !self.pretty_print {
            return Err(Failure::new("Don't know what to do"));
        }
        let text = declared(document, true);
        let changes = Changes::when(text.as_bytes() != bytes, self.plan(host, text));
        Ok(self.returning(changes, document))
    }

    fn plan(&self, host: &Reader, text: String) -> Plan {
        Plan(self.path.as_ref().map(|path| (host.resolve(path), text.into_bytes())))
    }

    fn returning(&self, changes: Changes<Plan>, document: &Document) -> Changes<Plan> {
        match &self.xmlstring {
            Some(_) => changes.with("xmlstring", declared(document, self.pretty_print)),
            None => changes,
        }
    }
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A document without the white space between elements, as comparisons have it.
fn without_blanks(document: &Document) -> String {
    let text = declared(document, false);
    match parse(text.as_bytes(), Options { blanks: false, sections: true }) {
        Ok(document) => declared(&document, false),
        Err(_) => text,
    }
}
