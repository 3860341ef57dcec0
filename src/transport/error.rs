//! Why a host could not be reached, or a helper not be started there.

use std::{fmt, path::PathBuf, time::Duration};

/// What was being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A name's addresses.
    Resolve,
    /// The TCP connection.
    Connect,
    /// The SSH handshake, host key included.
    Handshake,
    /// The server's answer to keys and passwords.
    Authenticate,
    /// A channel on an open connection.
    Channel,
    /// sudo, su or doas: its prompt, or its verdict on the password.
    Become,
    /// The script that finds or stores the helper.
    Bootstrap,
    /// The bytes of the helper.
    Upload,
    /// The helper's first message.
    Hello,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "looking up its name",
            Self::Connect => "connecting",
            Self::Handshake => "the SSH handshake",
            Self::Authenticate => "authenticating",
            Self::Channel => "opening a channel",
            Self::Become => "becoming another user",
            Self::Bootstrap => "looking for the helper on the host",
            Self::Upload => "uploading the helper",
            Self::Hello => "the helper's first message",
        })
    }
}

/// Why there is no connection, no helper, or no answer. Cheap to clone: all who waited for one
/// attempt get its error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The address has no IP address.
    #[error("cannot resolve `{address}`: {why}")]
    NameResolution {
        /// The name that was looked up.
        address: String,
        /// The resolver's words.
        why: String,
    },
    /// Nobody listens there, or no route leads there.
    #[error("cannot connect to {address} port {port}: {why}")]
    Refused {
        /// Where to.
        address: String,
        /// Which port.
        port: u16,
        /// The system's words.
        why: String,
    },
    /// A wait reached its limit.
    #[error("no answer within {} s while {stage}", .limit.as_secs())]
    Timeout {
        /// What was waited for.
        stage: Stage,
        /// For how long.
        limit: Duration,
    },
    /// The two sides have no algorithm in common, or the other does not speak SSH.
    #[error("the SSH handshake with {address} port {port} failed: {why}")]
    Handshake {
        /// Where to.
        address: String,
        /// Which port.
        port: u16,
        /// What went wrong.
        why: String,
    },
    /// No `known_hosts` file has the host.
    #[error("the host key of {host} is not known ({algorithm} {fingerprint})")]
    HostKeyUnknown {
        /// The name it would stand under.
        host: String,
        /// The key's type.
        algorithm: String,
        /// The key's SHA-256 fingerprint.
        fingerprint: String,
        /// Where it was looked for.
        files: Vec<PathBuf>,
    },
    /// A `known_hosts` file has another key for the host.
    #[error(
        "the host key of {host} has changed: {} line {line} has {expected}, the host offers {offered}",
        .file.display()
    )]
    HostKeyChanged {
        /// The name it stands under.
        host: String,
        /// The file with the old key.
        file: PathBuf,
        /// The line in that file, counted from 1.
        line: usize,
        /// The old key's type and fingerprint.
        expected: String,
        /// The new key's type and fingerprint.
        offered: String,
    },
    /// A `known_hosts` file says that the key must not be trusted.
    #[error("the host key of {host} is revoked in {} line {line}", .file.display())]
    HostKeyRevoked {
        /// The host.
        host: String,
        /// The file that says so.
        file: PathBuf,
        /// The line in that file, counted from 1.
        line: usize,
    },
    /// The server accepted no key and no password.
    #[error("{user}@{host} was refused: {}", attempts(.tried))]
    AuthFailed {
        /// The user that was asked for.
        user: String,
        /// The host.
        host: String,
        /// Every key and method, and what became of it.
        tried: Vec<String>,
        /// The methods that the server would still accept.
        accepted: Vec<String>,
    },
    /// An argument or a configuration line that this transport cannot follow.
    #[error("{origin}: {why}")]
    Configuration {
        /// File and line, or the variable.
        origin: String,
        /// What is wrong.
        why: String,
    },
    /// sudo, su or doas refused the password.
    #[error("wrong {method} password for {user}")]
    BecomePasswordWrong {
        /// The program.
        method: &'static str,
        /// The user to become.
        user: String,
    },
    /// sudo, su or doas wants a password and there is none.
    #[error("{method} needs a password to become {user}")]
    BecomePasswordMissing {
        /// The program.
        method: &'static str,
        /// The user to become.
        user: String,
    },
    /// The rules on the host do not let this user become that one.
    #[error("{method} does not permit becoming {user}: {why}")]
    BecomeNotPermitted {
        /// The program.
        method: &'static str,
        /// The user to become.
        user: String,
        /// The program's words.
        why: String,
    },
    /// sudo, su or doas could not be run, or gave up for another reason.
    #[error("{method} ended with {exit}{}", tail(.why))]
    BecomeFailed {
        /// The program.
        method: &'static str,
        /// Its status or signal.
        exit: String,
        /// The end of what it printed.
        why: String,
    },
    /// The command ended before it said what it should.
    #[error("{what} ended with {exit}{}", tail(.stderr))]
    ExecFailed {
        /// Which command.
        what: String,
        /// Its status or signal.
        exit: String,
        /// The end of what it printed.
        stderr: String,
    },
    /// There is no helper for the host's CPU.
    #[error("there is no helper for the CPU {machine}")]
    NoHelperForCpu {
        /// What `uname -m` says.
        machine: String,
        /// Where helpers were looked for.
        searched: Vec<PathBuf>,
    },
    /// The helper was built from other sources.
    #[error("the helper on the host has the build {found}, this sutler has {expected}")]
    HelperVersion {
        /// The controller's build.
        expected: String,
        /// What the helper said.
        found: String,
    },
    /// No directory on the host can hold the helper.
    #[error("no directory on the host can hold the helper: {}", places(.tried))]
    NoWritableDir {
        /// Each directory and what is wrong with it.
        tried: Vec<(String, String)>,
    },
    /// What arrived is not the protocol.
    #[error("the helper's stream is broken: {why}")]
    Protocol {
        /// What is wrong with it.
        why: String,
    },
    /// It was there and is gone.
    #[error("the connection was lost during {during}{}", tail(.stderr))]
    ConnectionLost {
        /// What ran.
        during: String,
        /// The end of what the helper printed, if anything.
        stderr: String,
    },
    /// Something on the controller failed: a socket, a program, a file.
    #[error("cannot {action}: {why}")]
    Controller {
        /// What was to be done.
        action: String,
        /// The system's words.
        why: String,
    },
}

