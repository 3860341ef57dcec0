//! The only way to change a host: atomic, and undone when it fails half-way.

use std::{
    fs::File,
    io::{self, Write as _},
    ops::Deref,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::{AtFlags, CWD, Gid, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, Uid, chownat, utimensat};
use tempfile::NamedTempFile;

use super::{
    Failure, Finished, Program, Reader, Source, clock,
    failure::{errno, errno_text, named_path},
    file_args::Attributes,
    selinux,
};

/// Writes to the host; reads as [`Reader`] does.
pub struct Writer {
    reader: Reader,
}

impl Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

/// A file that is written and synced, but not yet in its place: look at it, then commit it or drop it.
pub struct Staged {
    file: NamedTempFile,
    destination: PathBuf,
    /// Why it does not lie beside the file that it is to replace: that one can only be written over.
    refused: Option<Failure>,
}

impl Staged {
    /// Where it lies until it is committed.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Writer {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// Writes a file: temporary file beside it, sync, owner and mode, rename. The directory is not
    /// synced: after a power failure the old file may be there, never a part of one. What `attributes`
    /// leaves open is kept from the file that is there, or is what a new file gets.
    pub fn write(&mut self, path: &Path, source: Source, attributes: &Attributes) -> Result<(), Failure> {
        let staged = self.stage(path, source)?;
        self.commit(staged, attributes)
    }

    /// Writes the bytes beside `destination`; nothing is seen of them until [`Writer::commit`].
    pub fn stage(&mut self, destination: &Path, source: Source) -> Result<Staged, Failure> {
        self.stage_named(destination, source, "")
    }

    /// Like [`Writer::stage`], with an end of the name that a program may look at.
    pub fn stage_named(&mut self, destination: &Path, source: Source, suffix: &str) -> Result<Staged, Failure> {
        let directory = destination.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        let (mut file, refused) = match builder.prefix(".sutler-").suffix(suffix).tempfile_in(directory) {
            Ok(file) => (file, None),
            Err(error) => {
                let refused = no_room_in(directory, destination, &error);
                match builder.tempfile() {
                    Ok(file) if destination.is_file() => (file, Some(refused)),
                    _ => return Err(refused),
                }
            }
        };
        match source {
            Source::Bytes(bytes) => file.write_all(&bytes),
            Source::Stream(mut stream) => io::copy(&mut stream, &mut file).map(drop),
        }
        .and_then(|()| file.as_file().sync_all())
        .map_err(|e| no_room_for(destination, file.path(), &e))?;
        Ok(Staged { file, destination: destination.to_owned(), refused })
    }

    /// Gives a staged file its owner, mode and labels, and renames it into its place.
    pub fn commit(&mut self, staged: Staged, attributes: &Attributes) -> Result<(), Failure> {
        let Staged { file, destination, refused } = staged;
        if let Some(failure) = refused.filter(|_| !attributes.unsafe_writes) {
            return Err(failure);
        }
        let failed = |e: io::Error| Failure::io("write", &destination, &e);
        let existing = self.lstat(&destination)?.filter(super::Meta::is_file);
        if let Some(existing) = &existing {
            copy_labels(&destination, file.path());
            keep_owner(file.path(), existing.uid(), existing.gid()).map_err(failed)?;
        }
        attributes.apply_owner(file.path()).map_err(failed)?;
        if existing.is_none()
            && selinux::is_enabled()
            && let Some(context) = selinux::default_context(&destination)
        {
            selinux::set_context(file.path(), &context).map_err(failed)?;
        }
        attributes.apply_label(file.path(), &destination).map_err(failed)?;
        let mode = attributes.mode.or(existing.as_ref().map(super::Meta::mode)).unwrap_or(0o666 & !umask());
        set_mode(file.path(), mode).map_err(failed)?;
        if attributes.unsafe_writes {
            if rename_or_overwrite(file, &destination)? {
                self.set_attributes(&destination, &Attributes { flags: None, ..attributes.clone() })?;
            }
        } else {
            file.persist(&destination).map_err(|e| no_way_to(&destination, e.file.path(), &e.error))?;
        }
        attributes.apply_flags(&destination, true)?;
        attributes.apply_flags(&destination, false)
    }

    /// Gives a path the times and the extended attributes of another one.
    pub fn resemble(&mut self, path: &Path, source: &Path) -> Result<(), Failure> {
        copy_labels(source, path);
        let Some(meta) = self.stat(source)? else { return Ok(()) };
        self.set_times(path, meta.raw().accessed().ok(), meta.raw().modified().ok())
    }

    /// Copies a file beside itself, with owner, mode and times, under Ansible's backup name
    /// (`PATH.PID.YYYY-MM-DD@HH:MM:SS~`); returns that name.
    pub fn backup(&mut self, path: &Path) -> Result<PathBuf, Failure> {
        let backup = PathBuf::from(format!(
            "{}.{}.{}~",
            path.display(),
            std::process::id(),
            clock::local_second(self, SystemTime::now(), '@')
        ));
        let meta =
            self.stat(path)?.ok_or_else(|| Failure::new(format!("cannot back up {}: it is gone", path.display())))?;
        let source = Source::Stream(Box::new(self.open(path)?));
        let attributes = Attributes {
            owner: Some(meta.uid()),
            group: Some(meta.gid()),
            mode: Some(meta.mode()),
            ..Attributes::default()
        };
        self.write(&backup, source, &attributes)?;
        let times = std::fs::FileTimes::new()
            .set_accessed(meta.raw().accessed().unwrap_or_else(|_| SystemTime::now()))
            .set_modified(meta.raw().modified().unwrap_or_else(|_| SystemTime::now()));
        File::options()
            .write(true)
            .open(&backup)
            .and_then(|file| file.set_times(times))
            .map_err(|e| Failure::io("set the times of", &backup, &e))?;
        Ok(backup)
    }

    /// Makes one directory; its parents have to be there.
    pub fn make_directory(&mut self, path: &Path) -> Result<(), Failure> {
        match std::fs::create_dir(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other.map_err(|e| {
                let doing = format!("There was an issue creating {} as requested", path.display());
                Failure::numbered_at(&doing, path, &e)
            }),
        }
    }

    /// Makes an empty file or directory with a name of its own, for its owner only, and returns its path.
    pub fn make_temporary(
        &mut self,
        place: &Path,
        prefix: &str,
        suffix: &str,
        is_directory: bool,
    ) -> Result<PathBuf, Failure> {
        let failed = |e: io::Error| match named_path(&e) {
            Some(path) => Failure::new(errno_text(&e, &path)),
            None => Failure::io("make a temporary file in", place, &e),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(suffix).rand_bytes(8);
        if is_directory {
            let directory = builder.permissions(std::fs::Permissions::from_mode(0o700)).tempdir_in(place);
            return Ok(directory.map_err(failed)?.keep());
        }
        let file = builder.tempfile_in(place).map_err(failed)?;
        Ok(file.keep().map_err(|e| failed(e.error))?.1)
    }

    /// Removes a file, a link, or a directory with everything in it. Nothing there is no failure.
    pub fn remove(&mut self, path: &Path) -> Result<(), Failure> {
        let Some(meta) = self.lstat(path)? else { return Ok(()) };
        let removed = if meta.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        match removed {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) if meta.is_dir() => {
                let mut failure = Failure::numbered("rmtree failed", &e);
                failure.msg += &format!(": '{}'", left(path).display());
                Err(failure.with("path", path.to_string_lossy().as_ref()))
            }
            Err(e) => {
                let shown = path.to_string_lossy();
                Err(Failure::new("Unlinking failed.").because(errno(&e, &shown)).with("path", shown.as_ref()))
            }
            Ok(()) => Ok(()),
        }
    }

    /// Renames, atomically.
    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        std::fs::rename(from, to).map_err(|e| Failure::io("rename", from, &e))
    }

    /// Makes a symbolic link, atomically: what was at `path` is replaced.
    pub fn symlink(&mut self, target: &Path, path: &Path) -> Result<(), Failure> {
        link_by(target, path, |temporary| std::os::unix::fs::symlink(target, temporary))
    }

    /// Makes a hard link, atomically: what was at `path` is replaced.
    pub fn hard_link(&mut self, target: &Path, path: &Path) -> Result<(), Failure> {
        link_by(target, path, |temporary| std::fs::hard_link(target, temporary))
    }

    /// Sets the owner, the group, the mode, labels: what is `None` stays. Symbolic links are not followed.
    pub fn set_attributes(&mut self, path: &Path, attributes: &Attributes) -> Result<(), Failure> {
        attributes.apply_flags(path, true)?;
        attributes.apply_owner(path).map_err(|e| {
            let msg = if attributes.owner.is_some() { "chown failed" } else { "chgrp failed" };
            let shown = path.to_string_lossy();
            Failure::new(msg).because(errno(&e, &shown)).with("path", shown.as_ref())
        })?;
        // Changing the owner clears the set-id bits: the mode comes second.
        let mode = attributes.mode.map_or(Ok(()), |mode| set_mode(path, mode));
        mode.map_err(|e| Failure::numbered_at("Task failed: Module failed", path, &e))?;
        attributes.apply_label(path, path).map_err(|e| Failure::io("change the SELinux context of", path, &e))?;
        attributes.apply_flags(path, false)
    }

    /// Sets access and modification times; `None` stays. Symbolic links are not followed.
    pub fn set_times(
        &mut self,
        path: &Path,
        accessed: Option<SystemTime>,
        modified: Option<SystemTime>,
    ) -> Result<(), Failure> {
        set_times(path, &Timestamps { last_access: timespec(accessed), last_modification: timespec(modified) })
    }

    /// Sets both times to the present, as `man 1 touch`.
    pub fn touch(&mut self, path: &Path) -> Result<(), Failure> {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        set_times(path, &Timestamps { last_access: now, last_modification: now })
    }

    /// Runs a program that changes the host.
    pub fn run(&mut self, program: &Program) -> Result<Finished, Failure> {
        program.run(self.context())
    }
}

