//! What a remote has: branches, tags and the commits they lead to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::program::Git;
use crate::kit::{Failure, Reader};

/// A remote, asked each question once.
pub struct Remote {
    /// Its name, or its URL.
    address: String,
    /// Where the name is known.
    directory: PathBuf,
    answers: BTreeMap<String, String>,
}

impl Remote {
    /// A remote by its URL, or by the name it has in a repository.
    pub fn new(address: &str, directory: &Path) -> Self {
        Self { address: address.to_owned(), directory: directory.to_owned(), answers: BTreeMap::new() }
    }

    /// The same remote by the name that a repository has for it now.
    pub fn rename(&mut self, address: &str, directory: &Path) {
        self.address = address.to_owned();
        self.directory = directory.to_owned();
    }

    /// Whether it has the branch.
    pub fn has_branch(&mut self, git: &Git, version: &str, host: &Reader) -> Result<bool, Failure> {
        Ok(self.list(git, "-h", &format!("refs/heads/{version}"), host)?.contains(version))
    }

    /// Whether it has the tag.
    pub fn has_tag(&mut self, git: &Git, version: &str, host: &Reader) -> Result<bool, Failure> {
        Ok(self.list(git, "-t", &format!("refs/tags/{version}"), host)?.contains(version))
    }

    /// The commit that a version leads to; `branch` is what `HEAD` means. What is neither branch nor tag is a hash.
    pub fn commit(&mut self, git: &Git, version: &str, branch: Option<&str>, host: &Reader) -> Result<String, Failure> {
        let listed = match (version, branch) {
            ("HEAD", None) => self.list(git, "-h", "HEAD", host)?,
            ("HEAD", Some(branch)) => self.list(git, "-h", &format!("refs/heads/{branch}"), host)?,
            _ if self.has_branch(git, version, host)? => {
                self.list(git, "-h", &format!("refs/heads/{version}"), host)?
            }
            _ if self.has_tag(git, version, host)? => {
                let all = self.list(git, "-t", &format!("refs/tags/{version}*"), host)?;
                tagged(&all, version).unwrap_or_default().to_owned()
            }
            _ => return Ok(version.to_owned()),
        };
        let commit = listed.split_whitespace().next();
        commit.map(str::to_owned).ok_or_else(|| {
            Failure::new(format!("Could not determine remote revision for {version}"))
                .with("rc", 0)
                .with("stdout", "")
                .with("stderr", "")
        })
    }

    fn list(&mut self, git: &Git, kind: &str, pattern: &str, host: &Reader) -> Result<String, Failure> {
        if let Some(answer) = self.answers.get(pattern) {
            return Ok(answer.clone());
        }
        let program = git.command(&self.directory, &["ls-remote", &self.address, kind, pattern]);
        let answer = host.query(&program)?.checked(&program)?.out();
        self.answers.insert(pattern.to_owned(), answer.clone());
        Ok(answer)
    }
}

/// The line of a tag: where an annotated one leads to, if it is one.
fn tagged<'a>(all: &'a str, version: &str) -> Option<&'a str> {
    let ending = |end: &str| all.lines().rfind(|line| line.ends_with(&format!("refs/tags/{version}{end}")));
    ending("^{}").or_else(|| ending(""))
}
