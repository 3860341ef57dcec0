//! What goes into an archive, and the archive before it is compressed.

use std::{
    collections::HashMap,
    fs::{File, Metadata},
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{Format, contents, zip_writer::ZipWriter};
use crate::kit::{
    Failure, Reader, Source,
    failure::{errno_text, os_text},
    users,
};

/// A file or directory that is packed.
pub struct Entry {
    /// Where it is.
    pub path: String,
    /// What the archive calls it.
    pub name: String,
}

impl Entry {
    /// A path that is named by itself.
    pub fn alone(path: &str) -> Self {
        Self { path: path.to_owned(), name: String::new() }
    }
}

/// Everything below a directory: of each directory first the directories in it, then the files.
pub fn walk(directory: &Path, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::io("list", directory, &e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(|path| path.is_dir());
    entries.extend(directories.iter().chain(&files).map(|path| Entry::alone(&path.to_string_lossy())));
    // Links are not followed.
    directories.iter().filter(|path| !path.is_symlink()).try_for_each(|path| walk(path, entries))
}

/// A tar or zip archive, or a single file, in a file without a name.
pub struct Packed {
    file: File,
    format: Format,
    is_archive: bool,
}

impl Packed {
    /// Packs; the error says what cannot be packed.
    pub fn new(host: &Reader, entries: &[Entry], format: Format, is_archive: bool) -> Result<Self, String> {
        let file = host.scratch().map_err(|failure| failure.msg)?;
        let mut packed = Self { file, format, is_archive };
        match (is_archive, format) {
            (true, Format::Zip) => packed.zip(host, entries)?,
            (true, _) => packed.tar(entries)?,
            (false, _) => entries.iter().try_for_each(|entry| {
                let copied = File::open(&entry.path).and_then(|mut from| io::copy(&mut from, &mut packed.file));
                copied.map(drop).map_err(|e| problem(&entry.path, &e))
            })?,
        }
        Ok(packed)
    }

    fn tar(&mut self, entries: &[Entry]) -> Result<(), String> {
        let mut builder = tar::Builder::new(BufWriter::new(&self.file));
        let mut seen: HashMap<(u64, u64), String> = HashMap::new();
        for entry in entries {
            let failed = |e: io::Error| problem(&entry.path, &e);
            let meta = std::fs::symlink_metadata(&entry.path).map_err(failed)?;
            if meta.file_type().is_socket() {
                continue;
            }
            append(&mut builder, entry, &meta, &mut seen).map_err(failed)?;
        }
        let finished = builder.into_inner().and_then(|mut writer| writer.flush());
        finished.map_err(|e| os_text(&e))
    }

    fn zip(&mut self, host: &Reader, entries: &[Entry]) -> Result<(), String> {
        let mut writer = ZipWriter::new(&self.file);
        for entry in entries {
            let failed = |e: io::Error| problem(&entry.path, &e);
            let meta = std::fs::metadata(&entry.path).map_err(failed)?;
            if meta.is_dir() || meta.is_file() {
                writer.add(host, entry, &meta).map_err(failed)?;
            }
        }
        writer.finish().map_err(|e| os_text(&e))
    }

    /// Whether what is there holds something else, and whether it has the very same bytes before compression.
    pub fn compare(&mut self, host: &Reader, dest: &Path) -> Result<(bool, bool), Failure> {
        let Ok(old) = host.open(dest) else { return Ok((true, false)) };
        let mine = self.reader()?;
        let is_same =
            contents::unpacked(old, self.format).is_some_and(|old| contents::digest(old) == contents::digest(mine));
        if is_same || !self.is_archive {
            return Ok((!is_same, is_same));
        }
        let old = contents::list(host.open(dest)?);
        let mine = self.reader().map(contents::list)?;
        Ok((old.is_none() || old != mine, false))
    }

    fn reader(&mut self) -> Result<File, Failure> {
        let reader = self.file.rewind().and_then(|()| self.file.try_clone());
        reader.map_err(|e| Failure::new(format!("cannot read what was packed: {}", os_text(&e))))
    }

    /// The bytes as they are.
    pub fn into_file(mut self) -> File {
        let _ = self.file.rewind();
        self.file
    }

    /// The bytes in gzip.
    pub fn gzip(self, host: &Reader) -> Result<Source, Failure> {
        let mut compressed = host.scratch()?;
        let mut encoder = flate2::write::GzEncoder::new(&compressed, flate2::Compression::new(9));
        let written =
            io::copy(&mut BufReader::new(self.into_file()), &mut encoder).and_then(|_| encoder.finish().map(drop));
        written
            .and_then(|()| compressed.rewind())
            .map_err(|e| Failure::new(format!("cannot compress: {}", os_text(&e))))?;
        Ok(Source::Stream(Box::new(compressed)))
    }

    /// Writes the bytes over a file.
    pub fn save(self, path: &Path) -> Result<(), Failure> {
        let file = File::options().write(true).open(path);
        let saved = file.and_then(|mut file| io::copy(&mut self.into_file(), &mut file));
        saved.map(drop).map_err(|e| Failure::io("write", path, &e))
    }
}

/// Appends an entry as `tar` does: a file that has been there under another name is a link to that.
fn append<W: Write>(
    builder: &mut tar::Builder<W>,
    entry: &Entry,
    meta: &Metadata,
    seen: &mut HashMap<(u64, u64), String>,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_metadata(meta);
    header.set_mode(meta.mode() & 0o7777);
    let user = users::user_by_id(meta.uid()).map(|user| user.name);
    let group = users::group_by_id(meta.gid()).map(|group| group.name);
    header.set_username(&user.unwrap_or_default())?;
    header.set_groupname(&group.unwrap_or_default())?;
    if !meta.is_file() {
        header.set_size(0);
    }
    if meta.is_symlink() {
        return builder.append_link(&mut header, &entry.name, std::fs::read_link(&entry.path)?);
    }
    if !meta.is_file() {
        let slash = if meta.is_dir() { "/" } else { "" };
        return builder.append_data(&mut header, format!("{}{slash}", entry.name), io::empty());
    }
    if meta.nlink() > 1 {
        if let Some(first) = seen.get(&(meta.dev(), meta.ino())) {
            header.set_entry_type(tar::EntryType::Link);
            header.set_size(0);
            return builder.append_link(&mut header, &entry.name, first);
        }
        seen.insert((meta.dev(), meta.ino()), entry.name.clone());
    }
    // A file that grows meanwhile is cut, one that shrinks is an error.
    builder.append_data(&mut header, &entry.name, File::open(&entry.path)?.take(meta.len()))
}

fn problem(path: &str, error: &io::Error) -> String {
    format!("{path}: {}", errno_text(error, path))
}
