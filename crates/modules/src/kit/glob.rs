//! Shell patterns for paths, as Python's `glob` and `fnmatch` read them.

use std::path::{Path, PathBuf};

use super::Reader;

/// Whether anything matches the pattern; a dangling link counts when it is named in full.
pub fn any(host: &Reader, folder: &Path, pattern: &Path) -> bool {
    !paths(host, folder, pattern).is_empty()
}

/// The paths that match, sorted; a relative pattern starts at `folder`, which may be empty. Folders
/// that cannot be read hold nothing.
pub fn paths(host: &Reader, folder: &Path, pattern: &Path) -> Vec<PathBuf> {
    let text = pattern.to_string_lossy();
    let root = if text.starts_with('/') { Path::new("/") } else { folder };
    let mut found = vec![root.to_owned()];
    for part in text.split('/').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|folder| step(host, folder, part)).collect();
    }
    if text.ends_with('/') {
        found.retain(|path| path.is_dir());
    }
    found.sort();
    found
}

fn step(host: &Reader, folder: &Path, part: &str) -> Vec<PathBuf> {
    if !is_pattern(part) {
        let path = folder.join(part);
        let is_there = matches!(host.lstat(&path), Ok(Some(_)));
        return if is_there { vec![path] } else { Vec::new() };
    }
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = host.list(here).unwrap_or_default();
    let names = names.iter().filter_map(|path| path.file_name());
    names
        .filter(|name| {
            let name = name.to_string_lossy();
            (!name.starts_with('.') || part.starts_with('.')) && matches(part, &name)
        })
        .map(|name| folder.join(name))
        .collect()
}

/// Whether the text has `*`, `?` or `[` in it.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Python's `fnmatch`: `*`, `?`, `[abc]`, `[a-c]`, `[!abc]`; the whole name has to match.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches_from(&pattern, &name)
}

fn matches_from(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => (0..=name.len()).any(|taken| matches_from(rest, &name[taken..])),
        ['?', rest @ ..] => !name.is_empty() && matches_from(rest, &name[1..]),
        ['[', rest @ ..] => match (set(rest), name) {
            (Some(_), []) => false,
            (Some((set, length)), [letter, ..]) => set_holds(set, *letter) && matches_from(&rest[length..], &name[1..]),
            // Without its end a bracket is a letter as any other.
            (None, _) => name.first() == Some(&'[') && matches_from(rest, &name[1..]),
        },
        [letter, rest @ ..] => name.first() == Some(letter) && matches_from(rest, &name[1..]),
    }
}

/// What stands between the brackets, and how much of the pattern that is with the closing one.
fn set(rest: &[char]) -> Option<(&[char], usize)> {
    let start = usize::from(rest.first() == Some(&'!'));
    // A bracket that closes right away is a member.
    let end = rest.iter().skip(start + 1).position(|letter| *letter == ']')? + start + 1;
    Some((&rest[..end], end + 1))
}

fn set_holds(set: &[char], letter: char) -> bool {
    let (negated, mut members) = match set {
        ['!', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut holds = false;
    while let [first, rest @ ..] = members {
        members = rest;
        if let ['-', last, after @ ..] = rest {
            holds |= (*first..=*last).contains(&letter);
            members = after;
        } else {
            holds |= *first == letter;
        }
    }
    holds != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_python() {
        let cases = [
            ("*.txt", "a.txt", true),
            ("*.txt", "a.txt.gz", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]x", "]x", true),
            ("[a-]x", "-x", true),
            ("[ab", "[ab", true),
            ("*a*b*", "xaybz", true),
            ("", "", true),
        ];
        for (pattern, name, wanted) in cases {
            assert_eq!(matches(pattern, name), wanted, "{pattern} on {name}");
        }
    }
}
