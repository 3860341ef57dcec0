//! `apt`: packages of Debian and its kin.

mod deb;
mod lists;
mod marks;
mod order;
mod policy;
mod rc_policy;
mod select;
mod spec;

use std::{fs::File, path::PathBuf};

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, clock},
};

pub use lists::{Patience, update};
use order::{Changed, Complaint, Order, Outcome};
pub use policy::Policies;

choice! {
    /// What should be with packages.
    pub enum State {
        /// Not there.
        Absent = "absent",
        /// What is needed to build them is there.
        BuildDep = "build-dep",
        /// There, and what is broken is repaired.
        Fixed = "fixed",
        /// There, in the newest version.
        Latest = "latest",
        /// There.
        Present = "present",
    }
}

choice! {
    /// How all packages are upgraded.
    pub enum Upgrade {
        /// Others may go for it.
        Dist = "dist",
        /// The same, by aptitude if it is there.
        Full = "full",
        /// They are not.
        No = "no",
        /// None goes for it.
        Safe = "safe",
        /// The same.
        Yes = "yes",
    }
}

/// Installs, upgrades and removes packages with apt.
///
/// What is as it should be is found in dpkg's own database, and apt is not started. Nothing of Python is needed.
///
/// ```yaml
/// - apt:
///     name: nginx
/// - apt:
///     name:
///     - postgresql-15=15.*
///     - "libssl3>=3.0.11"
///     state: present
///     update_cache: true
///     cache_valid_time: 3600
/// - apt:
///     upgrade: dist
/// - apt:
///     deb: https://example.com/tool_1.0_amd64.deb
/// - apt:
///     name: apache2
///     state: absent
///     purge: true
///     autoremove: true
/// ```
#[derive(Args)]
#[args(exclusive("deb", "package", "upgrade"))]
pub struct Apt {
    /// The packages: `foo`, `foo:i386`, `foo=1.0`, `foo=1.0*`, `foo>=1.0`, or a pattern of names as `foo*`. `*` alone
    /// with `state: latest` upgrades all.
    #[arg(alias = "name", alias = "pkg")]
    package: Option<Vec<String>>,
    /// What should be with the packages.
    #[arg(default = "present")]
    state: State,
    /// Fetches the lists of packages first, if they are older than `cache_valid_time`.
    #[arg(alias = "update-cache")]
    update_cache: Option<bool>,
    /// How often fetching is tried, with pauses of 1, 2, 4 … seconds.
    #[arg(default = 5)]
    update_cache_retries: i64,
    /// The longest of these pauses, in seconds.
    #[arg(default = 12)]
    update_cache_retry_max_delay: i64,
    /// How old the lists may be, in seconds; anything but 0 implies `update_cache`.
    #[arg(default = 0)]
    cache_valid_time: i64,
    /// Removes configuration files too, with `state: absent` or `autoremove`.
    #[arg(default = false)]
    purge: bool,
    /// The release to prefer, as `bookworm-backports` (`apt-get -t`).
    #[arg(alias = "default-release")]
    default_release: Option<String>,
    /// Whether recommended packages are installed too; apt's own setting when it is missing.
    #[arg(alias = "install-recommends")]
    install_recommends: Option<bool>,
    /// Lets apt-get do what may destroy the system (`--force-yes`): downgrade, remove held and essential packages,
    /// install what nobody signed.
    #[arg(default = false)]
    force: bool,
    /// Upgrades all packages: `safe` and `yes` remove none for it, `full` and `dist` may.
    #[arg(default = "no")]
    upgrade: Upgrade,
    /// Options of dpkg, separated by commas, without `--`.
    #[arg(default = "force-confdef,force-confold")]
    dpkg_options: String,
    /// `.deb` files of the host, or addresses of some, separated by commas.
    deb: Option<PathBuf>,
    /// Removes what was installed for others that are gone.
    #[arg(default = false)]
    autoremove: bool,
    /// Removes downloaded packages that can no longer be downloaded.
    #[arg(default = false)]
    autoclean: bool,
    /// Fails where packages would be removed.
    #[arg(default = false)]
    fail_on_autoremove: bool,
    /// The exit status of `/usr/sbin/policy-rc.d` meanwhile; 101 keeps services from being started.
    policy_rc_d: Option<i64>,
    /// Upgrades packages that are there, and installs none that is not.
    #[arg(default = false)]
    only_upgrade: bool,
    /// Upgrades with apt-get even if aptitude is there.
    #[arg(default = false)]
    force_apt_get: bool,
    /// Removes all downloaded packages first.
    #[arg(default = false)]
    clean: bool,
    /// Installs what nobody signed.
    #[arg(default = false, alias = "allow-unauthenticated")]
    allow_unauthenticated: bool,
    /// Installs older versions than those that are there.
    #[arg(default = false, alias = "allow-downgrade", alias = "allow_downgrades", alias = "allow-downgrades")]
    allow_downgrade: bool,
    /// Changes packages that are on hold.
    #[arg(default = false)]
    allow_change_held_packages: bool,
    /// How long locks of apt and dpkg are waited for, in seconds.
    #[arg(default = 60)]
    lock_timeout: i64,
    /// Has no effect: nothing of Python is needed.
    #[arg(default = true)]
    #[expect(dead_code, reason = "accepted for Ansible's sake")]
    auto_install_module_deps: bool,
}

