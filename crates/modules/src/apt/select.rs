//! Which packages have to be installed or removed.

use super::{
    Apt, Decision, State, marks,
    order::{Changed, Complaint, Order},
    policy::{self, Policies},
    spec::{self, Spec, Version},
};
use crate::{
    dpkg::Database,
    kit::{Failure, Reader, glob},
};

/// How the message begins where no version is to be had.
pub const NO_CANDIDATE: &str = "no available installation candidate for ";

/// What is known of the packages that a task names.
struct Known {
    database: Database,
    policies: Policies,
}

/// What has to be done with a package.
enum Verdict {
    Nothing,
    /// It is installed by this name, which may have a version.
    Install(String),
}

impl Apt {
    pub(super) fn decide_install(&self, host: &Reader, packages: &[String]) -> Result<Decision, Failure> {
        let packages = spec::expand(host, packages)?;
        let mut wanted = Vec::new();
        let mut names = Vec::new();
        if self.state == State::BuildDep {
            wanted = packages;
        } else {
            let specs: Vec<Spec> = packages.iter().map(|package| Spec::parse(package)).collect();
            let known = self.look_up(host, &specs)?;
            for spec in &specs {
                if let Verdict::Install(name) = self.judge(host, &known, spec)? {
                    wanted.push(name);
                }
            }
            names = specs.into_iter().map(|spec| spec.name).collect();
            names = marks::automatic(host, &known.database, &names)?;
        }
        let orders = if wanted.is_empty() { Vec::new() } else { vec![self.install_order(host, &wanted)?] };
        if host.mode().check {
            names.clear();
        }
        Ok(Decision { orders, marks: names, tells_cache: true, ..Decision::default() })
    }

    /// Packages that are there in any version are not asked of apt when that is enough.
    fn look_up(&self, host: &Reader, specs: &[Spec]) -> Result<Known, Failure> {
        let database = Database::read(host)?;
        let is_pattern =
            |spec: &Spec| matches!(&spec.version, Some(Version::Like(version)) if glob::is_pattern(version));
        let is_enough = |spec: &&Spec| {
            let package = database.find(&spec.name).filter(|package| package.is_installed());
            package.is_some_and(|package| {
                self.state != State::Latest
                    && !is_pattern(spec)
                    && spec.version.as_ref().is_none_or(|wanted| wanted.accepts(&package.version))
            })
        };
        let asked: Vec<String> = specs.iter().filter(|spec| !is_enough(spec)).map(|spec| spec.name.clone()).collect();
        let policies = Policies::query(host, &asked, self.default_release.as_deref())?;
        Ok(Known { database, policies })
    }

    fn judge(&self, host: &Reader, known: &Known, spec: &Spec) -> Result<Verdict, Failure> {
        let installed = known.database.find(&spec.name).filter(|package| package.is_installed());
        let policy = known.policies.find(&spec.name).filter(|policy| policy.is_real());
        if installed.is_none() && policy.is_none() {
            return self.judge_virtual(host, known, spec);
        }
        let accepts = |version: &str| spec.version.as_ref().is_none_or(|wanted| wanted.accepts(version));
        let best = policy.and_then(|policy| policy.best(spec.version.as_ref())).filter(|best| accepts(best));
        let Some(package) = installed else {
            return match best {
                _ if self.only_upgrade => Ok(Verdict::Nothing),
                Some(best) => Ok(Verdict::Install(format!("{}={best}", spec.name))),
                None => Err(Failure::new(format!("{NO_CANDIDATE}{}", spec.shown()))),
            };
        };
        let better = best.filter(|best| *best != package.version);
        // The newest version that a pattern of versions matches is meant, whichever is there.
        let is_exact = spec.version.is_none() || matches!(spec.version, Some(Version::AtLeast(_)));
        if accepts(&package.version) && (better.is_none() || is_exact && self.state != State::Latest) {
            return Ok(Verdict::Nothing);
        }
        match better {
            Some(better) => Ok(Verdict::Install(format!("{}={better}", spec.name))),
            None => Err(Failure::new(format!("{NO_CANDIDATE}{}", spec.shown()))),
        }
    }

