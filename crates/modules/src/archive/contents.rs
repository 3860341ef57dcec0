//! What an archive holds, to be compared.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, Read},
};

use sha1::{Digest, Sha1};

use super::Format;
use crate::{
    kit::reader::{hasher_writer, hex},
    unarchive::{Archive, Decoded, Options},
};

/// All entries; `None` of what is no archive, or a damaged one. Of a zip archive only names and contents count.
pub fn list(file: File) -> Option<BTreeSet<String>> {
    let mut archive = Archive::open(file, "").ok()?;
    let is_zip = archive.format == Decoded::Zip;
    let mut entries = BTreeSet::new();
    let options = Options { numeric_owner: true, ..Options::default() };
    let read = archive.each(&options, &mut |member, content| {
        let content = digest(content);
        let rest = (&member.kind, member.mode, &member.owner, &member.group, member.modified);
        let rest = if is_zip { String::new() } else { format!("{rest:?}") };
        entries.insert(format!("{} {} {content:?} {rest}", member.name, member.size));
        Ok(())
    });
    read.is_ok().then_some(entries)
}

/// What a file holds before compression.
pub fn unpacked(file: File, format: Format) -> Option<Box<dyn Read>> {
    let decoded = match format {
        Format::Bz2 => Decoded::Bzip2,
        Format::Gz => Decoded::Gzip,
        Format::Xz => Decoded::Xz,
        Format::Tar | Format::Zip => Decoded::Tar,
    };
    decoded.reader(BufReader::new(file)).ok()
}

/// The checksum of all bytes; `None` of what cannot be read to its end.
pub fn digest(mut stream: impl Read) -> Option<String> {
    let mut hasher = Sha1::new();
    io::copy(&mut stream, &mut hasher_writer(&mut hasher)).ok()?;
    Some(hex(&hasher.finalize()))
}
