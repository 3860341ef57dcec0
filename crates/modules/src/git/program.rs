//! The `git` program with the environment that a task gives it.

use std::path::{Path, PathBuf};

use crate::kit::{Failure, Finished, Program, Reader, Writer};

/// How `git` is started.
pub struct Git {
    pub(super) program: PathBuf,
    /// What SSH is started with, and more.
    pub(super) environment: Vec<(String, String)>,
    pub(super) umask: Option<u32>,
}

impl Git {
    /// `git` with arguments, in a directory if that is there.
    pub fn command(&self, directory: &Path, arguments: &[&str]) -> Program {
        let mut program = Program::new(&self.program).args(arguments).plain_locale();
        for (name, value) in &self.environment {
            program = program.env(name, value);
        }
        if directory.is_dir() {
            program = program.directory(directory);
        }
        match self.umask {
            Some(umask) => program.umask(umask),
            None => program,
        }
    }

    /// Asks without writing: not even the index is refreshed.
    pub fn ask(&self, directory: &Path, arguments: &[&str], host: &Reader) -> Result<Finished, Failure> {
        host.query(&self.command(directory, arguments).env("GIT_OPTIONAL_LOCKS", "0"))
    }

    /// Asks for one line; empty when there is no answer.
    pub fn line(&self, directory: &Path, arguments: &[&str], host: &Reader) -> Result<String, Failure> {
        Ok(self.ask(directory, arguments, host)?.out().trim_end().to_owned())
    }

    /// Runs it.
    pub fn run(&self, directory: &Path, arguments: &[&str], host: &mut Writer) -> Result<Finished, Failure> {
        host.run(&self.command(directory, arguments))
    }

    /// Runs it; fails as it does.
    pub fn must(&self, directory: &Path, arguments: &[&str], host: &mut Writer) -> Result<Finished, Failure> {
        let program = self.command(directory, arguments);
        host.run(&program)?.checked(&program)
    }
}
