//! A file with every setting at its default: `ansible.cfg`, environment variables, or variables of plays.

use indexmap::IndexMap;

use super::{InitFormat, shown};
use crate::config::{Kind, Setting};

/// The text of the file.
pub fn write(format: InitFormat, is_disabled: bool, kind: &str, plugins: &[String]) -> String {
    let (base, by_plugin) = shown::of_kind(kind, plugins);
    let rows: Vec<&Setting> = base.into_iter().chain(by_plugin.into_values().flatten()).collect();
    match format {
        InitFormat::Ini => ini(&rows, is_disabled),
        InitFormat::Env => lines(&rows, is_disabled, "=", |row| row.env.last().copied()),
        InitFormat::Vars => lines(&rows, is_disabled, ": ", |row| row.vars.last().copied()),
    }
}

fn ini(rows: &[&Setting], is_disabled: bool) -> String {
    let mut sections: IndexMap<&str, IndexMap<&str, String>> = IndexMap::new();
    for row in rows {
        let Some((section, key)) = row.ini.last().and_then(|place| place.split_once('.')) else { continue };
        let sign = if is_disabled { ";" } else { "" };
        let text = format!("# ({}) {}\n{sign}{key}={}\n", row.kind.name(), row.doc.trim(), default(row));
        sections.entry(section).or_default().entry(key).or_insert(text);
    }
    let text = |(section, keys): (&str, IndexMap<&str, String>)| {
        format!("[{section}]\n{}\n", keys.into_values().collect::<Vec<_>>().join("\n"))
    };
    sections.into_iter().map(text).collect::<Vec<_>>().join("\n")
}

fn lines(rows: &[&Setting], is_disabled: bool, sign: &str, name: fn(&Setting) -> Option<&'static str>) -> String {
    let mut known: IndexMap<&str, String> = IndexMap::new();
    for row in rows {
        let Some(name) = name(row) else { continue };
        let comment = if is_disabled { "#" } else { "" };
        let text = format!("# ({}) {}\n{comment}{name}{sign}{}\n", row.kind.name(), row.doc.trim(), default(row));
        known.entry(name).or_insert(text);
    }
    known.into_values().collect::<Vec<_>>().join("\n")
}

/// A default as `ansible.cfg` has it: `~/.ansible` stands for the home that others begin with.
fn default(row: &Setting) -> String {
    let text = row.default.unwrap_or_default().replace("$ANSIBLE_HOME", "~/.ansible");
    if row.kind == Kind::List { text.split(',').collect::<Vec<_>>().join(", ") } else { text }
}
