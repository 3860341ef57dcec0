//! How nodes speak: one TCP connection per exchange, one line of JSON each way.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::change::{Change, Denial};
use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::state::{ClusterState, NodeInfo, Rank};

/// Longer than any exchange on a network that works.
const PATIENCE: Duration = Duration::from_millis(800);
/// More than any state of a cluster of hundreds.
const MAX_LINE: u64 = 16 << 20;

/// "I am here": who speaks, and what it believes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ping {
    /// `cluster.name`; nodes of other clusters are turned away.
    pub cluster: String,
    /// The speaker.
    pub from: NodeInfo,
    /// The latest term that the speaker has heard of.
    pub term: u64,
    /// The id of the node that has its vote in that term.
    pub vote: Option<String>,
    /// The id of the master that the speaker follows.
    pub master: Option<String>,
    /// How new the state is that the speaker has accepted.
    pub rank: Rank,
    /// The speaker's disk.
    pub disk: Disk,
    /// From the master only: the state to follow.
    pub state: Option<ClusterState>,
    /// The cluster that the speaker belongs to; empty until its uuid is committed.
    pub uuid: String,
}

/// What one node asks of another.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Heartbeat, discovery and publication in one.
    Ping(Box<Ping>),
    /// The node with this id stops.
    Leave(String),
    /// To the master: change the state.
    Change(Change),
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// To a ping: the same from the other side.
    Pong(Box<Ping>),
    /// Done.
    Done,
    /// To a change: done, with this version of the state.
    Changed(u64),
    /// To a change: not done, because.
    Denied(Denial),
    /// To a ping: not heard, because.
    Refused(String),
}

/// Binds the transport's address.
pub fn listen(cluster: &Cluster) -> Result<TcpListener, Refusal> {
    let address = cluster.config.transport_address;
    TcpListener::bind(address).map_err(|error| Refusal::new(format!("BindTransportException: {address}: {error}")))
}

/// Answers until the process ends.
pub fn serve(cluster: &Arc<Cluster>, listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        let cluster = Arc::clone(cluster);
        std::thread::spawn(move || {
            // A peer that went away in the middle will ask again.
            let _ = answer(&cluster, stream);
        });
    }
}

fn answer(cluster: &Cluster, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read_line(&stream)?;
    if let Some(reply) = cluster.answer(request) {
        write_line(&mut stream, &reply)?;
    }
    Ok(())
}

/// Asks the node at `address`.
pub fn ask(address: SocketAddr, request: &Request) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write_line(&mut stream, request)?;
    read_line(&stream)
}

fn write_line(stream: &mut TcpStream, message: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    stream.write_all(&line)
}

fn read_line<T: for<'de> Deserialize<'de>>(stream: &TcpStream) -> std::io::Result<T> {
    let mut line = Vec::new();
    BufReader::new(stream.take(MAX_LINE)).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(Error::from(ErrorKind::UnexpectedEof));
    }
    Ok(serde_json::from_slice(&line)?)
}
