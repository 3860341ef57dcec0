//! Files of sections as Python's `configparser` reads and writes them.

use std::{fmt, path::Path};

use crate::kit::Failure;

type Section = Vec<(String, String)>;

/// The sections of a file, in its order; `DEFAULT` is one of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sections(Vec<(String, Section)>);

impl Sections {
    /// Reads a file: `name = value` or `name: value`, values go on in lines that are indented,
    /// comments are lines that begin with `#` or `;`.
    pub fn read(text: &str, path: &Path) -> Result<Self, Failure> {
        let mut sections = Self::default();
        let mut depth = None;
        for (at, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let value = sections.0.last_mut().and_then(|(_, section)| section.last_mut()).map(|(_, value)| value);
            match (value, depth) {
                (Some(value), Some(depth)) if trimmed.is_empty() || indent > depth => {
                    value.push('\n');
                    value.push_str(trimmed);
                    continue;
                }
                _ if trimmed.is_empty() => continue,
                _ => {}
            }
            depth = None;
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(name, _)| name) {
                if sections.0.iter().any(|(known, _)| known == name) && name != "DEFAULT" {
                    return Err(broken(path, at, &format!("section '{name}' already exists"), true));
                }
                sections.0.push((name.to_owned(), Section::new()));
                continue;
            }
            let Some((title, section)) = sections.0.last_mut() else {
                let file = path.display();
                let msg = format!(
                    "File contains no section headers.\nfile: '{file}', line: {}\n{:?}",
                    at + 1,
                    format!("{line}\n")
                );
                return Err(Failure::new(msg.replace('"', "'")));
            };
            let Some(end) = trimmed.find(['=', ':']) else {
                return Err(broken(path, at, line, false));
            };
            let name = trimmed[..end].trim().to_lowercase();
            if section.iter().any(|(known, _)| *known == name) {
                let what = format!("option '{name}' in section '{title}' already exists");
                return Err(broken(path, at, &what, true));
            }
            section.push((name, trimmed[end + 1..].trim().to_owned()));
            depth = Some(indent);
        }
        for (_, value) in sections.0.iter_mut().flat_map(|(_, section)| section) {
            value.truncate(value.trim_end_matches('\n').len());
        }
        Ok(sections)
    }

    /// Puts a section at the end, in the place of one of that name.
    pub fn set(&mut self, name: &str, section: Section) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), section));
    }

    /// Takes a section out; defaults alone are nothing.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
        if self.0.iter().all(|(known, _)| known == "DEFAULT") {
            self.0.clear();
        }
    }

    /// The file with everything sorted, as diffs show it: each section has the defaults as well.
    pub fn sorted(&self) -> String {
        let mut sections = self.clone();
        sections.0.sort();
        let (defaults, own): (Vec<_>, Vec<_>) = sections.0.into_iter().partition(|(name, _)| name == "DEFAULT");
        let mut text = String::new();
        for (name, mut section) in own {
            for default in defaults.iter().flat_map(|(_, defaults)| defaults) {
                if section.iter().all(|(name, _)| *name != default.0) {
                    section.push(default.clone());
                }
            }
            section.sort();
            text.push_str(&format!("[{name}]\n"));
            section.iter().for_each(|(name, value)| text.push_str(&format!("{name} = {value}\n")));
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, section) in &self.0 {
            writeln!(f, "[{name}]")?;
            for (name, value) in section {
                writeln!(f, "{name} = {}", value.replace('\n', "\n\t"))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn broken(path: &Path, at: usize, what: &str, is_duplicate: bool) -> Failure {
    let (file, line) = (path.display(), at + 1);
    Failure::new(if is_duplicate {
        format!("While reading from '{file}' [line {line:2}]: {what}")
    } else {
        format!("Source contains parsing errors: '{file}'\n\t[line {line:2}]: '{what}\\n'")
    })
}
