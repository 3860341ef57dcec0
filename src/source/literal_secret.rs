//! Passwords that are written in a file, hidden in the lines that a message shows.
//!
//! An error may come before anything is read, when nobody knows yet which texts are secret: here
//! the name in front of a value decides. Values that are templates stay, for they say only where
//! a secret is kept.

/// What stands in place of a secret.
pub const MASK: &str = "********";

/// Ends of names whose values are secret; in front of them the name has a separator, or nothing.
const NAMES: [&str; 9] =
    ["password", "passwd", "pass", "passphrase", "secret", "token", "api_key", "secret_key", "private_key"];

/// Values that are no secrets, whatever their name.
const HARMLESS: [&str; 13] =
    ["", "~", "null", "omit", "none", "yes", "no", "true", "false", "on", "off", "always", "on_create"];

/// The lines of `text`, with the values of passwords hidden.
pub fn hidden_lines(text: &str) -> Vec<String> {
    // The indentation of a key whose value is a block of deeper lines.
    let mut block: Option<usize> = None;
    text.lines()
        .map(|line| {
            let indent = line.len() - line.trim_start().len();
            if let Some(outer) = block {
                if line.trim().is_empty() {
                    return line.to_owned();
                }
                if indent > outer {
                    return format!("{}{MASK}", &line[..indent]);
                }
            }
            let (shown, opens) = hide(line);
            block = opens.then_some(indent);
            shown
        })
        .collect()
}

/// A line with its secret values hidden, and whether one of them goes on in the lines below.
fn hide(line: &str) -> (String, bool) {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, value)) = find(rest) {
        let is_first =
            shown.is_empty() && before.trim_start_matches([' ', '\t', '-', '"', '\'']).len() == name_length(before);
        shown.push_str(before);
        let flow = shown.contains(['{', '[']);
        let length = length(value, before.ends_with('='), is_first, flow);
        let text = &value[..length];
        if matches!(text.trim_start().as_bytes(), [b'|' | b'>', ..]) {
            shown.push_str(value);
            return (shown, true);
        }
        shown.push_str(if is_secret(text) { MASK } else { text });
        rest = &value[length..];
    }
    shown.push_str(rest);
    (shown, false)
}

/// Where the first secret name of `text` ends, its separator included, and what follows.
fn find(text: &str) -> Option<(&str, &str)> {
    for (at, separator) in text.char_indices().filter(|(_, letter)| matches!(letter, ':' | '=')) {
        let after = &text[at + 1..];
        let is_pair = match separator {
            ':' => after.is_empty() || after.starts_with([' ', '\t', '"', '\'']),
            _ => !after.starts_with('=') && !text[..at].ends_with(['=', '!', '<', '>']),
        };
        if is_pair && names_a_secret(&text[..at]) {
            let end = text.len() - if separator == ':' { after.trim_start() } else { after }.len();
            return Some(text.split_at(end));
        }
    }
    None
}

/// Whether the word at the end of `text` is the name of a secret.
pub fn names_a_secret(text: &str) -> bool {
    let word = word(text).to_ascii_lowercase();
    NAMES.iter().any(|name| {
        let before = word.strip_suffix(name);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['_', '-', '.']) || *name == "password")
    })
}

/// The word at the end of `text`, without the quotes around it.
fn word(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let start = text.rfind(|letter: char| !letter.is_ascii_alphanumeric() && !"_-.".contains(letter));
    start.map_or(text, |start| &text[start + text[start..].chars().next().map_or(1, char::len_utf8)..])
}

/// The length from the beginning of the word in front of the separator to the end of `text`.
fn name_length(text: &str) -> usize {
    let name = text.trim_end().trim_end_matches([':', '=']);
    let word = word(name);
    // Both are parts of one text.
    let start = word.as_ptr() as usize - text.as_ptr() as usize;
    text.len() - start
}

/// How much of `text` is the value at its beginning, in bytes.
fn length(text: &str, is_assignment: bool, is_first: bool, flow: bool) -> usize {
    if let Some(quote) = text.chars().next().filter(|letter| matches!(letter, '"' | '\'')) {
        // A quote that is never closed, or closed in another line: the rest.
        let mut letters = text.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, letter)| *letter);
            match letter {
                // What follows is part of the text: `\"` in one kind of quotes, `''` in the other.
                '\\' if quote == '"' => drop(letters.next()),
                '\'' if quote == '\'' && next == Some('\'') => drop(letters.next()),
                _ if letter == quote => return at + 1,
                _ => {}
            }
        }
        return text.len();
    }
    let end = if is_assignment && !is_first {
        text.find([' ', '\t', '"', '\''])
    } else if flow {
        text.find([',', '}', ']'])
    } else {
        text.find(" #")
    };
    text[..end.unwrap_or(text.len())].trim_end().len()
}

/// Whether a value is one to hide.
fn is_secret(value: &str) -> bool {
    let text = value.trim().trim_matches(['"', '\'']);
    !text.contains("{{")
        && !text.starts_with(['!', '&', '*', '{', '['])
        && !HARMLESS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(line: &str, expected: &str) {
        assert_eq!(hidden_lines(line), [expected]);
    }

    #[test]
    fn values_are_hidden_in_every_syntax() {
        shows("ansible_password: hunter2", "ansible_password: ********");
        shows("  - db_pass:   'it''s' # old", "  - db_pass:   ******** # old");
        shows("web1 ansible_password=hunter2 ansible_user=ops", "web1 ansible_password=******** ansible_user=ops");
        shows("ansible_become_pass=two words", "ansible_become_pass=********");
        shows("{\"api_token\": \"a b\", \"user\": \"x\"}", "{\"api_token\": ********, \"user\": \"x\"}");
        shows(
            "- user: {name: x, password: a1, shell: /bin/sh}",
            "- user: {name: x, password: ********, shell: /bin/sh}",
        );
        shows("- command: login --password=x y", "- command: login --password=******** y");
        shows("a_pass: x", "a_pass: ********");
        shows("password: \"open", "password: ********");
        shows("one_secret=a two_token=b", "one_secret=********");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for line in [
            "ansible_password: \"{{ vault_password }}\"",
            "update_password: on_create",
            "password: !vault |",
            "ask_pass: yes",
            "compass: north",
            "when: password == 'x'",
            "passwords:",
            "password:",
            "http://x/?a=b",
        ] {
            shows(line, line);
        }
    }

    #[test]
    fn a_block_of_lines_is_hidden_as_a_whole() {
        let text = "private_key: |\n  -----BEGIN\n\n  abc\nport: 22";
        assert_eq!(hidden_lines(text), ["private_key: |", "  ********", "", "  ********", "port: 22"]);
    }
}
