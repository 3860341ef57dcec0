//! What would change: read from the status, and from what ufw says it would write.

use super::{Found, Log, State, Ufw, ufw};
use crate::kit::{Failure, Reader};

impl Ufw {
    /// Whether any of the commands would change something.
    pub(super) fn would_change(
        &self,
        found: &Found,
        commands: &[Vec<String>],
        log: &mut Log,
        host: &Reader,
    ) -> Result<bool, Failure> {
        let is_enabled = found.status.contains(" active\n");
        let mut changed = match self.state {
            None => false,
            Some(State::Enabled) => !is_enabled,
            Some(State::Disabled) => is_enabled,
            Some(State::Reloaded | State::Reset) => true,
        };
        changed |= self.default.as_ref().is_some_and(|wanted| {
            let direction = self.direction.as_deref().unwrap_or("incoming");
            let current = policy(&found.status, direction);
            current.is_none_or(|current| current != wanted && current != "disabled")
        });
        changed |= self.logging_differs(&found.status);
        if self.rule.is_some()
            && let Some(command) = commands.iter().find(|words| super::rule::is_rule(words))
        {
            log.push(super::line(&["--version".to_owned()], host)?);
            let words: Vec<&str> = ["--dry-run"].into_iter().chain(command.iter().map(String::as_str)).collect();
            let said = ufw(&words, log, host)?;
            changed |= self.rule_differs(&found.rules, &said);
        }
        Ok(changed)
    }

    /// Whether logging is to be otherwise; of a firewall that is not active nothing is known.
    pub(super) fn logging_differs(&self, status: &str) -> bool {
        let Some(wanted) = &self.logging else { return false };
        let current = status.lines().find_map(|line| line.strip_prefix("Logging: "));
        match (current.map(|current| current.split_once(' ').unwrap_or((current, ""))), wanted.as_str()) {
            (None, _) => true,
            (Some((current, _)), "off" | "on") => current != wanted,
            (Some((current, level)), _) => current == "off" || level.trim_matches(['(', ')']) != wanted,
        }
    }

    /// Compares the rules that are there with those that would be. ufw shows only those of one version of IP when
    /// the rule has an address of it.
    fn rule_differs(&self, before: &str, said: &str) -> bool {
        if !said.is_empty() && said.lines().all(|line| line.contains("Skipping")) {
            return false;
        }
        let after: Vec<&str> = said.lines().filter(|line| line.starts_with("### tuple")).collect();
        let before: Vec<&str> = before.lines().collect();
        let addresses = self.details.addresses();
        let of = |lines: &[&str], is_of: fn(&str) -> bool| -> Vec<String> {
            let has = |line: &&&str| line.split_whitespace().any(is_of);
            lines.iter().filter(has).map(|line| (*line).to_owned()).collect()
        };
        for is_of in [is_v4 as fn(&str) -> bool, is_v6] {
            if addresses.iter().any(|address| is_of(address)) {
                return of(&before, is_of) != of(&after, is_of);
            }
        }
        before != after
    }
}

/// The policy of a direction in `Default: deny (incoming), allow (outgoing), disabled (routed)`.
fn policy<'a>(status: &'a str, direction: &str) -> Option<&'a str> {
    let all = status.lines().find_map(|line| line.strip_prefix("Default: "))?;
    all.split(", ").find_map(|part| part.strip_suffix(&format!(" ({direction})")))
}

/// An address or network of IPv4.
fn is_v4(text: &str) -> bool {
    text.split('/').next().is_some_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

/// An address or network of IPv6.
fn is_v6(text: &str) -> bool {
    text.split('/').next().is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}
