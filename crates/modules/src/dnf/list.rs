//! `list`: packages and repositories as results have them.

use serde_json::{Value, json};

use crate::{
    kit::{Failure, Reader},
    rpm::{Database, Package},
};

use super::{options::Options, output::why, request::Tool};

/// As `rpm`'s queries print a package, with the repository.
const FORMAT: &str = "%{name}\\t%{epoch}\\t%{version}\\t%{release}\\t%{arch}\\t%{repoid}\\n";

impl Options {
    /// What `list` asks for.
    pub(super) fn listed(&self, host: &Reader, tool: &Tool, what: &str) -> Result<Vec<Value>, Failure> {
        let database = Database::new(host, &self.installroot);
        let query = |arguments: &[&str]| self.queried(host, tool, arguments);
        match what {
            "installed" => Ok(database.all()?.iter().map(|package| entry(package, "@System")).collect()),
            "available" => query(&["--available"]),
            "updates" | "upgrades" | "update" => query(&["--upgrades"]),
            "repos" | "repositories" => self.repositories(host, tool),
            spec => {
                let mut entries: Vec<Value> =
                    database.named(spec)?.iter().map(|package| entry(package, "@System")).collect();
                entries.extend(query(&["--available", spec])?);
                Ok(entries)
            }
        }
    }

    fn queried(&self, host: &Reader, tool: &Tool, arguments: &[&str]) -> Result<Vec<Value>, Failure> {
        let program = self.program(tool, host).args(["-q", "repoquery", "--qf", FORMAT]).args(arguments);
        let finished = host.query(&program)?;
        if !finished.success() {
            return Err(why(&finished, &[]));
        }
        let out = finished.out();
        let lines = out.lines().filter_map(|line| {
            let (package, repository) = line.rsplit_once('\t')?;
            Some(entry(&Package::parse(package)?, repository))
        });
        Ok(lines.collect())
    }

    fn repositories(&self, host: &Reader, tool: &Tool) -> Result<Vec<Value>, Failure> {
        let finished = host.query(&self.program(tool, host).args(["-q", "repolist"]))?;
        if !finished.success() {
            return Err(why(&finished, &[]));
        }
        let out = finished.out();
        let ids = out.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        Ok(ids.map(|id| json!({ "repoid": id, "state": "enabled" })).collect())
    }
}

fn entry(package: &Package, repository: &str) -> Value {
    let Package { name, epoch, version, release, arch } = package;
    let nevra = format!("{epoch}:{name}-{version}-{release}.{arch}");
    json!({
        "name": name, "arch": arch, "epoch": epoch, "release": release, "version": version, "repo": repository,
        "nevra": nevra, "envra": nevra, "yumstate": if repository == "@System" { "installed" } else { "available" },
    })
}
