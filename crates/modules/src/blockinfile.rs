//! `blockinfile`: lines between two markers.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    edit::{self, Edit, Text},
    kit::{Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer, regex, state::AbsentPresent as State},
};

/// Sees to it that a block of lines, between two marker lines, is in a file.
///
/// ```yaml
/// - blockinfile:
///     path: /etc/ssh/sshd_config
///     block: |
///       Match User ansible-agent
///       PasswordAuthentication no
/// - blockinfile:
///     path: /var/www/html/index.html
///     marker: "<!-- {mark} ANSIBLE MANAGED BLOCK -->"
///     insertafter: <body>
///     block: <h1>Welcome</h1>
/// ```
#[derive(Args)]
#[args(exclusive("insertbefore", "insertafter"))]
pub struct Blockinfile {
    /// The file to edit.
    #[arg(alias = "dest", alias = "destfile", alias = "name")]
    path: PathBuf,
    /// Whether the block should be there.
    #[arg(default = "present")]
    state: State,
    /// The marker lines; `{mark}` becomes `marker_begin` and `marker_end`. Without `{mark}` the
    /// block cannot be found again.
    #[arg(default = "# {mark} ANSIBLE MANAGED BLOCK")]
    marker: String,
    /// The text between the markers; without any, the block is removed.
    #[arg(default = "", alias = "content")]
    block: String,
    /// Puts a new block after the last line that matches this pattern; `EOF`, also when nothing
    /// matches, means the end of the file. A pattern with `(?m)` is matched against the whole file.
    insertafter: Option<String>,
    /// Puts a new block before the last line that matches this pattern, and at the end when nothing
    /// matches; `BOF` means the beginning of the file.
    insertbefore: Option<String>,
    /// Makes the file, and the directories it is in, when it is missing.
    #[arg(default = false)]
    create: bool,
    /// Keeps a copy of the file that is changed, beside it, under a name with the time; that name is
    /// returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// What stands for `{mark}` in the line before the block.
    #[arg(default = "BEGIN")]
    marker_begin: String,
    /// What stands for `{mark}` in the line after the block.
    #[arg(default = "END")]
    marker_end: String,
    /// Has an empty line after the block, unless it ends the file.
    #[arg(default = false)]
    append_newline: bool,
    /// Has an empty line before the block, unless it begins the file.
    #[arg(default = false)]
    prepend_newline: bool,
    /// A command that has to succeed before the file is put in its place; `%s` in it is the path of
    /// the new file. No shell reads it.
    validate: Option<String>,
    #[arg(flatten)]
    attributes: FileArgs,
}

impl Module for Blockinfile {
    type Plan = Edit;

    fn inspect(&self, host: &Reader) -> Result<Changes<Edit>, Failure> {
        let (path, current) = edit::find(host, &self.path)?;
        let shown = self.path.display();
        if current.is_none() && !self.create {
            return Err(Failure::new(format!("Path {shown} does not exist !")).with("rc", 257));
        }
        if current.is_none() && self.state == State::Absent {
            return Ok(Changes::none().with("msg", format!("File {shown} not present")));
        }
        let text = Text::decode(if current.is_some() { host.read(&path)? } else { Vec::new() });
        let after = self.edited(&text)?;
        let attributes = self.attributes.resolve(current.as_ref(), false)?;
        let of_new = edit::attributes_of_new(host, &self.path, current.as_ref(), &self.attributes)?;
        let others = of_new.is_some() || current.as_ref().is_some_and(|meta| attributes.differ_from(meta));
        let msg = match () {
            () if current.is_none() => "File created",
            () if after == text.text => "",
            () if self.block.is_empty() || self.state == State::Absent => "Block removed",
            () => "Block inserted",
        };
        let msg = match (msg.is_empty(), others) {
            (_, false) => msg.to_owned(),
            (true, true) => "ownership, perms or SE linux context changed".to_owned(),
            (false, true) => format!("{msg} and ownership, perms or SE linux context changed"),
        };
        let mut changes = Edit::changes(&self.path, current.as_ref(), (&text.text, &after), &text, attributes)
            .map(|edit| edit.keeping(self.backup).accepted_by(self.validate.as_ref()))
            .with("msg", msg);
        changes.diff.extend(of_new);
        Ok(changes)
    }

