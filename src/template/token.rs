//! Tokens of a template, as Jinja2's lexer makes them.

mod literal;
mod tag;

use std::borrow::Cow;

use literal::number;
pub(super) use literal::{quoted, unescape};

use super::{Syntax, TemplateError, ast::At, method::is_blank};
use crate::{
    source::Span,
    value::{Str, Value},
};

/// A token and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub at: At,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Text outside of markers.
    Data(Str),
    VariableStart,
    VariableEnd,
    BlockStart,
    BlockEnd,
    Name(Str),
    Text(Str),
    Number(Value),
    /// An operator or bracket, as written.
    Symbol(&'static str),
    End,
}

/// A text with newlines of one kind, as places in it are counted.
pub(super) fn with_newlines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// The tokens of a text with newlines of one kind; the last is `End`.
pub(super) fn tokens(
    text: &str,
    span: &Span,
    in_expression: bool,
    syntax: &Syntax,
) -> Result<Vec<Token>, TemplateError> {
    let source = match text.strip_suffix('\n') {
        Some(shorter) if !syntax.keep_trailing_newline && !in_expression => shorter,
        _ => text,
    };
    let mut lexer = Lexer { text: source, span, syntax, tags: tag::Tags::new(syntax), tokens: Vec::new(), pos: 0 };
    if in_expression {
        lexer.inside(End::Variable)?;
    }
    while lexer.pos < source.len() {
        lexer.outside()?;
    }
    lexer.push(Kind::End, text.len());
    Ok(lexer.tokens)
}

/// What closes the tag that the lexer is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Block,
    Variable,
    /// The end of the line, for a line that is a statement.
    Line,
}

struct Lexer<'t> {
    text: &'t str,
    span: &'t Span,
    syntax: &'t Syntax,
    tags: tag::Tags<'t>,
    tokens: Vec<Token>,
    pos: usize,
}

const SYMBOLS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
];

impl<'t> Lexer<'t> {
    /// Adds the token from the current place to `end`, and moves there.
    fn push(&mut self, kind: Kind, end: usize) {
        self.tokens.push(Token { kind, at: self.pos as At });
        self.pos = end;
    }

