//! `setup`: facts about the host, under the names and in the shapes that Ansible gives them.

mod collector;
mod date_time;
mod devices;
mod distribution;
mod dmi;
mod host;
mod hostname;
mod interfaces;
mod local;
mod lvm;
mod memory;
mod mounts;
mod netlink;
mod package_program;
mod platform;
mod processor;
mod python;
mod security;
mod service;
mod session;
mod ssh_keys;
mod storage_names;
mod subset;
mod timezone;
mod virtualization;

use std::path::PathBuf;

use serde_json::json;

use crate::kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, clock};
use host::Host;

/// The fact `pkg_mgr`: the name of the host's package manager, or `unknown`.
pub fn package_manager(host: &Reader) -> String {
    let host = Host::new(host.clone(), clock::seconds(10), PathBuf::new());
    package_program::collect(&host)["pkg_mgr"].as_str().unwrap_or("unknown").to_owned()
}

/// Gathers facts about the host: its system, hardware, network and users, as `ansible_facts`.
///
/// Runs by itself at the start of every play, unless `gather_facts: false`. Facts are read from
/// the kernel and from files; `ansible_python` is there where the host has a Python, and `facter`
/// and `ohai` are not asked.
///
/// ```yaml
/// - setup:
///     gather_subset: ['!all', network]
/// - setup:
///     filter: ansible_*_mb
/// ```
#[derive(Args)]
pub struct Setup {
    /// Which facts: `all`, `min`, `hardware`, `network`, `virtual` or the name of a smaller set;
    /// `!NAME` leaves one out. `min` is always part of it, unless `!min` says otherwise.
    #[arg(default = "all")]
    gather_subset: Vec<String>,
    /// Seconds after which a fact that has not been found is left out.
    #[arg(default = 10)]
    gather_timeout: i64,
    /// Shell patterns; only facts whose name matches one of them, with or without `ansible_`, are
    /// returned. An empty list, or an empty pattern, is no filter.
    #[arg(default = "[]")]
    filter: Vec<String>,
    /// The directory of `*.fact` files: programs are run, others read, as JSON or INI. They become
    /// `ansible_local`.
    #[arg(default = "/etc/ansible/facts.d")]
    fact_path: PathBuf,
    /// The Python that the user names for the host.
    #[arg(internal, name = "_python")]
    python: Option<String>,
}

impl Module for Setup {
    type Plan = ();

    fn inspect(&self, reader: &Reader) -> Result<Changes<()>, Failure> {
        let all = ["all".to_owned()];
        let asked = if self.gather_subset.is_empty() { &all[..] } else { &self.gather_subset };
        let chosen = subset::choose(asked)?;
        let timeout = clock::seconds(self.gather_timeout.max(1));
        let mut host = Host::new(reader.clone(), timeout, self.fact_path.clone());
        host.python.clone_from(&self.python);
        let mut facts = Fields::new();
        for (name, value) in collector::collect(&host, &chosen) {
            facts.insert(format!("ansible_{}", name.replace('-', "_")), value);
        }
        facts.insert("gather_subset".into(), json!(asked));
        facts.insert("module_setup".into(), json!(true));
        facts.retain(|name, _| self.is_wanted(name));
        facts.sort_keys();
        let changes = Changes::none().with("ansible_facts", facts);
        let warnings = host.warnings();
        Ok(if warnings.is_empty() { changes } else { changes.with("warnings", warnings) })
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}

impl Setup {
    fn is_wanted(&self, name: &str) -> bool {
        let short = name.strip_prefix("ansible_");
        let is_meant = |pattern: &String| {
            pattern.is_empty() || fnmatch(pattern, name) || short.is_some_and(|short| fnmatch(pattern, short))
        };
        self.filter.is_empty() || self.filter.iter().any(is_meant)
    }
}

/// Python's `fnmatch`: `*`, `?`, `[…]` and `[!…]`, over the whole name.
fn fnmatch(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches(&pattern, &name)
}

fn matches(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => (0..=name.len()).any(|skipped| matches(rest, &name[skipped..])),
        ['?', rest @ ..] => !name.is_empty() && matches(rest, &name[1..]),
        ['[', rest @ ..] => match (class(rest), name) {
            (Some((set, negated, after)), [first, others @ ..]) => {
                in_class(set, *first) != negated && matches(after, others)
            }
            (Some(_), []) => false,
            (None, _) => name.first() == Some(&'[') && matches(rest, &name[1..]),
        },
        [literal, rest @ ..] => name.first() == Some(literal) && matches(rest, &name[1..]),
    }
}

/// The characters of a class, whether it is negated, and what follows it; `None` when it is not closed.
fn class(pattern: &[char]) -> Option<(&[char], bool, &[char])> {
    let negated = pattern.first() == Some(&'!');
    let set = &pattern[usize::from(negated)..];
    // A bracket that comes first is part of the class.
    let end = 1 + set.get(1..)?.iter().position(|c| *c == ']')?;
    Some((&set[..end], negated, &set[end + 1..]))
}

fn in_class(set: &[char], wanted: char) -> bool {
    match set {
        [] => false,
        [from, '-', to, rest @ ..] => (*from..=*to).contains(&wanted) || in_class(rest, wanted),
        [one, rest @ ..] => *one == wanted || in_class(rest, wanted),
    }
}

/// The sizes of what is mounted on a path; may wait for ever.
pub use mounts::size as size_of_mount;

/// The fully qualified name of `node`: see the fact `fqdn`.
pub fn qualified_name(host: &Reader, node: &str, patience: std::time::Duration) -> String {
    hostname::qualified(&Host::new(host.clone(), patience, PathBuf::new()), node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_python() {
        for (pattern, name, matched) in [
            ("ansible_*_mb", "ansible_memory_mb", true),
            ("eth[0-2]", "eth1", true),
            ("eth[0-2]", "eth3", false),
            ("eth[!0-2]", "eth3", true),
            ("eth[", "eth[", true),
            ("[]]x", "]x", true),
            ("e?h0", "eth0", true),
            ("eth", "eth0", false),
            ("*", "", true),
        ] {
            assert_eq!(fnmatch(pattern, name), matched, "{pattern} {name}");
        }
    }
}