fn set_times(path: &Path, times: &Timestamps) -> Result<(), Failure> {
    utimensat(CWD, path, times, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|e| Failure::numbered("Error while updating modification or access time", &e.into()))
        .map_err(|failure| failure.with("path", path.to_string_lossy().as_ref()))
}

/// No temporary file can be made for `destination`, in Ansible's words.
fn no_room_in(directory: &Path, destination: &Path, error: &io::Error) -> Failure {
    let (temporary, shown) = (named_path(error).unwrap_or_default(), destination.display());
    let why = errno(error, &temporary);
    let msg = if directory.is_dir() {
        format!("The destination directory '{}' is not writable by the current user: {why}", directory.display())
    } else {
        format!("Could not replace '{shown}' with '{temporary}': {why} -> b'{shown}'")
    };
    Failure::new(msg).uncaught().with("path", destination.to_string_lossy().as_ref())
}

/// The temporary file cannot be filled, in Ansible's words.
fn no_room_for(destination: &Path, temporary: &Path, error: &io::Error) -> Failure {
    let (shown, temporary) = (destination.display(), temporary.to_string_lossy());
    let why = errno_text(error, &temporary);
    Failure::new(format!("Failed to replace '{shown}' with '{temporary}': {why} -> '{temporary}'"))
        .uncaught()
        .with("path", destination.to_string_lossy().as_ref())
}

