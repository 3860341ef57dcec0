//! From what is wanted to dnf's commands, and from what they say to the result.

use std::{path::PathBuf, time::Instant};

use serde_json::{Value, json};

use crate::{
    kit::{Changes, Failure, Fields, Finished, Program, Reader, Writer, clock, glob},
    rpm::{self, Database},
};

use super::{
    failure,
    options::{Options, State},
    output::{Transaction, unavailable, why},
    streams,
};

/// A dnf of one generation.
pub struct Tool {
    /// The program.
    pub program: PathBuf,
    is_five: bool,
}

impl Tool {
    /// The host's.
    pub fn found(host: &Reader) -> Result<Self, Failure> {
        Self::four(host).or_else(|_| Self::five(host)).map_err(|_| {
            Failure::new("Could not detect which major revision of dnf is in use, which is required to determine module backend.")
        })
    }

    /// dnf 4, whose program is `dnf` where there is no newer one.
    pub fn four(host: &Reader) -> Result<Self, Failure> {
        let is_four = |path: &PathBuf| !host.resolve(path).ends_with("dnf5");
        let program = host.which("dnf").filter(is_four).or_else(|| host.which("dnf-3"));
        let program = program.map_or_else(|| host.required("dnf-3"), Ok)?;
        Ok(Self { program, is_five: false })
    }

    /// dnf 5.
    pub fn five(host: &Reader) -> Result<Self, Failure> {
        Ok(Self { program: host.required("dnf5")?, is_five: true })
    }
}

/// One command of dnf's.
struct Step {
    verb: &'static str,
    specs: Vec<String>,
}

/// Commands, and what the result says before what they did.
pub struct Plan {
    tool: Tool,
    steps: Vec<Step>,
    notes: Vec<String>,
}

/// A group or an environment of groups.
struct Group {
    id: String,
    is_environment: bool,
    is_installed: bool,
}

/// What names come to.
#[derive(Default)]
struct Sorted {
    install: Vec<String>,
    upgrade: Vec<String>,
    remove: Vec<String>,
    /// Modules whose streams are chosen no more.
    reset: Vec<String>,
    notes: Vec<String>,
}

impl Options {
    /// What has to be done; in check mode dnf says what it would do.
    pub(super) fn inspect(
        &self,
        host: &Reader,
        tool: impl Fn() -> Result<Tool, Failure>,
    ) -> Result<Changes<Plan>, Failure> {
        self.check(host)?;
        if let Some(what) = &self.list {
            let results = self.listed(host, &tool()?, what)?;
            return Ok(Changes::none().with("msg", "").with("results", results));
        }
        let names: Vec<&str> = self.name.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
        if names.is_empty() && !self.autoremove {
            if self.update_cache && self.name.is_empty() {
                return self.refreshed(host, &tool()?);
            }
            return Ok(nothing(Vec::new()));
        }
        if !names.is_empty() && names.len() < self.name.len() && self.state() != State::Absent {
            let failure = failure("Failed to install some of the specified packages").with("rc", 1);
            return Err(failure.with("failures", json!([" No match for argument"])));
        }
        let sorted = self.sort(host, &names, &tool)?;
        let mut steps: Vec<Step> =
            [("install", sorted.install), ("upgrade", sorted.upgrade), ("remove", sorted.remove)]
                .into_iter()
                .filter(|(_, specs)| !specs.is_empty())
                .map(|(verb, specs)| Step { verb, specs })
                .collect();
        steps.extend(sorted.reset.into_iter().map(|name| Step { verb: "module", specs: vec!["reset".into(), name] }));
        if self.autoremove {
            steps.push(Step { verb: "autoremove", specs: Vec::new() });
        }
        if steps.is_empty() {
            return Ok(nothing(sorted.notes));
        }
        let plan = Plan { tool: tool()?, steps, notes: sorted.notes };
        self.wait_for_lock(host)?;
        if !host.mode().check {
            return Ok(Changes::of(plan));
        }
        let fields = self.run(host, &plan, "--assumeno", |program| host.query(program))?;
        let is_change = fields["changed"] == true;
        let msg = if is_change {
            "Check mode: No changes made, but would have if not in check mode"
        } else {
            "Nothing to do"
        };
        Ok(Changes::when(is_change, plan).with_all(fields).with("msg", msg))
    }

