//! The two programs: one talks to firewalld, the other one edits its files while it does not run.

use std::path::PathBuf;

use crate::kit::{Failure, Finished, Program, Reader};

/// Which configuration is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What is loaded at start.
    Permanent,
    /// What runs.
    Runtime,
}

/// The program that fits the host's state.
pub struct Tool {
    path: PathBuf,
    /// Whether firewalld runs.
    pub is_running: bool,
}

impl Tool {
    /// Asks firewalld whether it runs.
    pub fn find(host: &Reader) -> Result<Self, Failure> {
        let path = host.required("firewall-cmd")?;
        if host.query(&Program::new(&path).arg("--state").plain_locale())?.success() {
            return Ok(Self { path, is_running: true });
        }
        Ok(Self { path: host.required("firewall-offline-cmd")?, is_running: false })
    }

    /// The program with arguments for one of the configurations.
    pub fn program(&self, way: Way, words: &[impl AsRef<str>]) -> Program {
        let program = Program::new(&self.path).plain_locale();
        let program = if self.is_running && way == Way::Permanent { program.arg("--permanent") } else { program };
        program.args(words.iter().map(AsRef::as_ref))
    }

    /// What it prints.
    pub fn ask(&self, way: Way, words: &[impl AsRef<str>], host: &Reader) -> Result<String, Failure> {
        // The default zone is neither the one configuration's nor the other's.
        let is_general = words.iter().all(|word| word.as_ref() == "--get-default-zone");
        let way = if is_general { Way::Runtime } else { way };
        let finished = host.query(&self.program(way, words))?;
        if finished.success() { Ok(finished.out()) } else { Err(caught(&finished)) }
    }

    /// Whether something is set: such questions end with 1 when it is not.
    pub fn is(&self, way: Way, words: &[impl AsRef<str>], host: &Reader) -> Result<bool, Failure> {
        let finished = host.query(&self.program(way, words))?;
        match finished.rc {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(caught(&finished)),
        }
    }
}

impl Tool {
    /// Files of the default zone that are not there: the program that edits files writes them along with any zone.
    pub fn strays(&self, host: &Reader) -> Result<Vec<PathBuf>, Failure> {
        if self.is_running {
            return Ok(Vec::new());
        }
        let zone = self.ask(Way::Permanent, &["--get-default-zone"], host)?;
        let place = |end: &str| PathBuf::from(format!("/etc/firewalld/zones/{}.{end}", zone.trim()));
        Ok(["xml", "xml.old"].map(place).into_iter().filter(|path| !host.exists(path)).collect())
    }
}

/// What an error says.
pub fn reason(finished: &Finished) -> String {
    let said = if finished.stderr.is_empty() { finished.out() } else { finished.err() };
    let said = said.trim();
    said.strip_prefix("Error: ").unwrap_or(said).to_owned()
}

fn caught(finished: &Finished) -> Failure {
    Failure::new(format!("ERROR: Exception caught: {}", reason(finished)))
}
