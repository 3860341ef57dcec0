//! Python's regular expressions over `fancy-regex`: the pattern's syntax and the replacement's are translated.

mod check;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use fancy_regex::{Captures, Regex, RegexBuilder};
use parking_lot::Mutex;

use super::TemplateError;
use crate::value::Value;

/// Steps that a match may take before it is given up.
const STEPS: usize = 1_000_000;

/// How a pattern matches.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Flags {
    pub ignore_case: bool,
    pub multiline: bool,
    pub anchor: Anchor,
}

/// Where a pattern has to match.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Anchor {
    /// Anywhere (`re.search`).
    #[default]
    Free,
    /// At the start (`re.match`).
    Start,
    /// From the start to the end (`re.fullmatch`).
    Whole,
}

/// A pattern of Python's `re`, without flags. Fails when it is none.
pub fn pattern(pattern: &str) -> Result<Arc<Regex>, TemplateError> {
    compile(pattern, Flags::default())
}

/// Whether a pattern begins with flags that allow comments.
fn is_verbose(pattern: &str) -> bool {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    flags.is_some_and(|(flags, _)| flags.chars().all(|flag| flag.is_ascii_alphabetic()) && flags.contains('x'))
}

/// The compiled pattern; compiled patterns are kept.
pub(super) fn compile(pattern: &str, flags: Flags) -> Result<Arc<Regex>, TemplateError> {
    type Cache = HashMap<(String, Flags), Arc<Regex>>;
    static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);
    let key = (pattern.to_owned(), flags);
    if let Some(regex) = CACHE.lock().get(&key) {
        return Ok(Arc::clone(regex));
    }
    if let Some(mistake) = check::mistake(pattern) {
        return Err(TemplateError::raised("re.error", mistake));
    }
    let mut translated = String::new();
    if flags.ignore_case {
        translated.push_str("(?i)");
    }
    if flags.multiline {
        translated.push_str("(?m)");
    }
    let pattern_here = translate(pattern);
    // A comment may be the last of it.
    let end = if is_verbose(pattern) { "\n)" } else { ")" };
    match flags.anchor {
        Anchor::Free => translated.push_str(&pattern_here),
        Anchor::Start => translated.extend(["\\A(?:", &pattern_here, end]),
        Anchor::Whole => translated.extend(["\\A(?:", &pattern_here, end, "\\z"]),
    }
    let regex = RegexBuilder::new(&translated)
        .backtrack_limit(STEPS)
        .build()
        .map_err(|error| TemplateError::raised("re.error", format!("invalid pattern `{pattern}`: {error}")))?;
    let regex = Arc::new(regex);
    let mut cache = CACHE.lock();
    if cache.len() > 500 {
        cache.clear();
    }
    cache.insert(key, Arc::clone(&regex));
    Ok(regex)
}

/// What Python writes differently: `\Z` is the very end, `$` also stands before a final newline, and brackets in a
/// class need no escape.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let multiline = pattern.starts_with("(?") && pattern.split(')').next().is_some_and(|flags| flags.contains('m'));
    let mut class = false;
    let mut class_start = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next();
                match next {
                    Some('Z') if !class => out.push_str("\\z"),
                    // Rust knows no escape of these characters, Python lets any be escaped.
                    Some(c) if !c.is_alphanumeric() && !c.is_ascii() => out.push(c),
                    Some(c @ ('"' | '\'' | '/' | ',' | '=' | ':' | ';' | '@' | '%' | '!' | '`' | '_' | '<' | '>')) => {
                        out.push(c);
                    }
                    Some(c) => {
                        out.push('\\');
                        out.push(c);
                    }
                    None => out.push('\\'),
                }
                class_start = false;
                continue;
            }
            '[' if class => out.push_str("\\["),
            '[' => {
                class = true;
                class_start = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                continue;
            }
            ']' if class && class_start => out.push_str("\\]"),
            ']' if class => {
                class = false;
                out.push(']');
            }
            '&' | '~' if class => {
                out.push('\\');
                out.push(c);
            }
            '-' if class && chars.peek() == Some(&'-') => out.push_str("\\-"),
            '$' if !class && !multiline => out.push_str("(?:$|(?=\\n\\z))"),
            c => out.push(c),
        }
        class_start = false;
    }
    out
}

/// All matches in order, as Python walks them: an empty one may follow another match at once, but no empty one.
pub(super) fn all<'t>(regex: &Regex, text: &'t str) -> Result<Vec<Captures<'t, str>>, TemplateError> {
    let mut found = Vec::new();
    let (mut at, mut last_empty) = (0, None);
    while at <= text.len() {
        let Some(captures) = regex.captures_from_pos(text, at).map_err(|error| gave_up(&error))? else { break };
        let Some(whole) = captures.get(0) else { break };
        let is_empty = whole.start() == whole.end();
        if is_empty && last_empty == Some(whole.end()) {
            at = whole.end() + text[whole.end()..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        last_empty = is_empty.then_some(whole.end());
        at = whole.end();
        found.push(captures);
    }
    Ok(found)
}

/// The text of a pattern, which has to be text.
pub(super) fn pattern_text(value: &Value) -> Result<&str, TemplateError> {
    value.as_str().ok_or_else(|| match value {
        Value::List(_) | Value::Dict(_) => {
            TemplateError::type_error(format!("unhashable type: '{}'", value.type_name()))
        }
        _ => TemplateError::type_error("first argument must be string or compiled pattern"),
    })
}

/// A replacement with `\1`, `\g<1>`, `\g<name>` and Python's escapes filled in.
pub(super) fn expand(template: &str, captures: &Captures<'_, str>) -> Result<String, TemplateError> {
    let bad = |text: String| TemplateError::raised("re.error", text);
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else { return Err(bad("bad escape (end of pattern)".to_owned())) };
        rest = &rest[c.len_utf8()..];
        match c {
            'g' => {
                let inner = rest.strip_prefix('<').and_then(|inner| inner.split_once('>'));
                let Some((name, after)) = inner else { return Err(bad("missing <".to_owned())) };
                rest = after;
                let found = match name.parse::<usize>() {
                    Ok(index) if index < captures.len() => captures.get(index),
                    Ok(index) => return Err(bad(format!("invalid group reference {index}"))),
                    Err(_) => captures.name(name),
                };
                out.push_str(found.map_or("", |found| found.as_str()));
            }
            '0' => out.push('\0'),
            '1'..='9' => {
                let second = rest.chars().next().filter(char::is_ascii_digit);
                let mut index = c as usize - '0' as usize;
                if let Some(digit) = second {
                    index = index * 10 + digit as usize - '0' as usize;
                    rest = &rest[1..];
                }
                if index >= captures.len() {
                    return Err(bad(format!("invalid group reference {index}")));
                }
                out.push_str(captures.get(index).map_or("", |found| found.as_str()));
            }
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            '\\' => out.push('\\'),
            c if c.is_ascii_alphabetic() => return Err(bad(format!("bad escape \\{c}"))),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// What a match that took too many steps raises.
pub(super) fn gave_up(error: &fancy_regex::Error) -> TemplateError {
    TemplateError::raised("re.error", format!("the match was given up: {error}"))
}