    /// Does it.
    pub(super) fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let reader = Reader::clone(host);
        self.run(&reader, &plan, "-y", |program| host.run(program))
    }

    /// Metadata alone: they are a cache, and no change.
    fn refreshed(&self, host: &Reader, tool: &Tool) -> Result<Changes<Plan>, Failure> {
        let finished = host.query(&self.program(tool, host).arg("makecache"))?;
        if !finished.success() {
            return Err(why(&finished, &[]));
        }
        Ok(nothing(Vec::new()).with("msg", "Cache updated"))
    }

    fn run(
        &self,
        host: &Reader,
        plan: &Plan,
        answer: &str,
        mut start: impl FnMut(&Program) -> Result<Finished, Failure>,
    ) -> Result<Fields, Failure> {
        let (mut installed, mut removed) = (Vec::new(), Vec::new());
        let mut notes = plan.notes.clone();
        for step in &plan.steps {
            let before = Database::new(host, &self.installroot).all()?;
            let finished = start(&self.command(&plan.tool, host, step, answer))?;
            let (out, err) = (finished.out(), finished.err());
            let is_nothing = out.contains("Nothing to do") || err.contains("No packages marked for upgrade");
            if !finished.success() && !is_nothing && !err.contains("Operation aborted") {
                return Err(why(&finished, &step.specs));
            }
            if self.skip_broken {
                notes.extend(out.lines().chain(err.lines()).filter_map(unavailable));
            }
            let transaction = Transaction::read(&out, &before);
            installed.extend(transaction.installed);
            removed.extend(transaction.removed);
        }
        let changed = !installed.is_empty() || !removed.is_empty();
        let verb = if self.download_only { "Downloaded" } else { "Installed" };
        notes.extend(installed.iter().map(|nevra| format!("{verb}: {nevra}")));
        notes.extend(removed.iter().filter(|_| !self.download_only).map(|nevra| format!("Removed: {nevra}")));
        let mut fields = nothing(notes).fields;
        fields.insert("changed".into(), json!(changed));
        if changed {
            fields.insert("msg".into(), json!(""));
        }
        Ok(fields)
    }

    fn command(&self, tool: &Tool, host: &Reader, step: &Step, answer: &str) -> Program {
        let mut program = self.program(tool, host).arg(answer).arg(step.verb);
        let is_update = matches!(step.verb, "install" | "upgrade") && self.state() == State::Latest;
        for (flag, is_set) in [
            ("--security", self.security && is_update),
            ("--bugfix", self.bugfix && is_update),
            ("--downloadonly", self.download_only),
            ("--skip-broken", self.skip_broken && matches!(step.verb, "install" | "upgrade")),
            ("--setopt=module_stream_switch=1", !tool.is_five && step.specs.iter().any(|spec| spec.starts_with('@'))),
            ("--skip-unavailable", self.skip_broken && tool.is_five && step.verb == "install"),
        ] {
            if is_set {
                program = program.arg(flag);
            }
        }
        // dnf makes the folder even when it downloads nothing.
        if let Some(folder) = self.download_dir.as_ref().filter(|_| self.download_only && !host.mode().check) {
            program = program.arg(format!("--destdir={folder}"));
        }
        // The table is as wide as this says.
        program.env("COLUMNS", "200").args(step.specs.iter().filter(|spec| *spec != "*"))
    }

    fn sort(
        &self,
        host: &Reader,
        names: &[&str],
        tool: &impl Fn() -> Result<Tool, Failure>,
    ) -> Result<Sorted, Failure> {
        let mut database = Database::new(host, &self.installroot);
        database.ask(names)?;
        let mut sorted = Sorted::default();
        for name in names {
            match name.strip_prefix('@') {
                Some(group) => self.sort_group(host, group, &tool()?, &mut sorted)?,
                None if rpm::is_file(name) => self.sort_file(&database, name, &mut sorted)?,
                None if self.state() == State::Absent => remove(&database, name, &mut sorted)?,
                None => self.sort_package(&database, name, &mut sorted)?,
            }
        }
        Ok(sorted)
    }

    fn sort_package(&self, database: &Database, name: &str, sorted: &mut Sorted) -> Result<(), Failure> {
        let is_latest = self.state() == State::Latest || self.update_only;
        if name == "*" && self.state() == State::Latest {
            sorted.upgrade.push(name.into());
            return Ok(());
        }
        let named = database.named(name)?;
        let is_named = !named.is_empty();
        let providers = if is_named || glob::is_pattern(name) { named } else { database.providers(name)? };
        if !providers.is_empty() && is_latest {
            let provider = if is_named { name } else { &providers[0].name };
            sorted.upgrade.push(provider.to_owned());
        } else if self.update_only {
            sorted.notes.push(format!("Packages providing {name} not installed due to update_only specified"));
        } else if providers.is_empty() && (self.allow_downgrade || database.newer_than(name)?.is_none())
            || glob::is_pattern(name)
        {
            sorted.install.push(name.into());
        }
        Ok(())
    }

    fn sort_file(&self, database: &Database, name: &str, sorted: &mut Sorted) -> Result<(), Failure> {
        let path = name.strip_prefix("file://").unwrap_or(name);
        if path.contains("://") {
            sorted.notes.push(format!("Installed {path}"));
        } else {
            let Some(package) = database.in_file(path)? else {
                let msg = format!("Error occurred attempting remote rpm operation: Could not open: {path}");
                return Err(failure(msg).with("rc", 1));
            };
            let evr = format!("{}:{}-{}", package.epoch, package.version, package.release);
            let mut installed = database.named(&package.name)?;
            installed.retain(|found| found.arch == package.arch);
            if self.update_only && installed.is_empty() {
                let note = format!("Packages providing {path} not installed due to update_only specified");
                sorted.notes.push(note);
                return Ok(());
            }
            sorted.notes.push(format!("Installed {path}"));
            let is_there = |found: &rpm::Package| {
                let order = found.compare(&evr);
                order.is_eq() || order.is_gt() && !self.allow_downgrade
            };
            if installed.iter().any(is_there) {
                return Ok(());
            }
        }
        sorted.install.push(path.into());
        Ok(())
    }

    fn sort_group(&self, host: &Reader, name: &str, tool: &Tool, sorted: &mut Sorted) -> Result<(), Failure> {
        let name = name.trim();
        let Some(group) = self.group(host, name, tool)? else { return self.sort_stream(host, name, tool, sorted) };
        let spec = format!("@{}", group.id);
        let done = match self.state() {
            State::Absent => {
                if group.is_installed {
                    sorted.remove.push(spec);
                }
                return Ok(());
            }
            State::Latest if group.is_installed => {
                sorted.upgrade.push(spec);
                "upgraded"
            }
            _ => {
                if !group.is_installed {
                    sorted.install.push(spec);
                }
                "installed"
            }
        };
        if !group.is_environment {
            sorted.notes.push(format!("Group {} {done}.", group.id));
        }
        Ok(())
    }

    /// What is no group may be a module, or a stream or a profile of one.
    fn sort_stream(&self, host: &Reader, name: &str, tool: &Tool, sorted: &mut Sorted) -> Result<(), Failure> {
        let is_enabled = streams::is_enabled(host, &self.installroot, name);
        let spec = format!("@{name}");
        if self.state() == State::Present {
            if !is_enabled {
                sorted.notes.push(format!("Module {name} installed."));
            }
            sorted.install.push(spec);
        } else if !is_enabled {
            let list = self.program(tool, host).args(["-q", "module", "list", name]);
            if !host.query(&list)?.success() {
                return Err(streams::unknown(name));
            }
        } else if self.state() == State::Absent {
            sorted.notes.push(format!("Module {name} removed."));
            sorted.remove.push(spec);
            sorted.reset.push(streams::module(name).to_owned());
        } else {
            sorted.notes.push(format!("Module {name} upgraded."));
            sorted.upgrade.push(spec);
        }
        Ok(())
    }

    /// The group or environment with that id or name.
    fn group(&self, host: &Reader, name: &str, tool: &Tool) -> Result<Option<Group>, Failure> {
        let list = self.program(tool, host).arg("-v").args(["group", "list", "--hidden"]);
        if tool.is_five {
            // dnf 5 finds groups by id and name itself.
            return Ok(Some(Group { id: name.into(), is_environment: true, is_installed: false }));
        }
        let finished = host.query(&list)?;
        if !finished.success() {
            return Err(why(&finished, &[]));
        }
        let (mut is_environment, mut is_installed) = (false, false);
        for line in finished.out().lines() {
            if line.ends_with("Groups:") {
                (is_environment, is_installed) = (line.contains("Environment"), line.starts_with("Installed"));
            }
            let Some((title, id)) = line.trim().strip_suffix(')').and_then(|line| line.rsplit_once(" (")) else {
                continue;
            };
            if line.starts_with(' ') && (title == name || id == name) {
                return Ok(Some(Group { id: id.into(), is_environment, is_installed }));
            }
        }
        Ok(None)
    }

    /// Waits until no other dnf works; dnf itself would wait for ever.
    fn wait_for_lock(&self, host: &Reader) -> Result<(), Failure> {
        let limit = clock::seconds(self.lock_timeout);
        let begin = Instant::now();
        while is_locked(host) {
            if host.is_cancelled() || self.lock_timeout >= 0 && begin.elapsed() >= limit {
                return Err(failure("dnf lockfile is held by another process"));
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        Ok(())
    }
}

fn is_locked(host: &Reader) -> bool {
    let files = ["/var/cache/dnf", "/var/lib/dnf"].iter().flat_map(|folder| host.list(folder).unwrap_or_default());
    let mut locks = files.filter(|path| path.to_string_lossy().ends_with("_lock.pid"));
    locks.any(|lock| {
        let process = host.read_text(lock).ok().flatten().unwrap_or_default();
        process.trim().parse::<u32>().is_ok_and(|process| host.exists(format!("/proc/{process}")))
    })
}

fn remove(database: &Database, name: &str, sorted: &mut Sorted) -> Result<(), Failure> {
    if !database.named(name)?.is_empty() {
        sorted.remove.push(name.into());
    } else if !glob::is_pattern(name) && !database.providers(name)?.is_empty() {
        // What only provides the name is not meant.
        sorted.notes.push(format!("All matches were filtered out by exclude filtering for argument: {name}"));
    } else {
        sorted.notes.push(format!("No match for argument: {name}"));
    }
    Ok(())
}

/// The result of a task that had nothing to do.
fn nothing(notes: Vec<String>) -> Changes<Plan> {
    let results: Vec<Value> = notes.into_iter().map(Value::from).collect();
    Changes::none().with("msg", "Nothing to do").with("rc", 0).with("results", results)
}