/// What is done.
pub enum Plan {
    /// Lists are fetched or files removed first; what is to do then cannot be known before.
    FromTheStart,
    /// This.
    Decided(Decision),
}

/// What a look at the host led to.
#[derive(Default)]
pub struct Decision {
    /// Commands, in order.
    orders: Vec<Order>,
    /// Packages that are marked as wanted for themselves.
    marks: Vec<String>,
    /// Whether results tell when the lists were fetched.
    tells_cache: bool,
    /// The package that was downloaded: it is there as long as its file is open.
    _downloaded: Option<File>,
}

impl Module for Apt {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let is_check = host.mode().check;
        let updates = self.updates(host);
        if !is_check && (updates || self.clean) {
            return Ok(Changes::of(Plan::FromTheStart));
        }
        if updates && self.update_cache_retries < 1 {
            return Err(lists::failed(self.update_cache_retries, "unknown reason"));
        }
        if self.is_idle() && (updates || self.asks_for_update() || self.clean) {
            return Ok(self.predict_idle(host, updates));
        }
        let decision = self.decide(host).map_err(|failure| self.with_cache(host, failure))?;
        if !is_check {
            let cache = self.cache_fields(host, &decision, false);
            let is_needed = !decision.orders.is_empty() || !decision.marks.is_empty();
            return Ok(Changes::when(is_needed, Plan::Decided(decision)).with_all(cache));
        }
        let outcome = self.carry_out(host, &decision, &mut |program| host.query(program))?;
        let cache = self.cache_fields(host, &decision, updates);
        Ok(Changes::when(outcome.changed, Plan::Decided(decision)).with_all(outcome.fields).with_all(cache))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let (decision, updated) = match plan {
            Plan::Decided(decision) => (decision, false),
            Plan::FromTheStart => {
                if self.clean {
                    let cleaned = self.clean_up(host)?;
                    if self.is_idle() {
                        return Ok(cleaned);
                    }
                }
                let updated = self.updates(host) && self.update(host)?;
                if self.is_idle() {
                    let mut fields = idle_fields(host, updated);
                    fields.insert("changed".into(), json!(updated));
                    return Ok(fields);
                }
                (self.decide(host).map_err(|failure| self.with_cache(host, failure))?, updated)
            }
        };
        let outcome = rc_policy::answering(host, self.policy_rc_d, |host| {
            let reader: Reader = (**host).clone();
            self.carry_out(&reader, &decision, &mut |program| host.run(program))
        })?;
        marks::set_manual(host, &decision.marks)?;
        let mut fields = outcome.fields;
        fields.extend(self.cache_fields(host, &decision, updated));
        fields.insert("changed".into(), json!(outcome.changed));
        Ok(fields)
    }
}

impl Apt {
    /// Nothing is asked for but lists to be fetched or files to be removed.
    fn is_idle(&self) -> bool {
        self.package.as_ref().is_none_or(Vec::is_empty) && self.upgrade == Upgrade::No && self.deb.is_none()
    }

