//! `wait_for`: waits for a port, a file or a text, or only for a time.

mod connections;

use std::{
    io::{ErrorKind, Read, Write as _},
    net::IpAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use fancy_regex::Regex;
use serde_json::{Value, json};

use crate::{
    choice,
    http::{resolve::resolve, socket::Socket},
    kit::{Args, Changes, Failure, Fields, InCheck, Module, Reader, Writer, clock::seconds, failure::os_text, regex},
};

/// How often a sleep looks whether the task was cancelled.
const SLICE: Duration = Duration::from_millis(100);

choice! {
    /// What is waited for.
    pub enum State {
        /// No file, or a closed port.
        Absent = "absent",
        /// No connections to a port.
        Drained = "drained",
        /// A file, a text or an open port.
        Present = "present",
        /// A file, a text or an open port.
        Started = "started",
        /// A closed port.
        Stopped = "stopped",
    }
}

/// Waits until a port is open or closed, until a file is there or gone, until a text appears in a
/// file or on a connection, or for a number of seconds.
///
/// ```yaml
/// - wait_for:
///     port: 9200
///     delay: 2
///     timeout: 60
/// - wait_for:
///     path: /var/log/app.log
///     search_regex: started in (?P<seconds>\d+)s
/// - wait_for:
///     host: 0.0.0.0
///     port: 8000
///     state: drained
///     exclude_hosts: [10.2.1.2]
/// ```
#[derive(Args)]
pub struct WaitFor {
    /// The TCP states that count as a connection, for `drained`.
    #[arg(default = r#"["ESTABLISHED","FIN_WAIT1","FIN_WAIT2","SYN_RECV","SYN_SENT","TIME_WAIT"]"#)]
    active_connection_states: Vec<String>,
    /// Seconds that one attempt to connect may take.
    #[arg(default = 5)]
    connect_timeout: i64,
    /// Seconds before the first look.
    #[arg(default = 0)]
    delay: i64,
    /// Hosts whose connections do not count, for `drained`.
    exclude_hosts: Option<Vec<String>>,
    /// The name or address to connect to.
    #[arg(default = "127.0.0.1")]
    host: String,
    /// What the failure says instead of the usual words.
    msg: Option<String>,
    /// The file to wait for; symbolic links are followed.
    path: Option<PathBuf>,
    /// The port to wait for.
    port: Option<i64>,
    /// A regular expression (Python's syntax, `^` and `$` at every line) to find in the file, or in
    /// what the connection says.
    search_regex: Option<String>,
    /// Seconds between looks.
    #[arg(default = 1)]
    sleep: i64,
    /// What is waited for: `present` and `started` mean there or open, `absent` and `stopped` gone
    /// or closed, `drained` no connections left.
    #[arg(default = "started")]
    state: State,
    /// Seconds until it fails; with nothing to wait for, until it ends.
    #[arg(default = 300)]
    timeout: i64,
}

/// What was found in the text that was searched; nothing where none was.
#[derive(Default)]
struct Found {
    groups: Vec<Value>,
    named: Fields,
}

impl Module for WaitFor {
    type Plan = ();

    fn inspect(&self, _: &Reader) -> Result<Changes<()>, Failure> {
        Ok(Changes::of(())
            .in_check(InCheck::Skip("remote module (ansible.builtin.wait_for) does not support check mode".into())))
    }

    fn apply(&self, (): (), host: &mut Writer) -> Result<Fields, Failure> {
        let started = Instant::now();
        let regex = self.check()?;
        let elapsed = || json!(started.elapsed().as_secs());
        wait(seconds(self.delay), host)?;
        let found = if self.port().is_none() && self.path().is_none() && self.state != State::Drained {
            wait(seconds(self.timeout), host)?;
            Found::default()
        } else {
            let deadline = started + seconds(self.timeout).max(seconds(self.delay));
            loop {
                if Instant::now() >= deadline {
                    let msg = self.timeout_message();
                    return Err(self.failure(msg, started));
                }
                match self.look(host, regex.as_ref(), started, deadline)? {
                    Some(found) => break found,
                    None => wait(seconds(self.sleep).min(deadline - Instant::now().min(deadline)), host)?,
                }
            }
        };
        let mut fields = Fields::new();
        fields.insert("changed".into(), json!(false));
        fields.insert("state".into(), json!(self.state.as_str()));
        fields.insert("port".into(), json!(self.port));
        fields.insert("search_regex".into(), json!(self.search_regex));
        fields.insert("path".into(), json!(self.path.as_ref().map(|path| path.to_string_lossy())));
        fields.insert("match_groups".into(), json!(found.groups));
        fields.insert("match_groupdict".into(), json!(found.named));
        fields.insert("elapsed".into(), elapsed());
        Ok(fields)
    }
}

impl WaitFor {
    fn port(&self) -> Option<i64> {
        self.port.filter(|port| *port != 0)
    }

    fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref().filter(|path| !path.as_os_str().is_empty())
    }

    /// A failure with these words, or the user's.
    fn failure(&self, msg: String, started: Instant) -> Failure {
        let own = self.msg.clone().filter(|msg| !msg.is_empty());
        Failure::new(own.unwrap_or(msg)).with("elapsed", started.elapsed().as_secs())
    }

    /// Combinations that make no sense, and the expression.
    fn check(&self) -> Result<Option<Regex>, Failure> {
        let compile = |text: &String| {
            regex::compile_bytes(text, true)
                .map_err(|failure| Failure::new(format!("Invalid regular expression: {}", failure.msg)))
        };
        let regex = self.search_regex.as_ref().map(compile).transpose()?;
        let refuse = |text: &str| Err(Failure::new(text).with("elapsed", 0));
        if self.port().is_some() && self.path().is_some() {
            return refuse("port and path parameter can not both be passed to wait_for");
        }
        if self.path().is_some() && matches!(self.state, State::Stopped | State::Drained) {
            let state = self.state.as_str();
            return refuse(&format!("state={state} should only be used for checking a port in the wait_for module"));
        }
        if self.exclude_hosts.is_some() && self.state != State::Drained {
            return refuse("exclude_hosts should only be with state=drained");
        }
        if self.state == State::Drained && self.port().is_none() {
            return refuse("state=drained needs a `port`");
        }
        if self.port.is_some_and(|port| u16::try_from(port).is_err()) {
            return refuse("`port` must be between 0 and 65535");
        }
        if let Some(unknown) = self.active_connection_states.iter().find(|state| !connections::is_state(state)) {
            return refuse(&format!("unknown active_connection_state ({unknown}) defined"));
        }
        Ok(regex)
    }

    /// Looks once; `None` when it is not time yet.
    fn look(
        &self,
        host: &Writer,
        regex: Option<&Regex>,
        started: Instant,
        deadline: Instant,
    ) -> Result<Option<Found>, Failure> {
        let here = |yes: bool| Ok(yes.then(Found::default));
        match (self.state, self.path(), self.port()) {
            (State::Absent | State::Stopped, Some(path), _) => here(!host.exists(path)),
            (State::Absent | State::Stopped, None, port) => here(self.connect(host, port, deadline).is_none()),
            (State::Drained, _, port) => here(!self.is_connected(host, port)?),
            (State::Present | State::Started, Some(path), _) => match (path.metadata(), regex) {
                (Err(error), _) if error.kind() == ErrorKind::NotFound => Ok(None),
                (Err(error), _) => {
                    let msg = format!("Failed to stat {}, {}", path.display(), os_text(&error));
                    Err(self.failure(msg, started))
                }
                (Ok(_), None) => here(true),
                // A file that cannot be read yet is waited for.
                (Ok(_), Some(regex)) => Ok(host.read(path).ok().and_then(|bytes| search(regex, &bytes))),
            },
            (State::Present | State::Started, None, port) => match (self.connect(host, port, deadline), regex) {
                (Some(socket), Some(regex)) => Ok(search_socket(socket, regex, deadline, host)),
                (socket, _) => here(socket.is_some()),
            },
        }
    }

    fn connect(&self, host: &Reader, port: Option<i64>, deadline: Instant) -> Option<Socket> {
        let left = deadline.saturating_duration_since(Instant::now()).max(SLICE);
        let timeout = seconds(self.connect_timeout.max(1)).min(left);
        let port = u16::try_from(port?).ok()?;
        Socket::tcp(&resolve(host, &self.host, timeout), port, timeout, &host.cancellation()).ok()
    }

    fn is_connected(&self, host: &Reader, port: Option<i64>) -> Result<bool, Failure> {
        let timeout = seconds(self.connect_timeout.max(1));
        let addresses = |name: &String| resolve(host, name, timeout);
        let ours: Vec<IpAddr> = addresses(&self.host);
        let mut excluded: Vec<IpAddr> = Vec::new();
        for name in self.exclude_hosts.iter().flatten() {
            let found = addresses(name);
            if found.is_empty() {
                return Err(Failure::new("[Errno -2] Name or service not known").uncaught());
            }
            excluded.extend(found);
        }
        let states = &self.active_connection_states;
        let port = port.unwrap_or_default() as u16;
        Ok(connections::count(host, &ours, port, &excluded, states)? > 0)
    }

    fn timeout_message(&self) -> String {
        let place = match (self.path(), self.port()) {
            (Some(path), _) => path.to_string_lossy().into_owned(),
            (None, port) => format!("{}:{}", self.host, port.unwrap_or_default()),
        };
        match (self.state, &self.search_regex, self.path()) {
            (State::Drained, _, _) => format!("Timeout when waiting for {place} to drain"),
            (State::Absent | State::Stopped, _, Some(_)) => format!("Timeout when waiting for {place} to be absent."),
            (State::Absent | State::Stopped, _, None) => format!("Timeout when waiting for {place} to stop."),
            (_, Some(regex), _) => format!("Timeout when waiting for search string {regex} in {place}"),
            (_, None, Some(_)) => format!("Timeout when waiting for file {place}"),
            (_, None, None) => format!("Timeout when waiting for {place}"),
        }
    }
}

