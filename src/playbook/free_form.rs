//! `key=value` text: how Ansible splits the arguments that stand on one line.

/// The pairs of a text, and what is left for the free-form argument.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// `name=value`, in order.
    pub pairs: Vec<(String, String)>,
    /// Everything else, spacing kept.
    pub rest: String,
}

/// Splits `text`. With `free`, only names that are `known` are pairs and the rest is kept as it is;
/// without, every `name=value` is one, whatever the name.
pub fn parse(text: &str, free: bool, known: impl Fn(&str) -> bool) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    for word in words(text)? {
        match split_pair(&word) {
            Split::Pair(name, value) if if free { known(name) } else { is_key(name) } => {
                parsed.pairs.push((name.to_owned(), decode_escapes(&unquote(value))));
            }
            Split::Escaped => parsed.rest.push_str(&decode_escapes(&word).replace("\\=", "=")),
            _ => parsed.rest.push_str(&word),
        }
    }
    parsed.rest = parsed.rest.trim().to_owned();
    Ok(parsed)
}

/// The first word, which may have templates with blanks in it, and the rest.
pub fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = words(text).ok().and_then(|words| words.first().map(String::len));
    match end {
        Some(end) => (text[..end].trim_end(), text[end..].trim_start()),
        None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    }
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
    let word = word.trim();
    let mut signs = word.match_indices('=').map(|(at, _)| at).peekable();
    if signs.peek().is_none() {
        return Split::Plain;
    }
    let first = signs.find(|at| *at > 0 && !word[..*at].ends_with('\\'));
    first.map_or(Split::Escaped, |at| Split::Pair(word[..at].trim(), word[at + 1..].trim()))
}

/// Whether a text may be the name of an argument: any may, templates too, but for a part of a template.
fn is_key(text: &str) -> bool {
    text.matches("{{").count() == text.matches("}}").count()
}

/// Splits at blanks outside quotes and templates; each word keeps the blanks before it.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut depth) = (None, 0_usize);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match (letter, next) {
            ('\\', Some(_)) if depth == 0 => {
                word.push(letter);
                word.extend(letters.next());
                continue;
            }
            ('{', Some('{' | '%' | '#')) => depth += 1,
            ('}' | '%' | '#', Some('}')) if depth > 0 => {
                depth -= 1;
                word.push(letter);
                word.extend(letters.next());
                continue;
            }
            ('\'' | '"', _) if depth == 0 => {
                quote = match quote {
                    None => Some(letter),
                    Some(open) if open == letter => None,
                    open => open,
                }
            }
            _ if letter.is_whitespace() && quote.is_none() && depth == 0 && !word.trim().is_empty() => {
                words.push(std::mem::take(&mut word));
            }
            _ => {}
        }
        word.push(letter);
    }
    words.push(word);
    if quote.is_some() || depth > 0 {
        return Err(format!("failed at splitting arguments, either an unbalanced jinja2 block or quotes: {text}"));
    }
    Ok(words)
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.replace(&format!("\\{quote}"), &quote.to_string());
        }
    }
    value.to_owned()
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
