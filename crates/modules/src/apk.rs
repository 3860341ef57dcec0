//! `apk`: packages of Alpine Linux.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, args::python_repr},
};

choice! {
    /// What is wanted of packages.
    enum State {
        /// Installed.
        Present = "present",
        /// The same as `present`.
        Installed = "installed",
        /// Not installed.
        Absent = "absent",
        /// The same as `absent`.
        Removed = "removed",
        /// Installed in the newest version.
        Latest = "latest",
    }
}

/// Installs, updates and removes packages of Alpine Linux.
///
/// ```yaml
/// - apk:
///     name: nginx, openssh
///     update_cache: true
/// ```
#[derive(Args)]
#[args(one_of("name", "update_cache", "upgrade"), exclusive("name", "upgrade"))]
pub struct Apk {
    /// The packages.
    name: Option<Vec<String>>,
    /// What is wanted of them.
    #[arg(default = "present")]
    state: State,
    /// Updates all packages that are installed.
    #[arg(default = false)]
    upgrade: bool,
    /// With `upgrade`: replaces packages that no repository has any more.
    #[arg(default = false)]
    available: bool,
    /// Reads the repositories' indexes first.
    #[arg(default = false)]
    update_cache: bool,
    /// Uses no cache.
    #[arg(default = false)]
    no_cache: bool,
    /// Repositories that stand for those of the system.
    repository: Option<Vec<String>>,
    /// The file of packages that were asked for.
    #[arg(default = "/etc/apk/world")]
    world: String,
}

/// What apk is asked to do.
pub struct Plan {
    refresh: bool,
    action: Option<Action>,
}

/// One command, and the words of its outcome.
struct Action {
    command: Vec<String>,
    done: String,
    failed: String,
}

impl Module for Apk {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let apk = host.required("apk")?;
        if self.name.is_none() && !self.upgrade && !self.update_cache {
            return Err(Failure::new("'NoneType' object is not iterable").uncaught());
        }
        let names: Vec<&str> = self.name.iter().flatten().map(String::as_str).collect();
        let action = if self.upgrade {
            let mut command = vec!["upgrade".to_owned()];
            command.extend(self.available.then(|| "--available".to_owned()));
            Some(Action { command, done: "upgraded packages".into(), failed: "failed to upgrade packages".into() })
        } else if names.is_empty() {
            None
        } else {
            match self.wanted(host, &apk, &names)? {
                Ok(action) => Some(action),
                // The indexes are read all the same, which is no change of the packages.
                Err(msg) => {
                    let plan = Plan { refresh: true, action: None };
                    let changes = Changes::when(self.update_cache && !host.mode().check, plan);
                    return Ok(changes.with("changed", false).with("msg", msg));
                }
            }
        };
        if host.mode().check
            && let Some(action) = &action
        {
            let fields = conclude(action, &host.query(&self.program(&apk, action, true))?)?;
            let is_change = fields["changed"] == true;
            return Ok(Changes::when(is_change, Plan { refresh: false, action: None }).with_all(fields));
        }
        Ok(Changes::of(Plan { refresh: self.update_cache, action }).with("msg", "updated repository indexes"))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let apk = host.required("apk")?;
        let mut fields = Fields::new();
        if plan.refresh {
            let finished = host.run(&self.base(&apk).arg("update"))?;
            if !finished.success() {
                return Err(failed("could not update package db", &finished));
            }
            fields.insert("stdout".into(), json!(finished.out()));
            fields.insert("stderr".into(), json!(finished.err()));
        }
        if let Some(action) = &plan.action {
            fields.extend(conclude(action, &host.run(&self.program(&apk, action, false))?)?);
        }
        Ok(fields)
    }
}

impl Apk {
    fn base(&self, apk: &PathBuf) -> Program {
        let mut program = Program::new(apk).plain_locale();
        if self.no_cache {
            program = program.arg("--no-cache");
        }
        if let Some(repositories) = &self.repository {
            program = program.args(["--repositories-file", "/dev/null"]);
            for repository in repositories {
                program = program.arg("--repository").arg(repository);
            }
        }
        program
    }

    fn program(&self, apk: &PathBuf, action: &Action, simulated: bool) -> Program {
        let mut program = self.base(apk).arg(&action.command[0]);
        if simulated {
            program = program.arg("--simulate");
        }
        program.args(&action.command[1..])
    }

    /// The command that brings packages into the wanted state, or the words for that they are.
    fn wanted(&self, host: &Reader, apk: &PathBuf, names: &[&str]) -> Result<Result<Action, &'static str>, Failure> {
        let query = |arguments: &[&str], name: &str| host.query(&self.base(apk).args(arguments).arg(name));
        let mut chosen: Vec<String> = Vec::new();
        let is_absent = matches!(self.state, State::Absent | State::Removed);
        let world = host.read_text(&self.world)?.unwrap_or_default();
        let mut updates = false;
        for name in names {
            let is_installed = query(&["-v", "info", "--installed"], name)?.success();
            if is_absent {
                chosen.extend(is_installed.then(|| (*name).to_owned()));
                continue;
            }
            let is_top = world.split_whitespace().any(|entry| {
                entry
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '=', '<', '>', '~']))
            });
            let is_old = self.state == State::Latest && is_installed && is_outdated(&query(&["version"], name)?.out());
            updates |= is_old;
            if !is_installed || !is_top || is_old {
                chosen.push((*name).to_owned());
            }
        }
        if chosen.is_empty() {
            return Ok(Err(if is_absent { "package(s) already removed" } else { "package(s) already installed" }));
        }
        let all = python_repr(&json!(chosen));
        let (words, done, failed): (&[&str], _, _) = match is_absent {
            true => {
                (&["del", "--purge"], format!("removed {all} package(s)"), format!("failed to remove {all} package(s)"))
            }
            false if updates => {
                (&["add", "--upgrade"], format!("installed {all} package(s)"), format!("failed to install {all}"))
            }
            false => (&["add"], format!("installed {all} package(s)"), format!("failed to install {all}")),
        };
        let command = words.iter().map(ToString::to_string).chain(chosen).collect();
        Ok(Ok(Action { command, done, failed }))
    }
}

/// Whether `apk version` shows something newer.
fn is_outdated(text: &str) -> bool {
    text.lines().skip(1).any(|line| line.split_whitespace().nth(1) == Some("<"))
}

fn conclude(action: &Action, finished: &Finished) -> Result<Fields, Failure> {
    if !finished.success() {
        return Err(failed(&action.failed, finished));
    }
    let out = finished.out();
    let is_same = action.command[0] == "upgrade" && out.starts_with("OK");
    let mut fields = Fields::new();
    fields.insert("changed".into(), json!(!is_same));
    fields.insert("msg".into(), json!(if is_same { "packages already upgraded" } else { &action.done }));
    fields.insert("stdout".into(), json!(out));
    fields.insert("stderr".into(), json!(finished.err()));
    fields.insert("packages".into(), packages(&out));
    Ok(fields)
}

/// The third words of lines such as `(1/2) Installing nginx (1.26.2-r0)`.
fn packages(text: &str) -> Value {
    let changed = text.lines().filter(|line| line.starts_with('(') && line.contains('/'));
    changed.filter_map(|line| line.split_whitespace().nth(2)).collect()
}

fn failed(msg: &str, finished: &Finished) -> Failure {
    Failure::new(msg)
        .with("stdout", finished.out())
        .with("stderr", finished.err())
        .with("packages", packages(&finished.out()))
}
