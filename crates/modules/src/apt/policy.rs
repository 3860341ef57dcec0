//! Which versions apt would install, as `apt-cache policy` tells.

use super::{lists::complaints, spec::Version};
use crate::{
    dpkg,
    kit::{Failure, Program, Reader},
};

/// What apt thinks of some packages.
pub struct Policies {
    all: Vec<Policy>,
    architecture: String,
}

/// What apt thinks of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its name; one of a foreign architecture ends in it.
    pub name: String,
    /// The version that is there.
    pub installed: Option<String>,
    /// The version that would be installed.
    pub candidate: Option<String>,
    /// All versions, the newest first.
    pub versions: Vec<String>,
    /// Those of them that apt's preferences forbid.
    pub forbidden: Vec<String>,
    /// Where the version that is there comes from, as `500 http://deb.debian.org/debian bookworm/main amd64 Packages`.
    pub origin: Option<String>,
}

impl Policy {
    /// Whether there is a version of it anywhere; else it is a name that others provide or need.
    pub fn is_real(&self) -> bool {
        !self.versions.is_empty()
    }

    /// The version to install where `wanted` is what the task says. A version that is named outweighs apt's preferences,
    /// unless they forbid it.
    pub fn best(&self, wanted: Option<&Version>) -> Option<&str> {
        if let Some(Version::Like(_)) = wanted {
            let best = self.versions.iter().find(|version| wanted.is_none_or(|w| w.accepts(version)));
            return best.filter(|best| !self.forbidden.contains(best)).map(String::as_str);
        }
        self.candidate.as_deref()
    }
}

impl Policies {
    /// Asks for packages; `release` is what `default_release` says.
    pub fn query(host: &Reader, names: &[String], release: Option<&str>) -> Result<Self, Failure> {
        let architecture = dpkg::Database::read(host)?.architecture;
        if names.is_empty() {
            return Ok(Self { all: Vec::new(), architecture });
        }
        let mut program = Program::new(host.required("apt-cache")?).arg("policy");
        if let Some(release) = release {
            program = program.arg("-t").arg(release);
        }
        let finished = host.query(&program.arg("--").args(names).plain_locale())?;
        if !finished.success() {
            let failure = Failure::new(complaints(&finished.err(), &["E", "W"]).join(", "));
            return Err(if release.is_some() { failure.uncaught() } else { failure });
        }
        Ok(Self { all: parse(&finished.out()), architecture })
    }

    /// What was said of a package; `None` where apt has never heard of it.
    pub fn find(&self, name: &str) -> Option<&Policy> {
        let own = name.split_once(':').filter(|(_, architecture)| *architecture == self.architecture);
        let name = own.map_or(name, |(name, _)| name);
        self.all.iter().find(|policy| policy.name == name)
    }

    /// All of them.
    pub fn all(&self) -> &[Policy] {
        &self.all
    }
}

fn parse(output: &str) -> Vec<Policy> {
    let mut all: Vec<Policy> = Vec::new();
    let mut is_installed = false;
    for line in output.lines() {
        if !line.starts_with(' ') {
            all.push(Policy { name: line.trim_end_matches(':').to_owned(), ..Policy::default() });
            continue;
        }
        let Some(policy) = all.last_mut() else { continue };
        let version = |text: &str| Some(text.trim()).filter(|text| *text != "(none)").map(str::to_owned);
        if let Some(installed) = line.strip_prefix("  Installed: ") {
            policy.installed = version(installed);
        } else if let Some(candidate) = line.strip_prefix("  Candidate: ") {
            policy.candidate = version(candidate);
        } else if line.starts_with("        ") {
            if is_installed && policy.origin.is_none() {
                policy.origin = Some(line.trim().to_owned());
            }
        } else if line.starts_with("     ") || line.starts_with(" *** ") {
            is_installed = line.starts_with(" ***");
            let mut words = line[5..].split_whitespace().map(str::to_owned);
            policy.versions.extend(words.next());
            if words.next().is_some_and(|priority| priority.starts_with('-')) {
                policy.forbidden.extend(policy.versions.last().cloned());
            }
        }
    }
    all
}

/// The packages that provide a name, in the version that apt would install.
pub fn providers(host: &Reader, name: &str) -> Result<Vec<String>, Failure> {
    let program = Program::new(host.required("apt-cache")?).arg("showpkg").arg("--").arg(name).plain_locale();
    let output = host.query(&program)?.out();
    let lines = output.lines().skip_while(|line| !line.starts_with("Reverse Provides:")).skip(1);
    let mut found: Vec<(String, String)> = lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect();
    found.sort();
    found.dedup();
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let policies = Policies::query(host, &names, None)?;
    found
        .retain(|(name, version)| policies.find(name).is_some_and(|policy| policy.candidate.as_ref() == Some(version)));
    found.dedup_by(|one, other| one.0 == other.0);
    Ok(found.into_iter().map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_versions_are_read() {
        let output = "tiny:\n  Installed: 1.0\n  Candidate: 2.0\n  Version table:\n     3.0 1\n          1 file:/srv/apt \
                      backports/main amd64 Packages\n     2.0 500\n        500 file:/srv/apt stable/main amd64 \
                      Packages\n *** 1.0 500\n        500 file:/srv/apt stable/main amd64 Packages\n        100 \
                      /var/lib/dpkg/status\nvirtual:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n";
        let all = parse(output);
        assert_eq!(all[0].installed.as_deref(), Some("1.0"));
        assert_eq!(all[0].versions, ["3.0", "2.0", "1.0"]);
        assert_eq!(all[0].origin.as_deref(), Some("500 file:/srv/apt stable/main amd64 Packages"));
        assert_eq!(all[0].best(None), Some("2.0"));
        assert_eq!(all[0].best(Some(&Version::Like("3*".into()))), Some("3.0"));
        assert!(!all[1].is_real());
    }
}
