//! The passwords of a run, and what they have opened.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::{DEFAULT_ID, Identity, VaultError, cipher::Keys, envelope::Envelope, secret_text::note_value};
use crate::{output::Secrets, value::Str};

/// The passwords in the order in which they are tried.
#[derive(Default)]
pub struct Ring {
    identities: Vec<Identity>,
    /// Whether a vault is tried with the passwords of its own identity alone.
    is_exact: bool,
    /// Whether a whole file could not be opened.
    has_refused: AtomicBool,
    /// Where what was decrypted is noted, so that it is printed nowhere.
    secrets: Secrets,
    /// Keys by identity and salt: deriving them is what takes time.
    keys: Mutex<HashMap<(usize, Vec<u8>), Arc<Keys>>>,
    /// Values by their ciphertext: each is decrypted once, however many hosts use it.
    values: Mutex<HashMap<Str, Arc<OnceLock<Result<Str, VaultError>>>>>,
}

/// What a vault held, and whose password opened it.
pub struct Decrypted {
    /// The content.
    pub content: Zeroizing<Vec<u8>>,
    /// Which of the identities it was.
    pub identity: Identity,
    /// The identity that the vault names, if it names one.
    pub id: Option<String>,
}

/// The passwords of this process: there is one run in it.
static CURRENT: RwLock<Option<Arc<Ring>>> = RwLock::new(None);

/// Makes these the passwords of the run.
pub fn install(ring: Ring) {
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ring));
}

/// Forgets the passwords and what they opened, and wipes it from memory as far as nothing else holds it.
pub fn forget() {
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = None;
}

/// The passwords of the run; none before [`install`].
pub fn current() -> Arc<Ring> {
    CURRENT.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
}

impl Ring {
    /// A ring of passwords. With `is_exact` (`vault_id_match`) a vault is tried with those of its own identity alone.
    pub fn new(identities: Vec<Identity>, is_exact: bool, secrets: Secrets) -> Self {
        Self {
            identities,
            is_exact,
            secrets,
            has_refused: AtomicBool::new(false),
            keys: Mutex::default(),
            values: Mutex::default(),
        }
    }

    /// Adds a password.
    pub fn push(&mut self, identity: Identity) {
        self.identities.push(identity);
    }

    /// The identities in their order.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Where what was decrypted is noted.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The content of a vault.
    pub fn open(&self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.decrypt(text).map(|opened| opened.content)
    }

    /// The content of a whole file; a run that needs it ends otherwise than one with a file that is wrong.
    pub fn open_file(&self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.open(text).inspect_err(|_| self.has_refused.store(true, Ordering::Relaxed))
    }

    /// Whether a whole file could not be opened.
    pub fn has_refused(&self) -> bool {
        self.has_refused.load(Ordering::Relaxed)
    }

    /// The content of a vault, and whose password opened it: those of the identity that it names are tried first.
    pub fn decrypt(&self, text: &[u8]) -> Result<Decrypted, VaultError> {
        let envelope = Envelope::parse(text)?;
        if self.identities.is_empty() {
            return Err(VaultError::NoSecrets);
        }
        let id = envelope.id.as_deref().unwrap_or(DEFAULT_ID);
        let (own, others): (Vec<usize>, Vec<usize>) =
            (0..self.identities.len()).partition(|index| self.identities[*index].id == id);
        let names = |indices: &[usize]| {
            let mut names: Vec<String> = indices.iter().map(|index| self.identities[*index].id.clone()).collect();
            names.dedup();
            names
        };
        let all = [own.as_slice(), &others].concat();
        if self.is_exact && own.is_empty() {
            return Err(VaultError::MissingId { id: id.to_owned(), known: names(&all) });
        }
        let tried = if self.is_exact { own } else { all };
        for index in &tried {
            if let Some(content) = self.keys(*index, &envelope.salt).open(&envelope) {
                let identity = self.identities[*index].clone();
                return Ok(Decrypted { content: content?, identity, id: envelope.id });
            }
        }
        Err(VaultError::WrongPassword { id: envelope.id, tried: names(&tried) })
    }

    /// The text of an encrypted value; it is a secret of the run's output from now on.
    pub fn open_value(&self, ciphertext: &Str) -> Result<Str, VaultError> {
        let slot = Arc::clone(self.values.lock().entry(ciphertext.clone()).or_default());
        let opened = slot.get_or_init(|| {
            let content = self.open(ciphertext.trim().as_bytes())?;
            let text = String::from_utf8_lossy(&content);
            note_value(&self.secrets, &text);
            Ok(Str::from(&*text))
        });
        opened.clone()
    }

    /// Takes a text for what was decrypted from a ciphertext, and gives the very text that counts as such.
    pub fn adopt(&self, ciphertext: &Str, text: &Str) -> Str {
        note_value(&self.secrets, text);
        let slot = Arc::clone(self.values.lock().entry(ciphertext.clone()).or_default());
        // A text of its own: the one that was given may stand elsewhere, and is encrypted nowhere there.
        slot.get_or_init(|| Ok(Str::from(&**text))).clone().unwrap_or_else(|_| text.clone())
    }

    /// The encrypted text that a text came from, if it is the very one that was decrypted and no copy of it.
    pub fn ciphertext_of(&self, text: &Str) -> Option<Str> {
        let values = self.values.lock();
        let is_it = |slot: &OnceLock<Result<Str, VaultError>>| {
            slot.get().is_some_and(|opened| opened.as_ref().is_ok_and(|opened| Str::is_same(opened, text)))
        };
        values.iter().find(|(_, slot)| is_it(slot)).map(|(ciphertext, _)| ciphertext.clone())
    }

    /// The encrypted text that holds a text, whose copies count too.
    pub fn ciphertext_of_copy(&self, text: &str) -> Option<Str> {
        let values = self.values.lock();
        let is_it = |slot: &OnceLock<Result<Str, VaultError>>| {
            slot.get().is_some_and(|opened| opened.as_ref().is_ok_and(|opened| **opened == *text))
        };
        values.iter().find(|(_, slot)| is_it(slot)).map(|(ciphertext, _)| ciphertext.clone())
    }

    fn keys(&self, index: usize, salt: &[u8]) -> Arc<Keys> {
        let place = (index, salt.to_vec());
        if let Some(keys) = self.keys.lock().get(&place) {
            return Arc::clone(keys);
        }
        let keys = Arc::new(Keys::derive(self.identities[index].password(), salt));
        Arc::clone(self.keys.lock().entry(place).or_insert(keys))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for (_, slot) in self.values.get_mut().drain() {
            if let Some(Ok(text)) = Arc::into_inner(slot).and_then(OnceLock::into_inner) {
                text.wipe();
            }
        }
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.identities).finish()
    }
}
