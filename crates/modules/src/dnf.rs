//! `dnf` and `dnf5`: rpm packages and groups of them, by the programs of those names.

mod list;
mod options;
mod output;
mod request;
mod streams;

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer},
};

pub use options::Options;
use request::{Plan, Tool};

choice! {
    /// Which program does it.
    enum Backend {
        /// What is found on the host.
        Auto = "auto",
        /// dnf 4.
        Dnf = "dnf",
        /// dnf 4.
        Dnf4 = "dnf4",
        /// dnf 5.
        Dnf5 = "dnf5",
        /// What is found on the host.
        Yum = "yum",
        /// dnf 4.
        Yum4 = "yum4",
    }
}

/// Installs, updates and removes packages and groups with dnf, and lists them.
///
/// What is installed already is found in rpm's own database; dnf starts only when something is missing,
/// and for groups and modules.
///
/// ```yaml
/// - dnf:
///     name:
///     - httpd >= 2.4
///     - '@development-tools'
///     - https://example.com/release.rpm
///     state: present
/// ```
#[derive(Args)]
pub struct Dnf {
    #[arg(flatten)]
    options: Options,
    /// Which program does it: `auto` and `yum` take the host's `dnf`, of whichever generation.
    #[arg(default = "auto")]
    use_backend: Backend,
}

/// Installs, updates and removes packages and groups with dnf 5, and lists them.
///
/// ```yaml
/// - dnf5:
///     name: httpd
///     state: latest
/// ```
#[derive(Args)]
pub struct Dnf5 {
    #[arg(flatten)]
    options: Options,
    /// Has no effect: no bindings are needed here.
    #[arg(default = true)]
    auto_install_module_deps: bool,
}

impl Dnf {
    fn tool(&self, host: &Reader) -> Result<Tool, Failure> {
        match self.use_backend {
            Backend::Dnf5 => Tool::five(host),
            Backend::Dnf | Backend::Dnf4 | Backend::Yum4 => Tool::four(host),
            Backend::Auto | Backend::Yum => Tool::found(host),
        }
    }

    /// What Ansible asks the host for, where the backend is not named.
    fn facts(&self, host: &Reader) -> Fields {
        let named = !matches!(self.use_backend, Backend::Auto);
        let program = || json!({ "pkg_mgr": if Tool::four(host).is_ok() { "dnf" } else { "dnf5" } });
        Fields::from_iter((!named).then(|| ("ansible_facts".to_owned(), program())))
    }
}

impl Module for Dnf {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let facts = self.facts(host);
        match self.options.inspect(host, || self.tool(host)) {
            Ok(changes) => Ok(changes.with_all(facts)),
            Err(failure) => Err(failure.with_all(facts)),
        }
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        self.options.apply(plan, host).map_err(|failure| failure.with_all(self.facts(host)))
    }
}

impl Module for Dnf5 {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let _ = self.auto_install_module_deps;
        self.options.inspect(host, || Tool::five(host))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        self.options.apply(plan, host)
    }
}

/// A failure of dnf's, with the return values that they all have.
fn failure(msg: impl Into<String>) -> Failure {
    Failure::new(msg).with("results", json!([]))
}
