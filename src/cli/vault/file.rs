//! The files that `sutler vault` reads and writes.

use std::{
    fs::{self, File, Metadata},
    io::{self, IsTerminal, Read, Write},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::fs::{Gid, Uid};
use zeroize::Zeroizing;

use super::Content;
use crate::source::Diagnostic;

/// What `-` stands for.
fn is_standard(name: &Path) -> bool {
    name == Path::new("-")
}

/// The bytes of a file or of standard input; `what` is said to whoever has to type them.
pub fn read(name: &Path, what: &str) -> Result<Content, Diagnostic> {
    let failed = |cause: io::Error| {
        let full = std::path::absolute(name).unwrap_or_else(|_| name.to_owned());
        let number = cause.raw_os_error().unwrap_or_default();
        let reason = cause.to_string().split(" (os error").next().unwrap_or_default().to_owned();
        Diagnostic::error(format!("cannot read `{}`: {}", name.display(), reason.to_lowercase())).worded(format!(
            "Unable to read source file ({}): [Errno {number}] {reason}: '{}'",
            full.display(),
            full.display()
        ))
    };
    if is_standard(name) {
        return stdin(what).map_err(failed);
    }
    let mut file = File::open(name).map_err(failed)?;
    // Room for all of it: a growing vector would leave copies behind.
    let size = file.metadata().map_err(failed)?.len();
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// All of standard input.
pub fn stdin(what: &str) -> io::Result<Content> {
    if io::stdin().is_terminal() {
        let _ = writeln!(
            io::stderr(),
            "Reading {what} input from stdin. (ctrl-d to end input, twice if your content does not already have a newline)"
        );
    }
    let mut content = Zeroizing::new(Vec::with_capacity(64 * 1024));
    io::stdin().lock().read_to_end(&mut content)?;
    Ok(content)
}

/// Prints bytes as they are.
pub fn print(content: &[u8]) {
    let mut out = io::stdout().lock();
    // A reader that has gone has had enough.
    let _ = out.write_all(content).and_then(|()| out.flush());
}

/// Shows a content: on a terminal in the pager.
pub fn page(content: &[u8], pager: &str) -> Result<(), Diagnostic> {
    if io::stdout().is_terminal() && !pager.is_empty() {
        // What fits on the screen needs no pager; this is what Ansible gives `less`.
        let options = std::env::var_os("LESS").unwrap_or_else(|| "FRSX".into());
        let spawned = Command::new("sh").args(["-c", pager]).env("LESS", options).stdin(Stdio::piped()).spawn();
        if let Ok(mut child) = spawned {
            if let Some(mut input) = child.stdin.take() {
                // Who leaves the pager early has seen enough.
                let _ = input.write_all(content);
            }
            if child.wait().is_ok_and(|status| status.success()) {
                return Ok(());
            }
        }
    }
    print(content);
    if !content.ends_with(b"\n") {
        print(b"\n");
    }
    Ok(())
}

/// The file that is written: a link stays one, and what it leads to is meant.
pub fn real(name: &Path) -> PathBuf {
    if is_standard(name) { name.to_owned() } else { name.canonicalize().unwrap_or_else(|_| name.to_owned()) }
}

/// Where a result goes.
pub struct Target {
    /// The file; `None` is standard output.
    path: Option<PathBuf>,
}

impl Target {
    /// Beside `--output` the file that was read.
    pub fn new(input: &Path, output: Option<&Path>) -> Self {
        let name = output.unwrap_or(input);
        Self { path: (!is_standard(name)).then(|| real(name)) }
    }

    /// Writes it, readable by its owner alone.
    pub fn private(&self, content: &[u8]) -> Result<(), Diagnostic> {
        self.write(content, |old| (0o600, old))
    }

    /// Writes it with the mode that the file has.
    pub fn keeping(&self, content: &[u8]) -> Result<(), Diagnostic> {
        self.write(content, |old| (old.map_or(0o600, |old| old.permissions().mode() & 0o7777), old))
    }

    /// The new content is there as a whole or not at all; the owner stays, if we may say who it is.
    fn write(
        &self,
        content: &[u8],
        mode: impl Fn(Option<&Metadata>) -> (u32, Option<&Metadata>),
    ) -> Result<(), Diagnostic> {
        let Some(path) = &self.path else {
            print(content);
            return Ok(());
        };
        let failed = |cause: io::Error| {
            let reason = sutler_modules::kit::failure::os_text(&cause);
            Diagnostic::error(format!("cannot write `{}`: {reason}", path.display()))
        };
        let old = fs::metadata(path).ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            // A device, `/dev/stdout` among them, is written to and stays.
            return File::options().write(true).open(path).and_then(|mut file| file.write_all(content)).map_err(failed);
        }
        let (mode, old) = mode(old.as_ref());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(".sutler-vault-").tempfile_in(folder).map_err(failed)?;
        file.write_all(content).map_err(failed)?;
        if let Some(old) = old {
            let owner = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
            // Only root may give files away; for all others the new file is theirs, as it has to be.
            let _ = rustix::fs::fchown(file.as_file(), Some(owner.0), Some(owner.1));
        }
        file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}
