//! Options inside a lookup's term, as old playbooks have them: `lookup('password', 'path length=8')`.

/// The words of a term without `=`, and its pairs, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inline {
    /// The words that are no pair.
    pub words: Vec<String>,
    /// `key=value`, without the quotes around the value.
    pub pairs: Vec<(String, String)>,
}

impl Inline {
    /// Reads a term. Blanks inside quotes do not end a word; `\t` and `\n` are a tab and a newline.
    pub fn parse(term: &str) -> Self {
        let mut parsed = Self::default();
        for word in words(term) {
            let word = word.replace("\\t", "\t").replace("\\n", "\n");
            match word.split_once('=') {
                Some((key, value)) => parsed.pairs.push((key.trim().to_owned(), unquoted(value.trim()).to_owned())),
                None => parsed.words.push(word),
            }
        }
        parsed
    }
}

fn words(term: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    for c in term.chars() {
        match quote {
            None if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_pairs_are_told_apart() {
        let parsed = Inline::parse("multi word file=a.csv delimiter=' ' tab='\\t'");
        assert_eq!(parsed.words, ["multi", "word"]);
        let pairs = [("file", "a.csv"), ("delimiter", " "), ("tab", "\t")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(parsed.pairs, pairs);
    }
}
