//! `group`: groups of the host.

use crate::{
    kit::{
        Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, file_args::Attributes,
        state::AbsentPresent as State, users,
    },
    user::busybox,
};

const FILE: &str = "/etc/group";

/// Creates, changes or removes a group, through `groupadd`, `groupmod` and `groupdel`, or those of Alpine Linux.
///
/// ```yaml
/// - group:
///     name: docker
///     gid: 1750
/// - group:
///     name: oldstaff
///     state: absent
/// ```
#[derive(Args)]
pub struct Group {
    /// The group.
    name: String,
    /// Its number; the system chooses one for a new group where it is missing.
    gid: Option<i64>,
    /// Whether it is there.
    #[arg(default = "present")]
    state: State,
    /// Makes a new group a system group, with a number from that range.
    #[arg(default = false)]
    system: bool,
    /// Manages the group in the host's own files, through `lgroupadd` and its kin, where others come from a directory.
    #[arg(default = false)]
    local: bool,
    /// The number may be another group's as well. Needs `gid`.
    #[arg(default = false)]
    non_unique: bool,
    /// Removes the group even when it is a user's primary group.
    #[arg(default = false)]
    force: bool,
    /// The smallest number a new group may get, instead of that in `/etc/login.defs`. Not with `local`.
    gid_min: Option<i64>,
    /// The greatest number a new group may get, instead of that in `/etc/login.defs`. Not with `local`.
    gid_max: Option<i64>,
}

/// How a group gets as wanted.
pub enum Step {
    /// By a program.
    Run(Program),
    /// By this text of the file of groups.
    Write(String),
}

impl Module for Group {
    type Plan = Step;

    fn inspect(&self, host: &Reader) -> Result<Changes<Step>, Failure> {
        self.check()?;
        let found = if self.local { users::local_group(&self.name) } else { users::group(&self.name) };
        let step = match (self.state, &found) {
            (State::Absent, None) => None,
            (State::Absent, Some(_)) => Some(Step::Run(self.removal(host)?)),
            (State::Present, None) => Some(Step::Run(self.creation(host)?)),
            (State::Present, Some(group)) => match self.gid {
                Some(gid) if gid != i64::from(group.gid) => Some(self.change(host, group, gid)?),
                _ => None,
            },
        };
        let changes = step.map_or_else(Changes::none, Changes::of);
        let changes = changes.with("name", self.name.clone()).with("state", self.state.as_str());
        Ok(match (self.state, found) {
            (State::Present, Some(group)) => changes.with("gid", group.gid).with("system", self.system),
            _ => changes,
        })
    }

    fn apply(&self, step: Step, host: &mut Writer) -> Result<Fields, Failure> {
        let finished = match step {
            Step::Run(program) => host.run(&program.plain_locale())?,
            Step::Write(text) => {
                host.write(FILE.as_ref(), text.into_bytes().into(), &Attributes::default())?;
                Finished::default()
            }
        };
        if !finished.success() {
            return Err(Failure::new(finished.err()).with("name", self.name.clone()));
        }
        let mut fields = output(&finished);
        let found = if self.local { users::local_group(&self.name) } else { users::group(&self.name) };
        if let Some(group) = found.filter(|_| self.state == State::Present) {
            fields.insert("gid".into(), group.gid.into());
            fields.insert("system".into(), self.system.into());
        }
        Ok(fields)
    }
}

/// What a program said, as far as it said something.
pub fn output(finished: &Finished) -> Fields {
    let mut fields = Fields::new();
    for (name, text) in [("stdout", finished.out()), ("stderr", finished.err())] {
        if !text.is_empty() {
            fields.insert(name.into(), text.into());
        }
    }
    fields
}

impl Group {
    fn check(&self) -> Result<(), Failure> {
        if self.non_unique && self.gid.is_none() {
            return Err(Failure::new("non_unique is True but all of the following are missing: gid"));
        }
        if self.local && self.force {
            let msg = "force is not a valid option for local, force=True and local=True are mutually exclusive";
            return Err(Failure::new(msg));
        }
        if !self.local {
            return Ok(());
        }
        for (name, limit) in [("gid_min", self.gid_min), ("gid_max", self.gid_max)] {
            if limit.is_some() {
                return Err(Failure::new(format!("'{name}' can not be used with 'local'")));
            }
        }
        Ok(())
    }

    fn creation(&self, host: &Reader) -> Result<Program, Failure> {
        let is_busybox = busybox::serves(host, "groupadd");
        let mut program =
            if is_busybox { busybox::program(host, "addgroup")? } else { self.program(host, "groupadd")? };
        if let Some(gid) = self.gid {
            program = if is_busybox { program.arg("-g").arg(gid.to_string()) } else { self.numbered(program, gid)? };
        }
        if self.system {
            program = program.arg(if is_busybox { "-S" } else { "-r" });
        }
        for (name, limit) in [("GID_MIN", self.gid_min), ("GID_MAX", self.gid_max)] {
            if let Some(limit) = limit {
                program = program.arg("-K").arg(format!("{name}={limit}"));
            }
        }
        Ok(program.arg(&self.name))
    }

    fn change(&self, host: &Reader, group: &users::Group, gid: i64) -> Result<Step, Failure> {
        if !busybox::serves(host, "groupadd") {
            let program = Program::new(host.required(&self.named("groupmod"))?);
            return Ok(Step::Run(self.numbered(program, gid)?.arg(&self.name)));
        }
        // BusyBox has no program for that.
        let text = host.read_utf8(FILE)?.unwrap_or_default();
        if text.contains(&format!(":{gid}:")) {
            return Err(Failure::new(format!("gid '{gid}' in use")));
        }
        let (old, new) = (format!("{}:x:{}:", self.name, group.gid), format!("{}:x:{gid}:", self.name));
        let lines = text.split_inclusive('\n');
        let lines = lines.map(|line| line.strip_prefix(&old).map_or(line.to_owned(), |rest| format!("{new}{rest}")));
        Ok(Step::Write(lines.collect()))
    }

    fn removal(&self, host: &Reader) -> Result<Program, Failure> {
        if busybox::serves(host, "groupadd") {
            return Ok(busybox::program(host, "delgroup")?.arg(&self.name));
        }
        let program = self.program(host, "groupdel")?;
        let program = if self.force { program.arg("-f") } else { program };
        Ok(program.arg(&self.name))
    }

    fn program(&self, host: &Reader, name: &str) -> Result<Program, Failure> {
        Ok(Program::new(host.required_for_change(&self.named(name))?))
    }

    fn named(&self, program: &str) -> String {
        if self.local { format!("l{program}") } else { program.to_owned() }
    }

    fn numbered(&self, program: Program, gid: i64) -> Result<Program, Failure> {
        let program = program.arg("-g").arg(gid.to_string());
        if !self.local {
            return Ok(if self.non_unique { program.arg("-o") } else { program });
        }
        // The local commands share no number, whatever `non_unique` says.
        let other = u32::try_from(gid).ok().and_then(users::local_group_by_id);
        match other.filter(|other| other.name != self.name) {
            Some(other) => Err(Failure::new(format!("GID '{gid}' already exists with group '{}'", other.name))
                .with("name", self.name.clone())),
            None => Ok(program),
        }
    }
}
