//! Packages that come as files.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::AsRawFd,
};

use super::{
    Apt, Decision, State,
    order::{Changed, Complaint, Order},
    policy::{self, Policies},
};
use crate::{
    dpkg::{self, Database, Package, Relation},
    get_url::download::Download,
    http::{self, Request},
    kit::{Failure, Program, Reader, failure::os_text},
};

impl Apt {
    pub(super) fn decide_deb(&self, host: &Reader, debs: &str) -> Result<Decision, Failure> {
        if self.state != State::Present {
            return Err(Failure::new("deb only supports state=present"));
        }
        let downloaded = if debs.contains("://") { Some(download(host, debs)?) } else { None };
        let paths: Vec<String> = match &downloaded {
            Some(file) => vec![format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())],
            None => debs.split(',').map(str::to_owned).collect(),
        };
        let database = Database::read(host)?;
        let (mut needed, mut files) = (Vec::new(), Vec::new());
        for path in paths {
            let control = Control::read(host, &path)?;
            let installed = database.find(&control.key(&database)).filter(|package| package.is_there());
            if installed.is_some_and(|package| dpkg::compare(&package.version, control.field("Version")).is_eq()) {
                continue;
            }
            match control.check(host, &database, installed, self.install_recommends == Some(true)) {
                Ok(missing) => needed.extend(missing),
                Err(why) if self.force || self.allow_downgrade && why.contains("later version") => {}
                Err(why) => return Err(Failure::new(why)),
            }
            files.push(path);
        }
        let mut orders = Vec::new();
        if !needed.is_empty() {
            let dependencies = self.decide_install(host, &needed)?;
            orders.extend(dependencies.orders);
        }
        if !files.is_empty() {
            orders.push(self.dpkg_order(host, &files));
        }
        Ok(Decision { orders, _downloaded: downloaded, ..Decision::default() })
    }

    fn dpkg_order(&self, host: &Reader, files: &[String]) -> Order {
        let options: Vec<String> = self.dpkg_options.split(',').map(|option| format!("--{option}")).collect();
        let mut options = options.join(" ");
        if host.mode().check {
            options += " --simulate";
        }
        if self.force {
            options += " --force-all";
        }
        let line = format!("dpkg {options} -i {}", files.join(" "));
        Order { line, complaint: Complaint::Plain, changed: Changed::Always, talks: false }
    }
}

/// What a file says of its package.
struct Control(String);

impl Control {
    fn read(host: &Reader, path: &str) -> Result<Self, Failure> {
        let failed = |why: String| Failure::new(format!("Unable to install package: {why}"));
        let mut signature = [0; 8];
        let mut file = File::open(path).map_err(|error| {
            let number = error.raw_os_error().unwrap_or_default();
            failed(format!("E:Could not open file {path} - open ({number}: {})", os_text(&error)))
        })?;
        if file.read_exact(&mut signature).is_err() || signature != *b"!<arch>\n" {
            return Err(failed("E:Invalid archive signature".into()));
        }
        let finished = host.query(&Program::new("dpkg-deb").arg("--field").arg(path).plain_locale())?;
        if !finished.success() {
            return Err(failed(finished.err().trim().to_owned()));
        }
        // Long relations may go on in further lines.
        Ok(Self(finished.out().replace("\n ", " ")))
    }

    fn field(&self, wanted: &str) -> &str {
        dpkg::fields(&self.0).find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
    }

    /// The name that the package has in the database.
    fn key(&self, database: &Database) -> String {
        let architecture = self.field("Architecture");
        if architecture == "all" || architecture == database.architecture {
            return self.field("Package").to_owned();
        }
        format!("{}:{architecture}", self.field("Package"))
    }

