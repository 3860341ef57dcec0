//! A line of a file of authorized keys (`man 8 sshd`, "`AUTHORIZED_KEYS` FILE FORMAT").

/// The types of keys; those with certificates and security keys have names around these.
const TYPES: [&str; 10] = [
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed25519",
    "ssh-dss",
    "ssh-rsa",
    "ssh-xmss@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "sk-ssh-ed25519@openssh.com",
];

/// A key with its options and comment.
#[derive(Clone, Debug)]
pub struct Key {
    /// Each option with its value, in order.
    options: Vec<String>,
    kind: String,
    /// The key itself, which it is known by.
    pub key: String,
    comment: String,
}

/// The order of options means nothing.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |key: &Self| {
            let mut options = key.options.clone();
            options.sort();
            options
        };
        (&self.kind, &self.key, &self.comment) == (&other.kind, &other.key, &other.comment)
            && sorted(self) == sorted(other)
    }
}

impl Key {
    /// The parts of a line; `None` when it holds no key.
    pub fn of(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let (start, kind) = words(line).find(|(_, word)| is_type(word))?;
        let mut after = words(&line[start + kind.len()..]).map(|(_, word)| word);
        let key = after.next()?.to_owned();
        let comment = after.collect::<Vec<_>>().join(" ");
        Some(Self { options: options(line[..start].trim()), kind: kind.to_owned(), key, comment })
    }

    /// The same with other options and another comment, where they are given.
    pub fn with(self, given: Option<&str>, comment: Option<&str>) -> Self {
        Self {
            options: given.map_or(self.options, options),
            comment: comment.map_or(self.comment, str::to_owned),
            ..self
        }
    }

    /// As a line. A key without a comment has a blank in its place, as Ansible writes it.
    pub fn line(&self) -> String {
        let options = self.options.join(",");
        let blank = if options.is_empty() { "" } else { " " };
        format!("{options}{blank}{} {} {}\n", self.kind, self.key, self.comment)
    }
}

fn is_type(word: &str) -> bool {
    let plain = word.strip_suffix("-cert-v01@openssh.com").unwrap_or(word);
    let is_key_of_device =
        ["sk-ecdsa-sha2-nistp256@openssh.com", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"].contains(&word);
    is_key_of_device
        || TYPES.contains(&plain)
        || ["sk-ecdsa-sha2-nistp256", "sk-ssh-ed25519", "ssh-xmss"].contains(&plain) && plain != word
}

/// The words of a text with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_ascii_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Options are divided by commas, but for those between quotes.
fn options(text: &str) -> Vec<String> {
    let mut options = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (letter, quote) {
            (',', None) => {
                options.push(String::new());
                continue;
            }
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            _ => {}
        }
        if let Some(last) = options.last_mut() {
            last.push(letter);
        }
    }
    options.retain(|option| !option.is_empty());
    options
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_have_options_and_comments() {
        let text = r#"no-pty,command="a, b  c" ssh-rsa AAAA me and you"#;
        let key = Key::of(text).unwrap();
        assert_eq!((key.key.as_str(), key.comment.as_str()), ("AAAA", "me and you"));
        assert_eq!(key.options, ["no-pty", r#"command="a, b  c""#]);
        assert_eq!(key.line(), format!("{text}\n"));
        assert_eq!(Key::of("ssh-ed25519 AAAA\n").unwrap().line(), "ssh-ed25519 AAAA \n");
        for none in ["", "# ssh-rsa AAAA", "ssh-rsa", "rsa AAAA"] {
            assert!(Key::of(none).is_none(), "{none}");
        }
    }

    #[test]
    fn the_order_of_options_means_nothing() {
        let same = |one: &str, other: &str| Key::of(one) == Key::of(other);
        assert!(same("a,b=\"1\" ssh-rsa K", "b=\"1\",a ssh-rsa K"));
        assert!(!same("a ssh-rsa K", "ssh-rsa K"));
    }
}