/// Sleeps, unless the task is cancelled.
fn wait(time: Duration, host: &Reader) -> Result<(), Failure> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if host.is_cancelled() {
            return Err(Failure::new("the task was cancelled"));
        }
        std::thread::sleep(SLICE.min(end.saturating_duration_since(Instant::now())));
    }
    Ok(())
}

fn search(regex: &Regex, bytes: &[u8]) -> Option<Found> {
    let text = String::from_utf8_lossy(bytes);
    let captures = regex.captures(&*text).ok().flatten()?;
    let value = |part: Option<fancy_regex::Match>| part.map_or(Value::Null, |part| json!(part.as_str()));
    let groups = (1..captures.len()).map(|index| value(captures.get(index))).collect();
    let named = regex.capture_names().flatten().map(|name| (name.to_owned(), value(captures.name(name)))).collect();
    Some(Found { groups, named })
}

/// Reads what the other side says until it is found, it hangs up, or the time is over.
fn search_socket(mut socket: Socket, regex: &Regex, deadline: Instant, host: &Reader) -> Option<Found> {
    let mut heard = Vec::new();
    let mut chunk = [0; 4096];
    socket.set_timeout(SLICE);
    while Instant::now() < deadline && !host.is_cancelled() {
        match socket.read(&mut chunk) {
            Ok(0) => return None,
            Ok(length) => heard.extend(&chunk[..length]),
            Err(e) if e.kind() == ErrorKind::TimedOut => continue,
            Err(_) => return None,
        }
        if let Some(found) = search(regex, &heard) {
            let _ = socket.flush();
            return Some(found);
        }
    }
    None
}
