//! `dpkg_selections`: what dpkg is told to do with a package.

use crate::{
    choice,
    dpkg::{Database, Package},
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer, glob},
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
        let is_known = |package: &&Package| package.wanted != "unknown";
        // As `dpkg --get-selections`, which takes patterns, has it in its first line.
        let by_name = || {
            let matching = database.packages.iter().filter(|package| glob::matches(&self.name, &package.name));
            matching.filter(is_known).min_by_key(|package| &package.name)
        };
        // By its architecture no package for all of them is meant.
        let is_meant = |package: &&Package| package.architecture != "all" || !self.name.contains(':');
        let known = database.find(&self.name).filter(is_known).filter(is_meant).or_else(by_name);
        let Some(package) = known else {
            let msg = format!("Failed to find package '{}' to perform selection '{wanted}'.", self.name);
            return Err(Failure::new(msg));
        };
        let before = package.wanted.as_str();
        Ok(Changes::when(before != wanted, ()).with("before", before).with("after", wanted))
    }

    fn apply(&self, (): (), host: &mut Writer) -> Result<Fields, Failure> {
        let line = format!("{} {}\n", self.name, self.selection.as_str());
        let program = Program::new(host.required("dpkg")?).arg("--set-selections").stdin(line).plain_locale();
        host.run(&program)?.checked(&program)?;
        Ok(Fields::new())
    }
}
