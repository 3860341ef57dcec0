//! `key=value` text: how Ansible splits the arguments that stand on one line.

/// The pairs of a text, and what is left for the free-form argument.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// `name=value`, in order.
    pub pairs: Vec<(String, String)>,
    /// Everything else, spacing kept, lines that a backslash ends joined.
    pub rest: String,
}

/// Splits `text`. With `free`, only names that are `known` are pairs and the rest is kept as it is;
/// without, every `name=value` is one, whatever the name.
pub fn parse(text: &str, free: bool, known: impl Fn(&str) -> bool) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut rest = Vec::new();
    for word in words(text)? {
        let decoded = decode_escapes(&word);
        match split_pair(&decoded) {
            Split::Pair(name, value) if if free { known(name) } else { is_key(name) } => {
                parsed.pairs.push((name.trim().to_owned(), unquote(value.trim()).to_owned()));
            }
            Split::Escaped => rest.push(decoded.replace("\\=", "=")),
            _ => rest.push(word),
        }
    }
    let rest = join(&rest);
    parsed.rest = if rest.trim().is_empty() { String::new() } else { rest };
    Ok(parsed)
}

/// The first word, which may have templates with blanks in it, and the rest.
pub fn first_word(text: &str) -> (String, String) {
    let Ok(words) = words(text) else {
        let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        return (first.to_owned(), rest.to_owned());
    };
    let mut words = words.into_iter().skip_while(|word| word.trim().is_empty());
    let first = words.next().unwrap_or_default();
    (first.trim().to_owned(), words.collect::<Vec<_>>().join(" "))
}

/// How a word is made.
enum Split<'a> {
    /// `name=value`.
    Pair(&'a str, &'a str),
    /// It has no `=` but such as are escaped.
    Escaped,
    /// It has no `=`.
    Plain,
}

/// Splits a word at its first `=` that neither begins it nor follows a backslash.
fn split_pair(word: &str) -> Split<'_> {
    let mut signs = word.match_indices('=').map(|(at, _)| at).peekable();
    if signs.peek().is_none() {
        return Split::Plain;
    }
    let first = signs.find(|at| *at > 0 && !word[..*at].ends_with('\\'));
    first.map_or(Split::Escaped, |at| Split::Pair(&word[..at], &word[at + 1..]))
}

/// Whether a text may be the name of an argument: any may, templates too, but for a part of a template.
fn is_key(text: &str) -> bool {
    text.matches("{{").count() == text.matches("}}").count()
}

/// What is open at some place in a text: a quote, and how many of each kind of Jinja's brackets.
#[derive(Default)]
struct Open {
    quote: Option<char>,
    brackets: [usize; 3],
}

impl Open {
    fn is_any(&self) -> bool {
        self.quote.is_some() || self.brackets.iter().any(|depth| *depth > 0)
    }

    /// Goes on behind `token`. Quotes count inside templates, too.
    fn read(&mut self, token: &str) {
        let mut before = None;
        for letter in token.chars() {
            if matches!(letter, '"' | '\'') && before != Some('\\') {
                self.quote = match self.quote {
                    None => Some(letter),
                    Some(open) if open == letter => None,
                    open => open,
                };
            }
            before = Some(letter);
        }
        for (depth, (open, close)) in self.brackets.iter_mut().zip([("{{", "}}"), ("{%", "%}"), ("{#", "#}")]) {
            *depth = (*depth + token.matches(open).count()).saturating_sub(token.matches(close).count());
        }
    }
}

/// Splits at blanks and ends of lines outside quotes and templates. A word keeps the further blanks and
/// the end of line behind it; a backslash that stands alone joins its line and the next one.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = Open::default();
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let mut goes_on = false;
        for (index, token) in line.split(' ').enumerate() {
            if token.is_empty() && index > 0 {
                last(&mut words).push(' ');
            } else if token == "\\" && open.quote.is_none() {
                goes_on = true;
            } else {
                let was_open = open.is_any();
                open.read(token);
                if was_open {
                    let blank = if index > 0 { " " } else { "" };
                    last(&mut words).extend([blank, token]);
                } else if !token.is_empty() {
                    words.push(token.to_owned());
                }
            }
        }
        if lines.peek().is_some() && !goes_on {
            last(&mut words).push('\n');
        }
    }
    if open.is_any() {
        return Err(format!("failed at splitting arguments, either an unbalanced jinja2 block or quotes: {text}"));
    }
    Ok(words)
}

