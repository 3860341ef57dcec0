//! `async_status`: how a task in the background is doing.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, users},
};

/// How often the file of a job is looked at while it is waited for.
const TICK: Duration = Duration::from_millis(50);

/// Tells how a task with `async` and `poll: 0` is doing, and what its result is once it has ended.
///
/// ```yaml
/// - command: /opt/upgrade
///   async: 3600
///   poll: 0
///   register: upgrade
/// - async_status:
///     jid: "{{ upgrade.ansible_job_id }}"
///   register: result
///   until: result is finished
///   retries: 100
///   delay: 10
/// - async_status:
///     jid: "{{ upgrade.ansible_job_id }}"
///     mode: cleanup
/// ```
#[derive(Args)]
pub struct AsyncStatus {
    /// The job, as `ansible_job_id` of the task that started it.
    #[arg(required)]
    jid: String,
    /// `status` tells, `cleanup` removes the file that tells; the job itself goes on.
    #[arg(default = "status")]
    mode: Mode,
    /// Where the files of jobs are.
    #[arg(internal, name = "_async_dir", default = "~/.ansible_async")]
    directory: String,
    /// Milliseconds to wait for the end of the job.
    #[arg(internal, name = "_wait", default = 0)]
    wait: i64,
}

choice! {
    /// What to do.
    enum Mode { Status = "status", Cleanup = "cleanup" }
}

impl Module for AsyncStatus {
    type Plan = PathBuf;

    fn inspect(&self, host: &Reader) -> Result<Changes<PathBuf>, Failure> {
        let directory = users::expand_path(&self.directory, host.environment());
        let file = Path::new(&directory).join(&self.jid);
        let path = file.to_string_lossy().into_owned();
        match self.mode {
            Mode::Cleanup if host.exists(&file) => {
                let changes = Changes::of(file).with("changed", false).with("ansible_job_id", self.jid.as_str());
                let changes = changes.with("erased", path).with("started", false).with("finished", false);
                Ok(changes.with("stdout", "").with("stderr", ""))
            }
            Mode::Cleanup => Err(self.missing().with("erased", path)),
            Mode::Status => self.status(host, &file).map(|result| Changes::none().with_all(result)),
        }
    }

    fn apply(&self, file: PathBuf, host: &mut Writer) -> Result<Fields, Failure> {
        host.remove(&file)?;
        Ok(Fields::new())
    }
}

impl AsyncStatus {
    fn missing(&self) -> Failure {
        let failure = Failure::new("could not find job").with("ansible_job_id", self.jid.as_str());
        failure.with("started", true).with("finished", true).with("stdout", "").with("stderr", "")
    }

    /// What the file says, once the job has ended or the wait is over.
    fn status(&self, host: &Reader, file: &Path) -> Result<Fields, Failure> {
        let path = file.to_string_lossy().into_owned();
        let end = Instant::now() + Duration::from_millis(u64::try_from(self.wait).unwrap_or(0));
        loop {
            let Some(text) = host.read_text(file)? else {
                return Err(self.missing().with("results_file", path));
            };
            let mut result = self.parse(&text).map_err(|failure| failure.with("results_file", path.as_str()))?;
            if is_true(&result, "finished") || Instant::now() >= end || host.is_cancelled() {
                result.insert("results_file".into(), json!(path));
                return Ok(result);
            }
            thread::sleep(TICK.min(end.saturating_duration_since(Instant::now())));
        }
    }

    /// The state of a job that runs has `started`; the result of one that has ended mostly has not.
    fn parse(&self, text: &str) -> Result<Fields, Failure> {
        let mut result = match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => fields,
            // Ansible's own jobs write in place: nothing is there yet.
            _ if text.is_empty() => [("started".to_owned(), json!(true))].into_iter().collect(),
            _ => {
                let failure = Failure::new(format!("Could not parse job output: {text}")).with("finished", true);
                return Err(failure.with("started", true).with("ansible_job_id", self.jid.as_str()));
            }
        };
        let finished = !result.contains_key("started") || is_true(&result, "finished");
        result.insert("ansible_job_id".into(), json!(self.jid));
        result.insert("started".into(), json!(true));
        result.insert("finished".into(), json!(finished));
        for stream in ["stdout", "stderr"] {
            result.entry(stream).or_insert(json!(""));
        }
        Ok(result)
    }
}

/// A flag, which older jobs wrote as 0 or 1.
fn is_true(result: &Fields, name: &str) -> bool {
    match result.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        _ => false,
    }
}
