//! `pacman`: packages of Arch Linux.

mod database;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Diff, Failure, Fields, Finished, Module, Program, Reader, Writer, shlex},
};
use database::{Database, Found, Package};

choice! {
    /// What is wanted of packages.
    enum State {
        /// Installed.
        Present = "present",
        /// The same as `present`.
        Installed = "installed",
        /// Installed in the newest version.
        Latest = "latest",
        /// Not installed.
        Absent = "absent",
        /// The same as `absent`.
        Removed = "removed",
    }
}

choice! {
    /// Why a package is installed.
    enum Reason {
        /// It was asked for.
        Explicit = "explicit",
        /// Others need it.
        Dependency = "dependency",
    }
}

choice! {
    /// Which packages get a reason.
    enum ReasonFor {
        /// Those that were not installed.
        New = "new",
        /// All that are named.
        All = "all",
    }
}

/// Installs, updates and removes packages of Arch Linux and its kin.
///
/// ```yaml
/// - pacman:
///     name: [nginx, openssh]
///     update_cache: true
/// - pacman:
///     update_cache: true
///     upgrade: true
/// ```
#[derive(Args)]
#[args(one_of("name", "update_cache", "upgrade"), exclusive("name", "upgrade"))]
pub struct Pacman {
    /// Packages, groups of them, files of packages, or addresses of such.
    #[arg(alias = "package", alias = "pkg")]
    name: Option<Vec<String>>,
    /// What is wanted of them.
    #[arg(default = "present")]
    state: State,
    /// Removes without a look at what depends on them; with `update_cache`, reads the databases even if they are new.
    #[arg(default = false)]
    force: bool,
    /// With `absent`: keeps no copies of changed configuration.
    #[arg(default = false)]
    remove_nosave: bool,
    /// The program: pacman, or one that takes the same arguments.
    #[arg(default = "pacman")]
    executable: String,
    /// Further arguments for what `state` needs.
    #[arg(default = "")]
    extra_args: String,
    /// Updates all packages that are installed.
    upgrade: Option<bool>,
    /// Further arguments for `upgrade`.
    #[arg(default = "")]
    upgrade_extra_args: String,
    /// Reads the repositories' databases first.
    update_cache: Option<bool>,
    /// Further arguments for `update_cache`.
    #[arg(default = "")]
    update_cache_extra_args: String,
    /// Why the packages are installed.
    reason: Option<Reason>,
    /// Which packages `reason` is for.
    #[arg(default = "new")]
    reason_for: ReasonFor,
}

/// What is to be run, and what results say of it.
#[derive(Default)]
pub struct Plan {
    refreshes: bool,
    steps: Vec<Vec<String>>,
    /// What fails with this, where a step does.
    failed: &'static str,
}

/// What was found to do.
#[derive(Default)]
struct Work {
    steps: Vec<Vec<String>>,
    failed: &'static str,
    msg: [String; 2],
    names: Option<Vec<String>>,
    before: Vec<String>,
    after: Vec<String>,
}

impl Module for Pacman {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let pacman = host.required(&self.executable)?;
        if self.update_cache == Some(true) && !host.mode().check {
            // What there is to do shows when the databases were read.
            return Ok(Changes::of(Plan { refreshes: true, ..Plan::default() }));
        }
        let work = self.work(host, &pacman)?;
        let is_refreshed = self.update_cache == Some(true);
        let is_change = is_refreshed || !work.steps.is_empty();
        let mut changes = self.said(&work, host.mode().check, is_refreshed);
        if is_change {
            changes.plan = Some(Plan { refreshes: false, steps: work.steps, failed: work.failed });
        }
        Ok(changes)
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let pacman = host.required(&self.executable)?;
        let mut fields = Fields::new();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (mut steps, mut failed) = (plan.steps, plan.failed);
        if plan.refreshes {
            let is_changed = self.refresh(host, &pacman, &mut out, &mut err)?;
            let work = self.work(host, &pacman)?;
            let said = self.said(&work, false, true);
            fields.extend(said.fields);
            fields.insert("cache_updated".into(), json!(is_changed));
            fields.insert("changed".into(), json!(is_changed || !work.steps.is_empty()));
            if let Some(diff) = said.diff.first().filter(|_| host.mode().diff) {
                fields.insert("diff".into(), json!([diff.to_json()]));
            }
            (steps, failed) = (work.steps, work.failed);
        }
        for step in steps {
            let program = Program::new(&pacman).env("LC_ALL", "C").args(&step);
            let finished = host.run(&program)?;
            if !finished.success() {
                return Err(failure(failed, &program, &finished));
            }
            out.push(finished.out());
            err.push(finished.err());
        }
        if !out.is_empty() {
            fields.insert("stdout".into(), json!(out.join("\n")));
            fields.insert("stderr".into(), json!(err.join("\n")));
        }
        Ok(fields)
    }
}

