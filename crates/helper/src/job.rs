//! One item of a task as a process of its own: what it is told, and what it answers.

use std::{
    io::{Read, Write},
    sync::{Arc, atomic::AtomicBool},
};

use serde::{Deserialize, Serialize};
use sutler_modules::kit::{Context, Failure, engine};
use sutler_protocol::{Arguments, Content, FrameError, Mode};

/// The argument that the helper is started with to do one job.
pub const WORK: &str = "work";

/// What is to be done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// The module's short name in the registry.
    pub module: String,
    /// Check and diff.
    pub mode: Mode,
    /// Set for every program that the module starts.
    pub environment: Vec<(String, String)>,
    /// The module's arguments.
    pub arguments: Arguments,
}

/// Reads a job from standard input, does it, and writes its result to standard output.
pub fn work() -> Result<(), FrameError> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let Job { module, mode, environment, arguments } = serde_json::from_str(&text).map_err(std::io::Error::from)?;
    let cancelled = Arc::new(AtomicBool::new(false));
    let predicted = Arc::new(AtomicBool::new(mode.predicted));
    let context = Arc::new(Context { mode, environment, bodies: Arc::new(NoBodies), cancelled, predicted });
    let result = crate::run(&module, arguments, &context);
    let mut output = std::io::stdout().lock();
    output.write_all(serde_json::Value::Object(result).to_string().as_bytes())?;
    Ok(output.flush()?)
}

/// Nobody is there to send contents that did not travel with the task.
struct NoBodies;

impl engine::Bodies for NoBodies {
    fn open(&self, content: &Content) -> Result<Box<dyn Read + Send>, Failure> {
        let size = content.size;
        Err(Failure::new(format!("a task with `async` cannot take along a content of {size} bytes")))
    }
}
