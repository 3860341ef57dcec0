//! Reads configuration files: lines, `Host` and `Match` blocks, includes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{ConnectError, SshConfig, local_user, tokens::tilde};
use crate::transport::pattern::matches_list;

/// Includes within includes, as `ssh` limits them.
const DEPTH: usize = 16;

/// Reads files for one host.
pub struct Reader {
    /// What was found so far.
    pub config: SshConfig,
    /// The name that `Host` is compared with.
    pub host: String,
    /// The name as the user typed it.
    pub original: String,
    /// The second reading, in which `Match final` holds.
    pub last: bool,
    /// A second reading was asked for.
    pub again: bool,
}

impl Reader {
    /// Reads a file and what it includes; a missing one is an error only when `required`.
    pub fn file(&mut self, file: &Path, base: Option<&Path>, required: bool) -> Result<(), ConnectError> {
        self.read(file, base, required, true, 0)
    }

    fn read(
        &mut self,
        file: &Path,
        base: Option<&Path>,
        required: bool,
        active: bool,
        depth: usize,
    ) -> Result<(), ConnectError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !required => return Ok(()),
            Err(e) => {
                let why = e.to_string();
                return Err(ConnectError::Controller { action: format!("read {}", file.display()), why });
            }
        };
        let mut active = active;
        let outer = active;
        for (index, line) in text.lines().enumerate() {
            let origin = || format!("{}:{}", file.display(), index + 1);
            let Some((keyword, value)) = split(line) else { continue };
            match keyword.as_str() {
                "host" => active = outer && matches_list(words(value).iter().map(String::as_str), &self.host),
                "match" => active = self.matches(&words(value), outer, &origin)?,
                "include" if active => {
                    if depth == DEPTH {
                        return Err(ConnectError::Configuration {
                            origin: origin(),
                            why: "too many nested includes".into(),
                        });
                    }
                    for pattern in words(value) {
                        for path in included(&pattern, base) {
                            self.read(&path, base, false, active, depth + 1)?;
                        }
                    }
                }
                _ if active => self.config.add(&keyword, value, &origin()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether all criteria of a `Match` line hold.
    fn matches(&mut self, words: &[String], outer: bool, origin: &dyn Fn() -> String) -> Result<bool, ConnectError> {
        let wrong = |why: String| ConnectError::Configuration { origin: origin(), why };
        let mut holds = outer;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (negated, criterion) = match word.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, word.as_str()),
            };
            let (criterion, attached) = match criterion.split_once('=') {
                Some((criterion, value)) => (criterion, Some(value.to_owned())),
                None => (criterion, None),
            };
            let criterion = criterion.to_ascii_lowercase();
            let found = match criterion.as_str() {
                "all" => true,
                "final" => {
                    self.again = true;
                    self.last
                }
                // Names are never canonicalized here.
                "canonical" => self.last,
                _ => {
                    let Some(value) = attached.or_else(|| words.next().cloned()) else {
                        return Err(wrong(format!("`Match {criterion}` needs a value")));
                    };
                    let list = |text: &str| matches_list(value.split(','), text);
                    match criterion.as_str() {
                        "host" => list(&self.config.host_name(&self.host)),
                        "originalhost" => list(&self.original),
                        "user" => list(&self.config.user()),
                        "localuser" => list(&local_user()),
                        "tagged" => list(self.config.value("tag").unwrap_or_default()),
                        // Only then is the command's outcome needed.
                        "exec" | "localnetwork" if !holds => false,
                        "exec" | "localnetwork" => {
                            return Err(wrong(format!("the ssh transport cannot follow `Match {criterion}`")));
                        }
                        "version" | "sessiontype" | "command" => false,
                        _ => return Err(wrong(format!("`Match` has no criterion `{criterion}`"))),
                    }
                }
            };
            holds &= found != negated;
        }
        Ok(holds)
    }
}

/// The files that an `Include` names, sorted.
fn included(pattern: &str, base: Option<&Path>) -> Vec<PathBuf> {
    let path = tilde(pattern);
    let path = match base {
        Some(base) if path.is_relative() => base.join(path),
        _ => path,
    };
    glob::glob(&path.to_string_lossy()).map(|found| found.flatten().collect()).unwrap_or_default()
}

/// A line's keyword, in lowercase, and its value.
fn split(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, value) = line.split_at(end);
    let value = value.trim_start();
    let value = value.strip_prefix('=').unwrap_or(value).trim();
    Some((keyword.trim_matches('"').to_ascii_lowercase(), value))
}

/// The words of a value: separated by blanks, quoted with `"`, up to a comment.
pub fn words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted: Option<char> = None;
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('\\', _) if chars.peek().is_some_and(|next| matches!(next, '"' | '\'' | '\\')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            (c, Some(quote)) if c == quote => quoted = None,
            ('"' | '\'', None) => {
                quoted = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            ('#', None) if word.is_none() => break,
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
