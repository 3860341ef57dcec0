//! `user`: accounts of the host.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    choice,
    group::output,
    kit::{
        Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, state::AbsentPresent as State, users,
    },
};

mod account;
pub mod busybox;
mod doubts;
mod home;
mod shadow;
mod ssh_key;

choice! {
    /// When the password is set.
    pub enum UpdatePassword {
        /// Whenever it is another one.
        Always = "always",
        /// For a new account alone.
        OnCreate = "on_create",
    }
}

/// Creates, changes or removes an account, through `useradd`, `usermod`, `userdel`, `chpasswd` and `chage`.
///
/// On Alpine Linux without these `BusyBox`'s programs serve, which change groups and passwords alone of users who are
/// there.
///
/// ```yaml
/// - user:
///     name: james
///     shell: /bin/bash
///     groups: admins,developers
///     append: true
/// - user:
///     name: johnd
///     state: absent
///     remove: true
/// ```
#[derive(Args)]
pub struct User {
    /// The user.
    #[arg(alias = "user")]
    name: String,
    /// The user's number; the system chooses one for a new user where it is missing.
    uid: Option<i64>,
    /// The number may be another user's as well.
    #[arg(default = false)]
    non_unique: bool,
    /// The description (GECOS).
    comment: Option<String>,
    /// The primary group, by name or number.
    group: Option<String>,
    /// Further groups; an empty text stands for none.
    groups: Option<Vec<String>>,
    /// Adds to the further groups the user has, instead of replacing them.
    #[arg(default = false)]
    append: bool,
    /// The home directory.
    home: Option<PathBuf>,
    /// Makes the home directory when it is missing.
    #[arg(alias = "createhome", default = true)]
    create_home: bool,
    /// Moves the old home directory to `home` when that changes.
    #[arg(default = false)]
    move_home: bool,
    /// The directory a new home directory is copied from. Needs `create_home`.
    skeleton: Option<String>,
    /// The login shell.
    shell: Option<PathBuf>,
    /// The password's hash; `!` or `*` for an account without password login.
    #[arg(secret)]
    password: Option<String>,
    /// Whether `password` is set for users that are there already.
    #[arg(default = "always")]
    update_password: UpdatePassword,
    /// Locks the password, or unlocks it.
    password_lock: Option<bool>,
    /// Days a password may be used.
    password_expire_max: Option<i64>,
    /// Days a password has to be used.
    password_expire_min: Option<i64>,
    /// Days of warning before a password has to be changed.
    password_expire_warn: Option<i64>,
    /// Days from then until the account is closed.
    password_expire_account_disable: Option<i64>,
    /// When the account ends, in seconds since 1970; it never ends when negative.
    expires: Option<f64>,
    /// Makes a new account a system account.
    #[arg(default = false)]
    system: bool,
    /// Whether the account is there.
    #[arg(default = "present")]
    state: State,
    /// With `state: absent`, removes the user even when logged in; with `generate_ssh_key`, replaces a key.
    #[arg(default = false)]
    force: bool,
    /// With `state: absent`, removes the home directory and the mail as well.
    #[arg(default = false)]
    remove: bool,
    /// Makes an SSH key for the user when there is none.
    #[arg(default = false)]
    generate_ssh_key: bool,
    /// The key's length.
    ssh_key_bits: Option<i64>,
    /// The key's type.
    #[arg(default = "rsa")]
    ssh_key_type: String,
    /// The key's file, `.ssh/id_TYPE` where it is missing; below the home directory if relative.
    ssh_key_file: Option<PathBuf>,
    /// The key's comment; `ansible-generated on HOSTNAME` where it is missing.
    ssh_key_comment: Option<String>,
    /// The key's passphrase; none where it is missing.
    #[arg(secret)]
    ssh_key_passphrase: Option<String>,
    /// Manages the user in the host's own files, through `luseradd` and its kin, where others come from a directory.
    #[arg(default = false)]
    local: bool,
    /// The file creation mask for a new home directory. Not with `local`.
    umask: Option<String>,
    /// The smallest number a new user may get, instead of that in `/etc/login.defs`. Not with `local`.
    uid_min: Option<i64>,
    /// The greatest number a new user may get, instead of that in `/etc/login.defs`. Not with `local`.
    uid_max: Option<i64>,
    /// The SELinux user of a new account.
    seuser: Option<String>,
    /// Without effect on Linux: Solaris.
    #[expect(dead_code, reason = "it means something on other systems only")]
    authorization: Option<String>,
    /// Without effect on Linux: macOS.
    #[expect(dead_code, reason = "it means something on other systems only")]
    hidden: Option<bool>,
    /// Without effect on Linux: BSD.
    #[expect(dead_code, reason = "it means something on other systems only")]
    login_class: Option<String>,
    /// Without effect on Linux: Solaris.
    #[expect(dead_code, reason = "it means something on other systems only")]
    profile: Option<String>,
    /// Without effect on Linux: Solaris.
    #[expect(dead_code, reason = "it means something on other systems only")]
    role: Option<String>,
}

