//! Settings: encrypted files.

use crate::config::setting::settings;

settings! {
    /// The password of vaults is asked for.
    setting DEFAULT_ASK_VAULT_PASS: bool = "False", ini ["defaults.ask_vault_pass"], env ["ANSIBLE_ASK_VAULT_PASS"];
    /// The identity that encrypts where several could.
    setting DEFAULT_VAULT_ENCRYPT_IDENTITY: maybe_text = none,
        ini ["defaults.vault_encrypt_identity"], env ["ANSIBLE_VAULT_ENCRYPT_IDENTITY"];
    /// The label of an identity that has none.
    setting DEFAULT_VAULT_IDENTITY: text = "default", ini ["defaults.vault_identity"], env ["ANSIBLE_VAULT_IDENTITY"];
    /// Identities with their passwords' files.
    setting DEFAULT_VAULT_IDENTITY_LIST: list = empty,
        ini ["defaults.vault_identity_list"], env ["ANSIBLE_VAULT_IDENTITY_LIST"];
    /// Only the identity that a vault names is tried.
    setting DEFAULT_VAULT_ID_MATCH: bool = "False", ini ["defaults.vault_id_match"], env ["ANSIBLE_VAULT_ID_MATCH"];
    /// The file with the password of vaults; run if it is executable.
    setting DEFAULT_VAULT_PASSWORD_FILE: maybe_path = none,
        ini ["defaults.vault_password_file"], env ["ANSIBLE_VAULT_PASSWORD_FILE"];
    /// The salt for encryption; a random one without any.
    setting VAULT_ENCRYPT_SALT: maybe_text = none,
        ini ["defaults.vault_encrypt_salt"], env ["ANSIBLE_VAULT_ENCRYPT_SALT"];
}
