//! The entries of a zip archive.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use zip::{ExtraField, HasZipMetadata, System, ZipArchive, read::ZipFile, result::ZipError};

use super::{
    archive::{Visit, broken},
    member::{Kind, Member, inside},
    options::Options,
};
use crate::kit::{Failure, writer};

/// The type bits of a mode (`man 7 inode`).
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// Goes through all entries that are wanted; damaged contents are an error.
pub fn each(file: File, name: &str, options: &Options, visit: &mut Visit) -> Result<(), Failure> {
    let failed = |error: ZipError| match error {
        ZipError::Io(error) => broken(name, &error),
        other => broken(name, &io::Error::other(other.to_string())),
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(failed)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(failed)?;
        let Some(member) = member(&mut entry, options).map_err(|e| broken(name, &e))?? else { continue };
        let mut content = Watched { inner: &mut entry, error: None };
        let visited = visit(&member, &mut content);
        let drained = io::copy(&mut content, &mut io::sink());
        if let Some(error) = content.error.take() {
            return Err(broken(name, &error));
        }
        visited?;
        drained.map_err(|e| broken(name, &e))?;
    }
    Ok(())
}

fn member<R: Read>(entry: &mut ZipFile<R>, options: &Options) -> io::Result<Result<Option<Member>, Failure>> {
    let name = String::from_utf8_lossy(entry.name_raw()).replace('\\', "/");
    if !options.wants(&name) {
        return Ok(Ok(None));
    }
    let is_directory = name.ends_with('/');
    if is_directory && options.junk_paths {
        return Ok(Ok(None));
    }
    let Some(renamed) = options.rename(&name) else { return Ok(Ok(None)) };
    let mode = entry.unix_mode();
    let kind = if is_directory {
        Kind::Directory
    } else if mode.is_some_and(|mode| mode & TYPE == LINK) {
        let mut target = String::new();
        entry.take(4096).read_to_string(&mut target)?;
        Kind::Link(PathBuf::from(target))
    } else {
        Kind::File
    };
    let path = match inside(Path::new(&renamed)) {
        Ok(path) => path,
        Err(refused) => return Ok(Err(refused)),
    };
    // Set-id bits of a zip archive are nobody's intention: unzip drops them, too.
    let mode = dos_mode(entry, is_directory).or(mode).map(|mode| mode & 0o777).filter(|mode| *mode != 0);
    let (modified, size) = (modified(entry), entry.size());
    Ok(Ok(Some(Member { name: renamed, path, kind, mode, owner: None, group: None, modified, size })))
}

/// The mode that unzip makes of attributes of DOS, unless the archive has a Unix mode that fits them.
fn dos_mode<R: Read>(entry: &ZipFile<R>, is_directory: bool) -> Option<u32> {
    let entry = entry.get_metadata();
    let (unix, dos) = (entry.external_attributes >> 16, entry.external_attributes);
    let bits = (u32::from(dos & 1 == 0) << 1) | u32::from(is_directory || dos & 0x10 != 0);
    let mode = if unix & 0o700 == 0o400 | (bits << 6) { unix } else { (0o444 | (bits * 0o111)) & !writer::umask() };
    (entry.system == System::Dos).then_some(mode)
}

/// The exact time where the archive has it, or else MS-DOS's, which knows no time zone.
fn modified<R: Read>(entry: &ZipFile<R>) -> i64 {
    let exact = entry.extra_data_fields().find_map(|field| match field {
        ExtraField::ExtendedTimestamp(times) => times.mod_time().map(i64::from),
        _ => None,
    });
    let dos = || {
        let time = entry.last_modified()?;
        let (year, month) = (i64::from(time.year()), i64::from(time.month()));
        let days = days_before(year, month) + i64::from(time.day()) - 1;
        Some(days * 86_400 + i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()))
    };
    exact.or_else(dos).unwrap_or_default()
}

/// Days from 1970 to the first of a month in the Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 - 719_468
}

struct Watched<'a, R: ?Sized> {
    inner: &'a mut R,
    error: Option<io::Error>,
}

impl<R: Read + ?Sized> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.error = Some(error);
            copy
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!((days_before(1970, 1), days_before(2000, 3), days_before(2024, 2)), (0, 11_017, 19_754));
    }
}
