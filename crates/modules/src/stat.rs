//! `stat`: what the file system says about a path.

use std::{
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use rustix::fs::Access;
use serde_json::{Value, json};

use crate::kit::{
    Args, Changes, Failure, Fields, Finished, Meta, Module, Program, Reader, Writer, checksum::Algorithm,
    failure::os_text, flags, users,
};

/// Returns everything the file system knows of a path, as `stat`; `stat.exists` alone when nothing is there.
///
/// ```yaml
/// - stat:
///     path: /etc/foo.conf
///   register: found
/// - fail:
///     msg: the owner has changed
///   when: found.stat.exists and found.stat.pw_name != 'root'
/// - stat:
///     path: /path/to/something
///     checksum_algorithm: sha256
/// - stat:
///     path: /path/to/myhugefile
///     get_checksum: false
/// ```
#[derive(Args)]
pub struct Stat {
    /// The path.
    #[arg(alias = "dest", alias = "name")]
    path: PathBuf,
    /// Follows symbolic links: what the path leads to is described.
    #[arg(default = false)]
    follow: bool,
    /// Returns `stat.checksum` of a file that may be read.
    #[arg(default = true)]
    get_checksum: bool,
    /// The hash function of `stat.checksum`.
    #[arg(default = "sha1", alias = "checksum", alias = "checksum_algo")]
    checksum_algorithm: Algorithm,
    /// Returns `stat.mimetype` and `stat.charset`, from the program `file` (`man 1 file`); both are
    /// `unknown` on a host without it.
    #[arg(default = true, alias = "mime", alias = "mime_type", alias = "mime-type")]
    get_mime: bool,
    /// Returns `stat.attributes` and `stat.attr_flags` (`man 1 lsattr`), and `stat.version` where
    /// the host has `lsattr`.
    #[arg(default = true, alias = "attr", alias = "attributes")]
    get_attributes: bool,
}

impl Module for Stat {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let Some(meta) = self.look(host)? else { return Ok(Changes::none().with("stat", json!({ "exists": false }))) };
        let mut stat = Fields::new();
        stat.insert("exists".into(), json!(true));
        stat.insert("path".into(), json!(self.path.to_string_lossy()));
        describe(&mut stat, &meta);
        stat.insert("blocks".into(), json!(meta.raw().blocks()));
        stat.insert("block_size".into(), json!(meta.raw().blksize()));
        stat.insert("device_type".into(), json!(meta.raw().rdev()));
        self.names(&mut stat, host, &meta)?;
        for (name, access) in
            [("readable", Access::READ_OK), ("writeable", Access::WRITE_OK), ("executable", Access::EXEC_OK)]
        {
            stat.insert(name.into(), json!(host.may(&self.path, access)));
        }
        if self.get_checksum && meta.is_file() && host.may(&self.path, Access::READ_OK) {
            stat.insert("checksum".into(), json!(self.checksum_algorithm.of_file(host, &self.path)?));
        }
        if self.get_mime {
            let (mime, charset) = self.mime(host).unwrap_or_else(|| ("unknown".into(), "unknown".into()));
            stat.insert("mimetype".into(), json!(mime));
            stat.insert("charset".into(), json!(charset));
        }
        if self.get_attributes {
            self.attributes(&mut stat, host);
        }
        Ok(Changes::none().with("stat", stat))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}

impl Stat {
    /// What is at the path; a path that no file could have fails in the system's words.
    fn look(&self, host: &Reader) -> Result<Option<Meta>, Failure> {
        let error = if self.follow { self.path.metadata().err() } else { self.path.symlink_metadata().err() };
        match error.filter(|error| error.kind() != std::io::ErrorKind::NotFound) {
            Some(error) => Err(Failure::new(os_text(&error))),
            None if self.follow => host.stat(&self.path),
            None => host.lstat(&self.path),
        }
    }

    fn names(&self, stat: &mut Fields, host: &Reader, meta: &Meta) -> Result<(), Failure> {
        if let Some(user) = users::user_by_id(meta.uid()) {
            stat.insert("pw_name".into(), json!(user.name));
        }
        if let Some(group) = users::group_by_id(meta.gid()) {
            stat.insert("gr_name".into(), json!(group.name));
        }
        if meta.is_link() {
            stat.insert("lnk_source".into(), json!(host.resolve(&self.path).to_string_lossy()));
            stat.insert("lnk_target".into(), json!(host.link(&self.path)?.to_string_lossy()));
        }
        Ok(())
    }

    /// MIME type and character set; `None` when `file` cannot say.
    fn mime(&self, host: &Reader) -> Option<(String, String)> {
        let program = host.which("file")?;
        // What is no regular file is told by its kind, without the tables that take `file` so long to read.
        if let Some(kind) = self.path.symlink_metadata().ok().and_then(|found| inode_kind(found.file_type())) {
            // Of a link to nothing it has no character set to tell.
            return self.path.metadata().is_ok().then(|| (format!("inode/{kind}"), "binary".into()));
        }
        let program = Program::new(program).args(["-b", "-h", "--mime-type", "--mime-encoding"]);
        let finished = host.query(&program.arg("--").arg(&self.path).plain_locale()).ok().filter(Finished::success)?;
        let line = finished.out();
        let (mime, charset) = line.trim().split_once("; charset=")?;
        Some((mime.to_owned(), charset.to_owned()))
    }

    fn attributes(&self, stat: &mut Fields, host: &Reader) {
        let path = if self.follow { host.resolve(&self.path) } else { self.path.clone() };
        let letters = flags::letters(&path).unwrap_or_default();
        let names: Vec<_> = letters.chars().filter_map(attribute_name).collect();
        stat.insert("version".into(), json!(version(&path, host)));
        stat.insert("attributes".into(), json!(names));
        stat.insert("attr_flags".into(), json!(letters));
    }
}

/// What `file` calls what is no regular file.
fn inode_kind(kind: std::fs::FileType) -> Option<&'static str> {
    [
        (kind.is_dir(), "directory"),
        (kind.is_symlink(), "symlink"),
        (kind.is_fifo(), "fifo"),
        (kind.is_socket(), "socket"),
        (kind.is_char_device(), "chardevice"),
        (kind.is_block_device(), "blockdevice"),
    ]
    .into_iter()
    .find_map(|(is_so, name)| is_so.then_some(name))
}

