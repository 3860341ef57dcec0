//! Arguments as a result tells them, in `invocation.module_args`: every option of the module, with
//! its default or nothing where it was not given, and secrets hidden.

use serde_json::Value;
use sutler_protocol::Arguments;

use super::{Conversion, FromArg, Kind, Opt, Spec, check::default_value};

/// What stands for a secret.
const HIDDEN: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";

/// The arguments that were given, and those that were not; an option given by another name is told by both.
pub fn told(spec: &Spec, given: &Arguments) -> Arguments {
    let mut told = Arguments::new();
    for opt in spec.options.iter().filter(|opt| !opt.internal || opt.name == "_raw_params") {
        let names = [opt.name].into_iter().chain(opt.aliases.iter().copied()).filter(|name| given.contains_key(*name));
        let mut value = opt.default.map_or(Value::Null, default_value);
        for name in names.clone() {
            value = converted(opt, &given[name]);
        }
        if opt.secret && !value.is_null() {
            value = HIDDEN.into();
        }
        told.extend(names.map(|name| (name.to_owned(), value.clone())));
        told.insert(opt.name.to_owned(), value);
    }
    for (name, value) in given.iter().filter(|(name, _)| !name.starts_with('_')) {
        told.entry(name.as_str()).or_insert_with(|| value.clone());
    }
    told
}

/// As the module takes it; as it was given where the module does not take it.
fn converted(opt: &Opt, value: &Value) -> Value {
    let conversion = Conversion { name: opt.name, environment: &[] };
    let given = value.clone();
    let converted = match opt.kind {
        _ if value.is_null() => Ok(Value::Null),
        Kind::Str => String::from_arg(given, &conversion).map(Value::from),
        Kind::Int => i64::from_arg(given, &conversion).map(Value::from),
        Kind::Float if value.is_number() => Ok(given),
        Kind::Float => f64::from_arg(given, &conversion).map(Value::from),
        Kind::Bool => bool::from_arg(given, &conversion).map(Value::from),
        Kind::List => Vec::<Value>::from_arg(given, &conversion).map(Value::from),
        Kind::Dict => Arguments::from_arg(given, &conversion).map(Value::from),
        Kind::Path if value.is_string() => Ok(given),
        Kind::Path => String::from_arg(given, &conversion).map(Value::from),
        Kind::Raw => Ok(given),
    };
    converted.unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::kit::{Args, Fields, args::told};

    /// A module's arguments.
    #[derive(Args)]
    #[allow(dead_code, reason = "only its spec is looked at")]
    struct Told {
        /// A place.
        #[arg(alias = "dest")]
        path: String,
        /// A secret.
        #[arg(secret)]
        password: Option<String>,
        /// A number.
        #[arg(default = 5)]
        retries: i64,
        /// Names.
        names: Option<Vec<String>>,
        /// Of the controller.
        #[arg(internal, name = "_content")]
        content: Option<String>,
    }

    fn told_of(given: serde_json::Value) -> serde_json::Value {
        let given: Fields = serde_json::from_value(given).expect("it is a mapping");
        serde_json::to_value(told(&Told::spec(), &given)).expect("it is JSON")
    }

    #[test]
    fn options_that_were_not_given_are_told_with_their_defaults() {
        let expected = json!({"path": "/a", "dest": "/a", "password": null, "retries": 5, "names": null});
        assert_eq!(told_of(json!({"dest": "/a", "_content": "x"})), expected);
    }

    #[test]
    fn values_are_converted_and_secrets_hidden() {
        let given = json!({"path": 5, "password": "canary", "retries": "7", "names": "a,b"});
        let expected =
            json!({"path": "5", "password": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "retries": 7, "names": ["a", "b"]});
        assert_eq!(told_of(given), expected);
    }

    #[test]
    fn what_the_module_does_not_take_is_told_as_given() {
        let given = json!({"path": "/a", "retries": "many", "colour": "red"});
        let told = told_of(given);
        assert_eq!((&told["retries"], &told["colour"]), (&json!("many"), &json!("red")));
    }
}
