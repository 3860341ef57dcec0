//! A module that is no part of this program, found and looked at; its code is made ready when it is first used.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use sha1::{Digest, Sha1};
use sutler_modules::kit::reader::hex;

use super::{
    Kind,
    pack::{self, Files},
};

/// A module of people's own.
#[derive(Debug)]
pub struct Foreign {
    /// Its full name: `namespace.collection.name`, or `ansible.legacy.name` for one that is in no collection.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// The interpreter that its first line names, with arguments.
    pub shebang: Option<Vec<String>>,
    /// Why its tasks fail.
    pub broken: Option<String>,
    content: Content,
    code: OnceLock<Code>,
}

/// What a module is made of.
#[derive(Debug)]
pub enum Content {
    /// One file.
    File(Vec<u8>),
    /// A module of Python and what it imports.
    Package(Files),
}

/// The bytes that a host keeps of a module.
#[derive(Clone, Debug)]
pub struct Code {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// Their SHA-1.
    pub sha1: String,
}

impl Foreign {
    /// A module.
    pub fn new(name: String, path: PathBuf, kind: Kind, shebang: Option<Vec<String>>, content: Content) -> Self {
        Self { name, path, kind, shebang, broken: None, content, code: OnceLock::new() }
    }

    /// The same module, whose tasks fail with this message.
    #[must_use]
    pub fn failing_with(self, why: String) -> Self {
        Self { broken: Some(why), ..self }
    }

    /// The name that messages have: without the name of the collection that holds what is in none.
    pub fn shown_name(&self) -> &str {
        self.name.strip_prefix("ansible.legacy.").unwrap_or(&self.name)
    }

    /// The last part of its name.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Whether a name means it: its full name, or a short one that is the same.
    pub fn is_called(&self, name: &str) -> bool {
        name == self.name || name == self.short_name()
    }

    /// What its file is called on the host.
    pub fn file_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
    }

    /// Its code.
    pub fn code(&self) -> &Code {
        self.code.get_or_init(|| {
            let bytes = match &self.content {
                Content::File(bytes) => bytes.clone(),
                Content::Package(files) => pack::archive(files).expect("writing to memory does not fail"),
            };
            Code { sha1: hex(&Sha1::digest(&bytes)), bytes: bytes.into() }
        })
    }
}
