//! `community.general.ansible_type`.

use std::collections::HashMap;

use super::super::{Arguments, TemplateError, Test, arguments::required, filter::general::revealed};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.insert("community.general.ansible_type", ansible_type);
}

fn ansible_type(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [data, wanted, alias] = arguments.bind(["data", "dtype", "alias"])?;
    let data = required(data, "ansible_type", "data")?;
    let found = revealed(&data, alias.as_ref());
    match required(wanted, "ansible_type", "dtype")? {
        Value::Str(wanted) => Ok(*wanted == *found),
        Value::List(wanted) => Ok(wanted.to_vec().iter().any(|wanted| wanted.as_str() == Some(&found))),
        other => Err(TemplateError::type_error(format!("dtype has to be text or a list, not a {}", other.type_name()))),
    }
}
