//! INI inventories: hosts with `key=value`, `[group]`, `[group:children]`, `[group:vars]`.

use std::sync::Arc;

use crate::source::{Diagnostic, Node, SourceFile, Span, literal_value, nearest};

use super::{Inventory, edit::InventoryError, shell_words};

/// Reads a file into the inventory.
pub fn read(inventory: &mut Inventory, file: &Arc<SourceFile>) -> Result<(), Diagnostic> {
    let mut reader =
        Reader { inventory, file, section: Section::Hosts, group: "ungrouped".to_owned(), waiting: Vec::new() };
    for (number, line) in (1..).zip(file.text().lines()) {
        let text = line.trim();
        if !text.is_empty() && !text.starts_with(['#', ';']) {
            reader.line(number, line, text)?;
        }
    }
    reader.finish()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Hosts,
    Children,
    Vars,
}

/// What is said about a group before the group is there.
struct Waiting {
    group: String,
    span: Span,
    what: About,
}

enum About {
    /// It is below this group.
    Parent(String),
    /// It has a section of variables.
    Section,
    /// It has this variable.
    Variable(String, Node),
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    file: &'a Arc<SourceFile>,
    section: Section,
    group: String,
    waiting: Vec<Waiting>,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, line: &str, text: &str) -> Result<(), Diagnostic> {
        let indent = line.chars().take_while(|c| c.is_whitespace()).count() as u32;
        let span = Span::new(self.file, number, indent + 1);
        if text.starts_with('[')
            && let Some((name, kind)) = header(text)
        {
            return self.begin(name, kind, &span);
        }
        match self.section {
            Section::Hosts => self.hosts(line, number),
            Section::Children => self.child(text, &span),
            Section::Vars => self.variable(text, &span),
        }
    }

    fn begin(&mut self, name: &str, kind: Option<&str>, span: &Span) -> Result<(), Diagnostic> {
        self.section = match kind {
            None => Section::Hosts,
            Some("children") => Section::Children,
            Some("vars") => Section::Vars,
            Some(other) => {
                let error = Diagnostic::error(format!("a section cannot be of the kind `{other}`")).at(span);
                let near = nearest(other, ["children", "vars", "hosts"]).filter(|near| *near != "hosts");
                return Err(error.help(match near {
                    Some(near) => format!("did you mean `[{name}:{near}]`?"),
                    None => format!("write `[{name}]`, `[{name}:children]` or `[{name}:vars]`"),
                }));
            }
        };
        name.clone_into(&mut self.group);
        if self.section != Section::Vars {
            return self.declare(name);
        }
        if self.inventory.group(name).is_none() {
            self.waiting.push(Waiting { group: name.to_owned(), span: span.clone(), what: About::Section });
        }
        Ok(())
    }

    /// The group is there now: what was said about it before comes true.
    fn declare(&mut self, name: &str) -> Result<(), Diagnostic> {
        self.inventory.add_group(name);
        for waiting in self.waiting.extract_if(.., |waiting| waiting.group == name) {
            let done = match waiting.what {
                About::Parent(parent) => self.inventory.add_child(&parent, name),
                About::Variable(key, value) => self.inventory.set_group_var(name, &key, value),
                About::Section => Ok(()),
            };
            done.map_err(|cause| refused(&cause, &waiting.span))?;
        }
        Ok(())
    }

    fn hosts(&mut self, line: &str, number: u32) -> Result<(), Diagnostic> {
        let at = |column: u32| Span::new(self.file, number, column + 1);
        let words = shell_words::split(line)
            .map_err(|column| Diagnostic::error("this quote is never closed").at(&at(column)))?;
        let Some((name, assignments)) = words.split_first() else { return Ok(()) };
        if name.text.ends_with(':') || name.text == "---" {
            return Err(Diagnostic::error(format!("`{}` cannot be a host in an INI inventory", name.text))
                .at(&at(name.column))
                .help("if this file is YAML, give it the ending `.yml`"));
        }
        let mut vars = Vec::with_capacity(assignments.len());
        for word in assignments {
            let span = at(word.column);
            let Some((key, text)) = word.text.split_once('=') else {
                return Err(Diagnostic::error(format!("`{}` is no `key=value`", word.text)).at(&span).help(
                    "variables of a host stand behind its name as `key=value`; put values with blanks into quotes",
                ));
            };
            let value = Span::new(self.file, number, span.column + key.chars().count() as u32 + 1);
            vars.push((key.to_owned(), literal_value(text, &value)));
        }
        let span = at(name.column);
        self.inventory.add_hosts(&name.text, &self.group, &span, &vars)
    }

    fn child(&mut self, text: &str, span: &Span) -> Result<(), Diagnostic> {
        let name = text.split('#').next().unwrap_or_default().trim_end();
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || matches!(c, ':' | ']')) {
            return Err(Diagnostic::error(format!("`{name}` cannot be the name of a group"))
                .at(span)
                .help(format!("`[{}:children]` holds one group per line and nothing else", self.group)));
        }
        if self.inventory.group(name).is_some() {
            return self.inventory.add_child(&self.group, name).map_err(|cause| refused(&cause, span));
        }
        let what = About::Parent(self.group.clone());
        self.waiting.push(Waiting { group: name.to_owned(), span: span.clone(), what });
        Ok(())
    }

    fn variable(&mut self, text: &str, span: &Span) -> Result<(), Diagnostic> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Diagnostic::error(format!("`{text}` is no `key=value`"))
                .at(span)
                .help(format!("`[{0}:vars]` holds variables; hosts stand below `[{0}]`", self.group)));
        };
        let column = span.column + key.chars().count() as u32 + 1;
        let blanks = value.chars().take_while(|c| c.is_whitespace()).count() as u32;
        let value = literal_value(value.trim(), &Span::new(self.file, span.line, column + blanks));
        let key = key.trim_end();
        if self.inventory.group(&self.group).is_some() {
            return self.inventory.set_group_var(&self.group, key, value).map_err(|cause| refused(&cause, span));
        }
        let what = About::Variable(key.to_owned(), value);
        self.waiting.push(Waiting { group: self.group.clone(), span: span.clone(), what });
        Ok(())
    }

    fn finish(self) -> Result<(), Diagnostic> {
        let Some(first) = self.waiting.first() else { return Ok(()) };
        let name = &first.group;
        let error = Diagnostic::error(format!("there is no group `{name}`")).at(&first.span);
        let near = nearest(name, self.inventory.groups().map(|group| group.name.as_str()));
        Err(error.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it, if only with an empty section: `[{name}]`"),
        }))
    }
}

/// The name and the kind of `[name]` or `[name:kind]`, a comment behind it allowed; `None` for what may
/// be a host with a range.
fn header(text: &str) -> Option<(&str, Option<&str>)> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return None;
    }
    let (name, kind) = match inner.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (inner, None),
    };
    let word = kind.is_none_or(|kind| !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_'));
    (!name.is_empty() && !name.contains(char::is_whitespace) && word).then_some((name, kind))
}

/// A refused change, at its place.
pub fn refused(cause: &InventoryError, span: &Span) -> Diagnostic {
    Diagnostic::error(cause.to_string()).at(span)
}
