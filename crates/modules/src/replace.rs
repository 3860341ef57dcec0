//! `replace`: all matches of a pattern in a file.

use std::{ops::Range, path::PathBuf};

use serde_json::json;

use crate::{
    edit::{self, Edit, Text},
    kit::{Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer, regex},
};

/// Replaces everything that a pattern matches in a file.
///
/// ```yaml
/// - replace:
///     path: /etc/hosts
///     regexp: (\s+)old\.host\.name(\s+.*)?$
///     replace: \1new.host.name\2
/// - replace:
///     path: /etc/apache2/sites-available/default.conf
///     after: NameVirtualHost [*]
///     before: "# live site config"
///     regexp: ^(.+)$
///     replace: "# \\1"
/// ```
#[derive(Args)]
pub struct Replace {
    /// The file to edit.
    #[arg(alias = "dest", alias = "destfile", alias = "name")]
    path: PathBuf,
    /// What to replace (Python's syntax). `^` and `$` match at every line, `.` no newline.
    regexp: String,
    /// What to put there; `\1` and `\g<name>` are the groups of `regexp`. Without it matches are removed.
    #[arg(default = "", name = "replace")]
    replacement: String,
    /// Only what comes after the first match of this pattern is changed; `.` matches newlines too.
    after: Option<String>,
    /// Only what comes before the first match of this pattern is changed; `.` matches newlines too.
    before: Option<String>,
    /// Keeps a copy of the file that is changed, beside it, under a name with the time; that name is
    /// returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// A command that has to succeed before the file is put in its place; `%s` in it is the path of
    /// the new file. No shell reads it.
    validate: Option<String>,
    /// The file's encoding: `utf-8`, `latin-1`, `utf-16`, `utf-16-le` or `utf-16-be`.
    #[arg(default = "utf-8")]
    encoding: String,
    #[arg(flatten)]
    attributes: FileArgs,
}

impl Module for Replace {
    type Plan = Edit;

    fn inspect(&self, host: &Reader) -> Result<Changes<Edit>, Failure> {
        let (path, current) = edit::find(host, &self.path)?;
        if current.is_none() {
            return Err(Failure::new(format!("Path {} does not exist !", self.path.display())).with("rc", 257));
        }
        let text = Text::decode_as(&self.encoding, host.read(&path)?)?
            .ok_or_else(|| Failure::new(format!("unknown encoding: {}", self.encoding)).uncaught())?;
        let pattern = self.section();
        let Some(section) = found(&text, pattern.as_deref())? else {
            let pattern = pattern.unwrap_or_default();
            let msg = format!("Pattern for before/after params did not match the given file: {pattern}");
            return Ok(Changes::none().with("msg", msg).with("rc", 0));
        };
        let (start, end) = (section.start, section.end);
        let (section, count) = self.replaced(&text, &text.text[start..end])?;
        let after = format!("{}{section}{}", &text.text[..start], &text.text[end..]);
        let attributes = self.attributes.resolve(current.as_ref(), false)?;
        let others = current.as_ref().is_some_and(|meta| attributes.differ_from(meta));
        let msg = match (after != text.text, others) {
            (false, false) => String::new(),
            (true, false) => format!("{count} replacements made"),
            (false, true) => "ownership, perms or SE linux context changed".into(),
            (true, true) => format!("{count} replacements made and ownership, perms or SE linux context changed"),
        };
        let mut changes = Edit::changes(&self.path, current.as_ref(), (&text.text, &after), &text, attributes);
        let shown = self.path.to_string_lossy().into_owned();
        if after != text.text {
            changes.diff.truncate(1);
            let texts = changes.diff.pop().map(|diff| diff.headed(shown.clone(), shown));
            changes.diff.extend(texts);
        }
        Ok(changes
            .map(|edit| edit.keeping(self.backup).accepted_by(self.validate.as_ref()))
            .with("msg", msg)
            .with("rc", 0))
    }

    fn apply(&self, plan: Edit, host: &mut Writer) -> Result<Fields, Failure> {
        let backup = plan.apply(host)?.map(|backup| ("backup_file".to_owned(), json!(backup.to_string_lossy())));
        Ok(backup.into_iter().collect())
    }
}

impl Replace {
    /// The pattern for where changes may be made, which is its group `subsection`; `None` for the whole file.
    fn section(&self) -> Option<String> {
        let [after, before] = [&self.after, &self.before].map(|pattern| pattern.as_deref().unwrap_or_default());
        let between = match (after, before) {
            ("", "") => return None,
            ("", _) | (_, "") => ".*",
            _ => ".*?",
        };
        Some(format!("{after}(?P<subsection>{between}){before}"))
    }

    fn replaced(&self, text: &Text, section: &str) -> Result<(String, usize), Failure> {
        let pattern = regex::compile(&text.form(&self.regexp), true).map_err(Failure::uncaught)?;
        let template = text.form(&self.replacement);
        let refused = |failure: Failure| {
            if failure.msg.starts_with("unknown group name") {
                return failure.uncaught();
            }
            Failure::new(format!("Unable to process replace due to error: {failure}"))
        };
        regex::check_template(&template, &pattern).map_err(refused)?;
        let (mut out, mut last, mut count) = (String::new(), 0, 0);
        let mut next = Some(0);
        while let Some(at) = next
            && let Some(captures) = pattern.captures_from_pos(section, at)?
        {
            let Some(whole) = captures.get(0) else { break };
            out.push_str(&section[last..whole.start()]);
            let filled = regex::expand(&template, &captures);
            out.push_str(&filled.map_err(refused)?);
            last = whole.end();
            count += 1;
            // Nothing empty is found twice in one place, but behind what was found there may be something.
            let is_empty = whole.start() == last;
            next = if is_empty {
                section[last..].chars().next().map(|letter| last + letter.len_utf8())
            } else {
                Some(last)
            };
        }
        out.push_str(&section[last..]);
        Ok((out, count))
    }
}

/// Where a pattern's group `subsection` is in the text; the whole text without a pattern.
fn found(text: &Text, pattern: Option<&str>) -> Result<Option<Range<usize>>, Failure> {
    let Some(pattern) = pattern else { return Ok(Some(0..text.text.len())) };
    let pattern = regex::compile_dotall(&text.form(pattern)).map_err(Failure::uncaught)?;
    Ok(pattern
        .captures(text.text.as_str())?
        .and_then(|captures| captures.name("subsection").map(|group| group.range())))
}
