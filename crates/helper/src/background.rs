//! Jobs that outlive the connection and the run: started here, watched by a process of their own.
//!
//! The helper starts itself as a supervisor, in a session of its own and with nothing of the connection
//! open. The supervisor writes the job's file, in the form that Ansible's jobs have, starts the work as a
//! child, kills it when its time is over, and replaces the file by the result.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{DirBuilderExt, OpenOptionsExt},
        process::ExitStatusExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sutler_modules::kit::{Fields, users};
use sutler_protocol::{Background, FrameError};

use crate::{
    job::{Job, WORK},
    session,
};

/// The argument that the helper is started with to watch one job.
pub const SUPERVISE: &str = "supervise";
/// How often the supervisor looks at the time.
const TICK: Duration = Duration::from_millis(50);

/// What a supervisor is told.
#[derive(Serialize, Deserialize)]
struct Order {
    background: Background,
    job: Job,
}

/// Starts a job and says how to find it: the result of a task with `async`.
pub fn start(background: &Background, job: Job) -> Fields {
    let order = Order { background: background.clone(), job };
    let mut result = order_supervisor(&order).unwrap_or_else(|why| {
        let mut result = Fields::new();
        result.insert("failed".into(), json!(true));
        result.insert("started".into(), json!(false));
        result.insert("finished".into(), json!(true));
        result.insert("msg".into(), json!(format!("cannot start the job: {why}")));
        result
    });
    result.entry("changed").or_insert(json!(true));
    result
}

fn order_supervisor(order: &Order) -> Result<Fields, String> {
    let mut child = myself(SUPERVISE).map_err(|error| error.to_string())?;
    let told = tell(&mut child, &json!(order));
    let mut answer = String::new();
    let heard = child.stdout.take().map_or(Ok(0), |stdout| BufReader::new(stdout).read_line(&mut answer));
    // It ends long after its answer, mostly after this process.
    thread::spawn(move || child.wait());
    told.and(heard).map_err(|error| error.to_string())?;
    match serde_json::from_str(&answer) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err("the job's supervisor gave no answer".into()),
    }
}

/// This program once more, with pipes to talk to it.
fn myself(argument: &str) -> io::Result<Child> {
    let mut program = Command::new("/proc/self/exe");
    program.arg(argument).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
}

fn tell(child: &mut Child, what: &Value) -> io::Result<()> {
    // Dropped at the end: the child reads until then.
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(what.to_string().as_bytes()))
}

/// Watches the job that standard input orders, to its end.
pub fn supervise() -> Result<(), FrameError> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let Order { background, job } = serde_json::from_str(&text).map_err(io::Error::from)?;
    // Fails for the leader of a session, which is what is wanted.
    let _ = rustix::process::setsid();
    let file = match JobFile::create(&background.directory) {
        Ok(file) => file,
        Err(error) => {
            return answer(&json!({
                "failed": true, "started": false, "finished": true, "changed": false,
                "msg": format!("cannot start the job: {error}"),
            }));
        }
    };
    answer(&json!({
        "started": true, "finished": false, "ansible_job_id": file.id, "results_file": file.path.to_string_lossy(),
    }))?;
    leave_streams()?;
    let result = watch(&job, Duration::from_secs(background.limit)).unwrap_or_else(|error| failure(&error.to_string()));
    file.write(&result)?;
    Ok(())
}

fn answer(what: &Value) -> Result<(), FrameError> {
    let mut output = io::stdout().lock();
    output.write_all(format!("{what}\n").as_bytes())?;
    Ok(output.flush()?)
}

/// Lets go of what connects this process with the one that started it.
fn leave_streams() -> io::Result<()> {
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// Does a job in a child, for so long at most, and gives its result.
fn watch(job: &Job, limit: Duration) -> io::Result<Value> {
    let begun = Instant::now();
    let mut child = myself(WORK)?;
    let pid = child.id();
    tell(&mut child, &json!(job))?;
    let (sender, said) = channel();
    if let Some(mut stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // What is there when the pipe breaks is judged below.
            let _ = stdout.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            session::kill_others();
            let _ = child.wait();
            let mut result = failure("Timeout exceeded");
            result["child_pid"] = json!(pid);
            return Ok(result);
        }
        match said.recv_timeout(left.min(TICK)) {
            Ok(bytes) => {
                let status = child.wait()?;
                return Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| lost(status)));
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(lost(child.wait()?)),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn lost(status: ExitStatus) -> Value {
    match status.signal() {
        Some(signal) => failure(&format!("the job was ended by signal {signal}")),
        None => failure("the job ended without a result"),
    }
}

fn failure(msg: &str) -> Value {
    json!({ "failed": true, "changed": false, "started": true, "finished": true, "msg": msg })
}

/// The file that tells how a job is doing; only its owner can read it.
struct JobFile {
    id: String,
    path: PathBuf,
}

impl JobFile {
    /// The file of a new job, which says that it was started.
    fn create(directory: &str) -> Result<Self, String> {
        let directory = PathBuf::from(users::expand_path(directory, &[]));
        let failed = |error: io::Error| format!("could not create: {} - {error}", directory.display());
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(failed)?;
        let random = RandomState::new().hash_one(Instant::now()) % 1_000_000_000_000;
        let id = format!("j{random}.{}", std::process::id());
        let file = Self { path: directory.join(&id), id };
        let state = json!({ "started": true, "finished": false, "ansible_job_id": file.id });
        file.write(&state).map_err(failed)?;
        Ok(file)
    }

    /// Replaces what it says; a reader sees the one or the other.
    fn write(&self, what: &Value) -> io::Result<()> {
        let temporary = self.temporary();
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&temporary)?;
        let written = file.write_all(what.to_string().as_bytes()).and_then(|()| file.sync_all());
        let replaced = written.and_then(|()| std::fs::rename(&temporary, &self.path));
        if replaced.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        replaced
    }

    fn temporary(&self) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        folder.join(format!(".{}.tmp", self.id))
    }
}
