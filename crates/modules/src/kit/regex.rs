//! Python's regular expressions, as playbooks write them, run by `fancy_regex`.

mod mistake;

use fancy_regex::{Captures, Regex};

use super::Failure;
use mistake::{bounds, mistake};

/// Compiles a pattern; `multiline` is Python's flag of that name.
pub fn compile(pattern: &str, multiline: bool) -> Result<Regex, Failure> {
    checked(pattern, &translate(pattern, multiline, false))
}

/// Like [`compile`], but `.` matches newlines too.
pub fn compile_dotall(pattern: &str) -> Result<Regex, Failure> {
    checked(pattern, &format!("(?s){}", translate(pattern, false, false)))
}

/// Like [`compile`], for what Python matches with bytes: `\w`, `\d` and `\s` know ASCII alone.
pub fn compile_bytes(pattern: &str, multiline: bool) -> Result<Regex, Failure> {
    checked(pattern, &translate(pattern, multiline, true))
}

fn checked(pattern: &str, translated: &str) -> Result<Regex, Failure> {
    match mistake(pattern) {
        Some(mistake) => Err(Failure::new(mistake)),
        None => Regex::new(translated).map_err(|e| Failure::new(reason(pattern, &e))),
    }
}

impl From<fancy_regex::Error> for Failure {
    fn from(error: fancy_regex::Error) -> Self {
        Self::new(format!("the regular expression takes too long: {error}"))
    }
}

/// Why a pattern is none, in Python's words where it has the commonest mistakes.
fn reason(pattern: &str, error: &fancy_regex::Error) -> String {
    mistake(pattern).unwrap_or_else(|| match error.to_string() {
        error if error.contains("Variable-length lookbehind") => "look-behind requires fixed-width pattern".into(),
        error => format!("invalid regular expression `{pattern}`: {error}"),
    })
}

/// Whether a pattern begins with the flag that lets `^` and `$` match at every line.
pub fn is_multiline(pattern: &str) -> bool {
    let inline = pattern.strip_prefix("(?").and_then(|rest| rest.split(')').next());
    inline.is_some_and(|flags| flags.contains('m') && flags.chars().all(|c| c.is_ascii_lowercase()))
}

/// Rewrites what the two dialects spell differently: `$` before a last newline, `\Z`, `\<`, braces that repeat
/// nothing, and `[`, `&`, `~` and `--` in classes. With `ascii`, classes have no other letters.
fn translate(pattern: &str, multiline: bool, ascii: bool) -> String {
    let is_multiline = multiline || is_multiline(pattern);
    let mut out = String::from(if multiline { "(?m)" } else { "" });
    let mut letters = pattern.chars();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('Z') if !in_class => out.push_str("\\z"),
                Some(literal @ ('<' | '>')) => out.push(literal),
                Some(class @ ('d' | 'D' | 's' | 'S' | 'w' | 'W')) if ascii => out.push_str(&ascii_class(class)),
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str("\\["),
            '&' | '~' if in_class => out.extend(['\\', letter]),
            '-' if in_class && out.ends_with('-') && !out.ends_with("\\-") => out.push_str("\\-"),
            '{' if !in_class => match bounds(letters.as_str()) {
                None => out.push_str("\\{"),
                Some(("", ..)) => out.push_str("{0"),
                Some(_) => out.push('{'),
            },
            '[' => {
                in_class = true;
                out.push('[');
                let mut rest = letters.as_str();
                if let Some(after) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = after;
                }
                // A bracket or a dash right at the start is one of the class.
                if let Some(first) = rest.chars().next().filter(|first| matches!(first, ']' | '-')) {
                    out.extend(['\\', first]);
                    rest = &rest[1..];
                }
                letters = rest.chars();
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '$' if !in_class && !is_multiline => out.push_str("(?=\\n?\\z)"),
            other => out.push(other),
        }
    }
    out
}

fn ascii_class(class: char) -> String {
    let letters = match class.to_ascii_lowercase() {
        'd' => "0-9",
        's' => " \\t-\\r",
        _ => "0-9A-Za-z_",
    };
    format!("[{}{letters}]", if class.is_ascii_uppercase() { "^" } else { "" })
}

/// Fills the groups of a match into a template, as Python's `Match.expand`: `\1`, `\g<1>`,
/// `\g<name>`, and the escapes of strings.
pub fn expand(template: &str, captures: &Captures<'_, str>) -> Result<String, Failure> {
    let numbered = |number: usize| captures.get(number).map(|group| group.as_str().to_owned());
    let named = |name: &str| Ok(captures.name(name).map(|group| group.as_str().to_owned()));
    fill(template, captures.len(), &numbered, &named)
}

/// Fails where [`expand`] would for every match of `pattern`: as in Python, also when there is none.
pub fn check_template(template: &str, pattern: &Regex) -> Result<(), Failure> {
    let named = |name: &str| {
        let is_known = pattern.capture_names().flatten().any(|known| known == name);
        if is_known { Ok(None) } else { Err(Failure::new(format!("unknown group name '{name}'"))) }
    };
    fill(template, pattern.captures_len(), &|_| None, &named).map(drop)
}

