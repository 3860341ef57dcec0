//! Jobs in the background: the real helper, which is gone while they run.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::Write,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use sutler_protocol::{Background, Mode, Reply, Request, ToController, ToHelper, read_frame, write_frame};

/// How long a job may take in a test.
const LIMIT: Duration = Duration::from_secs(20);

struct Helper {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Helper {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sutler-helper"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut helper = Self { child, stdin, stdout };
        assert!(matches!(helper.hear(), ToController::Hello(_)));
        helper
    }

    fn hear(&mut self) -> ToController {
        read_frame(&mut self.stdout).unwrap().unwrap()
    }

    fn run(&mut self, module: &str, arguments: &Value, background: Option<Background>) -> Map<String, Value> {
        let items = vec![arguments.as_object().unwrap().clone()];
        let (module, mode) = (module.into(), Mode::default());
        let request = Request { id: 1, module, mode, environment: vec![], items, parallel: 0, after: None, background };
        write_frame(&mut self.stdin, &ToHelper::Run(request)).unwrap();
        self.stdin.flush().unwrap();
        match self.hear() {
            ToController::Reply(Reply { result, .. }) => result,
            other => panic!("{other:?}"),
        }
    }

    /// The connection closes: the helper ends.
    fn close(self) {
        let Self { mut child, stdin, stdout } = self;
        drop((stdin, stdout));
        assert!(child.wait().unwrap().success());
    }
}

/// Starts a job with a helper that is gone then.
fn start(folder: &Path, limit: u64, arguments: &Value) -> Map<String, Value> {
    let mut helper = Helper::start();
    let directory = folder.join("jobs").to_str().unwrap().to_owned();
    let started = helper.run("shell", arguments, Some(Background { limit, directory }));
    helper.close();
    started
}

fn status(folder: &Path, job: &Value, more: &Value) -> Map<String, Value> {
    let mut helper = Helper::start();
    let mut arguments = json!({ "jid": job, "_async_dir": folder.join("jobs").to_str().unwrap() });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let result = helper.run("async_status", &arguments, None);
    helper.close();
    result
}

/// Waits for the end of a job.
fn end(folder: &Path, job: &Value) -> Map<String, Value> {
    status(folder, job, &json!({ "_wait": LIMIT.as_millis() as u64 }))
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LIMIT, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_job_outlives_its_helper_and_tells_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    // It ends when the test says so, long after its helper.
    let script = format!("while ! [ -e {} ]; do sleep 0.05; done; echo out; echo err >&2; exit 3", gate.display());
    let started = start(folder.path(), 60, &json!({ "_raw_params": script }));
    let job = &started["ansible_job_id"];
    let file = folder.path().join("jobs").join(job.as_str().unwrap());
    let expected = json!({
        "started": true, "finished": false, "changed": true, "ansible_job_id": job,
        "results_file": file.to_str().unwrap(),
    });
    assert_eq!(Value::Object(started.clone()), expected);
    let state = status(folder.path(), job, &json!({}));
    assert_eq!((&state["started"], &state["finished"]), (&json!(true), &json!(false)));
    std::fs::write(&gate, "").unwrap();
    let result = end(folder.path(), job);
    assert_eq!(result["finished"], true);
    assert_eq!((&result["rc"], &result["stdout"], &result["stderr"]), (&json!(3), &json!("out"), &json!("err")));
    assert_eq!((&result["failed"], &result["msg"]), (&json!(true), &json!("non-zero return code")));
    let erased = status(folder.path(), job, &json!({ "mode": "cleanup" }));
    assert_eq!((&erased["erased"], &erased["changed"]), (&json!(file.to_str().unwrap()), &json!(false)));
    assert_eq!(std::fs::read_dir(folder.path().join("jobs")).unwrap().count(), 0);
}

#[test]
fn a_job_is_killed_with_its_children_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let script = format!("sleep 1000 & echo $! $$ > {}.new; mv {0}.new {0}; wait", pids.display());
    let started = start(folder.path(), 1, &json!({ "_raw_params": script }));
    let result = end(folder.path(), &started["ansible_job_id"]);
    assert_eq!(
        (&result["failed"], &result["finished"], &result["msg"]),
        (&json!(true), &json!(true), &json!("Timeout exceeded"))
    );
    assert!(result["child_pid"].is_u64());
    for pid in std::fs::read_to_string(pids).unwrap().split_whitespace() {
        let stat = format!("/proc/{pid}/stat");
        until("the job's processes end", || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z ")));
    }
}

#[test]
fn a_job_whose_work_is_killed_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let started = start(folder.path(), 60, &json!({ "_raw_params": "kill -9 $PPID; sleep 1000" }));
    let result = end(folder.path(), &started["ansible_job_id"]);
    assert_eq!((&result["failed"], &result["msg"]), (&json!(true), &json!("the job was ended by signal 9")));
}

#[test]
fn only_its_owner_reads_what_a_job_tells() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let started = start(folder.path(), 60, &json!({ "_raw_params": "echo secret" }));
    end(folder.path(), &started["ansible_job_id"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = started["results_file"].as_str().unwrap();
    assert_eq!((mode(Path::new(file)), mode(&folder.path().join("jobs"))), (0o600, 0o700));
}

#[test]
fn a_job_that_cannot_have_a_file_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jobs"), "in the way").unwrap();
    let started = start(folder.path(), 60, &json!({ "_raw_params": "true" }));
    let path = folder.path().join("jobs");
    let msg = format!("cannot start the job: could not create: {} - File exists (os error 17)", path.display());
    assert_eq!((&started["failed"], &started["msg"]), (&json!(true), &json!(msg)));
}

#[test]
fn an_unknown_job_and_a_broken_file_fail() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("jobs")).unwrap();
    let missing = status(folder.path(), &json!("j1.2"), &json!({}));
    assert_eq!(
        (&missing["failed"], &missing["finished"], &missing["msg"]),
        (&json!(true), &json!(true), &json!("could not find job"))
    );
    let missing = status(folder.path(), &json!("j1.2"), &json!({ "mode": "cleanup" }));
    assert_eq!((&missing["failed"], &missing["msg"]), (&json!(true), &json!("could not find job")));
    std::fs::write(folder.path().join("jobs/j1.2"), "{").unwrap();
    let broken = status(folder.path(), &json!("j1.2"), &json!({}));
    assert_eq!((&broken["failed"], &broken["msg"]), (&json!(true), &json!("Could not parse job output: {")));
}

/// Jobs of Ansible itself have the same files, and older ones numbers for flags.
#[test]
fn files_of_ansible_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("jobs")).unwrap();
    for (text, finished) in [
        ("", false),
        (r#"{"started": 1, "finished": 0, "ansible_job_id": "j1.2"}"#, false),
        (r#"{"changed": true, "rc": 0}"#, true),
        (r#"{"started": 1, "finished": 1, "failed": true, "msg": "x"}"#, true),
    ] {
        std::fs::write(folder.path().join("jobs/j1.2"), text).unwrap();
        let state = status(folder.path(), &json!("j1.2"), &json!({}));
        assert_eq!((&state["started"], &state["finished"]), (&json!(true), &json!(finished)), "{text}");
    }
}
