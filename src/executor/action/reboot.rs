//! `reboot`: restarts the host and waits until it is back.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{Done, Evaluated, Fields, Later, PrepareError, Reach, TaskContext, failed, integer, words};
use crate::{
    executor::{Run, settings::Settings, times},
    transport::{ConnectError, Kind, RawOutput},
    vars::Scope,
};

/// Where `shutdown` is looked for, unless the task says otherwise.
const PATHS: [&str; 5] = ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"];
/// Seconds between two looks at a host that is starting; twice as many each time, up to the last.
const PAUSES: [u64; 4] = [1, 2, 4, 8];
/// How long an attempt to connect may take when nothing else is said.
const ATTEMPT: Duration = Duration::from_secs(15);

/// A reboot as the task asks for it.
struct Reboot {
    reach: Reach,
    boot_time_command: String,
    test_command: String,
    command: Option<String>,
    message: String,
    search_paths: Vec<String>,
    before: u64,
    after: Duration,
    limit: Duration,
    attempt: Duration,
}

/// Prepares it.
pub fn prepare(
    context: &TaskContext,
    settings: Settings,
    scope: &Scope,
    arguments: &Evaluated,
) -> Result<Later, PrepareError> {
    let text =
        |name: &str, default: &str| Ok::<_, PrepareError>(arguments.text(name)?.unwrap_or_else(|| default.into()));
    let seconds = |names: [&str; 2]| -> Result<Option<u64>, PrepareError> {
        let [name, old_name] = names;
        let seconds = integer(arguments, name)?.or(integer(arguments, old_name)?);
        Ok(seconds.map(|seconds| u64::try_from(seconds).unwrap_or(0)))
    };
    let of_seconds = |seconds: Option<u64>, default| seconds.map_or(default, |seconds| times::seconds(seconds as f64));
    let reboot = Reboot {
        reach: Reach::new(context, settings, scope)?,
        boot_time_command: text("boot_time_command", "cat /proc/sys/kernel/random/boot_id")?,
        test_command: text("test_command", "whoami")?,
        command: arguments.text("reboot_command")?,
        message: text("msg", "Reboot initiated by Ansible")?,
        search_paths: arguments
            .value("search_paths")
            .and_then(words)
            .unwrap_or_else(|| PATHS.map(str::to_owned).to_vec()),
        before: seconds(["pre_reboot_delay", "pre_reboot_delay_sec"])?.unwrap_or(0),
        after: of_seconds(seconds(["post_reboot_delay", "post_reboot_delay_sec"])?, Duration::ZERO),
        limit: of_seconds(seconds(["reboot_timeout", "reboot_timeout_sec"])?, Duration::from_mins(10)),
        attempt: of_seconds(seconds(["connect_timeout", "connect_timeout_sec"])?, ATTEMPT),
    };
    let checks = reboot.reach.mode(context, settings)?.check;
    let run = Arc::clone(&context.run);
    Ok(Box::pin(async move {
        if reboot.reach.target.kind == Kind::Local {
            let mut done = failed("Running reboot with local connection would reboot the control node.");
            done.result.insert("elapsed".into(), json!(0));
            done.result.insert("rebooted".into(), json!(false));
            return Ok(done);
        }
        if checks { Ok(rebooted(0)) } else { reboot.run(&run).await }
    }))
}

fn rebooted(seconds: u64) -> Done {
    let mut result = Fields::new();
    result.insert("changed".into(), json!(true));
    result.insert("elapsed".into(), json!(seconds));
    result.insert("rebooted".into(), json!(true));
    Done { result, ..Done::default() }
}

impl Reboot {
    async fn run(&self, run: &Run) -> Result<Done, ConnectError> {
        let begun = Instant::now();
        let end = |changed: bool, why: &str| {
            let mut done = failed(why);
            done.result.insert("changed".into(), json!(changed));
            done.result.insert("elapsed".into(), json!(begun.elapsed().as_secs()));
            done.result.insert("rebooted".into(), json!(changed));
            Ok(done)
        };
        let before = match self.raw(run, &self.boot_time_command).await? {
            output if output.status == 0 => output.stdout,
            output => return end(false, &format!("cannot tell when the host was booted: {}", said(&output))),
        };
        let command = match self.command_line(run).await? {
            Ok(command) => command,
            Err(why) => return end(false, &why),
        };
        // A host that goes down at once takes the connection with it.
        if let Ok(output) = self.raw(run, &command).await
            && output.status != 0
            && output.status < 128
        {
            return end(false, &format!("Reboot command failed. Error was: '{}'", said(&output)));
        }
        sleep(self.after).await;
        let is_new = |output: &RawOutput| output.status == 0 && !output.stdout.is_empty() && output.stdout != before;
        if !self.wait(run, &self.boot_time_command, is_new).await {
            let limit = self.limit.as_secs();
            return end(false, &format!("Timed out waiting for last boot time check (timeout={limit})"));
        }
        if !self.wait(run, &self.test_command, |output| output.status == 0).await {
            let limit = self.limit.as_secs();
            return end(true, &format!("Timed out waiting for post-reboot test command (timeout={limit})"));
        }
        Ok(rebooted(begun.elapsed().as_secs()))
    }

    /// Runs a command on new connections until its output is as wanted; false when the time is over.
    async fn wait(&self, run: &Run, command: &str, wanted: impl Fn(&RawOutput) -> bool) -> bool {
        let end = Instant::now() + self.limit;
        let mut pauses = PAUSES.into_iter();
        let mut pause = PAUSES[0];
        loop {
            run.connections.reset(&self.reach.target).await;
            if let Ok(Ok(output)) = timeout(self.attempt, self.raw(run, command)).await
                && wanted(&output)
            {
                return true;
            }
            pause = pauses.next().unwrap_or(pause);
            let pause = Duration::from_secs(pause);
            if Instant::now() + pause >= end || run.control.is_stopping() {
                return false;
            }
            sleep(pause).await;
        }
    }

    async fn raw(&self, run: &Run, command: &str) -> Result<RawOutput, ConnectError> {
        run.connections.raw(&self.reach.target, self.reach.becoming.as_ref(), command, None).await
    }

    /// What restarts the host, its program found on the host; the inner error says that there is none.
    async fn command_line(&self, run: &Run) -> Result<Result<String, String>, ConnectError> {
        let (program, arguments) = match &self.command {
            Some(command) => {
                let command = command.trim();
                if command.starts_with('/') {
                    return Ok(Ok(command.to_owned()));
                }
                let (program, arguments) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
                (program, arguments.to_owned())
            }
            // `shutdown` counts in minutes.
            None => ("shutdown", format!("-r {} {}", self.before / 60, quoted(&self.message))),
        };
        let paths: Vec<String> = self.search_paths.iter().map(|path| quoted(path)).collect();
        let name = quoted(program);
        let find = format!(
            "for d in {}; do if [ -x \"$d\"/{name} ]; then echo \"$d\"/{name}; exit 0; fi; done; exit 1",
            paths.join(" ")
        );
        let output = self.raw(run, &find).await?;
        if output.status != 0 {
            return Ok(Err(format!("Unable to find command \"{program}\" in search paths: {:?}", self.search_paths)));
        }
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Ok(format!("{} {arguments}", quoted(&path)).trim_end().to_owned()))
    }
}

fn said(output: &RawOutput) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    if err.is_empty() { out } else { [out, err].join(" ").trim().to_owned() }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
