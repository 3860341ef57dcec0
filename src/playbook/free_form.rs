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
/// without, every `name=value` is one.
pub fn parse(text: &str, free: bool, known: impl Fn(&str) -> bool) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    for word in words(text)? {
        match word.trim().split_once('=') {
            Some((name, value)) if is_name(name) && (!free || known(name)) => {
                parsed.pairs.push((name.to_owned(), decode_escapes(&unquote(value))));
            }
            _ => parsed.rest.push_str(&word),
        }
    }
    parsed.rest = parsed.rest.trim().to_owned();
    Ok(parsed)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
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
            Some(b'\\') => (Some('\\'), 2),
            Some(b'\'') => (Some('\''), 2),
            Some(b'"') => (Some('"'), 2),
            Some(b'x') => (code_point(escape, 2), 4),
            Some(b'u') => (code_point(escape, 4), 6),
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
    fn an_open_quote_is_an_error() {
        assert!(parse("a='x", false, |_| true).is_err());
    }
}
