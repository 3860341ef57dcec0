//! Where a checkout's repository lies, and which branch it is at.

use std::path::{Path, PathBuf};

use crate::kit::{Failure, Reader};

/// The repository of a checkout: `.git` in it, or where a file of that name points.
pub fn repository(dest: &Path, is_bare: bool, host: &Reader) -> Result<PathBuf, Failure> {
    if is_bare {
        return Ok(dest.to_owned());
    }
    let place = dest.join(".git");
    if !host.stat(&place)?.is_some_and(|meta| meta.is_file()) {
        return Ok(place);
    }
    let text = host.read_text(&place)?.unwrap_or_default();
    let target = text.trim_end().strip_prefix("gitdir: ").map(|target| dest.join(target));
    match target {
        Some(target) if target.is_dir() => Ok(target),
        target => {
            let details =
                target.map_or_else(|| text.clone(), |target| format!("{} is not a directory", target.display()));
            let msg =
                "Current repo does not have a valid reference to a separate Git dir or it refers to the invalid path";
            Err(Failure::new(msg).with("details", details))
        }
    }
}

/// The branch that is checked out, or the remote's default branch when none is.
pub fn head_branch(repository: &Path, remote: &str, host: &Reader) -> Result<String, Failure> {
    let of = |file: PathBuf, before: &str| -> Result<Option<String>, Failure> {
        let text = host.read_text(file)?.unwrap_or_default();
        Ok(text.trim_end().strip_prefix(before).map(str::to_owned))
    };
    let own = of(repository.join("HEAD"), "ref: refs/heads/")?;
    let found = match own {
        Some(branch) => Some(branch),
        None => {
            let place = repository.join("refs/remotes").join(remote).join("HEAD");
            of(place, &format!("ref: refs/remotes/{remote}/"))?
        }
    };
    found.ok_or_else(|| Failure::new(format!("cannot tell the default branch of the remote `{remote}`")))
}
