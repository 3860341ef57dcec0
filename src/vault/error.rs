//! Why something encrypted cannot be opened.

use std::fmt;

use crate::source::Diagnostic;

/// Why a vault cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultError {
    /// No password was given at all.
    NoSecrets,
    /// No password opens it: a wrong one, or changed bytes.
    WrongPassword {
        /// The identity that it names, if it names one.
        id: Option<String>,
        /// The identities whose passwords were tried.
        tried: Vec<String>,
    },
    /// Only the identity that it names may be tried, and no password is known for it.
    MissingId {
        /// The identity that it names, or the default one.
        id: String,
        /// The identities that there are.
        known: Vec<String>,
    },
    /// It is no vault, or one that is damaged.
    Damaged(Damage),
}

/// What is wrong with the text of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It does not begin as a vault does.
    NoVault,
    /// Its first line has too few parts.
    Header,
    /// It is encrypted with another cipher than AES256.
    Cipher(String),
    /// It has an odd number of hexadecimal digits.
    OddLength,
    /// A character is no hexadecimal digit.
    NoDigit,
    /// It has not the three parts salt, check and content.
    Parts(usize),
    /// A part has a length that it cannot have: something is missing at the end.
    Truncated,
    /// Its check is right, and its content ends as nothing encrypted does.
    Padding,
}

impl VaultError {
    /// What Ansible says.
    pub fn wording(&self) -> String {
        match self {
            Self::NoSecrets => "Attempting to decrypt but no vault secrets found.".into(),
            Self::WrongPassword { .. } | Self::MissingId { .. } | Self::Damaged(Damage::Truncated) => {
                "Decryption failed (no vault secrets were found that could decrypt).".into()
            }
            Self::Damaged(damage) => damage.wording(),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NoSecrets => {
                "give the password with `--ask-vault-pass`, `--vault-password-file FILE` or `--vault-id LABEL@SOURCE`"
                    .into()
            }
            Self::WrongPassword { id: Some(id), tried } if !tried.contains(id) => {
                format!("give the password of `{id}`: `--vault-id {id}@FILE`")
            }
            Self::WrongPassword { .. } => {
                "check the password; if it is right, the encrypted text was changed after it was written".into()
            }
            Self::MissingId { id, .. } => format!(
                "give its password with `--vault-id {id}@SOURCE`, or switch `vault_id_match` off to try all passwords"
            ),
            Self::Damaged(Damage::NoVault) => {
                "a vault begins with `$ANSIBLE_VAULT;`; `sutler vault encrypt` makes one".into()
            }
            Self::Damaged(_) => "take the encrypted text anew from where it was made; nothing of it can be read".into(),
        }
    }

    /// The error, without a place yet.
    pub fn diagnostic(&self, what: &str) -> Diagnostic {
        Diagnostic::error(format!("{CANNOT}{what}: {self}")).worded(self.wording()).help(self.help())
    }
}

/// How the error of a file begins that cannot be decrypted.
const CANNOT: &str = "cannot decrypt ";

/// Whether an error says that a file cannot be decrypted.
pub fn is_refusal(error: &Diagnostic) -> bool {
    error.message.starts_with(CANNOT)
}

impl Damage {
    fn wording(&self) -> String {
        match self {
            Self::NoVault => "Input is not vault encrypted data.".into(),
            Self::Header => "Vault envelope format error: list index out of range".into(),
            Self::Cipher(name) => format!("Cipher '{name}' could not be found."),
            Self::OddLength => "Vault format unhexlify error: Odd-length string".into(),
            Self::NoDigit => "Vault format unhexlify error: Non-hexadecimal digit found".into(),
            Self::Parts(count) => {
                format!("Vault vaulttext format error: not enough values to unpack (expected 3, got {count})")
            }
            Self::Truncated | Self::Padding => "Decryption failed".into(),
        }
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecrets => f.write_str("no vault password is known"),
            Self::WrongPassword { id, tried } => {
                match tried.as_slice() {
                    [one] => write!(f, "the vault password of `{one}` does not open it")?,
                    _ => write!(f, "none of the vault passwords opens it (those of {})", list(tried))?,
                }
                match id {
                    Some(id) if tried.as_slice() != std::slice::from_ref(id) => {
                        write!(f, "; it was made with that of `{id}`")
                    }
                    _ => Ok(()),
                }
            }
            Self::MissingId { id, known } => {
                write!(f, "there is no vault password of `{id}`, and `vault_id_match` allows no other ")?;
                write!(f, "(there are those of {})", list(known))
            }
            Self::Damaged(damage) => damage.fmt(f),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVault => f.write_str("it is not encrypted with Ansible Vault"),
            Self::Header => f.write_str("it is damaged: its first line is not `$ANSIBLE_VAULT;VERSION;CIPHER`"),
            Self::Cipher(name) => write!(f, "it is encrypted with `{name}`, and only AES256 is known"),
            Self::OddLength => write!(f, "it is damaged: its number of hexadecimal digits is odd ({})", self.wording()),
            Self::NoDigit => {
                write!(f, "it is damaged: there is a character that is no hexadecimal digit ({})", self.wording())
            }
            Self::Parts(_) => f.write_str("it is damaged: salt, check and content are not all there"),
            Self::Truncated => f.write_str("it is damaged: a part of it is missing"),
            Self::Padding => f.write_str("it is damaged: its content has no end"),
        }
    }
}

impl std::error::Error for VaultError {}

impl From<Damage> for VaultError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
