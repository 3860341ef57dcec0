//! Lookups that do what filters of their names do: `get_path`, `index_of` and `to_paths` of `ansible.utils`.

use std::collections::HashMap;

use super::{
    super::{Arguments, Lookup, TemplateError, environment::find_word},
    failed,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        ("ansible.utils.get_path", filtered as Lookup),
        ("ansible.utils.index_of", filtered),
        ("ansible.utils.to_paths", filtered),
    ]);
}

/// What the filter of the same name makes of the terms.
fn filtered(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let filters = &arguments.context.environment.vocabulary().filters;
    let filter = find_word(filters, arguments.name)
        .ok_or_else(|| failed(format!("there is no filter of the name '{}'", arguments.name)))?;
    Ok(match filter(arguments)? {
        Value::List(list) => list.to_vec(),
        other => vec![other],
    })
}
