//! `set_stats`: figures of the run, for its end.

use serde_json::{Value as Json, json};

use super::{Done, Evaluated, Fields, PrepareError, TaskContext, check_name};
use crate::vars::Scope;

/// Runs it.
pub fn run(context: &TaskContext, scope: &Scope, arguments: &Evaluated) -> Result<Done, PrepareError> {
    let flag = |name: &str, default: bool| arguments.flag(name).unwrap_or(default);
    let (per_host, aggregate) = (flag("per_host", false), flag("aggregate", true));
    let data = match arguments.value("data") {
        Some(data) => data.to_json()?,
        None => json!({}),
    };
    let Json::Object(data) = data else {
        return Err(PrepareError::Returned("The 'data' option needs to be a dictionary/hash"));
    };
    for name in data.keys() {
        check_name(name, arguments.span("data"))?;
    }
    let host = per_host.then_some(scope.host().name.as_str());
    context.run.report.stats.add(host, &data, aggregate);
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("ansible_stats".into(), json!({ "data": data, "per_host": per_host, "aggregate": aggregate }));
    Ok(Done { result, ..Done::default() })
}
