//! Hashes of passwords as Apache has them (httpd's "Password Formats").

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::Md5;
use sha1::{Digest, Sha1};

use crate::http::random;

/// The letters of MD5-crypt's digits.
const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How a password is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Apache's variant of MD5-crypt.
    Apr,
    /// MD5-crypt.
    Md5,
    /// SHA-1 without a salt.
    Sha1,
    /// As it is.
    Plain,
}

impl Scheme {
    /// By the name that passlib has for it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "apr_md5_crypt" | "portable" | "portable_apache22" | "portable_apache24" => Self::Apr,
            "md5_crypt" => Self::Md5,
            "ldap_sha1" => Self::Sha1,
            "plaintext" => Self::Plain,
            _ => return None,
        })
    }

    /// The hash of a password with a new salt; `None` on a host without random numbers.
    pub fn hash(self, password: &str) -> Option<String> {
        let salt: Vec<u8> = random::bytes::<8>()?.iter().map(|byte| LETTERS[usize::from(byte & 63)]).collect();
        Some(match self {
            Self::Apr => md5_crypt(password.as_bytes(), "$apr1$", &salt),
            Self::Md5 => md5_crypt(password.as_bytes(), "$1$", &salt),
            Self::Sha1 => format!("{{SHA}}{}", STANDARD.encode(Sha1::digest(password))),
            Self::Plain => password.to_owned(),
        })
    }
}

/// Whether a password has that hash. One of another scheme has none that is known here.
pub fn verify(password: &str, hash: &str) -> bool {
    for magic in ["$apr1$", "$1$"] {
        if let Some(rest) = hash.strip_prefix(magic) {
            let salt = rest.split('$').next().unwrap_or_default();
            return md5_crypt(password.as_bytes(), magic, salt.as_bytes()) == hash;
        }
    }
    match hash.strip_prefix("{SHA}") {
        Some(digest) => STANDARD.encode(Sha1::digest(password)) == digest,
        None => password == hash,
    }
}

/// MD5-crypt as FreeBSD's `crypt(3)` and Apache's `apr_md5_encode` have it: a thousand rounds.
fn md5_crypt(password: &[u8], magic: &str, salt: &[u8]) -> String {
    let salt = &salt[..salt.len().min(8)];
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut outer = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for start in (0..password.len()).step_by(16) {
        outer.update(&inner[..(password.len() - start).min(16)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        outer.update(if bits & 1 == 1 { &[0][..] } else { &password[..1] });
        bits >>= 1;
    }
    let mut digest = outer.finalize();
    for round in 0..1000 {
        let mut next = Md5::new();
        if round & 1 == 1 {
            next.update(password);
        } else {
            next.update(digest);
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        if round & 1 == 1 {
            next.update(digest);
        } else {
            next.update(password);
        }
        digest = next.finalize();
    }
    let mut text = format!("{magic}{}$", String::from_utf8_lossy(salt));
    for group in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        let number = group.iter().fold(0, |number, at| (number << 8) | u32::from(digest[*at]));
        push_digits(&mut text, number, 4);
    }
    push_digits(&mut text, u32::from(digest[11]), 2);
    text
}

fn push_digits(text: &mut String, mut number: u32, count: usize) {
    for _ in 0..count {
        text.push(char::from(LETTERS[(number & 63) as usize]));
        number >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_openssl() {
        // openssl passwd -apr1 -salt 3NcCqGk4 test, and the like
        let cases = [
            ("myPassword", "$apr1$qHDFfhPC$nITSVHgYbDAK1Y0acGRnY0"),
            ("", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
            ("plain", "plain"),
        ];
        for (password, hash) in cases {
            assert!(verify(password, hash), "{hash}");
            assert!(!verify("other", hash), "{hash}");
        }
    }

    #[test]
    fn new_hashes_are_right() {
        for scheme in [Scheme::Apr, Scheme::Md5, Scheme::Sha1, Scheme::Plain] {
            let hash = scheme.hash("a long password with blanks").unwrap();
            assert!(verify("a long password with blanks", &hash), "{hash}");
        }
    }
}
