//! `dpkg_selections`: what dpkg is told to do with a package.

use serde_json::json;

use crate::{
    choice,
    dpkg::Database,
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer},
};

choice! {
    /// What is wanted of a package.
    pub enum Selection {
        /// It is installed, and upgraded.
        Install = "install",
        /// It stays as it is.
        Hold = "hold",
        /// It is removed, but for its configuration.
        Deinstall = "deinstall",
        /// It is removed wholly.
        Purge = "purge",
    }
}

/// Sets what dpkg is told to do with a package, as `hold`; nothing is installed or removed by that.
///
/// ```yaml
/// - dpkg_selections:
///     name: linux-image-amd64
///     selection: hold
/// ```
#[derive(Args)]
pub struct DpkgSelections {
    /// The package.
    name: String,
    /// What is wanted of it.
    selection: Selection,
}

impl Module for DpkgSelections {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let database = Database::read(host)?;
        let wanted = self.selection.as_str();
        let by_name = || database.packages.iter().find(|package| package.name == self.name);
        let known = database.find(&self.name).or_else(by_name).filter(|package| package.wanted != "unknown");
        let Some(package) = known else {
            let msg = format!("Failed to find package '{}' to perform selection '{wanted}'.", self.name);
            return Err(Failure::new(msg));
        };
        let before = package.wanted.as_str();
        Ok(Changes::when(before != wanted, ()).with("before", before).with("after", wanted))
    }

    fn apply(&self, (): (), host: &mut Writer) -> Result<Fields, Failure> {
        let line = format!("{} {}\n", self.name, self.selection.as_str());
        let finished = host.run(&Program::new("dpkg").arg("--set-selections").stdin(line).plain_locale())?;
        if finished.success() {
            return Ok(Fields::new());
        }
        Err(Failure::new(finished.err().trim().to_owned())
            .with("rc", json!(finished.rc))
            .with("stdout", finished.out()))
    }
}
