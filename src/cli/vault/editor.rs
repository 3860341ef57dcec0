//! A content in the person's editor, in a file that nobody else can read and that is overwritten afterwards.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::Content;
use crate::source::Diagnostic;

/// The content after it was edited. `name` lends its ending, so that the editor knows the language.
pub fn edit(editor: &str, name: &Path, content: &[u8]) -> Result<Content, Diagnostic> {
    let failed = |cause: io::Error| Diagnostic::error(format!("cannot keep a file for the editor: {cause}"));
    let desk = Desk::new(name).map_err(failed)?;
    desk.write(content).map_err(failed)?;
    let cannot = |why: String| {
        Diagnostic::error(format!("the editor `{editor}` {why}"))
            .help("nothing was changed; name another editor in the environment variable EDITOR")
    };
    // `EDITOR` may have arguments: the shell takes it apart.
    let status = Patient::new().and_then(|_patient| {
        Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(&desk.file).status()
    });
    match status {
        Ok(status) if status.success() => desk.read().map_err(failed),
        Ok(status) => Err(cannot(format!("failed: {status}"))),
        Err(cause) => Err(cannot(format!("cannot be run: {cause}"))),
    }
}

/// A folder with the file, kept in memory where there is a place for that.
struct Desk {
    folder: TempDir,
    file: PathBuf,
}

impl Desk {
    fn new(name: &Path) -> io::Result<Self> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let places = runtime.into_iter().chain(["/dev/shm".into(), std::env::temp_dir()]);
        let mut builder = tempfile::Builder::new();
        builder.prefix("sutler-vault-").permissions(Permissions::from_mode(0o700));
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for place in places.filter(|place| place.is_dir()) {
            match builder.tempdir_in(&place) {
                Ok(folder) => {
                    let mut file = folder.path().join("content");
                    file.set_extension(name.extension().unwrap_or_default());
                    return Ok(Self { folder, file });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn write(&self, content: &[u8]) -> io::Result<()> {
        File::options().write(true).create_new(true).mode(0o600).open(&self.file)?.write_all(content)
    }

    fn read(&self) -> io::Result<Content> {
        let mut file = File::open(&self.file)?;
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        let mut content = Zeroizing::new(Vec::with_capacity(size + 1));
        file.read_to_end(&mut content)?;
        Ok(content)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Backups and the like that the editor left are overwritten too; the folder is removed in any case.
        let _ = overwrite(self.folder.path());
    }
}

fn overwrite(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            overwrite(&entry.path())?;
        } else if kind.is_file() {
            let mut file = File::options().write(true).open(entry.path())?;
            let size = file.metadata()?.len();
            file.rewind()?;
            io::copy(&mut io::repeat(0).take(size), &mut file)?;
            file.sync_all()?;
        }
    }
    Ok(())
}

/// While this exists, signals from the keyboard are the editor's: we stay, to clean up after it.
struct Patient {
    _runtime: tokio::runtime::Runtime,
}

impl Patient {
    fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        {
            let _inside = runtime.enter();
            for kind in [SignalKind::interrupt(), SignalKind::quit(), SignalKind::terminate(), SignalKind::hangup()] {
                drop(signal(kind)?);
            }
        }
        Ok(Self { _runtime: runtime })
    }
}
