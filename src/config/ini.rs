//! `ansible.cfg` as Python's configparser reads it, every value with its place.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::source::{Diagnostic, SourceFile, Span, Spanned};

/// The section whose values every other section has too.
const EVERYWHERE: &str = "DEFAULT";

/// The sections of a file; names of keys are in lower case.
#[derive(Debug, Default)]
pub struct Ini(IndexMap<String, IndexMap<String, Spanned<String>>>);

impl Ini {
    /// Reads a file. Fails on a line that is neither section nor `key = value`, and on what stands twice.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Diagnostic> {
        let mut reader = Reader { file, sections: Self::default(), section: None, key: None, indent: 0 };
        for (number, line) in (1..).zip(file.text().lines()) {
            reader.line(number, line)?;
        }
        let values = reader.sections.0.values_mut().flat_map(IndexMap::values_mut);
        values.for_each(|value| value.value.truncate(value.value.trim_end().len()));
        Ok(reader.sections)
    }

    /// All keys with their sections and places.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, &Span)> {
        self.0.iter().flat_map(|(section, keys)| {
            keys.iter().map(move |(key, value)| (section.as_str(), key.as_str(), &value.span))
        })
    }

    /// A value; sections are told apart by case, keys are not.
    pub fn value(&self, section: &str, key: &str) -> Option<&Spanned<String>> {
        let of = |section: &str| self.0.get(section)?.get(key);
        self.0.get(section).and_then(|_| of(section).or_else(|| of(EVERYWHERE)))
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    sections: Ini,
    section: Option<String>,
    /// The value that an indented line continues.
    key: Option<String>,
    /// Of that value's first line.
    indent: usize,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, line: &str) -> Result<(), Diagnostic> {
        let text = without_comment(line);
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if text.is_empty() {
            // An empty line belongs to the value above it, a comment does not.
            if line.trim().is_empty() {
                self.continue_value("");
            }
            return Ok(());
        }
        if self.key.is_some() && indent > self.indent {
            self.continue_value(text);
            return Ok(());
        }
        self.indent = indent;
        let span = Span::new(self.file, number, indent as u32 + 1);
        if let Some((name, _)) = text.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            return self.begin(name, &span);
        }
        let Some(section) = &self.section else {
            return Err(Diagnostic::error("this stands above the first section")
                .at(&span)
                .help("begin the file with a section, mostly `[defaults]`"));
        };
        let Some((key, value)) = text.split_once(['=', ':']).filter(|(key, _)| !key.trim().is_empty()) else {
            return Err(Diagnostic::error(format!("`{text}` is no `key = value`"))
                .at(&span)
                .help("settings are `key = value`; a comment begins with `#`"));
        };
        let key = key.trim().to_lowercase();
        let place = self.sections.0.entry(section.clone()).or_default().entry(key.clone());
        if let indexmap::map::Entry::Occupied(first) = &place {
            let error = Diagnostic::error(format!("`{key}` stands twice in the section `{section}`")).at(&span);
            return Err(error.note(format!("first at {}", first.get().span)).help("remove one of them"));
        }
        place.insert_entry(Spanned::new(value.trim().to_owned(), span));
        self.key = Some(key);
        Ok(())
    }

    fn begin(&mut self, name: &str, span: &Span) -> Result<(), Diagnostic> {
        if self.sections.0.insert(name.to_owned(), IndexMap::new()).is_some() && name != EVERYWHERE {
            return Err(Diagnostic::error(format!("the section `{name}` stands here a second time"))
                .at(span)
                .help("put its settings into the first one"));
        }
        self.section = Some(name.to_owned());
        self.key = None;
        Ok(())
    }

    fn continue_value(&mut self, text: &str) {
        let section = self.section.as_ref().and_then(|section| self.sections.0.get_mut(section));
        if let Some(value) = section.zip(self.key.as_ref()).and_then(|(section, key)| section.get_mut(key)) {
            value.value.push('\n');
            value.value.push_str(text);
        }
    }
}

/// A line without its comment and the blanks around it: `#` begins one only at the beginning of a line, `;`
/// behind a blank too.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with(['#', ';']) {
        return "";
    }
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if c == ';' && before.is_whitespace() {
            return line[..at].trim();
        }
        before = c;
    }
    line.trim()
}
