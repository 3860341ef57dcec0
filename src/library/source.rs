//! A Python file as packing needs it: its bytes and its imports, read once for all modules.

use std::{fs, path::Path};

use super::imports::{self, Import};

/// A Python file.
#[derive(Debug)]
pub struct Source {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// What it imports.
    pub imports: Vec<Import>,
}

impl Source {
    /// A source with these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        let imports = imports::scan(&String::from_utf8_lossy(&bytes));
        Self { bytes, imports }
    }

    /// A file, if it can be read.
    pub fn read(path: &Path) -> Option<Self> {
        fs::read(path).ok().map(Self::new)
    }
}
