//! What every transport gives: a command that runs on the host, and its three streams.

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use super::ConnectError;

/// An open connection to a host.
pub trait Connection: Send + Sync {
    /// Starts `command` in the login shell of the host's user. With `pty` it has a terminal, and
    /// its standard error comes with its standard output.
    fn exec<'a>(&'a self, command: &'a str, pty: bool) -> BoxFuture<'a, Result<Channel, ConnectError>>;

    /// Ends it, with all that runs over it.
    fn close(&self) -> BoxFuture<'_, ()>;

    /// False once it is known to be lost.
    fn is_open(&self) -> bool;
}

/// A command that runs on a host.
pub struct Channel {
    /// Its standard input; dropping it closes it.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its standard output.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Its standard error.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// Ready when it has ended. Dropping it does not end the command.
    pub exit: BoxFuture<'static, Exit>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal, named without `SIG`.
    Signal(String),
    /// Unknown: the connection was lost before.
    Lost,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(code) => write!(f, "status {code}"),
            Self::Signal(name) => write!(f, "signal {name}"),
            Self::Lost => f.write_str("an unknown status"),
        }
    }
}

impl Exit {
    /// The status as a shell reports it: 128 and the signal's number, -1 when it is unknown.
    pub fn code(&self) -> i32 {
        match self {
            Self::Status(code) => *code,
            Self::Signal(name) => match name.as_str() {
                "HUP" => 129,
                "INT" => 130,
                "QUIT" => 131,
                "ABRT" => 134,
                "KILL" => 137,
                "SEGV" => 139,
                "PIPE" => 141,
                "TERM" => 143,
                _ => 128,
            },
            Self::Lost => -1,
        }
    }
}
