//! AES256 as Ansible Vault does it: keys from PBKDF2-HMAC-SHA256, AES-256 in counter mode, PKCS#7 padding, and an
//! HMAC-SHA256 over the ciphertext that is checked before anything is decrypted.

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Damage, Identity, envelope::Envelope};

/// Rounds of the key derivation.
const ROUNDS: u32 = 10_000;
/// Bytes of a block.
const BLOCK: usize = 16;
/// Bytes of a random salt.
const SALT: usize = 32;

/// The keys of one password and salt: for the cipher, for the check, and the first counter.
pub struct Keys(Zeroizing<[u8; 80]>);

impl Keys {
    /// Derives them, which takes some milliseconds on purpose.
    pub fn derive(password: &[u8], salt: &[u8]) -> Self {
        let mut keys = Zeroizing::new([0; 80]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ROUNDS, keys.as_mut_slice());
        Self(keys)
    }

    fn mac(&self, ciphertext: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0[32..64]).expect("an HMAC takes keys of any length");
        mac.update(ciphertext);
        mac
    }

    fn apply(&self, bytes: &mut [u8]) {
        let mut cipher = Ctr128BE::<Aes256>::new_from_slices(&self.0[..32], &self.0[64..])
            .expect("the lengths are those of AES-256");
        cipher.apply_keystream(bytes);
    }

    /// The content of a vault; `None` if these are not its keys.
    pub fn open(&self, envelope: &Envelope) -> Option<Result<Zeroizing<Vec<u8>>, Damage>> {
        self.mac(&envelope.ciphertext).verify_slice(&envelope.check).ok()?;
        let mut content = Zeroizing::new(envelope.ciphertext.clone());
        self.apply(&mut content);
        let padding = content.last().map_or(0, |byte| usize::from(*byte));
        let start = content.len().saturating_sub(padding);
        if !(1..=BLOCK).contains(&padding) || content[start..].iter().any(|byte| usize::from(*byte) != padding) {
            return Some(Err(Damage::Padding));
        }
        content[start..].zeroize();
        content.truncate(start);
        Some(Ok(content))
    }

    /// Encrypts.
    fn seal(&self, content: &[u8], salt: Vec<u8>, id: Option<String>) -> Envelope {
        let padding = BLOCK - content.len() % BLOCK;
        // As large as it becomes: a growing vector would leave copies behind.
        let mut bytes = Vec::with_capacity(content.len() + padding);
        bytes.extend_from_slice(content);
        bytes.resize(content.len() + padding, padding as u8);
        self.apply(&mut bytes);
        let check = self.mac(&bytes).finalize().into_bytes().into();
        Envelope { id, salt, check, ciphertext: bytes }
    }
}

/// What the keys of a new vault are derived with.
pub enum Salt {
    /// Random bytes.
    Random,
    /// This text: equal contents become equal vaults, which tells that they are equal.
    Fixed(String),
}

impl Salt {
    fn bytes(self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Fixed(text) => Ok(text.into_bytes()),
            Self::Random => {
                use std::io::Read as _;
                let mut salt = vec![0; SALT];
                std::fs::File::open("/dev/urandom")?.read_exact(&mut salt)?;
                Ok(salt)
            }
        }
    }
}

/// Encrypts with an identity's password; the vault names the identity unless it is the default one.
/// Fails for a label that cannot stand in a vault, and when the system has no random numbers.
pub fn encrypt(content: &[u8], identity: &Identity, salt: Salt) -> std::io::Result<String> {
    if identity.id.contains(|letter: char| !letter.is_ascii() || letter.is_ascii_control() || letter == ';') {
        let text = format!("the label `{}` has other characters than ASCII, or `;`", identity.id);
        return Err(std::io::Error::other(text));
    }
    if super::is_vault(content) {
        return Err(std::io::Error::other("input is already encrypted"));
    }
    let salt = salt.bytes()?;
    let id = Some(identity.id.clone()).filter(|id| id != super::DEFAULT_ID);
    Ok(Keys::derive(identity.password(), &salt).seal(content, salt, id).text())
}
