//! dpkg's database, read from its files (`man 5 deb-control`, `/var/lib/dpkg/status`), and its order of versions.

use std::{cmp::Ordering, path::Path};

use crate::kit::{Failure, Reader};

const STATUS: &str = "/var/lib/dpkg/status";

/// A package that dpkg knows something of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name, without an architecture.
    pub name: String,
    /// Its version; empty when it was never there.
    pub version: String,
    /// Its architecture, `all` among them.
    pub architecture: String,
    /// Its section, as `admin`.
    pub section: String,
    /// What the administrator wants: `install`, `hold`, `deinstall`, `purge` or `unknown`.
    pub wanted: String,
    /// What it is: `installed`, `config-files`, `half-configured` …
    pub state: String,
    /// The names it provides, with the versions that it provides them in.
    pub provides: Vec<(String, Option<String>)>,
}

impl Package {
    /// Wholly installed.
    pub fn is_installed(&self) -> bool {
        self.state == "installed"
    }

    /// Unpacked at least: there is a version of it on the host.
    pub fn is_there(&self) -> bool {
        !matches!(self.state.as_str(), "" | "not-installed" | "config-files")
    }
}

/// All that dpkg knows.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// The packages, in the order of the file.
    pub packages: Vec<Package>,
    /// The host's own architecture, as `amd64`.
    pub architecture: String,
}

impl Database {
    /// Reads it. A host without one has no packages.
    pub fn read(host: &Reader) -> Result<Self, Failure> {
        Ok(Self::parse(&host.read_text(STATUS)?.unwrap_or_default()))
    }

    fn parse(text: &str) -> Self {
        let packages: Vec<Package> = text.split("\n\n").filter_map(package).collect();
        let own = packages.iter().find(|package| package.name == "dpkg" && package.is_there());
        let architecture = own.map(|package| package.architecture.clone()).unwrap_or_default();
        Self { packages, architecture }
    }

    /// The package of that name, which may end in `:ARCHITECTURE`; without, it is the host's own.
    pub fn find(&self, name: &str) -> Option<&Package> {
        let (name, architecture) = name.split_once(':').unwrap_or((name, &self.architecture));
        let of_host = architecture == self.architecture || architecture == "native";
        self.packages.iter().find(|package| {
            package.name == name && (package.architecture == architecture || of_host && package.architecture == "all")
        })
    }

    /// The package's name; that of a foreign architecture ends in it.
    pub fn full_name(&self, package: &Package) -> String {
        if package.architecture == self.architecture || package.architecture == "all" {
            return package.name.clone();
        }
        format!("{}:{}", package.name, package.architecture)
    }

    /// Whether files of the package are on the host, be it only its configuration.
    pub fn has_files(&self, host: &Reader, package: &Package) -> bool {
        let folder = Path::new("/var/lib/dpkg/info");
        [package.name.clone(), format!("{}:{}", package.name, package.architecture)]
            .iter()
            .any(|name| host.exists(folder.join(format!("{name}.list"))))
    }
}

fn package(paragraph: &str) -> Option<Package> {
    let mut package = Package::default();
    for (name, value) in fields(paragraph) {
        match name {
            "Package" => value.clone_into(&mut package.name),
            "Version" => value.clone_into(&mut package.version),
            "Architecture" => value.clone_into(&mut package.architecture),
            "Section" => value.clone_into(&mut package.section),
            "Provides" => package.provides = relations(value).map(provided).collect(),
            "Status" => {
                let mut words = value.split_whitespace();
                words.next().unwrap_or_default().clone_into(&mut package.wanted);
                words.nth(1).unwrap_or_default().clone_into(&mut package.state);
            }
            _ => {}
        }
    }
    (!package.name.is_empty()).then_some(package)
}

/// The fields of a paragraph whose values are one line; of longer ones the first line.
pub fn fields(paragraph: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = paragraph.lines().filter(|line| !line.starts_with([' ', '\t', '#']));
    lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim()))
}

/// The members of a list such as `Depends`, with their alternatives and versions.
pub fn relations(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|relation| !relation.is_empty())
}

fn provided(relation: &str) -> (String, Option<String>) {
    let relation = Relation::parse(relation);
    (relation.name.to_owned(), relation.version.map(|(_, version)| version.to_owned()))
}

/// One package in a relation (Debian Policy §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation<'a> {
    /// Its name, without `:any`.
    pub name: &'a str,
    /// The operator, as `>=`, and the version.
    pub version: Option<(&'a str, &'a str)>,
}

