//! Splits and quotes command lines as Python's `shlex` does, since playbooks were written for it.

/// The words of a command line: POSIX quoting, no comments, nothing expanded. The error is Python's text.
pub fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' | '"' => quoted(letter, &mut letters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(letters.next().ok_or("No escaped character")?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, letters: &mut std::str::Chars, word: &mut String) -> Result<(), &'static str> {
    loop {
        match letters.next().ok_or("No closing quotation")? {
            letter if letter == quote => return Ok(()),
            // Between double quotes a backslash means itself, but before a quote or another one.
            '\\' if quote == '"' => match letters.next().ok_or("No escaped character")? {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            letter => word.push(letter),
        }
    }
}

/// A word as a shell reads it back: in single quotes unless it is harmless.
pub fn quote(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

/// A command line of quoted words.
pub fn join<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_as_in_python() {
        let cases: [(&str, Result<&[&str], &str>); 11] = [
            ("a b\tc\nd", Ok(&["a", "b", "c", "d"])),
            ("  ", Ok(&[])),
            ("''", Ok(&[""])),
            (r#"a'b c'"d e""#, Ok(&["ab cd e"])),
            (r#""a\"b\\c\n""#, Ok(&[r#"a"b\c\n"#])),
            (r"'a\' b", Ok(&[r"a\", "b"])),
            (r"a\ b", Ok(&["a b"])),
            ("a # b", Ok(&["a", "#", "b"])),
            ("'a", Err("No closing quotation")),
            ("\"a", Err("No closing quotation")),
            ("a\\", Err("No escaped character")),
        ];
        for (line, words) in cases {
            let words = words.map(|words| words.iter().map(ToString::to_string).collect());
            assert_eq!(split(line), words, "{line}");
        }
    }

    #[test]
    fn quoted_words_split_back() {
        let words = ["a", "", "b c", "it's", "$x", "\\"];
        assert_eq!(join(&words), r#"a '' 'b c' 'it'"'"'s' '$x' '\'"#);
        assert_eq!(split(&join(&words)).expect("it was quoted"), words);
    }
}
