//! The hosts of a play: those that its pattern selects, in its order.

use std::sync::Arc;

use super::Unplayable;
use crate::{
    executor::{ExitCode, Run, play_vars::text_items, settings::keyword},
    inventory::Pattern,
    output::Event,
    playbook::Play,
    source::Diagnostic,
    vars::{HostVars, Scope},
};

/// The pattern, and the hosts that it selects in the play's order. Those that are lost are among them: they count where
/// batches are cut.
pub(super) fn select(run: &Run, play: &Play, scope: &Scope) -> Result<(Pattern, Vec<Arc<HostVars>>), Unplayable> {
    let texts = text_items(&keyword("hosts", &play.hosts, scope)?);
    let pattern = Pattern::parse_all(texts.iter().map(String::as_str)).map_err(|error| error.at(&play.hosts.span))?;
    let inventory = run.inventory.read();
    let selection = inventory.select_within(&pattern, &run.options.limit)?;
    let mismatches = selection.mismatches(&run.options.config);
    for warning in mismatches.map_err(|error| Unplayable { error, code: ExitCode::Error })? {
        run.events.emit(Event::Warning(warning));
    }
    let mut names: Vec<String> = selection.hosts.iter().map(|id| inventory[*id].name.clone()).collect();
    let order =
        play.order.as_ref().map(|order| keyword("order", order, scope).map(|order| order.to_str())).transpose()?;
    match order.as_deref() {
        None | Some("inventory") => {}
        Some("reverse_inventory") => names.reverse(),
        Some("sorted") => names.sort(),
        Some("reverse_sorted") => {
            names.sort();
            names.reverse();
        }
        Some("shuffle") => shuffle(&mut names),
        Some(other) => {
            let message = format!("`order` cannot be `{other}`");
            let at = play.order.as_ref().map_or(&play.span, |order| &order.span);
            let help = "it is `inventory`, `reverse_inventory`, `sorted`, `reverse_sorted` or `shuffle`";
            return Err(Diagnostic::error(message).at(at).help(help).into());
        }
    }
    let hosts: Vec<Arc<HostVars>> = names.iter().filter_map(|name| run.vars.hosts.get(name)).collect();
    hosts.iter().filter(|host| !run.report.is_out(&host.name)).try_for_each(|host| host.known())?;
    Ok((pattern, hosts))
}

/// The names of all hosts that the pattern selects now, in the order of the inventory.
pub(super) fn selected(run: &Run, pattern: &Pattern) -> Vec<String> {
    let inventory = run.inventory.read();
    let selection = inventory.select_within(pattern, &run.options.limit);
    selection.map_or_else(|_| Vec::new(), |found| found.hosts.iter().map(|id| inventory[*id].name.clone()).collect())
}

/// By a hash with a random key: no generator is needed for an order that nobody relies on.
fn shuffle(names: &mut [String]) {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new();
    names.sort_by_key(|name| random.hash_one(name));
}
