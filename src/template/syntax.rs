//! Delimiters and whitespace rules of templates, and the `#jinja2:` header that changes them for one file.

use std::borrow::Cow;

use super::{TemplateError, token};
use crate::{source::Span, value::Value};

/// Delimiters and whitespace rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax {
    /// `{%` and `%}`.
    pub block: (Cow<'static, str>, Cow<'static, str>),
    /// `{{` and `}}`.
    pub variable: (Cow<'static, str>, Cow<'static, str>),
    /// `{#` and `#}`.
    pub comment: (Cow<'static, str>, Cow<'static, str>),
    /// Whether the newline after a block goes; Ansible's default.
    pub trim_blocks: bool,
    /// Whether blanks before a block at the start of a line go.
    pub lstrip_blocks: bool,
    /// Whether the final newline stays while rendering. Ansible drops it and, if the result is text, adds as many
    /// newlines as the template ended with.
    pub keep_trailing_newline: bool,
    /// What begins a line that is a statement, if anything.
    pub line_statement_prefix: Option<String>,
    /// What begins a comment up to the end of the line, if anything.
    pub line_comment_prefix: Option<String>,
    /// Whether backslashes in text literals stay as written, as Ansible has it outside of template files and
    /// conditions: `'\\1'` in an argument is two backslashes.
    pub keep_escapes: bool,
    /// `\n`, `\r` or `\r\n`: what a newline of the template becomes.
    pub newline_sequence: Cow<'static, str>,
}

impl Default for Syntax {
    fn default() -> Self {
        Self {
            block: ("{%".into(), "%}".into()),
            variable: ("{{".into(), "}}".into()),
            comment: ("{#".into(), "#}".into()),
            trim_blocks: true,
            lstrip_blocks: false,
            keep_trailing_newline: false,
            line_statement_prefix: None,
            line_comment_prefix: None,
            keep_escapes: true,
            newline_sequence: "\n".into(),
        }
    }
}

impl Syntax {
    /// Sets one option by the name it has in Jinja2; flags as any spelling of a boolean.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some((_, place)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(format!("there is no option `{name}` of the syntax"));
        };
        match place {
            Place::Text(place) => *place(self) = value.to_owned().into(),
            Place::Prefix(place) => *place(self) = Some(value.to_owned()),
            Place::Newlines => self.newline_sequence = value.replace("\\n", "\n").replace("\\r", "\r").into(),
            Place::Flag(place) => match value.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => *place(self) = true,
                "false" | "no" | "off" | "0" => *place(self) = false,
                _ => return Err(format!("`{name}` must be True or False, not `{value}`")),
            },
        }
        Ok(())
    }

    /// The options that the module `template` takes as arguments.
    pub fn module_options() -> impl Iterator<Item = &'static str> {
        OPTIONS[..9].iter().map(|(name, _)| *name)
    }

    /// Takes the `#jinja2: name: value, …` header off a template file; the rest of the text starts on line 2. Values
    /// are Python's literals.
    pub(super) fn split_header<'t>(&mut self, text: &'t str, span: &Span) -> Result<(&'t str, bool), TemplateError> {
        const HEADER: &str = "#jinja2:";
        let failed = |message: String| TemplateError::value_error(message).at(span.clone());
        let Some(header) = text.strip_prefix(HEADER) else { return Ok((text, false)) };
        let Some((line, rest)) = header.split_once('\n') else {
            return Err(failed(format!("Missing newline after '{HEADER}' override.")));
        };
        for pair in line.split(',') {
            if pair.trim().is_empty() {
                return Err(failed(format!("Empty '{HEADER}' override pair not allowed.")));
            }
            let Some((name, value)) = pair.split_once(':') else {
                let pair = Value::from(pair).repr();
                let message = format!("Missing key-value separator `:` in '{HEADER}' override pair {pair}.");
                return Err(failed(message));
            };
            let name = name.trim();
            let Some((_, place)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
                return Err(failed(format!("Invalid '{HEADER}' override key '{name}'.")));
            };
            let value = literal(value.trim(), span)?;
            self.set_literal(name, place, &value).map_err(failed)?;
        }
        self.check().map_err(failed)?;
        Ok((rest, true))
    }

    fn set_literal(&mut self, name: &str, place: &Place, value: &Value) -> Result<(), String> {
        let wanted = if matches!(place, Place::Flag(_)) { "bool" } else { "str" };
        if value.type_name() != wanted {
            let found = value.type_name();
            return Err(format!("TemplateOverrides.{name} must be <class '{wanted}'> instead of <class '{found}'>"));
        }
        if matches!(place, Place::Newlines) && !matches!(&*value.to_str(), "\n" | "\r\n" | "\r") {
            let found = value.repr();
            return Err(format!(
                "TemplateOverrides.newline_sequence must be one of ('\\n', '\\r\\n', '\\r') instead of {found}"
            ));
        }
        self.set(name, &value.to_str())
    }

    /// Fails for delimiters that cannot be told apart.
    fn check(&self) -> Result<(), String> {
        let [block, variable, comment] = [&self.block.0, &self.variable.0, &self.comment.0];
        if block == variable || block == comment || variable == comment {
            return Err("Block, variable and comment start strings must be different.".to_owned());
        }
        Ok(())
    }

    /// Whether a text has nothing in it that this syntax gives a meaning to.
    pub(super) fn is_plain(&self, text: &str) -> bool {
        let starts = [&self.block.0, &self.variable.0, &self.comment.0];
        !starts.iter().any(|start| text.contains(&***start))
            && self.line_statement_prefix.is_none()
            && self.line_comment_prefix.is_none()
    }
}

