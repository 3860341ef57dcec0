//! The arguments that dnf and dnf5 share, and the command line that they make.

use crate::{
    choice,
    kit::{Args, Failure, Program, Reader},
};

use super::{failure, request::Tool};

choice! {
    /// What is wanted of packages.
    pub enum State {
        /// Not installed.
        Absent = "absent",
        /// The same as `present`.
        Installed = "installed",
        /// Installed in the newest version there is.
        Latest = "latest",
        /// Installed, in whatever version.
        Present = "present",
        /// The same as `absent`.
        Removed = "removed",
    }
}

/// What is wanted of dnf.
#[derive(Args)]
#[args(exclusive("name", "list"), exclusive("best", "nobest"))]
pub struct Options {
    /// Packages: names, `name-1.0`, `name.arch`, patterns, `name >= 1.0` (the blanks have to be there),
    /// paths of files that a package provides, paths and addresses of package files, `@group` by id or
    /// name, `@module:stream/profile`. `*` with `state: latest` updates everything.
    #[arg(alias = "pkg", default = "[]")]
    pub name: Vec<String>,
    /// What is wanted of them; `present`, or `absent` with `autoremove`.
    pub state: Option<State>,
    /// Lists packages instead: `installed`, `available`, `updates` (or `upgrades`), `repos`, or a spec.
    pub list: Option<String>,
    /// Repositories to enable for this task.
    #[arg(default = "[]")]
    pub enablerepo: Vec<String>,
    /// Repositories to disable for this task.
    #[arg(default = "[]")]
    pub disablerepo: Vec<String>,
    /// Packages that are never installed or updated by this task.
    #[arg(default = "[]")]
    pub exclude: Vec<String>,
    /// Excludes of dnf's configuration that do not count: `all`, `main`, or a repository's id.
    pub disable_excludes: Option<String>,
    /// dnf's configuration file.
    pub conf_file: Option<String>,
    /// The root to install below.
    #[arg(default = "/")]
    pub installroot: String,
    /// The release that repositories are asked for.
    pub releasever: Option<String>,
    /// Asks repositories whether their metadata are still current.
    #[arg(alias = "expire-cache", default = false)]
    pub update_cache: bool,
    /// Updates what is installed, installs nothing.
    #[arg(default = false)]
    pub update_only: bool,
    /// With `latest`: only what security advisories name.
    #[arg(default = false)]
    pub security: bool,
    /// With `latest`: only what advisories on bugs name.
    #[arg(default = false)]
    pub bugfix: bool,
    /// Plugins to enable for this task.
    #[arg(default = "[]")]
    pub enable_plugin: Vec<String>,
    /// Plugins to disable for this task.
    #[arg(default = "[]")]
    pub disable_plugin: Vec<String>,
    /// Does not check signatures of packages.
    #[arg(default = false)]
    pub disable_gpg_check: bool,
    /// Checks the certificates of servers that package files come from.
    #[arg(default = true)]
    pub validate_certs: bool,
    /// Checks the certificates of repositories.
    #[arg(default = true)]
    pub sslverify: bool,
    /// Installs a lower version than the one that is there, where the name says so.
    #[arg(default = false)]
    pub allow_downgrade: bool,
    /// Removes packages that are in the way.
    #[arg(default = false)]
    pub allowerasing: bool,
    /// Takes the highest version or fails; the configuration's when missing.
    pub best: Option<bool>,
    /// The opposite of `best`.
    pub nobest: Option<bool>,
    /// Installs what packages recommend, too.
    #[arg(default = true)]
    pub install_weak_deps: bool,
    /// Has no effect.
    #[arg(default = true)]
    pub install_repoquery: bool,
    /// Downloads packages and installs nothing.
    #[arg(default = false)]
    pub download_only: bool,
    /// The directory for what is only downloaded.
    pub download_dir: Option<String>,
    /// Removes what was installed as a dependency and is needed no more. Alone, or with `state: absent`.
    #[arg(default = false)]
    pub autoremove: bool,
    /// Seconds to wait for another dnf to end.
    #[arg(default = 30)]
    pub lock_timeout: i64,
    /// Works with the metadata that are there already.
    #[arg(default = false)]
    pub cacheonly: bool,
    /// Leaves out packages that are not there or cannot be installed.
    #[arg(default = false)]
    pub skip_broken: bool,
}

