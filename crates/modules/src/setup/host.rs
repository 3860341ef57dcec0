//! What a collector may look at, with the short forms that facts are read in.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::kit::{Program, Reader};

/// The host, as every collector gets its own.
#[derive(Clone)]
pub struct Host {
    /// Files, programs and the environment.
    pub reader: Reader,
    /// How long a collector may take.
    pub timeout: Duration,
    /// Where local facts are.
    pub fact_path: PathBuf,
    /// The Python that the user names.
    pub python: Option<String>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Host {
    /// A host whose collectors may take `timeout`.
    pub fn new(reader: Reader, timeout: Duration, fact_path: PathBuf) -> Self {
        Self { reader, timeout, fact_path, python: None, warnings: Arc::default() }
    }

    /// Tells the user about something that is wrong on the host, but no failure.
    pub fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What was warned of so far, in all threads.
    pub fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A file's text without the white space around it; `None` when it cannot be read.
    pub fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        self.reader.read_text(path).ok().flatten().map(|text| text.trim().to_owned())
    }

    /// A file's lines; none when it cannot be read.
    pub fn lines(&self, path: impl AsRef<Path>) -> Vec<String> {
        self.reader.read_text(path).ok().flatten().unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// A file that holds a number.
    pub fn number(&self, path: impl AsRef<Path>) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    /// The names in a directory, sorted; none when it cannot be read.
    pub fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let paths = self.reader.list(path).unwrap_or_default();
        paths.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
    }

    /// The last part of what a symbolic link points to.
    pub fn link_name(&self, path: impl AsRef<Path>) -> Option<String> {
        Some(self.reader.link(path).ok()?.file_name()?.to_string_lossy().into_owned())
    }

    /// Whether the path leads to something.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.reader.exists(path)
    }

    /// Standard output of a program that ended well, in English; `None` when there is no such
    /// program, or it failed.
    pub fn output(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let path = self.reader.which(program)?;
        let program = Program::new(path).args(arguments).plain_locale().timeout(self.timeout);
        let finished = self.reader.query(&program).ok()?;
        finished.success().then(|| finished.out())
    }
}
