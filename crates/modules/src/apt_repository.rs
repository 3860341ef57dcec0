//! `apt_repository`: lines of apt's lists of sources.

mod ppa;
mod sources;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    apt::{self, Patience},
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Reader, Writer, clock,
        file_args::{Attributes, resolve_mode},
        state::AbsentPresent as State,
    },
};
use ppa::Ppa;
use sources::{Line, Sources};

/// Adds and removes repositories in `/etc/apt/sources.list` and `/etc/apt/sources.list.d`, and fetches the lists of
/// packages after a change.
///
/// ```yaml
/// - apt_repository:
///     repo: deb [signed-by=/etc/apt/keyrings/example.asc] https://example.com/debian bookworm main
///     filename: example
/// - apt_repository:
///     repo: ppa:nginx/stable
///     codename: jammy
/// ```
#[derive(Args)]
pub struct AptRepository {
    /// The line, as `deb http://example.com/debian bookworm main`, or `ppa:OWNER/NAME`.
    repo: String,
    /// Whether it is in a list.
    #[arg(default = "present")]
    state: State,
    /// The mode of a file that is made; 0644 without it.
    mode: Option<Value>,
    /// Fetches the lists of packages after a change. When that fails, the change is taken back.
    #[arg(default = true, alias = "update-cache")]
    update_cache: bool,
    /// How often fetching is tried, with pauses of 1, 2, 4 … seconds.
    #[arg(default = 5)]
    update_cache_retries: i64,
    /// The longest of these pauses, in seconds.
    #[arg(default = 12)]
    update_cache_retry_max_delay: i64,
    /// The name of the file in `sources.list.d`, without `.list`; made of the address without it.
    filename: Option<String>,
    /// Has no effect: nothing of Python is needed.
    #[arg(default = true)]
    #[expect(dead_code, reason = "accepted for Ansible's sake")]
    install_python_apt: bool,
    /// Refuses servers of PPAs whose certificate is not valid.
    #[arg(default = true)]
    validate_certs: bool,
    /// The release of a PPA; the host's own without it.
    codename: Option<String>,
}

/// What is written.
pub struct Plan {
    before: Sources,
    after: Sources,
    /// The key that a PPA is signed with, and where it belongs.
    key: Option<(PathBuf, Vec<u8>)>,
}

impl Module for AptRepository {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if self.repo.is_empty() {
            return Err(Failure::new("Please set argument 'repo' to a non-empty value"));
        }
        let before = Sources::read(host)?;
        let mut after = before.clone();
        let mut key = None;
        let (source, name) = match Ppa::parse(&self.repo, self.codename.as_ref(), host) {
            Some(ppa) => {
                let source = ppa.source();
                if self.state == State::Present && !before.has(&source) {
                    key = Some(ppa.key(host, self.validate_certs)?);
                }
                (source, format!("{}_{}", self.repo, ppa.codename))
            }
            None => {
                let line = Line::parse(&self.repo);
                if !line.is_valid || !line.is_enabled {
                    let shown = self.repo.trim().strip_prefix('#').unwrap_or(self.repo.trim());
                    let shown = shown.find('#').filter(|at| *at > 0).map_or(shown, |at| &shown[..at]);
                    return Err(Failure::new(format!("Invalid repository string: {shown}")));
                }
                (line.source.clone(), line.source)
            }
        };
        match self.state {
            State::Present => after.add(&source, &self.place(&name)?),
            State::Absent => after.remove(&source),
        }
        Ok(self.changes(Plan { before, after, key }))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        if let Some((path, bytes)) = plan.key {
            let attributes = Attributes { mode: Some(0o644), ..Attributes::default() };
            host.write(&path, bytes.into(), &attributes)?;
        }
        self.write(host, &plan.before, &plan.after)?;
        if self.update_cache {
            let patience = Patience {
                retries: self.update_cache_retries,
                max_delay: self.update_cache_retry_max_delay,
                lock_timeout: clock::seconds(60),
            };
            apt::update(host, patience).or_else(|failure| {
                self.write(host, &plan.after, &plan.before)?;
                Err(failure)
            })?;
        }
        Ok(Fields::new())
    }
}

impl AptRepository {
    /// The file for a new source.
    fn place(&self, source: &str) -> Result<PathBuf, Failure> {
        let name = self.filename.clone().unwrap_or_else(|| sources::file_name(source));
        if name.is_empty() && self.filename.is_none() {
            return Err(Failure::new("list index out of range").uncaught());
        }
        let name = format!("{name}.list");
        Ok(if name.contains('/') { name.into() } else { Path::new(sources::PARTS).join(name) })
    }

    fn changes(&self, plan: Plan) -> Changes<Plan> {
        let (old, new) = (plan.before.texts(), plan.after.texts());
        let names = |some: &[(PathBuf, String)], others: &[(PathBuf, String)]| -> Vec<(PathBuf, String)> {
            some.iter().filter(|(path, _)| others.iter().all(|(other, _)| other != path)).cloned().collect()
        };
        let (added, removed) = (names(&new, &old), names(&old, &new));
        let shown =
            |some: &[(PathBuf, String)]| some.iter().map(|(path, _)| json!(path.to_string_lossy())).collect::<Vec<_>>();
        let mut changes = Changes::when(old != new, plan)
            .with("repo", self.repo.as_str())
            .with("state", self.state.as_str())
            .with("sources_added", shown(&added))
            .with("sources_removed", shown(&removed));
        for (path, text) in added {
            changes = changes.with_diff(Diff::new("", text).headed("/dev/null", path.to_string_lossy()));
        }
        for (path, text) in removed {
            changes = changes.with_diff(Diff::new(text, "").headed(path.to_string_lossy(), "/dev/null"));
        }
        changes
    }

    /// Writes what differs between two states of the files.
    fn write(&self, host: &mut Writer, before: &Sources, after: &Sources) -> Result<(), Failure> {
        let (old, new) = (before.texts(), after.texts());
        for (path, text) in &new {
            let known = old.iter().find(|(other, _)| other == path);
            if known.is_some_and(|(_, other)| other == text) {
                continue;
            }
            let mut attributes = Attributes::default();
            let is_longer = known.is_none_or(|(_, other)| other.lines().count() < text.lines().count());
            if let Some(mode) = self.mode.as_ref().filter(|_| is_longer) {
                attributes.mode = Some(resolve_mode(mode, None, false)?);
            }
            for directory in crate::file::missing_directories(host, path.parent().unwrap_or(Path::new("/")))? {
                host.make_directory(&directory)?;
            }
            host.write(&host.resolve(path), text.as_str().into(), &attributes)?;
        }
        let gone = old.iter().filter(|(path, _)| new.iter().all(|(other, _)| other != path));
        gone.map(|(path, _)| path).try_for_each(|path| host.remove(path))
    }
}