impl Options {
    /// What is wanted: whether to have packages, to have the newest, or not to have them.
    pub(super) fn state(&self) -> State {
        match self.state {
            Some(State::Removed) => State::Absent,
            Some(State::Installed) => State::Present,
            Some(state) => state,
            None if self.autoremove => State::Absent,
            None => State::Present,
        }
    }

    /// Fails for what cannot be wanted.
    pub(super) fn check(&self, host: &Reader) -> Result<(), Failure> {
        let _ = self.install_repoquery;
        if let Some(file) = self.conf_file.as_ref().filter(|file| !host.may(file, rustix::fs::Access::READ_OK)) {
            return Err(failure("cannot read configuration file").with("conf_file", file.as_str()));
        }
        if self.autoremove && self.state() != State::Absent {
            return Err(failure("Autoremove should be used alone or with state=absent"));
        }
        if self.state() == State::Absent && self.name.iter().any(|name| crate::rpm::is_file(name)) {
            return Err(failure("Cannot remove paths -- please specify package name."));
        }
        Ok(())
    }

    /// The program with everything but its command.
    pub(super) fn program(&self, tool: &Tool, host: &Reader) -> Program {
        let mut arguments: Vec<String> = Vec::new();
        let mut set = |name: &str, value: &str| arguments.push(format!("--setopt={name}={value}"));
        // `--enablerepo` fails for a repository that there is not.
        for (repositories, value) in [(&self.disablerepo, "0"), (&self.enablerepo, "1")] {
            repositories.iter().for_each(|repository| set(&format!("{repository}.enabled"), value));
        }
        if let Some(excludes) = &self.disable_excludes {
            set("disable_excludes", excludes);
        }
        if let Some(best) = self.best.or(self.nobest.map(|nobest| !nobest)) {
            set("best", if best { "1" } else { "0" });
        }
        set("install_weak_deps", if self.install_weak_deps { "1" } else { "0" });
        if !self.sslverify || !self.validate_certs {
            set("sslverify", "0");
        }
        set("clean_requirements_on_remove", if self.autoremove { "1" } else { "0" });
        if self.disable_gpg_check {
            arguments.push("--nogpgcheck".into());
        } else if self.checks_signatures(host) {
            set("localpkg_gpgcheck", "1");
        }
        let joined = |list: &[String]| list.join(",");
        let texts = [
            ("exclude", Some(joined(&self.exclude))),
            ("enableplugin", Some(joined(&self.enable_plugin))),
            ("disableplugin", Some(joined(&self.disable_plugin))),
            ("config", self.conf_file.clone()),
            ("installroot", Some(self.installroot.clone()).filter(|root| root != "/")),
            ("releasever", self.releasever.clone()),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)));
        arguments.extend(texts.map(|(name, text)| format!("--{name}={text}")));
        for (flag, is_set) in [
            ("--refresh", self.update_cache && !self.cacheonly),
            ("--allowerasing", self.allowerasing),
            ("--cacheonly", self.cacheonly),
        ] {
            arguments.extend(is_set.then(|| flag.to_owned()));
        }
        Program::new(&tool.program).plain_locale().args(arguments)
    }

    /// Whether the configuration has packages' signatures checked; dnf would leave out local ones.
    fn checks_signatures(&self, host: &Reader) -> bool {
        let file = self.conf_file.as_deref().unwrap_or("/etc/dnf/dnf.conf");
        let text = host.read_text(file).ok().flatten().unwrap_or_default();
        text.lines().filter_map(|line| line.split_once('=')).any(|(name, value)| {
            name.trim() == "gpgcheck" && matches!(value.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on")
        })
    }
}
