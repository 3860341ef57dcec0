//! `pip`: Python packages, by the host's pip.

mod environment;
mod requirement;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, shlex},
};

use requirement::Requirement;

choice! {
    /// What is wanted of packages.
    enum State {
        /// Installed.
        Present = "present",
        /// Not installed.
        Absent = "absent",
        /// Installed in the newest version.
        Latest = "latest",
        /// Installed anew.
        ForceReinstall = "forcereinstall",
    }
}

/// Installs and removes Python packages with pip, in the system or in a virtual environment.
///
/// ```yaml
/// - pip:
///     name:
///     - flask>=2,<3
///     - gunicorn
///     virtualenv: /srv/app/venv
///     virtualenv_command: python3 -m venv
/// ```
#[derive(Args)]
#[args(one_of("name", "requirements"), exclusive("name", "requirements"), exclusive("executable", "virtualenv"))]
pub struct Pip {
    /// Packages: names, with versions as pip takes them, addresses, paths.
    name: Option<Vec<String>>,
    /// The version, for a single name without one.
    version: Option<String>,
    /// A file of requirements on the host; relative to `chdir`.
    requirements: Option<String>,
    /// What is wanted of them.
    #[arg(default = "present")]
    state: State,
    /// Words that are added to pip's command line.
    extra_args: Option<String>,
    /// Passes `-e`, for sources that are worked on.
    #[arg(default = false)]
    editable: bool,
    /// The directory that pip starts in.
    chdir: Option<PathBuf>,
    /// The pip to use, a name or a path.
    executable: Option<PathBuf>,
    /// The virtual environment to install into, relative to `chdir`; it is made when it is missing.
    virtualenv: Option<PathBuf>,
    /// The command that makes virtual environments.
    #[arg(default = "virtualenv")]
    virtualenv_command: PathBuf,
    /// Whether a virtual environment that is made sees the system's packages.
    #[arg(default = false)]
    virtualenv_site_packages: bool,
    /// The Python for a virtual environment that is made.
    virtualenv_python: Option<String>,
    /// The file creation mask while pip runs, octal.
    umask: Option<String>,
    /// Lets pip change a system that another package manager looks after.
    #[arg(default = false)]
    break_system_packages: bool,
}

/// What is done.
pub struct Plan {
    requirements: Vec<Requirement>,
    umask: Option<u32>,
    /// pip's command line; `None` where its virtual environment has to be made.
    pip: Option<Vec<PathBuf>>,
}

impl Module for Pip {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if self.state == State::Latest && self.version.is_some() {
            return Err(Failure::new("version is incompatible with state=latest"));
        }
        let umask = self.umask.as_deref().map(|text| {
            u32::from_str_radix(text.trim_start_matches("0o"), 8).map_err(|_| {
                Failure::new("umask must be an octal integer")
                    .with("details", format!("invalid literal for int() with base 8: '{text}'"))
            })
        });
        let umask = umask.transpose()?;
        let requirements = self.named()?;
        let mut plan = Plan { requirements, umask, pip: None };
        if self.environment().is_some_and(|folder| !host.exists(folder.join("bin/activate"))) {
            if !host.mode().check {
                self.environment_command(host)?;
            }
            return Ok(Changes::of(plan));
        }
        if plan.requirements.is_empty() && self.file().is_none() {
            return Ok(Changes::none().with("warnings", ["No valid name or requirements file found."]));
        }
        let pip = self.pip(host)?;
        plan.pip = Some(pip.clone());
        let is_told = self.extra_args.is_none() && self.state != State::Latest && self.file().is_none();
        if !host.mode().check || !is_told {
            return Ok(Changes::of(plan));
        }
        let listed = host.query(&self.list(&pip))?;
        let out = listed.out();
        let differs = plan.requirements.iter().any(|wanted| {
            let is_there = out.lines().any(|line| wanted.is_met_by(line));
            is_there == (self.state == State::Absent)
        });
        let differs = differs && self.state != State::ForceReinstall;
        let cmd = self.list(&pip).line();
        Ok(Changes::when(differs, plan).with("cmd", cmd).with("stdout", out).with("stderr", listed.err()))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut venv = Finished::default();
        let is_new = plan.pip.is_none();
        if is_new {
            venv = self.make_environment(host, plan.umask)?;
        }
        if plan.requirements.is_empty() && self.file().is_none() {
            return Ok(Fields::from_iter([("changed".to_owned(), json!(is_new))]));
        }
        let pip = plan.pip.map_or_else(|| self.pip(host), Ok)?;
        let mut program = self.ready(Program::new(&pip[0]).args(&pip[1..]), plan.umask);
        program = program.args(match self.state {
            State::Present => &["install"][..],
            State::Absent => &["uninstall", "-y"],
            State::Latest => &["install", "-U"],
            State::ForceReinstall => &["install", "-U", "--force-reinstall"],
        });
        if let Some(extra) = &self.extra_args {
            program = program.args(shlex::split(extra).map_err(Failure::new)?);
        }
        if self.editable && !program.argv().iter().any(|word| word == "-e") {
            program = program.arg("-e");
        }
        program = program.args(plan.requirements.iter().map(ToString::to_string));
        if let Some(file) = self.file() {
            program = program.arg("-r").arg(file);
        }
        let installed = |host: &Writer| Ok::<_, Failure>(host.query(&self.list(&pip))?.stdout);
        let before = if self.compares() { Some(installed(host)?) } else { None };
        let finished = host.run(&program)?;
        let (out, err) = (venv.out() + &finished.out(), venv.err() + &finished.err());
        let is_gone = self.state == State::Absent && (out.contains("not installed") || err.contains("not installed"));
        if !(finished.success() || finished.rc == 1 && is_gone) {
            return Err(failure(&program, &out, &err));
        }
        // What pip is told not to say counts for nothing, as in Ansible.
        let done = if self.state == State::Absent { "Successfully uninstalled" } else { "Successfully installed" };
        let changed = match before {
            Some(before) => installed(host)? != before,
            None => out.contains(done),
        };
        let mut fields = Fields::new();
        fields.insert("changed".into(), json!(changed || is_new));
        fields.insert("cmd".into(), words(&program));
        fields.insert("name".into(), json!(self.name));
        fields.insert("version".into(), json!(self.version));
        fields.insert("state".into(), json!(self.state.as_str()));
        fields.insert("requirements".into(), json!(self.requirements));
        fields.insert("virtualenv".into(), json!(self.environment()));
        fields.insert("stdout".into(), json!(out));
        fields.insert("stderr".into(), json!(err));
        Ok(fields)
    }
}

