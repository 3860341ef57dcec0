//! `add_host`: adds a host to the inventory of the run.

use crate::kit::Args;

/// Adds a host, with groups and variables, for later plays and for `delegate_to`. Every other argument
/// is a variable of the host.
///
/// It runs once for all hosts, with the variables of the first of them. Sources of the inventory are not
/// changed. `--limit` holds for the new hosts too.
///
/// ```yaml
/// - add_host:
///     name: "{{ machine.address }}:2222"
///     groups: [created, web]
///     cluster: blue
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct AddHost {
    /// The host's name or address, with a port behind a colon if it has an unusual one.
    #[arg(alias = "host", alias = "hostname")]
    name: Option<String>,
    /// The groups that it comes into; those that are missing are made.
    #[arg(alias = "group", alias = "groupname")]
    groups: Option<Vec<String>>,
}
