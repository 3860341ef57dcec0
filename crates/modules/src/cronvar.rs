//! `cronvar`: variables of crontabs, written without quotes.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    cron::place::{self, Place},
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, state::AbsentPresent as State},
};

/// Sets or removes a variable of a crontab.
///
/// `vars` in the result are the names of all that it has then. Unlike `cron` with `env`, it writes the value as it is,
/// and finds variables however they are spaced.
///
/// ```yaml
/// - cronvar:
///     name: EMAIL
///     value: doug@example.com
/// - cronvar:
///     name: LOGFILE
///     value: /var/log/autoupdate.log
///     cron_file: autoupdate
/// ```
#[derive(Args)]
#[args(exclusive("insertbefore", "insertafter"))]
pub struct Cronvar {
    /// The variable.
    name: String,
    /// Its value; needed for `state: present`.
    value: Option<String>,
    /// The variable that a new one goes after, at each place of it; when that is missing too, it goes to the top.
    insertafter: Option<String>,
    /// The variable that a new one goes before, at each place of it; when that is missing too, it goes to the top.
    insertbefore: Option<String>,
    /// Whether it is set.
    #[arg(default = "present")]
    state: State,
    /// A file instead of a user's crontab; below `/etc/cron.d` when it is relative.
    cron_file: Option<PathBuf>,
    /// The user whose crontab it is; the one who runs the task where it is missing.
    user: Option<String>,
    /// Keeps a copy of the crontab, as it was before the change, in a temporary file; `backup_file` in the result is
    /// its path.
    #[arg(default = false)]
    backup: bool,
}

/// What is written.
pub struct Plan {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Module for Cronvar {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let place = self.place();
        if let (Place::File(path), Some(file)) = (&place, &self.cron_file)
            && let Some(parent) = path.parent().filter(|parent| !host.exists(parent))
        {
            let (parent, file) = (parent.display(), file.display());
            return Err(Failure::new(format!("Parent directory '{parent}' does not exist for cron_file: '{file}'")));
        }
        let found = place.read(host)?;
        let mut lines: Vec<String> = found.text.lines().map(str::to_owned).collect();
        let changed = match (self.state, self.value.as_ref()) {
            (State::Absent, _) => self.remove(&mut lines),
            (State::Present, Some(value)) => self.set(&mut lines, &found.form(value)),
            (State::Present, None) => {
                return Err(Failure::new("You must specify 'value' to insert a new cron variable"));
            }
        };
        let names: Vec<&str> = lines.iter().filter_map(|line| assignment(line).map(|(name, _)| name)).collect();
        let text = lines.join("\n");
        let is_ended = text.is_empty() || text.ends_with('\n');
        let text = if is_ended { text } else { text + "\n" };
        let plan = Plan { before: found.encode(&found.text), after: found.encode(&text) };
        let changes = Changes::when(changed, plan).with("vars", names);
        Ok(match &self.cron_file {
            Some(file) => changes.with("cron_file", file.to_string_lossy().as_ref()),
            None => changes,
        })
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        if self.backup {
            let backup = place::keep(host, "cronvar", plan.before)?;
            fields.insert("backup_file".into(), json!(backup.to_string_lossy()));
        }
        match self.place().write(host, "cronvar", plan.after)? {
            Some((_, refused)) => Err(Failure::new(refused.err()).with("rc", refused.rc)),
            None => Ok(fields),
        }
    }
}

impl Cronvar {
    fn place(&self) -> Place {
        Place::new(self.cron_file.as_deref(), self.user.as_deref())
    }

    fn set(&self, lines: &mut Vec<String>, value: &str) -> bool {
        let is_there = |name: &str, line: &String| assignment(line).is_some_and(|(found, _)| found == name);
        let known = lines.iter().find(|line| is_there(&self.name, line)).and_then(|line| assignment(line));
        // crontab takes an empty value between quotes alone.
        let value = if value.is_empty() && known.is_none_or(|(_, found)| !found.is_empty()) { "\"\"" } else { value };
        let wanted = format!("{}={value}", self.name);
        if let Some(first) = lines.iter().find(|line| is_there(&self.name, line)) {
            let is_same = assignment(first).is_some_and(|(_, found)| found == value.trim());
            if !is_same {
                lines.iter_mut().filter(|line| is_there(&self.name, line)).for_each(|line| wanted.clone_into(line));
            }
            return !is_same;
        }
        let neighbour = self.insertafter.as_ref().or(self.insertbefore.as_ref());
        let is_neighbour = |line: &String| neighbour.is_some_and(|other| is_there(other, line));
        let found: Vec<usize> = (0..lines.len()).filter(|at| is_neighbour(&lines[*at])).collect();
        if found.is_empty() {
            lines.insert(0, wanted.clone());
        }
        for at in found.into_iter().rev() {
            lines.insert(at + usize::from(self.insertafter.is_some()), wanted.clone());
        }
        true
    }

    fn remove(&self, lines: &mut Vec<String>) -> bool {
        let before = lines.len();
        lines.retain(|line| assignment(line).is_none_or(|(found, _)| found != self.name));
        lines.len() != before
    }
}

/// The variable that a line sets, and its value as it stands there.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let is_odd = |text: &str, others: &str| text.contains(|letter: char| others.contains(letter));
    let quoted = ['"', '\''].into_iter().find_map(|quote| name.strip_prefix(quote)?.strip_suffix(quote));
    let is_name = match quoted {
        Some(inner) => !is_odd(inner, "\"'"),
        None => !name.is_empty() && !is_odd(name, "#\"'") && !name.contains(char::is_whitespace),
    };
    is_name.then_some((name, value.trim()))
}
