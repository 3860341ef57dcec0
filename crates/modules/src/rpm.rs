//! The database of installed rpms: queries, the names people give packages, and how versions compare.

use std::{cmp::Ordering, path::Path};

use crate::kit::{Failure, Program, Reader, glob};

/// What a query prints of a package, one a line.
const FORMAT: &str = "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\n";

/// A package: name, epoch, version, release, architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its epoch; most have `0`.
    pub epoch: String,
    /// Its version.
    pub version: String,
    /// Its release.
    pub release: String,
    /// Its architecture, or `noarch`.
    pub arch: String,
}

impl Package {
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t').map(str::to_owned);
        let (name, epoch) = (fields.next()?, fields.next()?);
        Some(Self { name, epoch, version: fields.next()?, release: fields.next()?, arch: fields.next()? })
    }

    /// `name-[epoch:]version-release.arch`; an epoch of 0 is left out.
    pub fn nevra(&self) -> String {
        format!("{}-{}.{}", self.name, self.evr(), self.arch)
    }

    /// `[epoch:]version-release`.
    fn evr(&self) -> String {
        let epoch = if self.epoch == "0" { String::new() } else { format!("{}:", self.epoch) };
        format!("{epoch}{}-{}", self.version, self.release)
    }

    /// How it compares with `[epoch:]version[-release]`; what that leaves out is equal.
    pub fn compare(&self, evr: &str) -> Ordering {
        let (epoch, rest) = evr.split_once(':').map_or((None, evr), |(epoch, rest)| (Some(epoch), rest));
        let (version, release) = rest.split_once('-').map_or((rest, None), |(v, r)| (v, Some(r)));
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        let by_epoch = epoch.map_or(Ordering::Equal, |epoch| number(&self.epoch).cmp(&number(epoch)));
        by_epoch
            .then_with(|| compare(&self.version, version))
            .then_with(|| release.map_or(Ordering::Equal, |release| compare(&self.release, release)))
    }

    /// Whether a spec without blanks names it: `name`, `name.arch`, `name-version`, with release and
    /// architecture, with an epoch; each may be a pattern.
    fn is_named(&self, spec: &str) -> bool {
        let Self { name, epoch, version, release, arch } = self;
        [
            name.clone(),
            format!("{name}.{arch}"),
            format!("{name}-{version}"),
            format!("{name}-{version}-{release}"),
            format!("{name}-{version}-{release}.{arch}"),
            format!("{name}-{epoch}:{version}"),
            format!("{name}-{epoch}:{version}-{release}"),
            format!("{name}-{epoch}:{version}-{release}.{arch}"),
        ]
        .iter()
        .any(|form| glob::matches(spec, form))
    }
}

/// The database below a root.
pub struct Database<'a> {
    host: &'a Reader,
    root: String,
    /// Names that were asked for together, and the packages of those names.
    asked: Vec<String>,
    found: Vec<Package>,
}

impl<'a> Database<'a> {
    /// That of the host, or of another root.
    pub fn new(host: &'a Reader, root: &str) -> Self {
        Self { host, root: root.to_owned(), asked: Vec::new(), found: Vec::new() }
    }

    /// Asks for many names at once: rpm starts once, and not for each.
    pub fn ask(&mut self, names: &[&str]) -> Result<(), Failure> {
        let is_plain =
            |name: &&&str| !name.starts_with(['/', '@', '-']) && !name.contains(' ') && !glob::is_pattern(name);
        let names: Vec<&str> = names.iter().filter(is_plain).copied().collect();
        if names.len() > 1 {
            self.found = self.query(&[&["--"], names.as_slice()].concat())?;
            self.found.dedup();
            self.asked = names.into_iter().map(str::to_owned).collect();
        }
        Ok(())
    }

    fn query(&self, arguments: &[&str]) -> Result<Vec<Package>, Failure> {
        let rpm = Program::new("rpm").plain_locale();
        let rpm = if self.root == "/" { rpm } else { rpm.arg("--root").arg(&self.root) };
        let finished = self.host.query(&rpm.args(["-q", "--qf", FORMAT]).args(arguments))?;
        Ok(finished.out().lines().filter_map(Package::parse).collect())
    }

    /// All packages.
    pub fn all(&self) -> Result<Vec<Package>, Failure> {
        self.query(&["-a"])
    }

    /// What a package file holds; `None` when it cannot be read.
    pub fn in_file(&self, path: &str) -> Result<Option<Package>, Failure> {
        Ok(self.query(&["-p", "--nosignature", "--", path])?.into_iter().next())
    }

    /// What provides a capability or a file.
    pub fn providers(&self, what: &str) -> Result<Vec<Package>, Failure> {
        self.query(&["--whatprovides", "--", what])
    }

