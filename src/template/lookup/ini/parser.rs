//! INI files in the form that Python's configparser takes by default.

use std::path::Path;

use indexmap::IndexMap;

/// The section whose values every other section has too.
const EVERYWHERE: &str = "DEFAULT";

/// How a file is read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// Names of keys are told apart by case.
    pub case_sensitive: bool,
    /// A key may stand alone.
    pub allow_no_value: bool,
    /// The number of the first line.
    pub first_line: usize,
}

impl Reading {
    /// A key as it is kept.
    pub fn name(&self, key: &str) -> String {
        if self.case_sensitive { key.to_owned() } else { key.to_lowercase() }
    }
}

/// What is wrong with a file.
#[derive(Debug)]
pub(super) struct Problem {
    line: usize,
    what: String,
    /// Whether a key stands twice in a section.
    is_duplicate: bool,
}

impl Problem {
    /// What is said of it, where the file was asked for as `name`.
    pub fn told(&self, name: &str, path: &Path) -> String {
        let place = format!("{}:{}: {}", path.display(), self.line, self.what);
        if self.is_duplicate { format!("Duplicate option in '{name}': {place}") } else { place }
    }
}

/// Lines of a value; `None` for a key that stands alone.
type Lines = Option<Vec<String>>;

/// The sections of a file.
pub(super) struct Ini {
    reading: Reading,
    sections: IndexMap<String, IndexMap<String, Option<String>>>,
}

impl Ini {
    /// Reads a file. Fails on lines that are neither section nor key, and on what stands twice.
    pub fn parse(text: &str, reading: &Reading) -> Result<Self, Problem> {
        let mut parser = Parser { reading, sections: IndexMap::new(), section: None, key: None, indent: 0 };
        for (number, line) in (reading.first_line..).zip(text.lines()) {
            parser.line(line).map_err(|what| {
                let is_duplicate = what.starts_with("option ");
                Problem { line: number, what, is_duplicate }
            })?;
        }
        let joined = |lines: Lines| lines.map(|lines| lines.join("\n").trim_end().to_owned());
        let sections = parser
            .sections
            .into_iter()
            .map(|(name, keys)| (name, keys.into_iter().map(|(key, lines)| (key, joined(lines))).collect()));
        Ok(Self { reading: *reading, sections: sections.collect() })
    }

    /// A key as it is kept.
    pub fn name(&self, key: &str) -> String {
        self.reading.name(key)
    }

    /// Whether there is such a section.
    pub fn has(&self, section: &str) -> bool {
        section == EVERYWHERE || self.sections.contains_key(section)
    }

    /// A value of a section, or of all sections.
    pub fn get(&self, section: &str, key: &str) -> Option<Option<&str>> {
        let of = |section: &str| self.sections.get(section)?.get(key).map(Option::as_deref);
        of(section).or_else(|| of(EVERYWHERE))
    }

    /// The keys of all sections, then those of this one.
    pub fn entries(&self, section: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut found: IndexMap<&str, Option<&str>> = IndexMap::new();
        for keys in [EVERYWHERE, section].into_iter().filter_map(|section| self.sections.get(section)) {
            found.extend(keys.iter().map(|(key, value)| (key.as_str(), value.as_deref())));
        }
        found.into_iter()
    }
}

struct Parser<'a> {
    reading: &'a Reading,
    sections: IndexMap<String, IndexMap<String, Lines>>,
    section: Option<String>,
    /// The key whose value an indented line continues.
    key: Option<String>,
    /// Of that key.
    indent: usize,
}

impl Parser<'_> {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        if text.is_empty() {
            self.continue_value("");
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if self.key.is_some() && indent > self.indent {
            self.continue_value(text);
            return Ok(());
        }
        self.indent = indent;
        if let Some((name, _)) = text.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            return self.begin(name);
        }
        let Some(section) = &self.section else { return Err("File contains no section headers.".into()) };
        let (key, value) = match text.split_once(['=', ':']) {
            Some((key, value)) => (key.trim(), Some(vec![value.trim().to_owned()])),
            None if self.reading.allow_no_value => (text, None),
            None => return Err(format!("`{text}` is neither a section nor `key = value`")),
        };
        if key.is_empty() {
            return Err("there is no key before the value".into());
        }
        let key = self.reading.name(key);
        let keys = self.sections.entry(section.clone()).or_default();
        if keys.insert(key.clone(), value).is_some() {
            return Err(format!("option '{key}' in section '{section}' already exists"));
        }
        self.key = Some(key);
        Ok(())
    }

    fn begin(&mut self, name: &str) -> Result<(), String> {
        if self.sections.contains_key(name) && name != EVERYWHERE {
            return Err(format!("section '{name}' already exists"));
        }
        self.sections.entry(name.to_owned()).or_default();
        (self.section, self.key) = (Some(name.to_owned()), None);
        Ok(())
    }

    fn continue_value(&mut self, text: &str) {
        let keys = self.section.as_ref().and_then(|section| self.sections.get_mut(section));
        let lines = keys.zip(self.key.as_ref()).and_then(|(keys, key)| keys.get_mut(key)?.as_mut());
        if let Some(lines) = lines {
            lines.push(text.to_owned());
        }
    }
}
