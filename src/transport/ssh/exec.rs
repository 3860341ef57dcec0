//! A command on an SSH channel, and its three streams.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use russh::{Channel as SshChannel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Pty, client::Msg};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::{Notify, oneshot},
};

use crate::transport::channel::{Channel, Exit};

/// How much of a stream waits for its reader, in bytes.
const BUFFER: usize = 256 << 10;

/// Starts `command` on a new channel. It does not wait for the server to agree, which would cost
/// a round trip: a refusal shows as a command that ended without a status. `agent` lets it use the
/// controller's agent.
pub async fn run(channel: SshChannel<Msg>, command: &str, pty: bool, agent: bool) -> Result<Channel, russh::Error> {
    if agent {
        channel.agent_forward(false).await?;
    }
    if pty {
        channel.request_pty(false, "dumb", 80, 24, 0, 0, &[(Pty::ECHO, 0)]).await?;
    }
    channel.exec(true, command).await?;
    let (read, write) = channel.split();
    let (stdout, stdout_in) = duplex(BUFFER);
    let (stderr, stderr_in) = duplex(BUFFER);
    let (exit_in, exit) = oneshot::channel();
    let hung_up = Arc::new(Notify::new());
    tokio::spawn(sort(read, hung_up.clone(), stdout_in, stderr_in, exit_in));
    Ok(Channel {
        stdin: Box::new(Stdin {
            bytes: Box::pin(write.make_writer()),
            half: Some(write),
            hangs_up: pty.then_some(hung_up),
        }),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        exit: Box::pin(async { exit.await.unwrap_or(Exit::Lost) }),
    })
}

/// Sorts what arrives on a channel until it is closed: russh says nothing more of one that this side has closed.
async fn sort(
    mut channel: ChannelReadHalf,
    hung_up: Arc<Notify>,
    mut stdout: DuplexStream,
    mut stderr: DuplexStream,
    exit: oneshot::Sender<Exit>,
) {
    let mut ended = Exit::Lost;
    while let Some(message) = tokio::select! {
        message = channel.wait() => message,
        () = hung_up.notified() => None,
    } {
        match message {
            // A reader that has gone wants no more; the status is still waited for.
            ChannelMsg::Data { data } => drop(stdout.write_all(&data).await),
            ChannelMsg::ExtendedData { data, ext: 1 } => drop(stderr.write_all(&data).await),
            ChannelMsg::Eof => {
                drop(stdout.shutdown().await);
                drop(stderr.shutdown().await);
            }
            ChannelMsg::ExitStatus { exit_status } => ended = Exit::Status(exit_status as i32),
            ChannelMsg::ExitSignal { signal_name, .. } => ended = Exit::Signal(format!("{signal_name:?}")),
            ChannelMsg::Failure => {
                drop(stderr.write_all(b"the server refused to run a command").await);
                break;
            }
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    let _ = exit.send(ended);
}

/// A command's standard input. Dropping it ends the input; a terminal is hung up, since it knows
/// no end.
struct Stdin {
    bytes: Pin<Box<dyn AsyncWrite + Send>>,
    half: Option<ChannelWriteHalf<Msg>>,
    hangs_up: Option<Arc<Notify>>,
}

impl AsyncWrite for Stdin {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.bytes.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.bytes.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.bytes.as_mut().poll_shutdown(cx)
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        let (Some(half), Ok(runtime)) = (self.half.take(), tokio::runtime::Handle::try_current()) else { return };
        let hangs_up = self.hangs_up.take();
        runtime.spawn(async move {
            let _ = half.eof().await;
            if let Some(hung_up) = hangs_up {
                let _ = half.close().await;
                hung_up.notify_one();
            }
        });
    }
}