/// The generation of the inode (`FS_IOC_GETVERSION`), as `lsattr -v` prints it.
fn version(path: &Path, host: &Reader) -> Option<String> {
    let program = Program::new(host.which("lsattr")?).args(["-vd", "--"]).arg(path).plain_locale();
    let finished = host.query(&program).ok().filter(Finished::success)?;
    finished.out().split_whitespace().next().map(str::to_owned)
}

/// Adds what `find` returns of a path as well: numbers, times, type and permissions.
pub fn describe(stat: &mut Fields, meta: &Meta) {
    numbers(stat, meta.raw());
    kind_and_permissions(stat, meta);
}

fn numbers(stat: &mut Fields, meta: &std::fs::Metadata) {
    let values: [(&str, Value); 10] = [
        ("mode", json!(format!("{:04o}", meta.mode() & 0o7777))),
        ("uid", json!(meta.uid())),
        ("gid", json!(meta.gid())),
        ("size", json!(meta.size())),
        ("inode", json!(meta.ino())),
        ("dev", json!(meta.dev())),
        ("nlink", json!(meta.nlink())),
        ("atime", seconds(meta.atime(), meta.atime_nsec())),
        ("mtime", seconds(meta.mtime(), meta.mtime_nsec())),
        ("ctime", seconds(meta.ctime(), meta.ctime_nsec())),
    ];
    stat.extend(values.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

fn seconds(seconds: i64, nanoseconds: i64) -> Value {
    json!(seconds as f64 + nanoseconds as f64 / 1e9)
}

fn kind_and_permissions(stat: &mut Fields, meta: &Meta) {
    let kind = meta.raw().file_type();
    let mode = meta.mode();
    let values = [
        ("isdir", kind.is_dir()),
        ("ischr", kind.is_char_device()),
        ("isblk", kind.is_block_device()),
        ("isreg", kind.is_file()),
        ("isfifo", kind.is_fifo()),
        ("islnk", kind.is_symlink()),
        ("issock", kind.is_socket()),
        ("isuid", mode & 0o4000 != 0),
        ("isgid", mode & 0o2000 != 0),
        ("rusr", mode & 0o400 != 0),
        ("wusr", mode & 0o200 != 0),
        ("xusr", mode & 0o100 != 0),
        ("rgrp", mode & 0o040 != 0),
        ("wgrp", mode & 0o020 != 0),
        ("xgrp", mode & 0o010 != 0),
        ("roth", mode & 0o004 != 0),
        ("woth", mode & 0o002 != 0),
        ("xoth", mode & 0o001 != 0),
    ];
    stat.extend(values.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
}

/// Ansible's words for `lsattr`'s letters.
fn attribute_name(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A' => "noatime",
        'a' => "append",
        'c' => "compressed",
        'C' => "nocow",
        'd' => "nodump",
        'D' => "dirsync",
        'e' => "extents",
        'E' => "encrypted",
        'i' => "immutable",
        'I' => "indexed",
        'j' => "journalled",
        'N' => "inline",
        's' => "zero",
        'S' => "synchronous",
        't' => "notail",
        'T' => "blockroot",
        'u' => "undelete",
        _ => return None,
    })
}
