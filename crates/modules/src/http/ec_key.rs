//! Private keys on the curves P-256 and P-384, which client certificates may have.

use std::sync::Arc;

use p256::ecdsa::{Signature, signature::Signer as _};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair},
};
use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    sign::{Signer, SigningKey},
};

/// The key in PKCS #8 (RFC 5208) or SEC 1 (RFC 5915); `None` when it is none on these curves.
pub fn load(der: &[u8]) -> Option<Arc<dyn SigningKey>> {
    let sec1 = sec1_of(der).unwrap_or(der);
    let secret = secret_of(sec1)?;
    let key = match secret.len() {
        32 => EcKey::P256(Arc::new(p256::ecdsa::SigningKey::from_slice(secret).ok()?)),
        48 => {
            let pair =
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &p384_pkcs8(sec1)?, &SystemRandom::new());
            EcKey::P384(Arc::new(pair.ok()?))
        }
        _ => return None,
    };
    Some(Arc::new(key))
}

#[derive(Clone)]
enum EcKey {
    P256(Arc<p256::ecdsa::SigningKey>),
    P384(Arc<EcdsaKeyPair>),
}

impl std::fmt::Debug for EcKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.scheme())
    }
}

impl SigningKey for EcKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for EcKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::P256(key) => {
                let signature: Signature = key.sign(message);
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::P384(key) => {
                let signature = key.sign(&SystemRandom::new(), message);
                signature
                    .map(|signature| signature.as_ref().to_vec())
                    .map_err(|_| Error::General("signing failed".into()))
            }
        }
    }

    fn scheme(&self) -> SignatureScheme {
        match self {
            Self::P256(_) => SignatureScheme::ECDSA_NISTP256_SHA256,
            Self::P384(_) => SignatureScheme::ECDSA_NISTP384_SHA384,
        }
    }
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// The key that PKCS #8 wraps: `SEQUENCE { INTEGER, SEQUENCE algorithm, OCTET STRING key, … }`.
fn sec1_of(der: &[u8]) -> Option<&[u8]> {
    let (inner, _) = element(der, SEQUENCE)?;
    let (_, rest) = element(inner, INTEGER)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    element(rest, OCTETS).map(|(key, _)| key)
}

/// The number in `SEQUENCE { INTEGER 1, OCTET STRING number, … }`.
fn secret_of(sec1: &[u8]) -> Option<&[u8]> {
    let (inner, _) = element(sec1, SEQUENCE)?;
    let (_, rest) = element(inner, INTEGER)?;
    element(rest, OCTETS).map(|(key, _)| key)
}

/// Wraps a key on P-384, for ring reads no other form.
fn p384_pkcs8(sec1: &[u8]) -> Option<Vec<u8>> {
    // INTEGER 0, SEQUENCE { id-ecPublicKey, secp384r1 }
    const HEAD: [u8; 21] = [
        0x02, 0x01, 0x00, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
        0x04, 0x00, 0x22,
    ];
    let key = wrapped(OCTETS, sec1)?;
    wrapped(SEQUENCE, &[HEAD.as_slice(), &key].concat())
}

/// An element of less than 64 KiB, its length as short as DER has it.
fn wrapped(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?.to_be_bytes();
    let head = match length {
        [0, short @ 0..=0x7f] => vec![tag, short],
        [0, one] => vec![tag, 0x81, one],
        [one, two] => vec![tag, 0x82, one, two],
    };
    Some([&head, content].concat())
}

/// The content of the element at the start of `der`, which has this tag, and what follows it (X.690).
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length =
                bytes.iter().try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
            (length, rest)
        }
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}
