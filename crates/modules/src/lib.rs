//! The modules: what a task does on a host. One file each, one line each in [`registry`].
//!
//! A module never decides about check mode or diffs: it inspects the host and names the changes,
//! and the engine in [`kit`] applies them, or does not.

pub mod kit;
pub mod registry;

pub mod elsewhere;

pub mod actions;
mod async_status;
mod blockinfile;
mod command;
mod copy;
mod edit;
mod file;
mod get_url;
mod group;
mod http;
mod lineinfile;
mod ping;
mod replace;
mod service;
mod setup;
mod slurp;
mod stat;
mod sysctl;
mod systemd;
mod tempfile;
mod template;
mod unarchive;
mod uri;
mod user;
mod wait_for;

pub use registry::{Entry, LATE, MISSING, entries, find};
