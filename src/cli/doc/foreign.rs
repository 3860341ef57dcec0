//! The page of a module that is no part of this program, from what is written in its file or beside it.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::page;
use crate::{
    source::{Diagnostic, SourceFile, load_one},
    template::plain_value,
};

/// The widest line of a page.
const WIDTH: usize = 100;
/// Marks of Ansible's documentation that stand around a word.
const MARKS: [&str; 10] = ["RV(", "C(", "V(", "O(", "I(", "B(", "M(", "E(", "P(", "U("];

/// What is documented of a module.
#[derive(Debug)]
pub struct Foreign {
    name: String,
    doc: Json,
    examples: String,
    returns: Json,
}

/// An argument, or a part of one.
struct Argument<'a> {
    name: String,
    facts: &'a Map<String, Json>,
}

impl Foreign {
    /// Reads the documentation of the module in a file: in a module of Python, or in the YAML beside any other.
    pub fn read(name: String, file: &Path) -> Result<Self, Diagnostic> {
        let beside = ["yml", "yaml"].map(|ending| file.with_extension(ending));
        if let Some(beside) = beside.iter().find(|path| path.is_file()) {
            let document = yaml(SourceFile::read(beside)?.text(), beside)?;
            let part = |name: &str| document.get(name).cloned().unwrap_or_default();
            let examples = match part("EXAMPLES") {
                Json::String(text) => text,
                _ => String::new(),
            };
            return Ok(Self { name, doc: part("DOCUMENTATION"), examples, returns: part("RETURN") });
        }
        let source = std::fs::read(file).unwrap_or_default();
        let source = String::from_utf8_lossy(&source);
        let Some(doc) = assigned(&source, "DOCUMENTATION") else {
            let error = Diagnostic::error(format!("the module `{name}` has no documentation ({})", file.display()));
            return Err(error.help("a module in Python has it in `DOCUMENTATION`, any other in a `.yml` beside it"));
        };
        let returns = assigned(&source, "RETURN").map(|text| yaml(&text, file)).transpose()?.unwrap_or_default();
        let examples = assigned(&source, "EXAMPLES").unwrap_or_default();
        Ok(Self { name, doc: yaml(&doc, file)?, examples, returns })
    }

    /// The name that it is called by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The page as JSON.
    pub fn json(&self) -> Json {
        let mut doc = self.doc.clone();
        list_descriptions(&mut doc);
        if let Some(doc) = doc.as_object_mut() {
            doc.insert("plugin_name".into(), json!(self.name));
        }
        json!({ "doc": doc, "examples": self.examples, "metadata": null, "return": self.returns })
    }

    /// The page as text.
    pub fn text(&self) -> String {
        let mut texts = vec![format!("{}.", self.title())];
        texts.extend(strings(self.doc.get("description")).iter().map(|text| wrapped(text, WIDTH)));
        if !self.examples.trim().is_empty() {
            texts.push(format!("```yaml\n{}\n```", self.examples.trim_matches('\n')));
        }
        let arguments = self.arguments();
        let options = arguments.iter().map(|argument| {
            let lines = argument.paragraphs().iter().flat_map(|text| lines(text, WIDTH - 6)).collect();
            (argument.name.clone(), argument.described(), lines)
        });
        page::rendered(&self.name, &texts.join("\n\n"), options.collect())
    }

    /// A task with every argument, the required ones first.
    pub fn snippet(&self) -> String {
        let mut arguments = self.arguments();
        arguments.retain(|argument| !argument.name.contains('.'));
        arguments.sort_by_key(|argument| !argument.is_required());
        let lines = arguments.iter().map(|argument| {
            let meaning = argument.paragraphs().into_iter().next().unwrap_or_default();
            (argument.name.clone(), argument.is_required(), meaning)
        });
        page::task(&self.title(), &self.name, &lines.collect::<Vec<_>>())
    }

    fn title(&self) -> String {
        let title = strings(self.doc.get("short_description")).join(" ");
        if title.is_empty() { self.name.clone() } else { title.trim_end_matches('.').to_owned() }
    }

    fn arguments(&self) -> Vec<Argument<'_>> {
        let mut found = Vec::new();
        add_arguments("", self.doc.get("options"), &mut found);
        found
    }
}

fn add_arguments<'a>(outer: &str, options: Option<&'a Json>, found: &mut Vec<Argument<'a>>) {
    for (name, facts) in options.and_then(Json::as_object).into_iter().flatten() {
        let Some(facts) = facts.as_object() else { continue };
        let name = format!("{outer}{name}");
        let inner = format!("{name}.");
        found.push(Argument { name, facts });
        add_arguments(&inner, facts.get("suboptions"), found);
    }
}

