//! What a task sees of the connection to its host under names that nobody set: in a delegated task, of the connection
//! to the other host.

use std::collections::BTreeMap;

use super::Scope;
use crate::{template::Names, value::Value};

/// What the command line and the settings say of connections, by the variable that would say it for a host.
pub type ConnectionValues = BTreeMap<&'static str, Value>;

/// Which of these names there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// None: loops, titles, where the task goes and how it gets there know only what is set.
    #[default]
    Nothing,
    /// Those of conditions and arguments.
    Planned,
    /// Those of what the task does then, and of the conditions on its result.
    Made,
}

/// An attribute of a connection.
struct Attribute {
    /// The variables that say it, the strongest first.
    names: &'static [&'static str],
    /// Whether what a task does sees it too, under the last of the names.
    is_kept: bool,
}

/// What a task sees under these names where it has a value; `MAGIC_VARIABLE_MAPPING` and `COMMON_CONNECTION_VARS` in
/// Ansible's words.
const ATTRIBUTES: [Attribute; 17] = [
    both(&["ansible_connection"]),
    both(&["ansible_ssh_host", "ansible_host"]),
    both(&["ansible_ssh_user", "ansible_user"]),
    both(&["ansible_ssh_port", "ansible_port"]),
    both(&["ansible_ssh_pipelining", "ansible_pipelining"]),
    both(&["ansible_ssh_timeout", "ansible_timeout"]),
    both(&["ansible_ssh_private_key_file", "ansible_private_key_file"]),
    both(&["ansible_shell_executable"]),
    both(&["ansible_shell_type"]),
    both(&["ansible_module_compression"]),
    planned(&["ansible_network_os"]),
    planned(&["ansible_connection_user"]),
    planned(&["ansible_ssh_executable"]),
    planned(&["ansible_ssh_common_args"]),
    planned(&["ansible_ssh_extra_args"]),
    planned(&["ansible_sftp_extra_args"]),
    planned(&["ansible_scp_extra_args"]),
];

const fn both(names: &'static [&'static str]) -> Attribute {
    Attribute { names, is_kept: true }
}

const fn planned(names: &'static [&'static str]) -> Attribute {
    Attribute { names, is_kept: false }
}

/// Hosts that are the controller by their name.
const CONTROLLER: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// Names that a scope has beside those that somebody set.
pub(super) fn names(scope: &Scope, seen: Seen) -> impl Iterator<Item = &'static str> + '_ {
    let names = ATTRIBUTES.iter().flat_map(|attribute| attribute.names).copied();
    names.filter(move |name| scope.connected(name, seen).is_some())
}

impl Scope {
    /// What nobody set under this name, as the connection has it.
    pub(super) fn connected(&self, name: &str, seen: Seen) -> Option<Value> {
        let attribute = ATTRIBUTES.iter().find(|attribute| attribute.names.contains(&name))?;
        let is_seen = match seen {
            Seen::Nothing => false,
            Seen::Planned => true,
            Seen::Made => attribute.is_kept && attribute.names.last() == Some(&name),
        };
        if !is_seen || self.host().name.is_empty() {
            return None;
        }
        let own = self.unconnected();
        let delegate = own.keyword("delegate_to").map(|delegate| delegate.to_str());
        let reached = delegate.as_ref().map_or_else(|| own.clone(), |other| own.delegated_to(other));
        let said = attribute.names.iter().find_map(|name| reached.resolve(name).ok().flatten());
        let main = *attribute.names.last()?;
        said.or_else(|| own.unsaid(main, &reached, delegate.is_some(), seen)).filter(|value| !value.is_none())
    }

    /// What is added to the variables of the host that a task is delegated to.
    pub(super) fn add_unsaid(&self, reached: &mut Self) {
        for attribute in &ATTRIBUTES[1..4] {
            let is_said = attribute.names.iter().any(|name| Names::lookup(reached, name).is_some());
            if let Some(name) = attribute.names.last().filter(|_| !is_said) {
                let value = self.unconnected().unsaid(name, reached, true, Seen::Planned);
                reached.bind(name, value.unwrap_or(Value::None));
            }
        }
    }

    /// What an attribute is that no variable of the host says which is reached.
    fn unsaid(&self, name: &str, reached: &Self, is_delegated: bool, seen: Seen) -> Option<Value> {
        let default = || self.connection_values().get(name).cloned();
        match name {
            "ansible_host" => Some(Value::from(reached.host().name.as_str())),
            "ansible_user" => self.keyword("remote_user").or_else(default),
            "ansible_shell_type" => (seen == Seen::Made).then(|| Value::from("sh")),
            "ansible_connection_user" => {
                let is_local = self.connected("ansible_connection", seen)?.as_str() == Some("local");
                is_local.then(|| self.connected("ansible_ssh_user", seen)).flatten()
            }
            "ansible_connection" => {
                let kind = self.keyword("connection").or_else(default)?;
                if !is_delegated || seen == Seen::Made {
                    return Some(kind);
                }
                // A local play is none of the host that a task is delegated to, though it is not left for it.
                let address = reached.resolve("ansible_host").ok().flatten().map(|address| address.to_str());
                let address = address.unwrap_or_else(|| reached.host().name.clone());
                let is_here = [address.as_str(), &self.host().name].iter().all(|name| CONTROLLER.contains(name));
                match kind.as_str() {
                    _ if is_here => Some(Value::from("local")),
                    Some("local") => self.connection_values().get("transport").cloned(),
                    _ => Some(kind),
                }
            }
            _ => default(),
        }
    }

    /// A keyword of the task; none where it is left out.
    fn keyword(&self, name: &str) -> Option<Value> {
        let found = self.task()?.keywords.settings(name);
        let values = found.filter_map(|setting| self.context().resolve_deep(&setting.value).ok());
        values.into_iter().find(|value| !value.is_omit()).filter(|value| !value.is_none())
    }
}
