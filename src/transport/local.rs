//! The `local` transport: a child process on the controller.

use std::process::Stdio;

use futures::future::BoxFuture;
use tokio::process::{Child, Command};

use super::{
    ConnectError,
    channel::{Channel, Connection, Exit},
};

/// The controller itself.
#[derive(Debug, Default)]
pub struct Local;

impl Connection for Local {
    fn exec<'a>(&'a self, command: &'a str, pty: bool) -> BoxFuture<'a, Result<Channel, ConnectError>> {
        Box::pin(async move {
            let mut program = if pty {
                // `script` is how a program without `unsafe` gets a child a terminal of its own.
                let mut script = Command::new("script");
                script.args(["-qefc", command, "/dev/null"]);
                script
            } else {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", command]);
                shell
            };
            // Ctrl-C is for the controller, which tells the helper itself.
            program.process_group(0);
            spawn(program, "sh")
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// Starts a program with its three streams piped.
pub fn spawn(mut program: Command, name: &str) -> Result<Channel, ConnectError> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| ConnectError::Controller { action: format!("run {name}"), why: e.to_string() })?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        unreachable!("all three are piped")
    };
    Ok(Channel {
        stdin: Box::new(stdin),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        exit: Box::pin(wait(child)),
    })
}

/// Waits for a child and says how it ended.
async fn wait(mut child: Child) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    match child.wait().await {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Status(code),
            (None, Some(signal)) => Exit::Status(128 + signal),
            (None, None) => Exit::Lost,
        },
        Err(_) => Exit::Lost,
    }
}
