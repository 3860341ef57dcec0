//! One run: the arguments made ready, and what is found before anything is done.

use std::path::{Path, PathBuf, absolute};

use serde_json::{Value, json};

use super::{
    Git, Plan,
    difference::{self, Fetch},
    place, program,
    remote::Remote,
};
use crate::kit::{Changes, Diff, Failure, Fields, InCheck, Reader, args::plain_text, users};

/// Where, with which program, and what was found so far.
pub struct Task {
    pub(super) git: program::Git,
    /// The checkout; empty when there is none to be.
    pub(super) dest: PathBuf,
    /// The repository in it, or what would be it.
    pub(super) repository: PathBuf,
    pub(super) remote: Remote,
    /// Return values.
    pub(super) fields: Fields,
    /// The repository is at another place than wanted.
    pub(super) moves: bool,
    /// The checkout has modifications, to be discarded.
    pub(super) is_modified: bool,
    /// The remote's URL has to be set.
    pub(super) sets_url: bool,
}

impl Task {
    /// Adds a warning.
    pub fn warn(&mut self, text: &str) {
        if let Some(all) = self.fields.entry("warnings").or_insert(json!([])).as_array_mut() {
            all.push(json!(text));
        }
    }
}

impl Git {
    /// The repository; a path as a URL, since `--depth` and others mean nothing to a path.
    pub(super) fn url(&self) -> String {
        let path = users::expand_path(&self.repo, &[]);
        if path.starts_with('/') { format!("file://{path}") } else { self.repo.clone() }
    }

    pub(super) fn task(&self, host: &Reader) -> Result<Task, Failure> {
        let umask = self.umask()?;
        self.archive_format()?;
        let dest = match &self.dest {
            Some(dest) => normal(dest),
            None if self.clone => {
                return Err(Failure::new("the destination directory must be specified unless clone=no"));
            }
            None => PathBuf::new(),
        };
        let program = match &self.executable {
            Some(program) => program.clone(),
            None => host.required("git")?,
        };
        let environment = vec![("GIT_SSH_COMMAND".to_owned(), self.ssh_command(host))];
        let git = program::Git { program, environment, umask };
        let repository = if self.dest.is_some() { place::repository(&dest, self.bare, host)? } else { PathBuf::new() };
        let wanted = self.separate_git_dir.as_ref().map(|path| host.resolve(path));
        let moves = host.exists(&repository) && wanted.is_some_and(|wanted| wanted != repository);
        let remote = Remote::new(&self.url(), Path::new(""));
        let fields = Fields::new();
        Ok(Task { git, dest, repository, remote, fields, moves, is_modified: false, sets_url: false })
    }

    fn umask(&self) -> Result<Option<u32>, Failure> {
        let Some(umask) = &self.umask else { return Ok(None) };
        let Value::String(text) = umask else {
            return Err(Failure::new("umask must be defined as a quoted octal integer"));
        };
        u32::from_str_radix(text.trim().trim_start_matches("0o"), 8).map(Some).map_err(|_| {
            let details = format!("invalid literal for int() with base 8: '{}'", plain_text(umask));
            Failure::new("umask must be an octal integer").with("details", details)
        })
    }

    /// What there is to do.
    pub(super) fn look(&self, task: &mut Task, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let is_there = self.dest.is_some() && host.exists(task.repository.join("config"));
        if !is_there {
            return self.look_at_nothing(task, host);
        }
        if !self.update {
            let before = task.git.line(&task.dest, &["rev-parse", "HEAD"], host)?;
            let changes = Changes::when(self.archive.is_some(), Plan::Archive);
            return Ok(changes.with("before", before.clone()).with("after", before));
        }
        if !self.bare {
            let status = task.git.ask(&task.dest, &["status", "--porcelain"], host)?.out();
            task.is_modified = status.lines().any(|line| !line.starts_with("??"));
        }
        let before = task.git.line(&task.dest, &["rev-parse", "HEAD"], host)?;
        if task.is_modified {
            let msg = format!("Local modifications exist in the destination: {}", task.dest.display());
            if !self.force {
                return Err(Failure::new(format!("{msg} (force=no).")).with("before", before));
            }
            task.fields.insert("msg".into(), json!(msg));
        }
        let url = self.url();
        let known = task.git.ask(&task.dest, &["ls-remote", "--get-url", &self.remote], host)?;
        let known = known.success().then(|| known.out().trim_end().to_owned());
        task.sets_url = known.as_ref().is_none_or(|known| *known != url && !is_same_path(known, &url));
        task.fields.insert("remote_url_changed".into(), json!(task.sets_url && known.is_some()));
        if host.mode().check {
            return self.predict(task, before, host);
        }
        Ok(Changes::of(Plan::Update(before.clone())).with("before", before))
    }

    /// Nothing is there: a clone, or only what it would lead to.
    fn look_at_nothing(&self, task: &mut Task, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if self.clone && !host.mode().check {
            return Ok(Changes::of(Plan::Clone).with("before", Value::Null));
        }
        let after = task.remote.commit(&task.git, &self.version, None, host)?;
        let mut changes = Changes::none().with("before", Value::Null).with("changed", true);
        if let Some(diff) = difference::of(&task.git, &task.dest, None, &after, host)? {
            changes = changes.with_diff(prepared(diff));
        }
        Ok(changes.with("after", after))
    }

    /// What an update would lead to.
    fn predict(&self, task: &mut Task, before: String, host: &Reader) -> Result<Changes<Plan>, Failure> {
        // A remote that is still to get its URL is asked at the new one.
        if !task.sets_url {
            task.remote.rename(&self.remote, &task.dest);
        }
        let branch = match self.version.as_str() {
            "HEAD" => Some(place::head_branch(&task.repository, &self.remote, host)?),
            _ => None,
        };
        let after = task.remote.commit(&task.git, &self.version, branch.as_deref(), host)?;
        let has_changed = before != after || task.sets_url || task.is_modified || task.moves;
        let changes = Changes::none().with("before", before.clone()).with("after", after.clone());
        let mut changes = changes.with("changed", has_changed).with_all(std::mem::take(&mut task.fields));
        if !host.mode().diff || before == after {
            return Ok(changes);
        }
        if difference::has(&task.git, &task.dest, &after, host)? {
            if let Some(diff) = difference::of(&task.git, &task.dest, Some(&before), &after, host)? {
                changes = changes.with_diff(prepared(diff));
            }
            return Ok(changes);
        }
        let fetch = Fetch {
            url: if task.sets_url {
                self.url()
            } else {
                task.git.line(&task.dest, &["ls-remote", "--get-url", &self.remote], host)?
            },
            version: branch.unwrap_or_else(|| self.version.clone()),
            objects: task.repository.join("objects").to_string_lossy().into_owned(),
        };
        changes.plan = Some(Plan::Compare { fetch, before, after });
        Ok(changes.in_check(InCheck::Run))
    }
}

fn prepared(diff: Value) -> Diff {
    Diff { notes: diff.as_object().cloned().unwrap_or_default(), ..Diff::default() }
}

/// An absolute path without `.` and `..`, symbolic links not followed.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            std::path::Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

/// Whether two addresses are the same path, written differently.
fn is_same_path(one: &str, other: &str) -> bool {
    normal(Path::new(&users::expand_path(one, &[]))) == normal(Path::new(&users::expand_path(other, &[])))
}
