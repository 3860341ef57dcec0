//! Every module by name. The only list there is: the helper runs from it, the controller checks
//! arguments and prints documentation from it.

use crate::kit::{Engine, Spec, engine};

/// A module as the rest of the program sees it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its full name, as `ansible.builtin.file`.
    pub name: &'static str,
    /// Other names people use for it, short ones included where they differ from the last part of `name`.
    pub aliases: &'static [&'static str],
    /// Its arguments and documentation.
    pub spec: fn() -> Spec,
    /// Runs it once.
    pub run: Engine,
    /// Whether the controller does it itself; the helper has no code for it.
    pub is_action: bool,
}

impl Entry {
    /// The last part of the name, as `file`.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// Whether its result may set facts.
    pub fn gives_facts(&self) -> bool {
        GIVE_FACTS.contains(&self.short_name())
    }
}

/// The modules that return `ansible_facts`, those of people's own left out.
const GIVE_FACTS: [&str; 10] = [
    "dnf",
    "gather_facts",
    "getent",
    "hostname",
    "mount_facts",
    "package",
    "package_facts",
    "service_facts",
    "setup",
    "yum",
];

macro_rules! modules {
    ($($name:literal $([$($alias:literal),*])? => $module:ty,)*) => {
        &[$(Entry {
            name: $name,
            aliases: &[$($($alias),*)?],
            spec: <$module as crate::kit::Args>::spec,
            run: engine::run::<$module>,
            is_action: false,
        },)*]
    };
}

/// Tasks that the controller does itself; the helper has no code for them.
macro_rules! actions {
    ($($name:literal => $action:ty,)*) => {
        &[$(Entry {
            name: $name,
            aliases: &[],
            spec: <$action as crate::kit::Args>::spec,
            run: engine::run_on_controller,
            is_action: true,
        },)*]
    };
}

static ACTIONS: &[Entry] = actions! {
    "ansible.builtin.add_host" => crate::actions::AddHost,
    "ansible.builtin.assert" => crate::actions::Assert,
    "ansible.builtin.debug" => crate::actions::Debug,
    "ansible.builtin.fail" => crate::actions::Fail,
    "ansible.builtin.import_role" => crate::actions::ImportRole,
    "ansible.builtin.import_tasks" => crate::actions::ImportTasks,
    "ansible.builtin.include_role" => crate::actions::IncludeRole,
    "ansible.builtin.include_tasks" => crate::actions::IncludeTasks,
    "ansible.builtin.group_by" => crate::actions::GroupBy,
    "ansible.builtin.include_vars" => crate::actions::IncludeVars,
    "ansible.builtin.meta" => crate::actions::Meta,
    "ansible.builtin.pause" => crate::actions::Pause,
    "ansible.builtin.raw" => crate::actions::Raw,
    "ansible.builtin.reboot" => crate::actions::Reboot,
    "ansible.builtin.set_fact" => crate::actions::SetFact,
    "ansible.builtin.set_stats" => crate::actions::SetStats,
    "ansible.builtin.validate_argument_spec" => crate::actions::ValidateArgumentSpec,
    "ansible.builtin.wait_for_connection" => crate::actions::WaitForConnection,
};