fn fill(
    template: &str,
    groups: usize,
    numbered: &dyn Fn(usize) -> Option<String>,
    named: &dyn Fn(&str) -> Result<Option<String>, Failure>,
) -> Result<String, Failure> {
    let unknown = |group: &str, at: usize| Failure::new(format!("invalid group reference {group} at position {at}"));
    let mut out = String::new();
    let mut letters = template.chars().enumerate().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next().map(|(_, letter)| letter) {
            Some('g') if letters.next_if(|(_, letter)| *letter == '<').is_some() => {
                let mut name = String::new();
                while let Some((_, letter)) = letters.next_if(|(_, letter)| *letter != '>') {
                    name.push(letter);
                }
                if letters.next().is_none() {
                    let msg = format!("missing >, unterminated name at position {}", at + 3);
                    return Err(Failure::new(msg));
                }
                let group = match name.parse::<usize>() {
                    Ok(number) if number < groups => numbered(number),
                    Ok(_) => return Err(unknown(&name, at + 3)),
                    Err(_) if name.contains(|letter: char| letter != '_' && !letter.is_alphanumeric()) => {
                        let msg = format!("bad character in group name '{name}' at position {}", at + 3);
                        return Err(Failure::new(msg));
                    }
                    Err(_) => named(&name)?,
                };
                out.push_str(&group.unwrap_or_default());
            }
            Some(digit @ '0'..='9') => {
                let mut name = String::from(digit);
                let is_octal = |letter: char| ('0'..='7').contains(&letter);
                while let Some((_, next)) = letters.next_if(|(_, next)| match name.len() {
                    1 if digit != '0' => next.is_ascii_digit(),
                    1 | 2 => is_octal(*next) && name.chars().all(is_octal),
                    _ => false,
                }) {
                    name.push(next);
                }
                if digit == '0' || name.len() == 3 {
                    let msg = format!("octal escape value \\{name} outside of range 0-0o377 at position {at}");
                    out.push(u8::from_str_radix(&name, 8).map_err(|_| Failure::new(msg))?.into());
                    continue;
                }
                let number: usize = name.parse().map_err(|_| unknown(&name, at + 1))?;
                if number >= groups {
                    return Err(unknown(&name, at + 1));
                }
                out.push_str(&numbered(number).unwrap_or_default());
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('\\') => out.push('\\'),
            None => return Err(Failure::new(format!("bad escape (end of pattern) at position {at}"))),
            Some(other) if other.is_ascii_alphabetic() => {
                return Err(Failure::new(format!("bad escape \\{other} at position {at}")));
            }
            Some(other) => out.extend(['\\', other]),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{check_template, compile, expand};

    #[test]
    fn patterns_match_as_in_python() {
        let cases = [
            ("^a$", "a\n", true),
            ("^a$", "a\n\n", false),
            (r"a\Z", "a\n", false),
            (r"\<a\>", "<a>", true),
            ("[[]x", "[x", true),
            ("[]x]y", "]y", true),
            (r"(?P<n>a)(?P=n)", "aa", true),
            (r"^\t<Location \/>\n", "\t<Location />\n", true),
            ("^server {$", "server {", true),
            ("^a{,3}$", "aaa", true),
            ("^a{,}b", "aaab", true),
            ("[+--]", ",", true),
            ("[--a]", "Z", true),
            ("[^--a]", "Z", false),
            ("[-a]", "Z", false),
            (r"[a\--9]", "5", true),
        ];
        for (pattern, text, matches) in cases {
            assert_eq!(compile(pattern, false).unwrap().is_match(text).unwrap(), matches, "{pattern}");
        }
    }

    #[test]
    fn templates_expand_as_in_python() {
        let regex = compile(r"(?P<key>\w+)=(\w+)(x)?", false).unwrap();
        let captures = regex.captures("a=b").unwrap().unwrap();
        let cases = [
            (r"\2=\1", "b=a"),
            (r"\g<key>\g<2>0", "ab0"),
            (r"\3\\n", "\\n"),
            (r"\1\n", "a\n"),
            (r"\.", r"\."),
            (r"\101\0\012", "A\0\n"),
        ];
        for (template, text) in cases {
            assert_eq!(expand(template, &captures).unwrap(), text, "{template}");
        }
        assert_eq!(expand(r"a\7", &captures).unwrap_err().msg, "invalid group reference 7 at position 2");
        let mistakes = [
            (r"a\D", r"bad escape \D at position 1"),
            (r"\g<key", "missing >, unterminated name at position 3"),
            (r"\g<value>", "unknown group name 'value'"),
            (r"\400", r"octal escape value \400 outside of range 0-0o377 at position 0"),
        ];
        for (template, text) in mistakes {
            assert_eq!(check_template(template, &regex).unwrap_err().msg, text, "{template}");
        }
    }
}
