//! Text in lines, as Python's `splitlines` counts them.

/// The lines of a text, without their ends; a last line need not have one.
pub fn split(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((at, end)) = rest.char_indices().find(|(_, letter)| ends_line(*letter)) {
        lines.push(&rest[..at]);
        let after = &rest[at + end.len_utf8()..];
        rest = if end == '\r' { after.strip_prefix('\n').unwrap_or(after) } else { after };
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn ends_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_of_pythons_line_ends_end_a_line() {
        assert_eq!(super::split("a\nb\r\nc\rd\x0ce\u{2028}f"), ["a", "b", "c", "d", "e", "f"]);
        assert_eq!(super::split("a\n\n"), ["a", ""]);
        assert!(super::split("").is_empty());
    }
}
