//! Which programs make an account as wanted.

use super::{
    Step, UpdatePassword, User, busybox,
    shadow::{self, Shadow},
};
use crate::kit::{Failure, Program, Reader, failure::to_come, users};

/// No group has this number (`man 2 setregid`).
const NO_GID: u32 = u32::MAX;

/// What is said about a group that is not there.
fn missing(group: &str) -> String {
    format!("Group {group} does not exist")
}

impl User {
    /// For a user who is not there.
    pub(super) fn creation(&self, host: &Reader) -> Result<Vec<Step>, Failure> {
        if busybox::serves(host, "useradd") {
            return self.busybox_creation(host);
        }
        let mut steps = Vec::new();
        let primary = self.primary(host)?;
        let groups = self.wanted_groups(None, host)?;
        let mut program = self.attributes(self.program(host, "useradd")?, None);
        match &primary {
            Some(group) => program = program.arg("-g").arg(&group.name),
            // `useradd` would fail to make a group that is there.
            None if self.named_group().is_some() => program = program.arg(if self.local { "-n" } else { "-N" }),
            None => {}
        }
        if self.system {
            program = program.arg("-r");
        }
        if self.create_home {
            if let Some(home) = self.home.as_ref().filter(|home| home.parent().is_some_and(|up| !host.exists(up))) {
                steps.push(Step::Parents(home.clone()));
            }
            program = if self.local { program } else { program.arg("-m") };
            if let Some(skeleton) = &self.skeleton {
                program = program.arg("-k").arg(skeleton);
            }
        } else {
            program = program.arg("-M");
        }
        for (name, value) in [("UID_MIN", self.uid_min), ("UID_MAX", self.uid_max)] {
            if let Some(value) = value {
                program = program.arg("-K").arg(format!("{name}={value}"));
            }
        }
        if let Some(umask) = &self.umask {
            program = program.arg("-K").arg(format!("UMASK={umask}"));
        }
        if let Some(seuser) = self.seuser.as_ref().filter(|_| !self.local) {
            program = program.arg("-Z").arg(seuser);
        }
        if let Some(groups) = groups.as_ref().filter(|groups| !self.local && !groups.is_empty()) {
            program = program.arg("-G").arg(groups.join(","));
        }
        steps.push(Step::Run(program.arg(&self.name)));
        if self.local {
            self.local_memberships(host, &[], &groups.unwrap_or_default(), &mut steps)?;
        }
        let fresh = Shadow::fresh();
        self.password(host, &fresh, true, &mut steps)?;
        self.ageing(host, &fresh, &mut steps)?;
        // A system user gets no home from `luseradd`.
        self.new_belongings(&mut steps);
        Ok(steps)
    }

    /// For a user who is there.
    pub(super) fn change(&self, user: &users::User, host: &Reader) -> Result<Vec<Step>, Failure> {
        if busybox::serves(host, "useradd") {
            return self.busybox_change(user, host);
        }
        let mut steps = Vec::new();
        let shadow = Shadow::of(&self.name, host)?;
        let primary = self.primary(host)?;
        let usermod = self.program(host, "usermod")?;
        let untouched = usermod.line();
        let mut program = self.attributes(usermod, Some(user));
        if let Some(group) = primary.filter(|group| group.gid != user.gid) {
            // `lusermod` takes no name.
            program = program.arg("-g").arg(group.gid.to_string());
        }
        let present = users::local_groups().into_iter().filter(|group| group.members.contains(&self.name));
        let present: Vec<String> = present.map(|group| group.name).collect();
        if let Some(wanted) = self.wanted_groups(None, host)? {
            let added: Vec<String> = wanted.iter().filter(|name| !present.contains(name)).cloned().collect();
            let removed: Vec<String> =
                present.iter().filter(|name| !self.append && !wanted.contains(name)).cloned().collect();
            if self.local {
                self.local_memberships(host, &removed, &added, &mut steps)?;
            } else if self.append && !added.is_empty() {
                program = program.arg("-a").arg("-G").arg(added.join(","));
            } else if !added.is_empty() || !removed.is_empty() {
                program = program.arg("-G").arg(wanted.join(","));
            }
        }
        if program.line() != untouched {
            steps.insert(0, Step::Run(program.arg(&self.name)));
        }
        self.password(host, &shadow, false, &mut steps)?;
        self.ageing(host, &shadow, &mut steps)?;
        self.belongings(user, host, &mut steps);
        Ok(steps)
    }

