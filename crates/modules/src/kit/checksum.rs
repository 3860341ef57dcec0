//! Checksums of files, by any of the algorithms that modules name.

use std::{io, path::Path};

use md5::Md5;
use sha1::{Digest, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{
    Failure, Reader,
    reader::{hasher_writer, hex},
};

crate::choice! {
    /// A hash function.
    pub enum Algorithm {
        /// MD5.
        Md5 = "md5",
        /// SHA-1.
        Sha1 = "sha1",
        /// SHA-224.
        Sha224 = "sha224",
        /// SHA-256.
        Sha256 = "sha256",
        /// SHA-384.
        Sha384 = "sha384",
        /// SHA-512.
        Sha512 = "sha512",
    }
}

impl Algorithm {
    /// The checksum of a file in lowercase hexadecimal.
    pub fn of_file(self, host: &Reader, path: &Path) -> Result<String, Failure> {
        let file = host.open(path)?;
        self.of(file).map_err(|e| Failure::io("read", path, &e))
    }

    /// The checksum of everything in a stream, in lowercase hexadecimal.
    pub fn of(self, stream: impl io::Read) -> io::Result<String> {
        match self {
            Self::Md5 => hash::<Md5>(stream),
            Self::Sha1 => hash::<Sha1>(stream),
            Self::Sha224 => hash::<Sha224>(stream),
            Self::Sha256 => hash::<Sha256>(stream),
            Self::Sha384 => hash::<Sha384>(stream),
            Self::Sha512 => hash::<Sha512>(stream),
        }
    }
}

fn hash<D: Digest>(mut stream: impl io::Read) -> io::Result<String> {
    let mut hasher = D::new();
    io::copy(&mut stream, &mut hasher_writer(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}
