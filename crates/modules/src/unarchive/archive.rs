//! An archive: which format it has, and its entries one after the other.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::{Path, PathBuf},
};

use super::{
    member::{Kind, Member, inside},
    options::Options,
    zipped,
};
use crate::kit::{Failure, failure::os_text};

/// What an archive is, and how it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// tar.
    Tar,
    /// tar in gzip.
    Gzip,
    /// tar in bzip2.
    Bzip2,
    /// tar in xz.
    Xz,
    /// tar in Zstandard.
    Zstandard,
    /// zip.
    Zip,
}

impl Format {
    /// What the first bytes say.
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstandard),
            [b'P', b'K', 3 | 5 | 7, 4 | 6 | 8, ..] => Some(Self::Zip),
            head if head.get(257..262) == Some(b"ustar") || is_old_tar(head) => Some(Self::Tar),
            _ => None,
        }
    }

    /// What a file of this format holds before compression.
    pub fn reader(self, file: BufReader<File>) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new(file, true)),
            Self::Zstandard => {
                Box::new(ruzstd::decoding::StreamingDecoder::new(file).map_err(|e| io::Error::other(e.to_string()))?)
            }
            Self::Tar | Self::Zip => Box::new(file),
        })
    }

    /// Ansible's name for what unpacks it.
    pub fn handler(self) -> &'static str {
        match self {
            // GNU tar finds out by itself how an archive is packed.
            Self::Tar | Self::Bzip2 | Self::Xz | Self::Zstandard => "TarArchive",
            Self::Gzip => "TgzArchive",
            Self::Zip => "ZipArchive",
        }
    }
}

/// A header of before 1988 has no magic, but a sum (`man 5 tar`); an archive of nothing is all zeroes.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..512) else { return false };
    if block.iter().all(|byte| *byte == 0) {
        return true;
    }
    let sum: u32 =
        block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    let text = String::from_utf8_lossy(&block[148..156]);
    u32::from_str_radix(text.trim_matches(['\0', ' ']), 8).is_ok_and(|given| given == sum)
}

/// An archive that can be read more than once.
pub struct Archive {
    file: File,
    /// What messages call it.
    pub name: String,
    /// Its format.
    pub format: Format,
}

/// What is done with each entry and its content.
pub type Visit<'a> = dyn FnMut(&Member, &mut dyn Read) -> Result<(), Failure> + 'a;

impl Archive {
    /// Recognises an archive.
    pub fn open(mut file: File, name: &str) -> Result<Self, Failure> {
        let failed = |e: io::Error| Failure::io("read", name, &e);
        let mut head = Vec::new();
        file.rewind().map_err(failed)?;
        (&file).take(512).read_to_end(&mut head).map_err(failed)?;
        if head.is_empty() {
            return Err(Failure::new(format!("Invalid archive '{name}', the file is 0 bytes")));
        }
        let format = Format::of(&head).ok_or_else(|| {
            Failure::new(format!(
                "Failed to find handler for \"{name}\". Make sure the required command to extract the file is \
                 installed.\nIt is neither a tar archive (plain, gzip, bzip2, xz or Zstandard) nor a zip archive."
            ))
        })?;
        Ok(Self { file, name: name.to_owned(), format })
    }

    /// Goes through all entries that are wanted, and to the archive's very end.
    pub fn each(&mut self, options: &Options, visit: &mut Visit) -> Result<(), Failure> {
        self.file.rewind().map_err(|e| self.broken(&e))?;
        let file = self.file.try_clone().map_err(|e| self.broken(&e))?;
        if self.format == Format::Zip {
            return zipped::each(file, &self.name, options, visit);
        }
        let content = self.format.reader(BufReader::with_capacity(128 << 10, file)).map_err(|e| self.broken(&e))?;
        self.each_of_tar(content, options, visit)
    }

    fn each_of_tar(&self, content: Box<dyn Read>, options: &Options, visit: &mut Visit) -> Result<(), Failure> {
        let mut archive = tar::Archive::new(content);
        for entry in archive.entries().map_err(|e| self.broken(&e))? {
            let mut entry = entry.map_err(|e| self.broken(&e))?;
            let Some(member) = self.member(&mut entry, options)? else {
                io::copy(&mut entry, &mut io::sink()).map_err(|e| self.broken(&e))?;
                continue;
            };
            let mut whole = Whole { inner: &mut entry, left: member.size, error: None };
            let visited = visit(&member, &mut whole);
            let drained = io::copy(&mut whole, &mut io::sink());
            // The archive's own trouble explains what came of it.
            if let Some(error) = whole.error.take() {
                return Err(self.broken(&error));
            }
            visited?;
            drained.map_err(|e| self.broken(&e))?;
        }
        // What follows the entries is only checked: sums at the end tell a damaged archive.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|e| self.broken(&e))?;
        Ok(())
    }

