//! Accounts of Alpine Linux without shadow: `BusyBox`'s `adduser` and `deluser`, which change no one who is there.

use std::path::Path;

use super::{Step, UpdatePassword, User, shadow::Shadow};
use crate::kit::{Failure, Program, Reader, users};

/// Whether `BusyBox`'s programs have to do, where shadow's is missing.
pub fn serves(host: &Reader, missing: &str) -> bool {
    let release = || host.read_text("/etc/os-release").ok().flatten().unwrap_or_default();
    host.which(missing).is_none() && release().lines().any(|line| line == "ID=alpine")
}

/// One of its programs.
pub fn program(host: &Reader, name: &str) -> Result<Program, Failure> {
    Ok(Program::new(host.required_for_change(name)?))
}

impl User {
    /// For a user who is not there.
    pub(super) fn busybox_creation(&self, host: &Reader) -> Result<Vec<Step>, Failure> {
        let mut adduser = program(host, "adduser")?.arg("-D");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let setting = |name: &str, value: Option<String>| value.map(|value| format!("{name}={value}"));
        let options = [
            ("-u", self.uid.map(|uid| uid.to_string())),
            ("-G", self.primary(host)?.and(self.group.clone())),
            ("-g", self.comment.clone()),
            ("-h", self.home.as_deref().map(text)),
            ("-s", self.shell.as_deref().map(text)),
            ("-k", self.skeleton.clone()),
            ("-K", setting("UMASK", self.umask.clone())),
            ("-K", setting("UID_MIN", self.uid_min.map(|uid| uid.to_string()))),
            ("-K", setting("UID_MAX", self.uid_max.map(|uid| uid.to_string()))),
        ];
        for (flag, value) in options {
            if let Some(value) = value {
                adduser = adduser.arg(flag).arg(value);
            }
        }
        for (flag, is_set) in [("-H", !self.create_home), ("-S", self.system)] {
            if is_set {
                adduser = adduser.arg(flag);
            }
        }
        let mut steps = vec![Step::Run(adduser.arg(&self.name))];
        self.busybox_password(host, &mut steps)?;
        for group in self.wanted_groups(None, host)?.iter().flatten() {
            steps.push(Step::Run(program(host, "adduser")?.arg(&self.name).arg(group)));
        }
        self.ageing(host, &Shadow::fresh(), &mut steps)?;
        self.new_belongings(&mut steps);
        Ok(steps)
    }

    /// For a user who is there.
    pub(super) fn busybox_change(&self, user: &users::User, host: &Reader) -> Result<Vec<Step>, Failure> {
        let mut steps = Vec::new();
        let groups = users::local_groups().into_iter();
        let present = groups.filter(|group| group.gid != user.gid && group.members.contains(&self.name));
        let present: Vec<String> = present.map(|group| group.name).collect();
        let wanted = self.wanted_groups(Some(user.gid), host)?.unwrap_or_default();
        for group in wanted.iter().filter(|group| !present.contains(group)) {
            steps.push(Step::Run(program(host, "adduser")?.arg(&self.name).arg(group)));
        }
        let is_exact = !self.append && self.groups.as_ref().is_some_and(|groups| groups.iter().any(|g| !g.is_empty()));
        for group in present.iter().filter(|group| is_exact && !wanted.contains(group)) {
            steps.push(Step::Run(program(host, "delgroup")?.arg(&self.name).arg(group)));
        }
        let shadow = Shadow::of(&self.name, host)?;
        if self.update_password == UpdatePassword::Always && self.password.as_ref() != Some(&shadow.password) {
            self.busybox_password(host, &mut steps)?;
        }
        self.ageing(host, &shadow, &mut steps)?;
        self.belongings(user, host, &mut steps);
        Ok(steps)
    }

    /// For a user who has to go.
    pub(super) fn busybox_removal(&self, host: &Reader) -> Result<Program, Failure> {
        let program = program(host, "deluser")?.arg(&self.name);
        Ok(if self.remove { program.arg("--remove-home") } else { program })
    }

    fn busybox_password(&self, host: &Reader, steps: &mut Vec<Step>) -> Result<(), Failure> {
        if let Some(hash) = &self.password {
            let program = Program::new(host.required("chpasswd")?).arg("-e");
            steps.push(Step::Run(program.stdin(format!("{}:{hash}\n", self.name))));
        }
        Ok(())
    }
}
