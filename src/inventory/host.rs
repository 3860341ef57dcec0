//! A host, its handle, and the hosts that exist without being named.

use std::path::PathBuf;

use indexmap::IndexSet;

use crate::source::{Kind, Node, Span};

use super::Vars;

/// One host.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// Variables from inventory sources; those of `host_vars` are not among them.
    pub vars: Vars,
    /// The port behind its name, as in `host:2222`; also the variable `ansible_port`.
    pub port: Option<u16>,
    /// The source that named it first, if that is a file.
    pub source: Option<PathBuf>,
    /// Whether no source names it: `localhost` and its addresses.
    pub implicit: bool,
    /// The groups that hold it directly.
    pub(super) groups: IndexSet<String>,
}

impl Host {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            vars: Vars::new(),
            port: None,
            source: None,
            implicit: false,
            groups: IndexSet::new(),
        }
    }
}

/// A host of one inventory, as a number that stays valid when hosts are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(u32);

/// Numbers from here on are implicit hosts.
const IMPLICIT: u32 = u32::MAX - 2;

impl HostId {
    pub(super) fn listed(index: usize) -> Self {
        Self(index as u32)
    }

    /// The index of a listed host, or of an implicit one as the error.
    pub(super) fn position(self) -> Result<usize, usize> {
        if self.0 < IMPLICIT { Ok(self.0 as usize) } else { Err((self.0 - IMPLICIT) as usize) }
    }
}

/// `localhost` and its addresses, reached without a connection.
#[derive(Debug)]
pub(super) struct Implicit([Host; 3]);

impl Default for Implicit {
    fn default() -> Self {
        let span = Span::outside("implicit localhost", "");
        let python = crate::library::controller_python().to_string_lossy();
        Self(["localhost", "127.0.0.1", "::1"].map(|name| {
            let mut host = Host::new(name);
            host.implicit = true;
            for (name, value) in [("ansible_connection", "local"), ("ansible_python_interpreter", &*python)] {
                host.vars.insert(name.to_owned(), Node::new(Kind::Str(value.to_owned()), span.clone()));
            }
            host
        }))
    }
}

impl Implicit {
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.0.iter().find(|host| host.name == name)
    }

    pub fn host_mut(&mut self, name: &str) -> Option<&mut Host> {
        self.0.iter_mut().find(|host| host.name == name)
    }

    pub fn id(&self, name: &str) -> Option<HostId> {
        self.0.iter().position(|host| host.name == name).map(|index| HostId(IMPLICIT + index as u32))
    }

    pub fn at(&self, index: usize) -> &Host {
        &self.0[index]
    }
}
