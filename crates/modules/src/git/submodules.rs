//! Submodules of a checkout.

use super::{Git, task::Task};
use crate::kit::{Failure, Finished, Reader, Writer};

/// Fetches what is new in submodules; whether any of them is missing or at another commit than wanted.
pub fn differ(module: &Git, task: &Task, host: &mut Writer) -> Result<bool, Failure> {
    let Some(listed) = host.read_text(task.dest.join(".gitmodules"))? else { return Ok(false) };
    let paths = listed.lines().filter_map(|line| {
        let (name, path) = line.split_once('=')?;
        name.trim().starts_with("path").then(|| path.trim())
    });
    if paths.map(|path| task.dest.join(path).join(".git")).any(|repository| !host.exists(repository)) {
        return Ok(true);
    }
    let before = if module.track_submodules { commits(task, "HEAD", host)? } else { Vec::new() };
    let program = task.git.program.to_string_lossy().into_owned();
    let words = ["submodule", "foreach", program.as_str(), "fetch"];
    let finished = task.git.must(&task.dest, &words, host)?;
    expect(&finished, "Failed to fetch submodules")?;
    if module.track_submodules {
        return Ok(before != commits(task, &format!("{}/master", module.remote), host)?);
    }
    let status = task.git.ask(&task.dest, &["submodule", "status"], host)?;
    expect(&status, "Failed to retrieve submodule status")?;
    Ok(status.out().lines().any(|line| !line.starts_with(' ')))
}

/// Brings submodules to the commits that are wanted.
pub fn update(module: &Git, task: &Task, host: &mut Writer) -> Result<(), Failure> {
    task.git.must(&task.dest, &["submodule", "sync"], host)?;
    let mut words = vec!["submodule", "update", "--init", "--recursive"];
    words.extend(module.track_submodules.then_some("--remote"));
    words.extend(module.force.then_some("--force"));
    expect(&task.git.run(&task.dest, &words, host)?, "Failed to init/update submodules")
}

/// The commit that a name leads to in each submodule.
fn commits(task: &Task, name: &str, host: &Reader) -> Result<Vec<String>, Failure> {
    let program = task.git.program.to_string_lossy().into_owned();
    let finished = task.git.ask(&task.dest, &["submodule", "foreach", &program, "rev-parse", name], host)?;
    expect(&finished, "Unable to determine hashes of submodules")?;
    let text = finished.out();
    Ok(text.lines().filter(|line| !line.starts_with("Entering ")).map(str::to_owned).collect())
}

fn expect(finished: &Finished, what: &str) -> Result<(), Failure> {
    let said = finished.out() + &finished.err();
    if finished.success() { Ok(()) } else { Err(Failure::new(format!("{what}: {said}"))) }
}
