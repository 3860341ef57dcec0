//! A rule as words of ufw's command line.

use super::{Origin, program};
use crate::kit::{Args, Failure, Reader};

/// Where a rule goes and what it is for.
#[derive(Args)]
pub struct Details {
    /// Removes the rule; `insert` means nothing then.
    #[arg(default = false)]
    delete: bool,
    /// The number that the rule gets, from 1, or the distance from `insert_relative_to`.
    insert: Option<i64>,
    /// What `insert` is relative to.
    #[arg(default = "zero")]
    insert_relative_to: Origin,
    /// The rule is for packets that are passed on.
    #[arg(default = false)]
    route: bool,
    /// Logs new connections that the rule is for.
    #[arg(default = false)]
    log: bool,
    /// The source address or network.
    #[arg(alias = "from", alias = "src", default = "any")]
    from_ip: String,
    /// The source port.
    from_port: Option<String>,
    /// The destination address or network.
    #[arg(alias = "dest", alias = "to", default = "any")]
    to_ip: String,
    /// The destination port, a range as `60000:61000`, or a service's name.
    #[arg(alias = "port")]
    to_port: Option<String>,
    /// The protocol.
    #[arg(alias = "protocol", choices("ah", "any", "esp", "ipv6", "tcp", "udp", "gre", "igmp", "vrrp"))]
    proto: Option<String>,
    /// A profile in `/etc/ufw/applications.d`.
    #[arg(alias = "app")]
    name: Option<String>,
    /// The interface, whose direction `direction` is.
    #[arg(alias = "if")]
    interface: Option<String>,
    /// The interface that packets come by.
    #[arg(alias = "if_in")]
    interface_in: Option<String>,
    /// The interface that packets leave by.
    #[arg(alias = "if_out")]
    interface_out: Option<String>,
    /// A comment; from version 0.35 of ufw on.
    comment: Option<String>,
}

/// Whether a command is one for a rule.
pub fn is_rule(words: &[String]) -> bool {
    words.first().is_some_and(|word| word != "default")
        && words.iter().any(|word| matches!(word.as_str(), "allow" | "deny" | "limit" | "reject"))
}

impl Details {
    pub(super) fn check(&self) -> Result<(), Failure> {
        if !self.route && self.interface_in.is_some() && self.interface_out.is_some() {
            return Err(Failure::new("Only route rules can combine interface_in and interface_out"));
        }
        Ok(())
    }

    /// The addresses of the rule.
    pub(super) fn addresses(&self) -> [&str; 2] {
        [&self.from_ip, &self.to_ip]
    }

    /// The words of the command for the rule.
    pub(super) fn command(&self, rule: &str, direction: Option<&str>, host: &Reader) -> Result<Vec<String>, Failure> {
        let mut words = Vec::new();
        let mut add = |list: &[&str]| words.extend(list.iter().map(|word| (*word).to_owned()));
        if self.route {
            add(&["route"]);
        }
        if self.delete {
            add(&["delete"]);
        } else if let Some(position) = self.position(host)? {
            add(&["insert", &position.to_string()]);
        }
        add(&[rule]);
        add(direction.as_slice());
        for (name, interface) in [("", &self.interface), ("in", &self.interface_in), ("out", &self.interface_out)] {
            if let Some(interface) = interface.as_ref().filter(|interface| !interface.is_empty()) {
                add(if name.is_empty() { &[] } else { std::slice::from_ref(&name) });
                add(&["on", interface]);
            }
        }
        if self.log {
            add(&["log"]);
        }
        let options = [
            ("from", Some(&self.from_ip)),
            ("port", self.from_port.as_ref()),
            ("to", Some(&self.to_ip)),
            ("port", self.to_port.as_ref()),
            ("app", self.name.as_ref()),
            ("proto", self.proto.as_ref()),
        ];
        for (name, value) in options {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                add(&[name, value]);
            }
        }
        if let Some(comment) = self.comment.as_ref().filter(|comment| !comment.is_empty())
            && knows_comments(host)?
        {
            add(&["comment", comment]);
        }
        Ok(words)
    }

    /// The number that the rule gets; `None` puts it at the end.
    fn position(&self, host: &Reader) -> Result<Option<i64>, Failure> {
        let Some(insert) = self.insert else { return Ok(None) };
        if self.insert_relative_to == Origin::Zero {
            return Ok(Some(insert));
        }
        let listed = host.query(&program(&["status".to_owned(), "numbered".to_owned()], host)?)?.out();
        let numbers: Vec<(i64, bool)> = listed.lines().filter_map(numbered).collect();
        let last = numbers.iter().map(|(number, _)| *number).max().unwrap_or(0);
        let last_v4 = numbers.iter().filter(|(_, is_v6)| !is_v6).map(|(number, _)| *number).max();
        let origin = match self.insert_relative_to {
            Origin::Zero => 0,
            Origin::FirstV4 => 1,
            Origin::LastV4 => last_v4.unwrap_or(1),
            Origin::FirstV6 => last_v4.map_or(1, |last| last + 1),
            Origin::LastV6 if numbers.iter().any(|(_, is_v6)| *is_v6) => last,
            Origin::LastV6 => last + 1,
        };
        // ufw takes no number beyond the last one.
        Ok(Some(origin + insert).filter(|position| *position <= last))
    }
}

/// The number in `[ 3] 22/tcp (v6) …`, and whether the rule is for IPv6.
fn numbered(line: &str) -> Option<(i64, bool)> {
    let (number, rest) = line.strip_prefix('[')?.split_once(']')?;
    Some((number.trim().parse().ok()?, rest.contains("(v6)")))
}

/// Comments came with ufw 0.35.
fn knows_comments(host: &Reader) -> Result<bool, Failure> {
    let said = host.query(&program(&["--version".to_owned()], host)?)?.out();
    let version = said.lines().find_map(|line| line.strip_prefix("ufw "));
    let mut numbers = version.unwrap_or_default().split('.').map(|number| number.trim().parse().unwrap_or(0));
    Ok((numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (0, 35))
}