impl Argument<'_> {
    fn is_required(&self) -> bool {
        self.facts.get("required").and_then(Json::as_bool).unwrap_or(false)
    }

    fn paragraphs(&self) -> Vec<String> {
        strings(self.facts.get("description"))
    }

    /// What is said of it beside its name.
    fn described(&self) -> Vec<String> {
        let text = |name: &str| self.facts.get(name).map(shown).filter(|text| !text.is_empty());
        let mut facts = vec![text("type").unwrap_or_else(|| "str".into())];
        if self.is_required() {
            facts.push("required".into());
        }
        for (name, label) in [("default", "default: "), ("choices", "choices: "), ("aliases", "aliases: ")] {
            facts.extend(text(name).map(|text| format!("{label}{text}")));
        }
        facts.extend(text("version_added").map(|version| format!("since {version}")));
        facts
    }
}

/// Makes lists of the descriptions that are one text, as `ansible-doc` does.
fn list_descriptions(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match value {
                    Json::String(_) if name == "description" => *value = json!([value.take()]),
                    other => list_descriptions(other),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(list_descriptions),
        _ => {}
    }
}

/// A value of YAML on one line.
fn shown(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Json::Object(entries) => entries.keys().cloned().collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The paragraphs of a text or of a list of texts, their marks as those of Markdown.
fn strings(value: Option<&Json>) -> Vec<String> {
    let texts = match value {
        Some(Json::Array(items)) => items.iter().map(shown).collect(),
        Some(other) => vec![shown(other)],
        None => Vec::new(),
    };
    texts.iter().map(|text| marked(text.trim())).filter(|text| !text.is_empty()).collect()
}

fn marked(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let is_start = !found.chars().next_back().is_some_and(char::is_alphanumeric);
        let mark = MARKS.iter().find(|mark| is_start && rest.starts_with(**mark));
        if let Some((inner, after)) = mark.and_then(|mark| rest[mark.len()..].split_once(')')) {
            found.push_str(&format!("`{inner}`"));
            rest = after;
        } else {
            found.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    found
}

fn wrapped(text: &str, width: usize) -> String {
    lines(text, width).join("\n")
}

fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn yaml(text: &str, file: &Path) -> Result<Json, Diagnostic> {
    let (document, _) = load_one(&SourceFile::new(file, text).into())?;
    plain_value(&document).to_json().map_err(Into::into)
}

/// The text that a source of Python assigns to a name, at the start of a line.
fn assigned(source: &str, name: &str) -> Option<String> {
    let mut starts = source.match_indices(name).map(|(start, _)| start);
    let literal = starts.find_map(|start| {
        let is_line = start == 0 || source[..start].ends_with('\n');
        let rest = source[start + name.len()..].trim_start_matches([' ', '\t']).strip_prefix('=')?;
        is_line.then(|| rest.trim_start())
    })?;
    let is_raw = literal.starts_with(['r', 'R']);
    let literal = literal.trim_start_matches(['r', 'R', 'u', 'U']);
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| literal.starts_with(quote))?;
    let body = &literal[quote.len()..];
    let mut text = String::new();
    let mut rest = body;
    while let Some(letter) = rest.chars().next() {
        if rest.starts_with(quote) {
            return Some(text);
        }
        rest = &rest[letter.len_utf8()..];
        let escaped = rest.chars().next().filter(|_| letter == '\\');
        match escaped {
            Some('\n') if !is_raw => {}
            Some('n') if !is_raw => text.push('\n'),
            Some(plain @ ('\\' | '\'' | '"')) if !is_raw => text.push(plain),
            Some(other) => text.extend([letter, other]),
            None => text.push(letter),
        }
        rest = &rest[escaped.map_or(0, char::len_utf8)..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_python_are_read() {
        let text = |source: &str| assigned(source, "DOC").unwrap_or_default();
        assert_eq!(text("x = 1\nDOC = r'''\na: \\n\n'''\n"), "\na: \\n\n");
        assert_eq!(text("DOC=\"\"\"a\\nb\"\"\""), "a\nb");
        assert_eq!(text("XDOC = 'no'\nDOC = 'it\\'s'"), "it's");
        assert_eq!(assigned("# DOC = 'no'", "DOC"), None);
    }

    #[test]
    fn marks_become_quotes() {
        assert_eq!(marked("See C(a b) and O(x=1), not ABC(d)."), "See `a b` and `x=1`, not ABC(d).");
    }
}
