//! `tempfile`: a file or directory with a name nobody else has.

use std::path::PathBuf;

use rustix::fs::Access;
use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, InCheck, Module, Reader, Writer},
};

choice! {
    /// What to make.
    pub enum State {
        /// A file.
        File = "file",
        /// A directory.
        Directory = "directory",
    }
}

/// Makes an empty file or directory that only its owner can read, and returns its `path`.
///
/// ```yaml
/// - tempfile:
///     state: directory
///     suffix: build
///   register: place
/// - file:
///     path: "{{ place.path }}"
///     state: absent
/// ```
#[derive(Args)]
pub struct Tempfile {
    /// What to make.
    #[arg(default = "file")]
    state: State,
    /// Where; the host's directory for temporary files without it: the first that can be written of those that
    /// `TMPDIR`, `TEMP` and `TMP` name, `/tmp`, `/var/tmp` and `/usr/tmp`.
    path: Option<PathBuf>,
    /// What its name begins with.
    #[arg(default = "ansible.")]
    prefix: String,
    /// What its name ends with.
    #[arg(default = "")]
    suffix: String,
}

impl Module for Tempfile {
    type Plan = PathBuf;

    fn inspect(&self, host: &Reader) -> Result<Changes<PathBuf>, Failure> {
        let place = self.path.clone().unwrap_or_else(|| default_place(host));
        let skipped = "remote module (ansible.builtin.tempfile) does not support check mode";
        Ok(Changes::of(place).in_check(InCheck::Skip(skipped.into())))
    }

    fn apply(&self, place: PathBuf, host: &mut Writer) -> Result<Fields, Failure> {
        for (name, part) in [("prefix", &self.prefix), ("suffix", &self.suffix)] {
            if part.contains('/') {
                let quote = if part.contains('\'') { '"' } else { '\'' };
                let msg = format!("{name} must be a valid file name component, got {quote}{part}{quote}");
                return Err(Failure::new(msg));
            }
        }
        let path = host.make_temporary(&place, &self.prefix, &self.suffix, self.state == State::Directory)?;
        Ok(Fields::from_iter([("path".to_owned(), json!(path.to_string_lossy()))]))
    }
}

fn default_place(host: &Reader) -> PathBuf {
    let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(|name| host.env(name)).filter(|path| !path.is_empty());
    let places = named.map(PathBuf::from).chain(["/tmp", "/var/tmp", "/usr/tmp"].map(PathBuf::from));
    let mut usable = places.filter(|path| path.is_dir() && host.may(path, Access::WRITE_OK));
    usable.next().unwrap_or_else(|| "/tmp".into())
}
