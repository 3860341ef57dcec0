//! `validate_argument_spec`: whether variables are as a specification wants them.

use serde_json::{Value as Json, json};

use super::{Done, Evaluated, Fields, PrepareError};
use crate::{executor::argument_spec, source::Diagnostic, template::Names, value::Value, vars::Scope};

/// Runs it. What is checked are the variables that the specification names, with those of
/// `provided_arguments` over them.
pub fn run(scope: &Scope, arguments: &Evaluated) -> Result<Done, PrepareError> {
    let fail = |message: String| Err(Diagnostic::error(message).into());
    let Some(spec) = arguments.value("argument_spec") else {
        return fail("\"argument_spec\" arg is required in args: {}".into());
    };
    let mapping = |name: &str, value: &Value| match value.to_json()? {
        Json::Object(fields) => Ok(fields),
        _ => {
            let message = format!("Incorrect type for {name}, expected dict and got {}", value.type_name());
            Err(PrepareError::from(Diagnostic::error(message)))
        }
    };
    let spec = mapping("argument_spec", spec)?;
    let provided = match arguments.value("provided_arguments") {
        Some(provided) => mapping("provided_arguments", provided)?,
        None => Fields::new(),
    };
    if let Some((name, rules)) = spec.iter().find(|(_, rules)| !rules.is_object()) {
        return fail(format!("the specification of `{name}` has to be a mapping, not `{rules}`"));
    }
    let mut given = Fields::new();
    for (name, rules) in &spec {
        let aliases = rules.get("aliases").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        for name in [name.as_str()].into_iter().chain(aliases) {
            if scope.lookup(name).is_some()
                && let Some(value) = scope.resolve(name)?.filter(|value| !value.is_omit())
            {
                given.insert(name.to_owned(), value.to_json()?);
            }
        }
    }
    given.extend(provided);
    let errors = argument_spec::validate(&spec, &given);
    let context = arguments.value("validate_args_context").map_or_else(|| Ok(json!({})), Value::to_json)?;
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("validate_args_context".into(), context);
    if errors.is_empty() {
        result.insert("msg".into(), json!("The arg spec validation passed"));
    } else {
        result.insert("failed".into(), json!(true));
        result.insert("msg".into(), json!(format!("Validation of arguments failed:\n{}", errors.join("\n"))));
        result.insert("argument_spec_data".into(), json!(spec));
        result.insert("argument_errors".into(), json!(errors));
    }
    Ok(Done { result, ..Done::default() })
}
