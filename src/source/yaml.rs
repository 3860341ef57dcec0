//! Reads YAML 1.1 documents into nodes: libyaml's events, resolved as PyYAML and Ansible do.
//!
//! `serde_yaml` would be less code, but it reads `yes` as text, `0644` as decimal, and forgets positions.

use std::{
    collections::HashMap,
    io::{Chain, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};

use serde::de::IgnoredAny;

use super::{Diagnostic, Entry, Kind, Node, SourceFile, Span, mapping::Mapping, syntax, tag};
use crate::vault;

/// How deep lists and mappings may stand in each other: what a thread's stack holds, with room.
const MAX_DEPTH: usize = 200;
/// How many nodes aliases may add to a file: far beyond what people write, far below what hurts.
const MAX_ALIASED: usize = 1_000_000;

/// What a file holds.
#[derive(Debug)]
pub struct Loaded {
    /// Its documents in order; none for a file without content.
    pub documents: Vec<Node>,
    /// What is probably not meant, as a duplicate key.
    pub warnings: Vec<Diagnostic>,
}

/// Reads all documents of a file.
fn load(file: &Arc<SourceFile>) -> Result<Loaded, Diagnostic> {
    read(file, Origin::Project)
}

/// Reads all documents of a text that a template met: what marks encrypted text and text that is no template means
/// nothing there.
pub fn load_data(file: &Arc<SourceFile>) -> Result<Loaded, Diagnostic> {
    read(file, Origin::Data)
}

/// Where a text comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A file of the project.
    Project,
    /// A value.
    Data,
}

fn read(file: &Arc<SourceFile>, origin: Origin) -> Result<Loaded, Diagnostic> {
    let text = input(file.text());
    let mut parser = Parser::new();
    let ended = text.is_empty() || text.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
    let ending: &[u8] = if ended { b"" } else { b"\n" };
    parser.set_input(text.as_bytes().chain(ending));
    let anchors = HashMap::new();
    let mut composer = Composer {
        parser,
        file,
        origin,
        end: text.len() as u64,
        anchors,
        warnings: Vec::new(),
        aliased: 0,
        last: Mark::default(),
    };
    let mut documents = Vec::new();
    loop {
        let event = composer.next()?;
        match event.data {
            EventData::StreamEnd => {
                if file.is_secret() {
                    documents.iter().for_each(vault::note_leaves);
                }
                if origin == Origin::Project && serde_json::from_str::<IgnoredAny>(text).is_ok() {
                    documents = documents.into_iter().map(marked).collect();
                }
                return Ok(Loaded { documents, warnings: composer.warnings });
            }
            EventData::StreamStart { .. } | EventData::DocumentEnd { .. } => {}
            EventData::DocumentStart { .. } => {
                composer.anchors.clear();
                let first = composer.next()?;
                documents.push(composer.node(first, 0)?);
            }
            _ => return Err(composer.out_of_step(event.start_mark)),
        }
    }
}

/// Reads a file that holds one document, with its warnings; an empty file is `Null`. Fails when there
/// are more documents.
pub fn load_one(file: &Arc<SourceFile>) -> Result<(Node, Vec<Diagnostic>), Diagnostic> {
    let Loaded { documents, warnings } = load(file)?;
    let mut documents = documents.into_iter();
    let first = documents.next().unwrap_or_else(|| Node::new(Kind::Null, Span::new(file, 1, 1)));
    match documents.next() {
        None => Ok((first, warnings)),
        Some(second) => Err(Diagnostic::error("a second document begins here, where one is expected")
            .at(&second.span)
            .help("remove the `---` line between them, or split the file")),
    }
}

/// The text without byte order mark and without a last line of blanks or its line ending.
///
/// The parser panics on a block scalar that ends without a line ending (libyaml-safer's issue 6), so it
/// is given one; `Composer::next` takes it away again.
fn input(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let trimmed = text.trim_end_matches([' ', '\t']);
    if trimmed.ends_with('\n') { trimmed } else { text }
}

/// A node that aliases can stand for.
struct Anchor {
    /// `None` while the node is still being read.
    node: Option<Node>,
    span: Span,
    size: usize,
    depth: usize,
}

