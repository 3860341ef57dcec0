//! `lineinfile`: one line of a file.

use std::path::PathBuf;

use fancy_regex::Regex;
use serde_json::json;

use crate::{
    edit::{self, Edit, Text},
    kit::{Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer, regex, state::AbsentPresent as State},
};

/// Sees to it that a line is in a file, replaces one, or removes lines.
///
/// ```yaml
/// - lineinfile:
///     path: /etc/selinux/config
///     regexp: ^SELINUX=
///     line: SELINUX=enforcing
/// - lineinfile:
///     path: /etc/sudoers
///     state: absent
///     regexp: ^%wheel
/// - lineinfile:
///     path: /etc/httpd/conf/httpd.conf
///     regexp: "^Listen "
///     insertafter: "^#Listen "
///     line: Listen 8080
/// - lineinfile:
///     path: /tmp/config
///     regexp: ^(host=).*
///     line: \g<1>{{ hostname }}
///     backrefs: true
/// ```
#[derive(Args)]
#[args(exclusive("insertbefore", "insertafter"), exclusive("regexp", "search_string"))]
pub struct Lineinfile {
    /// The file to edit.
    #[arg(alias = "dest", alias = "destfile", alias = "name")]
    path: PathBuf,
    /// Whether the line should be there.
    #[arg(default = "present")]
    state: State,
    /// Looks for the line to replace, or the lines to remove, in every line (Python's syntax). Of
    /// several that match, the last is replaced. When none does, the line is added.
    #[arg(alias = "regex")]
    regexp: Option<String>,
    /// Looks for the line by a text it has in it, in the place of `regexp`.
    search_string: Option<String>,
    /// The line; needed for `state: present`.
    #[arg(alias = "value")]
    line: Option<String>,
    /// Fills the groups of `regexp` into `line` (`\1`, `\g<name>`). When `regexp` matches nothing,
    /// nothing is done.
    #[arg(default = false)]
    backrefs: bool,
    /// Adds the line after the last line that matches this pattern; `EOF`, also when nothing
    /// matches, means the end of the file.
    insertafter: Option<String>,
    /// Adds the line before the last line that matches this pattern, and at the end when nothing
    /// matches; `BOF` means the beginning of the file.
    insertbefore: Option<String>,
    /// Makes the file, and the directories it is in, when it is missing.
    #[arg(default = false)]
    create: bool,
    /// Keeps a copy of the file that is changed, beside it, under a name with the time; that name is
    /// returned as `backup`.
    #[arg(default = false)]
    backup: bool,
    /// Takes the first line that matches instead of the last.
    #[arg(default = false)]
    firstmatch: bool,
    /// A command that has to succeed before the file is put in its place; `%s` in it is the path of
    /// the new file. No shell reads it.
    validate: Option<String>,
    #[arg(flatten)]
    attributes: FileArgs,
}

/// Where a line belongs.
enum Place {
    /// In the place of that line.
    At(usize, String),
    /// Before that line.
    Before(usize),
    /// After all others.
    End,
    /// Nowhere.
    Nowhere,
}

impl Module for Lineinfile {
    type Plan = Edit;

