//! What the arguments leave in doubt: warnings.

use super::{User, ssh_key::public};
use crate::kit::Reader;

/// The lengths of hashes by the number of their method (`man 5 crypt`).
const LENGTHS: [(&str, usize); 4] = [("1", 22), ("5", 43), ("6", 86), ("y", 43)];

impl User {
    /// Warnings about the password, the groups and the key; `home` is that of a user who is there.
    pub(super) fn doubts(&self, home: Option<&str>, host: &Reader) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.password.as_deref().is_some_and(|password| !is_hash(password)) {
            doubts.push(
                "The input password appears not to have been hashed. The 'password' argument must be encrypted for \
                 this module to work properly."
                    .into(),
            );
        }
        if self.append && self.groups.is_none() {
            doubts
                .push("'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.".into());
        }
        let key = home.filter(|_| self.generate_ssh_key).map(|home| self.key_path(home));
        let parts = key.map(|key| [("public", public(&key)), ("private", key)]).into_iter().flatten().rev();
        for (part, path) in parts.filter(|(_, path)| host.exists(path)) {
            let path = path.display();
            if !self.force {
                doubts.push(format!(
                    "Found existing ssh key {part} file \"{path}\", no force, so skipping ssh-keygen generation"
                ));
                break;
            }
            doubts.push(format!("Overwriting existing ssh key {part} file \"{path}\""));
        }
        doubts
    }
}

/// Whether a password can be a hash, or closes the account.
fn is_hash(password: &str) -> bool {
    if matches!(password, "" | "*" | "!" | "*************") {
        return true;
    }
    let parts: Vec<&str> = password.split('$').collect();
    let [_, method, .., hash] = parts[..] else { return false };
    let is_clean = hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'));
    let has_length = LENGTHS.iter().all(|(known, length)| *known != method || hash.len() == *length);
    !password.contains([':', '*', '!']) && is_clean && has_length
}

#[cfg(test)]
mod tests {
    use super::is_hash;

    #[test]
    fn hashes_are_told_from_passwords() {
        let md5 = "$1$salt$aaaaaaaaaaaaaaaaaaaaaa";
        for hash in ["", "*", "!", md5, "$2b$12$abc"] {
            assert!(is_hash(hash), "{hash}");
        }
        for text in ["secret", "$6$salt$short", "a$b", "!$1$salt$aaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(!is_hash(text), "{text}");
        }
    }
}