    /// The packages that have to be installed for it, or why it cannot be installed.
    fn check(
        &self,
        host: &Reader,
        database: &Database,
        installed: Option<&Package>,
        recommends: bool,
    ) -> Result<Vec<String>, String> {
        let architecture = self.field("Architecture");
        let foreign = host.read_text("/var/lib/dpkg/arch").ok().flatten().unwrap_or_default();
        let is_known = architecture == "all"
            || architecture == database.architecture
            || foreign.lines().any(|known| known == architecture);
        if !is_known {
            return Err(format!(
                "Wrong architecture '{architecture}' -- Run dpkg --add-architecture to add it and update afterwards"
            ));
        }
        if installed.is_some_and(|package| dpkg::compare(&package.version, self.field("Version")).is_gt()) {
            return Err("A later version is already installed".into());
        }
        for relation in dpkg::relations(self.field("Conflicts")).chain(dpkg::relations(self.field("Breaks"))) {
            let there = satisfied_by(database, &Relation::parse(relation));
            if let Some(package) = there.filter(|package| package.name != self.field("Package")) {
                return Err(format!("Conflicts with the installed package '{}'", package.name));
            }
        }
        self.missing(host, database, recommends)
    }

    fn missing(&self, host: &Reader, database: &Database, recommends: bool) -> Result<Vec<String>, String> {
        let mut missing = Vec::new();
        let mut problems = String::new();
        let recommended = if recommends { self.field("Recommends") } else { "" };
        let needed = dpkg::relations(self.field("Depends")).chain(dpkg::relations(self.field("Pre-Depends")));
        let groups = needed.map(|group| (group, true));
        for (group, is_needed) in groups.chain(dpkg::relations(recommended).map(|group| (group, false))) {
            let alternatives: Vec<Relation> = group.split('|').map(|text| Relation::parse(text.trim())).collect();
            if alternatives.iter().any(|relation| satisfied_by(database, relation).is_some()) {
                continue;
            }
            match alternatives.iter().find_map(|relation| to_be_had(host, relation)) {
                Some(name) => missing.push(name),
                None if !is_needed => {}
                None => {
                    let shown: Vec<String> = alternatives.iter().map(shown).collect();
                    problems += &format!("Dependency is not satisfiable: {}\n", shown.join("|"));
                }
            }
        }
        if problems.is_empty() { Ok(missing) } else { Err(problems) }
    }
}

fn shown(relation: &Relation) -> String {
    let version = relation.version.map(|(operator, version)| format!(" ({operator} {version})"));
    relation.name.to_owned() + &version.unwrap_or_default()
}

/// A package on the host that a relation means, be it by what it provides.
fn satisfied_by<'a>(database: &'a Database, relation: &Relation) -> Option<&'a Package> {
    database.packages.iter().filter(|package| package.is_there()).find(|package| {
        let provides = |(name, version): &(String, Option<String>)| {
            name == relation.name
                && (relation.version.is_none() || version.as_ref().is_some_and(|v| relation.accepts(v)))
        };
        package.name == relation.name && relation.accepts(&package.version) || package.provides.iter().any(provides)
    })
}

/// The package that apt could install for a relation.
fn to_be_had(host: &Reader, relation: &Relation) -> Option<String> {
    let accepted = |name: &str| {
        let policies = Policies::query(host, &[name.to_owned()], None).ok()?;
        let candidate = policies.find(name)?.candidate.clone()?;
        relation.accepts(&candidate).then(|| name.to_owned())
    };
    accepted(relation.name).or_else(|| match policy::providers(host, relation.name).ok()?.as_slice() {
        [only] => accepted(only),
        _ => None,
    })
}

/// Fetches a file to where nobody else sees it.
fn download(host: &Reader, url: &str) -> Result<File, Failure> {
    let failed = |why: &str| Failure::new(format!("Failure downloading {url}, {why}"));
    let answer = Download::start(host, &http::simple_options(true), Request::new("GET", url))
        .map_err(|failure| failed(&failure.msg))?;
    if !answer.is_ok() {
        return Err(failed(&answer.msg));
    }
    let mut body = answer.body;
    let mut file = host.scratch()?;
    io::copy(&mut body, &mut file).map_err(|error| failed(&os_text(&error)))?;
    Ok(file)
}
