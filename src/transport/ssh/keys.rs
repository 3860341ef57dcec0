//! The user's private keys: read once, decrypted once, shared by all hosts of a run.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use russh::keys::{
    Certificate, Error, PrivateKey, PublicKey, decode_secret_key, load_openssh_certificate, load_public_key,
};
use tokio::sync::OnceCell;

use crate::transport::Secret;

/// What a key file holds.
#[derive(Clone, Debug)]
pub enum KeyFile {
    /// There is none.
    Missing,
    /// A key, and its certificate when one lies beside it.
    Key(Arc<PrivateKey>, Option<Box<Certificate>>),
    /// It cannot be used, for this reason.
    Unusable(String),
}

/// A key that is read at most once.
type Slot = Arc<OnceCell<KeyFile>>;

/// The keys that were read.
#[derive(Default)]
pub struct Keys {
    files: Mutex<HashMap<(PathBuf, Option<Secret>), Slot>>,
}

impl Keys {
    /// The key in `path`, decrypted with `passphrase` where it must be.
    pub async fn load(&self, path: &Path, passphrase: Option<&Secret>) -> KeyFile {
        let slot = self.files.lock().entry((path.to_owned(), passphrase.cloned())).or_default().clone();
        let (path, passphrase) = (path.to_owned(), passphrase.cloned());
        // Decryption is slow on purpose, a third of a second: not on the runtime's own threads.
        let read = || async {
            let read = tokio::task::spawn_blocking(move || read(&path, passphrase.as_ref()));
            read.await.unwrap_or_else(|e| KeyFile::Unusable(e.to_string()))
        };
        slot.get_or_init(read).await.clone()
    }
}

fn read(path: &Path, passphrase: Option<&Secret>) -> KeyFile {
    use std::os::unix::fs::MetadataExt;
    let text = match fs::read_to_string(path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return KeyFile::Missing,
        Err(e) => return KeyFile::Unusable(e.to_string()),
    };
    // As `ssh` sees it: a key that others can read is not a secret.
    let exposed = |file: fs::Metadata| file.mode() & 0o077 != 0 && file.uid() == rustix::process::getuid().as_raw();
    if fs::metadata(path).is_ok_and(exposed) {
        return KeyFile::Unusable("other users can read it: run `chmod 600`".into());
    }
    let decoded = match decode_secret_key(&text, None) {
        Err(Error::KeyIsEncrypted) => match passphrase {
            None => return KeyFile::Unusable("it is encrypted and there is no passphrase: use ssh-agent".into()),
            Some(passphrase) => decode_secret_key(&text, Some(passphrase.expose()))
                .map_err(|_| "the passphrase does not open it".to_owned()),
        },
        decoded => decoded.map_err(|e| format!("it is not a private key that can be read: {e}")),
    };
    match decoded {
        Ok(key) => KeyFile::Key(Arc::new(key), certificate(path)),
        Err(why) => KeyFile::Unusable(why),
    }
}

/// The certificate beside a key, `id_ed25519-cert.pub` beside `id_ed25519`.
fn certificate(path: &Path) -> Option<Box<Certificate>> {
    load_openssh_certificate(beside(path, "-cert.pub")).ok().map(Box::new)
}

/// The public key of a key file, without decrypting it.
pub fn public(path: &Path) -> Option<PublicKey> {
    let text = || zeroize::Zeroizing::new(fs::read_to_string(path).ok()?).parse_public();
    load_public_key(beside(path, ".pub")).ok().or_else(text)
}

/// Reads the public half of a private key, which is not encrypted in OpenSSH's format.
trait ParsePublic {
    fn parse_public(&self) -> Option<PublicKey>;
}

impl ParsePublic for zeroize::Zeroizing<String> {
    fn parse_public(&self) -> Option<PublicKey> {
        PrivateKey::from_openssh(self.as_bytes()).ok().map(|key| key.public_key().clone())
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
