//! What differs between two commits, as `--diff` shows it.

use std::path::Path;

use serde_json::{Value, json};

use super::program::Git;
use crate::kit::{Failure, Reader, Source, Writer, file_args::Attributes};

/// The difference to show, if there is one.
pub fn of(git: &Git, dest: &Path, before: Option<&str>, after: &str, host: &Reader) -> Result<Option<Value>, Failure> {
    let text = match before {
        None => format!(">> Newly checked out {after}"),
        Some(before) if before == after => return Ok(None),
        Some(before) => said(git, dest, &["diff", before, after], host)?,
    };
    Ok(Some(json!({ "prepared": text })))
}

/// Whether a commit is in a repository.
pub fn has(git: &Git, dest: &Path, commit: &str, host: &Reader) -> Result<bool, Failure> {
    Ok(git.ask(dest, &["cat-file", "-e", &format!("{commit}^{{commit}}")], host)?.success())
}

/// The same for a commit that only the remote has: it is fetched into a repository that is thrown away.
pub fn between(git: &Git, dest: &Path, from: &Fetch, commits: [&str; 2], host: &mut Writer) -> Result<Value, Failure> {
    let place = host.make_temporary(Path::new("/tmp"), "sutler-git-", "", true)?;
    let text = compared(git, dest, from, &place, commits, host);
    host.remove(&place)?;
    Ok(json!({ "prepared": text? }))
}

/// Where a commit is fetched from.
pub struct Fetch {
    /// The remote's URL.
    pub url: String,
    /// The branch, tag or hash.
    pub version: String,
    /// The objects that are there already.
    pub objects: String,
}

fn compared(
    git: &Git,
    dest: &Path,
    from: &Fetch,
    place: &Path,
    [before, after]: [&str; 2],
    host: &mut Writer,
) -> Result<String, Failure> {
    git.must(dest, &["init", "--quiet", "--bare", &place.to_string_lossy()], host)?;
    let (lent, alternates) = (format!("{}\n", from.objects), place.join("objects/info/alternates"));
    let lend = |host: &mut Writer| host.write(&alternates, Source::from(lent.as_str()), &Attributes::default());
    // Without it, the difference fails and says so.
    let fetch = ["fetch", "--quiet", "--no-tags", "--depth=1", &from.url, &from.version];
    lend(host)?;
    git.run(place, &fetch, host)?;
    if !has(git, place, after, host)? {
        // The remote takes what is before a commit for there, which it is not in a shallow clone.
        host.remove(&alternates)?;
        git.run(place, &fetch, host)?;
        lend(host)?;
    }
    said(git, place, &["diff", before, after], host)
}

fn said(git: &Git, place: &Path, words: &[&str], host: &Reader) -> Result<String, Failure> {
    let finished = git.ask(place, words, host)?;
    let (before, after) = (words[1], words[2]);
    Ok(match (finished.success(), finished.out(), finished.err()) {
        (true, out, _) if !out.is_empty() => out,
        (true, ..) => format!(">> No visual differences between {before} and {after}"),
        (false, _, err) if err.is_empty() => format!(">> Failed to get proper diff between {before} and {after}"),
        (false, _, err) => format!(">> Failed to get proper diff between {before} and {after}:\n>> {err}"),
    })
}
