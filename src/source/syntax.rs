//! What libyaml's parser complains about, in words that lead to the mistake.

use std::sync::Arc;

use libyaml_safer::{Error, Mark};

use super::{Diagnostic, SourceFile, Span, wording::pyyaml_place};

/// The diagnostic for an error of the parser.
pub fn explain(file: &Arc<SourceFile>, cause: &Error) -> Diagnostic {
    let Some(mark) = cause.problem_mark() else { return unreadable(file, cause) };
    let scene = Scene::new(file, mark, cause.context_mark());
    let found = explain_at(&scene, cause).in_pyyaml(&in_context(&scene, cause), &scene.at);
    if found.ansible.message.is_some() { found } else { found.worded(said(cause)).origin(&scene.at) }
}

/// The parser's problem behind what it was busy with, as PyYAML writes both; the context's place is only there where
/// it is another one.
fn in_context(scene: &Scene<'_>, cause: &Error) -> String {
    let Some(context) = cause.context() else { return cause.problem().to_owned() };
    let place =
        scene.context.as_ref().filter(|context| (context.line, context.column) != (scene.at.line, scene.at.column));
    format!("{context}{}\n{}", place.map_or_else(String::new, pyyaml_place), cause.problem())
}

/// The parser's own words, as Ansible gives them.
fn said(cause: &Error) -> String {
    let text = match cause.context() {
        Some(context) => format!("{context} {}", cause.problem()),
        None => cause.problem().to_owned(),
    };
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("YAML parsing failed: {first}{}.", letters.as_str())
}

fn explain_at(scene: &Scene<'_>, cause: &Error) -> Diagnostic {
    let line = scene.file.line(scene.at.line).unwrap_or_default();
    match cause.problem() {
        _ if scene.tab_indents() => Diagnostic::error("a tab where YAML wants spaces")
            .worded("YAML parsing failed: Tabs are usually invalid in YAML.")
            .at(&scene.indentation())
            .help("indent with spaces; tabs are not allowed there"),
        "found unexpected end of stream" if cause.context() == Some("while scanning a quoted scalar") => {
            Diagnostic::error("this quote is never closed")
                .at(scene.context.as_ref().unwrap_or(&scene.at))
                .help("add the same quote at the end of the text; inside double quotes write `\\\"`, inside single quotes `''`")
        }
        problem => {
            if let Some(found) = template(scene, line).or_else(|| quotes(scene, line)) {
                return found;
            }
            match problem {
                "found character that cannot start any token" => first_character(scene),
                "mapping values are not allowed in this context" => colon(scene, line),
                "block sequence entries are not allowed in this context" => {
                    Diagnostic::error("a list cannot begin on the line of its key")
                        .at(&scene.at)
                        .help("put `- ` on a line of its own below the key, or quote the value if it is meant as text")
                }
                "could not find expected ':'" => Diagnostic::error("this line is no `key: value`, and no item of a list")
                    .at(scene.context.as_ref().unwrap_or(&scene.at))
                    .help("add the colon and a space; text of several lines needs `|` or `>` after its key"),
                "did not find expected ',' or ']'" => unclosed(scene, "list", ']'),
                "did not find expected ',' or '}'" => unclosed(scene, "mapping", '}'),
                "did not find expected alphabetic or numeric character" => {
                    let begin = scene.context.as_ref().unwrap_or(&scene.at);
                    Diagnostic::error("`*` begins an alias and `&` an anchor, and a name must follow")
                        .at(begin)
                        .help("quote the value if it is meant as text")
                }
                "did not find expected key" | "did not find expected '-' indicator" => alignment(scene, problem),
                _ => plain(scene, cause),
            }
        }
    }
}

/// A value that begins with an unquoted `{{`, on the line `line`.
pub fn unquoted_template(span: Span, line: &str) -> Diagnostic {
    let mut span = span;
    let help = match value_of(line) {
        Some((column, key, value)) if value.starts_with("{{") => {
            span.column = column as u32 + 1;
            let quoted = value.trim_end().replace('"', "'");
            let head = key.trim_start_matches("- ");
            if head.is_empty() {
                format!("quote it: - \"{quoted}\"")
            } else {
                format!("quote it: {head}: \"{quoted}\"")
            }
        }
        _ => "quote the whole value: \"{{ … }}\"".to_owned(),
    };
    Diagnostic::error("a value that begins with `{{` must be quoted")
        .at(&span)
        .note("without quotes `{` begins a mapping in YAML")
        .help(help)
}

/// Where the parser stood, and what it was busy with.
struct Scene<'f> {
    file: &'f Arc<SourceFile>,
    at: Span,
    context: Option<Span>,
}

impl<'f> Scene<'f> {
    fn new(file: &'f Arc<SourceFile>, mark: Mark, context: Option<Mark>) -> Self {
        let span = |mark: Mark| Span::new(file, mark.line as u32 + 1, mark.column as u32 + 1);
        Self { file, at: span(mark), context: context.map(span) }
    }

    fn tab_indents(&self) -> bool {
        let line = self.file.line(self.at.line).unwrap_or_default();
        line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t')
            || line.chars().nth(self.at.column as usize - 1) == Some('\t')
    }

