//! `*`, `?` and `[a-z]` in host patterns, as Python's `fnmatch` reads them.

/// Whether `name` as a whole fits `pattern`.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        if let Some(next) = one(&pattern, p, name[n]) {
            p = next;
            n += 1;
            continue;
        }
        // The last star takes one character more.
        let Some((at, taken)) = star else { return false };
        star = Some((at, taken + 1));
        p = at + 1;
        n = taken + 1;
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on after its item at `p`, if that item fits `c`.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => match class_end(pattern, p) {
            Some(end) => class(&pattern[p + 1..end], c).then_some(end + 1),
            None => (c == '[').then_some(p + 1),
        },
        literal => (literal == c).then_some(p + 1),
    }
}

/// The index of the `]` that closes the class at `p`; one right at its beginning is a member.
fn class_end(pattern: &[char], p: usize) -> Option<usize> {
    let mut from = p + 1;
    if pattern.get(from) == Some(&'!') {
        from += 1;
    }
    if pattern.get(from) == Some(&']') {
        from += 1;
    }
    (from..pattern.len()).find(|index| pattern[*index] == ']')
}

fn class(members: &[char], c: char) -> bool {
    let (negated, members) = match members {
        ['!', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut found = false;
    let mut index = 0;
    while index < members.len() {
        if let [low, '-', high, ..] = members[index..] {
            found |= (low..=high).contains(&c);
            index += 3;
        } else {
            found |= members[index] == c;
            index += 1;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn it_matches_as_fnmatch_does() {
        for (pattern, name) in [
            ("*", ""),
            ("web*", "web1"),
            ("*.x.y", "a.b.x.y"),
            ("w?b", "web"),
            ("[ab]1", "b1"),
            ("[!a]1", "b1"),
            ("[]]", "]"),
            ("a[:2]", "a2"),
            ("[", "["),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("web", "web1"), ("w?b", "wb"), ("[!ab]1", "b1"), ("*.x", "xx"), ("[a-c]", "d"), ("A", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
