//! `cron`: jobs and variables of crontabs.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    choice,
    edit::Text,
    kit::{Args, Changes, Diff, Failure, Fields, Module, Reader, Writer, state::PresentAbsent as State},
};

pub mod place;
mod table;

use place::Place;
use table::{Beside, Table};

choice! {
    /// The times that have names.
    pub enum Special {
        /// Whenever cron is started.
        Reboot = "reboot",
        /// Every first of January.
        Yearly = "yearly",
        /// Every first of January.
        Annually = "annually",
        /// Every first of the month.
        Monthly = "monthly",
        /// Every Sunday.
        Weekly = "weekly",
        /// Every midnight.
        Daily = "daily",
        /// Every full hour.
        Hourly = "hourly",
    }
}

/// Adds, changes or removes a job of a crontab, or a variable.
///
/// A job is found again by the comment with its name (`#Ansible: NAME`) in the line above it. A crontab that is as
/// wanted is not written. `jobs` and `envs` in the result are the names of all that it has then.
///
/// ```yaml
/// - cron:
///     name: check dirs
///     minute: "0"
///     hour: "5,2"
///     job: ls -alh > /dev/null
/// - cron:
///     name: PATH
///     env: true
///     job: /opt/bin
/// - cron:
///     name: autoupdate
///     special_time: daily
///     user: root
///     job: /usr/sbin/autoupdate
///     cron_file: autoupdate
/// - cron:
///     name: old job
///     state: absent
/// ```
#[derive(Args)]
#[args(exclusive("insertafter", "insertbefore"))]
pub struct Cron {
    /// What the job is called in the comment above it; with `env`, the name of the variable.
    name: String,
    /// The user whose crontab it is; the one who runs the task where it is missing. With `cron_file`, whom the job
    /// runs as.
    user: Option<String>,
    /// The command, or with `env` the variable's value; needed for `state: present`. Line breaks at its ends are taken
    /// away, others make the crontab invalid.
    #[arg(alias = "value")]
    job: Option<String>,
    /// A file to keep the job in, instead of a user's crontab; below `/etc/cron.d` when it is relative. Needs `user`
    /// for `state: present`. A file that has nothing left after its last job is gone is removed.
    cron_file: Option<PathBuf>,
    /// Whether the job, or the variable, is there.
    #[arg(default = "present")]
    state: State,
    /// Keeps a copy of the crontab, as it was before the change, in a temporary file; `backup_file` in the result is
    /// its path.
    #[arg(default = false)]
    backup: bool,
    /// Minute (0 to 59, `*`, `*/2` …).
    #[arg(default = "*")]
    minute: String,
    /// Hour (0 to 23, `*`, `*/2` …).
    #[arg(default = "*")]
    hour: String,
    /// Day of the month (1 to 31, `*`, `*/2` …).
    #[arg(default = "*", alias = "dom")]
    day: String,
    /// Month (1 to 12, `JAN` to `DEC`, `*`, `*/2` …).
    #[arg(default = "*")]
    month: String,
    /// Day of the week (0 to 6, `SUN` to `SAT`, `*` …).
    #[arg(default = "*", alias = "dow")]
    weekday: String,
    /// A time that has a name, instead of all of the above.
    special_time: Option<Special>,
    /// Whether the job is only a comment.
    #[arg(default = false)]
    disabled: bool,
    /// Whether it is a variable and not a job. A new one goes to the top.
    #[arg(default = false)]
    env: bool,
    /// The variable that a new one goes after. Needs `env`.
    insertafter: Option<String>,
    /// The variable that a new one goes before. Needs `env`.
    insertbefore: Option<String>,
}

/// What is written.
pub struct Plan {
    /// The text as it was.
    before: Vec<u8>,
    /// The new text; `None` when the file goes.
    after: Option<Vec<u8>>,
}

