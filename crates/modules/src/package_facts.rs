//! `package_facts`: which packages are there.

mod managers;

use serde_json::{Map, Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer},
};
use managers::Manager;

choice! {
    /// Of how many package managers packages are told.
    pub enum Strategy {
        /// Of the first that the host has.
        First = "first",
        /// Of all that it has.
        All = "all",
    }
}

/// Tells which packages are installed, in `ansible_facts.packages`: for each name a list with what is known of each
/// version.
///
/// ```yaml
/// - package_facts:
/// - debug:
///     msg: "{{ ansible_facts.packages['bash'][0].version }}"
/// ```
#[derive(Args)]
pub struct PackageFacts {
    /// The package managers to ask: `apt`, `rpm` (`dnf`, `dnf5`, `yum`, `zypper`), `apk`, `pacman`; `auto` is whichever
    /// the host has.
    #[arg(default = "[\"auto\"]")]
    manager: Vec<String>,
    /// Of how many of them packages are told.
    #[arg(default = "first")]
    strategy: Strategy,
}

/// Names of managers that this module could be asked for, but has no way to ask.
const ELSEWHERE: &[&str] = &["openbsd_pkg", "pkg", "pkg5", "pkg_info", "pkgng", "portage"];

impl Module for PackageFacts {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let asked: Vec<String> = self.manager.iter().map(|name| name.to_lowercase()).collect();
        let unknown: Vec<&str> = asked
            .iter()
            .map(String::as_str)
            .filter(|name| *name != "auto" && Manager::named(name).is_none() && !ELSEWHERE.contains(name))
            .collect();
        if !unknown.is_empty() && self.manager.iter().any(|name| name == "auto") {
            let msg = "Could not auto detect a usable package manager, check warnings for details.";
            return Err(Failure::new(msg));
        }
        if !unknown.is_empty() {
            return Err(Failure::new(format!("Unsupported package managers requested: {}", unknown.join(", "))));
        }
        // Those that are named come first, each once.
        let named = asked.iter().filter_map(|name| Manager::named(name));
        let found_out = asked.iter().filter(|name| *name == "auto").flat_map(|_| Manager::ALL.iter().copied());
        let mut managers: Vec<Manager> = Vec::new();
        for manager in named.chain(found_out) {
            if !managers.contains(&manager) {
                managers.push(manager);
            }
        }
        let mut packages = Map::new();
        let mut found = 0;
        let mut warnings = Vec::new();
        for manager in managers {
            if let Err(missing) = manager.look_for(host) {
                if asked.iter().any(|name| Manager::named(name) == Some(manager)) {
                    let name = manager.name();
                    let why = missing.msg;
                    warnings.push(format!("Requested package manager {name} was not usable by this module: {why}"));
                }
                continue;
            }
            let installed = manager.packages(host).unwrap_or_else(|failure| {
                warnings.push(format!("Failed to retrieve packages with {}: {}", manager.name(), failure.msg));
                Vec::new()
            });
            if installed.is_empty() {
                warnings.push(format!("Found \"{}\" but no associated packages", manager.name()));
                continue;
            }
            for package in installed {
                let name = package["name"].as_str().unwrap_or_default().to_owned();
                if let Some(versions) = packages.entry(name).or_insert(json!([])).as_array_mut() {
                    versions.push(package);
                }
            }
            found += 1;
            if self.strategy == Strategy::First {
                break;
            }
        }
        let mut changes = Changes::none();
        changes.warn(warnings);
        if found == 0 {
            let names: Vec<String> = self.manager.iter().map(|name| format!("'{name}'")).collect();
            return Err(Failure::new(format!(
                "Could not detect a supported package manager from the following list: [{}], or the required Python \
                 library is not installed. Check warnings for details.",
                names.join(", ")
            ))
            .with_all(changes.fields));
        }
        Ok(changes.with("ansible_facts", json!({ "packages": Value::Object(packages) })))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}