    /// The home directory and the key of a user who is new.
    pub(super) fn new_belongings(&self, steps: &mut Vec<Step>) {
        if self.create_home {
            steps.push(Step::Home);
        }
        if self.generate_ssh_key {
            steps.push(Step::Key);
        }
    }

    /// The home directory and the key of a user who is there.
    pub(super) fn belongings(&self, user: &users::User, host: &Reader, steps: &mut Vec<Step>) {
        let home = self.home.as_ref().map_or_else(|| user.home.clone(), |home| home.to_string_lossy().into_owned());
        let moves = self.move_home && home != user.home && host.exists(&user.home);
        if self.create_home && !moves && !host.exists(&home) {
            steps.push(Step::Home);
        }
        if self.needs_key(&home, host) {
            steps.push(Step::Key);
        }
    }

    /// For a user who has to go.
    pub(super) fn removal(&self, host: &Reader) -> Result<Program, Failure> {
        if busybox::serves(host, "useradd") {
            return self.busybox_removal(host);
        }
        let mut program = self.program(host, "userdel")?;
        if self.force && !self.local {
            program = program.arg("-f");
        }
        if self.remove {
            program = program.arg("-r");
        }
        Ok(program.arg(&self.name))
    }

    fn program(&self, host: &Reader, name: &str) -> Result<Program, Failure> {
        let name = if self.local { format!("l{name}") } else { name.to_owned() };
        Ok(Program::new(host.required_for_change(&name)?))
    }

    /// What `useradd` and `usermod` have in common: the attributes that differ.
    fn attributes(&self, mut program: Program, user: Option<&users::User>) -> Program {
        if let Some(uid) = self.uid.filter(|uid| user.is_none_or(|user| i64::from(user.uid) != *uid)) {
            program = program.arg("-u").arg(uid.to_string());
            if self.non_unique && !self.local {
                program = program.arg("-o");
            }
        }
        let home = self.home.as_ref().map(|path| path.to_string_lossy().into_owned());
        let shell = self.shell.as_ref().map(|path| path.to_string_lossy().into_owned());
        let texts = [
            ("-c", self.comment.clone(), user.map(|user| &user.gecos)),
            ("-d", home, user.map(|user| &user.home)),
            ("-s", shell, user.map(|user| &user.shell)),
        ];
        for (flag, wanted, present) in texts {
            if let Some(wanted) = wanted.filter(|wanted| Some(wanted) != present) {
                program = program.arg(flag).arg(wanted);
                if flag == "-d" && user.is_some() && self.move_home {
                    program = program.arg("-m");
                }
            }
        }
        program
    }

    fn lookup(&self, name: &str) -> Option<users::Group> {
        let number = || {
            name.parse()
                .ok()
                .and_then(|gid| if self.local { users::local_group_by_id(gid) } else { users::group_by_id(gid) })
        };
        let named = if self.local { users::local_group(name) } else { users::group(name) };
        named.or_else(number)
    }

    /// The group of that name or number. One that may come stands for itself.
    fn expected_group(&self, name: &str, host: &Reader) -> Result<users::Group, Failure> {
        let to_come = || users::Group { name: name.to_owned(), gid: NO_GID, members: Vec::new() };
        let group = self.lookup(name).or_else(|| self.awaits_groups(host).then(to_come));
        group.ok_or_else(|| Failure::new(missing(name)))
    }

    /// Whether groups that are not there may come: with an earlier task, and for a new user check mode always says so.
    fn awaits_groups(&self, host: &Reader) -> bool {
        host.may_come() || (host.mode().check && self.find().is_none())
    }

    /// What check mode says about groups that may come; others that are not there are failures.
    pub(super) fn missing_groups(&self, host: &Reader) -> Vec<String> {
        let names = self.group.iter().chain(self.groups.iter().flatten()).map(|name| name.trim());
        let names = names.filter(|name| self.awaits_groups(host) && !name.is_empty() && self.lookup(name).is_none());
        names.map(|name| to_come(&missing(name))).collect()
    }

