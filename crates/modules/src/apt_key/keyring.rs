//! The files whose keys apt trusts.

use std::path::{Path, PathBuf};

use crate::{
    kit::{Failure, Reader, Writer, file_args::Attributes},
    openpgp::{self, Certificate, Key},
};

const MAIN: &str = "/etc/apt/trusted.gpg";
const PARTS: &str = "/etc/apt/trusted.gpg.d";

/// Some keyrings.
pub struct Keyrings(Vec<Keyring>);

struct Keyring {
    path: PathBuf,
    certificates: Vec<Certificate>,
    is_changed: bool,
}

impl Keyrings {
    /// The one at a path, or all that apt trusts: keys are added to the first.
    pub fn read(host: &Reader, only: Option<&PathBuf>) -> Result<Self, Failure> {
        let mut paths = vec![only.cloned().unwrap_or_else(|| MAIN.into())];
        if only.is_none() && host.exists(PARTS) {
            let is_keyring = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "gpg" || ext == "asc");
            paths.extend(host.list(PARTS)?.into_iter().filter(is_keyring));
        }
        let read = |path: PathBuf| -> Result<Keyring, Failure> {
            let bytes = if host.exists(&path) { host.read(&path)? } else { Vec::new() };
            Ok(Keyring { path, certificates: openpgp::certificates(&bytes), is_changed: false })
        };
        Ok(Self(paths.into_iter().map(read).collect::<Result<_, _>>()?))
    }

    /// All keys and subkeys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().flat_map(|keyring| &keyring.certificates).flat_map(|certificate| &certificate.keys)
    }

    /// Adds keys to the first keyring.
    pub fn add(&mut self, certificates: &[Certificate]) {
        if let Some(keyring) = self.0.first_mut() {
            keyring.certificates.retain(|known| !certificates.iter().any(|new| new.keys.first() == known.keys.first()));
            keyring.certificates.extend(certificates.iter().cloned());
            keyring.is_changed = true;
        }
    }

    /// Removes keys from all of them.
    pub fn remove(&mut self, goes: impl Fn(&Key) -> bool) {
        for keyring in &mut self.0 {
            let before = keyring.certificates.len();
            keyring.certificates.retain(|certificate| !certificate.keys.first().is_some_and(&goes));
            keyring.is_changed |= keyring.certificates.len() != before;
        }
    }

    /// Writes those that changed; one without keys is removed. A name that ends in `.asc` promises armour.
    pub fn write(&self, host: &mut Writer) -> Result<(), Failure> {
        for keyring in self.0.iter().filter(|keyring| keyring.is_changed) {
            let bytes: Vec<u8> =
                keyring.certificates.iter().flat_map(|certificate| certificate.bytes.clone()).collect();
            let path: &Path = &keyring.path;
            if bytes.is_empty() {
                host.remove(path)?;
                continue;
            }
            let mode = if host.exists(path) { None } else { Some(0o644) };
            let bytes = if path.extension().is_some_and(|ext| ext == "asc") { openpgp::armour(&bytes) } else { bytes };
            host.write(path, bytes.into(), &Attributes { mode, ..Attributes::default() })?;
        }
        Ok(())
    }
}
