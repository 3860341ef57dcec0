//! `git`: checkouts of Git repositories.

mod archive;
mod checkout;
mod difference;
mod place;
mod program;
mod remote;
mod signature;
mod ssh;
mod submodules;
mod task;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::kit::{Args, Changes, Failure, Fields, Module, Reader, Writer};

use difference::Fetch;
use task::Task;

/// Checks out a Git repository, and keeps the checkout at a version.
///
/// ```yaml
/// - git:
///     repo: https://git.example.org/app.git
///     dest: /srv/app
///     version: v1.4
/// - git:
///     repo: git@git.example.org:site.git
///     dest: /srv/site
///     key_file: /root/.ssh/deploy
///     accept_newhostkey: true
///     depth: 1
///     force: true
/// ```
#[derive(Args)]
#[args(
    exclusive("separate_git_dir", "bare"),
    exclusive("accept_hostkey", "accept_newhostkey"),
    required_by("archive_prefix", "archive")
)]
pub struct Git {
    /// The repository: a URL, an address as `user@host:path`, or a path on the host.
    #[arg(alias = "name")]
    repo: String,
    /// Where it is checked out. Needed unless `clone: false`.
    dest: Option<PathBuf>,
    /// A branch, a tag, a commit's hash, or `HEAD`, which is the remote's default branch.
    #[arg(default = "HEAD")]
    version: String,
    /// What the remote is called.
    #[arg(default = "origin")]
    remote: String,
    /// A further refspec to fetch, as `+refs/pull/*:refs/heads/*`: for commits that no branch and no tag leads to.
    refspec: Option<String>,
    /// A repository on the host whose objects are used (`git clone --reference`).
    reference: Option<String>,
    /// Discards what was modified in the checkout. It fails otherwise when something was.
    #[arg(default = false)]
    force: bool,
    /// How many commits of the history are fetched, at least 1. Not for versions that are hashes.
    depth: Option<i64>,
    /// Clones the repository when it is not there.
    #[arg(default = true)]
    clone: bool,
    /// Fetches from the remote when the repository is there.
    #[arg(default = true)]
    update: bool,
    /// Fails when the version's commit or tag has no good signature of a key in the keyring.
    #[arg(default = false)]
    verify_commit: bool,
    /// Fingerprints of the keys that may have signed, with `verify_commit`; any key will do when it is empty.
    #[arg(alias = "gpg_whitelist", default = "[]")]
    gpg_allowlist: Vec<String>,
    /// Trusts the SSH server's host key whatever it is.
    #[arg(default = false)]
    accept_hostkey: bool,
    /// Trusts the SSH server's host key when none is known of that server.
    #[arg(default = false)]
    accept_newhostkey: bool,
    /// The private key for SSH, a file on the host.
    key_file: Option<PathBuf>,
    /// Further arguments of `ssh`. `-o BatchMode=yes` is always among them.
    ssh_opts: Option<String>,
    /// The `git` program; the one in `PATH` where it is missing.
    executable: Option<PathBuf>,
    /// Makes a bare repository: no files are checked out.
    #[arg(default = false)]
    bare: bool,
    /// Checks submodules out as well.
    #[arg(default = true)]
    recursive: bool,
    /// Clones the history of the version alone.
    #[arg(default = false)]
    single_branch: bool,
    /// Submodules follow their remote branch instead of the commit that the repository names.
    #[arg(default = false)]
    track_submodules: bool,
    /// The file creation mask, as quoted octal digits.
    umask: Option<Value>,
    /// An archive to make of the version, below its suffix's format: `.zip`, `.tar.gz`, `.tar` or `.tgz`.
    archive: Option<PathBuf>,
    /// What the names in the archive begin with.
    archive_prefix: Option<String>,
    /// Where the repository itself lies when that is not `.git` below `dest`.
    separate_git_dir: Option<PathBuf>,
}

/// What there is to do.
pub enum Plan {
    /// A clone.
    Clone,
    /// Nothing is fetched: only the archive is made.
    Archive,
    /// A repository that is there is brought to the version. Holds its commit.
    Update(String),
    /// In check mode: the difference to a commit that the remote alone has is looked for, elsewhere than in the
    /// repository.
    Compare {
        /// Where that commit is.
        fetch: Fetch,
        /// The commit that is checked out.
        before: String,
        /// The commit that would be.
        after: String,
    },
}

impl Module for Git {
    type Plan = (Plan, Task);

    fn inspect(&self, host: &Reader) -> Result<Changes<(Plan, Task)>, Failure> {
        let mut task = self.task(host)?;
        let changes = self.look(&mut task, host)?;
        Ok(changes.map(|plan| (plan, task)))
    }

    fn apply(&self, (plan, mut task): (Plan, Task), host: &mut Writer) -> Result<Fields, Failure> {
        match plan {
            Plan::Compare { fetch, before, after } => {
                let diff = difference::between(&task.git, &task.dest, &fetch, [&before, &after], host)?;
                Ok(Fields::from_iter([("diff".to_owned(), diff)]))
            }
            Plan::Archive => self.archived(&task, host, Fields::from_iter([("changed".to_owned(), json!(false))])),
            Plan::Clone => {
                self.clone_repository(&mut task, host)?;
                self.finish(task, None, host)
            }
            Plan::Update(before) => {
                self.update(&mut task, host)?;
                self.finish(task, Some(before), host)
            }
        }
    }
}