impl<'a> Relation<'a> {
    /// From text such as `libc6:any (>= 2.36)`.
    pub fn parse(text: &'a str) -> Self {
        let (name, rest) = text.split_at(text.find(['(', ' ', '[', '<']).unwrap_or(text.len()));
        let name = name.split(':').next().unwrap_or(name).trim();
        let version = rest.trim().strip_prefix('(').and_then(|rest| rest.split(')').next()).and_then(|inner| {
            let at = inner.find(|letter: char| !"<>=".contains(letter))?;
            Some((inner[..at].trim(), inner[at..].trim()))
        });
        Self { name, version }
    }

    /// Whether a version will do.
    pub fn accepts(&self, version: &str) -> bool {
        let Some((operator, wanted)) = self.version else { return true };
        let order = compare(version, wanted);
        match operator {
            "<<" => order.is_lt(),
            ">>" => order.is_gt(),
            "=" => order.is_eq(),
            "<=" | "<" => order.is_le(),
            _ => order.is_ge(),
        }
    }
}

/// The order of two versions (`man 7 deb-version`).
pub fn compare(one: &str, other: &str) -> Ordering {
    let (epoch, upstream, revision) = parts(one);
    let (other_epoch, other_upstream, other_revision) = parts(other);
    epoch
        .cmp(&other_epoch)
        .then_with(|| compare_part(upstream, other_upstream))
        .then_with(|| compare_part(revision, other_revision))
}

fn parts(version: &str) -> (u64, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch.trim().parse().unwrap_or(0), upstream, revision)
}

fn compare_part(mut one: &str, mut other: &str) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        let (text, other_text) = (cut(&mut one, false), cut(&mut other, false));
        let order = compare_text(text, other_text);
        if order.is_ne() {
            return order;
        }
        let digits = cut(&mut one, true).trim_start_matches('0');
        let other_digits = cut(&mut other, true).trim_start_matches('0');
        let order = digits.len().cmp(&other_digits.len()).then_with(|| digits.cmp(other_digits));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the digits, or what is none, from the front.
fn cut<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text.find(|letter: char| letter.is_ascii_digit() != digits).unwrap_or(text.len());
    let (front, rest) = text.split_at(end);
    *text = rest;
    front
}

/// `~` comes before the end, the end before letters, letters before all else.
fn compare_text(one: &str, other: &str) -> Ordering {
    let weight = |letter: Option<u8>| match letter {
        Some(b'~') => -1,
        None => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(letter),
        Some(letter) => i32::from(letter) + 256,
    };
    let (mut one, mut other) = (one.bytes(), other.bytes());
    loop {
        let (left, right) = (one.next(), other.next());
        let order = weight(left).cmp(&weight(right));
        if order.is_ne() || left.is_none() && right.is_none() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_does() {
        let ordered = [
            "0~~",
            "0~~a",
            "0~",
            "0",
            "0a",
            "0.0",
            "1.0~rc1-1",
            "1.0",
            "1.0-0.1",
            "1.0-1",
            "1.0-1+b1",
            "1.0a",
            "1.0+1",
            "1.2",
            "1.10",
            "1:0.1",
        ];
        for pair in ordered.windows(2) {
            assert!(compare(pair[0], pair[1]).is_lt(), "{pair:?}");
            assert!(compare(pair[1], pair[0]).is_gt(), "{pair:?}");
        }
        assert!(compare("1.00", "1.0").is_eq());
        assert!(compare("0:1", "1-0").is_eq());
    }

    #[test]
    fn packages_are_found_by_architecture() {
        let text = "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\nPackage: a\nStatus: hold ok \
                    installed\nArchitecture: i386\nVersion: 2\nProvides: x (= 1), y\n\nPackage: b\nStatus: deinstall ok \
                    config-files\nArchitecture: all\nVersion: 3\n";
        let database = Database::parse(text);
        assert_eq!(database.architecture, "amd64");
        assert!(database.find("a").is_none());
        let foreign = database.find("a:i386").unwrap();
        assert_eq!((foreign.wanted.as_str(), database.full_name(foreign).as_str()), ("hold", "a:i386"));
        assert_eq!(foreign.provides, [("x".into(), Some("1".into())), ("y".into(), None)]);
        assert!(!database.find("b").unwrap().is_there());
    }

    #[test]
    fn relations_have_operators() {
        assert_eq!(Relation::parse("libc6:any (>= 2.36)"), Relation { name: "libc6", version: Some((">=", "2.36")) });
        assert!(Relation::parse("a (<< 2)").accepts("1.9"));
        assert!(!Relation::parse("a(=1.0)").accepts("1.1"));
        assert!(Relation::parse("a [amd64]").accepts("1.1"));
    }
}
