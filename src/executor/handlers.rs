//! Which handlers a task notifies.

use std::collections::BTreeSet;

use crate::{
    playbook::{Play, TaskId},
    source::Spanned,
};

/// Marks the handlers that `names` mean: the one of that name that is written last, and all that
/// listen to it. Returns the names that mean none.
pub fn notify(play: &Play, names: &[Spanned<String>], notified: &mut BTreeSet<TaskId>) -> Vec<Spanned<String>> {
    let mut unknown = Vec::new();
    for name in names {
        let by_name =
            play.handlers.iter().rev().find(|handler| handler.name.is_some() && handler.title() == name.value);
        let listening = play.handlers.iter().filter(|handler| handler.listen.contains(&name.value));
        let found: Vec<TaskId> = by_name.into_iter().chain(listening).map(|handler| handler.id).collect();
        if found.is_empty() {
            unknown.push(name.clone());
        }
        notified.extend(found);
    }
    unknown
}
