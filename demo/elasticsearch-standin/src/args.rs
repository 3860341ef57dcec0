//! The command line: the vendor's options that service units use, and `serve`.

use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Args {
    /// Print the version.
    Version,
    /// Serve a folder over HTTP.
    Serve {
        /// What is served.
        folder: PathBuf,
        /// `ADDRESS:PORT` to listen on.
        address: String,
    },
    /// Be a node.
    Node {
        /// Settings from `-E name=value`.
        overrides: Vec<(String, String)>,
        /// Where to write the process id.
        pid_file: Option<PathBuf>,
    },
}

impl Args {
    /// Reads the arguments after the program's name.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut overrides = Vec::new();
        let mut pid_file = None;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "serve" => {
                    let (Some(folder), Some(address)) = (args.next(), args.next()) else {
                        return Err("usage: elasticsearch serve DIR ADDRESS:PORT".to_owned());
                    };
                    return Ok(Self::Serve { folder: folder.into(), address });
                }
                "-V" | "--version" => return Ok(Self::Version),
                "-q" | "--quiet" | "-v" | "--verbose" => {}
                "-p" | "--pidfile" => pid_file = Some(value(&arg, args.next())?.into()),
                "-E" => overrides.push(setting(&value(&arg, args.next())?)?),
                _ if arg.starts_with("-E") => overrides.push(setting(&arg[2..])?),
                "-d" | "--daemonize" => {
                    return Err("the stand-in does not daemonize; let the service manager start it".to_owned());
                }
                _ => return Err(format!("{arg} is not a recognized option")),
            }
        }
        Ok(Self::Node { overrides, pid_file })
    }
}

fn value(option: &str, value: Option<String>) -> Result<String, String> {
    value.ok_or_else(|| format!("option {option} requires an argument"))
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("setting [{text}] must not be empty")),
    }
}
