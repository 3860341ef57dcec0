//! A user's own SSH key, made with `ssh-keygen`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{User, failed};
use crate::kit::{Failure, Fields, Finished, Program, Reader, Writer, file_args::Attributes, users};

impl User {
    /// Whether a key has to be made for a user who is there.
    pub(super) fn needs_key(&self, home: &str, host: &Reader) -> bool {
        self.generate_ssh_key && (self.force || !self.has_key(home, host))
    }

    fn has_key(&self, home: &str, host: &Reader) -> bool {
        let key = self.key_path(home);
        host.exists(&key) || host.exists(public(&key))
    }

    pub(super) fn key_path(&self, home: &str) -> PathBuf {
        let file = self.ssh_key_file.clone().unwrap_or_else(|| format!(".ssh/id_{}", self.ssh_key_type).into());
        Path::new(home).join(file)
    }

    /// Makes the key, and the directory it lies in. The home of a new user may be one that was left behind, and
    /// its key stays.
    pub(super) fn make_key(&self, user: &users::User, host: &mut Writer) -> Result<Finished, Failure> {
        if !self.force && self.has_key(&user.home, host) {
            return Ok(Finished::default());
        }
        let path = self.key_path(&user.home);
        if !host.exists(&user.home) {
            let msg = format!("User {} home directory does not exist", self.name);
            return Err(Failure::new(msg).with("name", self.name.clone()).with("rc", 1));
        }
        let owner = Attributes { owner: Some(user.uid), group: Some(user.gid), ..Attributes::default() };
        let directory = path.parent().unwrap_or(Path::new("/"));
        if !host.exists(directory) {
            if !directory.parent().is_some_and(|above| host.exists(above)) {
                let shown = directory.display();
                let why = format!("[Errno 2] No such file or directory: '{shown}'");
                let failure = Failure::new(format!("Failed to create {shown}: {why}"));
                return Err(failure.with("name", self.name.clone()).with("rc", 1));
            }
            host.make_directory(directory)?;
            let private =
                Attributes { mode: Some(0o700), owner: owner.owner, group: owner.group, ..Attributes::default() };
            host.set_attributes(directory, &private)?;
        }
        let public = public(&path);
        // It would ask before it writes over a key.
        host.remove(&path)?;
        host.remove(&public)?;
        let mut program = Program::new(host.required("ssh-keygen")?).arg("-q").arg("-t").arg(&self.ssh_key_type);
        if let Some(bits) = self.ssh_key_bits.filter(|bits| *bits > 0) {
            program = program.arg("-b").arg(bits.to_string());
        }
        program = program.arg("-C").arg(self.key_comment(host)).arg("-f").arg(&path);
        program = match self.ssh_key_passphrase.as_deref() {
            None | Some("") => program.arg("-N").arg(""),
            Some(passphrase) => asked_for(&program, passphrase, &host.required("setsid")?),
        };
        let mut finished = host.run(&program.plain_locale())?;
        if !finished.success() {
            return Err(failed(&self.name, &finished));
        }
        // Its questions are no news.
        finished.stderr.clear();
        host.set_attributes(&path, &owner)?;
        host.set_attributes(&public, &owner)?;
        Ok(finished)
    }

    fn key_comment(&self, host: &Reader) -> String {
        self.ssh_key_comment.clone().unwrap_or_else(|| {
            let name = host.read_text("/proc/sys/kernel/hostname").ok().flatten().unwrap_or_default();
            format!("ansible-generated on {}", name.trim())
        })
    }

    /// What the result says about the key.
    pub(super) fn key_fields(&self, home: &str, host: &Reader) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        let path = self.key_path(home);
        if !self.generate_ssh_key {
            return Ok(fields);
        }
        fields.insert("ssh_key_file".into(), path.to_string_lossy().into());
        let key = host.read_text(public(&path)).ok().flatten();
        fields.insert("ssh_public_key".into(), key.map_or(Value::Null, |key| key.trim().into()));
        if !host.exists(&path) {
            fields.insert("ssh_fingerprint".into(), "".into());
            return Ok(fields);
        }
        let shown = host.query(&Program::new(host.required("ssh-keygen")?).arg("-l").arg("-f").arg(&path))?;
        let fingerprint = if shown.success() { shown.out() } else { shown.err() };
        fields.insert("ssh_fingerprint".into(), fingerprint.trim().into());
        Ok(fields)
    }
}

/// The program with a passphrase that it has to ask for, since anybody may see its arguments.
///
/// It asks a window, then the terminal, then standard input: there is neither of the first two here.
/// As the leader of a process group `setsid` would not wait for it, and so it is not the leader.
fn asked_for(program: &Program, passphrase: &str, setsid: &Path) -> Program {
    let script = "unset DISPLAY WAYLAND_DISPLAY SSH_ASKPASS SSH_ASKPASS_REQUIRE; \"$@\"; exit $?";
    let shell = Program::new("/bin/sh").arg("-c").arg(script).arg("sh").arg(setsid).args(program.argv());
    shell.stdin(format!("{passphrase}\n{passphrase}\n"))
}

pub(super) fn public(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.pub", path.display()))
}
