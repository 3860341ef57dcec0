//! `wordwrap`: text in lines of a width, as Python's `textwrap` breaks it.

use std::{
    collections::{HashMap, VecDeque},
    sync::LazyLock,
};

use fancy_regex::Regex;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
        python_regex,
    },
    text::only_text,
};
use crate::value::{Value, split_lines};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("wordwrap", wordwrap);
}

/// Blanks; a dash between words; a word, which ends behind a hyphen between letters, and before blanks or a dash.
static PIECES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x) [\t\n\x0b\x0c\r\ ]+
        | (?<=[\w!"'&.,?]) -{2,} (?=\w)
        | [^\t\n\x0b\x0c\r\ ]+? (?:
            -(?: (?<=[^\d\W]{2}-) | (?<=[^\d\W]-[^\d\W]-) ) (?= [^\d\W] -? [^\d\W] )
          | (?= [\t\n\x0b\x0c\r\ ] | \z )
          | (?<=[\w!"'&.,?]) (?= -{2,} \w )
        )"#,
    )
    .expect("a pattern of ours is valid")
});

fn wordwrap(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, width, break_long, separator, hyphens] =
        arguments.bind(["s", "width", "break_long_words", "wrapstring", "break_on_hyphens"])?;
    let text = only_text(required(value, "wordwrap", "s")?, "'TYPE' object has no attribute 'splitlines'")?;
    let width = width.as_ref().map_or(Ok(79), integer)?;
    if width <= 0 {
        return Err(TemplateError::value_error(format!("invalid width {width} (must be > 0)")));
    }
    let width = width as usize;
    let break_long = break_long.is_none_or(|break_long| break_long.is_truthy());
    let hyphens = hyphens.is_none_or(|hyphens| hyphens.is_truthy());
    let separator = match separator {
        None | Some(Value::None) => "\n".to_owned(),
        Some(Value::Str(separator)) => separator.to_string(),
        Some(other) => {
            let text = format!("'{}' object has no attribute 'join'", other.type_name());
            return Err(TemplateError::raised("AttributeError", text));
        }
    };
    let lines: Vec<String> = split_lines(&text, false)
        .into_iter()
        .map(|line| Ok(wrap(line, width, break_long, hyphens)?.join(&separator)))
        .collect::<Result<_, TemplateError>>()?;
    Ok(lines.join(&separator).into())
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// A line as words and the blanks between them, and the parts of words if they break on hyphens.
fn pieces(line: &str, hyphens: bool) -> Result<VecDeque<String>, TemplateError> {
    let mut pieces = VecDeque::new();
    if !hyphens {
        for c in line.chars() {
            match pieces.back_mut().filter(|last: &&mut String| last.starts_with(is_blank) == is_blank(c)) {
                Some(last) => last.push(c),
                None => pieces.push_back(c.to_string()),
            }
        }
        return Ok(pieces);
    }
    let mut last = 0;
    for captures in python_regex::all(&PIECES, line)? {
        let Some(found) = captures.get(0) else { continue };
        pieces.extend([&line[last..found.start()], found.as_str()].map(str::to_owned));
        last = found.end();
    }
    pieces.push_back(line[last..].to_owned());
    pieces.retain(|piece| !piece.is_empty());
    Ok(pieces)
}

/// One line in lines of at most `width` characters.
fn wrap(line: &str, width: usize, break_long: bool, hyphens: bool) -> Result<Vec<String>, TemplateError> {
    let length = |text: &str| text.chars().count();
    let is_space = |text: &str| text.trim().is_empty();
    let mut rest = pieces(line, hyphens)?;
    let mut lines: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let (mut parts, mut taken): (Vec<String>, usize) = (Vec::new(), 0);
        if !lines.is_empty() && rest.front().is_some_and(|piece| is_space(piece)) {
            rest.pop_front();
        }
        while let Some(piece) = rest.pop_front() {
            if taken + length(&piece) > width {
                rest.push_front(piece);
                break;
            }
            taken += length(&piece);
            parts.push(piece);
        }
        if rest.front().is_some_and(|piece| length(piece) > width)
            && (break_long || parts.is_empty())
            && let Some(piece) = rest.pop_front()
        {
            let end = if break_long { break_point(&piece, width - taken, hyphens) } else { length(&piece) };
            // Where there is no room, an empty part keeps the blanks before it.
            parts.push(piece.chars().take(end).collect());
            let left: String = piece.chars().skip(end).collect();
            if !left.is_empty() {
                rest.push_front(left);
            }
        }
        if parts.last().is_some_and(|part| is_space(part)) {
            parts.pop();
        }
        if !parts.is_empty() {
            lines.push(parts.concat());
        }
    }
    Ok(lines)
}

/// How many characters of a long word fit: up to a hyphen in it, if it breaks there.
fn break_point(word: &str, room: usize, hyphens: bool) -> usize {
    let head: Vec<char> = word.chars().take(room).collect();
    match head.iter().rposition(|c| *c == '-') {
        Some(at) if hyphens && at > 0 && head[..at].iter().any(|c| *c != '-') => at + 1,
        _ => room,
    }
}
