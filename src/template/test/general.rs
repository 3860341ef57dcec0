//! `community.general.ansible_type` and `a_module`.

use std::collections::HashMap;

use super::super::{
    Arguments, TemplateError, Test, arguments::required, environment::short_name, filter::general::revealed,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([("community.general.ansible_type", ansible_type as Test), ("community.general.a_module", a_module)]);
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

/// Words of playbooks that are no modules, and count as some.
const STATEMENTS: [&str; 6] =
    ["import_playbook", "import_role", "import_tasks", "include_role", "include_tasks", "meta"];

/// Whether there is a module or action of this name: one that is built in, or one that is installed.
fn a_module(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let environment = arguments.context.environment;
    let [name] = arguments.bind(["term"])?;
    match required(name, "a_module", "term")? {
        Value::Str(name) => Ok(STATEMENTS.contains(&short_name(&name))
            || sutler_modules::find(&name).is_some()
            || environment.has_installed_module(&name)),
        other => Err(TemplateError::type_error(format!("unsupported type <class '{}'>", other.type_name()))),
    }
}
