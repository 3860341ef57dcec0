//! Writes zip archives (APPNOTE.TXT of PKWARE, version 2.0), with the modes of Unix.

use std::{
    fs::{File, Metadata},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
};

use flate2::{Compression, CrcReader, write::DeflateEncoder};

use super::pack::Entry;
use crate::kit::{Reader, clock};

const DEFLATED: u16 = 8;
/// Names are UTF-8.
const UTF8: u16 = 0x800;
/// Made on Unix, by version 2.0.
const MADE_BY: u16 = 0x0314;
/// MS-DOS's attribute of directories.
const DIRECTORY: u32 = 0x10;

/// An archive that is being written.
pub struct ZipWriter<'a> {
    file: &'a File,
    /// The directory at the archive's end, as far as it is known.
    directory: Vec<u8>,
    count: usize,
}

impl<'a> ZipWriter<'a> {
    /// Nothing yet.
    pub fn new(file: &'a File) -> Self {
        Self { file, directory: Vec::new(), count: 0 }
    }

    /// Adds a file or a directory.
    pub fn add(&mut self, host: &Reader, entry: &Entry, meta: &Metadata) -> io::Result<()> {
        let start = self.file.stream_position()?;
        let name = if meta.is_dir() { format!("{}/", entry.name) } else { entry.name.clone() };
        let method = if meta.is_dir() { 0 } else { DEFLATED };
        // What comes after the version that is needed, the same in both places; sizes are not known yet.
        let mut common = Vec::new();
        let flags = if name.is_ascii() { 0 } else { UTF8 };
        let [date, time] = dos_time(host, meta)?;
        for value in [flags, method, time, date] {
            common.extend(value.to_le_bytes());
        }
        let mut writer = self.file;
        writer.write_all(b"PK\x03\x04\x14\x00")?;
        writer.write_all(&common)?;
        writer.write_all(&[0; 12])?;
        let length = u16::try_from(name.len()).map_err(too_large)?.to_le_bytes();
        writer.write_all(&[length[0], length[1], 0, 0])?;
        writer.write_all(name.as_bytes())?;
        let mut sums = [0_u8; 12];
        if method == DEFLATED {
            let mut reader = CrcReader::new(BufReader::new(File::open(&entry.path)?));
            let content = writer.stream_position()?;
            let mut encoder = DeflateEncoder::new(writer, Compression::default());
            io::copy(&mut reader.by_ref(), &mut encoder)?;
            encoder.finish()?;
            let end = writer.stream_position()?;
            let size = u32::try_from(end - content).map_err(too_large)?;
            let whole = u32::try_from(meta.len()).map_err(too_large)?.min(reader.crc().amount());
            for (place, value) in sums.chunks_mut(4).zip([reader.crc().sum(), size, whole]) {
                place.copy_from_slice(&value.to_le_bytes());
            }
            writer.seek(SeekFrom::Start(start + 14))?;
            writer.write_all(&sums)?;
            writer.seek(SeekFrom::Start(end))?;
        }
        let attributes = (meta.mode() << 16) | if meta.is_dir() { DIRECTORY } else { 0 };
        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(MADE_BY.to_le_bytes());
        self.directory.extend([20, 0]);
        self.directory.extend(common);
        self.directory.extend(sums);
        self.directory.extend(length);
        // No extra field, no comment, the first disk, no internal attributes.
        self.directory.extend([0; 8]);
        self.directory.extend(attributes.to_le_bytes());
        self.directory.extend(u32::try_from(start).map_err(too_large)?.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
        Ok(())
    }

    /// Writes the directory.
    pub fn finish(self) -> io::Result<()> {
        let mut writer = self.file;
        let start = u32::try_from(writer.stream_position()?).map_err(too_large)?;
        let count = u16::try_from(self.count).map_err(too_large)?;
        writer.write_all(&self.directory)?;
        writer.write_all(b"PK\x05\x06\0\0\0\0")?;
        writer.write_all(&[count.to_le_bytes(), count.to_le_bytes()].concat())?;
        writer.write_all(&u32::try_from(self.directory.len()).map_err(too_large)?.to_le_bytes())?;
        writer.write_all(&start.to_le_bytes())?;
        writer.write_all(&[0, 0])
    }
}

fn too_large(_: std::num::TryFromIntError) -> io::Error {
    io::Error::other("too much for a zip archive: 65,535 files and 4 GiB are the most")
}

/// Date and time in the host's time zone, as MS-DOS has them: in steps of two seconds, from 1980 on.
fn dos_time(host: &Reader, meta: &Metadata) -> io::Result<[u16; 2]> {
    let text = clock::local_time(host, meta.modified()?);
    let numbers: Vec<u16> = text.split(['-', ' ', ':', '.']).filter_map(|number| number.parse().ok()).collect();
    let [year, month, day, hour, minute, second, ..] = numbers[..] else { return Ok([0x21, 0]) };
    if year < 1980 {
        return Ok([0x21, 0]);
    }
    Ok([((year - 1980).min(127) << 9) | (month << 5) | day, (hour << 11) | (minute << 5) | (second / 2)])
}
