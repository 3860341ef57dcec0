//! What a task calls a package: `foo`, `foo:i386`, `foo=1.0*`, `foo>=1.0`, `foo*`.

use std::collections::BTreeSet;

use super::policy::{Policies, Policy};
use crate::{
    dpkg,
    kit::{Failure, Program, Reader, glob},
};

/// A package, and the version that is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The package's name, as `foo` or `foo:i386`; it may be a pattern.
    pub name: String,
    /// The version.
    pub version: Option<Version>,
}

/// A version that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// One that matches this pattern.
    Like(String),
    /// This one or a later one.
    AtLeast(String),
}

impl Spec {
    /// As the task says it.
    pub fn shown(&self) -> String {
        match &self.version {
            None => self.name.clone(),
            Some(Version::Like(version)) => format!("{}={version}", self.name),
            Some(Version::AtLeast(version)) => format!("{}>={version}", self.name),
        }
    }

    /// From what the task says.
    pub fn parse(text: &str) -> Self {
        let Some((name, version)) = text.split_once('=') else { return Self { name: text.into(), version: None } };
        match name.strip_suffix('>') {
            Some(name) => Self { name: name.into(), version: Some(Version::AtLeast(version.into())) },
            None => Self { name: name.into(), version: Some(Version::Like(version.into())) },
        }
    }
}

impl Version {
    /// Whether a version will do.
    pub fn accepts(&self, version: &str) -> bool {
        match self {
            Self::Like(pattern) => glob::matches(pattern, version),
            Self::AtLeast(least) => dpkg::compare(version, least).is_ge(),
        }
    }
}

/// What the task says with the names that its patterns match in their places; a version is lost with a pattern.
pub fn expand(host: &Reader, packages: &[String]) -> Result<Vec<String>, Failure> {
    let mut known: Option<Vec<String>> = None;
    let mut all = Vec::new();
    for package in packages {
        let pattern = Spec::parse(package).name;
        if !pattern.contains(['*', '?', '[', ']', '!']) {
            all.push(package.clone());
            continue;
        }
        let names = match &known {
            Some(names) => names,
            None => known.insert(names(host)?),
        };
        let matching = match pattern.split_once(':') {
            None => names.iter().filter(|name| glob::matches(&pattern, name)).cloned().collect(),
            Some((name, architecture)) => foreign(host, names, name, architecture)?,
        };
        if matching.is_empty() {
            return Err(Failure::new(format!("No package(s) matching '{pattern}' available")));
        }
        all.extend(matching);
    }
    Ok(all)
}

/// Patterns for names match the host's own architecture, unless they name another one.
fn foreign(host: &Reader, names: &[String], name: &str, architecture: &str) -> Result<Vec<String>, Failure> {
    let known = host.read_text("/var/lib/dpkg/arch")?.unwrap_or_default();
    let architectures: Vec<&str> = known.lines().filter(|known| glob::matches(architecture, known)).collect();
    let matching = names.iter().filter(|known| glob::matches(name, known));
    let candidates: Vec<String> =
        matching.flat_map(|name| architectures.iter().map(move |known| format!("{name}:{known}"))).collect();
    let policies = Policies::query(host, &candidates, None)?;
    Ok(candidates.into_iter().filter(|name| policies.find(name).is_some_and(Policy::is_real)).collect())
}

/// The names of all real packages that apt knows.
fn names(host: &Reader) -> Result<Vec<String>, Failure> {
    let listed = host.query(&Program::new(host.required("apt-cache")?).arg("pkgnames").plain_locale())?.out();
    let names: BTreeSet<&str> = listed.lines().collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_the_name() {
        let spec = |name: &str, version| Spec { name: name.into(), version };
        assert_eq!(Spec::parse("foo"), spec("foo", None));
        assert_eq!(Spec::parse("foo=1:1.0*"), spec("foo", Some(Version::Like("1:1.0*".into()))));
        assert_eq!(Spec::parse("foo>=1.0"), spec("foo", Some(Version::AtLeast("1.0".into()))));
        assert!(Version::Like("1.*".into()).accepts("1.2"));
        assert!(!Version::AtLeast("1.10".into()).accepts("1.9"));
    }
}