impl Pacman {
    /// Reads the repositories' databases; whether they are others than before.
    fn refresh(
        &self,
        host: &mut Writer,
        pacman: &PathBuf,
        out: &mut Vec<String>,
        err: &mut Vec<String>,
    ) -> Result<bool, Failure> {
        let list = Program::new(pacman).env("LC_ALL", "C").args(["--sync", "--list"]);
        let before = if self.force { Vec::new() } else { host.query(&list)?.stdout };
        let mut program = Program::new(pacman).env("LC_ALL", "C").args(["--sync", "--refresh"]);
        program = program.args(words(&self.update_cache_extra_args)?);
        if self.force {
            program = program.arg("--refresh");
        }
        let finished = host.run(&program)?;
        if !finished.success() {
            let failure = failure("could not update package db", &program, &finished);
            return Err(failure.with("cache_updated", false));
        }
        out.push(finished.out());
        err.push(finished.err());
        Ok(self.force || before != host.query(&list)?.stdout)
    }

    fn work(&self, host: &Reader, pacman: &PathBuf) -> Result<Work, Failure> {
        if self.upgrade != Some(true) && self.name.as_ref().is_none_or(Vec::is_empty) {
            return Ok(Work::default());
        }
        let database = Database::read(host, pacman)?;
        if self.upgrade == Some(true) {
            return self.upgraded(&database);
        }
        let is_absent = matches!(self.state, State::Absent | State::Removed);
        let found = database.find(host, self.name.as_deref().unwrap_or_default(), is_absent)?;
        if is_absent { self.removed(host, &database, &found) } else { self.installed(host, &database, found) }
    }

    fn upgraded(&self, database: &Database) -> Result<Work, Failure> {
        let upgrades = &database.upgrades;
        if upgrades.is_empty() {
            return Ok(Work { msg: ["Nothing to upgrade".into(), "Nothing to upgrade".into()], ..Work::default() });
        }
        let mut step: Vec<String> = ["--sync", "--sysupgrade", "--quiet", "--noconfirm"].map(str::to_owned).to_vec();
        step.extend(words(&self.upgrade_extra_args)?);
        Ok(Work {
            steps: vec![step],
            failed: "Could not upgrade",
            msg: ["System upgraded".into(), format!("{} packages would have been upgraded", upgrades.len())],
            names: Some(upgrades.keys().cloned().collect()),
            before: upgrades.iter().map(|(name, (old, _))| format!("{name}-{old}")).collect(),
            after: upgrades.iter().map(|(name, (_, new))| format!("{name}-{new}")).collect(),
        })
    }

    fn removed(&self, host: &Reader, database: &Database, found: &Found) -> Result<Work, Failure> {
        let there = |package: &&Package| database.installed.contains_key(&package.name);
        let names: Vec<&str> = found.packages.iter().filter(there).map(|package| &*package.name).collect();
        if names.is_empty() {
            return Ok(Work::nothing("package(s) already absent"));
        }
        let mut base: Vec<String> = ["--remove", "--noconfirm", "--noprogressbar"].map(str::to_owned).to_vec();
        base.extend(words(&self.extra_args)?);
        if self.force {
            base.extend(["--nodeps", "--nodeps"].map(str::to_owned));
        }
        let all = |more: &[&str]| -> Vec<String> {
            base.iter()
                .map(String::as_str)
                .chain(more.iter().copied())
                .chain(names.iter().copied())
                .map(str::to_owned)
                .collect()
        };
        let program = Program::new(&database.pacman).env("LC_ALL", "C").args(all(&["--print-format", "%n-%v"]));
        let listed = host.query(&program)?;
        if !listed.success() {
            return Err(failure("failed to list package(s) to remove", &program, &listed));
        }
        let mut removed: Vec<String> = listed.out().trim_end().lines().map(str::to_owned).collect();
        removed.sort();
        let step = if self.remove_nosave { all(&["--nosave"]) } else { all(&[]) };
        Ok(Work {
            steps: vec![step],
            failed: "failed to remove package(s)",
            msg: [
                format!("Removed {} package(s)", removed.len()),
                format!("Would have removed {} packages", removed.len()),
            ],
            before: removed.clone(),
            after: Vec::new(),
            names: Some(removed),
        })
    }