    /// A name that others provide: it is there when the only one that does is, and apt chooses otherwise.
    fn judge_virtual(&self, host: &Reader, known: &Known, spec: &Spec) -> Result<Verdict, Failure> {
        let providers = match known.policies.find(&spec.name) {
            Some(_) => policy::providers(host, &spec.name)?,
            None => Vec::new(),
        };
        if providers.is_empty() {
            return Err(Failure::new(format!("No package matching '{}' is available", spec.name)));
        }
        if let [provider] = providers.as_slice()
            && known.database.find(provider).is_some_and(super::super::dpkg::Package::is_installed)
        {
            let policies = Policies::query(host, &providers, self.default_release.as_deref())?;
            let known = Known { database: known.database.clone(), policies };
            let verdict = self.judge(host, &known, &Spec { name: provider.clone(), version: spec.version.clone() })?;
            return Ok(match verdict {
                Verdict::Nothing => Verdict::Nothing,
                Verdict::Install(name) => Verdict::Install(name.replacen(provider.as_str(), &spec.name, 1)),
            });
        }
        Ok(if self.only_upgrade { Verdict::Nothing } else { Verdict::Install(spec.name.clone()) })
    }

    pub(super) fn install_order(&self, host: &Reader, packages: &[String]) -> Result<Order, Failure> {
        let flag = |text: &'static str, is_set: bool| if is_set { text } else { "" };
        let quoted: Vec<String> = packages.iter().map(|package| format!("'{package}'")).collect();
        let is_build = self.state == State::BuildDep;
        let command = if is_build { "build-dep" } else { "install" };
        let fixed = format!("{} ", flag("--fix-broken", self.state == State::Fixed));
        let mut line = format!(
            "{} -y {} {} {}{} {} {} {} {command} {}",
            host.required("apt-get")?.display(),
            self.options(),
            flag("--only-upgrade", self.only_upgrade),
            if is_build { "" } else { &fixed },
            flag("--force-yes", self.force),
            flag("--auto-remove", self.autoremove),
            flag("--no-remove", self.fail_on_autoremove),
            flag("--simulate", host.mode().check),
            quoted.join(" "),
        );
        if let Some(release) = &self.default_release {
            line += &format!(" -t '{release}'");
        }
        if let Some(recommends) = self.install_recommends {
            line += if recommends { " -o APT::Install-Recommends=yes" } else { " -o APT::Install-Recommends=no" };
        }
        line += flag(" --allow-unauthenticated", self.allow_unauthenticated);
        line += flag(" --allow-downgrades", self.allow_downgrade);
        line += flag(" --allow-change-held-packages", self.allow_change_held_packages);
        let changed = if is_build { Changed::UnlessNothing } else { Changed::Always };
        Ok(Order { complaint: Complaint::Named(line.clone()), line, changed, talks: false })
    }

    pub(super) fn decide_removal(&self, host: &Reader, packages: &[String]) -> Result<Decision, Failure> {
        let database = Database::read(host)?;
        let goes = |package: &&String| {
            let spec = Spec::parse(package);
            let Some(known) = database.find(&spec.name) else { return false };
            let version = &known.version;
            let is_there = known.is_installed() && spec.version.is_none_or(|wanted| wanted.accepts(version));
            is_there || self.purge && database.has_files(host, known)
        };
        let all = spec::expand(host, packages)?;
        let quoted: Vec<String> = all.iter().filter(goes).map(|package| format!("'{package}'")).collect();
        if quoted.is_empty() {
            return Ok(Decision::default());
        }
        let quoted = quoted.join(" ");
        let flag = |text: &'static str, is_set: bool| if is_set { text } else { "" };
        let line = format!(
            "{} -q -y {} {} {} {} {} {} remove {quoted}",
            host.required("apt-get")?.display(),
            self.options(),
            flag("--purge", self.purge),
            flag("--force-yes", self.force),
            flag("--auto-remove", self.autoremove),
            flag("--allow-change-held-packages", self.allow_change_held_packages),
            flag("--simulate", host.mode().check),
        );
        let complaint = Complaint::Named(format!("apt-get remove {quoted}"));
        let order = Order { line, complaint, changed: Changed::Always, talks: false };
        Ok(Decision { orders: vec![order], ..Decision::default() })
    }
}
