//! `tempfile`: a file or directory with a name nobody else has.

use std::path::PathBuf;

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
    /// Where; the host's directory for temporary files without it (`TMPDIR`, or `/tmp`).
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
        let default = || host.env("TMPDIR").filter(|path| !path.is_empty()).unwrap_or_else(|| "/tmp".into()).into();
        let place = self.path.clone().unwrap_or_else(default);
        let skipped = "remote module (ansible.builtin.tempfile) does not support check mode";
        Ok(Changes::of(place).in_check(InCheck::Skip(skipped.into())))
    }

    fn apply(&self, place: PathBuf, host: &mut Writer) -> Result<Fields, Failure> {
        for (name, part) in [("prefix", &self.prefix), ("suffix", &self.suffix)] {
            if part.contains('/') {
                return Err(Failure::new(format!("{name} must be a valid file name component, got '{part}'")));
            }
        }
        let path = host.make_temporary(&place, &self.prefix, &self.suffix, self.state == State::Directory)?;
        Ok(Fields::from_iter([("path".to_owned(), json!(path.to_string_lossy()))]))
    }
}
