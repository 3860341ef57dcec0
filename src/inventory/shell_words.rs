//! Words of a line, quoted as in a shell: the rules of Python's `shlex.split(line, comments=True)`.

/// One word with its quotes taken off.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: String,
    /// Where it begins, in characters from 0.
    pub column: u32,
}

/// The words before a `#` that stands outside quotes. Fails with the column of a quote that is never closed.
pub fn split(line: &str) -> Result<Vec<Word>, u32> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut chars = (0..).zip(line.chars()).peekable();
    while let Some((column, c)) = chars.next() {
        if c.is_ascii_whitespace() {
            words.extend(word.take());
            continue;
        }
        if c == '#' {
            break;
        }
        let text = &mut word.get_or_insert_with(|| Word { text: String::new(), column }).text;
        match c {
            '\\' => text.push(chars.next().ok_or(column)?.1),
            '\'' | '"' => loop {
                match chars.next().ok_or(column)?.1 {
                    end if end == c => break,
                    '\\' if c == '"' => match chars.next().ok_or(column)?.1 {
                        escaped @ ('"' | '\\') => text.push(escaped),
                        other => text.extend(['\\', other]),
                    },
                    inner => text.push(inner),
                }
            },
            _ => text.push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_and_comments_are_those_of_shlex() {
        assert_eq!(words(r#"a x="b c" y='d # e' z=f#g h"#), ["a", "x=b c", "y=d # e", "z=f"]);
        assert_eq!(words(r#"a\ b "c\"d" "e\f" '' # x"#), ["a b", "c\"d", "e\\f", ""]);
        assert_eq!(split("a 'b"), Err(2));
    }
}
