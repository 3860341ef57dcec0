//! Ansible Vault: encrypted files and values, the passwords that open them, and who may try which.
//!
//! The passwords of a run are known in one place ([`install`]): whoever reads a file or uses a value gets what it
//! holds, decrypted when it is first used. What was decrypted is a secret of the run's output from then on.

mod cipher;
mod envelope;
mod error;
mod identity;
mod password;
mod ring;
mod secret_text;

pub use cipher::{Salt, encrypt};
pub use envelope::{DEFAULT_ID, is_vault};
pub use error::{Damage, VaultError, is_refusal};
pub use identity::Identity;
pub use password::from_file as password_of_file;
pub use ring::{Ring, current, forget, install};
pub use secret_text::{content_of, note, note_leaves, note_rendered, note_variable};

#[cfg(test)]
mod tests;
