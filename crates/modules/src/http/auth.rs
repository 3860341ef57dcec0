//! Name and password as headers: Basic (RFC 7617) and Digest (RFC 7616).

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::kit::reader::hex;

/// The value of `Authorization` for Basic authentication.
pub fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{name}:{password}").as_bytes()))
}

/// The answer to a server's challenge; `None` when it wants something else.
pub fn answer(challenge: &str, name: &str, password: &str, method: &str, target: &str) -> Option<String> {
    let lower = challenge.to_ascii_lowercase();
    // Digest is the stronger one, and does not give the password away.
    if let Some(at) = lower.find("digest ")
        && let Some(answer) = digest(&challenge[at + 7..], name, password, method, target)
    {
        return Some(answer);
    }
    lower.contains("basic").then(|| basic(name, password))
}

fn digest(challenge: &str, name: &str, password: &str, method: &str, target: &str) -> Option<String> {
    let given = |key: &str| parameter(challenge, key);
    let (realm, nonce) = (given("realm")?, given("nonce")?);
    let algorithm = given("algorithm").unwrap_or_else(|| "MD5".into());
    let (base, session) = match algorithm.to_ascii_uppercase().strip_suffix("-SESS") {
        Some(base) => (base.to_owned(), true),
        None => (algorithm.to_ascii_uppercase(), false),
    };
    let hash = |text: String| match base.as_str() {
        "MD5" => Some(hex(&Md5::digest(text))),
        "SHA-256" => Some(hex(&Sha256::digest(text))),
        _ => None,
    };
    let cnonce = hex(&super::random::bytes::<8>()?);
    let mut secret = hash(format!("{name}:{realm}:{password}"))?;
    if session {
        secret = hash(format!("{secret}:{nonce}:{cnonce}"))?;
    }
    let asked = hash(format!("{method}:{target}"))?;
    let qop = given("qop");
    let auth = match &qop {
        None => false,
        Some(kinds) if kinds.split(',').any(|kind| kind.trim() == "auth") => true,
        Some(_) => return None,
    };
    let response = if auth {
        hash(format!("{secret}:{nonce}:00000001:{cnonce}:auth:{asked}"))?
    } else {
        hash(format!("{secret}:{nonce}:{asked}"))?
    };
    let mut header = format!(
        "Digest username=\"{name}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", response=\"{response}\", \
         algorithm={algorithm}"
    );
    if let Some(opaque) = given("opaque") {
        let _ = write!(header, ", opaque=\"{opaque}\"");
    }
    if auth {
        let _ = write!(header, ", qop=auth, nc=00000001, cnonce=\"{cnonce}\"");
    }
    Some(header)
}

/// `key=value` or `key="value"` in a challenge.
fn parameter(challenge: &str, key: &str) -> Option<String> {
    let lower = challenge.to_ascii_lowercase();
    let needle = format!("{key}=");
    let mut from = 0;
    loop {
        let at = from + lower[from..].find(&needle)?;
        let starts = at == 0 || lower[..at].ends_with([' ', ',', '\t']);
        if starts {
            let rest = &challenge[at + needle.len()..];
            return Some(match rest.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
                None => rest.split(',').next().unwrap_or_default().trim().to_owned(),
            });
        }
        from = at + needle.len();
    }
}

/// RFC 4648 §4.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_that_of_the_rfc() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!((base64(b""), base64(b"a"), base64(b"ab")), (String::new(), "YQ==".into(), "YWI=".into()));
    }

    #[test]
    fn digest_without_qop_is_that_of_rfc_2069() {
        let challenge =
            "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5\"";
        let header = answer(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html").unwrap();
        assert!(header.contains("response=\"670fd8c2df070c60b045671b8b24ff02\""), "{header}");
        assert!(header.contains("opaque=\"5\""));
    }

    #[test]
    fn an_unknown_challenge_has_no_answer() {
        assert_eq!(answer("Negotiate", "a", "b", "GET", "/"), None);
        assert_eq!(answer("Digest realm=\"x\", nonce=\"y\", algorithm=FOO", "a", "b", "GET", "/"), None);
    }
}
