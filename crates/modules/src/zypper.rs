//! `zypper`: packages of SUSE and openSUSE.

mod names;
mod report;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Diff, Failure, Fields, Finished, Module, Program, Reader, Writer},
};
use names::{Names, Package};
use report::Report;

choice! {
    /// What is wanted of packages.
    enum State {
        /// Not installed.
        Absent = "absent",
        /// The same as `present`.
        Installed = "installed",
        /// Installed in the newest version.
        Latest = "latest",
        /// Installed.
        Present = "present",
        /// The same as `absent`.
        Removed = "removed",
        /// All that is installed comes from the newest of what the repositories have.
        DistUpgrade = "dist-upgrade",
    }
}

choice! {
    /// What packages are.
    enum Type {
        /// Packages.
        Package = "package",
        /// Corrections of packages.
        Patch = "patch",
        /// Groups of packages.
        Pattern = "pattern",
        /// Products.
        Product = "product",
        /// Sources.
        Srcpackage = "srcpackage",
        /// Applications.
        Application = "application",
    }
}

/// Installs, updates and removes packages of SUSE and openSUSE.
///
/// ```yaml
/// - zypper:
///     name: nginx
///     update_cache: true
/// - zypper:
///     name: "docker>=1.10"
/// - zypper:
///     name: "*"
///     state: latest
///     type: patch
/// ```
#[derive(Args)]
pub struct Zypper {
    /// The packages: names, versions of them (`nginx>=1.20`), files and addresses. `-name` is one to remove;
    /// `*` is all of them.
    #[arg(alias = "pkg")]
    name: Vec<String>,
    /// What is wanted of them.
    #[arg(default = "present")]
    state: State,
    /// What they are.
    #[arg(default = "package")]
    r#type: Type,
    /// Further arguments before zypper's command.
    extra_args_precommand: Option<String>,
    /// Does not look at signatures of packages to install.
    #[arg(default = false)]
    disable_gpg_check: bool,
    /// Trusts the keys of new repositories, when packages are installed.
    #[arg(default = false)]
    auto_import_keys: bool,
    /// Leaves out what packages recommend.
    #[arg(default = true)]
    disable_recommends: bool,
    /// Installs older versions, and those of other vendors and architectures.
    #[arg(default = false)]
    force: bool,
    /// Lets zypper choose where packages exclude each other.
    #[arg(default = false)]
    force_resolution: bool,
    /// Reads the repositories first.
    #[arg(default = false, alias = "refresh")]
    update_cache: bool,
    /// Installs older versions.
    #[arg(default = false)]
    oldpackage: bool,
    /// Further arguments of zypper's command.
    extra_args: Option<String>,
    /// With `dist-upgrade`: packages may come from other vendors.
    #[arg(default = false)]
    allow_vendor_change: bool,
    /// Replaces files of other packages.
    #[arg(default = false)]
    replacefiles: bool,
    /// Removes what is needed no more.
    #[arg(default = false)]
    clean_deps: bool,
    /// Returns the messages of zypper that failed instead of its XML.
    #[arg(default = false)]
    simple_errors: bool,
    /// Tells zypper to say little.
    #[arg(default = true)]
    quiet: bool,
    /// Calls zypper again when a package's script failed.
    #[arg(default = false)]
    skip_post_errors: bool,
}

impl Module for Zypper {
    /// Whether the repositories are read first.
    type Plan = bool;

    fn inspect(&self, host: &Reader) -> Result<Changes<bool>, Failure> {
        host.required("zypper")?;
        let names = self.names()?;
        if host.mode().check {
            let run = |program: &Program| host.query(program);
            let (fields, is_change) = self.perform(host, &names, &run)?;
            return Ok(Changes::when(is_change, false).with_all(fields));
        }
        // What there is to do shows when zypper does it.
        Ok(Changes::of(self.update_cache))
    }

    fn apply(&self, refreshes: bool, host: &mut Writer) -> Result<Fields, Failure> {
        if refreshes {
            let program = self.arguments(self.base(host)?.args(self.gpg_check()).arg("refresh"));
            let (finished, _) = self.checked(&program, host.run(&program)?)?;
            if !finished.success() {
                return Err(failure("Zypper refresh run failed.", &program, &finished));
            }
        }
        let names = self.names()?;
        let reader: Reader = Reader::clone(host);
        let host = std::cell::RefCell::new(host);
        let run = |program: &Program| host.borrow_mut().run(program);
        let (mut fields, is_change) = self.perform(&reader, &names, &run)?;
        fields.insert("changed".into(), json!(is_change));
        Ok(fields)
    }
}

