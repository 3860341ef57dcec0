//! Host patterns: `web:!db[0:2],~regex.*:&staging`.

use std::{fs, path::Path};

use fancy_regex::Regex;

use crate::source::Diagnostic;

use super::{address, glob};

/// What `hosts:` or `--limit` says.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(super) terms: Vec<Term>,
}

/// What a term does with the hosts that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// They are in.
    Plus,
    /// `&`: others are out.
    And,
    /// `!`: they are out.
    Not,
}

/// One part of a pattern.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub sign: Sign,
    /// As written, without its sign and its slice.
    pub text: String,
    pub names: Names,
    pub slice: Option<Slice>,
}

/// Which names of groups and hosts fit.
#[derive(Clone, Debug)]
pub(super) enum Names {
    /// This one.
    Exact(String),
    /// `*`, `?`, `[abc]`.
    Glob(String),
    /// `~`: it fits at the beginning of the name.
    Regex(Box<Regex>),
}

/// Which of the matched hosts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slice {
    /// `[3]`, or `[-1]` from the end.
    One(i64),
    /// `[1:3]`, the last one included, or `[1:]`.
    Range(usize, Option<usize>),
}

impl Pattern {
    /// Reads a pattern; an empty one means all hosts. Fails when a regular expression is none.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let terms = split(text).into_iter().map(Term::parse).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Reads the patterns of a list as one.
    pub fn parse_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Diagnostic> {
        let mut terms = Vec::new();
        for text in texts {
            terms.extend(Self::parse(text)?.terms);
        }
        Ok(Self { terms })
    }

    /// Reads the argument of `--limit`, where `@file` stands for the patterns in that file, one a line.
    pub fn parse_limit(text: &str) -> Result<Self, Diagnostic> {
        let mut terms = Vec::new();
        for part in split(text) {
            let Some(path) = part.strip_prefix('@') else {
                terms.push(Term::parse(part)?);
                continue;
            };
            if Path::new(path).is_dir() {
                let message = format!("Limit starting with \"@\" must be a file, not a directory: {path}");
                return Err(Diagnostic::error(message));
            }
            let lines = fs::read_to_string(Path::new(path)).map_err(|cause| {
                let error = Diagnostic::error(format!("cannot read the limit file `{path}`: {cause}"));
                error.worded(format!("Unable to find limit file {path}"))
            })?;
            for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
                terms.extend(Self::parse(line)?.terms);
            }
        }
        Ok(Self { terms })
    }
}

impl Term {
    fn parse(text: String) -> Result<Self, Diagnostic> {
        let (sign, text) = match text.strip_prefix(['!', '&']) {
            Some(rest) if text.starts_with('!') => (Sign::Not, rest.to_owned()),
            Some(rest) => (Sign::And, rest.to_owned()),
            None => (Sign::Plus, text),
        };
        if let Some(regex) = text.strip_prefix('~') {
            let compiled = Regex::new(&format!(r"\A(?:{regex})")).map_err(|cause| {
                Diagnostic::error(format!("`{regex}` in a host pattern is no regular expression: {cause}"))
                    .help("`~` begins a regular expression; `*` alone needs none")
            })?;
            return Ok(Self { sign, text, names: Names::Regex(Box::new(compiled)), slice: None });
        }
        let (name, slice) = match slice(&text) {
            Some((name, slice)) => (name, Some(slice)),
            None => (text.as_str(), None),
        };
        let text = name.to_owned();
        let names = if name.contains(['*', '?', '[']) { Names::Glob(text.clone()) } else { Names::Exact(text.clone()) };
        Ok(Self { sign, text, names, slice })
    }

    pub fn fits(&self, name: &str) -> bool {
        match &self.names {
            Names::Exact(exact) => exact == name,
            Names::Glob(pattern) => glob::matches(pattern, name),
            // An expression that gives up counts as no match.
            Names::Regex(regex) => regex.is_match(name).unwrap_or(false),
        }
    }
}

/// The name and the slice of `name[1:3]`.
fn slice(text: &str) -> Option<(&str, Slice)> {
    let (name, inner) = text.strip_suffix(']')?.rsplit_once('[')?;
    if name.is_empty() {
        return None;
    }
    let number = |text: &str| if text.bytes().all(|c| c.is_ascii_digit()) { text.parse::<usize>().ok() } else { None };
    if let Some(positive) = number(inner) {
        return Some((name, Slice::One(positive as i64)));
    }
    if let Some(negative) = inner.strip_prefix('-').and_then(number) {
        return Some((name, Slice::One(-(negative as i64))));
    }
    // `[1-3]` is an older spelling of `[1:3]`.
    let (begin, end) = inner.split_once([':', '-'])?;
    let end = if end.is_empty() { None } else { Some(number(end)?) };
    Some((name, Slice::Range(number(begin)?, end)))
}

/// The parts of a pattern: at commas if there are any, else at colons and blanks outside brackets,
/// unless the whole is an address.
fn split(text: &str) -> Vec<String> {
    if text.contains(',') {
        return text.split(',').flat_map(split).collect();
    }
    let text = text.trim();
    if address::is_address(text) {
        return vec![text.to_owned()];
    }
    let mut parts = vec![String::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '[' if rest.contains(']') => {
                length = rest.find(']').map_or(length, |end| end + 1);
                parts.last_mut().into_iter().for_each(|part| part.push_str(&rest[..length]));
            }
            ':' | '[' | ']' => parts.push(String::new()),
            c if c.is_whitespace() => parts.push(String::new()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        rest = &rest[length..];
    }
    parts.retain(|part| !part.is_empty());
    parts
}
