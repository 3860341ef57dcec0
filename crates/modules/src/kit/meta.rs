//! What the file system says about a path.

use std::{
    fs::Metadata,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

/// A path's type, owner and permissions.
#[derive(Clone, Debug)]
pub struct Meta(Metadata, PathBuf);

impl Meta {
    pub(super) fn new(path: &Path, metadata: Metadata) -> Self {
        Self(metadata, path.to_owned())
    }

    /// The path that was looked at.
    pub fn path(&self) -> &Path {
        &self.1
    }

    /// Its state as results have it: `link`, `directory`, `hard` (a file with more than one name),
    /// and `file` for everything else, devices and pipes too.
    pub fn file_state(&self) -> &'static str {
        match () {
            () if self.is_link() => "link",
            () if self.is_dir() => "directory",
            () if self.0.nlink() > 1 => "hard",
            () => "file",
        }
    }

    /// Ansible's name of its type: `file`, `directory`, `link`, `hard` (a file with more than one
    /// name), `char`, `block`, `fifo` or `socket`.
    pub fn state(&self) -> &'static str {
        let kind = self.0.file_type();
        match () {
            () if kind.is_symlink() => "link",
            () if kind.is_dir() => "directory",
            () if kind.is_file() && self.0.nlink() > 1 => "hard",
            () if kind.is_char_device() => "char",
            () if kind.is_block_device() => "block",
            () if kind.is_fifo() => "fifo",
            () if kind.is_socket() => "socket",
            () => "file",
        }
    }

    /// A regular file.
    pub fn is_file(&self) -> bool {
        self.0.is_file()
    }

    /// A directory.
    pub fn is_dir(&self) -> bool {
        self.0.is_dir()
    }

    /// A symbolic link.
    pub fn is_link(&self) -> bool {
        self.0.is_symlink()
    }

    /// Permission bits, set-id and sticky bits included.
    pub fn mode(&self) -> u32 {
        self.0.mode() & 0o7777
    }

    /// The owner's id.
    pub fn uid(&self) -> u32 {
        self.0.uid()
    }

    /// The group's id.
    pub fn gid(&self) -> u32 {
        self.0.gid()
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.0.len()
    }

    /// Everything `stat(2)` returned.
    pub fn raw(&self) -> &Metadata {
        &self.0
    }

    /// Whether both are the same inode.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.dev() == other.0.dev() && self.0.ino() == other.0.ino()
    }
}
