//! What dnf says of a transaction: its table of packages, and why it failed.

use serde_json::json;

use crate::{
    kit::{Failure, Finished},
    rpm::Package,
};

use super::failure;

/// A transaction as dnf's table shows it.
#[derive(Debug, Default, PartialEq)]
pub struct Transaction {
    /// Packages that come.
    pub installed: Vec<String>,
    /// Packages that go, those that are replaced included.
    pub removed: Vec<String>,
}

/// What the lines of a section are about.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Install,
    Replace,
    Remove,
    Other,
}

impl Section {
    fn of(title: &str) -> Self {
        let has = |word: &str| title.starts_with(word);
        match () {
            () if title.contains("roups") && !title.contains("packages") => Self::Other,
            () if has("Upgrading") || has("Downgrading") || has("Reinstalling") => Self::Replace,
            () if has("Installing") => Self::Install,
            () if has("Removing") => Self::Remove,
            () => Self::Other,
        }
    }
}

impl Transaction {
    /// Reads the table; `before` is what is installed, to tell what is replaced.
    pub fn read(text: &str, before: &[Package]) -> Self {
        let mut transaction = Self::default();
        let mut section = Section::Other;
        let mut words: Vec<&str> = Vec::new();
        for line in text.lines().chain(["Transaction Summary"]) {
            let depth = line.len() - line.trim_start().len();
            if depth <= 1 || line.trim_start().starts_with("replacing ") {
                transaction.take(section, &words, before);
                words.clear();
            }
            if line.starts_with("Transaction Summary") {
                break;
            }
            if depth == 0 && line.ends_with(':') {
                section = Section::of(line);
            } else if depth > 0 {
                // A long name has a line of its own, and the rest follows on the next one.
                words.extend(line.split_whitespace());
            } else {
                section = Section::Other;
            }
        }
        transaction
    }

    fn take(&mut self, section: Section, words: &[&str], before: &[Package]) {
        if section == Section::Other {
            return;
        }
        match words {
            ["replacing", full, evr] => {
                let (name, arch) = full.rsplit_once('.').unwrap_or((full, ""));
                self.remove(name, evr, arch);
            }
            ["replacing", name, arch, evr, ..] => self.remove(name, evr, arch),
            [name, arch, evr, _, ..] if section == Section::Remove => self.remove(name, evr, arch),
            [name, arch, evr, _, ..] => {
                self.installed.push(nevra(name, evr, arch));
                let replaced = before.iter().filter(|package| package.name == *name && package.arch == *arch);
                if section == Section::Replace {
                    replaced.map(Package::nevra).for_each(|nevra| self.removed.push(nevra));
                }
            }
            _ => {}
        }
    }

    fn remove(&mut self, name: &str, evr: &str, arch: &str) {
        let nevra = nevra(name, evr, arch);
        if !self.removed.contains(&nevra) {
            self.removed.push(nevra);
        }
    }
}

fn nevra(name: &str, evr: &str, arch: &str) -> String {
    format!("{name}-{}.{arch}", evr.strip_prefix("0:").unwrap_or(evr))
}

/// Why dnf failed, as the module says it; `specs` are what it was asked for.
pub fn why(finished: &Finished, specs: &[String]) -> Failure {
    let (out, err) = (finished.out(), finished.err());
    let lines = || out.lines().chain(err.lines()).map(str::trim);
    let failed = |msg: String| failure(msg).with("rc", 1);
    if let Some(line) = lines().find(|line| {
        line.starts_with("Package ") && line.ends_with(" is not signed") || line.starts_with("Public key for ")
    }) {
        let file = line.split_whitespace().find_map(|word| word.strip_suffix(".rpm")).unwrap_or_default();
        return Failure::new(format!("Failed to validate GPG signature for {file}: {line}"));
    }
    if let Some(failure) = super::streams::missing(finished) {
        return failure;
    }
    let not_there = |missing: Vec<String>| {
        failed("Failed to install some of the specified packages".into()).with("failures", missing)
    };
    let missing: Vec<String> = lines().filter_map(unavailable).collect();
    if !missing.is_empty() {
        return not_there(missing);
    }
    // What then is missing is all that was asked for.
    if let Some(line) = lines().find(|line| line.contains("There are no enabled repositories in ")) {
        let warning = line.strip_prefix("Error: ").unwrap_or(line);
        let missing = specs.iter().map(|spec| format!("No package {spec} available.")).collect();
        return not_there(missing).with("warnings", json!([warning]));
    }
    let said = [err.as_str(), out.as_str()].into_iter().find_map(|text| text.split_once("Problem")).map(|(_, said)| {
        let known = said.lines().take_while(|line| !line.starts_with("Error") && !line.starts_with('('));
        known.collect::<Vec<_>>().join("\n")
    });
    if let Some(said) = said {
        let said = said.trim_end();
        return failed(format!("Depsolve Error occurred: \n Problem{said}")).with("failures", json!([]));
    }
    let error = err.split_once("Error:").map_or(err.as_str(), |(_, error)| error);
    let error = if error.trim().is_empty() { &out } else { error };
    failed(error.trim().to_owned())
}

/// What a line about a spec that leads to nothing makes of it.
pub fn unavailable(line: &str) -> Option<String> {
    if let Some(spec) = line.strip_prefix("No match for argument: ") {
        return Some(format!("No package {spec} available."));
    }
    let (_, spec) = line.split_once("filtered out by exclude filtering for argument: ")?;
    Some(format!("{spec} {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_both_generations_are_read() {
        let before = [Package::parse("tiny\t0\t1.0\t1\tnoarch").expect("five fields")];
        let four = "Dependencies resolved.\n=====\n Package  Architecture  Version Repository  Size\n=====\n\
            Upgrading:\n tiny    noarch    2.0-1     base      6.0 k\nInstalling:\n new    noarch  1:1.0-1  base  6 k\n     \
            replacing  old.noarch 1.0-1\n a-name-that-is-very-very-very-long\n        noarch  1.0-1  base  6 k\n\
            Installing Groups:\n Useful Tools\n\nTransaction Summary\n";
        let five = "Package Arch Version Repository Size\nUpgrading:\n tiny noarch 0:2.0-1 base 4.0 B\n   replacing tiny \
            noarch 0:1.0-1 base 4.0 B\nTransaction Summary:\n Upgrading: 1 package\n";
        assert_eq!(
            Transaction::read(four, &before),
            Transaction {
                installed: vec![
                    "tiny-2.0-1.noarch".into(),
                    "new-1:1.0-1.noarch".into(),
                    "a-name-that-is-very-very-very-long-1.0-1.noarch".into()
                ],
                removed: vec!["tiny-1.0-1.noarch".into(), "old-1.0-1.noarch".into()],
            }
        );
        assert_eq!(
            Transaction::read(five, &before),
            Transaction { installed: vec!["tiny-2.0-1.noarch".into()], removed: vec!["tiny-1.0-1.noarch".into()] }
        );
    }
}