/// One thing to do for an account.
pub enum Step {
    /// A program.
    Run(Program),
    /// Directories above a new home directory.
    Parents(PathBuf),
    /// The home directory.
    Home,
    /// The SSH key.
    Key,
}

impl Module for User {
    type Plan = Vec<Step>;

    fn inspect(&self, host: &Reader) -> Result<Changes<Vec<Step>>, Failure> {
        self.check()?;
        let found = self.find();
        let steps = match (self.state, &found) {
            (State::Absent, None) => Vec::new(),
            (State::Absent, Some(_)) => vec![Step::Run(self.removal(host)?)],
            (State::Present, None) => self.creation(host)?,
            (State::Present, Some(user)) => self.change(user, host)?,
        };
        let found_home = found.as_ref().map(|user| user.home.clone());
        let changes = Changes::when(!steps.is_empty(), steps);
        let changes = changes.with("name", self.name.clone()).with("state", self.state.as_str());
        let mut changes = match (self.state, found) {
            (State::Absent, Some(_)) => changes.with("force", self.force).with("remove", self.remove),
            (State::Present, Some(user)) => {
                let changes = changes.with("append", self.append).with("move_home", self.move_home);
                changes.with_all(self.fields(&user, host)?)
            }
            (State::Present, None) => changes.with("create_home", self.create_home).with("system", self.system),
            (State::Absent, None) => changes,
        };
        if self.state == State::Present {
            changes.warn(self.missing_groups(host));
            changes.warn(self.doubts(found_home.as_deref(), host));
        }
        Ok(changes)
    }

    fn apply(&self, steps: Vec<Step>, host: &mut Writer) -> Result<Fields, Failure> {
        let mut all = Finished::default();
        for step in steps {
            let finished = match step {
                Step::Run(program) => host.run(&program.plain_locale())?,
                Step::Parents(home) => {
                    home::make_parents(&home, host)?;
                    continue;
                }
                Step::Home => {
                    self.make_home(&self.expected()?, host)?;
                    continue;
                }
                Step::Key => self.make_key(&self.expected()?, host)?,
            };
            if !finished.success() {
                return Err(failed(&self.name, &finished));
            }
            all.stdout.extend(finished.stdout);
            all.stderr.extend(finished.stderr);
        }
        let mut fields = output(&all);
        if self.state == State::Present {
            fields.extend(self.fields(&self.expected()?, host)?);
        }
        Ok(fields)
    }
}

/// The failure of a program.
fn failed(name: &str, finished: &Finished) -> Failure {
    let said = if finished.stderr.is_empty() { finished.out() } else { finished.err() };
    Failure::new(said).with("name", name).with("rc", finished.rc)
}

impl User {
    fn check(&self) -> Result<(), Failure> {
        let limits =
            [("uid_min", self.uid_min.is_some()), ("uid_max", self.uid_max.is_some()), ("umask", self.umask.is_some())];
        if let Some((name, _)) = limits.iter().find(|(_, given)| self.local && *given) {
            return Err(Failure::new(format!("'{name}' can not be used with 'local'")));
        }
        // Such a text would become further fields, or lines, of /etc/shadow.
        if self.password.as_ref().is_some_and(|password| password.contains([':', '\n'])) {
            return Err(Failure::new("a password's hash has neither a colon nor a line break in it"));
        }
        // `ssh-keygen` would take the first line alone.
        if self.ssh_key_passphrase.as_ref().is_some_and(|passphrase| passphrase.contains('\n')) {
            return Err(Failure::new("a key's passphrase has no line break in it"));
        }
        Ok(())
    }

    fn find(&self) -> Option<users::User> {
        if self.local { users::local_user(&self.name) } else { users::user(&self.name) }
    }

    fn expected(&self) -> Result<users::User, Failure> {
        self.find().ok_or_else(|| Failure::new(format!("the user {} is not there", self.name)))
    }

    /// What the result says about a user who is there.
    fn fields(&self, user: &users::User, host: &Reader) -> Result<Fields, Failure> {
        let mut fields = self.key_fields(&user.home, host)?;
        fields.insert("uid".into(), json!(user.uid));
        fields.insert("group".into(), json!(user.gid));
        fields.insert("comment".into(), json!(user.gecos));
        fields.insert("home".into(), json!(user.home));
        fields.insert("shell".into(), json!(user.shell));
        if let Some(groups) = &self.groups {
            fields.insert("groups".into(), json!(groups.join(",")));
        }
        if self.password.is_some() {
            fields.insert("password".into(), json!("NOT_LOGGING_PASSWORD"));
        }
        Ok(fields)
    }
}
