//! What pacman knows: packages that are installed, those of the repositories, groups, and what can be upgraded.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{Reason, failure};
use crate::kit::{Failure, Program, Reader};

/// Lists of pacman.
pub(super) struct Database {
    /// The program.
    pub pacman: PathBuf,
    /// Versions of the packages that are installed.
    pub installed: BTreeMap<String, String>,
    /// The old and the new version of what can be upgraded.
    pub upgrades: BTreeMap<String, (String, String)>,
    available: BTreeSet<String>,
    installed_groups: BTreeMap<String, BTreeSet<String>>,
    available_groups: BTreeMap<String, BTreeSet<String>>,
    dependencies: BTreeSet<String>,
}

/// A package that a task means.
pub(super) struct Package {
    pub name: String,
    /// As pacman is told it.
    pub source: String,
    /// Whether it is a file, or the address of one.
    pub is_source: bool,
}

/// The packages that a task means.
pub(super) struct Found {
    pub packages: Vec<Package>,
}

impl Database {
    /// Asks pacman for all of it.
    pub fn read(host: &Reader, pacman: &PathBuf) -> Result<Self, Failure> {
        let ask = |arguments: &[&str], may_find_nothing: bool| -> Result<Vec<(String, String)>, Failure> {
            let program = Program::new(pacman).env("LC_ALL", "C").args(arguments);
            let finished = host.query(&program)?;
            let found_nothing = may_find_nothing && finished.stdout.is_empty();
            if !(finished.success() || found_nothing) {
                return Err(finished.failure(&program, finished.err().trim_end()));
            }
            let out = finished.out();
            let pairs = out.lines().filter_map(|line| line.split_once(' '));
            Ok(pairs.map(|(first, rest)| (first.to_owned(), rest.to_owned())).collect())
        };
        let groups = |pairs: Vec<(String, String)>| {
            let mut groups = BTreeMap::<String, BTreeSet<String>>::new();
            for (group, name) in pairs {
                groups.entry(group).or_default().insert(name);
            }
            groups
        };
        let installed = ask(&["--query"], true)?.into_iter().collect();
        let installed_groups = groups(ask(&["--query", "--groups"], true)?);
        let available = ask(&["--sync", "--list"], false)?;
        let available =
            available.into_iter().filter_map(|(_, rest)| rest.split(' ').next().map(str::to_owned)).collect();
        let available_groups = groups(ask(&["--sync", "--groups", "--groups"], true)?);
        let upgrades = ask(&["--query", "--upgrades"], true)?;
        let upgrades = upgrades.into_iter().filter(|(_, change)| !change.ends_with("[ignored]"));
        let versions = |change: &str| change.split_once(" -> ").map(|(old, new)| (old.to_owned(), new.to_owned()));
        let upgrades = upgrades.filter_map(|(name, change)| Some((name, versions(&change)?))).collect();
        let dependencies = ask(&["--query", "--deps"], true)?.into_iter().map(|(name, _)| name).collect();
        Ok(Self {
            pacman: pacman.clone(),
            installed,
            upgrades,
            available,
            installed_groups,
            available_groups,
            dependencies,
        })
    }

    /// Why a package is installed.
    pub fn reason(&self, name: &str) -> Option<Reason> {
        let is_there = self.installed.contains_key(name);
        let is_dependency = self.dependencies.contains(name);
        is_there.then_some(if is_dependency { Reason::Dependency } else { Reason::Explicit })
    }

    /// The packages that names, groups, files and addresses mean. To remove, what nobody knows means nothing.
    pub fn find(&self, host: &Reader, names: &[String], removes: bool) -> Result<Found, Failure> {
        let mut packages: Vec<Package> = Vec::new();
        let mut add = |name: &str, source: &str, is_source: bool| {
            if !packages.iter().any(|known| known.name == name && known.source == source) {
                packages.push(Package { name: name.to_owned(), source: source.to_owned(), is_source });
            }
        };
        let groups = if removes { &self.installed_groups } else { &self.available_groups };
        for name in names.iter().filter(|name| !name.is_empty()) {
            if let Some(members) = groups.get(name) {
                members.iter().for_each(|member| add(member, member, false));
            } else if self.installed.contains_key(name) || self.available.contains(name) {
                add(name, name, false);
            } else if let Ok(found) = self.name_of(host, "--sync", name) {
                add(&found, name, false);
            } else {
                match self.name_of(host, "--upgrade", name) {
                    Ok(found) => add(&found, name, true),
                    Err(_) if removes => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(Found { packages })
    }

    /// The name of the package that something means to pacman.
    fn name_of(&self, host: &Reader, verb: &str, what: &str) -> Result<String, Failure> {
        let program = Program::new(&self.pacman).env("LC_ALL", "C").args([verb, "--print-format", "%n", what]);
        let finished = host.query(&program)?;
        let out = finished.out();
        match out.lines().rfind(|line| !line.trim().is_empty()) {
            Some(name) if finished.success() => Ok(name.trim().to_owned()),
            _ => Err(failure(&format!("Failed to list package {what}"), &program, &finished)),
        }
    }
}
