//! How to reach one host.

use std::{path::PathBuf, str::FromStr, time::Duration};

use super::Secret;

/// Which transport carries the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The SSH client inside sutler.
    #[default]
    Ssh,
    /// The user's own `ssh` program, for what a library cannot do.
    OpenSsh,
    /// A child process on the controller.
    Local,
}

impl FromStr for Kind {
    type Err = ();

    /// Reads `ansible_connection`; fails when no transport has that name.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" => Ok(Self::Ssh),
            "openssh" => Ok(Self::OpenSsh),
            "local" => Ok(Self::Local),
            _ => Err(()),
        }
    }
}

/// Everything that decides which connection a host gets: equal targets share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The transport.
    pub kind: Kind,
    /// The host's name in the inventory.
    pub name: String,
    /// Where to connect to: `ansible_host`, else the name. `~/.ssh/config` may rename it further.
    pub address: String,
    /// `ansible_port`; else what `~/.ssh/config` says, else 22.
    pub port: Option<u16>,
    /// `ansible_user`; else what `~/.ssh/config` says, else the controller's user.
    pub user: Option<String>,
    /// `ansible_password`: for the methods `password` and `keyboard-interactive`.
    pub password: Option<Secret>,
    /// `ansible_ssh_private_key_file`, tried before any other key.
    pub key_file: Option<PathBuf>,
    /// Opens encrypted key files.
    pub key_passphrase: Option<Secret>,
    /// `ansible_ssh_common_args` and `ansible_ssh_extra_args`, split as a shell would.
    pub ssh_args: Vec<String>,
    /// False accepts any host key (`StrictHostKeyChecking no`); true does what the SSH
    /// configuration says, which by default refuses unknown hosts.
    pub host_key_checking: bool,
    /// Bounds the connect and the whole handshake.
    pub connect_timeout: Duration,
    /// How often connecting is tried again when the host does not answer or ends the connection.
    pub retries: u32,
    /// A silent connection is asked for a sign of life this often; zero never asks.
    /// `ServerAliveInterval` overrides it.
    pub keepalive: Duration,
    /// The shell on the host: `ansible_shell_executable`.
    pub executable: String,
    /// The program of the `openssh` transport: `ansible_ssh_executable`.
    pub ssh_executable: String,
}

impl Target {
    /// A target by name, everything else as it is when no variable says otherwise.
    pub fn new(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            address: name.to_owned(),
            port: None,
            user: None,
            password: None,
            key_file: None,
            key_passphrase: None,
            ssh_args: Vec::new(),
            host_key_checking: true,
            connect_timeout: Duration::from_secs(10),
            retries: 0,
            keepalive: Duration::from_secs(15),
            executable: "/bin/sh".to_owned(),
            ssh_executable: "ssh".to_owned(),
        }
    }
}