/// Runs a program that changes the host, or would.
type Run<'a> = &'a dyn Fn(&Program) -> Result<Finished, Failure>;

impl Zypper {
    fn is_absent(&self) -> bool {
        matches!(self.state, State::Absent | State::Removed)
    }

    fn is_all(&self) -> bool {
        self.name == ["*"]
    }

    fn names(&self) -> Result<Names, Failure> {
        let names = Names::parse(&self.name);
        if self.state == State::DistUpgrade && !self.is_all() {
            return Err(Failure::new("Can not dist-upgrade specific packages."));
        }
        if self.is_absent() && !names.files.is_empty() {
            return Err(Failure::new("Can not remove via URL."));
        }
        if self.is_absent() && names.packages.iter().any(|package| package.is_asked) {
            return Err(Failure::new("Can not combine '+' prefix with state=remove/absent."));
        }
        Ok(names)
    }

    /// Does what is to be done; what results say of it, and whether anything changed.
    fn perform(&self, host: &Reader, names: &Names, run: Run) -> Result<(Fields, bool), Failure> {
        let mut fields = Fields::new();
        for (name, value) in [
            ("name", json!(self.name)),
            ("state", json!(self.state.as_str())),
            ("update_cache", json!(self.update_cache)),
            ("rc", json!(0)),
        ] {
            fields.insert(name.into(), value);
        }
        let tells_diff = host.mode().diff;
        let Some(program) = self.program(host, names)? else {
            fields.extend(tells_diff.then(|| prepared("")));
            return Ok((fields, false));
        };
        let mut finished = run(&program)?;
        // 103: zypper itself was updated, which comes first. 107: a package's script failed.
        if finished.rc == 103 || finished.rc == 107 && self.skip_post_errors {
            self.checked(&program, finished)?;
            finished = run(&program)?;
        }
        let (finished, report) = self.checked(&program, finished)?;
        fields.extend(tells_diff.then(|| prepared(&report.told())));
        if !matches!(finished.rc, 0 | 102) {
            let failure = failure("Zypper run failed.", &program, &finished);
            let diff = fields.shift_remove("diff");
            return Err(diff.into_iter().fold(failure, |failure, diff| failure.with("diff", diff)));
        }
        fields.insert("rc".into(), json!(finished.rc));
        fields.insert("cmd".into(), command(&program));
        if report.is_change() {
            fields.insert("stdout".into(), json!(finished.out()));
            fields.insert("stderr".into(), json!(finished.err()));
        }
        if finished.rc != 0 {
            // The host has to be booted again; Ansible takes the status for a failure.
            let failure = Failure::new("Task failed: Action failed: Unknown error.").with_all(fields);
            return Err(failure.with("changed", report.is_change()));
        }
        Ok((fields, report.is_change()))
    }

    /// The call that is needed; `None` when packages are as they should be.
    fn program(&self, host: &Reader, names: &Names) -> Result<Option<Program>, Failure> {
        let dry = host.mode().check.then_some("--dry-run");
        let kind = ["--type", self.r#type.as_str()];
        if self.is_absent() {
            let installed = self.installed(host, names.packages.iter().collect())?;
            let removed = names.packages.iter().filter(|package| installed.contains(&package.name));
            let removed: Vec<String> = removed.map(Package::bare).collect();
            let clean = self.clean_deps.then_some("--clean-deps");
            let program = self.base(host)?.arg("remove").args(kind).args(dry).args(clean);
            let program = self.arguments(program).args(&removed);
            return Ok((!removed.is_empty()).then_some(program));
        }
        let import = self.auto_import_keys.then_some("--gpg-auto-import-keys");
        let base = self.base(host)?.args(self.gpg_check()).args(import);
        if self.state == State::DistUpgrade {
            return Ok(Some(self.options(base.arg("dist-upgrade").args(dry), false)));
        }
        if self.state == State::Latest && self.is_all() {
            let program = match self.r#type {
                Type::Patch => base.arg("patch"),
                _ => base.arg("update").args(kind),
            };
            return Ok(Some(self.options(program.args(dry), false)));
        }
        let mut packages: Vec<&Package> = names.packages.iter().collect();
        if self.state != State::Latest {
            let plain = packages.iter().copied().filter(|package| package.version.is_empty()).collect();
            let installed = self.installed(host, plain)?;
            // A version may be another one than that which is there.
            packages.retain(|package| {
                let is_there = package.version.is_empty() && installed.contains(&package.name);
                if package.is_unwanted { is_there } else { !is_there }
            });
        }
        if packages.is_empty() && names.files.is_empty() {
            return Ok(None);
        }
        let is_version = names.packages.iter().any(|package| !package.version.is_empty());
        let program = self.options(base.arg("install").args(kind).args(dry), is_version);
        Ok(Some(program.arg("--").args(&names.files).args(packages.into_iter().map(Package::signed))))
    }

