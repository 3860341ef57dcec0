//! The modules: what a task does on a host. One file each, one line each in [`registry`].
//!
//! A module never decides about check mode or diffs: it inspects the host and names the changes,
//! and the engine in [`kit`] applies them, or does not.

pub mod kit;
pub mod registry;

pub mod elsewhere;

mod acl;
pub mod actions;
mod alternatives;
mod apk;
mod apt;
mod apt_key;
mod apt_repository;
mod archive;
mod assemble;
mod async_status;
mod authorized_key;
mod blockinfile;
mod command;
mod copy;
mod cron;
mod cronvar;
mod deb822_repository;
mod debconf;
mod dnf;
mod dpkg;
mod dpkg_selections;
mod edit;
mod expect;
mod fetch;
mod file;
mod filesystem;
mod find;
mod firewalld;
pub mod foreign;
mod get_url;
mod getent;
mod git;
mod git_config;
mod group;
mod hostname;
mod htpasswd;
pub mod http;
mod ini_file;
mod iptables;
mod known_hosts;
mod lineinfile;
mod locale_gen;
mod modprobe;
mod mount;
mod mount_facts;
mod npm;
mod openpgp;
mod package;
mod package_facts;
mod pam_limits;
mod ping;
mod pip;
mod replace;
mod rpm;
mod rpm_key;
mod script;
mod seboolean;
mod selinux;
mod service;
mod service_facts;
mod setup;
mod slurp;
mod stat;
mod subversion;
mod synchronize;
mod sysctl;
mod systemd;
mod sysvinit;
mod tempfile;
mod template;
mod timezone;
mod ufw;
mod unarchive;
mod uri;
mod user;
mod wait_for;
mod yum_repository;

pub use registry::{Entry, FOREIGN, LATE, MISSING, entries, find, find_full};
