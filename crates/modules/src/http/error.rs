//! Why there is no response, in the words that Ansible's `msg` has.

use std::{fmt, io};

use crate::kit::failure::os_text;

/// A request without a response.
#[derive(Debug)]
pub enum HttpError {
    /// The address has a scheme that nobody serves here.
    Scheme(String),
    /// The address cannot be read.
    Address(String),
    /// The name has no address, or nobody can be asked for it at the moment.
    Name {
        /// Nobody can be asked.
        is_temporary: bool,
    },
    /// Nobody listens, or the way there is broken.
    Connect(io::Error),
    /// The connection broke, or was silent for too long.
    Io(io::Error),
    /// The certificate of the server was refused, or certificates or keys on this host cannot be used.
    Tls(String),
    /// What came back is not HTTP.
    Protocol(String),
    /// The proxy said no.
    Proxy(String),
    /// No request can be made of the address.
    Invalid(String),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(address) => write!(f, "unknown url type: '{address}'"),
            Self::Address(why) | Self::Tls(why) => write!(f, "Request failed: <urlopen error {why}>"),
            Self::Name { is_temporary: false } => {
                f.write_str("Request failed: <urlopen error [Errno -2] Name or service not known>")
            }
            Self::Name { is_temporary: true } => {
                f.write_str("Request failed: <urlopen error [Errno -3] Temporary failure in name resolution>")
            }
            Self::Connect(error) if error.kind() == io::ErrorKind::TimedOut => {
                f.write_str("Request failed: <urlopen error timed out>")
            }
            Self::Connect(error) => write!(f, "Request failed: <urlopen error {}>", with_number(error)),
            Self::Io(error) if error.kind() == io::ErrorKind::TimedOut => f.write_str("Connection failure: timed out"),
            Self::Io(error) => write!(f, "Connection failure: {}", with_number(error)),
            Self::Protocol(why) => write!(f, "Connection failure: {why}"),
            Self::Proxy(why) => write!(f, "Request failed: <urlopen error Tunnel connection failed: {why}>"),
            Self::Invalid(why) => write!(f, "An unknown error occurred: {why}"),
        }
    }
}

impl std::error::Error for HttpError {}

fn with_number(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", os_text(error)),
        None => error.to_string(),
    }
}
