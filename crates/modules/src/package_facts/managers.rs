//! What each package manager knows of the packages that are there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    apt::Policies,
    dpkg::Database,
    kit::{Failure, Program, Reader},
};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// Alpine's.
    Apk,
    /// Debian's.
    Apt,
    /// Arch's.
    Pacman,
    /// That of Red Hat, SUSE and their kin.
    Rpm,
}

impl Manager {
    /// All, in the order in which they are looked for.
    pub const ALL: &[Self] = &[Self::Apk, Self::Apt, Self::Pacman, Self::Rpm];

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "apk" => Some(Self::Apk),
            "apt" => Some(Self::Apt),
            "pacman" => Some(Self::Pacman),
            "rpm" | "dnf" | "dnf5" | "yum" | "zypper" => Some(Self::Rpm),
            _ => None,
        }
    }

    /// What Ansible calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Apt => "apt",
            Self::Pacman => "pacman",
            Self::Rpm => "rpm",
        }
    }

    /// Fails where the host does not have it. What apt manages is in files, whatever `PATH` says.
    pub fn look_for(self, host: &Reader) -> Result<(), Failure> {
        match self {
            Self::Apt if host.exists("/usr/bin/apt-get") => Ok(()),
            Self::Apt => host.required("apt-get").map(drop),
            other => host.required(other.name()).map(drop),
        }
    }

    /// The packages that are there, as results have them.
    pub fn packages(self, host: &Reader) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Apk => Ok(apk(&output(host, &["apk", "info", "-v"])?)),
            Self::Apt => apt(host),
            Self::Pacman => Ok(pacman(&output(host, &["pacman", "-Qi"])?)),
            Self::Rpm => {
                let format = "%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{EPOCH}\\t%{ARCH}\\n";
                Ok(rpm(&output(host, &["rpm", "-qa", "--queryformat", format])?))
            }
        }
    }
}

fn output(host: &Reader, command: &[&str]) -> Result<String, Failure> {
    let program = Program::new(host.required(command[0])?).args(&command[1..]).plain_locale();
    let finished = host.query(&program)?;
    if finished.success() {
        return Ok(finished.out());
    }
    let msg = format!("Unable to list packages rc={} : {}", finished.rc, finished.err());
    Err(Failure::new(msg).with("rc", finished.rc))
}

fn apt(host: &Reader) -> Result<Vec<Value>, Failure> {
    let database = Database::read(host)?;
    let installed = database.packages.iter().filter(|package| package.is_there());
    let installed: Vec<_> = installed.map(|package| (database.full_name(package), package)).collect();
    let (mut names, mut sources) = (Vec::new(), String::new());
    if host.which("apt-cache").is_some() {
        names.extend(installed.iter().map(|(name, _)| name.clone()));
        sources = output(host, &["apt-cache", "policy"])?;
    }
    let policies = Policies::query(host, &names, None)?;
    let releases = releases(&sources);
    let origins: BTreeMap<&str, &str> = policies
        .all()
        .iter()
        .filter_map(|policy| {
            let (_, place) = policy.origin.as_ref()?.split_once(' ')?;
            Some((policy.name.as_str(), releases.get(place)?.as_str()))
        })
        .collect();
    let described = installed.iter().map(|(name, package)| {
        json!({
            "name": name,
            "version": package.version,
            "arch": package.architecture,
            "category": package.section,
            "origin": origins.get(name.as_str()).copied().unwrap_or_default(),
            "source": "apt",
        })
    });
    Ok(described.collect())
}

/// Whose each list of packages is, from `apt-cache policy`: a line with the place, and `release o=Debian,…` below.
fn releases(output: &str) -> BTreeMap<String, String> {
    let mut releases = BTreeMap::new();
    let mut place = "";
    for line in output.lines().map(str::trim) {
        if let Some(release) = line.strip_prefix("release ") {
            let origin = release.split(',').find_map(|part| part.strip_prefix("o=")).unwrap_or_default();
            releases.insert(place.to_owned(), origin.to_owned());
        } else if let Some((number, rest)) = line.split_once(' ')
            && number.parse::<i32>().is_ok()
        {
            place = rest;
        }
    }
    releases
}

fn rpm(output: &str) -> Vec<Value> {
    let packages = output.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    packages
        .filter_map(|fields| {
            let [name, version, release, epoch, arch] = fields.as_slice() else { return None };
            // As Python prints what is not there.
            let text = |text: &str| if text == "(none)" { "None" } else { text }.to_owned();
            Some(json!({
                "name": name,
                "version": version,
                "release": release,
                "epoch": text(epoch),
                "arch": text(arch),
                "source": "rpm",
            }))
        })
        .collect()
}

/// Lines such as `busybox-1.36.1-r15`; of another one, all is the name.
fn apk(output: &str) -> Vec<Value> {
    let packages = output.lines().map(|line| {
        let parts: Vec<&str> = line.rsplitn(3, '-').collect();
        let (name, version, release) = match parts[..] {
            [release, version, name] => (name, version, release),
            _ => (line, "", ""),
        };
        json!({ "name": name, "version": version, "release": release, "source": "apk" })
    });
    packages.collect()
}

/// Paragraphs of lines such as `Provides        : sh  other=1`; lists may go on in the next lines.
fn pacman(output: &str) -> Vec<Value> {
    output.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).map(pacman_package).collect()
}

fn pacman_package(paragraph: &str) -> Value {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in paragraph.lines() {
        match (line.split_once(" : ").filter(|_| !line.starts_with(' ')), fields.last_mut()) {
            (Some((name, value)), _) => fields.push((name.trim_end(), value.to_owned())),
            (None, Some((_, value))) => *value += &format!("  {}", line.trim_start()),
            (None, None) => {}
        }
    }
    let field = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
    let provides = field("Provides");
    let names = provides.split("  ").map(|name| name.split('=').next());
    json!({
        "name": field("Name"),
        "version": field("Version"),
        "arch": field("Architecture"),
        "provides": (provides != "None").then(|| names.collect::<Vec<_>>()),
        "source": "pacman",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_programs_are_read() {
        assert_eq!(apk("musl-utils-1.2.4-r2\n")[0]["name"], "musl-utils");
        let bash =
            "Name            : bash\nVersion         : 5.2-1\nProvides        : sh=1  a\n                  b\n\n";
        assert_eq!(
            (&pacman(bash)[0]["version"], &pacman(bash)[0]["provides"]),
            (&json!("5.2-1"), &json!(["sh", "a", "b"]))
        );
        let keys = rpm("gpg-pubkey\t1\t2\t(none)\t(none)\n");
        assert_eq!((&keys[0]["epoch"], &keys[0]["arch"]), (&json!("None"), &json!("None")));
        let policy = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n 500 http://d bookworm/main amd64 \
                      Packages\n     release v=12,o=Debian,a=stable\n";
        assert_eq!(releases(policy)["http://d bookworm/main amd64 Packages"], "Debian");
    }
}
