//! File contents on their way to hosts: known by hash, read from disk when a host asks.

use std::{
    collections::HashMap,
    io::{self, Cursor, Read, Seek},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use sha1::{Digest, Sha1};
use sutler_modules::kit::reader::hex;
use sutler_protocol::{Content, INLINE_LIMIT};

use super::{Fields, digests};
use crate::{transport::Bodies, vault};

/// The contents of one request.
#[derive(Default)]
pub struct Contents {
    bodies: HashMap<String, Body>,
    /// The content argument of the request's item, with further internal arguments.
    arguments: Fields,
}

#[derive(Clone)]
enum Body {
    Bytes(Arc<[u8]>),
    File(PathBuf),
}

impl Contents {
    /// Adds bytes as the argument `_content`.
    pub fn add_bytes(&mut self, bytes: Vec<u8>) {
        let sha1 = hex(&Sha1::digest(&bytes));
        let content = self.content_of_bytes(sha1, bytes);
        self.arguments.insert("_content".into(), json!(content));
    }

    fn content_of_bytes(&mut self, sha1: String, bytes: Vec<u8>) -> Content {
        if bytes.len() <= INLINE_LIMIT {
            return Content::inline(sha1, &bytes);
        }
        let size = bytes.len() as u64;
        self.bodies.insert(sha1.clone(), Body::Bytes(bytes.into()));
        Content { sha1, size, inline: None }
    }

    /// Takes along bytes that are only sent when a host asks for them.
    pub fn on_demand(&mut self, sha1: &str, bytes: &Arc<[u8]>) -> Content {
        self.bodies.insert(sha1.to_owned(), Body::Bytes(Arc::clone(bytes)));
        Content { sha1: sha1.to_owned(), size: bytes.len() as u64, inline: None }
    }

    /// The content of a file; big ones are read again when a host asks for them. With `decrypts`, that of a vault is
    /// what it holds.
    pub fn file(&mut self, path: &Path, decrypts: bool) -> io::Result<Content> {
        let mut file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        if decrypts && begins_a_vault(&mut file)? {
            let bytes = vault::content_of(std::fs::read(path)?).map_err(io::Error::other)?;
            return Ok(self.content_of_bytes(hex(&Sha1::digest(&bytes)), bytes.to_vec()));
        }
        if size <= INLINE_LIMIT as u64 {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(self.content_of_bytes(hex(&Sha1::digest(&bytes)), bytes));
        }
        let sha1 = digests::sha1_of(&mut file)?;
        self.bodies.insert(sha1.clone(), Body::File(path.to_owned()));
        Ok(Content { sha1, size, inline: None })
    }

    /// Adds a file as the argument `_content`.
    pub fn add_file(&mut self, path: &Path, decrypts: bool) -> io::Result<()> {
        let content = self.file(path, decrypts)?;
        self.arguments.insert("_content".into(), json!(content));
        Ok(())
    }

    /// Adds another internal argument.
    pub fn add_argument(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.arguments.insert(name.into(), value.into());
    }

    /// Moves the internal arguments into those of the module.
    pub fn add_to(&mut self, fields: &mut Fields) {
        fields.extend(std::mem::take(&mut self.arguments));
    }

    /// Takes over the contents of another item of the same request.
    pub fn extend(&mut self, other: Self) {
        self.bodies.extend(other.bodies);
    }
}

/// Whether a file begins as a vault does; it is at its beginning again afterwards.
fn begins_a_vault(file: &mut std::fs::File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.by_ref().take(64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(vault::is_vault(&start))
}

impl Bodies for Contents {
    fn open(&self, sha1: &str) -> io::Result<Box<dyn Read + Send>> {
        match self.bodies.get(sha1) {
            Some(Body::Bytes(bytes)) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
            Some(Body::File(path)) => Ok(Box::new(std::fs::File::open(path)?)),
            None => Err(io::Error::new(io::ErrorKind::NotFound, format!("no content has the hash {sha1}"))),
        }
    }
}