impl Pip {
    /// The file of requirements; an empty name is none.
    fn file(&self) -> Option<&String> {
        self.requirements.as_ref().filter(|file| !file.is_empty())
    }

    /// Whether only what is installed before and after tells of a change.
    fn compares(&self) -> bool {
        let is_source = |name: &String| ["svn+", "git+", "hg+", "bzr+"].iter().any(|kind| name.starts_with(kind));
        let is_open = self.file().is_some() || self.name.iter().flatten().any(is_source);
        self.state != State::Absent && is_open
    }

    /// The packages of `name`, put together again where a comma is part of a version.
    fn named(&self) -> Result<Vec<Requirement>, Failure> {
        let mut named = requirement::parse(self.name.as_deref().unwrap_or_default());
        let Some(version) = &self.version else { return Ok(named) };
        match named.as_mut_slice() {
            [] => {}
            [one] => {
                if one.has_version() {
                    return Err(Failure::new(
                        "The 'version' argument conflicts with any version specifier provided along with a package name. \
                         Please keep the version specifier, but remove the 'version' argument.",
                    ));
                }
                one.set_version(version);
            }
            _ => {
                return Err(Failure::new(
                    "'version' argument is ambiguous when installing multiple package distributions. Please specify \
                     version restrictions next to each package in 'name' argument.",
                ));
            }
        }
        Ok(named)
    }

    /// pip, ready to be given its command.
    fn ready(&self, program: Program, umask: Option<u32>) -> Program {
        let folder = self.chdir.clone().filter(|folder| folder.is_dir());
        let mut program = program.directory(folder.unwrap_or_else(|| "/tmp".into()));
        program = program.env("LC_ALL", "C.UTF-8").env("LANG", "C.UTF-8");
        if self.break_system_packages {
            program = program.env("PIP_BREAK_SYSTEM_PACKAGES", "1");
        }
        if let Some(umask) = umask {
            program = program.umask(umask);
        }
        program
    }

    fn list(&self, pip: &[PathBuf]) -> Program {
        self.ready(Program::new(&pip[0]).args(&pip[1..]), None).args(["list", "--format=freeze"])
    }
}

/// The command line as results have it.
fn words(program: &Program) -> Value {
    program.argv().iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

fn failure(program: &Program, out: &str, err: &str) -> Failure {
    let mut msg = String::new();
    if !out.is_empty() {
        msg.push_str(&format!("stdout: {out}"));
    }
    if !err.is_empty() {
        msg.push_str(&format!("\n:stderr: {err}"));
    }
    Failure::new(msg).with("cmd", words(program))
}
