//! Hashes of passwords as web servers read them (httpd's "Password Formats").

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

use crate::crypt::{self, DEFAULT_COST, DIGITS, SHA256_ROUNDS, SHA512_ROUNDS};

/// How a password is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Apache's variant of MD5-crypt.
    Apr,
    /// MD5-crypt.
    Md5,
    /// bcrypt.
    Bcrypt,
    /// SHA-crypt with SHA-256.
    Sha256,
    /// SHA-crypt with SHA-512.
    Sha512,
    /// The first eight letters, with DES.
    Des,
    /// SHA-1 without a salt.
    Sha1,
    /// As it is.
    Plain,
}

/// How hashes begin.
const PREFIXES: [(&str, Scheme); 6] = [
    ("$apr1$", Scheme::Apr),
    ("$1$", Scheme::Md5),
    ("$2", Scheme::Bcrypt),
    ("$5$", Scheme::Sha256),
    ("$6$", Scheme::Sha512),
    ("{SHA}", Scheme::Sha1),
];

impl Scheme {
    /// By the name that passlib has for it, or for what a version of Apache reads: here, where it runs, or on Linux.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.replace("apache2", "apache_2").as_str() {
            "apr_md5_crypt" | "portable_apache_22" => Self::Apr,
            "md5_crypt" => Self::Md5,
            "bcrypt" | "portable" | "portable_apache_24" | "host" | "host_apache_24" | "host_apache_22"
            | "linux_apache_24" => Self::Bcrypt,
            "sha256_crypt" | "linux_apache_22" => Self::Sha256,
            "sha512_crypt" => Self::Sha512,
            "des_crypt" => Self::Des,
            "ldap_sha1" => Self::Sha1,
            "plaintext" => Self::Plain,
            _ => return None,
        })
    }

    /// The scheme of a hash. What has none is a password.
    fn of(hash: &str) -> Self {
        let is_des = hash.len() == 13 && hash.bytes().all(|byte| DIGITS.contains(&byte));
        match PREFIXES.iter().find(|(prefix, _)| hash.starts_with(prefix)) {
            Some((_, scheme)) => *scheme,
            None if is_des => Self::Des,
            None => Self::Plain,
        }
    }

    /// Whether it is one of Apache's own.
    fn is_apache(self) -> bool {
        matches!(self, Self::Apr | Self::Des | Self::Sha1 | Self::Plain)
    }

    /// Whether a hash is that of a password, and one that may stay where this scheme is asked for: Apache's own stay
    /// beside each, and each beside Apache's own.
    pub fn verify(self, password: &str, hash: &str) -> bool {
        let scheme = Self::of(hash);
        if scheme == Self::Plain {
            return password == hash;
        }
        let is_known = scheme == self || scheme.is_apache() || self.is_apache();
        let made = if is_known { scheme.hash_as(password, hash) } else { None };
        // Options may be written in more than one way, which digests are not.
        made.is_some_and(|made| made.rsplit('$').next() == hash.rsplit('$').next())
    }

    /// The hash of a password with a new salt; `None` on a host without random numbers.
    pub fn hash(self, password: &str) -> Option<String> {
        let (begin, size) = match self {
            Self::Apr => ("$apr1$".to_owned(), 8),
            Self::Md5 => ("$1$".to_owned(), 8),
            Self::Bcrypt => (format!("$2y${DEFAULT_COST}$"), 22),
            Self::Sha256 => (format!("$5$rounds={SHA256_ROUNDS}$"), 16),
            Self::Sha512 => (format!("$6$rounds={SHA512_ROUNDS}$"), 16),
            Self::Des => (String::new(), 2),
            Self::Sha1 | Self::Plain => (String::new(), 0),
        };
        self.hash_as(password, &format!("{begin}{}$", crypt::made_salt(size)?))
    }

    /// The hash of a password with the options and the salt of a hash; `None` where these are none.
    fn hash_as(self, password: &str, hash: &str) -> Option<String> {
        let parts: Vec<&str> = hash.split('$').collect();
        let bytes = password.as_bytes();
        match (self, &parts[..]) {
            (Self::Apr, [_, _, salt, _]) => Some(crypt::md5_crypt(bytes, salt, "$apr1$")),
            (Self::Md5, [_, _, salt, _]) => Some(crypt::md5_crypt(bytes, salt, "$1$")),
            (Self::Bcrypt, [_, ident, cost, salt, ..]) => {
                crypt::bcrypt(bytes, salt.get(..22)?, cost.parse().ok()?, ident)
            }
            (Self::Sha256 | Self::Sha512, [_, _, options @ .., salt, _]) => {
                let rounds = match options {
                    [] => 5000,
                    [rounds] => rounds.strip_prefix("rounds=")?.parse().ok()?,
                    _ => return None,
                };
                let hash = if self == Self::Sha256 { crypt::sha256_crypt } else { crypt::sha512_crypt };
                hash(bytes, salt, rounds)
            }
            (Self::Des, _) => crypt::des_crypt(bytes, hash.get(..2)?),
            (Self::Sha1, _) => Some(format!("{{SHA}}{}", STANDARD.encode(Sha1::digest(password)))),
            (Self::Plain, _) => Some(password.to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: [Scheme; 8] = [
        Scheme::Apr,
        Scheme::Md5,
        Scheme::Bcrypt,
        Scheme::Sha256,
        Scheme::Sha512,
        Scheme::Des,
        Scheme::Sha1,
        Scheme::Plain,
    ];

    #[test]
    fn hashes_are_those_of_openssl_and_passlib() {
        let cases = [
            ("myPassword", "$apr1$qHDFfhPC$nITSVHgYbDAK1Y0acGRnY0"),
            ("", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
            ("plain", "plain"),
            ("myPassword", "$2b$04$4cLZhqPC3.mO13cW7SgnX.w.MnBNPElB75d2l6a1t.off22BMYmmm"),
            ("myPassword", "$2y$04$C/X44gmSZGg/B2FP017GDuVhdUxen7uJHc7kABqcIW8s3pD6HtO7K"),
            ("myPassword", "$5$ZvHVsl/Kis0Y.Xac$43clbQMcZGhXhmYRSKJP34UhBC3EasefTYC4RbYHIt."),
            ("myPassword", "$5$rounds=1000$9zLStlQpDhYz96cM$Qi2T8vhNdaqNZLI9VF2lmGOUvzitU1PEJNq6IeYCaYA"),
            (
                "myPassword",
                "$6$rounds=1000$YkKiEuacvP.9/HwN$TXW5eqDstKEFbNXka.NaIRJgEGtCJ4jy4C5yjwp68A2Pk45jH7s3qVmPR7IXb7odkd6i.KsFaJ/2s9Y4rlATx1",
            ),
            (
                "myPassword",
                "$6$lKfCpSz4TG5/Ifba$.S.U.n5TirAYiuY8JsHsQA9eJNNXiDVqdn2dvv.pbOzGMArzQbaY9Aiue3B/9T4Ag.O/iRrf4GAxe4BG/rrYk.",
            ),
            (
                "myPassword",
                "$6$rounds=5000$lKfCpSz4TG5/Ifba$.S.U.n5TirAYiuY8JsHsQA9eJNNXiDVqdn2dvv.pbOzGMArzQbaY9Aiue3B/9T4Ag.O/iRrf4GAxe4BG/rrYk.",
            ),
            ("myPassword", "$1$N4/wpCA6$Xpu/XBoNvOW4LxcVBW8Ug1"),
            ("myPassword", "rqXexS6ZhobKA"),
        ];
        for (password, hash) in cases {
            assert!(Scheme::Apr.verify(password, hash), "{hash}");
            assert!(!Scheme::Apr.verify("other", hash), "{hash}");
        }
    }

    #[test]
    fn new_hashes_are_right() {
        for scheme in SCHEMES {
            let hash = scheme.hash("a long password with blanks").unwrap();
            assert!(scheme.verify("a long password with blanks", &hash), "{hash}");
        }
    }

    #[test]
    fn names_of_what_a_server_reads_are_those_of_passlib() {
        let named = |name| Scheme::named(name).unwrap();
        assert_eq!(["portable", "host_apache24", "linux_apache_24"].map(named), [Scheme::Bcrypt; 3]);
        assert_eq!(["portable_apache22", "portable_apache_22"].map(named), [Scheme::Apr; 2]);
        assert_eq!(Scheme::named("apache_24"), None);
        // Apache knows bcrypt by this name alone.
        assert!(Scheme::Bcrypt.hash("secret").unwrap().starts_with("$2y$12$"));
    }

    #[test]
    fn a_hash_of_the_system_stays_where_it_is_asked_for() {
        let hash = Scheme::Md5.hash("secret").unwrap();
        assert_eq!(
            SCHEMES.map(|scheme| scheme.verify("secret", &hash)),
            [true, true, false, false, false, true, true, true]
        );
    }
}
