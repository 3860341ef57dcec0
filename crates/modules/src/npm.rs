//! `npm`: packages of Node.js.

use std::path::PathBuf;

use serde_json::Value;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer},
};

choice! {
    /// What is wanted of a package.
    enum State {
        /// Installed.
        Present = "present",
        /// Not installed.
        Absent = "absent",
        /// Installed in the newest version.
        Latest = "latest",
    }
}

/// Installs, updates and removes packages of Node.js, globally or in a directory.
///
/// ```yaml
/// - npm:
///     path: /srv/app
///     ci: true
/// - npm:
///     name: pm2
///     global: true
/// ```
#[derive(Args)]
#[args(required_if("state", "absent", "name"))]
pub struct Npm {
    /// The package; without it, those of `package.json` in `path`.
    name: Option<String>,
    /// Its version.
    version: Option<String>,
    /// The directory to install into; made when it is missing.
    path: Option<PathBuf>,
    /// What is wanted.
    #[arg(default = "present")]
    state: State,
    /// Installs for the whole host.
    #[arg(default = false)]
    global: bool,
    /// Installs what `package-lock.json` says, always (`npm ci`).
    #[arg(default = false)]
    ci: bool,
    /// The program; `npm` of the path when missing.
    executable: Option<PathBuf>,
    /// Leaves out what is needed for development alone.
    #[arg(default = false)]
    production: bool,
    /// Runs no scripts of packages.
    #[arg(default = false)]
    ignore_scripts: bool,
    /// Runs scripts as root.
    #[arg(default = false)]
    unsafe_perm: bool,
    /// Leaves out what is optional.
    #[arg(default = false)]
    no_optional: bool,
    /// Makes no links to programs.
    #[arg(default = false)]
    no_bin_links: bool,
    /// Installs even what is there.
    #[arg(default = false)]
    force: bool,
    /// The registry to install from.
    registry: Option<String>,
}

impl Module for Npm {
    type Plan = &'static str;

    fn inspect(&self, host: &Reader) -> Result<Changes<Self::Plan>, Failure> {
        if self.path.is_none() && !self.global {
            return Err(Failure::new("path must be specified when not using global"));
        }
        if self.executable.is_none() {
            host.required("npm")?;
        }
        if self.ci {
            return Ok(Changes::of("ci"));
        }
        if let Some(path) = self.path.as_ref().filter(|path| host.exists(path) && !path.is_dir()) {
            return Err(Failure::new(format!("path {} is not a directory", path.display())));
        }
        if self.path.as_ref().is_some_and(|path| !host.exists(path)) {
            // Nothing is installed in a directory that is not there.
            let is_wanted = self.state != State::Absent && self.name.is_some();
            return Ok(Changes::when(is_wanted, "install"));
        }
        let listed = host.query(&self.command(host, &["list", "--json", "--long"], false))?;
        let (is_there, is_missing) = self.found(&listed);
        Ok(match self.state {
            State::Absent => Changes::when(is_there, "uninstall"),
            _ if is_missing => Changes::of("install"),
            State::Present => Changes::none(),
            State::Latest => {
                let outdated = host.query(&self.command(host, &["outdated"], true))?;
                let is_old = outdated
                    .out()
                    .lines()
                    .skip(1)
                    .any(|line| self.name.is_none() || line.split_whitespace().next() == self.name.as_deref());
                Changes::when(is_old, "update")
            }
        })
    }

    fn apply(&self, verb: Self::Plan, host: &mut Writer) -> Result<Fields, Failure> {
        if let Some(path) = &self.path {
            let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
            for folder in missing.iter().rev() {
                host.make_directory(folder)?;
            }
        }
        let program = self.command(host, &[verb], verb != "ci");
        let finished = host.run(&program)?;
        if !finished.success() {
            return Err(finished.failure(&program, finished.err().trim()));
        }
        Ok(Fields::new())
    }
}

impl Npm {
    fn full_name(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(match &self.version {
            Some(version) if self.state != State::Absent => format!("{name}@{version}"),
            _ => name.clone(),
        })
    }

    fn command(&self, host: &Reader, words: &[&str], is_named: bool) -> Program {
        let executable = self.executable.clone().or_else(|| host.which("npm")).unwrap_or_else(|| "npm".into());
        let mut program = Program::new(executable).args(words);
        let installs = ["install", "update", "ci"].contains(&words[0]);
        for (flag, is_set) in [
            ("--global", self.global),
            ("--production", self.production && installs),
            ("--ignore-scripts", self.ignore_scripts),
            ("--unsafe-perm", self.unsafe_perm),
        ] {
            program = if is_set { program.arg(flag) } else { program };
        }
        if let Some(name) = self.full_name().filter(|_| is_named) {
            program = program.arg(name);
        }
        if let Some(registry) = &self.registry {
            program = program.arg("--registry").arg(registry);
        }
        for (flag, is_set) in
            [("--no-optional", self.no_optional), ("--no-bin-links", self.no_bin_links), ("--force", self.force)]
        {
            program = if is_set { program.arg(flag) } else { program };
        }
        match &self.path {
            Some(path) => program.directory(path),
            None => program,
        }
    }

    /// Whether the package is there, and whether it or one of `package.json` is not.
    fn found(&self, listed: &Finished) -> (bool, bool) {
        let tree: Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
        let (mut is_there, mut is_missing) = (false, false);
        for (name, package) in tree["dependencies"].as_object().into_iter().flatten() {
            let is_broken = package["missing"] == true || package.get("invalid").is_some_and(|why| *why != false);
            is_missing |= is_broken;
            let version = self.version.as_ref().filter(|_| self.state != State::Absent);
            let is_version = version.is_none_or(|version| package["version"] == version.as_str());
            is_there |= !is_broken && is_version && Some(name) == self.name.as_ref();
        }
        (is_there, is_missing || self.name.is_some() && !is_there)
    }
}
