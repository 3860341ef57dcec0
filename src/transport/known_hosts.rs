//! `known_hosts` files: which keys a host may have (`SSH_KNOWN_HOSTS FILE FORMAT` in `man 8 sshd`).

use std::{
    collections::HashMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use parking_lot::Mutex;
use russh::keys::{PublicKey, parse_public_key_base64};
use sha1::{Digest, Sha1};

use super::pattern::matches_list;

/// What the files say about a host.
#[derive(Debug, Default)]
pub struct HostKeys {
    /// Its keys.
    pub keys: Vec<Line>,
    /// The authorities that may sign its keys.
    pub authorities: Vec<Line>,
    /// Keys that must not be trusted.
    pub revoked: Vec<Line>,
}

/// A key and where it stands.
#[derive(Clone, Debug)]
pub struct Line {
    /// The key.
    pub key: PublicKey,
    /// The file.
    pub file: PathBuf,
    /// The line in it, counted from 1.
    pub number: usize,
}

/// What is to be thought of a key.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// It is the host's.
    Known,
    /// The host is not in the files.
    Unknown,
    /// The host has this key there instead.
    Changed(&'a Line),
    /// This line revokes it.
    Revoked(&'a Line),
}

impl HostKeys {
    /// Compares a key that the host offers.
    pub fn check(&self, offered: &PublicKey) -> Verdict<'_> {
        let same = |line: &&Line| line.key.key_data() == offered.key_data();
        if let Some(line) = self.revoked.iter().find(same) {
            return Verdict::Revoked(line);
        }
        if self.keys.iter().any(|line| same(&line)) {
            return Verdict::Known;
        }
        let alike = self.keys.iter().find(|line| line.key.algorithm() == offered.algorithm());
        alike.or(self.keys.first()).map_or(Verdict::Unknown, Verdict::Changed)
    }
}

/// The files of a run, each read once.
#[derive(Debug, Default)]
pub struct KnownHosts {
    files: Mutex<HashMap<PathBuf, Arc<str>>>,
}

impl KnownHosts {
    /// What `files` say about `host`, which is written as [`name`] does. A file that cannot be read
    /// says nothing.
    pub fn find(&self, files: &[PathBuf], host: &str) -> HostKeys {
        let host = host.to_lowercase();
        let mut found = HostKeys::default();
        for file in files {
            let text = self.text(file);
            for (index, line) in text.lines().enumerate() {
                let mut words = line.split_ascii_whitespace().peekable();
                let marker = words.next_if(|word| word.starts_with('@'));
                if !words.next().is_some_and(|names| !names.starts_with('#') && covers(names, &host)) {
                    continue;
                }
                let Some(key) = words.nth(1).and_then(|key| parse_public_key_base64(key).ok()) else { continue };
                let line = Line { key, file: file.clone(), number: index + 1 };
                match marker {
                    None => found.keys.push(line),
                    Some("@cert-authority") => found.authorities.push(line),
                    Some("@revoked") => found.revoked.push(line),
                    Some(_) => {}
                }
            }
        }
        found
    }

    /// Adds a key to the end of `file`, which is made with its directory when it is missing.
    pub fn remember(&self, file: &Path, host: &str, key: &PublicKey, hashed: bool) -> std::io::Result<()> {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        let key = key.to_openssh().map_err(std::io::Error::other)?;
        let key: Vec<&str> = key.split(' ').take(2).collect();
        let name = if hashed { hash_name(host) } else { host.to_owned() };
        // Held until it is written: two hosts of one run must not mix their lines.
        let mut files = self.files.lock();
        if let Some(directory) = file.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let torn = fs::read(file).is_ok_and(|text| text.last().is_some_and(|byte| *byte != b'\n'));
        let line = format!("{}{name} {}\n", if torn { "\n" } else { "" }, key.join(" "));
        // One write to a file opened for appending is not mixed with another program's.
        fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?.write_all(line.as_bytes())?;
        files.remove(file);
        Ok(())
    }

    fn text(&self, file: &Path) -> Arc<str> {
        let mut files = self.files.lock();
        files.entry(file.to_owned()).or_insert_with(|| fs::read_to_string(file).unwrap_or_default().into()).clone()
    }
}

/// A host as it is written in the files: the port only when it is not 22.
pub fn name(host: &str, port: u16) -> String {
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

/// True when a line's names cover `host`.
fn covers(names: &str, host: &str) -> bool {
    if let Some(hashed) = names.strip_prefix("|1|") {
        let Some((salt, hash)) = hashed.split_once('|') else { return false };
        let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else { return false };
        return hmac_sha1(&salt, host.as_bytes()).as_slice() == hash;
    }
    matches_list(names.to_lowercase().split(','), host)
}

/// A host's name hidden behind a salt (`HashKnownHosts`).
fn hash_name(host: &str) -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut salt = Vec::new();
    for _ in 0..3 {
        salt.extend_from_slice(&RandomState::new().build_hasher().finish().to_be_bytes());
    }
    salt.truncate(20);
    let hash = hmac_sha1(&salt, host.to_lowercase().as_bytes());
    format!("|1|{}|{}", STANDARD.encode(&salt), STANDARD.encode(hash))
}

/// RFC 2104 with SHA-1, for keys of at most one block.
fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = Sha1::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha1::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK2pr+Bfus1hvPof4Wb/plZCzSbqadHH0u+/f4ODtKnE";

    fn key(text: &str) -> PublicKey {
        PublicKey::from_openssh(text).unwrap()
    }

    fn find(text: &str, host: &str) -> HostKeys {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text.replace("KEY-A", A).replace("KEY-B", B)).unwrap();
        KnownHosts::default().find(&[file.path().to_owned()], host)
    }

    #[test]
    fn names_ports_and_patterns() {
        let text = "# comment\nWEB,10.0.0.1 KEY-A comment\n[web]:2222 KEY-B\n*.lan,!db.lan KEY-A\n";
        for (host, known) in
            [("web", true), ("10.0.0.1", true), ("x.lan", true), ("db.lan", false), ("[web]:22", false)]
        {
            assert_eq!(matches!(find(text, host).check(&key(A)), Verdict::Known), known, "{host}");
        }
        assert!(matches!(find(text, &name("web", 2222)).check(&key(B)), Verdict::Known));
    }

    #[test]
    fn a_changed_key_names_the_line() {
        let found = find("other KEY-B\nweb KEY-B\n", "web");
        let Verdict::Changed(line) = found.check(&key(A)) else { panic!("{found:?}") };
        assert_eq!(line.number, 2);
    }

    #[test]
    fn revoked_beats_known_and_authorities_are_not_keys() {
        let found = find("web KEY-A\n@revoked * KEY-A\n@cert-authority web KEY-B\n", "web");
        assert!(matches!(found.check(&key(A)), Verdict::Revoked(line) if line.number == 2));
        assert_eq!((found.keys.len(), found.authorities.len()), (1, 1));
    }

    #[test]
    fn hashed_names_are_those_of_openssh() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ssh/known_hosts");
        let known = KnownHosts::default();
        let files = [file.clone()];
        assert!(matches!(known.find(&files, "[web]:2222").check(&key(A)), Verdict::Unknown));
        known.remember(&file, "[web]:2222", &key(A), true).unwrap();
        fs::write(&file, fs::read_to_string(&file).unwrap().trim_end()).unwrap();
        known.remember(&file, "plain", &key(B), false).unwrap();
        assert!(matches!(known.find(&files, "[web]:2222").check(&key(A)), Verdict::Known));
        assert!(matches!(known.find(&files, "plain").check(&key(B)), Verdict::Known));
        assert!(!fs::read_to_string(&file).unwrap().contains("web"));
        if let Ok(output) =
            std::process::Command::new("ssh-keygen").args(["-F", "[web]:2222", "-f"]).arg(&file).output()
        {
            assert!(String::from_utf8_lossy(&output.stdout).contains("found: line 1"), "{output:?}");
        }
    }
}
