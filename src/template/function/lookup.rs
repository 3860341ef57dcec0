//! `lookup`, `query` and `q`.

use std::collections::HashMap;

use super::super::{Arguments, Function, TemplateError, environment::short_name, evaluate::unknown};
use crate::{
    source::Diagnostic,
    value::{Str, Value},
};

pub(super) fn register(table: &mut HashMap<&'static str, Function>) {
    table.extend([
        ("lookup", (|arguments| lookup(arguments, false)) as Function),
        ("query", |arguments| lookup(arguments, true)),
        ("q", |arguments| lookup(arguments, true)),
    ]);
}

/// What becomes of a lookup's failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    Strict,
    Warn,
    Ignore,
}

fn lookup(mut arguments: Arguments<'_>, list: bool) -> Result<Value, TemplateError> {
    let context = arguments.context;
    // A default that does not exist only matters where it is used.
    let named = arguments.named.iter().filter(|(name, _)| **name != *"default").map(|(_, value)| value);
    for value in arguments.positional.iter().chain(named) {
        if let Value::Undefined(undefined) = value {
            return Err(TemplateError::undefined(undefined));
        }
    }
    if arguments.positional.is_empty() {
        return Err(TemplateError::type_error("lookup() missing 1 required positional argument: 'plugin_name'"));
    }
    let name = match arguments.positional.remove(0) {
        Value::Str(name) => name,
        Value::None => Str::from(""),
        other @ (Value::List(_) | Value::Dict(_)) => {
            return Err(TemplateError::type_error(format!("unhashable type: '{}'", other.type_name())));
        }
        other => return Err(TemplateError::type_error(format!("unsupported type <class '{}'>", other.type_name()))),
    };
    // `query` gives a list whatever it is told.
    let list = arguments.take("wantlist").is_some_and(|list| list.is_truthy()) || list;
    if arguments.take("allow_unsafe").is_some_and(|allows| allows.is_truthy()) {
        let message = "`allow_unsafe` has no effect: what a lookup returns is never a template";
        context.environment.warn(Diagnostic::warning(message));
    }
    let on_error = match arguments.take("errors").map_or_else(|| "strict".to_owned(), |errors| errors.to_str()).as_str()
    {
        "ignore" => OnError::Ignore,
        "warn" => OnError::Warn,
        _ => OnError::Strict,
    };
    let lookups = &context.environment.vocabulary().lookups;
    let short = short_name(&name);
    if name.is_empty() {
        return Err(TemplateError::value_error("A non-empty plugin name is required."));
    }
    let Some(function) = lookups.get(short) else {
        return Err(unknown("lookup", &name, lookups.keys().copied()));
    };
    context.check_turn(short)?;
    let inner = Arguments { context, name: &name, positional: arguments.positional, named: arguments.named };
    let values = match function(inner) {
        Ok(values) => values,
        Err(error) if on_error != OnError::Strict => {
            if on_error == OnError::Warn {
                let message = format!("An error occurred while running the lookup plugin '{short}': {error}");
                let warning = Diagnostic::warning(message.as_str()).worded(message.as_str());
                context.environment.warn(match error.noted() {
                    Some(note) => warning.note(note),
                    None => warning,
                });
            }
            return Ok(if list { Vec::new().into() } else { Value::None });
        }
        Err(error) => return Err(error.in_lookup(&name)),
    };
    if list {
        return Ok(values.into());
    }
    if short != "list" && values.len() > 1 && values.iter().all(|value| value.as_str().is_some()) {
        let texts: Vec<String> = values.iter().map(Value::to_str).collect();
        return Ok(texts.join(",").into());
    }
    // One result stands alone; several that are not all text stay a list.
    let mut values = values;
    Ok(match values.len() {
        0 => Vec::new().into(),
        1 => values.swap_remove(0),
        _ => values.into(),
    })
}