    /// The first tab of the line.
    fn indentation(&self) -> Span {
        let line = self.file.line(self.at.line).unwrap_or_default();
        let column = line.chars().position(|c| c == '\t').unwrap_or_default() as u32 + 1;
        Span::new(self.file, self.at.line, column)
    }
}

/// The value of `key: value` or `- value`: its column from 0, the key, the value.
fn value_of(line: &str) -> Option<(usize, &str, &str)> {
    let body = line.trim_start();
    let (key, value) = match body.find(": ") {
        Some(at) if !body.starts_with(['"', '\'']) => (&body[..at], &body[at + 2..]),
        _ => ("- ", body.strip_prefix("- ")?),
    };
    let value = value.trim_start();
    Some((line.chars().count() - value.chars().count(), key, value))
}

fn template(scene: &Scene<'_>, line: &str) -> Option<Diagnostic> {
    let (_, _, value) = value_of(line)?;
    value.starts_with("{{").then(|| unquoted_template(scene.at.clone(), line))
}

/// `key: "text" and more`, `key: 'it's'`.
fn quotes(scene: &Scene<'_>, line: &str) -> Option<Diagnostic> {
    let (column, _, value) = value_of(line)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let end = value[1..].find(quote)? + 2;
    let rest = value[end..].trim_start();
    if rest.is_empty() || rest.starts_with('#') || scene.at.column as usize <= column {
        return None;
    }
    let help = if quote == '"' {
        "put the whole value into single quotes, or write `\\\"` for a quote inside it"
    } else {
        "put the whole value into double quotes, or write `''` for a quote inside it"
    };
    let mut begin = scene.at.clone();
    begin.column = column as u32 + 1;
    let wording = "YAML parsing failed: Values starting with a quote must end with the same quote.";
    let error = Diagnostic::error("text stands after the end of a quoted value").at(&scene.at).help(help);
    Some(error.worded(wording).origin(&begin))
}

fn first_character(scene: &Scene<'_>) -> Diagnostic {
    let line = scene.file.line(scene.at.line).unwrap_or_default();
    let found = line.chars().nth(scene.at.column as usize - 1).unwrap_or(' ');
    Diagnostic::error(format!("a value cannot begin with `{found}`")).at(&scene.at).help("quote the value")
}

fn colon(scene: &Scene<'_>, line: &str) -> Diagnostic {
    let before: String = line.chars().take(scene.at.column as usize - 1).collect();
    if let Some((_, key, value)) = value_of(line).filter(|_| before.contains(": ")) {
        let wording = "YAML parsing failed: Colons in unquoted values must be followed by a non-space character.";
        let error = Diagnostic::error("unquoted text with a `: ` inside").at(&scene.at).worded(wording);
        let key = key.trim_start_matches("- ");
        return error.help(format!("quote the value: {key}: \"{}\"", value.trim_end().replace('"', "'")));
    }
    let mut start = scene.at.clone();
    start.column = line.chars().take_while(|c| c.is_whitespace()).count() as u32 + 1;
    Diagnostic::error("a key cannot begin here: the line above it already has a value")
        .at(&start)
        .help("indent the key like its siblings, or move the value above below its own key")
}

fn alignment(scene: &Scene<'_>, problem: &str) -> Diagnostic {
    let what = if problem.ends_with("key") { "mapping" } else { "list" };
    let error = Diagnostic::error(format!("this does not line up with the {what} it stands in")).at(&scene.at);
    match &scene.context {
        Some(context) => error
            .note(format!("the {what} begins at line {}, column {}", context.line, context.column))
            .help("give the line the indentation of those it belongs to"),
        None => error,
    }
}

fn unclosed(scene: &Scene<'_>, what: &str, end: char) -> Diagnostic {
    let begin = scene.context.as_ref().unwrap_or(&scene.at);
    Diagnostic::error(format!("this {what} is not closed, or a comma is missing in it"))
        .at(begin)
        .note(format!("`{end}` or a comma is expected at line {}, column {}", scene.at.line, scene.at.column))
}

fn plain(scene: &Scene<'_>, cause: &Error) -> Diagnostic {
    let error = Diagnostic::error(said(cause).trim_end_matches('.')).at(&scene.at);
    match (cause.context(), &scene.context) {
        (Some(context), Some(span)) => error.note(format!("{context} that begins at line {}", span.line)),
        _ => error,
    }
}

/// The reader's errors have no place: the text has a character that YAML does not allow.
fn unreadable(file: &Arc<SourceFile>, cause: &Error) -> Diagnostic {
    let forbidden =
        |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}');
    for (number, line) in (1..).zip(file.text().lines()) {
        if let Some((column, found)) = (1..).zip(line.chars()).find(|(_, c)| forbidden(*c)) {
            return Diagnostic::error(format!(
                "the control character U+{:04X} is not allowed in YAML",
                u32::from(found)
            ))
            .at(&Span::new(file, number, column))
            .help("remove it, or write it as an escape in double quotes");
        }
    }
    Diagnostic::error(cause.problem()).at(&Span::new(file, 1, 1))
}
