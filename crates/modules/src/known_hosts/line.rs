//! A line of a file of known hosts (`man 8 sshd`), and the hosts that it is about.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// A key, as a line has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// `@cert-authority` or `@revoked`.
    pub marker: Option<&'a str>,
    /// Names and patterns, or a hash.
    hosts: &'a str,
    /// The type of the key.
    pub kind: &'a str,
    key: &'a str,
}

impl<'a> Line<'a> {
    /// The parts of a line; `None` when they are not all there.
    pub fn of(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace().peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        Some(Self { marker, hosts: words.next()?, kind: words.next()?, key: words.next()? })
    }

    /// Whether both have the same key for the same hosts; a hash of the wanted host may have any salt.
    pub fn is_same(&self, wanted: &Self) -> bool {
        let both_hashed = self.hosts.starts_with("|1|") && wanted.hosts.starts_with("|1|");
        (both_hashed || self.hosts == wanted.hosts)
            && (self.marker, self.kind, self.key) == (wanted.marker, wanted.kind, wanted.key)
    }

    /// Whether a line is about a host: what `ssh-keygen -F` prints.
    pub fn matches(text: &str, name: &str) -> bool {
        let mut words = text.split_whitespace().peekable();
        if words.peek().is_none_or(|word| word.starts_with('#')) {
            return false;
        }
        words.next_if(|word| word.starts_with('@'));
        match (words.next(), words.nth(1)) {
            (Some(hosts), Some(_)) => hosts_match(hosts, name),
            _ => false,
        }
    }

    /// Whether a line is an ordinary one about a host: what `ssh-keygen -R` removes.
    pub fn is_entry_of(text: &str, name: &str) -> bool {
        !text.trim_start().starts_with('@') && Self::matches(text, name)
    }
}

fn hosts_match(hosts: &str, name: &str) -> bool {
    if let Some(rest) = hosts.strip_prefix("|1|") {
        let salt = rest.split('|').next().and_then(|salt| STANDARD.decode(salt).ok());
        return salt.is_some_and(|salt| hash(name, &salt) == hosts);
    }
    let mut matches = false;
    for pattern in hosts.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if wildcard(&pattern.to_lowercase(), name) => return false,
            Some(_) => {}
            None => matches |= wildcard(&pattern.to_lowercase(), name),
        }
    }
    matches
}

/// `*` and `?` as OpenSSH's patterns have them; brackets are those of a port.
fn wildcard(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    match pattern {
        [] => name.is_empty(),
        _ if !pattern.contains(&b'*') && !pattern.contains(&b'?') => pattern == name,
        _ => wildcard_bytes(pattern, name),
    }
}

fn wildcard_bytes(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|taken| wildcard_bytes(rest, &name[taken..])),
        [first, rest @ ..] => {
            name.first().is_some_and(|letter| *first == b'?' || first == letter) && wildcard_bytes(rest, &name[1..])
        }
    }
}

/// The hash of a host, as `ssh-keygen -H` writes it: HMAC-SHA1 (RFC 2104) of the name with the salt as key.
pub fn hash(name: &str, salt: &[u8]) -> String {
    let mut key = [0u8; 64];
    for (place, byte) in key.iter_mut().zip(salt) {
        *place = *byte;
    }
    let inner = Sha1::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(name).finalize();
    let outer = Sha1::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(outer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_about_the_hosts_that_openssh_finds() {
        let hashed = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-rsa AAAA";
        let cases = [
            ("a.example,b ssh-rsa AAAA", "b", true),
            ("@revoked B ssh-rsa AAAA", "b", true),
            ("*.example,!c.example ssh-rsa AAAA", "b.example", true),
            ("*.example,!c.example ssh-rsa AAAA", "c.example", false),
            ("[b]:22 ssh-rsa AAAA", "[b]:22", true),
            ("[b]:22 ssh-rsa AAAA", "b", false),
            ("#b ssh-rsa AAAA", "#b", false),
            ("b", "b", false),
            ("b ssh-rsa", "b", false),
            (hashed, "192.168.1.61", true),
            (hashed, "192.168.1.62", false),
        ];
        for (line, name, wanted) in cases {
            assert_eq!(Line::matches(line, name), wanted, "{line} for {name}");
        }
    }
}
