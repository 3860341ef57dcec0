//! What settings depend on beside the file: environment variables and the current folder.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use crate::source::{Diagnostic, nearest};

use super::settings;

/// The surroundings of the program.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables; those that are no UTF-8 are left out.
    pub variables: HashMap<String, String>,
    /// The current folder.
    pub folder: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: variables.collect(), folder: std::env::current_dir().unwrap_or_default() }
    }

    /// An environment variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Environment variables that begin like those of settings, and are none.
    pub fn unknown_variables(&self) -> Vec<Diagnostic> {
        let known: Vec<&str> = settings::all().flat_map(|setting| setting.env).copied().collect();
        let mut names: Vec<&String> = self.variables.keys().collect();
        names.retain(|name| {
            let is_others = ["ANSIBLE_TEST_", "ANSIBLE_LINT_"].iter().any(|prefix| name.starts_with(prefix));
            let is_meant = name.starts_with("ANSIBLE_") && !is_others;
            is_meant && *name != "ANSIBLE_CONFIG" && *name != "ANSIBLE_DEV_HOME" && !known.contains(&name.as_str())
        });
        names.sort_unstable();
        let report = |name: &String| {
            let error = Diagnostic::error(format!("no setting is read from the environment variable {name}"));
            match nearest(name, known.iter().copied()) {
                Some(near) => error.help(format!("did you mean {near}?")),
                None => error,
            }
        };
        names.into_iter().map(report).collect()
    }

    /// The absolute form of a path as people write it: `~` and `$NAME` are replaced, and a relative path
    /// begins at `base`.
    pub fn path(&self, text: &str, base: &Path) -> PathBuf {
        let text = self.replace_variables(&text.replace("{{CWD}}", &self.folder.to_string_lossy()));
        let home = self.variable("HOME").filter(|home| !home.is_empty());
        let text = match (text.strip_prefix('~'), home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
            (Some(_), _) => sutler_modules::kit::users::expand_path(&text, &[]),
            _ => text,
        };
        normal(&self.folder.join(base).join(text))
    }

    /// `$NAME` and `${NAME}`; what is not set stays as it stands.
    fn replace_variables(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let plain = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (name, after) = braced.unwrap_or_else(|| rest.split_at(plain));
            match self.variable(name).filter(|_| !name.is_empty()) {
                Some(value) => {
                    out.push_str(value);
                    rest = after;
                }
                None => out.push('$'),
            }
        }
        out + rest
    }
}

/// A path without `.` and `..`, links not followed.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => drop(out.pop()),
                Some(Component::RootDir) => {}
                _ => out.push(part),
            },
            other => out.push(other),
        }
    }
    out
}
