//! A connection on which no wait is longer than the timeout, and none outlives a cancelled task.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How often a wait looks whether the task was cancelled.
const SLICE: Duration = Duration::from_millis(200);

/// TCP or a Unix socket.
pub struct Socket {
    stream: Stream,
    timeout: Duration,
    cancelled: Arc<AtomicBool>,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Connects to the first address that answers within the timeout.
    pub fn tcp(addresses: &[IpAddr], port: u16, timeout: Duration, cancelled: &Arc<AtomicBool>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match TcpStream::connect_timeout(&SocketAddr::new(*address, port), timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(SLICE))?;
                    stream.set_write_timeout(Some(SLICE))?;
                    return Ok(Self { stream: Stream::Tcp(stream), timeout, cancelled: Arc::clone(cancelled) });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connects to a Unix socket.
    pub fn unix(path: &Path, timeout: Duration, cancelled: &Arc<AtomicBool>) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.set_write_timeout(Some(SLICE))?;
        Ok(Self { stream: Stream::Unix(stream), timeout, cancelled: Arc::clone(cancelled) })
    }

    /// The longest wait from now on.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Repeats what was refused only because its slice of time was over.
    fn patiently(&mut self, mut attempt: impl FnMut(&mut Stream) -> io::Result<usize>) -> io::Result<usize> {
        let started = Instant::now();
        loop {
            match attempt(&mut self.stream) {
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(io::Error::other("the task was cancelled"));
            }
            if started.elapsed() >= self.timeout {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "timed out"));
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|stream| match stream {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        })
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|stream| match stream {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