/// The last word, an empty one where there is none.
fn last(words: &mut Vec<String>) -> &mut String {
    if words.is_empty() {
        words.push(String::new());
    }
    let at = words.len() - 1;
    &mut words[at]
}

/// One text of words, lines as they were.
fn join(words: &[String]) -> String {
    words.iter().fold(String::new(), |text, word| {
        let blank = if text.is_empty() || text.ends_with('\n') { "" } else { " " };
        text + blank + word
    })
}

/// A text without the quotes around it.
pub fn unquote(value: &str) -> &str {
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.filter(|inner| !inner.ends_with('\\')).unwrap_or(value)
}

/// `\n` and its kin mean in arguments what they mean in Python; what is no escape stays.
fn decode_escapes(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (meaning, length) = match escape.as_bytes().get(1) {
            Some(b'n') => (Some('\n'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b'a') => (Some('\u{7}'), 2),
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'v') => (Some('\u{b}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(b'\\') => (Some('\\'), 2),
            Some(b'\'') => (Some('\''), 2),
            Some(b'"') => (Some('"'), 2),
            Some(b'x') => (code_point(escape, 2), 4),
            Some(b'u') => (code_point(escape, 4), 6),
            Some(b'U') => (code_point(escape, 8), 10),
            _ => (None, 1),
        };
        match meaning {
            Some(letter) => {
                decoded.push(letter);
                rest = &escape[length..];
            }
            None => {
                decoded.push('\\');
                rest = &escape[1..];
            }
        }
    }
    decoded + rest
}

/// The character of `\xHH` or `\uHHHH`.
fn code_point(escape: &str, digits: usize) -> Option<char> {
    char::from_u32(u32::from_str_radix(escape.get(2..2 + digits)?, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text, false, |_| true).unwrap().pairs
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn quotes_and_templates_hold_words_together() {
        assert_eq!(pairs("a=1 b='x y' c=\"it's\""), [pair("a", "1"), pair("b", "x y"), pair("c", "it's")]);
        assert_eq!(
            pairs("path={{ a | default('x y') }} mode=0644"),
            [pair("path", "{{ a | default('x y') }}"), pair("mode", "0644")]
        );
    }

    #[test]
    fn free_form_keeps_what_is_not_an_argument() {
        let parsed = parse("FOO=1 echo 'a  b'  c chdir=/tmp", true, |name| name == "chdir").unwrap();
        assert_eq!(parsed.pairs, [pair("chdir", "/tmp")]);
        assert_eq!(parsed.rest, "FOO=1 echo 'a  b'  c");
    }

    #[test]
    fn a_backslash_at_the_end_joins_lines() {
        let rest = |text| parse(text, true, |_| false).unwrap().rest;
        assert_eq!(rest("echo a \\\n'b \\\nc' \\\n| cat\n  tac\n"), "echo a 'b \\\nc' | cat\n  tac\n");
        assert_eq!(rest("a  b\tc \\ d"), "a  b\tc d");
        assert_eq!(rest("\n\n"), "");
    }

    #[test]
    fn escapes_in_arguments_are_decoded() {
        assert_eq!(
            pairs(r#"content="a\n\tb \u00e9" path=C:\dir"#),
            [pair("content", "a\n\tb é"), pair("path", r"C:\dir")]
        );
    }

    #[test]
    fn a_name_may_be_a_template() {
        assert_eq!(
            pairs("{{ 'x' ~ 1 }}=2 a-b=3 c==4"),
            [pair("{{ 'x' ~ 1 }}", "2"), pair("a-b", "3"), pair("c", "=4")]
        );
        assert_eq!(parse("{{ a == b }}", false, |_| true).unwrap().rest, "{{ a == b }}");
    }

    #[test]
    fn escaped_signs_make_no_pair() {
        let parsed = parse(r"echo a\=b c=\=d", true, |_| false).unwrap();
        assert_eq!((parsed.pairs, parsed.rest), (vec![], r"echo a=b c=\=d".to_owned()));
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(parse("a='x", false, |_| true).is_err());
    }
}