impl Module for Cron {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if self.cron_file.as_ref().is_some_and(|file| file.as_os_str() == "/etc/crontab") {
            return Err(Failure::new("Will not manage /etc/crontab via cron_file, see documentation."));
        }
        let place = self.place();
        let found = place.read(host)?;
        self.check()?;
        let mut table = Table::parse(&found.text);
        let changed = self.edit(&mut table, &found)?;
        // A line without its end is none to cron.
        let changed = changed || !found.text.is_empty() && !found.text.ends_with('\n');
        let removes = self.removes_file(&table) && changed;
        let after = table.text();
        let plan = Plan { before: found.encode(&found.text), after: (!removes).then(|| found.encode(&after)) };
        let mut changes = Changes::when(changed, plan);
        if changed {
            let title = place.title();
            let after_title = if removes { "/dev/null".into() } else { title.clone() };
            changes = changes.with_diff(Diff::new(found.text.clone(), after).headed(title, after_title));
        }
        if let Place::File(_) = place {
            changes = changes.with("cron_file", self.cron_file.as_ref().map(|file| json!(file.to_string_lossy())));
        }
        if removes {
            return Ok(changes.with("state", self.state.as_str()));
        }
        changes.warn(self.warnings());
        Ok(changes.with("jobs", table.jobs()).with("envs", table.variables()))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        if self.backup {
            let backup = place::keep(host, "crontab", plan.before)?;
            fields.insert("backup_file".into(), json!(backup.to_string_lossy()));
        }
        match (self.place(), plan.after) {
            (Place::File(path), None) => host.remove(&path)?,
            (place, after) => {
                if let Some((path, refused)) = place.write(host, "crontab", after.unwrap_or_default())? {
                    let mut failure = Failure::new(format!("Failed to install new cronfile: {}", path.display()))
                        .with("rc", refused.rc)
                        .with("stdout", refused.out())
                        .with("stderr", refused.err());
                    let warnings = self.warnings();
                    if !warnings.is_empty() {
                        failure = failure.with("warnings", warnings);
                    }
                    return Err(failure);
                }
            }
        }
        Ok(fields)
    }
}

impl Cron {
    fn place(&self) -> Place {
        Place::new(self.cron_file.as_deref(), self.user.as_deref())
    }

    fn is_present(&self) -> bool {
        self.state == State::Present
    }

    fn times(&self) -> [&String; 5] {
        [&self.minute, &self.hour, &self.day, &self.month, &self.weekday]
    }

    fn check(&self) -> Result<(), Failure> {
        let given = |argument: &Option<String>| argument.as_ref().is_some_and(|text| !text.is_empty());
        let msg = match () {
            () if self.special_time.is_some() && self.times().iter().any(|time| *time != "*") => {
                "You cannot combine special_time with any of the time or day/date parameters."
            }
            () if self.is_present() && !given(&self.user) && matches!(self.place(), Place::File(_)) => {
                "To use cron_file=... parameter you must specify user=... as well"
            }
            () if self.is_present() && self.job.is_none() => {
                "You must specify 'job' to install a new cron job or variable"
            }
            () if self.is_present() && !self.env && (given(&self.insertafter) || given(&self.insertbefore)) => {
                "Insertafter and insertbefore parameters are valid only with env=yes"
            }
            () if self.env && self.name.contains(' ') => "Invalid name for environment variable",
            () => return Ok(()),
        };
        Err(Failure::new(msg))
    }

    /// Makes the table as wanted; whether it was not.
    fn edit(&self, table: &mut Table, form: &Text) -> Result<bool, Failure> {
        let name = form.form(&self.name);
        let job = form.form(self.job.as_deref().unwrap_or_default());
        match (self.env, self.state) {
            (true, State::Absent) => Ok(table.remove_variable(&name)),
            (false, State::Absent) => Ok(table.remove_job(&name)),
            (false, State::Present) => Ok(table.set_job(&name, &self.line(job.trim_matches(['\r', '\n'])))),
            (true, State::Present) => {
                let beside = match (self.insertafter.as_deref(), self.insertbefore.as_deref()) {
                    (Some(other), _) if !other.is_empty() => Beside::After(other),
                    (_, Some(other)) if !other.is_empty() => Beside::Before(other),
                    _ => Beside::Top,
                };
                let set = table.set_variable(&name, &format!("{name}=\"{job}\""), &beside);
                set.map_err(|missing| Failure::new(format!("Variable named '{missing}' not found.")))
            }
        }
    }

    /// The job's line: when, as whom, what.
    fn line(&self, job: &str) -> String {
        let when = match self.special_time {
            Some(special) => format!("@{}", special.as_str()),
            None => self.times().map(String::as_str).join(" "),
        };
        let user = match self.place() {
            Place::File(_) => format!("{} ", self.user.as_deref().unwrap_or_default()),
            Place::User(_) => String::new(),
        };
        format!("{}{when} {user}{job}", if self.disabled { "#" } else { "" })
    }

    fn removes_file(&self, table: &Table) -> bool {
        !self.is_present() && !self.env && matches!(self.place(), Place::File(_)) && table.is_blank()
    }

    fn warnings(&self) -> Vec<String> {
        let job = self.job.as_deref().unwrap_or_default().trim_matches(['\r', '\n']);
        let is_odd = self.is_present() && !self.env && job.contains(['\r', '\n']);
        is_odd.then(|| "Job should not contain line breaks".to_owned()).into_iter().collect()
    }
}
