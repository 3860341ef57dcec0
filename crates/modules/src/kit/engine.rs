//! Runs a module: parse, inspect, apply. Check mode and diffs are decided here and nowhere else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};
use sutler_protocol::{Arguments, Content, Mode};

use super::{Args, Changes, Failure, Fields, InCheck, Reader, Source, Writer};

/// A module: its arguments (`Self`), what it finds on the host, and what it does about it.
pub trait Module: Args {
    /// What `inspect` hands to `apply`.
    type Plan;
    /// Whether the result has the diff even where nobody asked for it.
    const TELLS_DIFF: bool = false;

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
    pub cancelled: Arc<AtomicBool>,
    /// Set once check mode predicts a change of the host, for the tasks that follow.
    pub predicted: Arc<AtomicBool>,
}

/// Fetches contents from the controller, and hands files to it.
pub trait Bodies: Send + Sync {
    /// The bytes of a content, read once, in order.
    fn open(&self, content: &Content) -> Result<Box<dyn std::io::Read + Send>, Failure>;

    /// Hands a file to the controller, a part at a time.
    fn send(&self, _stream: &mut dyn std::io::Read) -> Result<(), Failure> {
        Err(Failure::new("nobody is there who takes a file"))
    }
}

/// Runs a module with rendered arguments; the result has Ansible's names.
pub type Engine = fn(Arguments, &Arc<Context>) -> Fields;

/// The [`Engine`] of module `M`. What needs not know `M` is in functions of its own, which all modules share.
pub fn run<M: Module>(mut arguments: Arguments, context: &Arc<Context>) -> Fields {
    let outcome = M::parse(&mut arguments, context)
        .map_err(super::args::ArgError::into_failure)
        .and_then(|module| run_parsed(&module, context));
    result(outcome)
}

/// A task's result, with what Ansible adds to it.
pub fn result(outcome: Result<Fields, Failure>) -> Fields {
    let mut fields = outcome.unwrap_or_else(failed);
    super::path_info::add(&mut fields);
    fields
}

/// The result of a task that failed.
pub fn failed(failure: Failure) -> Fields {
    let mut fields = failure.fields;
    fields.insert("failed".into(), json!(true));
    fields.entry("changed").or_insert(json!(false));
    fields.insert("msg".into(), json!(failure.msg));
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
    let Changes { plan, mut fields, diff, in_check } = module.inspect(&reader)?;
    let mut changed = plan.is_some();
    if context.mode.check && (changed || fields.get("changed") == Some(&json!(true))) {
        context.predicted.store(true, Ordering::Relaxed);
    }
    if let Some(plan) = plan {
        if !context.mode.check || in_check == InCheck::Run {
            fields.extend(module.apply(plan, &mut Writer::new(reader))?);
        } else if let InCheck::Skip(msg) = in_check {
            changed = false;
            skip(&mut fields, msg);
        }
    }
    let tells_diff = context.mode.diff || M::TELLS_DIFF;
    conclude(&mut fields, changed, &diff, tells_diff);
    Ok(fields)
}

fn skip(fields: &mut Fields, msg: String) {
    fields.insert("skipped".into(), json!(true));
    fields.insert("msg".into(), json!(msg));
}

fn conclude(fields: &mut Fields, changed: bool, diff: &[super::Diff], tells_diff: bool) {
    fields.entry("changed").or_insert(json!(changed));
    if tells_diff && !diff.is_empty() {
        let diffs: Vec<Value> = diff.iter().map(super::Diff::to_json).collect();
        fields.insert("diff".into(), if diffs.len() == 1 { diffs.into_iter().next().into() } else { json!(diffs) });
    }
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
