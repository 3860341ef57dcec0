//! Shell patterns, and sed's `s` command, in the words of our regular expressions.

use fancy_regex::Regex;

use crate::kit::Failure;

/// `fnmatch(3)` without flags: `*` matches `/` too.
pub fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?', '[', '\\']) {
        return pattern == text;
    }
    Regex::new(&translate(pattern)).is_ok_and(|regex| regex.is_match(text).unwrap_or(false))
}

fn translate(pattern: &str) -> String {
    let mut regex = String::from("(?s)^");
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match rest.as_str().get(1..).and_then(|tail| tail.find(']')) {
                Some(end) => {
                    let class = &rest.as_str()[..=end];
                    let class = class.strip_prefix('!').map_or_else(|| class.to_owned(), |inner| format!("^{inner}"));
                    regex.extend(["[", &class.replace('\\', "\\\\").replace('[', "\\["), "]"]);
                    rest = rest.as_str()[end + 2..].chars();
                }
                None => regex.push_str("\\["),
            },
            '\\' => regex.push_str(&escape(rest.next().unwrap_or('\\'))),
            other => regex.push_str(&escape(other)),
        }
    }
    regex + "$"
}

fn escape(letter: char) -> String {
    if letter.is_alphanumeric() || letter == '_' || letter == '/' { letter.into() } else { format!("\\{letter}") }
}

/// `s/regex/replacement/flags` (`man 1 sed`): expression, replacement, and whether every match is replaced.
pub fn sed_expression(text: &str) -> Result<(Regex, String, bool), Failure> {
    let invalid = |why: &str| Failure::new(format!("`--transform={text}` is no expression that is understood: {why}"));
    let mut letters = text.chars();
    let separator = (letters.next() == Some('s')).then(|| letters.next()).flatten();
    let separator = separator.ok_or_else(|| invalid("it does not begin with `s`"))?;
    let mut parts = vec![String::new()];
    while let Some(letter) = letters.next() {
        match (letter, parts.last_mut()) {
            (letter, _) if letter == separator => parts.push(String::new()),
            ('\\', Some(part)) => match letters.next() {
                Some(next) if next == separator => part.push(next),
                Some(next) => part.extend(['\\', next]),
                None => part.push('\\'),
            },
            (letter, Some(part)) => part.push(letter),
            (_, None) => {}
        }
    }
    let [regex, replacement, flags] = &parts[..] else { return Err(invalid("it does not have three parts")) };
    let has = |flag: char| flags.contains(flag);
    let regex = if has('x') { regex.clone() } else { basic(regex) };
    let regex = if has('i') { format!("(?i){regex}") } else { regex };
    let regex = Regex::new(&regex).map_err(|e| invalid(&e.to_string()))?;
    Ok((regex, expansion(replacement), has('g')))
}

/// A basic regular expression (`man 7 regex`) as an extended one: where the backslash means the opposite.
fn basic(text: &str) -> String {
    let mut regex = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(next @ ('(' | ')' | '{' | '}' | '+' | '?' | '|')) => regex.push(next),
                Some(next) => regex.extend(['\\', next]),
                None => regex.push_str("\\\\"),
            },
            '(' | ')' | '{' | '}' | '+' | '?' | '|' => regex.extend(['\\', letter]),
            other => regex.push(other),
        }
    }
    regex
}

/// sed's `&` and `\1` as `${0}` and `${1}`.
fn expansion(text: &str) -> String {
    let mut expanded = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => expanded.push_str("${0}"),
            '$' => expanded.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit) if digit.is_ascii_digit() => expanded.extend(["${", digit.encode_utf8(&mut [0; 4]), "}"]),
                Some(other) => expanded.push(other),
                None => expanded.push('\\'),
            },
            other => expanded.push(other),
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_fnmatch() {
        assert!(
            matches("*.so.?", "lib/x.so.1") && matches("[!a]b", "cb") && matches("a\\*", "a*") && matches("[a-c]", "b")
        );
        assert!(!matches("[!a]b", "ab") && !matches("a\\*", "ab") && !matches("x", "xy") && !matches("[", "a"));
    }
}
