//! Writing what archives have: many files at once, links, pipes and devices.

use std::{
    io::{self, Read},
    path::Path,
    time::SystemTime,
};

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat, syncfs};

use super::{Failure, Writer, failure::errno_text, file_args::Attributes};

impl Writer {
    /// Writes a file beside its place, with owner, mode and time, and renames it there. It is not
    /// synced by itself: after the last of many files comes [`Writer::sync_file_system`].
    pub fn unpack(
        &mut self,
        path: &Path,
        content: &mut dyn Read,
        attributes: &Attributes,
        modified: Option<SystemTime>,
    ) -> Result<(), Failure> {
        let failed = |e: io::Error| Failure::io("write", path, &e);
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(".sutler-").tempfile_in(directory).map_err(failed)?;
        io::copy(content, &mut file).map_err(failed)?;
        self.set_attributes(file.path(), attributes)?;
        if modified.is_some() {
            self.set_times(file.path(), None, modified)?;
        }
        file.persist(path).map(drop).map_err(|e| failed(e.error))
    }

    /// Brings everything that was written to the file system of `path` to its disk.
    pub fn sync_file_system(&mut self, path: &Path) -> Result<(), Failure> {
        let synced = self.open(path).map(|directory| syncfs(&directory))?;
        synced.map_err(|e| Failure::io("sync", path, &e.into()))
    }

    /// Removes a directory that has nothing in it.
    pub fn remove_empty(&mut self, path: &Path) -> Result<(), Failure> {
        std::fs::remove_dir(path).map_err(|e| {
            let path = path.to_string_lossy();
            Failure::new(errno_text(&e, &path)).with("path", path.as_ref())
        })
    }

    /// Makes a named pipe; what was there is removed.
    pub fn make_fifo(&mut self, path: &Path) -> Result<(), Failure> {
        self.make_node(path, FileType::Fifo, 0)
    }

    /// Makes a device; what was there is removed.
    pub fn make_device(&mut self, path: &Path, is_block: bool, major: u32, minor: u32) -> Result<(), Failure> {
        let kind = if is_block { FileType::BlockDevice } else { FileType::CharacterDevice };
        self.make_node(path, kind, makedev(major, minor))
    }

    fn make_node(&mut self, path: &Path, kind: FileType, device: u64) -> Result<(), Failure> {
        self.remove(path)?;
        mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, device).map_err(|e| Failure::io("make", path, &e.into()))
    }
}
