//! `OpenPGP` public keys as keyrings have them (RFC 9580): armour, packets, fingerprints.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::kit::reader::hex;

/// A public key or one of its subkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The fingerprint, in uppercase hexadecimal.
    pub fingerprint: String,
    /// The last 16 digits of it (of version 6 the first).
    pub id: String,
}

/// A public key with everything that belongs to it: names, signatures, subkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The bytes of its packets.
    pub bytes: Vec<u8>,
    /// The key, then its subkeys.
    pub keys: Vec<Key>,
}

/// The certificates in a keyring or a key file, armoured or not; none when it is neither.
pub fn certificates(text: &[u8]) -> Vec<Certificate> {
    let binary = dearmoured(text);
    let mut rest = binary.as_deref().unwrap_or(text);
    let mut all: Vec<Certificate> = Vec::new();
    while !rest.is_empty() {
        let Some(packet) = Packet::read(rest) else { break };
        let (bytes, after) = rest.split_at(packet.length);
        rest = after;
        match packet.tag {
            6 => all.push(Certificate { bytes: bytes.to_vec(), keys: key(packet.body).into_iter().collect() }),
            // Trust packets are a keyring's own; markers say nothing.
            12 | 10 => {}
            tag => {
                let Some(certificate) = all.last_mut() else { return all };
                certificate.bytes.extend(bytes);
                if tag == 14 {
                    certificate.keys.extend(key(packet.body));
                }
            }
        }
    }
    all.retain(|certificate| !certificate.keys.is_empty());
    all
}

/// The bytes in an armour: all of its blocks of public keys, one after the other.
fn dearmoured(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut bytes = Vec::new();
    let mut blocks = text.split("-----BEGIN PGP PUBLIC KEY BLOCK-----");
    blocks.next().filter(|before| before.len() < text.len())?;
    for block in blocks {
        let body = block.split("-----END PGP").next().unwrap_or_default();
        // Headers end with an empty line; the checksum begins with an equals sign.
        let mut lines = body.lines().map(str::trim).skip_while(|line| !line.is_empty());
        lines.next();
        let mut lines = lines.skip_while(|line| line.contains(": ") || line.is_empty()).peekable();
        let mut encoded = String::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with('=')) {
            encoded.push_str(line);
        }
        bytes.extend(STANDARD.decode(encoded).ok()?);
    }
    Some(bytes)
}

/// The bytes of certificates in an armour, without the checksum that is optional.
pub fn armour(bytes: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(bytes);
    let mut text = String::from("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.push_str("-----END PGP PUBLIC KEY BLOCK-----\n");
    text.into_bytes()
}

struct Packet<'a> {
    tag: u8,
    body: &'a [u8],
    /// Of header and body.
    length: usize,
}

impl<'a> Packet<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let first = *bytes.first()?;
        if first & 0x80 == 0 {
            return None;
        }
        let number = |from: usize, length: usize| -> Option<usize> {
            let digits = bytes.get(from..from + length)?;
            Some(digits.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
        };
        let (tag, header, length) = if first & 0x40 != 0 {
            match *bytes.get(1)? {
                short @ 0..=191 => (first & 0x3f, 2, usize::from(short)),
                long @ 192..=223 => (first & 0x3f, 3, ((usize::from(long) - 192) << 8) + number(2, 1)? + 192),
                255 => (first & 0x3f, 6, number(2, 4)?),
                // Keys never come in parts.
                _ => return None,
            }
        } else {
            let octets = 1_usize << (first & 3);
            let length = if octets == 8 { bytes.len().checked_sub(1)? } else { number(1, octets)? };
            (first >> 2 & 0xf, if octets == 8 { 1 } else { 1 + octets }, length)
        };
        let body = bytes.get(header..header.checked_add(length)?)?;
        Some(Self { tag, body, length: header + length })
    }
}

/// The fingerprint of a key's packet: RFC 9580 §5.5.4.
fn key(body: &[u8]) -> Option<Key> {
    let version = *body.first()?;
    let fingerprint = match version {
        4 => {
            let length = u16::try_from(body.len()).ok()?;
            hex(&Sha1::new().chain_update([0x99]).chain_update(length.to_be_bytes()).chain_update(body).finalize())
        }
        5 | 6 => {
            let length = u32::try_from(body.len()).ok()?;
            let prefix = if version == 5 { 0x9a } else { 0x9b };
            hex(&Sha256::new().chain_update([prefix]).chain_update(length.to_be_bytes()).chain_update(body).finalize())
        }
        _ => return None,
    };
    let fingerprint = fingerprint.to_uppercase();
    let id = if version == 4 { &fingerprint[24..] } else { &fingerprint[..16] };
    Some(Key { id: id.to_owned(), fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key in the documentation of Ansible's `deb822_repository`.
    const ARMOURED: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEYCQjIxYJKwYBBAHaRw8BAQdAD/P5Nvvnvk66SxBBHDbhRml9ORg1WV5CvzKY\nCuMfoIS0BmFiY2RlZoiQBBMWCgA4FiEErCIG1VhKWMWo2yfAREZd5NfO31cFAmAk\nIyMCGyMFCwkIBwMFFQoJCAsFFgIDAQACHgECF4AACgkQREZd5NfO31fbOwD6ArzS\ndM0Dkd5h2Ujy1b6KcAaVW9FOa5UNfJ9FFBtjLQEBAJ7UyWD3dZzhvlaAwunsk7DG\n3bHcln8DMpIJVXht78sL\n=IE0r\n-----END PGP PUBLIC KEY BLOCK-----\n";

    #[test]
    fn fingerprints_are_those_that_gpg_prints() {
        let certificates = certificates(ARMOURED.as_bytes());
        assert_eq!(certificates.len(), 1);
        assert_eq!(certificates[0].keys[0].fingerprint, "AC2206D5584A58C5A8DB27C044465DE4D7CEDF57");
        assert_eq!(certificates[0].keys[0].id, "44465DE4D7CEDF57");
        assert_eq!(super::certificates(&certificates[0].bytes), certificates);
    }

    #[test]
    fn rubbish_has_no_keys() {
        for rubbish in ["", "rubbish", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n"] {
            assert!(certificates(rubbish.as_bytes()).is_empty());
        }
        assert!(certificates(&[0x99, 0xff, 0xff, 4]).is_empty());
    }
}