    fn named_group(&self) -> Option<users::Group> {
        if self.local { users::local_group(&self.name) } else { users::group(&self.name) }
    }

    pub(super) fn primary(&self, host: &Reader) -> Result<Option<users::Group>, Failure> {
        self.group.as_deref().map(|group| self.expected_group(group, host)).transpose()
    }

    /// The names of the further groups, but for the primary one.
    pub(super) fn wanted_groups(&self, primary: Option<u32>, host: &Reader) -> Result<Option<Vec<String>>, Failure> {
        let Some(groups) = &self.groups else { return Ok(None) };
        let mut names: Vec<String> = Vec::new();
        for group in groups.iter().map(|group| group.trim()).filter(|group| !group.is_empty()) {
            let group = self.expected_group(group, host)?;
            if Some(group.gid) != primary && !names.contains(&group.name) {
                names.push(group.name);
            }
        }
        Ok(Some(names))
    }

    fn local_memberships(
        &self,
        host: &Reader,
        removed: &[String],
        added: &[String],
        steps: &mut Vec<Step>,
    ) -> Result<(), Failure> {
        for (flag, groups) in [("-m", removed), ("-M", added)] {
            for group in groups {
                let program = Program::new(host.required("lgroupmod")?);
                steps.push(Step::Run(program.arg(flag).arg(&self.name).arg(group)));
            }
        }
        Ok(())
    }

    fn password(&self, host: &Reader, shadow: &Shadow, is_new: bool, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let stripped = |text: &str| text.trim_start_matches('!').to_owned();
        let given = self.password.as_deref().filter(|_| is_new || self.update_password == UpdatePassword::Always);
        let given = given.filter(|given| {
            if is_new { *given != shadow.password } else { stripped(given) != stripped(&shadow.password) }
        });
        let is_locked = shadow.password.starts_with('!');
        match (given, self.password_lock) {
            (Some(""), lock) if lock != Some(true) => {
                steps.push(Step::Run(self.program(host, "usermod")?.arg("-p").arg("").arg(&self.name)));
            }
            (Some(hash), lock) => {
                let hash = if lock == Some(true) { format!("!{}", stripped(hash)) } else { hash.to_owned() };
                // Anybody may see the arguments of a program.
                let program = Program::new(host.required("chpasswd")?).arg("-e");
                steps.push(Step::Run(program.stdin(format!("{}:{hash}\n", self.name))));
            }
            // A new account has no password that could be unlocked.
            (None, Some(lock)) if lock != is_locked && (lock || !is_new) => {
                let flag = if lock { "-L" } else { "-U" };
                steps.push(Step::Run(self.program(host, "usermod")?.arg(flag).arg(&self.name)));
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn ageing(&self, host: &Reader, shadow: &Shadow, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let mut arguments = Vec::new();
        let days = [
            ("-M", self.password_expire_max, shadow.max),
            ("-m", self.password_expire_min, shadow.min),
            ("-W", self.password_expire_warn, shadow.warn),
            ("-I", self.password_expire_account_disable, shadow.inactive),
        ];
        for (flag, wanted, present) in days {
            if let Some(wanted) = wanted.filter(|wanted| shadow.is_there && *wanted != present) {
                arguments.extend([flag.to_owned(), wanted.to_string()]);
            }
        }
        if let Some(expires) = self.expires {
            if expires.abs() >= i64::MAX as f64 {
                let why = "timestamp out of range for platform time_t";
                return Err(Failure::new(format!("Invalid value for 'expires' None: {why}")));
            }
            let day = if expires < 0.0 { -1 } else { (expires / 86_400.0) as i64 };
            if day != shadow.expires {
                arguments.push("-E".into());
                arguments.push(if day < 0 { "-1".into() } else { shadow::date(day) });
            }
        }
        if !arguments.is_empty() {
            steps.push(Step::Run(Program::new(host.required("chage")?).args(arguments).arg(&self.name)));
        }
        Ok(())
    }
}
