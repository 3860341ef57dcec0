//! A file's name and text, kept for as long as a position points into it.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Weak},
};

use parking_lot::Mutex;
use zeroize::Zeroize as _;

use super::{Diagnostic, Span, escaped::escape};
use crate::vault;

/// A text that positions point into: a file, or a command-line argument with a made-up name. That of an encrypted
/// file is decrypted; messages show none of its lines, and it is wiped when it is dropped.
#[derive(PartialEq, Eq)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
    /// In a text that is masked: the column of the one place that it is shown for.
    caret: Option<u32>,
    is_secret: bool,
}

impl SourceFile {
    /// Wraps a text that is already read; `path` is what messages show.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), caret: None, is_secret: false }
    }

    /// The same, as a masked text that is shown for a place in this column.
    pub(super) fn with_caret(mut self, caret: u32) -> Self {
        self.caret = Some(caret);
        self
    }

    /// The same file without its text, for a place in this column of a text that nobody may see.
    pub(super) fn hidden(&self, caret: u32) -> Self {
        Self { path: self.path.clone(), text: String::new(), caret: Some(caret), is_secret: self.is_secret }
    }

    /// The column of the place, in a masked text.
    pub(super) fn caret(&self) -> Option<u32> {
        self.caret
    }

    /// Whether the text was encrypted in its file.
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// Reads a file, decrypted if it is a vault; fails when it cannot be read, no vault password opens it, or it is
    /// not UTF-8. A byte order mark is dropped. What is read again and did not change is one file.
    pub fn read(path: &Path) -> Result<Arc<Self>, Diagnostic> {
        static KNOWN: LazyLock<Mutex<HashMap<PathBuf, Weak<SourceFile>>>> = LazyLock::new(Mutex::default);
        let bytes = fs::read(path)
            .map_err(|cause| Diagnostic::error(format!("cannot read `{}`: {}", path.display(), io_reason(&cause))))?;
        let file = Self::from_bytes(path, bytes)?;
        if file.is_secret {
            return Ok(file);
        }
        let mut known = KNOWN.lock();
        match known.get(path).and_then(Weak::upgrade).filter(|known| known.text == file.text) {
            Some(known) => Ok(known),
            None => {
                known.insert(path.to_owned(), Arc::downgrade(&file));
                Ok(file)
            }
        }
    }

    /// Reads a file that need not be UTF-8: bytes that are none are escaped, which the flag tells.
    pub fn read_escaped(path: &Path) -> Result<(Arc<Self>, bool), Diagnostic> {
        Self::read(path).map(|file| (file, false)).or_else(|error| {
            let bytes = fs::read(path).ok().filter(|bytes| !vault::is_vault(bytes));
            let text = bytes.and_then(|bytes| escape(&bytes)).ok_or(error)?;
            Ok((Arc::new(Self::new(path, text)), true))
        })
    }

    /// Wraps the bytes of a file that is already read, decrypted if they are a vault; fails when no vault password
    /// opens it, or they are not UTF-8.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Arc<Self>, Diagnostic> {
        if vault::is_vault(&bytes) {
            return Self::decrypted(path, &bytes);
        }
        match String::from_utf8(bytes) {
            Ok(mut text) => {
                if text.starts_with('\u{feff}') {
                    text.drain(..'\u{feff}'.len_utf8());
                }
                Ok(Arc::new(Self::new(path, text)))
            }
            Err(cause) => Err(Self::not_utf8(path, cause.as_bytes(), cause.utf8_error().valid_up_to())),
        }
    }

    fn decrypted(path: &Path, bytes: &[u8]) -> Result<Arc<Self>, Diagnostic> {
        let shown = format!("`{}`", path.display());
        let place = Span { file: Arc::new(Self::new(path, "")), line: 0, column: 0 };
        let failed = |error: vault::VaultError| error.diagnostic(&shown).origin(&place);
        let content = vault::current().open_file(bytes).map_err(failed)?;
        let text = std::str::from_utf8(&content)
            .map_err(|_| Diagnostic::error(format!("what {shown} holds, decrypted, is not valid UTF-8")))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut file = Self::new(path, text);
        file.is_secret = true;
        Ok(Arc::new(file))
    }

    fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> Diagnostic {
        let file = Arc::new(Self::new(path, String::from_utf8_lossy(bytes)));
        let before = String::from_utf8_lossy(&bytes[..valid]);
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        Diagnostic::error(format!("byte 0x{:02x} is not valid UTF-8", bytes[valid]))
            .at(&Span::new(&file, line, column))
            .help("save the file as UTF-8")
    }

    /// The path as given by whoever opened it; `<command line>` and the like for other texts.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One line without its ending, counted from 1; `None` past the end.
    pub fn line(&self, number: u32) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)? as usize)
    }
}

impl Drop for SourceFile {
    fn drop(&mut self) {
        if self.is_secret {
            self.text.zeroize();
        }
    }
}

impl std::fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceFile({})", self.path.display())
    }
}

/// The reason of an I/O error without Rust's error number.
fn io_reason(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    let reason = text.split(" (os error").next().unwrap_or_default();
    let mut chars = reason.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