    fn inspect(&self, host: &Reader) -> Result<Changes<Edit>, Failure> {
        let (path, current) = edit::find(host, &self.path)?;
        self.check_combinations()?;
        if current.is_none() && self.state == State::Absent {
            return Ok(Changes::none().with("msg", "file not present"));
        }
        if current.is_none() && !self.create {
            return Err(Failure::new(format!("Destination {} does not exist !", self.path.display())).with("rc", 257));
        }
        let bytes = if current.is_some() { host.read(&path)? } else { Vec::new() };
        let text = Text::decode(bytes);
        let mut lines: Vec<String> = text.text.split_inclusive('\n').map(str::to_owned).collect();
        let (msg, found) = match self.state {
            State::Present => (self.present(&text, &mut lines)?.to_owned(), None),
            State::Absent => {
                let found = self.absent(&text, &mut lines)?;
                (if found > 0 { format!("{found} line(s) removed") } else { String::new() }, Some(found))
            }
        };
        let after = lines.concat();
        if current.is_none() && after.is_empty() {
            return Ok(Changes::none().with("msg", "").with("backup", ""));
        }
        let attributes = self.attributes.resolve(current.as_ref(), false)?;
        let of_new = edit::attributes_of_new(host, &self.path, current.as_ref(), &self.attributes)?;
        let others = of_new.is_some() || current.as_ref().is_some_and(|meta| attributes.differ_from(meta));
        let mut changes = Edit::changes(&self.path, current.as_ref(), (&text.text, &after), &text, attributes)
            .map(|edit| edit.keeping(self.backup).accepted_by(self.validate.as_ref()))
            .with("msg", message(&msg, others))
            .with("backup", "");
        changes.diff.extend(of_new);
        changes.warn(self.doubts());
        Ok(found.into_iter().fold(changes, |changes, found| changes.with("found", found)))
    }

    fn apply(&self, plan: Edit, host: &mut Writer) -> Result<Fields, Failure> {
        let backup = plan.apply(host)?.map(|backup| ("backup".to_owned(), json!(backup.to_string_lossy())));
        Ok(backup.into_iter().collect())
    }
}

impl Lineinfile {
    /// What matches every line is seldom meant.
    fn doubts(&self) -> Vec<String> {
        let is_empty = |text: &Option<String>| text.as_deref() == Some("");
        let (name, help) = match () {
            () if is_empty(&self.regexp) => (
                "regular expression",
                " If this is desired, use '^' to match every line in the file and avoid this warning.",
            ),
            () if is_empty(&self.search_string) => ("search string", ""),
            () => return Vec::new(),
        };
        vec![format!(
            "The {name} is an empty string, which will match every line in the file. This may have unintended \
             consequences, such as replacing the last line in the file rather than appending.{help}"
        )]
    }
}

/// What Ansible adds when attributes change as well, or alone.
fn message(msg: &str, others: bool) -> String {
    match (msg.is_empty(), others) {
        (_, false) => msg.to_owned(),
        (true, true) => "ownership, perms or SE linux context changed".to_owned(),
        (false, true) => format!("{msg} and ownership, perms or SE linux context changed"),
    }
}

impl Lineinfile {
    fn check_combinations(&self) -> Result<(), Failure> {
        let msg = match self.state {
            _ if self.backrefs && self.search_string.is_some() => {
                "parameters are mutually exclusive: backrefs|search_string"
            }
            State::Present if self.backrefs && self.regexp.is_none() => "regexp is required with backrefs=true",
            State::Present if self.line.is_none() => "line is required with state=present",
            State::Absent if self.regexp.is_none() && self.search_string.is_none() && self.line.is_none() => {
                "one of line, search_string, or regexp is required with state=absent"
            }
            _ => return Ok(()),
        };
        Err(Failure::new(msg))
    }