static MODULES: &[Entry] = modules! {
    "ansible.builtin.apt" => crate::apt::Apt,
    "ansible.builtin.apt_key" => crate::apt_key::AptKey,
    "ansible.builtin.apt_repository" => crate::apt_repository::AptRepository,
    "ansible.builtin.assemble" => crate::assemble::Assemble,
    "ansible.builtin.async_status" => crate::async_status::AsyncStatus,
    "ansible.builtin.blockinfile" => crate::blockinfile::Blockinfile,
    "ansible.builtin.command" => crate::command::Command,
    "ansible.builtin.copy" => crate::copy::Copy,
    "ansible.builtin.cron" => crate::cron::Cron,
    "ansible.builtin.deb822_repository" => crate::deb822_repository::Deb822Repository,
    "ansible.builtin.debconf" => crate::debconf::Debconf,
    "ansible.builtin.dnf" ["yum"] => crate::dnf::Dnf,
    "ansible.builtin.dnf5" => crate::dnf::Dnf5,
    "ansible.builtin.dpkg_selections" => crate::dpkg_selections::DpkgSelections,
    "ansible.builtin.expect" => crate::expect::Expect,
    "ansible.builtin.fetch" => crate::fetch::Fetch,
    "ansible.builtin.file" => crate::file::File,
    "ansible.builtin.find" => crate::find::Find,
    "ansible.builtin.get_url" => crate::get_url::GetUrl,
    "ansible.builtin.getent" => crate::getent::Getent,
    "ansible.builtin.git" => crate::git::Git,
    "ansible.builtin.group" => crate::group::Group,
    "ansible.builtin.hostname" => crate::hostname::Hostname,
    "ansible.builtin.iptables" => crate::iptables::Iptables,
    "ansible.builtin.known_hosts" => crate::known_hosts::KnownHosts,
    "ansible.builtin.lineinfile" => crate::lineinfile::Lineinfile,
    "ansible.builtin.mount_facts" => crate::mount_facts::MountFacts,
    "ansible.builtin.package_facts" => crate::package_facts::PackageFacts,
    "ansible.builtin.ping" => crate::ping::Ping,
    "ansible.builtin.pip" => crate::pip::Pip,
    "ansible.builtin.replace" => crate::replace::Replace,
    "ansible.builtin.rpm_key" => crate::rpm_key::RpmKey,
    "ansible.builtin.script" => crate::script::Script,
    "ansible.builtin.service" => crate::service::Service,
    "ansible.builtin.service_facts" => crate::service_facts::ServiceFacts,
    "ansible.builtin.setup" => crate::setup::Setup,
    "ansible.builtin.shell" => crate::command::Shell,
    "ansible.builtin.slurp" => crate::slurp::Slurp,
    "ansible.builtin.stat" => crate::stat::Stat,
    "ansible.builtin.subversion" => crate::subversion::Subversion,
    "ansible.builtin.systemd_service" ["systemd"] => crate::systemd::SystemdService,
    "ansible.builtin.sysvinit" => crate::sysvinit::Sysvinit,
    "ansible.builtin.tempfile" => crate::tempfile::Tempfile,
    "ansible.builtin.template" => crate::template::Template,
    "ansible.builtin.unarchive" => crate::unarchive::Unarchive,
    "ansible.builtin.uri" => crate::uri::Uri,
    "ansible.builtin.user" => crate::user::User,
    "ansible.builtin.wait_for" => crate::wait_for::WaitFor,
    "ansible.builtin.yum_repository" => crate::yum_repository::YumRepository,
    "ansible.posix.acl" => crate::acl::Acl,
    "ansible.posix.authorized_key" => crate::authorized_key::AuthorizedKey,
    "ansible.posix.firewalld" => crate::firewalld::Firewalld,
    "ansible.posix.mount" => crate::mount::Mount,
    "ansible.posix.seboolean" => crate::seboolean::Seboolean,
    "ansible.posix.selinux" => crate::selinux::Selinux,
    "ansible.posix.synchronize" => crate::synchronize::Synchronize,
    "ansible.posix.sysctl" => crate::sysctl::Sysctl,
    "community.general.alternatives" => crate::alternatives::Alternatives,
    "community.general.apk" => crate::apk::Apk,
    "community.general.archive" => crate::archive::Archive,
    "community.general.capabilities" => crate::capabilities::Capabilities,
    "community.general.cronvar" => crate::cronvar::Cronvar,
    "community.general.filesystem" => crate::filesystem::Filesystem,
    "community.general.git_config" => crate::git_config::GitConfig,
    "community.general.htpasswd" => crate::htpasswd::Htpasswd,
    "community.general.ini_file" => crate::ini_file::IniFile,
    "community.general.locale_gen" => crate::locale_gen::LocaleGen,
    "community.general.modprobe" => crate::modprobe::Modprobe,
    "community.general.npm" => crate::npm::Npm,
    "community.general.pacman" => crate::pacman::Pacman,
    "community.general.pam_limits" => crate::pam_limits::PamLimits,
    "community.general.snap" => crate::snap::Snap,
    "community.general.timezone" => crate::timezone::Timezone,
    "community.general.ufw" => crate::ufw::Ufw,
    "community.general.xml" => crate::xml::Xml,
    "community.general.zypper" => crate::zypper::Zypper,
};

/// What hands its arguments to another module.
static PROXIES: &[Entry] = &[
    // The controller knows the modules that it is.
    Entry {
        name: "ansible.builtin.gather_facts",
        aliases: &[],
        spec: <crate::actions::GatherFacts as crate::kit::Args>::spec,
        run: engine::run_on_controller,
        is_action: false,
    },
    Entry {
        name: "ansible.builtin.package",
        aliases: &[],
        spec: <crate::package::Package as crate::kit::Args>::spec,
        run: crate::package::run,
        is_action: false,
    },
];

/// Stands for a module that exists elsewhere: playbooks that use it can be read and listed, but not run.
pub static MISSING: Entry = Entry {
    is_action: true,
    name: "missing",
    aliases: &[],
    spec: || Spec { open: true, ..Spec::default() },
    run: engine::run_on_controller,
};

/// Stands for a module of people's own, which the helper is given with the task. No module has this name.
pub static FOREIGN: Entry = Entry {
    is_action: false,
    name: "module of people's own",
    aliases: &[],
    spec: || Spec { open: true, ..Spec::default() },
    run: crate::foreign::run,
};

/// Stands for a module whose name is a template that only a host can tell.
pub static LATE: Entry = Entry {
    is_action: true,
    name: "late",
    aliases: &[],
    spec: || Spec { open: true, ..Spec::default() },
    run: engine::run_on_controller,
};

/// All modules and actions.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    ACTIONS.iter().chain(MODULES).chain(PROXIES)
}

/// The module that has exactly this full name.
pub fn find_full(name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.name == name || entry.aliases.contains(&name))
}

/// The module that a playbook means by `name`: a full name, `ansible.legacy.NAME`, or a short one.
pub fn find(name: &str) -> Option<&'static Entry> {
    let short = name.strip_prefix("ansible.legacy.").or_else(|| name.strip_prefix("ansible.builtin.")).unwrap_or(name);
    entries().find(|entry| entry.name == name || entry.short_name() == short || entry.aliases.contains(&short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_that_return_facts_are_known() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for file in std::fs::read_dir(folder).expect("the sources are here").flatten() {
            let path = file.path();
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            let returns = source.contains("with(\"ansible_facts\"") || source.contains("(\"ansible_facts\".into()");
            assert!(!returns || name == "foreign" || GIVE_FACTS.contains(&name), "{name}");
        }
        assert!(GIVE_FACTS.iter().all(|name| find(name).is_some()));
    }
}