/// The temporary file cannot take its place, in Ansible's words.
fn no_way_to(destination: &Path, temporary: &Path, error: &io::Error) -> Failure {
    let (shown, temporary) = (destination.display(), temporary.to_string_lossy());
    let why = errno(error, &temporary);
    Failure::new(format!(
        "Unable to make b'{temporary}' into to '{shown}', failed final rename from '{temporary}': {why} -> b'{shown}'"
    ))
    .uncaught()
    .with("path", destination.to_string_lossy().as_ref())
}

fn timespec(time: Option<SystemTime>) -> Timespec {
    let Some(time) = time else { return Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT } };
    match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => Timespec { tv_sec: since.as_secs() as i64, tv_nsec: since.subsec_nanos().into() },
        // Whole seconds do before 1970.
        Err(before) => Timespec { tv_sec: -(before.duration().as_secs() as i64), tv_nsec: 0 },
    }
}

/// What could not be removed of a directory: its name, or the directory's path.
fn left(directory: &Path) -> PathBuf {
    let first = |path: &Path| path.read_dir().ok()?.flatten().next().map(|entry| entry.path());
    let mut last = None;
    let mut next = first(directory);
    while let Some(path) = next {
        next = if path.is_symlink() { None } else { first(&path) };
        last = Some(path);
    }
    let name = last.as_deref().and_then(Path::file_name).map(PathBuf::from);
    name.unwrap_or_else(|| directory.to_owned())
}