    fn base(&self, host: &Reader) -> Result<Program, Failure> {
        let zypper = host.required("zypper")?;
        let mut words: Vec<PathBuf> = vec![zypper, "--non-interactive".into(), "--xmlout".into()];
        if is_transactional(host) {
            let wrapper = ["/sbin/transactional-update", "--continue", "--drop-if-no-change", "--quiet", "run"];
            words = wrapper.into_iter().map(PathBuf::from).chain(words).collect();
        }
        words.extend(self.quiet.then(|| "--quiet".into()));
        let program = Program::new(&words[0]).args(&words[1..]).plain_locale();
        Ok(split(self.extra_args_precommand.as_ref()).into_iter().fold(program, Program::arg))
    }

    fn gpg_check(&self) -> Option<&'static str> {
        self.disable_gpg_check.then_some("--no-gpg-checks")
    }

    fn options(&self, program: Program, is_version: bool) -> Program {
        let vendors = self.allow_vendor_change && self.state == State::DistUpgrade;
        let flags = [
            ("--auto-agree-with-licenses", true),
            ("--no-recommends", self.disable_recommends),
            ("--force", self.force),
            ("--force-resolution", self.force_resolution),
            ("--oldpackage", self.oldpackage || is_version),
            ("--replacefiles", self.replacefiles),
            ("--allow-vendor-change", vendors),
        ];
        self.arguments(program.args(flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag)))
    }

    fn arguments(&self, program: Program) -> Program {
        split(self.extra_args.as_ref()).into_iter().fold(program, Program::arg)
    }

    /// Which of the packages zypper knows on the host.
    fn installed(&self, host: &Reader, packages: Vec<&Package>) -> Result<Vec<String>, Failure> {
        if packages.is_empty() {
            return Ok(Vec::new());
        }
        let program = self.base(host)?.args(["--disable-repositories", "search", "--type", self.r#type.as_str()]);
        let program = self.arguments(program).args(["--match-exact", "--details", "--installed-only"]);
        let program = program.args(packages.iter().map(|package| &package.name));
        let finished = host.query(&program)?;
        // There is none.
        if finished.rc == 104 {
            return Ok(Vec::new());
        }
        Ok(self.checked(&program, finished)?.1.found())
    }

    /// What zypper said, if it did what it was called for.
    fn checked(&self, program: &Program, mut finished: Finished) -> Result<(Finished, Report), Failure> {
        let report = Report::parse(&finished.stdout)
            .map_err(|why| failure(format!("Failed to parse zypper xml output: {why}"), program, &finished))?;
        match finished.rc {
            // To boot again, to call zypper again, repositories that are missing, and scripts that failed come later.
            0 | 102 | 103 | 106 | 107 => Ok((finished, report)),
            104 => {
                let last = report.messages.last();
                let msg = last.ok_or_else(|| Failure::new("list index out of range").uncaught())?;
                Err(failure(msg, program, &finished))
            }
            rc => {
                if self.simple_errors && !report.messages.is_empty() {
                    finished.stdout = report.messages.join(" \n").into_bytes();
                }
                Err(failure(format!("Zypper run command failed with return code {rc}."), program, &finished))
            }
        }
    }
}

fn failure(msg: impl Into<String>, program: &Program, finished: &Finished) -> Failure {
    finished.said(Failure::new(msg)).with("cmd", command(program))
}

fn command(program: &Program) -> Value {
    program.argv().iter().map(|word| word.to_string_lossy()).collect()
}

/// The return value that shows what changes.
fn prepared(told: &str) -> (String, Value) {
    let notes = Fields::from_iter([("prepared".to_owned(), json!(told))]);
    ("diff".to_owned(), Diff { notes, ..Diff::default() }.to_json())
}

/// Words of further arguments: as in Ansible, each blank ends one.
fn split(arguments: Option<&String>) -> Vec<&str> {
    arguments.map(|text| text.split(' ').collect()).unwrap_or_default()
}

/// Whether the host's root is one that only `transactional-update` changes.
fn is_transactional(host: &Reader) -> bool {
    let mounts = host.read_text("/proc/mounts").ok().flatten().unwrap_or_default();
    let is_fixed = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), [_, "/", "btrfs", options, ..] if options.split(',').any(|option| option == "ro"))
    };
    host.exists("/sbin/transactional-update") && mounts.lines().any(is_fixed)
}
