//! The `openssh` transport: the user's own `ssh`, for what a library cannot do.
//!
//! One master process per host logs in; each command is a session over its socket, which lies in a
//! private directory. The master ends a minute after its last session, should nobody end it before.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::{
    ConnectError, Stage, Target,
    channel::{Channel, Connection, Exit},
    local::spawn,
    start::tail,
};

/// How long the program may take beyond the connect timeout, which it keeps by itself.
const GRACE: Duration = Duration::from_secs(20);
/// The variable that carries the password to the program that `ssh` asks.
const PASSWORD: &str = "SUTLER_SSH_PASSWORD";

/// A master process and its socket.
pub struct OpenSsh {
    target: Target,
    directory: TempDir,
}

impl OpenSsh {
    /// Starts the master and waits until it has logged in.
    pub async fn connect(target: &Target) -> Result<Self, ConnectError> {
        let failed = |action: &str, e: std::io::Error| ConnectError::Controller {
            action: action.to_owned(),
            why: e.to_string(),
        };
        // Short, since a socket's path has 108 bytes at most.
        let directory = tempfile::Builder::new()
            .prefix("sutler-")
            .tempdir_in("/tmp")
            .map_err(|e| failed("make a directory in /tmp", e))?;
        let this = Self { target: target.clone(), directory };
        // The master outlives the program that starts it and keeps its streams: no pipe of ours
        // may be among them.
        let log = this.directory.path().join("log");
        let stderr = fs::File::create(&log).map_err(|e| failed("write in /tmp", e))?;
        let mut program = this.program(&["-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-N", "-f"])?;
        program.arg("--").arg(&target.address);
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).kill_on_drop(true);
        let mut child = program.spawn().map_err(|e| failed(&format!("run {}", target.ssh_executable), e))?;
        let limit = target.connect_timeout + GRACE;
        let status = timeout(limit, child.wait())
            .await
            .map_err(|_| ConnectError::Timeout { stage: Stage::Handshake, limit })?
            .map_err(|e| failed("wait for ssh", e))?;
        if status.success() {
            return Ok(this);
        }
        Err(this.refused(&tail(&fs::read(&log).unwrap_or_default())))
    }

    /// The program with the target's options; `first` come before those of the target.
    fn program(&self, first: &[&str]) -> Result<Command, ConnectError> {
        let target = &self.target;
        let mut program = Command::new(&target.ssh_executable);
        program.process_group(0).args(first).arg("-S").arg(self.socket());
        program.args(&target.ssh_args);
        let mut option = |text: String| {
            program.arg("-o").arg(text);
        };
        if !target.host_key_checking {
            option("StrictHostKeyChecking=no".into());
        }
        option(format!("ConnectTimeout={}", target.connect_timeout.as_secs().max(1)));
        if !target.keepalive.is_zero() {
            option(format!("ServerAliveInterval={}", target.keepalive.as_secs().max(1)));
        }
        if let Some(port) = target.port {
            option(format!("Port={port}"));
        }
        if let Some(user) = &target.user {
            option(format!("User={user}"));
        }
        if let Some(key) = &target.key_file {
            option(format!("IdentityFile=\"{}\"", key.display()));
        }
        // Nobody sits in front of it: without a password it must not ask.
        match target.password.as_ref().or(target.key_passphrase.as_ref()) {
            None => option("BatchMode=yes".into()),
            Some(secret) => {
                option("NumberOfPasswordPrompts=1".into());
                let askpass = self.askpass()?;
                program.env("SSH_ASKPASS", askpass).env("SSH_ASKPASS_REQUIRE", "force");
                program.env(PASSWORD, secret.expose());
                if std::env::var_os("DISPLAY").is_none() {
                    program.env("DISPLAY", "-");
                }
            }
        }
        Ok(program)
    }

    /// A program that prints the password; the file itself does not hold it.
    fn askpass(&self) -> Result<PathBuf, ConnectError> {
        let path = self.directory.path().join("askpass");
        let write = || {
            let mut file = match fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(&path) {
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
                opened => opened?,
            };
            writeln!(file, "#!/bin/sh\nprintf '%s\\n' \"${PASSWORD}\"")
        };
        write().map_err(|e| ConnectError::Controller { action: "write in /tmp".into(), why: e.to_string() })?;
        Ok(path)
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// What the program's last words mean.
    fn refused(&self, said: &str) -> ConnectError {
        let target = &self.target;
        let (address, port) = (target.address.clone(), target.port.unwrap_or(22));
        let why = said.lines().last().unwrap_or("it said nothing").trim().to_owned();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if has(&["Could not resolve hostname"]) {
            ConnectError::NameResolution { address, why }
        } else if has(&["Permission denied", "Too many authentication failures"]) {
            let methods = why.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(list, _)| list);
            ConnectError::AuthFailed {
                user: target.user.clone().unwrap_or_default(),
                host: address,
                accepted: methods.split(',').filter(|method| !method.is_empty()).map(str::to_owned).collect(),
                tried: vec![format!("{}: {why}", target.ssh_executable)],
            }
        } else if has(&["Connection refused", "No route to host", "timed out", "unreachable"]) {
            ConnectError::Refused { address, port, why }
        } else {
            ConnectError::Handshake { address, port, why: said.to_owned() }
        }
    }
}

impl Connection for OpenSsh {
    fn exec<'a>(&'a self, command: &'a str, pty: bool) -> BoxFuture<'a, Result<Channel, ConnectError>> {
        Box::pin(async move {
            let mut program = self.program(&["-o", "ControlMaster=no", if pty { "-tt" } else { "-T" }])?;
            program.arg("--").arg(&self.target.address).arg(command);
            let Channel { stdin, stdout, stderr, exit } = spawn(program, &self.target.ssh_executable)?;
            let socket = Arc::new(self.socket());
            // 255 is the program's own failure, or the command's status: a lost master tells.
            let exit = Box::pin(async move {
                match exit.await {
                    Exit::Status(255) if !socket.exists() => Exit::Lost,
                    exit => exit,
                }
            });
            Ok(Channel { stdin, stdout, stderr, exit })
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Ok(mut program) = self.program(&["-O", "exit"]) {
                program.arg("--").arg(&self.target.address);
                program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
                if let Ok(mut child) = program.spawn() {
                    let _ = timeout(GRACE, child.wait()).await;
                }
            }
        })
    }

    fn is_open(&self) -> bool {
        self.socket().exists()
    }
}
