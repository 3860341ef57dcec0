//! The bytes under an SSH connection: TCP, a jump host's channel, or a ProxyCommand.

use std::{io, net::SocketAddr, process::Stdio, time::Duration};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::{TcpSocket, TcpStream, lookup_host},
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

use super::{Ssh, endpoint::Endpoint};
use crate::transport::{ConnectError, Stage};

/// How long a ProxyCommand may live on when its connection has ended.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes both ways.
pub trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A stream to a server.
pub struct Stream {
    /// The stream.
    pub bytes: Box<dyn Bytes>,
    /// What a ProxyCommand prints, once it has ended.
    pub said: Option<JoinHandle<Vec<u8>>>,
}

impl Stream {
    fn new(bytes: impl Bytes + 'static) -> Self {
        Self { bytes: Box::new(bytes), said: None }
    }
}

/// A channel to the server through a jump host.
pub async fn through(jump: &Ssh, endpoint: &Endpoint) -> Result<Stream, ConnectError> {
    let opened = jump.handle.channel_open_direct_tcpip(endpoint.host.as_str(), endpoint.port.into(), "127.0.0.1", 0);
    match opened.await {
        Ok(channel) => Ok(Stream::new(channel.into_stream())),
        Err(error) => Err(ConnectError::Refused {
            address: endpoint.host.clone(),
            port: endpoint.port,
            why: format!("the jump host {} could not: {error}", endpoint.tokens.jump),
        }),
    }
}

/// A connection without a jump host.
pub async fn direct(endpoint: &Endpoint, stage: &Mutex<Stage>) -> Result<Stream, ConnectError> {
    match endpoint.proxy_command() {
        Some(command) => proxy(&command),
        None => tcp(endpoint, stage).await.map(Stream::new),
    }
}

async fn tcp(endpoint: &Endpoint, stage: &Mutex<Stage>) -> Result<TcpStream, ConnectError> {
    let Endpoint { host, port, config, .. } = endpoint;
    *stage.lock() = Stage::Resolve;
    let failed = |why: String| ConnectError::NameResolution { address: host.clone(), why };
    let found = lookup_host((host.as_str(), *port)).await.map_err(|e| failed(e.to_string()))?;
    let family = config.value("addressfamily").unwrap_or("any").to_ascii_lowercase();
    let addresses: Vec<SocketAddr> = found
        .filter(|address| match family.as_str() {
            "inet" => address.is_ipv4(),
            "inet6" => address.is_ipv6(),
            _ => true,
        })
        .collect();
    *stage.lock() = Stage::Connect;
    // A dead address must leave time for the next.
    let share = endpoint.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut last = None;
    for address in addresses {
        let bind = config.value("bindaddress");
        last = Some(match timeout(share, connect(address, bind)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).map_err(|e| failed(e.to_string()))?;
                return Ok(stream);
            }
            Ok(Err(e)) => ConnectError::Refused { address: address.ip().to_string(), port: *port, why: reason(&e) },
            Err(_) => ConnectError::Timeout { stage: Stage::Connect, limit: share },
        });
    }
    Err(last.unwrap_or_else(|| failed(format!("no address of the family {family}"))))
}

async fn connect(address: SocketAddr, bind: Option<&str>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bind) = bind {
        let from = bind.parse().map_err(|_| io::Error::other(format!("BindAddress `{bind}` is not an IP address")))?;
        socket.bind(SocketAddr::new(from, 0))?;
    }
    socket.connect(address).await
}

/// The system's words without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn proxy(command: &str) -> Result<Stream, ConnectError> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("exec {command}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| ConnectError::Controller {
            action: format!("run the ProxyCommand `{command}`"),
            why: e.to_string(),
        })?;
    let (Some(stdin), Some(stdout), Some(mut stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        unreachable!("all three are piped")
    };
    let said = tokio::spawn(async move {
        let (mut kept, mut part) = (Vec::new(), [0; 1024]);
        while let Ok(n) = stderr.read(&mut part).await {
            if n == 0 {
                break;
            }
            // Read on, so that the command never waits for us.
            if kept.len() < 4096 {
                kept.extend_from_slice(&part[..n]);
            }
        }
        kept
    });
    let bytes = Piped { bytes: tokio::io::join(stdout, stdin), child: Some(child) };
    Ok(Stream { bytes: Box::new(bytes), said: Some(said) })
}

/// A child's two streams; the child ends soon after them.
struct Piped {
    bytes: tokio::io::Join<tokio::process::ChildStdout, tokio::process::ChildStdin>,
    child: Option<Child>,
}

impl Drop for Piped {
    fn drop(&mut self) {
        // Killed when it is dropped: it may finish its last sentence before.
        if let (Some(mut child), Ok(runtime)) = (self.child.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { drop(timeout(LINGER, child.wait()).await) });
        }
    }
}

mod piped {
    //! The two traits of [`Piped`], which pass everything on.

    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::Piped;

    impl AsyncRead for Piped {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.bytes).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Piped {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.bytes).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.bytes).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.bytes).poll_shutdown(cx)
        }
    }
}
