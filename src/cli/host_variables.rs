//! The variables that every host begins with, from the inventory and the files beside it.

use std::{cell::LazyCell, collections::HashSet};

use crate::{
    inventory::{HostId, Inventory, Limit, Pattern},
    playbook::Playbook,
    source::{Diagnostic, Severity},
    value::{Dict, Value},
    vars,
};

/// Reads them. Fails for a host whose files cannot be read, if a play means it; other hosts have no variables
/// then, and a warning says so.
pub fn read(
    inventory: &Inventory,
    playbooks: &[Playbook],
    limit: &Limit,
) -> Result<(vars::Hosts, Vec<Diagnostic>), Diagnostic> {
    let hosts = vars::Hosts::default();
    let meant = LazyCell::new(|| meant(inventory, playbooks, limit));
    let mut warnings: Vec<Diagnostic> = Vec::new();
    for host in inventory.hosts() {
        let read = vars::host_vars(inventory, host).or_else(|error| {
            let id = inventory.host_id(&host.name);
            if meant.as_ref().is_none_or(|meant| id.is_none_or(|id| meant.contains(&id))) {
                return Err(error);
            }
            let warning = Diagnostic { severity: Severity::Warning, ..error };
            if warnings.iter().all(|known| known.message != warning.message) {
                warnings.push(warning);
            }
            Ok(vars::HostVars::new(&host.name, Dict::new()))
        })?;
        hosts.insert(read);
    }
    for name in ["localhost", "127.0.0.1", "::1"] {
        if hosts.get(name).is_none()
            && let Some(host) = inventory.host(name)
        {
            hosts.insert_implicit(vars::host_vars(inventory, host)?);
        }
    }
    Ok((hosts, warnings))
}

/// The hosts of all plays, as far as the plays name them without templates.
fn meant(inventory: &Inventory, playbooks: &[Playbook], limit: &Limit) -> Option<HashSet<HostId>> {
    let mut meant = HashSet::new();
    for play in playbooks.iter().flat_map(|playbook| &playbook.plays) {
        let texts = match &play.hosts.value {
            Value::List(items) => items.to_vec(),
            one => vec![one.clone()],
        };
        let texts = texts.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
        let pattern = Pattern::parse_all(texts).ok()?;
        meant.extend(inventory.select_within(&pattern, limit).ok()?.hosts);
    }
    Some(meant)
}
