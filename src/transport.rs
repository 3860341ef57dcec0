//! A byte stream to a host, and the helper at its other end.
//!
//! [`Connections`] keeps one connection per [`Target`] and, on it, one helper [`Session`] per
//! become user. A transport ([`Kind`]) is only a way to `exec COMMAND` there; uploading, starting
//! and becoming are the same for all of them. Nothing outside this folder opens a connection.

mod bodies;
mod bootstrap;
mod channel;
mod connections;
mod error;
mod escalation;
mod form;
mod image;
mod known_hosts;
mod local;
mod openssh;
mod pattern;
mod secret;
mod session;
mod shell;
mod ssh;
mod ssh_args;
mod ssh_config;
mod start;
mod target;

pub use bodies::Bodies;
#[cfg(test)]
pub use bodies::NoBodies;
pub use connections::{Connections, Options, RawOutput};
pub use error::{ConnectError, Stage};
pub use escalation::{Become, Method};
pub use secret::Secret;
pub use session::{Finished, RequestId, Session, Task};
pub use target::{Kind, Target};
