//! The host as a module may look at it. Nothing here writes: that is what makes check mode true.

use std::{
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use rustix::{fs::Access, io::Errno};
use sha1::{Digest, Sha1};
use sutler_protocol::{Content, Mode};

use super::{Context, Failure, Finished, Meta, Program, Source};

/// Reads files, users and the output of programs that only report.
#[derive(Clone)]
pub struct Reader {
    context: Arc<Context>,
}

impl Reader {
    /// The host that this runs on, seen in this context.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Check and diff. A module never needs it to decide whether to write; it may spare itself
    /// work, as reading a big file, when nobody wants the diff.
    pub fn mode(&self) -> Mode {
        self.context.mode
    }

    /// Whether what is missing may come with an earlier task, whose change check mode only predicted.
    pub fn may_come(&self) -> bool {
        self.context.mode.check && self.context.predicted.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The path itself, symbolic links not followed; `None` when there is nothing.
    pub fn lstat(&self, path: impl AsRef<Path>) -> Result<Option<Meta>, Failure> {
        found(std::fs::symlink_metadata(&path), "look at", path.as_ref())
    }

    /// What the path leads to; `None` when there is nothing, a dangling link included.
    pub fn stat(&self, path: impl AsRef<Path>) -> Result<Option<Meta>, Failure> {
        found(std::fs::metadata(&path), "look at", path.as_ref())
    }

    /// Whether the path leads to something.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        path.as_ref().exists()
    }

    /// Why no file can be written there: a directory is in the way, or the one that it belongs in is missing.
    pub fn obstacle(&self, path: &Path) -> Option<std::io::Error> {
        if path.is_dir() {
            return Some(Errno::ISDIR.into());
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.is_some_and(|parent| !parent.exists()).then(|| Errno::NOENT.into())
    }

    /// Whether this user may do that with what the path leads to (`man 2 access`).
    pub fn may(&self, path: impl AsRef<Path>, access: Access) -> bool {
        rustix::fs::access(path.as_ref(), access).is_ok()
    }

    /// A file's bytes.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Vec<u8>, Failure> {
        std::fs::read(&path).map_err(|e| Failure::io("read", path, &e))
    }

    /// A file's text; bytes that are not UTF-8 are replaced. `None` when there is no such file.
    pub fn read_text(&self, path: impl AsRef<Path>) -> Result<Option<String>, Failure> {
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Failure::io("read", path, &e)),
        }
    }

    /// The text of a file that is written again: fails on bytes that are not UTF-8, which would be lost, in Python's
    /// words. `None` when there is no such file.
    pub fn read_utf8(&self, path: impl AsRef<Path>) -> Result<Option<String>, Failure> {
        if !self.exists(&path) {
            return Ok(None);
        }
        String::from_utf8(self.read(&path)?).map(Some).map_err(|error| {
            let (bytes, at) = (error.as_bytes(), error.utf8_error().valid_up_to());
            let why = match error.utf8_error().error_len() {
                None => "unexpected end of data",
                Some(_) if (0xc2..=0xf4).contains(&bytes[at]) => "invalid continuation byte",
                Some(_) => "invalid start byte",
            };
            let byte = bytes[at];
            Failure::new(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {why}")).uncaught()
        })
    }

    /// Opens a file for reading.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<std::fs::File, Failure> {
        std::fs::File::open(&path).map_err(|e| Failure::io("read", path, &e))
    }

    /// The paths in a directory, sorted.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Vec<PathBuf>, Failure> {
        let failed = |e| Failure::io("list", &path, &e);
        let entries: Result<Vec<_>, _> = std::fs::read_dir(&path).map_err(failed)?.map(|e| Ok(e?.path())).collect();
        let mut paths = entries.map_err(failed)?;
        paths.sort();
        Ok(paths)
    }

    /// Where a symbolic link points.
    pub fn link(&self, path: impl AsRef<Path>) -> Result<PathBuf, Failure> {
        std::fs::read_link(&path).map_err(|e| Failure::io("read the link", path, &e))
    }

    /// The path without symbolic links, as Python's `realpath`: what is not there stays as it is.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        resolve(path.as_ref(), 40)
    }

    /// SHA-1 of a file in lowercase hexadecimal, as Ansible's `checksum`.
    pub fn sha1(&self, path: impl AsRef<Path>) -> Result<String, Failure> {
        let mut hasher = Sha1::new();
        let mut file = self.open(&path)?;
        std::io::copy(&mut file, &mut hasher_writer(&mut hasher)).map_err(|e| Failure::io("read", path, &e))?;
        Ok(hex(&hasher.finalize()))
    }

    /// Runs a program that only reports, as `systemctl show`: it must not change the host.
    pub fn query(&self, program: &Program) -> Result<Finished, Failure> {
        program.run(&self.context)
    }

    /// The bytes of a content argument.
    pub fn body(&self, content: &Content) -> Result<Source, Failure> {
        self.context.open(content)
    }

    /// Hands a file to the controller, which asked for it with the task.
    pub fn send(&self, stream: &mut dyn std::io::Read) -> Result<(), Failure> {
        self.context.bodies.send(stream)
    }

    /// A variable of the task's environment, or of the helper's.
    pub fn env(&self, name: &str) -> Option<String> {
        let given = self.context.environment.iter().rev().find(|(key, _)| key == name);
        given.map(|(_, value)| value.clone()).or_else(|| std::env::var(name).ok())
    }

    /// The task's own environment.
    pub fn environment(&self) -> &[(String, String)] {
        &self.context.environment
    }

    /// The task's environment over the helper's: what a program would be started with.
    pub fn whole_environment(&self) -> std::collections::BTreeMap<String, String> {
        let own =
            std::env::vars_os().map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()));
        own.chain(self.context.environment.iter().cloned()).collect()
    }

    /// Finds a program in `PATH`, then in the system's `sbin` directories, as Ansible does.
    pub fn which(&self, program: &str) -> Option<PathBuf> {
        let path = self.env("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let places = path.split(':').chain(["/sbin", "/usr/sbin", "/usr/local/sbin"]);
        places
            .map(|place| Path::new(place).join(program))
            .find(|candidate| candidate.metadata().is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0))
    }

    /// The same for a program that the module cannot do without.
    pub fn required(&self, program: &str) -> Result<PathBuf, Failure> {
        self.which(program).ok_or_else(|| {
            let path = self.env("PATH").unwrap_or_default();
            Failure::new(format!("Failed to find required executable \"{program}\" in paths: {path}"))
        })
    }

    /// The same for a program that only changes the host: check mode takes it for one that an earlier task installs.
    pub fn required_for_change(&self, program: &str) -> Result<PathBuf, Failure> {
        let found = self.required(program);
        if self.mode().check { Ok(found.unwrap_or_else(|_| program.into())) } else { found }
    }

    /// Whether the controller gave up on the task; long waits look at it.
    pub fn is_cancelled(&self) -> bool {
        self.context.cancelled.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// What [`Reader::is_cancelled`] looks at, for waits that outlive a borrow.
    pub fn cancellation(&self) -> Arc<std::sync::atomic::AtomicBool> {
        Arc::clone(&self.context.cancelled)
    }

    /// A file without a name, for what is too big for memory: nobody sees it, and it is gone with
    /// its last handle. It is no change of the host.
    pub fn scratch(&self) -> Result<std::fs::File, Failure> {
        let place = self.env("TMPDIR").map(PathBuf::from).filter(|path| path.is_dir());
        let place = place.or_else(|| Some(PathBuf::from("/var/tmp")).filter(|path| path.is_dir()));
        self.scratch_in(&place.unwrap_or_else(|| "/tmp".into()))
    }

    /// [`Reader::scratch`] in a directory, whose own times do not change.
    pub fn scratch_in(&self, place: &Path) -> Result<std::fs::File, Failure> {
        tempfile::tempfile_in(place).map_err(|e| Failure::io("make a temporary file in", place, &e))
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }
}

/// Python's `normpath`: without `.`, `..` and double slashes, as far as the text tells.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out
}

fn found(result: std::io::Result<std::fs::Metadata>, doing: &str, path: &Path) -> Result<Option<Meta>, Failure> {
    match result {
        Ok(metadata) => Ok(Some(Meta::new(path, metadata))),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Failure::io(doing, path, &e)),
    }
}

/// `links` is how many dangling links may still be followed (`man 7 path_resolution`).
fn resolve(path: &Path, links: u32) -> PathBuf {
    if let Ok(resolved) = path.canonicalize() {
        return resolved;
    }
    let Some(name) = path.file_name() else { return path.to_owned() };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => resolve(parent, links),
        _ => std::env::current_dir().unwrap_or_default(),
    };
    match parent.join(name).read_link() {
        Ok(target) if links > 0 => resolve(&parent.join(target), links - 1),
        _ => parent.join(name),
    }
}

/// Bytes in lowercase hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Any hash as something to write to.
pub fn hasher_writer<D: Digest>(hasher: &mut D) -> impl std::io::Write {
    struct Hashing<'a, D>(&'a mut D);
    impl<D: Digest> std::io::Write for Hashing<'_, D> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    Hashing(hasher)
}
