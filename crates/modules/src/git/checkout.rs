//! Clones, fetches and checks versions out.

use serde_json::{Value, json};

use super::{Git, difference, place, submodules, task::Task};
use crate::kit::{Failure, Fields, Finished, Program, Reader, Source, Writer, file_args::Attributes};

impl Git {
    /// Clones the repository.
    pub(super) fn clone_repository(&self, task: &mut Task, host: &mut Writer) -> Result<(), Failure> {
        let url = self.url();
        let parent = task.dest.parent().unwrap_or(&task.dest).to_owned();
        // Where that fails, git says why.
        let directories = Program::new("mkdir").args(["-p", "--"]).arg(&parent);
        host.run(&match task.git.umask {
            Some(umask) => directories.umask(umask),
            None => directories,
        })?;
        let is_name = task.remote.has_branch(&task.git, &self.version, host)?
            || task.remote.has_tag(&task.git, &self.version, host)?;
        let mut words = vec!["clone".to_owned()];
        let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        if self.bare {
            add(&["--bare"]);
        } else {
            add(&["--origin", &self.remote]);
        }
        let depth = self.depth.filter(|depth| *depth != 0).map(|depth| depth.to_string());
        if let Some(depth) = &depth {
            if self.version == "HEAD" || self.refspec.is_some() {
                add(&["--depth", depth]);
            } else if is_name {
                add(&["--depth", depth, "--branch", &self.version]);
            } else {
                task.warn("Ignoring depth argument. Shallow clones are only available for HEAD, branches, tags or in combination with refspec.");
            }
        }
        if let Some(reference) = &self.reference {
            add(&["--reference", reference]);
        }
        if self.single_branch {
            add(&["--single-branch"]);
            if is_name {
                add(&["--branch", &self.version]);
            }
        }
        if let Some(separate) = &self.separate_git_dir {
            add(&[&format!("--separate-git-dir={}", host.resolve(separate).display())]);
        }
        add(&[&url, &task.dest.to_string_lossy()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        task.git.must(&parent, &words, host)?;
        if self.bare && self.remote != "origin" {
            task.git.must(&task.dest, &["remote", "add", &self.remote, &url], host)?;
        }
        if let Some(refspec) = &self.refspec {
            let mut words = vec!["fetch"];
            if let Some(depth) = &depth {
                words.extend(["--depth", depth]);
            }
            words.extend([self.remote.as_str(), refspec]);
            task.git.must(&task.dest, &words, host)?;
        }
        if self.verify_commit {
            self.verify(task, host)?;
        }
        task.repository = place::repository(&task.dest, self.bare, host)?;
        task.remote.rename(&self.remote, &task.dest);
        Ok(())
    }

    /// Brings a repository that is there up to date with the remote.
    pub(super) fn update(&self, task: &mut Task, host: &mut Writer) -> Result<(), Failure> {
        if task.moves {
            self.relocate(task, host)?;
        }
        if task.is_modified {
            task.git.must(&task.dest, &["reset", "--hard", "HEAD"], host)?;
        }
        if task.sets_url {
            let url = self.url();
            let finished = task.git.run(&task.dest, &["remote", "set-url", &self.remote, &url], host)?;
            if !finished.success() {
                let (out, err) = (finished.out(), finished.err());
                let msg = format!("Failed to set a new url {url} for {}: {out} {err}", self.remote);
                return Err(Failure::new(msg));
            }
        }
        self.fetch(task, host)?;
        task.remote.rename(&self.remote, &task.dest);
        Ok(())
    }

    /// Moves the repository out of the checkout, or from where it was outside of it.
    fn relocate(&self, task: &mut Task, host: &mut Writer) -> Result<(), Failure> {
        let Some(separate) = &self.separate_git_dir else { return Ok(()) };
        let wanted = host.resolve(separate);
        if host.lstat(&wanted)?.is_some() {
            return Err(Failure::new(format!("Separate-git-dir path {} already exists.", wanted.display())));
        }
        // Another file system needs more than a rename.
        let moving = Program::new("mv").arg("--").arg(&task.repository).arg(&wanted).plain_locale();
        host.run(&moving)?.checked(&moving)?;
        let link = format!("gitdir: {}", wanted.display());
        host.write(&task.dest.join(".git"), Source::from(link.as_str()), &Attributes::default())?;
        task.fields.insert("git_dir_before".into(), json!(task.repository));
        task.fields.insert("git_dir_now".into(), json!(wanted));
        task.repository = wanted;
        Ok(())
    }

    fn fetch(&self, task: &mut Task, host: &mut Writer) -> Result<(), Failure> {
        let mut refspecs = Vec::new();
        let mut words = vec!["fetch".to_owned()];
        if let Some(depth) = self.depth.filter(|depth| *depth != 0) {
            refspecs = self.shallow_refspecs(task, host)?;
            if !refspecs.is_empty() {
                words.extend(["--depth".into(), depth.to_string()]);
            }
        }
        if refspecs.is_empty() {
            if self.bare {
                refspecs = vec!["+refs/heads/*:refs/heads/*".into(), "+refs/tags/*:refs/tags/*".into()];
            } else {
                words.push("--tags".into());
            }
            refspecs.extend(self.refspec.clone());
        }
        if self.force {
            words.push("--force".into());
        }
        words.push(self.remote.clone());
        words.extend(refspecs);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let program = task.git.command(&task.dest, &words);
        let finished = host.run(&program)?;
        if finished.success() {
            return Ok(());
        }
        let msg = format!("Failed to download remote objects and refs: {} {}", finished.out(), finished.err());
        let words: Vec<Value> = program.argv().iter().map(|word| json!(word.to_string_lossy())).collect();
        Err(Failure::new(msg).with("cmd", words))
    }

    /// What a shallow fetch asks for; nothing when the version is a hash, which cannot be asked for.
    fn shallow_refspecs(&self, task: &mut Task, host: &Reader) -> Result<Vec<String>, Failure> {
        let (version, remote) = (&self.version, &self.remote);
        let head = place::head_branch(&task.repository, remote, host)?;
        if let Some(refspec) = &self.refspec {
            return Ok(vec![refspec.clone()]);
        }
        if version == "HEAD" {
            return Ok(vec![head]);
        }
        if task.remote.has_branch(&task.git, version, host)? {
            let tracking = format!("+refs/heads/{version}:refs/remotes/{remote}/{version}");
            let local = (head != *version).then(|| format!("+refs/heads/{version}:refs/heads/{version}"));
            return Ok(local.into_iter().chain([tracking]).collect());
        }
        let is_tag = task.remote.has_tag(&task.git, version, host)?;
        Ok(is_tag.then(|| format!("+refs/tags/{version}:refs/tags/{version}")).into_iter().collect())
    }

    /// Checks the version out, its submodules, and says what came of it.
    pub(super) fn finish(&self, mut task: Task, before: Option<String>, host: &mut Writer) -> Result<Fields, Failure> {
        let mut has_submodules_changed = false;
        if !self.bare {
            self.switch(&mut task, host)?;
            if self.recursive {
                has_submodules_changed = submodules::differ(self, &task, host)?;
                if has_submodules_changed {
                    task.fields.insert("submodules_changed".into(), json!(true));
                    submodules::update(self, &task, host)?;
                }
            }
        }
        let after = task.git.line(&task.dest, &["rev-parse", "HEAD"], host)?;
        let has_changed = before.as_ref() != Some(&after)
            || task.is_modified
            || task.moves
            || has_submodules_changed
            || task.sets_url;
        if host.mode().diff
            && let Some(diff) = difference::of(&task.git, &task.dest, before.as_deref(), &after, host)?
        {
            task.fields.insert("diff".into(), diff);
        }
        task.fields.insert("after".into(), json!(after));
        task.fields.insert("changed".into(), json!(has_changed));
        let fields = std::mem::take(&mut task.fields);
        self.archived(&task, host, fields)
    }

    fn switch(&self, task: &mut Task, host: &mut Writer) -> Result<(), Failure> {
        self.check_out(task, host)?;
        if self.verify_commit { self.verify(task, host) } else { Ok(()) }
    }

    fn check_out(&self, task: &mut Task, host: &mut Writer) -> Result<(), Failure> {
        let version = self.version.as_str();
        if version == "HEAD" {
            let branch = place::head_branch(&task.repository, &self.remote, host)?;
            return self.reset_to(&branch, &["--"], &format!("branch {branch}"), task, host);
        }
        let step = |words: &[&str], task: &Task, host: &mut Writer| {
            let program = task.git.command(&task.dest, words);
            checked_out(&host.run(&program)?, version, Some(&program))
        };
        if !task.remote.has_branch(&task.git, version, host)? {
            return step(&["checkout", "--force", version], task, host);
        }
        let mut is_local = has_local_branch(task, version, host)?;
        if let Some(depth) = self.depth.filter(|depth| !is_local && *depth != 0) {
            self.fetch_branch(task, depth, host)?;
            is_local = has_local_branch(task, version, host)?;
        }
        if is_local {
            return self.reset_to(version, &[], version, task, host);
        }
        step(&["checkout", "--track", "-b", version, &format!("{}/{version}", self.remote)], task, host)
    }

    /// Checks a branch out, and makes it what the remote's is; `what` is what a failure calls it.
    fn reset_to(&self, branch: &str, end: &[&str], what: &str, task: &Task, host: &mut Writer) -> Result<(), Failure> {
        let finished = task.git.run(&task.dest, &["checkout", "--force", branch], host)?;
        checked_out(&finished, &format!("branch {branch}"), None)?;
        let tip = format!("{}/{branch}", self.remote);
        let program = task.git.command(&task.dest, &[&["reset", "--hard", &tip], end].concat());
        checked_out(&host.run(&program)?, what, Some(&program))
    }

    /// A shallow clone knows one branch only: fetches another one, to be checked out.
    fn fetch_branch(&self, task: &Task, depth: i64, host: &mut Writer) -> Result<(), Failure> {
        let (version, remote) = (&self.version, &self.remote);
        let local = format!("+refs/heads/{version}:refs/heads/{version}");
        let tracking = format!("+refs/heads/{version}:refs/remotes/{remote}/{version}");
        let depth = format!("--depth={depth}");
        let finished = task.git.run(&task.dest, &["fetch", &depth, remote, &local, &tracking], host)?;
        let msg = format!("Failed to fetch branch from remote: {version}");
        if finished.success() { Ok(()) } else { Err(finished.said(Failure::new(msg))) }
    }
}

fn has_local_branch(task: &Task, branch: &str, host: &Reader) -> Result<bool, Failure> {
    let name = format!("refs/heads/{branch}");
    Ok(task.git.ask(&task.dest, &["show-ref", "--verify", "--quiet", &name], host)?.success())
}

fn checked_out(finished: &Finished, what: &str, program: Option<&Program>) -> Result<(), Failure> {
    let msg = format!("Failed to checkout {what}");
    match program {
        _ if finished.success() => Ok(()),
        Some(program) => Err(finished.failure(program, msg)),
        None => Err(finished.said(Failure::new(msg))),
    }
}
