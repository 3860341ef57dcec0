//! Which packages apt installed by itself, because others need them.

use crate::{
    dpkg::{self, Database},
    kit::{Failure, Program, Reader, Writer},
};

const STATES: &str = "/var/lib/apt/extended_states";

/// Those of the packages that are installed and would be removed with what needs them.
pub fn automatic(host: &Reader, database: &Database, names: &[String]) -> Result<Vec<String>, Failure> {
    let states = host.read_text(STATES)?.unwrap_or_default();
    let is_automatic = |name: &String| {
        let Some(package) = database.find(name).filter(|package| package.is_there()) else { return false };
        states.split("\n\n").any(|paragraph| {
            let field =
                |wanted: &str| dpkg::fields(paragraph).find(|(name, _)| *name == wanted).map(|(_, value)| value);
            let architecture =
                if package.architecture == "all" { &database.architecture } else { &package.architecture };
            field("Package") == Some(&package.name)
                && field("Architecture") == Some(architecture)
                && field("Auto-Installed") == Some("1")
        })
    };
    Ok(names.iter().filter(|name| is_automatic(name)).cloned().collect())
}

/// Marks packages as wanted for themselves.
pub fn set_manual(host: &mut Writer, names: &[String]) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    let program = Program::new(host.required("apt-mark")?).arg("manual").args(names).plain_locale();
    let finished = host.run(&program)?;
    if finished.success() {
        return Ok(());
    }
    Err(Failure::new(format!("'{}' failed: {}", program.line(), finished.err()))
        .with("rc", finished.rc)
        .with("stdout", finished.out())
        .with("stderr", finished.err()))
}
