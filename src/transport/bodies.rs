//! Where the bytes come from that a helper asks for by hash, and where those go that it hands over.

use std::io::{self, Read};

/// Finds file contents by their hash. Called on a thread that may block.
pub trait Bodies: Send + Sync {
    /// Opens the content whose SHA-1 is `sha1`; fails when there is none.
    fn open(&self, sha1: &str) -> io::Result<Box<dyn Read + Send>>;

    /// Takes the next part of a file that the helper hands over.
    fn accept(&self, _bytes: &[u8]) -> io::Result<()> {
        Err(io::Error::other("the controller asked for no file"))
    }
}

/// No content at all, for modules that take none.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub struct NoBodies;

#[cfg(test)]
impl Bodies for NoBodies {
    fn open(&self, sha1: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no content has the hash {sha1}")))
    }
}
