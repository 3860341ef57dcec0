//! A password with the label that vaults know it by.

use zeroize::Zeroizing;

use super::DEFAULT_ID;

/// A label and its password. One label may have several.
#[derive(Clone)]
pub struct Identity {
    /// The label; `default` where none was given.
    pub id: String,
    password: Zeroizing<Vec<u8>>,
}

impl Identity {
    /// An identity with its password.
    pub fn new(id: impl Into<String>, password: Zeroizing<Vec<u8>>) -> Self {
        Self { id: id.into(), password }
    }

    /// The same password under the label that a vault names, or the default one.
    #[must_use]
    pub fn labelled(&self, id: Option<&str>) -> Self {
        Self { id: id.unwrap_or(DEFAULT_ID).to_owned(), ..self.clone() }
    }

    /// The password, for the key derivation.
    pub fn password(&self) -> &[u8] {
        &self.password
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.id)
    }
}
