//! Tokens of a template, from minijinja's lexer, with numbers and text read as Python reads them.
//!
//! The lexer bounds integers to 128 bits and reads JSON's escapes; so the text of a token is read here again.

use minijinja::machinery::{Token as Lexed, Tokenizer};
use num_bigint::BigInt;

use super::{Syntax, TemplateError, ast::At};
use crate::{
    source::Span,
    value::{Str, Value, parse_int},
};

/// A token and where it begins and ends.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub at: At,
    pub end: At,
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

/// The tokens of a text; the last is `End`.
pub(super) fn tokens(
    text: &str,
    span: &Span,
    in_expression: bool,
    syntax: &Syntax,
) -> Result<Vec<Token>, TemplateError> {
    let config = syntax.config(span)?;
    let mut lexer = Tokenizer::new(text, "", in_expression, config);
    let mut tokens = Vec::new();
    loop {
        match lexer.next_token() {
            Ok(Some((lexed, range))) => {
                let (at, end) = (range.start_offset, range.end_offset);
                let kind = kind(&lexed, &text[at as usize..end as usize], syntax.keep_escapes)
                    .map_err(|message| TemplateError::syntax(message, place(text, span, at)))?;
                let kind = match kind {
                    Kind::Data(data) => Kind::Data(data_text(&data, text, at, syntax)),
                    other => other,
                };
                tokens.push(Token { kind, at, end });
            }
            Ok(None) => break,
            Err(error) => {
                // The lexer's own place needs its `debug` feature: it stopped at the next token.
                let last = tokens.last().map_or(0, |token: &Token| token.end as usize);
                let rest = &text[last..];
                let at = (last + rest.len() - rest.trim_start().len()) as At;
                let message = error.detail().unwrap_or("unexpected character").to_owned();
                return Err(TemplateError::syntax(message, place(text, span, at)));
            }
        }
    }
    let end = text.len() as At;
    tokens.push(Token { kind: Kind::End, at: end, end });
    Ok(tokens)
}

/// Text as Jinja2 has it: newlines of one kind, and the one after `{% raw %}`, which the lexer drops.
fn data_text(data: &str, text: &str, at: At, syntax: &Syntax) -> Str {
    let (before, after) = text.split_at(at as usize);
    let raw = before
        .strip_suffix(&*syntax.block.1)
        .is_some_and(|tag| !tag.ends_with('-') && tag.trim_end_matches('+').trim_end().ends_with("raw"));
    let dropped = if raw && syntax.trim_blocks && !data.starts_with(['\r', '\n']) {
        after.strip_prefix("\r\n").map(|_| "\n").or_else(|| after.strip_prefix('\n').map(|_| "\n"))
    } else {
        None
    };
    let data = format!("{}{data}", dropped.unwrap_or(""));
    if !data.contains('\r') && syntax.newline_sequence == "\n" {
        return data.into();
    }
    data.replace("\r\n", "\n").replace('\r', "\n").replace('\n', &syntax.newline_sequence).into()
}

fn kind(lexed: &Lexed<'_>, text: &str, keep_escapes: bool) -> Result<Kind, String> {
    Ok(match lexed {
        Lexed::TemplateData(data) => Kind::Data(Str::from(*data)),
        Lexed::VariableStart => Kind::VariableStart,
        Lexed::VariableEnd => Kind::VariableEnd,
        Lexed::BlockStart => Kind::BlockStart,
        Lexed::BlockEnd => Kind::BlockEnd,
        Lexed::Ident(name) => Kind::Name(Str::from(*name)),
        Lexed::Str(text) => Kind::Text(Str::from(*text)),
        Lexed::String(_) if keep_escapes => Kind::Text(text[1..text.len() - 1].into()),
        Lexed::String(_) => Kind::Text(unescape(&text[1..text.len() - 1])?.into()),
        Lexed::Int(_) | Lexed::Int128(_) => {
            let number: BigInt = parse_int(text, 0).or_else(|| parse_int(text, 10)).ok_or("invalid number")?;
            Kind::Number(number.into())
        }
        Lexed::Float(number) => Kind::Number(Value::Float(*number)),
        Lexed::Plus => Kind::Symbol("+"),
        Lexed::Minus => Kind::Symbol("-"),
        Lexed::Mul => Kind::Symbol("*"),
        Lexed::Div => Kind::Symbol("/"),
        Lexed::FloorDiv => Kind::Symbol("//"),
        Lexed::Pow => Kind::Symbol("**"),
        Lexed::Mod => Kind::Symbol("%"),
        Lexed::Dot => Kind::Symbol("."),
        Lexed::Comma => Kind::Symbol(","),
        Lexed::Colon => Kind::Symbol(":"),
        Lexed::Tilde => Kind::Symbol("~"),
        Lexed::Assign => Kind::Symbol("="),
        Lexed::Pipe => Kind::Symbol("|"),
        Lexed::Eq => Kind::Symbol("=="),
        Lexed::Ne => Kind::Symbol("!="),
        Lexed::Gt => Kind::Symbol(">"),
        Lexed::Gte => Kind::Symbol(">="),
        Lexed::Lt => Kind::Symbol("<"),
        Lexed::Lte => Kind::Symbol("<="),
        Lexed::BracketOpen => Kind::Symbol("["),
        Lexed::BracketClose => Kind::Symbol("]"),
        Lexed::ParenOpen => Kind::Symbol("("),
        Lexed::ParenClose => Kind::Symbol(")"),
        Lexed::BraceOpen => Kind::Symbol("{"),
        Lexed::BraceClose => Kind::Symbol("}"),
    })
}

/// Python's escapes in a text literal; an unknown one stays as written.
fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        let Some(c) = chars.next() else { return Err("unexpected end of string".to_owned()) };
        rest = chars.as_str();
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        match c {
            '\n' => {}
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            '\\' | '\'' | '"' => out.push(c),
            '0'..='7' => {
                let digits = &text[text.len() - rest.len() - 1..];
                let length = digits.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let code = u32::from_str_radix(&digits[..length], 8).unwrap_or(0);
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = &digits[length..];
            }
            'x' | 'u' | 'U' => {
                let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                let Some(code) = code else { return Err(format!("truncated \\{c} escape in a string")) };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = &rest[digits..];
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
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
