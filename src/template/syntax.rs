//! Delimiters and whitespace rules of templates, and the `#jinja2:` header that changes them for one file.

use std::borrow::Cow;

use minijinja::syntax::SyntaxConfig;

use super::TemplateError;
use crate::source::Span;

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
    /// Sets one option by the name it has in Jinja2, as text or `True`/`False`.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = value.trim().trim_matches(['\'', '"']).to_owned();
        let flag = || match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!("`{name}` must be True or False, not `{text}`")),
        };
        match name {
            "block_start_string" => self.block.0 = text.into(),
            "block_end_string" => self.block.1 = text.into(),
            "variable_start_string" => self.variable.0 = text.into(),
            "variable_end_string" => self.variable.1 = text.into(),
            "comment_start_string" => self.comment.0 = text.into(),
            "comment_end_string" => self.comment.1 = text.into(),
            "trim_blocks" => self.trim_blocks = flag()?,
            "lstrip_blocks" => self.lstrip_blocks = flag()?,
            "keep_trailing_newline" => self.keep_trailing_newline = flag()?,
            "line_statement_prefix" => self.line_statement_prefix = Some(text),
            "line_comment_prefix" => self.line_comment_prefix = Some(text),
            "newline_sequence" => self.newline_sequence = text.replace("\\n", "\n").replace("\\r", "\r").into(),
            _ => return Err(format!("unknown option `{name}` in the `#jinja2:` header")),
        }
        Ok(())
    }

    /// Takes the `#jinja2: name: value, …` header off a template file; the rest of the text starts on line 2.
    pub(super) fn split_header<'t>(&mut self, text: &'t str, span: &Span) -> Result<(&'t str, bool), TemplateError> {
        const HEADER: &str = "#jinja2:";
        let Some(header) = text.strip_prefix(HEADER) else { return Ok((text, false)) };
        let (line, rest) = header.split_once('\n').unwrap_or((header, ""));
        for pair in line.split(',') {
            let Some((name, value)) = pair.split_once(':') else {
                let message = format!("the `#jinja2:` header needs `name: value` pairs, not `{}`", pair.trim());
                return Err(TemplateError::syntax(message, span.clone()));
            };
            self.set(name.trim(), value).map_err(|message| TemplateError::syntax(message, span.clone()))?;
        }
        Ok((rest, true))
    }

    pub(super) fn config(&self, span: &Span) -> Result<SyntaxConfig, TemplateError> {
        let mut builder = SyntaxConfig::builder();
        builder
            .block_delimiters(self.block.0.clone(), self.block.1.clone())
            .variable_delimiters(self.variable.0.clone(), self.variable.1.clone())
            .comment_delimiters(self.comment.0.clone(), self.comment.1.clone())
            .trim_blocks(self.trim_blocks)
            .lstrip_blocks(self.lstrip_blocks)
            .keep_trailing_newline(self.keep_trailing_newline);
        if let Some(prefix) = &self.line_statement_prefix {
            builder.line_statement_prefix(prefix.clone());
        }
        if let Some(prefix) = &self.line_comment_prefix {
            builder.line_comment_prefix(prefix.clone());
        }
        builder.build().map_err(|error| TemplateError::syntax(error.to_string(), span.clone()))
    }
}