    fn installed(&self, host: &Reader, database: &Database, found: Found) -> Result<Work, Failure> {
        let is_latest = self.state == State::Latest;
        let is_wanted = |package: &Package| {
            !database.installed.contains_key(&package.name)
                || package.is_source
                || (is_latest && database.upgrades.contains_key(&package.name))
        };
        let asked: Vec<String> = found.packages.iter().map(|package| package.name.clone()).collect();
        let wanted: Vec<Package> = found.packages.into_iter().filter(is_wanted).collect();
        let (files, names): (Vec<&Package>, Vec<&Package>) = wanted.iter().partition(|package| package.is_source);
        let mut base: Vec<String> = ["--noconfirm", "--noprogressbar", "--needed"].map(str::to_owned).to_vec();
        base.extend(words(&self.extra_args)?);
        let mut work = Work { failed: "Failed to install package(s)", ..Work::default() };
        let mut installed = Vec::new();
        for (verb, packages) in [("--sync", names), ("--upgrade", files)] {
            if packages.is_empty() {
                continue;
            }
            let sources = packages.iter().map(|package| package.source.clone());
            let call = |more: &[&str]| -> Vec<String> {
                let words = [verb].into_iter().chain(more.iter().copied()).map(str::to_owned);
                base.iter().cloned().chain(words).chain(sources.clone()).collect()
            };
            let new = self.list(host, database, &call(&["--print-format", "%n %v"]))?;
            if new.is_empty() {
                continue;
            }
            installed.extend(new);
            work.steps.push(call(&[]));
        }
        for (name, version) in &installed {
            let old = database.reason(name);
            let new = if old.is_none() || self.reason_for == ReasonFor::All { self.reason.or(old) } else { old };
            work.before.extend(database.installed.get(name).map(|version| line(name, version, old)));
            work.after.push(line(name, version, new));
        }
        work.before.sort();
        work.after.sort();
        let is_new = |name: &String| !database.installed.contains_key(name);
        let mut names: Vec<String> = installed.into_iter().map(|(name, _)| name).collect();
        names.sort();
        let mut marked: Vec<String> = Vec::new();
        if let Some(reason) = self.reason {
            let for_all = self.reason_for == ReasonFor::All;
            marked = asked
                .into_iter()
                .filter(|name| for_all || is_new(name))
                .filter(|name| database.reason(name) != Some(reason))
                .collect();
            if !marked.is_empty() {
                let flag = if reason == Reason::Dependency { "--asdeps" } else { "--asexplicit" };
                let step = ["--noconfirm", "--database", flag].into_iter().map(str::to_owned);
                work.steps.push(step.chain(marked.iter().cloned()).collect());
            }
        }
        names.extend(marked);
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Ok(Work::nothing("package(s) already installed"));
        }
        work.msg =
            [format!("Installed {} package(s)", names.len()), format!("Would have installed {} packages", names.len())];
        work.names = Some(names);
        Ok(work)
    }

    /// Names and versions of what a call would install.
    fn list(&self, host: &Reader, database: &Database, call: &[String]) -> Result<Vec<(String, String)>, Failure> {
        let program = Program::new(&database.pacman).env("LC_ALL", "C").args(call);
        let listed = host.query(&program)?;
        if !listed.success() {
            let mut failure = failure("Failed to list package(s) to install", &program, &listed);
            failure.fields.shift_remove("rc");
            return Err(failure);
        }
        let out = listed.out();
        let pairs = out.lines().filter(|line| !line.contains("loading packages"));
        let pairs = pairs.filter_map(|line| line.trim().split_once(' ').map(|(n, v)| (n.to_owned(), v.to_owned())));
        Ok(pairs.filter(|(name, version)| database.installed.get(name) != Some(version)).collect())
    }

    /// What results say of the work.
    fn said(&self, work: &Work, is_check: bool, is_refreshed: bool) -> Changes<Plan> {
        let own = &work.msg[usize::from(is_check)];
        let refreshed = match (is_refreshed, is_check) {
            (false, _) => "",
            (true, false) => "Updated package db",
            (true, true) => "Would have updated the package db",
        };
        let msg: Vec<&str> = [refreshed, own].into_iter().filter(|text| !text.is_empty()).collect();
        let mut changes = Changes::none().with("msg", msg.join("\n"));
        if is_refreshed {
            changes = changes.with("cache_updated", true);
        }
        if let Some(names) = &work.names {
            changes = changes.with("packages", Value::from(names.clone()));
        }
        if !work.before.is_empty() || !work.after.is_empty() {
            let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            changes = changes.with_diff(Diff::new(text(&work.before), text(&work.after)));
        }
        changes
    }
}

impl Work {
    fn nothing(msg: &str) -> Self {
        Self { msg: [msg.to_owned(), msg.to_owned()], names: Some(Vec::new()), ..Self::default() }
    }
}

/// A package as a diff shows it.
fn line(name: &str, version: &str, reason: Option<Reason>) -> String {
    match reason {
        Some(Reason::Dependency) => format!("{name}-{version}-dependency"),
        Some(Reason::Explicit) => format!("{name}-{version}-explicit"),
        None => format!("{name}-{version}"),
    }
}

fn words(text: &str) -> Result<Vec<String>, Failure> {
    shlex::split(text).map_err(|why| Failure::new(why).uncaught())
}

/// A failure with everything about the program; its words are a list.
fn failure(msg: &str, program: &Program, finished: &Finished) -> Failure {
    let argv: Vec<_> = program.argv().iter().map(|word| word.to_string_lossy()).collect();
    finished.said(Failure::new(msg)).with("cmd", json!(argv))
}
