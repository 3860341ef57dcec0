//! `slurp`: a file's content, for the controller.

use std::{io::ErrorKind, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustix::fs::Access;

use crate::kit::{Args, Changes, Failure, Fields, Module, Reader, Writer};

/// Returns the content of a file of the host, base64-encoded, as `content`.
///
/// ```yaml
/// - slurp:
///     src: /proc/mounts
///   register: mounts
/// - debug:
///     msg: "{{ mounts['content'] | b64decode }}"
/// ```
#[derive(Args)]
pub struct Slurp {
    /// The file; a directory is none.
    #[arg(alias = "path")]
    src: PathBuf,
}

impl Module for Slurp {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let shown = self.src.to_string_lossy();
        let msg = match self.src.metadata().map_err(|error| error.kind()) {
            Err(ErrorKind::NotFound) => format!("File not found: {shown}"),
            Err(ErrorKind::PermissionDenied) => format!("File is not readable: {shown}"),
            Err(_) => format!("Unable to slurp file: {shown}"),
            Ok(meta) if meta.is_dir() => format!("Source is a directory and must be a file: {shown}"),
            Ok(_) if !host.may(&self.src, Access::READ_OK) => format!("File is not readable: {shown}"),
            Ok(_) => {
                let content = STANDARD.encode(host.read(&self.src)?);
                let changes = Changes::none().with("content", content).with("encoding", "base64");
                return Ok(changes.with("source", shown.as_ref()));
            }
        };
        Err(Failure::new(msg))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}