/// Turns events into nodes.
struct Composer<'f> {
    parser: Parser<Chain<&'f [u8], &'f [u8]>>,
    file: &'f Arc<SourceFile>,
    origin: Origin,
    /// Where the file's own text ends, in bytes.
    end: u64,
    anchors: HashMap<String, Anchor>,
    warnings: Vec<Diagnostic>,
    aliased: usize,
    /// Where the parser is.
    last: Mark,
}

impl Composer<'_> {
    fn next(&mut self) -> Result<Event, Diagnostic> {
        // What is left to panic on is a tag right before a comma (issue 7 of libyaml-safer).
        let parsed = catch_unwind(AssertUnwindSafe(|| self.parser.parse())).map_err(|_| self.out_of_step(self.last))?;
        let mut event = parsed.map_err(|cause| syntax::explain(self.file, &cause))?;
        self.last = event.end_mark;
        if let EventData::Scalar { value, style: ScalarStyle::Literal | ScalarStyle::Folded, .. } = &mut event.data
            && event.end_mark.index > self.end
            && value.ends_with('\n')
        {
            value.pop();
        }
        Ok(event)
    }

    fn span(&self, mark: Mark) -> Span {
        Span::new(self.file, mark.line as u32 + 1, mark.column as u32 + 1)
    }

    /// The node that begins with `event`, `depth` collections down.
    fn node(&mut self, event: Event, depth: usize) -> Result<Node, Diagnostic> {
        let span = self.span(event.start_mark);
        if depth > MAX_DEPTH {
            return Err(Diagnostic::error(format!("lists and mappings stand more than {MAX_DEPTH} deep")).at(&span));
        }
        match event.data {
            EventData::Scalar { anchor, tag, value, style, plain_implicit, .. } => {
                self.open(anchor.as_ref(), &span)?;
                let kind = match tag.as_deref() {
                    // libyaml says that `! "12"` is plain, and so PyYAML makes it an integer.
                    None | Some("" | "!") => tag::untagged(value, plain_implicit, &span)?,
                    Some(tag) if self.is_unknown(tag) => return Err(tag::unknown(tag, &span)),
                    Some(tag) => tag::scalar(tag, value, style == ScalarStyle::Plain, &span)?,
                };
                Ok(self.close(anchor, Node::new(kind, span)))
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                self.open(anchor.as_ref(), &span)?;
                let kind = self.list(depth)?;
                self.finish(anchor, tag.as_deref(), Node::new(kind, span))
            }
            EventData::MappingStart { anchor, tag, .. } => {
                self.open(anchor.as_ref(), &span)?;
                let kind = self.map(depth)?;
                self.finish(anchor, tag.as_deref(), Node::new(kind, span))
            }
            EventData::Alias { anchor } => self.alias(&anchor, &span, depth),
            _ => Err(self.out_of_step(event.start_mark)),
        }
    }

    /// Whether a tag is one of Ansible's own, where those mean nothing.
    fn is_unknown(&self, tag: &str) -> bool {
        self.origin == Origin::Data && matches!(tag, "!unsafe" | "!vault" | "!vault-encrypted")
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Diagnostic> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::SequenceEnd) {
                return Ok(Kind::List(items));
            }
            items.push(self.node(event, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Diagnostic> {
        let mut mapping = Mapping::default();
        loop {
            let event = self.next()?;
            let role = match &event.data {
                EventData::MappingEnd => return Ok(Kind::Map(mapping.finish(&mut self.warnings)?)),
                data => Role::of(data),
            };
            let key = match role {
                Role::Key => Some(self.node(event, depth + 1)?),
                Role::Equals => Some(Node::new(Kind::Str("=".to_owned()), self.span(event.start_mark))),
                Role::Merge => None,
            };
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            match key {
                Some(key) => mapping.insert(key, value)?,
                None => mapping.merge(value)?,
            }
        }
    }

    fn finish(&mut self, anchor: Option<String>, tag: Option<&str>, node: Node) -> Result<Node, Diagnostic> {
        let node = match tag {
            None | Some("") => node,
            Some(tag) if self.is_unknown(tag) => return Err(tag::unknown(tag, &node.span)),
            Some(tag) => tag::collection(tag, node)?,
        };
        Ok(self.close(anchor, node))
    }

    fn open(&mut self, name: Option<&String>, span: &Span) -> Result<(), Diagnostic> {
        let Some(name) = name else { return Ok(()) };
        let anchor = Anchor { node: None, span: span.clone(), size: 0, depth: 0 };
        match self.anchors.insert(name.clone(), anchor) {
            None => Ok(()),
            Some(first) => Err(Diagnostic::error(format!("the anchor `&{name}` stands here a second time"))
                .at(span)
                .note(format!("first at {}", first.span))
                .help("give each anchor of a document its own name")),
        }
    }

    fn close(&mut self, name: Option<String>, node: Node) -> Node {
        if let Some(anchor) = name.and_then(|name| self.anchors.get_mut(&name)) {
            (anchor.size, anchor.depth) = measure(&node);
            anchor.node = Some(node.clone());
        }
        node
    }

    fn alias(&mut self, name: &str, span: &Span, depth: usize) -> Result<Node, Diagnostic> {
        let Some(anchor) = self.anchors.get(name) else {
            let near = super::nearest(name, self.anchors.keys().map(String::as_str));
            let error = Diagnostic::error(format!("there is no anchor `&{name}` above this alias")).at(span);
            let error = error.worded("YAML parsing failed: Found undefined alias.");
            let error = error.in_pyyaml("found undefined alias", span);
            return Err(error.help(match near {
                Some(near) => format!("did you mean `*{near}`?"),
                None => "quote text that begins with `*`".to_owned(),
            }));
        };
        let Some(node) = &anchor.node else {
            return Err(Diagnostic::error(format!("the alias `*{name}` stands inside the node that it repeats"))
                .at(span)
                .note(format!("the anchor is at {}", anchor.span)));
        };
        self.aliased += anchor.size;
        if self.aliased > MAX_ALIASED || depth + anchor.depth > MAX_DEPTH {
            return Err(Diagnostic::error("aliases of aliases make this file too large to read")
                .at(span)
                .note(format!("the limits are {MAX_ALIASED} repeated nodes and a depth of {MAX_DEPTH}")));
        }
        Ok(node.clone())
    }

    /// The parser panicked or broke its own grammar.
    fn out_of_step(&self, mark: Mark) -> Diagnostic {
        Diagnostic::error("cannot read what follows as YAML")
            .at(&self.span(mark))
            .help("if a comma follows a tag directly, put a space between them")
    }
}

/// What a key is to its mapping.
enum Role {
    Key,
    /// `<<`.
    Merge,
    /// `=`, which is text as a key and nothing else.
    Equals,
}

impl Role {
    fn of(key: &EventData) -> Self {
        let EventData::Scalar { tag, value, style, .. } = key else { return Self::Key };
        match tag.as_deref() {
            None | Some("") if *style == ScalarStyle::Plain && value == "<<" => Self::Merge,
            None | Some("") if *style == ScalarStyle::Plain && value == "=" => Self::Equals,
            Some("tag:yaml.org,2002:merge") => Self::Merge,
            _ => Self::Key,
        }
    }
}

/// How many nodes a node is, and how many of its collections stand in each other.
fn measure(node: &Node) -> (usize, usize) {
    let (size, depth) = match &node.kind {
        Kind::List(items) => sum(items.iter()),
        Kind::Map(entries) => sum(entries.iter().flat_map(|entry| [&entry.key, &entry.value])),
        _ => return (1, 0),
    };
    (size + 1, depth + 1)
}

fn sum<'a>(nodes: impl Iterator<Item = &'a Node>) -> (usize, usize) {
    nodes.map(measure).fold((0, 0), |(size, depth), (more, deeper)| (size + more, depth.max(deeper)))
}

/// In JSON, text that is marked as no template, or as encrypted, is what it is marked as.
fn marked(node: Node) -> Node {
    let kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(marked).collect()),
        Kind::Map(entries) => {
            let text = |marker: &str| match &entries[..] {
                [entry] if entry.key.as_str() == Some(marker) => entry.value.as_str().map(str::to_owned),
                _ => None,
            };
            if let Some(text) = text("__ansible_unsafe") {
                Kind::Unsafe(text)
            } else if let Some(text) = text("__ansible_vault") {
                Kind::Vault(text)
            } else {
                Kind::Map(entries.into_iter().map(|entry| Entry { value: marked(entry.value), ..entry }).collect())
            }
        }
        other => other,
    };
    Node { kind, ..node }
}