    /// The installed packages that a spec names: a name in any form, a pattern, a comparison, a file.
    pub fn named(&self, spec: &str) -> Result<Vec<Package>, Failure> {
        if self.asked.iter().any(|name| name == spec) {
            return Ok(self.found.iter().filter(|package| package.is_named(spec)).cloned().collect());
        }
        if spec.starts_with('/') {
            return self.query(&["-f", "--", spec]);
        }
        if let Some((name, operator, evr)) = comparison(spec) {
            let mut found = self.query(&["--", name])?;
            found.retain(|package| {
                let order = package.compare(evr);
                match operator {
                    ">" => order.is_gt(),
                    ">=" => order.is_ge(),
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    _ => order.is_eq(),
                }
            });
            return Ok(found);
        }
        if glob::is_pattern(spec) {
            let mut found = self.all()?;
            found.retain(|package| package.is_named(spec));
            return Ok(found);
        }
        self.query(&["--", spec])
    }

    /// The installed package of that name that is newer than what `name-version[-release][.arch]` says.
    pub fn newer_than(&self, spec: &str) -> Result<Option<Package>, Failure> {
        for (at, _) in spec.rmatch_indices('-').take(2) {
            let (name, evr) = (&spec[..at], &spec[at + 1..]);
            if name.is_empty() || glob::is_pattern(name) || !evr.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let found = self.query(&["--", name])?;
            let newer = found.into_iter().find(|package| {
                let evr = evr.strip_suffix(&format!(".{}", package.arch)).unwrap_or(evr);
                package.compare(evr).is_gt()
            });
            if newer.is_some() {
                return Ok(newer);
            }
        }
        Ok(None)
    }
}

/// `name >= 1.0`: name, operator, version. The blanks have to be there.
pub fn comparison(spec: &str) -> Option<(&str, &str, &str)> {
    let mut words = spec.split_whitespace();
    let (name, operator, evr) = (words.next()?, words.next()?, words.next()?);
    (matches!(operator, ">" | ">=" | "<" | "<=" | "=" | "==") && words.next().is_none())
        .then_some((name, operator, evr))
}

/// Whether a name is a package file here or elsewhere.
pub fn is_file(name: &str) -> bool {
    name.contains("://") || Path::new(name).extension().is_some_and(|extension| extension == "rpm")
}

/// How rpm orders two versions: runs of digits by value, runs of letters by the alphabet, `~` before
/// the end and `^` behind it (`man 7 rpm-version`).
pub fn compare(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        one = rest(one, |byte| !byte.is_ascii_alphanumeric() && !b"~^".contains(byte));
        other = rest(other, |byte| !byte.is_ascii_alphanumeric() && !b"~^".contains(byte));
        match (one.first(), other.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (one, other) = (&one[1..], &other[1..]);
                continue;
            }
            (Some(b'~'), _) | (None, Some(b'^')) => return Ordering::Less,
            (_, Some(b'~')) | (Some(b'^'), None) => return Ordering::Greater,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(_), Some(_)) => {}
        }
        let is_number = one[0].is_ascii_digit();
        if is_number != other[0].is_ascii_digit() {
            return if is_number { Ordering::Greater } else { Ordering::Less };
        }
        let kind = |byte: &u8| if is_number { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() };
        let (after, other_after) = (rest(one, kind), rest(other, kind));
        let (mut run, mut other_run) = (&one[..one.len() - after.len()], &other[..other.len() - other_after.len()]);
        if is_number {
            (run, other_run) = (rest(run, |byte| *byte == b'0'), rest(other_run, |byte| *byte == b'0'));
            let by_length = run.len().cmp(&other_run.len());
            if by_length.is_ne() {
                return by_length;
            }
        }
        if run != other_run {
            return run.cmp(other_run);
        }
        (one, other) = (after, other_after);
    }
}

/// What is left of some bytes behind the first ones of a kind.
fn rest(bytes: &[u8], kind: impl Fn(&u8) -> bool) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| kind(byte)).count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_in_rpm() {
        let cases = [
            ("1.0", "1.0", Ordering::Equal),
            ("1.10", "1.9", Ordering::Greater),
            ("1.0", "1.0.1", Ordering::Less),
            ("1.0a", "1.0", Ordering::Greater),
            ("1.a", "1.1", Ordering::Less),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0^git1", "1.0", Ordering::Greater),
            ("1.0^git1", "1.0.1", Ordering::Less),
            ("001", "1", Ordering::Equal),
            ("2_0", "2.0", Ordering::Equal),
        ];
        for (one, other, wanted) in cases {
            assert_eq!(compare(one, other), wanted, "{one} and {other}");
            assert_eq!(compare(other, one), wanted.reverse(), "{other} and {one}");
        }
    }
}
