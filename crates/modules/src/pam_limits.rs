//! `pam_limits`: limits of users' sessions.

use std::path::Path;

use serde_json::json;

use crate::{
    choice,
    edit::{self, Edit, Text},
    kit::{Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer},
};

choice! {
    /// Which limit is meant.
    pub enum LimitType {
        /// What counts, up to the hard one.
        Soft = "soft",
        /// What nobody but root raises.
        Hard = "hard",
        /// Both.
        Both = "-",
    }
}

/// What the value must be when the item is a priority.
const PRIORITY: &str = "Value must be a number in the range -20 to 19 inclusive.";
/// What it must be otherwise.
const LIMIT: &str =
    "Value must either be 'unlimited', 'infinity' or -1, all of which indicate no limit, or a limit of 0 or larger.";

/// Sets a limit in a file that `pam_limits` reads at login (`man 5 limits.conf`).
///
/// ```yaml
/// - pam_limits:
///     domain: joe
///     limit_type: soft
///     limit_item: nofile
///     value: 64000
/// - pam_limits:
///     domain: "@students"
///     limit_type: hard
///     limit_item: nproc
///     value: 20
///     use_min: true
///     dest: /etc/security/limits.d/students.conf
/// ```
#[derive(Args)]
pub struct PamLimits {
    /// A user, `@group`, `*`, or a range of ids.
    domain: String,
    /// Which limit is meant.
    limit_type: LimitType,
    /// What is limited.
    #[arg(choices(
        "core",
        "data",
        "fsize",
        "memlock",
        "nofile",
        "rss",
        "stack",
        "cpu",
        "nproc",
        "as",
        "maxlogins",
        "maxsyslogins",
        "priority",
        "locks",
        "sigpending",
        "msgqueue",
        "nice",
        "rtprio",
        "chroot"
    ))]
    limit_item: String,
    /// The limit: a number, or `unlimited`, `infinity` or `-1`; -20 to 19 for `nice` and `priority`.
    value: String,
    /// Keeps a higher limit that is there.
    #[arg(default = false)]
    use_max: bool,
    /// Keeps a lower limit that is there.
    #[arg(default = false)]
    use_min: bool,
    /// Keeps a copy of the file, beside it, under a name with the time; that name is returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// The file; it is made when it is missing. `~` is no home here.
    #[arg(default = "/etc/security/limits.conf")]
    dest: String,
    /// A comment after the limit; without it that of a line that is replaced stays.
    #[arg(default = "")]
    comment: String,
}

impl Module for PamLimits {
    type Plan = Edit;

    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Edit>, Failure> {
        let (path, current) = edit::find(host, Path::new(&self.dest))?;
        if current.is_none() {
            let directory = Path::new(&self.dest).parent().unwrap_or(Path::new(""));
            if !host.may(directory, rustix::fs::Access::WRITE_OK) || !directory.is_dir() {
                return Err(Failure::new(format!(
                    "directory {} is not writable (check presence, access rights, use sudo)",
                    directory.display()
                )));
            }
        } else if !host.may(&path, rustix::fs::Access::WRITE_OK) {
            return Err(Failure::new(format!("{} is not writable. Use sudo", self.dest)));
        }
        if self.use_max && self.use_min {
            return Err(Failure::new("Cannot use use_min and use_max at the same time."));
        }
        check("", &self.limit_item, &self.value)?;
        let text = Text::decode(if current.is_some() { host.read(&path)? } else { Vec::new() });
        let (after, line) = self.edited(&text)?;
        let attributes = FileArgs::default().resolve(current.as_ref(), false)?;
        let changes = Edit::changes(&path, current.as_ref(), (&text.text, &after), &text, attributes);
        let mut changes = changes.map(|edit| edit.keeping(self.backup)).with("msg", line);
        changes.diff.iter_mut().for_each(|diff| (diff.before_header, diff.after_header) = (None, None));
        Ok(changes)
    }

    fn apply(&self, plan: Edit, host: &mut Writer) -> Result<Fields, Failure> {
        let backup = plan.apply(host)?.map(|backup| ("backup_file".to_owned(), json!(backup.to_string_lossy())));
        Ok(backup.into_iter().collect())
    }
}

impl PamLimits {
    /// The new text, and the line of the limit in it.
    fn edited(&self, text: &Text) -> Result<(String, String), Failure> {
        let mut lines: Vec<String> = text.text.split_inclusive('\n').map(str::to_owned).collect();
        let wanted =
            [self.domain.as_str(), self.limit_type.as_str(), self.limit_item.as_str()].map(|word| text.form(word));
        let mut message = None;
        for line in &mut lines {
            let (entry, comment) = line.split_once('#').unwrap_or((line.as_str(), ""));
            let words: Vec<&str> = entry.split_whitespace().collect();
            let [domain, kind, item, value] = words[..] else { continue };
            check(&format!("Invalid configuration found in '{}'.", self.dest), item, value)?;
            if [domain, kind, item] != wanted {
                continue;
            }
            let new = self.kept_or_new(value);
            if new != value {
                *line = self.line(text, &new, comment.trim_end());
            }
            message = Some(line.clone());
        }
        if let Some(message) = message {
            return Ok((lines.concat(), message));
        }
        if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push('\n');
        }
        let line = self.line(text, &self.value, "");
        lines.push(line.clone());
        Ok((lines.concat(), line))
    }

    fn line(&self, text: &Text, value: &str, old_comment: &str) -> String {
        let comment = if self.comment.is_empty() { old_comment.to_owned() } else { text.form(&self.comment) };
        let comment = if comment.is_empty() { comment } else { format!("\t#{comment}") };
        let (kind, item) = (self.limit_type.as_str(), &self.limit_item);
        format!("{}\t{kind}\t{item}\t{value}{comment}\n", text.form(&self.domain))
    }

    /// The value that a line with `present` should have.
    fn kept_or_new(&self, present: &str) -> String {
        let number = |value: &str| match value {
            "unlimited" | "infinity" | "-1" if !is_priority(&self.limit_item) => i128::MAX,
            other => other.parse().unwrap_or(i128::MAX),
        };
        let (old, new) = (number(present), number(&self.value));
        let keeps = (self.use_max && old >= new) || (self.use_min && old <= new);
        if keeps { present.to_owned() } else { self.value.clone() }
    }
}

fn is_priority(item: &str) -> bool {
    matches!(item, "nice" | "priority")
}

/// Fails for a value that the item cannot have.
fn check(prefix: &str, item: &str, value: &str) -> Result<(), Failure> {
    let (is_valid, why) = if is_priority(item) {
        (value.parse::<i64>().is_ok_and(|number| (-20..=19).contains(&number)), PRIORITY)
    } else {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        (is_number || matches!(value, "unlimited" | "infinity" | "-1"), LIMIT)
    };
    if is_valid {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{prefix} Value of '{value}' for item '{item}' is invalid. {why} Refer to the limits.conf(5) manual pages for more details."
    )))
}