    fn apply(&self, plan: Edit, host: &mut Writer) -> Result<Fields, Failure> {
        let backup = plan.apply(host)?.map(|backup| ("backup_file".to_owned(), json!(backup.to_string_lossy())));
        Ok(backup.into_iter().collect())
    }
}

impl Blockinfile {
    fn edited(&self, text: &Text) -> Result<String, Failure> {
        let mut lines: Vec<String> = text.text.split_inclusive('\n').map(str::to_owned).collect();
        let marker = |word: &str| format!("{}\n", text.form(&self.marker.replace("{mark}", word)));
        let (begin, end) = (marker(&self.marker_begin), marker(&self.marker_end));
        let mut block = Vec::new();
        if self.state == State::Present && !self.block.is_empty() {
            block.push(begin.clone());
            block.extend(text.form(&self.block).split_inclusive('\n').map(ended));
            block.push(end.clone());
        }
        let found = |lines: &[String]| {
            let bare = |line: &str| line.trim_end_matches(['\r', '\n']).to_owned();
            let find = |marker: &str| lines.iter().rposition(|line| bare(line) == bare(marker));
            find(&begin).zip(find(&end)).map(|(begin, end)| begin.min(end)..=begin.max(end))
        };
        let at = match found(&lines) {
            Some(old) if !block.is_empty() => {
                let first = *old.start();
                lines.drain(old);
                first
            }
            None if !block.is_empty() => self.place(text, &lines)?,
            // Nothing stays of it, however often it is there.
            _ => {
                while let Some(old) = found(&lines) {
                    lines.drain(old);
                }
                return Ok(lines.concat());
            }
        };
        self.space(&mut block, &mut lines, at);
        lines.splice(at..at, block);
        Ok(lines.concat())
    }

    /// Empty lines around the block, and an end for the line before it.
    fn space(&self, block: &mut Vec<String>, lines: &mut [String], at: usize) {
        if let Some(before) = at.checked_sub(1) {
            lines[before] = ended(&lines[before]);
            if self.prepend_newline && lines[before] != "\n" {
                block.insert(0, "\n".into());
            }
        }
        if self.append_newline && lines.get(at).is_some_and(|line| line != "\n") {
            block.push("\n".into());
        }
    }

    /// The line before which a new block goes.
    fn place(&self, text: &Text, lines: &[String]) -> Result<usize, Failure> {
        if self.insertbefore.as_deref() == Some("BOF") {
            return Ok(0);
        }
        let after = self.insertafter.as_deref().filter(|after| *after != "EOF");
        let Some(pattern) = after.or(self.insertbefore.as_deref()) else { return Ok(lines.len()) };
        let compiled = regex::compile_bytes(&text.form(pattern), false).map_err(Failure::uncaught)?;
        if regex::is_multiline(pattern) {
            let Some(found) = compiled.find(text.text.as_str())? else { return Ok(lines.len()) };
            let until = if after.is_some() { found.end() } else { found.start() };
            let full_lines = text.text[..until].matches('\n').count();
            // After the line that is next: a match that takes its newline along ends on that line.
            return Ok((full_lines + usize::from(after.is_some())).min(lines.len()));
        }
        let mut found = None;
        for (at, line) in lines.iter().enumerate() {
            if compiled.is_match(line.as_str())? {
                found = Some(at);
            }
        }
        Ok(found.map_or(lines.len(), |at| if after.is_some() { at + 1 } else { at }))
    }
}

fn ended(line: &str) -> String {
    if line.ends_with('\n') { line.to_owned() } else { format!("{line}\n") }
}
