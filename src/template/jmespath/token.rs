//! The words of a query.

use super::{Comparison, Failure};
use crate::value::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// A name in quotes, which can be no function.
    Quoted(String),
    Literal(Value),
    Number(i64),
    Compare(Comparison),
    /// One of `. * ] , : @ ( ) { } [ | & !`.
    Sign(char),
    Flatten,
    Filter,
    Or,
    And,
    End,
}

/// Takes a query apart.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, Failure> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let next = rest.chars().nth(1);
        let (token, length) = match (c, next) {
            (' ' | '\t' | '\n' | '\r', _) => {
                rest = &rest[1..];
                continue;
            }
            ('[', Some(']')) => (Token::Flatten, 2),
            ('[', Some('?')) => (Token::Filter, 2),
            ('|', Some('|')) => (Token::Or, 2),
            ('&', Some('&')) => (Token::And, 2),
            ('=', Some('=')) => (Token::Compare(Comparison::Equal), 2),
            ('!', Some('=')) => (Token::Compare(Comparison::Unequal), 2),
            ('<', Some('=')) => (Token::Compare(Comparison::LessOrEqual), 2),
            ('>', Some('=')) => (Token::Compare(Comparison::GreaterOrEqual), 2),
            ('<', _) => (Token::Compare(Comparison::Less), 1),
            ('>', _) => (Token::Compare(Comparison::Greater), 1),
            ('.' | '*' | ']' | ',' | ':' | '@' | '(' | ')' | '{' | '}' | '[' | '|' | '&' | '!', _) => {
                (Token::Sign(c), 1)
            }
            ('a'..='z' | 'A'..='Z' | '_', _) => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Name(rest[..end].to_owned()), end)
            }
            ('-' | '0'..='9', _) => {
                let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| end + 1);
                let number = rest[..digits].parse().map_err(|_| format!("`{}` is no number", &rest[..digits]))?;
                (Token::Number(number), digits)
            }
            ('\'', _) => {
                let text = enclosed(rest)?;
                (Token::Literal(text.replace("\\'", "'").into()), text.len() + 2)
            }
            ('"', _) => {
                let text = enclosed(rest)?;
                let name = serde_json::from_str(&rest[..text.len() + 2]);
                (Token::Quoted(name.map_err(|_| format!("`\"{text}\"` is no name"))?), text.len() + 2)
            }
            ('`', _) => {
                let text = enclosed(rest)?;
                (Token::Literal(literal(&text.replace("\\`", "`"))?), text.len() + 2)
            }
            (c, _) => return Err(format!("`{c}` has no meaning")),
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens.push(Token::End);
    Ok(tokens)
}

/// What stands between the first character and the next of its kind that has no backslash before it.
fn enclosed(text: &str) -> Result<&str, Failure> {
    let mut chars = text.char_indices();
    let delimiter = chars.next().map_or('\'', |(_, c)| c);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == delimiter => return Ok(&text[1..at]),
            _ => {}
        }
    }
    Err(format!("a {delimiter} has no end"))
}

/// JSON, or text without its quotes.
fn literal(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&format!("\"{}\"", text.trim_start())))
        .map(Value::from_json)
        .map_err(|_| format!("`{text}` is no JSON"))
}
