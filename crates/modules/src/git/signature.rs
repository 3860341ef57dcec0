//! Signatures of commits and tags.

use super::{Git, task::Task};
use crate::kit::{Failure, Reader};

impl Git {
    /// Fails unless the version has a good signature, by a key that may sign.
    pub(super) fn verify(&self, task: &Task, host: &Reader) -> Result<(), Failure> {
        let format = "%(objecttype):%(refname:short)";
        let tags = task.git.line(&task.dest, &["for-each-ref", "refs/tags/", "--format", format], host)?;
        let is_annotated = tags.lines().any(|line| line.strip_prefix("tag:") == Some(self.version.as_str()));
        let mut words = vec![if is_annotated { "verify-tag" } else { "verify-commit" }, &self.version];
        words.extend((!self.gpg_allowlist.is_empty()).then_some("--raw"));
        let finished = task.git.ask(&task.dest, &words, host)?;
        if !finished.success() {
            let msg = format!("Failed to verify GPG signature of commit/tag \"{}\"", self.version);
            return Err(finished.said(Failure::new(msg)));
        }
        let said = finished.err();
        let fingerprint = fingerprint(&said).unwrap_or("None");
        if self.gpg_allowlist.is_empty() || self.gpg_allowlist.iter().any(|key| key == fingerprint) {
            return Ok(());
        }
        let msg = format!("The gpg_allowlist does not include the public key \"{fingerprint}\" for this commit");
        Err(finished.said(Failure::new(msg)))
    }
}

/// The key that signed, as `GnuPG`'s status lines tell it (`doc/DETAILS` there, `VALIDSIG`): its primary key where
/// that is another one.
fn fingerprint(status: &str) -> Option<&str> {
    let words = status.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let words = words.into_iter().find(|words| words.get(1) == Some(&"VALIDSIG"))?;
    words.get(11).or_else(|| words.get(2)).copied()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_subkeys_primary_key_is_the_one_that_counts() {
        let line = "[GNUPG:] NEWSIG\n[GNUPG:] VALIDSIG SUB 2026-01-01 1 0 4 0 1 10 00 PRIMARY\n";
        assert_eq!(super::fingerprint(line), Some("PRIMARY"));
        assert_eq!(super::fingerprint("[GNUPG:] VALIDSIG OLD 2026-01-01 1\n"), Some("OLD"));
    }
}