    fn rest(&self) -> &'t str {
        &self.text[self.pos..]
    }

    fn error(&self, message: impl Into<String>) -> TemplateError {
        TemplateError::syntax(message, place(self.text, self.span, self.pos as At))
    }

    fn data(&mut self, data: &str, end: usize) {
        if !data.is_empty() {
            let data = match &*self.syntax.newline_sequence {
                "\n" => Str::from(data),
                sequence => data.replace('\n', sequence).into(),
            };
            self.push(Kind::Data(data), end);
        }
        self.pos = end;
    }

    /// Text up to the next tag, and the tag.
    fn outside(&mut self) -> Result<(), TemplateError> {
        let Some(tag) = self.tags.next(self.text, self.pos) else {
            self.data(self.rest(), self.text.len());
            return Ok(());
        };
        let data = self.stripped(self.pos, tag.at, tag.sign, tag.kind == tag::Kind::Variable);
        self.data(data, tag.at);
        match tag.kind {
            tag::Kind::Raw => {
                self.pos = tag.end;
                self.raw()
            }
            tag::Kind::Comment => {
                self.pos = tag.end;
                let closing = &*self.syntax.comment.1;
                match self.rest().find(closing) {
                    Some(at) => {
                        let (at, end) = (self.pos + at, self.pos + at + closing.len());
                        self.pos = if at > self.pos { self.past_end(at, end) } else { self.past_end(end, end) };
                        Ok(())
                    }
                    None if self.pos >= self.text.len() => Ok(()),
                    None => Err(self.error("Missing end of comment tag")),
                }
            }
            tag::Kind::LineComment => {
                self.pos = self.text[tag.end..].find('\n').map_or(self.text.len(), |at| tag.end + at);
                Ok(())
            }
            tag::Kind::Block => {
                self.push(Kind::BlockStart, tag.end);
                self.inside(End::Block)
            }
            tag::Kind::Line => {
                self.push(Kind::BlockStart, tag.end);
                self.inside(End::Line)
            }
            tag::Kind::Variable => {
                self.push(Kind::VariableStart, tag.end);
                self.inside(End::Variable)
            }
        }
    }

    /// Text before a tag: without trailing blanks for `-`, without the blanks before it on its line for
    /// `lstrip_blocks`.
    fn stripped(&self, start: usize, end: usize, sign: Option<char>, variable: bool) -> &'t str {
        let data = &self.text[start..end];
        match sign {
            Some('-') => return data.trim_end_matches(is_blank),
            None if self.syntax.lstrip_blocks && !variable => {}
            _ => return data,
        }
        let line = data.rfind('\n').map_or(0, |at| at + 1);
        let starts_line = line > 0 || start == 0 || self.text[..start].ends_with('\n');
        if starts_line && data[line..].chars().all(is_blank) { &data[..line] } else { data }
    }

    /// Where the text goes on after the end of a block or comment whose sign may stand at `at` before its `end`.
    fn past_end(&self, at: usize, end: usize) -> usize {
        let rest = &self.text[end..];
        match self.text[..at].chars().next_back() {
            Some('-') => self.text.len() - rest.trim_start_matches(is_blank).len(),
            Some('+') => end,
            _ if self.syntax.trim_blocks && rest.starts_with('\n') => end + 1,
            _ => end,
        }
    }

    /// The text of `{% raw %}` and its end.
    fn raw(&mut self) -> Result<(), TemplateError> {
        if self.pos >= self.text.len() {
            return Ok(());
        }
        let Some((at, sign, close, end)) = self.tags.end_of_raw(self.text, self.pos) else {
            return Err(self.error("Missing end of raw directive"));
        };
        let data = self.stripped(self.pos, at, sign, false);
        self.data(data, at);
        self.pos = self.past_end(close, end);
        Ok(())
    }

    /// The tokens of a tag up to its end.
    fn inside(&mut self, end: End) -> Result<(), TemplateError> {
        let mut brackets: Vec<char> = Vec::new();
        loop {
            if brackets.is_empty() && self.closed(end) {
                return Ok(());
            }
            let blanks = self.rest().trim_start_matches(is_blank);
            self.pos = self.text.len() - blanks.len();
            let Some(first) = blanks.chars().next() else {
                if end == End::Line && brackets.is_empty() {
                    self.push(Kind::BlockEnd, self.pos);
                }
                return Ok(());
            };
            if brackets.is_empty() && self.closed(end) {
                return Ok(());
            }
            if first.is_ascii_digit()
                && let Some((value, length)) = number(blanks, self.text[..self.pos].ends_with('.'))
            {
                self.push(Kind::Number(value), self.pos + length);
            } else if literal::is_word(first) {
                let word = &blanks[..blanks.find(|c| !literal::is_word(c)).unwrap_or(blanks.len())];
                if !literal::is_identifier(word) {
                    return Err(self.error("Invalid character in identifier"));
                }
                self.push(Kind::Name(word.into()), self.pos + word.len());
            } else if let Some(quoted) = quoted(blanks) {
                let inner = &quoted[1..quoted.len() - 1];
                let inner = match &*self.syntax.newline_sequence {
                    "\n" => Cow::from(inner),
                    sequence => inner.replace('\n', sequence).into(),
                };
                let text = if self.syntax.keep_escapes {
                    inner.into_owned()
                } else {
                    unescape(&inner).map_err(|message| self.error(message))?
                };
                self.push(Kind::Text(text.into()), self.pos + quoted.len());
            } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| blanks.starts_with(**symbol)) {
                self.bracket(first, &mut brackets)?;
                self.push(Kind::Symbol(symbol), self.pos + symbol.len());
            } else {
                let shown = Value::from(first.to_string()).repr();
                let at = self.text[..self.pos].chars().count();
                return Err(self.error(format!("unexpected char {shown} at {at}")));
            }
        }
    }

    fn bracket(&self, symbol: char, open: &mut Vec<char>) -> Result<(), TemplateError> {
        match symbol {
            '{' => open.push('}'),
            '(' => open.push(')'),
            '[' => open.push(']'),
            '}' | ')' | ']' => match open.pop() {
                None => return Err(self.error(format!("unexpected '{symbol}'"))),
                Some(wanted) if wanted != symbol => {
                    return Err(self.error(format!("unexpected '{symbol}', expected '{wanted}'")));
                }
                Some(_) => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// Takes the end of the tag, if it is next.
    fn closed(&mut self, end: End) -> bool {
        let rest = self.rest();
        match end {
            End::Line => {
                let blanks = &rest[..rest.len() - rest.trim_start_matches(is_blank).len()];
                let Some(at) = blanks.rfind('\n') else { return false };
                self.push(Kind::BlockEnd, self.pos + at + 1);
            }
            End::Block => {
                let closing = &*self.syntax.block.1;
                let signed = rest.strip_prefix(['-', '+']).is_some_and(|rest| rest.starts_with(closing));
                if !signed && !rest.starts_with(closing) {
                    return false;
                }
                let sign = self.pos + usize::from(signed);
                let after = sign + closing.len();
                let next = if signed { self.past_end(sign, after) } else { self.past_end(0, after) };
                self.push(Kind::BlockEnd, next);
            }
            End::Variable => {
                let closing = &*self.syntax.variable.1;
                let signed = rest.strip_prefix('-').and_then(|rest| rest.strip_prefix(closing));
                match (signed, rest.strip_prefix(closing)) {
                    (Some(after), _) => {
                        let next = self.text.len() - after.trim_start_matches(is_blank).len();
                        self.push(Kind::VariableEnd, next);
                    }
                    (None, Some(after)) => self.push(Kind::VariableEnd, self.text.len() - after.len()),
                    (None, None) => return false,
                }
            }
        }
        true
    }
}

/// The place in the file of a byte of a text that begins at `start`. Exact where the file has the text as it is
/// (plain scalars, template files); inside quoted or folded YAML, the line and column of the text's start.
pub(super) fn place(text: &str, start: &Span, at: At) -> Span {
    let before = text.get(..at as usize).unwrap_or(text);
    let newlines = before.matches('\n').count() as u32;
    let verbatim = || {
        let file = start.file.text();
        if start.line == 1 && start.column == 1 && file == text {
            return Some(0);
        }
        let line = start.file.line(start.line)?;
        let indent = start.column.checked_sub(1)? as usize;
        let first = text.lines().next().unwrap_or("");
        let rest: String = line.chars().skip(indent).collect();
        // A block scalar begins on the line after its `|`, further in.
        if rest.starts_with(['|', '>']) {
            return None;
        }
        let quote = usize::from(rest.starts_with(['"', '\'']));
        rest.get(quote..)?.starts_with(first).then_some(quote as u32)
    };
    if let Some(shift) = verbatim() {
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32;
        return match newlines {
            0 => Span { column: start.column + shift + column, ..start.clone() },
            _ => Span { line: start.line + newlines, column: column + 1, ..start.clone() },
        };
    }
    let line_text = text.split('\n').nth(newlines as usize).unwrap_or("").trim();
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32;
    for line in start.line..start.line + 2 + newlines {
        if line >= start.line + newlines
            && let Some(found) = start.file.line(line)
            && !line_text.is_empty()
            && let Some(byte) = found.find(line_text)
        {
            let lead = text.split('\n').nth(newlines as usize).unwrap_or("");
            let lead = (lead.chars().count() - lead.trim_start().chars().count()) as u32;
            let indent = found[..byte].chars().count() as u32;
            return Span { line, column: indent + 1 + column.saturating_sub(lead), ..start.clone() };
        }
    }
    start.clone()
}