    fn asks_for_update(&self) -> bool {
        self.update_cache.unwrap_or(false) || self.cache_valid_time != 0
    }

    fn updates(&self, host: &Reader) -> bool {
        self.asks_for_update() && lists::are_older(host, self.cache_valid_time)
    }

    /// Fetches the lists; whether there was something new.
    fn update(&self, host: &mut Writer) -> Result<bool, Failure> {
        let before = lists::updated_at(host);
        let patience = Patience {
            retries: self.update_cache_retries,
            max_delay: self.update_cache_retry_max_delay,
            lock_timeout: clock::seconds(self.lock_timeout),
        };
        update(host, patience)?;
        Ok(lists::updated_at(host) != before)
    }

    fn predict_idle(&self, host: &Reader, updates: bool) -> Changes<Plan> {
        if self.clean {
            return Changes::of(Plan::FromTheStart).with_all(cleaned_fields(&Finished::default(), host.mode().diff));
        }
        Changes::when(updates, Plan::FromTheStart).with_all(idle_fields(host, updates))
    }

    /// `apt-get clean`; returns what a task returns that does nothing else.
    fn clean_up(&self, host: &mut Writer) -> Result<Fields, Failure> {
        let program = Program::new(host.required("apt-get")?).arg("clean").plain_locale();
        let finished = order::patient(clock::seconds(self.lock_timeout), || host.run(&program))?;
        if finished.success() && finished.stderr.is_empty() {
            return Ok(cleaned_fields(&finished, host.mode().diff));
        }
        let err = finished.err();
        let msg =
            if err.is_empty() { "apt-get clean failed".to_owned() } else { format!("apt-get clean failed: {err}") };
        Err(Failure::new(msg).with("stdout", finished.out()).with("rc", finished.rc))
    }

    /// What has to be done, by the host as it is now.
    fn decide(&self, host: &Reader) -> Result<Decision, Failure> {
        if self.upgrade != Upgrade::No {
            return Ok(Decision { orders: vec![self.upgrade_order(host, self.upgrade)?], ..Decision::default() });
        }
        if let Some(deb) = &self.deb {
            return self.decide_deb(host, &deb.to_string_lossy());
        }
        let given: Vec<String> = self.package.iter().flatten().map(|package| package.trim().to_owned()).collect();
        let packages: Vec<String> = given.iter().filter(|package| *package != "*").cloned().collect();
        if self.state == State::Latest && packages.len() < given.len() {
            if !packages.is_empty() {
                return Err(Failure::new(
                    "unable to install additional packages when upgrading all installed packages",
                ));
            }
            return Ok(Decision { orders: vec![self.upgrade_order(host, Upgrade::Yes)?], ..Decision::default() });
        }
        if let Some(wrong) = packages.iter().find(|package| package.matches('=').count() > 1) {
            return Err(Failure::new(format!("invalid package spec: {wrong}")));
        }
        if packages.is_empty() && (self.autoclean || self.autoremove) {
            let order = if self.autoclean { self.autoclean_order(host)? } else { self.autoremove_order(host)? };
            return Ok(Decision { orders: vec![order], ..Decision::default() });
        }
        if self.state == State::Absent {
            self.decide_removal(host, &packages)
        } else {
            self.decide_install(host, &packages)
        }
    }