    fn member<R: Read>(&self, entry: &mut tar::Entry<R>, options: &Options) -> Result<Option<Member>, Failure> {
        use tar::EntryType;
        let kind = entry.header().entry_type();
        if matches!(
            kind,
            EntryType::XGlobalHeader | EntryType::XHeader | EntryType::GNULongName | EntryType::GNULongLink
        ) {
            return Ok(None);
        }
        let extensions = entry.pax_extensions().map_err(|e| self.broken(&e))?;
        let is_sparse =
            extensions.into_iter().flatten().flatten().any(|pair| pair.key_bytes().starts_with(b"GNU.sparse."));
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if is_sparse {
            return Err(Failure::new(format!(
                "cannot unpack `{name}` of {}: sparse files in pax format are not supported",
                self.name
            )));
        }
        if !options.wants(&name) {
            return Ok(None);
        }
        let Some(mut renamed) = options.rename(&name) else { return Ok(None) };
        let target =
            entry.link_name_bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let header = entry.header();
        let failed = |e: io::Error| self.broken(&e);
        let device = || -> Result<(u32, u32), Failure> {
            Ok((
                header.device_major().map_err(failed)?.unwrap_or(0),
                header.device_minor().map_err(failed)?.unwrap_or(0),
            ))
        };
        let kind = match kind {
            EntryType::Directory => Kind::Directory,
            // Before POSIX a directory was a file whose name ends in a slash.
            EntryType::Regular if name.ends_with('/') => Kind::Directory,
            EntryType::Symlink => Kind::Link(target.into()),
            EntryType::Link => Kind::Hard(inside(Path::new(&options.rename(&target).unwrap_or_default()))?),
            EntryType::Fifo => Kind::Fifo,
            EntryType::Block => device().map(|(major, minor)| Kind::Device(true, major, minor))?,
            EntryType::Char => device().map(|(major, minor)| Kind::Device(false, major, minor))?,
            _ => Kind::File,
        };
        if kind == Kind::Directory && !renamed.ends_with('/') && !renamed.is_empty() {
            renamed.push('/');
        }
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let size = if kind == Kind::File { entry.size() } else { 0 };
        Ok(Some(Member {
            path: inside(Path::new(&renamed))?,
            name: renamed,
            mode: Some(header.mode().map_err(failed)? & 0o7777),
            owner: Some((text(header.username_bytes()), header.uid().map_err(failed)? as u32)),
            group: Some((text(header.groupname_bytes()), header.gid().map_err(failed)? as u32)),
            modified: header.mtime().map_err(failed)? as i64,
            kind,
            size,
        }))
    }

    fn broken(&self, error: &io::Error) -> Failure {
        broken(&self.name, error)
    }
}

/// A damaged archive, in words.
pub fn broken(name: &str, error: &io::Error) -> Failure {
    let text = os_text(error);
    let early = error.kind() == io::ErrorKind::UnexpectedEof
        || ["unexpected end", "failed to fill", "failed to read entire block", "EOF", "truncated"]
            .iter()
            .any(|sign| text.contains(sign));
    let why = if early { format!("it ends in the middle ({text})") } else { text };
    Failure::new(format!("Unable to unpack '{name}': the archive is damaged: {why}")).with("src", name)
}

/// An entry's content, which has to have all of its bytes.
struct Whole<'a, R> {
    inner: &'a mut R,
    left: u64,
    error: Option<io::Error>,
}

impl<R: Read> Read for Whole<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = match self.inner.read(buffer) {
            Ok(0) if self.left > 0 && !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        match result {
            Ok(length) => {
                self.left = self.left.saturating_sub(length as u64);
                Ok(length)
            }
            Err(error) => {
                let copy = io::Error::new(error.kind(), error.to_string());
                self.error = Some(error);
                Err(copy)
            }
        }
    }
}

/// The path of an entry on the host.
pub fn place(destination: &Path, member: &Member) -> PathBuf {
    if member.path.as_os_str().is_empty() { destination.to_owned() } else { destination.join(&member.path) }
}
