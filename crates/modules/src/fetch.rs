//! `fetch`: a file of the host, for the controller.

use std::{io::Read, path::PathBuf};

use rustix::fs::Access;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, reader::hex, users};

/// Copies a file of the host to the controller, below a folder of the host's name.
///
/// Of `src: /etc/profile` on the host `web1`, `dest: backup` is `backup/web1/etc/profile`. A file that the
/// controller has already is not sent. In check mode it is skipped.
///
/// ```yaml
/// - fetch:
///     src: /tmp/somefile
///     dest: /tmp/fetched
/// - fetch:
///     src: /tmp/uniquefile
///     dest: special/prefix-{{ inventory_hostname }}
///     flat: true
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "the controller reads the rest")]
pub struct Fetch {
    /// The file; a directory is none.
    src: Option<Value>,
    /// A folder on the controller; a relative path starts at the playbook's folder.
    dest: Option<Value>,
    /// Takes `dest` for the file itself, or with a slash at its end for the folder of the file. Files of
    /// several hosts need different names then.
    #[arg(default = false)]
    flat: bool,
    /// Fails when the file cannot be read.
    #[arg(default = true)]
    fail_on_missing: bool,
    /// Fails when the file on the controller turns out another than that on the host.
    #[arg(default = true)]
    validate_checksum: bool,
    /// The SHA-1 of the file that the controller has.
    #[arg(internal, name = "_known")]
    known: Option<String>,
    /// Only asks where `src` is.
    #[arg(internal, name = "_asks", default = false)]
    asks: bool,
}

impl Module for Fetch {
    type Plan = PathBuf;

    fn inspect(&self, host: &Reader) -> Result<Changes<PathBuf>, Failure> {
        let src = self.src.as_ref().and_then(Value::as_str).unwrap_or_default();
        let path = PathBuf::from(users::expand_tilde(src, host.environment()));
        let shown = path.to_string_lossy().into_owned();
        match host.stat(&path)? {
            None => return Err(Failure::new("the remote file does not exist, not transferring, ignored")),
            Some(meta) if meta.is_dir() => {
                return Err(Failure::new("remote file is a directory, fetch cannot work on directories"));
            }
            Some(_) if !host.may(&path, Access::READ_OK) => {
                return Err(Failure::new(format!("File is not readable: {shown}")));
            }
            Some(_) => {}
        }
        let found = Changes::none().with("source", shown);
        match &self.known {
            _ if self.asks => Ok(found),
            Some(known) if host.sha1(&path)? == *known => Ok(found.with("checksum", known.as_str())),
            _ => Ok(Changes { plan: Some(path), ..Changes::none() }),
        }
    }

    fn apply(&self, path: PathBuf, host: &mut Writer) -> Result<Fields, Failure> {
        let mut stream = Hashed { file: host.open(&path)?, hasher: Sha1::new() };
        host.send(&mut stream)?;
        Ok(Fields::from_iter([("checksum".to_owned(), json!(hex(&stream.hasher.finalize())))]))
    }
}

/// A file, and the hash of what was read of it.
struct Hashed {
    file: std::fs::File,
    hasher: Sha1,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}