fn link_by(target: &Path, path: &Path, make: impl Fn(&Path) -> io::Result<()>) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    make(&temporary).and_then(|()| std::fs::rename(&temporary, path)).map_err(|e| {
        let _ = std::fs::remove_file(&temporary);
        let mut failure = Failure::numbered("Error while linking", &e);
        failure.msg += &format!(": b'{}' -> b'{}'", target.display(), path.display());
        failure.with("path", path.to_string_lossy().as_ref())
    })?;
    // Renaming over another name of the same inode does nothing (rename(2)).
    let _ = std::fs::remove_file(&temporary);
    Ok(())
}

/// The helper's file creation mask. Read from `/proc`: asking by `umask(2)` would change it.
pub fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    if path.symlink_metadata()?.is_symlink() {
        return Ok(()); // Linux has no modes on links.
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

pub(super) fn set_owner(path: &Path, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    if uid.is_none() && gid.is_none() {
        return Ok(());
    }
    let owner = uid.map(Uid::from_raw);
    let group = gid.map(Gid::from_raw);
    Ok(chownat(CWD, path, owner, group, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Keeps the owner of the file that is replaced, as far as this user may.
fn keep_owner(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let meta = path.symlink_metadata()?;
    if (meta.uid(), meta.gid()) == (uid, gid) {
        return Ok(());
    }
    match set_owner(path, Some(uid), Some(gid)) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            let _ = set_owner(path, None, Some(gid));
            Ok(())
        }
        other => other,
    }
}

/// ACLs, the SELinux context and other extended attributes of the file that is replaced; file
/// systems and users that cannot have them lose nothing.
fn copy_labels(from: &Path, to: &Path) {
    for name in xattr::list(from).into_iter().flatten() {
        if let Ok(Some(value)) = xattr::get(from, &name) {
            let _ = xattr::set(to, &name, &value);
        }
    }
}

/// A bind-mounted file cannot be renamed over: `unsafe_writes` allows to write into it instead.
/// Whether it did.
fn rename_or_overwrite(file: NamedTempFile, destination: &Path) -> Result<bool, Failure> {
    let Err(refused) = file.persist(destination) else { return Ok(false) };
    let overwrite = |mut source: File| {
        let mut target = File::options().write(true).truncate(true).open(destination)?;
        io::copy(&mut source, &mut target)?;
        target.sync_all()
    };
    refused.file.reopen().and_then(overwrite).map(|()| true).map_err(|e| {
        let shown = destination.to_string_lossy();
        let (temporary, why) = (refused.file.path().display(), errno(&e, &shown));
        Failure::new(format!("Could not write data to file b'{shown}' from b'{temporary}': {why}"))
            .uncaught()
            .with("path", shown.as_ref())
    })
}
