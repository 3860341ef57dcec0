//! What `update-alternatives` knows of a name.

use serde_json::{Value, json};

use crate::kit::{Failure, Program, Reader};

/// A name that goes with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subcommand {
    pub name: String,
    /// Its path; empty where it is not known.
    pub link: String,
    pub path: String,
}

/// One alternative.
#[derive(Debug, Default)]
pub struct Alternative {
    pub path: String,
    /// On Red Hat's kin.
    pub family: Option<String>,
    pub priority: i64,
    pub subcommands: Vec<Subcommand>,
}

/// A name and its alternatives.
#[derive(Debug, Default)]
pub struct Known {
    /// The path of the name; `None` when the name is not known.
    pub link: Option<String>,
    /// What it stands for.
    pub value: Option<String>,
    /// Whether the highest priority decides.
    pub is_auto: bool,
    pub alternatives: Vec<Alternative>,
}

/// `update-alternatives`, in the C locale.
pub fn program(host: &Reader) -> Result<Program, Failure> {
    Ok(Program::new(host.required("update-alternatives")?).plain_locale())
}

/// Subcommands as results show them.
pub fn shown(subcommands: &[Subcommand]) -> Value {
    let shown = |s: &Subcommand| json!({ "name": s.name, "link": s.link, "path": s.path });
    subcommands.iter().map(shown).collect()
}

impl Known {
    /// Asks for a name.
    pub fn look_up(host: &Reader, name: &str) -> Result<Self, Failure> {
        let finished = host.query(&program(host)?.arg("--query").arg(name))?;
        if finished.success() {
            return Ok(Self::parse(&finished.out()));
        }
        // Red Hat's program has another way to tell.
        let finished = host.query(&program(host)?.arg("--display").arg(name))?;
        Ok(if finished.success() { Self::parse_display(&finished.out()) } else { Self::default() })
    }

    fn parse(text: &str) -> Self {
        let mut known = Self::default();
        let mut links: Vec<(String, String)> = Vec::new();
        let mut in_slaves = false;
        for line in text.lines() {
            if let Some((name, path)) =
                line.strip_prefix(' ').and_then(|rest| rest.split_once(' ')).filter(|_| in_slaves)
            {
                let link = links.iter().find(|(known, _)| known == name).map(|(_, link)| link.clone());
                match known.alternatives.last_mut() {
                    None => links.push((name.to_owned(), path.to_owned())),
                    Some(alternative) => alternative.subcommands.push(Subcommand {
                        name: name.to_owned(),
                        link: link.unwrap_or_default(),
                        path: path.to_owned(),
                    }),
                }
                continue;
            }
            in_slaves = line == "Slaves:";
            let Some((key, value)) = line.split_once(": ") else { continue };
            match key {
                "Link" => known.link = Some(value.to_owned()),
                "Value" => known.value = Some(value.to_owned()).filter(|value| value != "none"),
                "Status" => known.is_auto = value == "auto",
                "Alternative" => {
                    known.alternatives.push(Alternative { path: value.to_owned(), ..Alternative::default() });
                }
                "Priority" => {
                    if let Some(alternative) = known.alternatives.last_mut() {
                        alternative.priority = value.parse().unwrap_or(0);
                    }
                }
                _ => {}
            }
        }
        known
    }

    /// `NAME - status is auto.`, ` link currently points to PATH`, `PATH - [family F ]priority N`, ` slave NAME: PATH`;
    /// it does not tell the links.
    fn parse_display(text: &str) -> Self {
        let mut known = Self::default();
        for line in text.lines() {
            let trimmed = line.trim();
            if let Some((_, status)) = line.split_once(" - status is ") {
                known.is_auto = status.starts_with("auto");
                known.link = Some(String::new());
            } else if let Some(path) = trimmed.strip_prefix("link currently points to ") {
                known.value = Some(path.to_owned());
            } else if let Some((path, rest)) = line.split_once(" - ").filter(|(path, _)| path.starts_with('/')) {
                let (before, priority) = rest.split_once("priority ").unwrap_or((rest, "0"));
                known.alternatives.push(Alternative {
                    path: path.to_owned(),
                    family: before.strip_prefix("family ").map(|family| family.trim().to_owned()),
                    priority: priority.trim().parse().unwrap_or(0),
                    subcommands: Vec::new(),
                });
            } else if let Some((name, path)) = subcommand(trimmed)
                && let Some(alternative) = known.alternatives.last_mut()
            {
                let (name, path) = (name.to_owned(), path.to_owned());
                alternative.subcommands.push(Subcommand { name, link: String::new(), path });
            }
        }
        known
    }
}

/// `slave NAME: PATH`, or `follower` in its place; one without a program has `(null)` for its path.
fn subcommand(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("slave ").or_else(|| line.strip_prefix("follower "))?;
    rest.split_once(": ").filter(|(_, path)| *path != "(null)")
}
