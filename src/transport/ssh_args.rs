//! The arguments of `ssh` that people put into `ansible_ssh_common_args`.

use std::path::PathBuf;

use super::ConnectError;

/// What the arguments say, as if the configuration began with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshArgs {
    /// Keywords and values, the first of a keyword wins.
    pub options: Vec<(String, String)>,
    /// `-F`: read this file in place of the usual two; `none` reads no file.
    pub config: Option<PathBuf>,
}

impl SshArgs {
    /// Reads the arguments; fails on one that only the `ssh` program can follow.
    pub fn parse(args: &[String]) -> Result<Self, ConnectError> {
        let mut parsed = Self::default();
        let mut rest = args.iter().map(String::as_str);
        while let Some(arg) = rest.next() {
            let Some(mut letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                return Err(unknown(arg));
            };
            while let Some(letter) = letters.chars().next() {
                letters = &letters[letter.len_utf8()..];
                if let Some(options) = flag(letter) {
                    for (name, value) in options {
                        parsed.add(name, value);
                    }
                    continue;
                }
                let keyword = match letter {
                    'o' | 'F' | 'S' => "",
                    'i' => "identityfile",
                    'J' => "proxyjump",
                    'p' => "port",
                    'l' => "user",
                    'b' => "bindaddress",
                    'c' => "ciphers",
                    'm' => "macs",
                    _ => return Err(unknown(&format!("-{letter}"))),
                };
                let value = match std::mem::take(&mut letters) {
                    "" => rest.next().ok_or_else(|| missing(letter))?,
                    attached => attached,
                };
                match letter {
                    'o' => parsed.option(value)?,
                    'F' => parsed.config = Some(PathBuf::from(value)),
                    // The socket of a ControlMaster: connections are kept anyway.
                    'S' => {}
                    _ => parsed.add(keyword, value),
                }
            }
        }
        Ok(parsed)
    }

    /// `Keyword=value` or `Keyword value`.
    fn option(&mut self, text: &str) -> Result<(), ConnectError> {
        let text = text.trim();
        let end = text.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(text.len());
        let (keyword, value) = text.split_at(end);
        let value = value.trim_start();
        let value = value.strip_prefix('=').unwrap_or(value).trim();
        if keyword.is_empty() || value.is_empty() {
            return Err(unknown(&format!("-o {text}")));
        }
        self.add(keyword, value);
        Ok(())
    }

    fn add(&mut self, keyword: &str, value: &str) {
        self.options.push((keyword.to_ascii_lowercase(), value.to_owned()));
    }
}

/// What a letter without a value stands for; `None` when it takes a value or is unknown.
fn flag(letter: char) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match letter {
        'C' => &[("compression", "yes")],
        '4' => &[("addressfamily", "inet")],
        '6' => &[("addressfamily", "inet6")],
        'A' => &[("forwardagent", "yes")],
        // Verbosity, terminals and forwardings that are off anyway.
        'q' | 'v' | 't' | 'T' | 'n' | 'x' | 'a' | 'k' => &[],
        _ => return None,
    })
}

fn unknown(arg: &str) -> ConnectError {
    ConnectError::Configuration {
        origin: "ansible_ssh_common_args".into(),
        why: format!("the ssh transport does not understand `{arg}`"),
    }
}

fn missing(letter: char) -> ConnectError {
    ConnectError::Configuration { origin: "ansible_ssh_common_args".into(), why: format!("`-{letter}` needs a value") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<SshArgs, ConnectError> {
        SshArgs::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_way_to_write_an_option() {
        let args =
            parse(&["-oUser=a", "-o", "Port = 22", "-o", "ProxyCommand ssh -W %h:%p x", "-C4", "-p2222"]).unwrap();
        let options: Vec<_> = args.options.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            options,
            [
                ("user", "a"),
                ("port", "22"),
                ("proxycommand", "ssh -W %h:%p x"),
                ("compression", "yes"),
                ("addressfamily", "inet"),
                ("port", "2222"),
            ]
        );
    }

    #[test]
    fn the_config_file_is_named() {
        assert_eq!(parse(&["-F", "/a/b"]).unwrap().config, Some("/a/b".into()));
    }

    #[test]
    fn what_only_ssh_can_do_is_refused_with_a_way_out() {
        for args in [&["-L", "80:x:80"][..], &["-W", "a:1"], &["host"], &["-i"], &["-o", "User"]] {
            assert!(parse(args).unwrap_err().help().unwrap().contains("-c openssh"), "{args:?}");
        }
    }
}
