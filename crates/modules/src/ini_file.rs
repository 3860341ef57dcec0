//! `ini_file`: options in the sections of an INI file.

mod edited;
mod section;

use std::path::PathBuf;

use rustix::io::Errno;
use serde_json::json;

use crate::{
    edit::{self, Edit, Text},
    kit::{
        Args, Changes, Diff, Failure, Fields, FileArgs, Module, Reader, Writer,
        args::{Suboptions, plain_text},
        failure::errno_text,
        state::AbsentPresent as State,
    },
};
use section::Condition;

/// Sets an option in a section of an INI file, or removes it, or the whole section.
///
/// A last line without a line break gets one in any case. Everything else stays as it is.
///
/// ```yaml
/// - ini_file:
///     path: /etc/conf
///     section: drinks
///     option: fav
///     value: lemonade
///     mode: "0600"
/// - ini_file:
///     path: /etc/conf
///     section: drinks
///     option: beverage
///     values: [coke, pepsi]
/// - ini_file:
///     path: /etc/wireguard/wg0.conf
///     section: Peer
///     section_has_values:
///     - option: AllowedIps
///       value: 10.4.0.11/32
///     state: absent
/// ```
#[derive(Args)]
#[args(exclusive("value", "values"))]
pub struct IniFile {
    /// The file to edit.
    #[arg(alias = "dest")]
    path: PathBuf,
    /// The section; it is added at the end when it is missing. Alone it needs `allow_no_value`. Without it the option stands before the
    /// first section.
    section: Option<String>,
    /// Takes the first of several sections of that name in which all of these options are: mappings of
    /// `option` and `value` or `values`. An option without a value may have any.
    section_has_values: Option<Vec<Suboptions>>,
    /// The option; without it `state` is about the whole section.
    option: Option<String>,
    /// Its value.
    value: Option<String>,
    /// Its values: the option stands once for each.
    values: Option<Vec<String>>,
    /// Whether the option should be there.
    #[arg(default = "present")]
    state: State,
    /// Whether other lines of the option are replaced or removed; otherwise only lines with these values
    /// are added or removed.
    #[arg(default = true)]
    exclusive: bool,
    /// Writes `option=value` without blanks around the equals sign.
    #[arg(default = false)]
    no_extra_spaces: bool,
    /// Leaves lines alone in which only blanks around the equals sign are otherwise.
    #[arg(default = false)]
    ignore_spaces: bool,
    /// Allows an option without a value and without an equals sign.
    #[arg(default = false)]
    allow_no_value: bool,
    /// Replaces a commented line of the option, when there is one.
    #[arg(default = true)]
    modify_inactive_option: bool,
    /// Makes the file, and the directories it is in, when it is missing.
    #[arg(default = true)]
    create: bool,
    /// Follows a symbolic link at `path`; otherwise the link is replaced by the file.
    #[arg(default = false)]
    follow: bool,
    /// Keeps a copy of the file that is changed, beside it, under a name with the time; that name is
    /// returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    #[arg(flatten)]
    attributes: FileArgs,
}

impl Module for IniFile {
    type Plan = Edit;

    fn inspect(&self, host: &Reader) -> Result<Changes<Edit>, Failure> {
        let has_values = self.value.is_some() || self.values.as_ref().is_some_and(|values| !values.is_empty());
        if self.state == State::Present && !self.allow_no_value && !has_values {
            return Err(Failure::new(
                "Parameter 'value(s)' must be defined if state=present and allow_no_value=False.",
            ));
        }
        let conditions = self.section_has_values.as_deref().map(conditions).transpose()?;
        if self.path.is_dir() {
            return Err(Failure::new(errno_text(&Errno::ISDIR.into(), &self.path.to_string_lossy())).uncaught());
        }
        let (path, target) = edit::find(host, &self.path)?;
        let current = target.clone();
        if current.is_none() && !self.create {
            return Err(Failure::new(format!("Destination {} does not exist!", self.path.display())).with("rc", 257));
        }
        let text = Text::decode(if current.is_some() { host.read(&path)? } else { Vec::new() });
        let (after, msg) = self.edited(&text, conditions.as_deref());
        if current.is_none() && after.is_empty() {
            let path = self.path.to_string_lossy();
            let header = format!("{path} (content)");
            // Ansible's diff, of a file that it then does not write.
            let diff = Diff::new("", "\n").headed(header.as_str(), header.as_str());
            return Ok(Changes::none().with("msg", msg).with("path", path.as_ref()).with_diff(diff));
        }
        // A link is replaced, unless it is followed; its target then says what to start from all the same.
        let path = if self.follow { path } else { self.path.clone() };
        let current = if after == text.text { current } else { host.lstat(&path)?.filter(|meta| !meta.is_link()) };
        let mut attributes = self.attributes.resolve(current.as_ref(), false)?;
        if let Some(target) = target.as_ref().filter(|_| current.is_none()) {
            attributes.keep(target);
        }
        let mut changes = Edit::changes(&path, current.as_ref(), (&text.text, &after), &text, attributes);
        changes.diff.retain(|diff| diff.before.is_string());
        let header = format!("{} (content)", self.path.display());
        changes.diff.iter_mut().for_each(|diff| {
            if let Some(unmarked) = diff.before.as_str().and_then(|text| text.strip_prefix('\u{feff}')) {
                diff.before = json!(unmarked);
            }
            (diff.before_header, diff.after_header) = (Some(header.clone()), Some(header.clone()));
        });
        if self.backup && target.is_none() && !host.mode().check {
            changes = changes.with("backup_file", "");
        }
        Ok(changes
            .map(|edit| edit.keeping(self.backup).following(self.follow))
            .with("msg", msg)
            .with("path", self.path.to_string_lossy().as_ref()))
    }

    fn apply(&self, plan: Edit, host: &mut Writer) -> Result<Fields, Failure> {
        let backup = plan.apply(host)?.map(|backup| ("backup_file".to_owned(), json!(backup.to_string_lossy())));
        Ok(backup.into_iter().collect())
    }
}

/// `section_has_values` as conditions.
fn conditions(given: &[Suboptions]) -> Result<Vec<Condition>, Failure> {
    let read = |Suboptions(given): &Suboptions| {
        let unknown: Vec<&str> =
            given.keys().map(String::as_str).filter(|name| !["option", "value", "values"].contains(name)).collect();
        if !unknown.is_empty() {
            return Err(Failure::new(format!(
                "Unsupported parameters for (community.general.ini_file) module: section_has_values.{}. Supported parameters include: option, value, values.",
                unknown.join(", section_has_values.")
            )));
        }
        let there = |name: &str| given.get(name).filter(|value| !value.is_null());
        let option = there("option")
            .ok_or_else(|| Failure::new("missing required arguments: option found in section_has_values"))?;
        if there("value").is_some() && there("values").is_some() {
            return Err(Failure::new("parameters are mutually exclusive: value|values found in section_has_values"));
        }
        let values = match (there("value"), there("values")) {
            (Some(value), _) => vec![plain_text(value)],
            (None, Some(serde_json::Value::Array(values))) => values.iter().map(plain_text).collect(),
            (None, Some(text)) => plain_text(text).split(',').map(str::to_owned).collect(),
            (None, None) => Vec::new(),
        };
        Ok(Condition { option: plain_text(option), values })
    };
    given.iter().map(read).collect()
}