    fn present(&self, text: &Text, lines: &mut Vec<String>) -> Result<&'static str, Failure> {
        let line = text.form(self.line.as_deref().unwrap_or_default());
        let ends = |line: &str| if line.ends_with('\n') { line.to_owned() } else { format!("{line}\n") };
        match self.place(text, &line, lines)? {
            Place::At(at, line) => {
                let line = ends(&line);
                if lines[at] == line {
                    return Ok("");
                }
                lines[at] = line;
                return Ok("line replaced");
            }
            Place::Before(at) => {
                // The line before may be the last one, without its end.
                if let Some(previous) = at.checked_sub(1) {
                    lines[previous] = ends(&lines[previous]);
                }
                lines.insert(at, line + "\n");
            }
            Place::End => {
                if let Some(last) = lines.last_mut() {
                    *last = ends(last);
                }
                lines.push(line + "\n");
            }
            Place::Nowhere => return Ok(""),
        }
        Ok("line added")
    }

    fn place(&self, text: &Text, line: &str, lines: &[String]) -> Result<Place, Failure> {
        let pattern = compiled(text, self.regexp.as_ref())?;
        let search = self.search_string.as_ref().map(|search| text.form(search));
        if let Some(at) = self.pick(lines, |line| matches(line, pattern.as_ref(), search.as_deref()))? {
            let filled = match pattern.filter(|_| self.backrefs) {
                Some(pattern) => match pattern.captures(lines[at].as_str())? {
                    Some(captures) => regex::expand(line, &captures).map_err(Failure::uncaught)?,
                    None => line.to_owned(),
                },
                None => line.to_owned(),
            };
            return Ok(Place::At(at, filled));
        }
        let after = self.insertafter.as_ref().filter(|after| !["", "BOF", "EOF"].contains(&after.as_str()));
        let before = self.insertbefore.as_ref().filter(|before| !["", "BOF"].contains(&before.as_str()));
        let pattern = compiled(text, after.or(before))?;
        let (mut same, mut found) = (None, None);
        for (at, known) in lines.iter().enumerate() {
            if without_end(known) == line {
                same = Some(at);
            } else if matches(known, pattern.as_ref(), None)? {
                found = Some(at);
                if self.firstmatch {
                    break;
                }
            }
        }
        if let Some(at) = same {
            return Ok(Place::At(at, line.to_owned()));
        }
        if self.backrefs {
            return Ok(Place::Nowhere);
        }
        if [&self.insertbefore, &self.insertafter].into_iter().any(|place| place.as_deref() == Some("BOF")) {
            return Ok(Place::Before(0));
        }
        Ok(match found {
            None => Place::End,
            Some(at) if after.is_none() => Place::Before(at),
            Some(at) if lines.get(at + 1).is_some_and(|next| without_end(next) == line) => Place::Nowhere,
            Some(at) => Place::Before(at + 1),
        })
    }

    /// The last line that is wanted, or the first.
    fn pick(
        &self,
        lines: &[String],
        mut is_wanted: impl FnMut(&str) -> Result<bool, Failure>,
    ) -> Result<Option<usize>, Failure> {
        let mut found = None;
        for (at, line) in lines.iter().enumerate() {
            if is_wanted(line)? {
                found = Some(at);
                if self.firstmatch {
                    break;
                }
            }
        }
        Ok(found)
    }

    fn absent(&self, text: &Text, lines: &mut Vec<String>) -> Result<usize, Failure> {
        let pattern = compiled(text, self.regexp.as_ref())?;
        let search = self.search_string.as_ref().map(|search| text.form(search));
        let line = self.line.as_ref().map(|line| text.form(line));
        let before = lines.len();
        let mut kept = Vec::new();
        for known in lines.drain(..) {
            let goes = if pattern.is_some() || search.is_some() {
                matches(&known, pattern.as_ref(), search.as_deref())?
            } else {
                line.as_deref() == Some(without_end(&known))
            };
            if !goes {
                kept.push(known);
            }
        }
        *lines = kept;
        Ok(before - lines.len())
    }
}

/// A pattern for lines as the text holds them; one that is none fails in the words of Ansible's exception.
fn compiled(text: &Text, pattern: Option<&String>) -> Result<Option<Regex>, Failure> {
    pattern.map(|pattern| regex::compile_bytes(&text.form(pattern), false)).transpose().map_err(Failure::uncaught)
}

fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

fn matches(line: &str, pattern: Option<&Regex>, search: Option<&str>) -> Result<bool, Failure> {
    match (pattern, search) {
        (Some(pattern), _) => pattern.is_match(line).map_err(Failure::from),
        (None, Some(search)) => Ok(line.contains(search)),
        (None, None) => Ok(false),
    }
}
