//! `find`: the files of directories that meet conditions.

mod condition;
mod search;

use std::path::PathBuf;

use serde_json::Value;

use self::{condition::Conditions, search::Search};
use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, checksum::Algorithm},
};

choice! {
    /// What is looked for.
    pub enum FileType {
        /// Everything.
        Any = "any",
        /// Directories.
        Directory = "directory",
        /// Regular files.
        File = "file",
        /// Symbolic links.
        Link = "link",
    }
}

choice! {
    /// The time that an age is counted from.
    pub enum Stamp {
        /// When it was last read.
        Accessed = "atime",
        /// When its inode last changed.
        Changed = "ctime",
        /// When its content last changed.
        Modified = "mtime",
    }
}

/// Returns the files in directories that meet all of the conditions, as `files`, each described as by `stat`.
///
/// `matched` is their number, `examined` that of all entries looked at, `skipped_paths` says why a
/// path was not searched to its end. Files come sorted by name, those of a directory before those of
/// the directories in it.
///
/// ```yaml
/// - find:
///     paths: /tmp
///     age: 2d
///     recurse: true
///   register: old
/// - find:
///     paths: /var/log
///     patterns: ['^.*?\.(?:old|log\.gz)$']
///     use_regex: true
///     size: 10m
/// - find:
///     paths: /etc
///     file_type: directory
///     excludes: nginx,mysql
/// ```
#[derive(Args)]
pub struct Find {
    /// The directories.
    #[arg(alias = "name", alias = "path")]
    paths: Vec<PathBuf>,
    /// Patterns of the shell, or of Python with `use_regex`; the name without its directory has to match
    /// one of them. A regular expression has to match at the name's beginning. Every name matches when
    /// there is none.
    #[arg(alias = "pattern", default = "[]")]
    patterns: Vec<String>,
    /// Patterns of names that are left out.
    #[arg(alias = "exclude")]
    excludes: Option<Vec<String>>,
    /// `patterns` and `excludes` are Python's regular expressions.
    #[arg(default = false)]
    use_regex: bool,
    /// A regular expression that has to match at the beginning of a line of the file. Only looked at for
    /// `file_type: file`.
    contains: Option<String>,
    /// Matches `contains` anywhere in the whole file, which is read into memory for it.
    #[arg(default = false)]
    read_whole_file: bool,
    /// The encoding of files for `contains`: `utf-8` (the default), `ascii`, `latin-1`, or one that the host's
    /// `iconv` knows.
    encoding: Option<String>,
    /// What is looked for.
    #[arg(default = "file")]
    file_type: FileType,
    /// The least age, or with a minus the greatest: a number of seconds, or with `m`, `h`, `d` or `w` of
    /// minutes, hours, days or weeks.
    age: Option<String>,
    /// The time that `age` is counted from.
    #[arg(default = "mtime")]
    age_stamp: Stamp,
    /// The least size, or with a minus the greatest: a number of bytes, or with `k`, `m`, `g` or `t` of
    /// units of 1024 bytes and its powers. It counts for regular files.
    size: Option<String>,
    /// Searches the directories in the directories too.
    #[arg(default = false)]
    recurse: bool,
    /// How many levels are searched; 1 is the directory itself. 0 or nothing is no limit.
    depth: Option<i64>,
    /// Searches directories that symbolic links lead to.
    #[arg(default = false)]
    follow: bool,
    /// Takes names that begin with a dot too. Directories with such names are searched in any case.
    #[arg(default = false)]
    hidden: bool,
    /// Returns the `checksum` of regular files.
    #[arg(default = false)]
    get_checksum: bool,
    /// The hash function of `checksum`.
    #[arg(default = "sha1", alias = "checksum", alias = "checksum_algo")]
    checksum_algorithm: Algorithm,
    /// Stops when so many are found.
    limit: Option<i64>,
    /// The permissions: octal digits in quotes, or symbolic.
    mode: Option<Value>,
    /// Whether `mode` are exactly the permissions; otherwise one bit of it has to be among them.
    #[arg(default = true)]
    exact_mode: bool,
}

impl Module for Find {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let mut search = Search::new(self, Conditions::new(self)?, host);
        for path in &self.paths {
            search.path(path);
        }
        Ok(Changes::none().with_all(search.into_fields()))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}