    /// Carries out what was decided, by `run`; return values are those of Ansible.
    fn carry_out(
        &self,
        host: &Reader,
        decision: &Decision,
        run: &mut dyn FnMut(&Program) -> Result<Finished, Failure>,
    ) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        for order in &decision.orders {
            let done = order.carry_out(run, clock::seconds(self.lock_timeout), host.mode().diff, &mut outcome);
            done.map_err(|failure| if decision.tells_cache { self.with_cache(host, failure) } else { failure })?;
        }
        Ok(outcome)
    }

    fn with_cache(&self, host: &Reader, failure: Failure) -> Failure {
        if !failure.fields.contains_key("rc") && !failure.msg.starts_with(select::NO_CANDIDATE) {
            return failure;
        }
        let updated = host.mode().check && self.updates(host);
        failure.with("cache_updated", updated).with("cache_update_time", lists::updated_at(host))
    }

    /// What is returned beside what commands say.
    fn cache_fields(&self, host: &Reader, decision: &Decision, updated: bool) -> Fields {
        if decision.tells_cache {
            return idle_fields(host, updated);
        }
        let is_silent = decision.orders.is_empty() && self.deb.is_some();
        let silence = ["stdout", "stderr"].into_iter().filter(|_| is_silent);
        silence.map(|name| (name.to_owned(), json!(""))).collect()
    }

    /// dpkg's options as apt-get takes them, and how long it waits for locks.
    fn options(&self) -> String {
        let options = self.dpkg_options.split(',').map(|option| format!("-o \"Dpkg::Options::=--{}\" ", option.trim()));
        format!("{}-o DPkg::Lock::Timeout={}", options.collect::<String>(), self.lock_timeout)
    }

    fn upgrade_order(&self, host: &Reader, mode: Upgrade) -> Result<Order, Failure> {
        let aptitude = host.which("aptitude").filter(|_| !self.force_apt_get && mode != Upgrade::Dist);
        let flag = |text: &'static str, is_set: bool| if is_set { text } else { "" };
        let autoremove = flag("--auto-remove", self.autoremove);
        let path = aptitude.clone().map_or_else(|| host.required("apt-get"), Ok)?;
        let command = match (mode, &aptitude) {
            (Upgrade::Dist | Upgrade::Full, None) => format!("dist-upgrade {autoremove}"),
            (Upgrade::Full, Some(_)) => "full-upgrade".to_owned(),
            (_, None) => format!("upgrade --with-new-pkgs {autoremove}"),
            (_, Some(_)) => "safe-upgrade".to_owned(),
        };
        let force = match (self.force, &aptitude) {
            (false, _) => "",
            (true, None) => "--force-yes",
            (true, Some(_)) => "--assume-yes --allow-untrusted",
        };
        let mut line = format!(
            "{} -y {} {force} {} {} {} {} {command}",
            path.display(),
            self.options(),
            flag("--no-remove", self.fail_on_autoremove && aptitude.is_none()),
            flag("--allow-unauthenticated", self.allow_unauthenticated),
            flag("--allow-downgrades", self.allow_downgrade && aptitude.is_none()),
            flag("--simulate", host.mode().check),
        );
        if let Some(release) = &self.default_release {
            line += &format!(" -t '{release}'");
        }
        let complaint = Complaint::Named(format!("{} {command}", path.display()));
        Ok(Order { line, complaint, changed: Changed::UnlessNothing, talks: true })
    }

    fn autoremove_order(&self, host: &Reader) -> Result<Order, Failure> {
        self.cleanup_order(host, "autoremove", Changed::If("The following packages will be REMOVED"))
    }

    fn autoclean_order(&self, host: &Reader) -> Result<Order, Failure> {
        self.cleanup_order(host, "autoclean", Changed::If("Del "))
    }

    fn cleanup_order(&self, host: &Reader, operation: &str, changed: Changed) -> Result<Order, Failure> {
        let flag = |text: &'static str, is_set: bool| if is_set { text } else { "" };
        let line = format!(
            "{} -y {} {} {} {operation} {}",
            host.required("apt-get")?.display(),
            self.options(),
            flag("--purge", self.purge && operation == "autoremove"),
            flag("--force-yes", self.force),
            flag("--simulate", host.mode().check),
        );
        let complaint = Complaint::Named(format!("apt-get {operation}"));
        Ok(Order { line, complaint, changed, talks: false })
    }
}

fn idle_fields(host: &Reader, updated: bool) -> Fields {
    Fields::from_iter([
        ("cache_updated".to_owned(), json!(updated)),
        ("cache_update_time".to_owned(), json!(lists::updated_at(host))),
    ])
}

fn cleaned_fields(finished: &Finished, diff: bool) -> Fields {
    let out = finished.out();
    let diff = if diff { json!({ "prepared": "" }) } else { json!({}) };
    Fields::from_iter([
        ("changed".to_owned(), json!(true)),
        ("msg".to_owned(), json!(out)),
        ("stdout".to_owned(), json!(out)),
        ("stderr".to_owned(), json!("")),
        ("diff".to_owned(), diff),
    ])
}