impl ConnectError {
    /// True when the host counts as unreachable. A host that was reached and refused to become
    /// another user has failed, as in Ansible.
    pub fn is_unreachable(&self) -> bool {
        !matches!(
            self,
            Self::BecomePasswordWrong { .. }
                | Self::BecomePasswordMissing { .. }
                | Self::BecomeNotPermitted { .. }
                | Self::BecomeFailed { .. }
                | Self::NoHelperForCpu { .. }
                | Self::NoWritableDir { .. }
                | Self::HelperVersion { .. }
        )
    }

    /// True when trying again may help: the host did not answer, or ended the connection.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. } | Self::Timeout { .. } | Self::Handshake { .. } | Self::ConnectionLost { .. }
        )
    }

    /// The same in Ansible's words, where they are others that results are searched for.
    pub fn wording(&self) -> Option<String> {
        Some(match self {
            Self::BecomePasswordWrong { method, .. } => format!("Incorrect {method} password"),
            Self::BecomePasswordMissing { method, .. } => format!("Missing {method} password"),
            Self::Timeout { stage: Stage::Become, limit } => {
                format!("Timeout ({}s) waiting for privilege escalation prompt: ", limit.as_secs())
            }
            _ => return None,
        })
    }

    /// The next step for whoever reads the error.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NameResolution { .. } => {
                "set `ansible_host` to the host's address, or add the name to DNS or /etc/hosts".into()
            }
            Self::Refused { .. } => {
                "check that the host is up and that `ansible_host` and `ansible_port` are right".into()
            }
            Self::Timeout { stage: Stage::Become, .. } => {
                "check the become method; give a password with `-K` or `ansible_become_password`".into()
            }
            Self::Timeout { .. } => "check that the host is up; `-T SECONDS` waits longer".into(),
            Self::Handshake { .. } => "try `ssh -v` to the host; `-c openssh` uses that program instead".into(),
            Self::HostKeyUnknown { host, .. } => format!(
                "verify the fingerprint, then run `ssh-keyscan {} >> ~/.ssh/known_hosts`, or set `ansible_ssh_common_args='-o StrictHostKeyChecking=accept-new'`",
                keyscan(host)
            ),
            Self::HostKeyChanged { host, file, .. } => format!(
                "if the host was reinstalled, run `ssh-keygen -R '{host}' -f {}`; if not, someone may be listening",
                file.display()
            ),
            Self::HostKeyRevoked { .. } => "the host needs a new key".into(),
            Self::AuthFailed { .. } => {
                "give a key with `--private-key` or an agent, a password with `-k`, another user with `-u`".into()
            }
            Self::Configuration { .. } => "`-c openssh` runs your own ssh, which knows every option".into(),
            Self::BecomePasswordWrong { .. } => "give it with `-K` or `ansible_become_password`".into(),
            Self::BecomePasswordMissing { .. } => {
                "give it with `-K` or `ansible_become_password`, or allow it without one on the host".into()
            }
            Self::BecomeNotPermitted { method, .. } => match *method {
                "sudo" => "add the user to sudoers on the host (`visudo`), or choose another `become_method`".into(),
                "doas" => "permit it in /etc/doas.conf on the host, or choose another `become_method`".into(),
                _ => "choose another `become_user` or `become_method`".into(),
            },
            Self::BecomeFailed { method, exit, .. } => match exit.as_str() {
                "status 127" => format!("install {method} on the host, or choose another `become_method`"),
                _ => format!("log in by hand and check that `{method}` works, or choose another `become_method`"),
            },
            Self::ExecFailed { .. } => {
                "log in by hand and check that `sh` runs; `ansible_shell_executable` names another".into()
            }
            Self::NoHelperForCpu { machine, searched } => format!(
                "build it with `SUTLER_BUILD_ID={} RUSTFLAGS='-C target-feature=+crt-static' cargo build -p sutler-helper --profile helper --target {machine}-unknown-linux-gnu` and put it at {}",
                super::image::BUILD,
                searched
                    .last()
                    .map_or_else(|| format!("helpers/sutler-helper-{machine}"), |path| path.display().to_string()),
            ),
            Self::HelperVersion { .. } => "build the helper again from the sources of this sutler".into(),
            Self::NoWritableDir { .. } => "make one of them writable and mount it without `noexec`".into(),
            Self::Protocol { .. } => {
                "something on the host prints to the stream: check the user's shell profile".into()
            }
            Self::ConnectionLost { .. } => "run again: what is done stays done".into(),
            Self::Controller { .. } => return None,
        })
    }
}

/// `[name]:port` as arguments of `ssh-keyscan`.
fn keyscan(host: &str) -> String {
    match host.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((name, port)) => format!("-p {port} {name}"),
        None => host.to_owned(),
    }
}

fn attempts(tried: &[String]) -> String {
    if tried.is_empty() { "there is no key and no password to try".to_owned() } else { tried.join(", ") }
}

fn places(tried: &[(String, String)]) -> String {
    tried.iter().map(|(path, why)| format!("{path} ({why})")).collect::<Vec<_>>().join(", ")
}

/// What a program printed last, behind a colon.
fn tail(stderr: &str) -> String {
    let text = stderr.trim();
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
