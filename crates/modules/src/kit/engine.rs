//! Runs a module: parse, inspect, apply. Check mode and diffs are decided here and nowhere else.

use std::sync::Arc;

use serde_json::{Value, json};
use sutler_protocol::{Arguments, Content, Mode};

use super::{Args, Changes, Failure, Fields, InCheck, Reader, Source, Writer};

/// A module: its arguments (`Self`), what it finds on the host, and what it does about it.
pub trait Module: Args {
    /// What `inspect` hands to `apply`.
    type Plan;

    /// Compares the host with what is wanted. Cannot change the host: [`Reader`] does not write.
    fn inspect(&self, host: &Reader) -> Result<Changes<Self::Plan>, Failure>;

    /// Makes the host as wanted; returns further return values (`changed: false` among them when
    /// it turned out that nothing changed).
    fn apply(&self, plan: Self::Plan, host: &mut Writer) -> Result<Fields, Failure>;
}

/// What a run of a module is given beside its arguments.
pub struct Context {
    /// Check and diff.
    pub mode: Mode,
    /// Variables for the programs it starts, and for what it reads of the environment.
    pub environment: Vec<(String, String)>,
    /// Where contents that did not travel with the request come from.
    pub bodies: Arc<dyn Bodies>,
    /// Set when the controller gave up on the task: programs are killed, waits end.
    pub cancelled: Arc<std::sync::atomic::AtomicBool>,
}

/// Fetches contents from the controller.
pub trait Bodies: Send + Sync {
    /// The bytes of a content, read once, in order.
    fn open(&self, content: &Content) -> Result<Box<dyn std::io::Read + Send>, Failure>;
}

/// Runs a module with rendered arguments; the result has Ansible's names.
pub type Engine = fn(Arguments, &Arc<Context>) -> Fields;

/// The [`Engine`] of module `M`.
pub fn run<M: Module>(mut arguments: Arguments, context: &Arc<Context>) -> Fields {
    let outcome = M::parse(&mut arguments, context)
        .map_err(super::args::ArgError::into_failure)
        .and_then(|module| run_parsed(&module, context));
    let mut fields = outcome.unwrap_or_else(|failure| {
        let mut fields = failure.fields;
        fields.insert("failed".into(), json!(true));
        fields.entry("changed").or_insert(json!(false));
        fields.insert("msg".into(), json!(failure.msg));
        fields
    });
    super::path_info::add(&mut fields);
    fields
}

/// The engine of what only the controller can do; a request for it is a mistake of ours.
pub fn run_on_controller(_: Arguments, _: &Arc<Context>) -> Fields {
    let mut fields = Fields::new();
    fields.insert("failed".into(), json!(true));
    fields.insert("msg".into(), json!("this action is done by the controller"));
    fields
}

fn run_parsed<M: Module>(module: &M, context: &Arc<Context>) -> Result<Fields, Failure> {
    let reader = Reader::new(Arc::clone(context));
    let found = module.inspect(&reader)?;
    let mut fields = found.fields;
    let mut changed = found.plan.is_some();
    match (found.plan, found.in_check) {
        (None, _) => {}
        (Some(_), InCheck::Skip(msg)) if context.mode.check => {
            changed = false;
            fields.insert("skipped".into(), json!(true));
            fields.insert("msg".into(), json!(msg));
        }
        (Some(_), InCheck::Predict) if context.mode.check => {}
        (Some(plan), _) => fields.extend(module.apply(plan, &mut Writer::new(reader))?),
    }
    fields.entry("changed").or_insert(json!(changed));
    if context.mode.diff && !found.diff.is_empty() {
        let diffs: Vec<Value> = found.diff.iter().map(super::Diff::to_json).collect();
        fields.insert("diff".into(), if diffs.len() == 1 { diffs.into_iter().next().into() } else { json!(diffs) });
    }
    Ok(fields)
}

impl Context {
    /// Opens a content: what travelled with the request, or the controller's answer.
    pub fn open(&self, content: &Content) -> Result<Source, Failure> {
        match content.bytes() {
            Some(bytes) => Ok(Source::Bytes(bytes)),
            None => Ok(Source::Stream(self.bodies.open(content)?)),
        }
    }
}