/// Where an option is kept.
enum Place {
    Text(fn(&mut Syntax) -> &mut Cow<'static, str>),
    Flag(fn(&mut Syntax) -> &mut bool),
    Prefix(fn(&mut Syntax) -> &mut Option<String>),
    Newlines,
}

/// The options; the module `template` takes the first nine.
const OPTIONS: [(&str, Place); 12] = [
    ("block_start_string", Place::Text(|syntax| &mut syntax.block.0)),
    ("block_end_string", Place::Text(|syntax| &mut syntax.block.1)),
    ("variable_start_string", Place::Text(|syntax| &mut syntax.variable.0)),
    ("variable_end_string", Place::Text(|syntax| &mut syntax.variable.1)),
    ("comment_start_string", Place::Text(|syntax| &mut syntax.comment.0)),
    ("comment_end_string", Place::Text(|syntax| &mut syntax.comment.1)),
    ("newline_sequence", Place::Newlines),
    ("trim_blocks", Place::Flag(|syntax| &mut syntax.trim_blocks)),
    ("lstrip_blocks", Place::Flag(|syntax| &mut syntax.lstrip_blocks)),
    ("keep_trailing_newline", Place::Flag(|syntax| &mut syntax.keep_trailing_newline)),
    ("line_statement_prefix", Place::Prefix(|syntax| &mut syntax.line_statement_prefix)),
    ("line_comment_prefix", Place::Prefix(|syntax| &mut syntax.line_comment_prefix)),
];

/// A value of the header: text in quotes, a number, `True`, `False` or `None`.
fn literal(text: &str, span: &Span) -> Result<Value, TemplateError> {
    let failed = |message: &str| Err(TemplateError::value_error(message).at(span.clone()));
    match text {
        "True" => return Ok(Value::Bool(true)),
        "False" => return Ok(Value::Bool(false)),
        "None" => return Ok(Value::None),
        _ => {}
    }
    if let Ok(number) = text.parse() {
        return Ok(Value::Int(number));
    }
    if text.starts_with(['\'', '"']) {
        return match token::quoted(text) {
            Some(quoted) if quoted.len() == text.len() => token::unescape(&quoted[1..quoted.len() - 1])
                .map(Value::from)
                .map_err(|message| TemplateError::value_error(message).at(span.clone())),
            _ => failed("unterminated string literal (detected at line 1) (<unknown>, line 1)"),
        };
    }
    failed("malformed node or string on line 1: <ast.Name object>")
}
